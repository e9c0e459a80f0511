// SPDX-License-Identifier: Apache-2.0
// Checks DKIM signatures (RFC 6376, rsa-sha256) by the standard's own words, with nothing of the signer's code.
import { createHash, createVerify, generateKeyPairSync } from "node:crypto";

export const make_key = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });

const canonical_header = {
  simple: (line) => line,
  // 3.4.2: the name in lower case, folds undone, runs of white space one space, none at the ends.
  relaxed: (line) => {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).replace(/\r\n/g, "").replace(/[ \t]+/g, " ").trim();
    return `${line.slice(0, colon).toLowerCase().trim()}:${value}`;
  },
};
// 3.4.3, 3.4.4: no empty lines at the end; a simple body is never empty.
const canonical_body = {
  simple: (body) => `${body.replace(/(\r\n)+$/, "")}\r\n`,
  relaxed: (body) => {
    const text = body.replace(/[ \t]+(?=\r\n)/g, "").replace(/[ \t]+/g, " ").replace(/(\r\n)+$/, "");
    return text ? `${text}\r\n` : "";
  },
};

/** Throws, with the reason, unless `mail` (text of single bytes, CRLF) has a signature of `public_key` that holds. */
export function check_dkim(mail, public_key) {
  const end = mail.indexOf("\r\n\r\n");
  const headers = mail.slice(0, end).split(/\r\n(?![ \t])/);
  const own = headers.find((line) => /^DKIM-Signature:/i.test(line));
  if (!own) throw new Error("the mail is not signed");
  const tags = Object.fromEntries(
    own.slice(own.indexOf(":") + 1).split(";").map((tag) => [tag.slice(0, tag.indexOf("=")).trim(), tag.slice(tag.indexOf("=") + 1).replace(/\s/g, "")]),
  );
  if (tags.a !== "rsa-sha256") throw new Error(`unknown algorithm ${tags.a}`);
  const [header_form, body_form = "simple"] = (tags.c ?? "simple/simple").split("/");
  const body = canonical_body[body_form](mail.slice(end + 4));
  const hash = createHash("sha256").update(body, "latin1").digest("base64");
  if (hash !== tags.bh) throw new Error(`the body was changed after it was signed: ${hash}, not ${tags.bh}`);
  // 5.4.2: of several headers of one name the last one comes first.
  const left = headers.filter((line) => line !== own);
  const verify = createVerify("sha256");
  for (const name of tags.h.toLowerCase().split(":")) {
    const at = left.findLastIndex((line) => line.slice(0, line.indexOf(":")).trim().toLowerCase() === name);
    if (at >= 0) verify.update(`${canonical_header[header_form](left.splice(at, 1)[0])}\r\n`, "latin1");
  }
  verify.update(canonical_header[header_form](own.replace(/([;\s:]b=)[^;]*/, "$1")), "latin1");
  if (!verify.verify(public_key, tags.b, "base64")) throw new Error("a header was changed after it was signed");
  return tags;
}

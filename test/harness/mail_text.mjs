// SPDX-License-Identifier: Apache-2.0
// As much of a mail reader as a test needs: the decoded parts of a message.

function split_head(text) {
  const end = text.search(/\r?\n\r?\n/);
  const head = text.slice(0, end).replace(/\r?\n[ \t]+/g, " ");
  const headers = Object.fromEntries(
    head.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { headers, body: text.slice(end).replace(/^\r?\n\r?\n/, "") };
}

function decode(body, encoding = "7bit") {
  if (/^base64$/i.test(encoding)) return Buffer.from(body, "base64");
  if (!/^quoted-printable$/i.test(encoding)) return Buffer.from(body, "latin1");
  const joined = body.replace(/=\r?\n/g, "");
  return Buffer.from(joined.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))), "latin1");
}

/** The leaves of a message, given as text of single bytes: [{ type, headers, text }]. */
export function parts_of(mail) {
  const { headers, body } = split_head(mail);
  const type = headers["content-type"] ?? "text/plain";
  const boundary = type.match(/boundary="?([^";]+)"?/i)?.[1];
  if (!boundary) {
    return [{ type: type.split(";")[0].toLowerCase(), headers, text: decode(body, headers["content-transfer-encoding"]).toString("utf8") }];
  }
  const pieces = `\n${body}`.split(`\n--${boundary}`).slice(1, -1);
  return pieces.flatMap((piece) => parts_of(piece.replace(/^[ \t]*\r?\n/, "").replace(/\r$/, "")));
}

export const headers_of = (mail) => split_head(mail).headers;
export const html_of = (mail) => parts_of(mail).find((part) => part.type === "text/html").text;

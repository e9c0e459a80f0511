// SPDX-License-Identifier: Apache-2.0
// pugmark rewrite --eml: whole mails in and out.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus, program, pugmark, skip_without, temporary_directory } from "../harness/pugmark.mjs";

const BASE = "https://t.example.com";
const FIRST = '<p>caf=C3=A9 <a href=3D"https://example.com/?a=3D1">x</a> <a href=3D"mailto:a@b=\r\n.c">y</a></p>';
const SECOND = Buffer.from('<body><a href="https://example.com/2">z</a></body>').toString("base64");

const part = (headers, body) => `--b\r\n${headers.join("\r\n")}\r\n\r\n${body}\r\n`;
const MAIL = `DKIM-Signature: v=1\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n${[
  part(["Content-Type: text/plain"], "https://example.com/"),
  part(["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"], FIRST),
  part(["Content-Type: text/html", "Content-Transfer-Encoding: base64"], SECOND),
  part(["Content-Type: text/html", "Content-Disposition: attachment; filename=a.html"], '<a href="https://example.com/">'),
].join("")}--b--\r\nepilogue\r\n`;

/** The raw bodies between the boundaries. */
const bodies_of = (mail) => mail.split("--b").slice(1, -1).map((text) => text.slice(text.indexOf("\r\n\r\n") + 4, -2));
const undo_quoted_printable = (text) =>
  text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));

async function rewritten(t, ...more) {
  const report = join(temporary_directory(t), "report.json");
  const made = await pugmark(["rewrite", "--eml", "--base-url", BASE, "--report", report, ...more], { input: MAIL });
  assert.equal(made.code, 0, made.stderr);
  const is_for_a_look = /^pugmark rewrite: no --key-file, so no server opens these links[^\n]*\n$/;
  assert.match(made.stderr, more.includes("--identity") ? /^$/ : is_for_a_look);
  return { mail: made.stdout, said: JSON.parse(readFileSync(report, "utf8")) };
}

test("rewrite --eml instruments all inline HTML inside its encoding and touches nothing else", async (t) => {
  const { mail } = await rewritten(t);
  const [text, first, second, attached] = bodies_of(mail);
  const before = bodies_of(MAIL);
  assert.deepEqual([text, attached], [before[0], before[3]]);
  assert.equal(mail.slice(0, mail.indexOf("caf")), MAIL.slice(0, MAIL.indexOf("caf")));
  assert.ok(mail.endsWith("--b--\r\nepilogue\r\n"));
  assert.match(undo_quoted_printable(first), /<p>caf\u00c3\u00a9 <a href="https:\/\/t\.example\.com\/c\/[\w-]+">x<\/a> <a href="mailto:a@b\.c">y<\/a><\/p>$/);
  assert.ok(first.includes('<p>caf=C3=A9 <a href=3D"https://t.example.com/c/'), "octets that were not replaced");
  assert.ok(first.split("\r\n").every((line) => line.length <= 76), first);
  const html = Buffer.from(second, "base64").toString();
  assert.match(html, /^<body><a href="https:\/\/t\.example\.com\/c\/[\w-]+">z<\/a><img src="https:\/\/t\.example\.com\/o\/[\w-]+\.gif"[^>]*><\/body>$/);
});

test("the report of a mail has the fields of the one for HTML, and says what became of each part", async (t) => {
  const { mail, said } = await rewritten(t);
  assert.deepEqual(Object.keys(said),
    ["bytes_in", "bytes_out", "charset", "pixel_at", "links", "warnings", "parts", "has_signature"]);
  assert.deepEqual([said.bytes_in, said.bytes_out, said.has_signature], [MAIL.length, mail.length, true]);
  assert.deepEqual(said.links.map((link) => [link.index, link.part, link.url, link.skipped]), [
    [0, 2, "https://example.com/?a=1", null],
    [1, 2, "mailto:a@b.c", "not_http"],
    [2, 3, "https://example.com/2", null],
  ]);
  const html = Buffer.from(SECOND, "base64").toString();
  assert.equal(html.slice(said.links[2].start, said.links[2].end), "https://example.com/2");
  assert.ok(Buffer.from(bodies_of(mail)[2], "base64").toString().includes(`"${said.links[2].tracked_url}"`));
  assert.equal(said.pixel_at, html.indexOf("</body>"));
  assert.deepEqual(said.parts.map((p) => [p.index, p.type, p.charset, p.encoding, p.skipped, p.links, p.tracked, p.pixel_at]), [
    [2, "text/html", "utf-8", "quoted-printable", null, 2, 1, null],
    [3, "text/html", "utf-8", "base64", null, 1, 1, said.pixel_at],
    [4, "text/html", null, "7bit", "attached", 0, 0, null],
  ]);
  assert.equal(MAIL.slice(said.parts[0].start, said.parts[0].end), FIRST);
});

test("a line that grows beyond 998 bytes makes its part quoted-printable, and the report says so", async (t) => {
  const line = `${"<p>x</p>".repeat(122)}<a href="http://e.com">x</a>`;
  const report = join(temporary_directory(t), "report.json");
  const input = `Content-Type: text/html\nX: y\n\n${line}\n`;
  const { stdout } = await pugmark(["rewrite", "--eml", "--report", report], { input });
  assert.ok(line.length <= 1005 && stdout.split("\n").every((each) => each.length <= 76));
  assert.ok(stdout.startsWith("Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\nX: y\n\n<p>x</p>"));
  assert.equal(JSON.parse(readFileSync(report, "utf8")).parts[0].becomes_quoted_printable, true);
});

test("--eml with --identity gives a mail back byte for byte", async (t) => {
  const { mail, said } = await rewritten(t, "--identity");
  assert.equal(mail, MAIL);
  assert.equal(said.pixel_at, null);
});

const edge = join(corpus, "edge/eml");
test("--eml with --identity gives every odd mail back", { skip: skip_without(edge, "the corpus") }, () => {
  for (const name of readdirSync(edge)) {
    const made = spawnSync(program, ["rewrite", "--eml", "--identity", join(edge, name)]);
    assert.equal(made.status, 0, `${name}: ${made.stderr}`);
    assert.ok(made.stdout.equals(readFileSync(join(edge, name))), name);
  }
});

test("what is no mail comes out as it went in", async (t) => {
  const path = join(temporary_directory(t), "noise");
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251));
  writeFileSync(path, noise);
  const made = spawnSync(program, ["rewrite", "--eml", path]);
  assert.equal(made.status, 0);
  assert.ok(made.stdout.equals(noise));
  assert.equal((await pugmark(["rewrite", "--eml"], { input: "" })).stdout, "");
});

test("--eml and --charset contradict each other", async () => {
  const refused = await pugmark(["rewrite", "--eml", "--charset", "utf-8"], { input: MAIL });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^pugmark rewrite: --charset is for HTML[^\n]*\n$/);
});

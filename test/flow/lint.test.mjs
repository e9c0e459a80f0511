// SPDX-License-Identifier: Apache-2.0
// The linter, as a command and over the API: one engine, one answer.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { program, pugmark, start_server, temporary_directory } from "../harness/pugmark.mjs";

const GOOD = `<!doctype html><html><body><p>Dear reader, here is what is new.</p>
<a href="https://e.example/new">What is new</a> <a href="mailto:us@e.example">Write to us</a></body></html>`;
const BAD = `<body><p>Dear {{name}}, here is what is new.</p>
<a href="/new">What is new</a>
<a href="https://evil.example/">www.bank.com</a></body>`;
const MAIL = `From: a@e.example\r\nTo: b@e.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nDear reader\r\n--b\r
Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r
<p>Dear reader, here is what is new.</p>=\r\n\r\n<a href=3D"https://e.example/new">What is new</a>\r\n--b--\r\n`;

const codes = (report) => report.findings.map((finding) => finding.code);
const lint = async (args, input) => {
  const { code, stdout, stderr } = await pugmark(["lint", "--json", ...args], { input });
  assert.equal(stderr, "");
  return { code, report: JSON.parse(stdout) };
};

test("a mail without faults passes, and says what becomes of its links", async () => {
  const { code, report } = await lint(["-"], GOOD);
  assert.equal(code, 0);
  assert.deepEqual(report.findings, []);
  assert.deepEqual(report.links.map((l) => [l.url, l.text, l.tracked, l.skipped, l.line]), [
    ["https://e.example/new", "What is new", true, null, 2],
    ["mailto:us@e.example", "Write to us", false, "not_http", 2],
  ]);
  assert.equal(report.summary.bytes_in, GOOD.length);
  assert.ok(report.summary.bytes_out > GOOD.length + 100, "a link and a pixel make it larger");
  assert.equal(report.pixel.line, 2);
});

test("errors give exit code 1 and name their place", async () => {
  const { code, report } = await lint([], BAD);
  assert.equal(code, 1);
  assert.deepEqual(codes(report), ["relative_link", "phishing_text", "template_text"]);
  assert.deepEqual([report.findings[0].line, report.findings[0].column, report.findings[0].offset], [2, 10, 58]);
  assert.match(report.findings[1].detail, /shows www\.bank\.com, leads to evil\.example/);
  assert.deepEqual(codes((await lint(["--template"], BAD)).report), ["relative_link", "phishing_text"]);
});

test("a mail is told from HTML by its name, by its looks, or by an option", async (t) => {
  const folder = temporary_directory(t);
  const named = join(folder, "mail.eml");
  writeFileSync(named, MAIL);
  for (const args of [[named], ["-"], ["--eml"]]) {
    const { code, report } = await lint(args, args[0] === named ? undefined : MAIL);
    assert.equal(code, 0);
    assert.equal(report.kind, "eml");
    assert.equal(report.subject, "Grüße");
    assert.deepEqual(report.parts.map((p) => [p.part, p.charset, p.left_alone]), [["2", "utf-8", null]]);
    assert.deepEqual(report.links.map((l) => [l.part, l.line, l.tracked]), [["2", 2, true]]);
    assert.deepEqual(report.findings, []);
  }
  assert.equal((await lint(["--html"], MAIL)).report.kind, "html");
  assert.deepEqual(codes((await lint(["--bulk"], MAIL)).report), ["no_list_unsubscribe", "no_unsubscribe_link"]);
});

test("the table fits its width, and has colour only on a terminal", async () => {
  for (const columns of ["60", "80", "120"]) {
    const env = { COLUMNS: columns, LC_ALL: "C.UTF-8" };
    const { code, stdout } = await pugmark(["lint"], { input: BAD.replace("/new", `/${"long/".repeat(60)}`), env });
    assert.equal(code, 1);
    assert.match(stdout.split("\n").slice(0, 2).join(" ").trim(), /^1 link tracked, 1 left alone; \d+ bytes → \d+ bytes; 2 errors, 1 warning/);
    for (const line of stdout.split("\n")) assert.ok([...line].length <= Number(columns), line);
    assert.ok(stdout.includes("…") && !stdout.includes("\x1b"));
  }
  assert.match((await pugmark(["lint"], { input: BAD, env: { LC_ALL: "C" } })).stdout, / -> /);
});

/** What the command prints when its output is a terminal. */
const on_terminal = (file, env) =>
  execFileSync("script", ["-qec", `${program} lint ${file}`, "/dev/null"], {
    stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TERM: "xterm", ...env }, timeout: 20000,
  }).toString();

test("a mail cannot steer the terminal", async () => {
  const hostile = '<p>Dear reader, here is what is new.</p><a href="https://e.example/\x1b[2J">a\x1b]0;owned\x07b\x9b1m\u202ec</a>';
  const { stdout } = await pugmark(["lint"], { input: hostile, env: { LC_ALL: "C.UTF-8" } });
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
});

test("colour is there on a terminal, and NO_COLOR takes it away", (t) => {
  try {
    execFileSync("script", ["--version"]);
  } catch {
    t.skip("SKIP: no script(1) to make a terminal");
    return;
  }
  const file = join(temporary_directory(t), "good.html");
  writeFileSync(file, GOOD);
  assert.ok(on_terminal(file, { NO_COLOR: "" }).includes("\x1b["));
  assert.ok(!on_terminal(file, { NO_COLOR: "1" }).includes("\x1b["));
});

test("wrong usage is code 2, and says what would be right", async () => {
  for (const args of [["--bulk", "--transactional"], ["--html", "--eml"], ["--pixel", "left"], ["--base-url", "x"], ["a", "b"], ["--nope"]]) {
    const { code, stderr, stdout } = await pugmark(["lint", ...args], { input: GOOD });
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^pugmark lint: .*\n$/);
  }
  const missing = await pugmark(["lint", "/nonexistent.html"]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /\/nonexistent\.html cannot be read: No such file/);
  assert.match((await pugmark(["lint", "--help"])).stdout, /--transactional/);
});

test("POST /lint answers what the command prints", async (t) => {
  const server = await start_server(t);
  const base = ["--base-url", server.base];
  const cases = [
    [{ html: BAD }, ["--html", ...base], BAD],
    [{ html: BAD, template: true }, ["--html", "--template", ...base], BAD],
    [{ eml: MAIL, kind: "bulk" }, ["--eml", "--bulk", ...base], MAIL],
    [{ eml_base64: Buffer.from(MAIL).toString("base64"), kind: "transactional" }, ["--eml", "--transactional", ...base], MAIL],
  ];
  for (const [body, args, input] of cases) {
    const answer = await server.api("POST", "/lint", body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(answer.body, (await lint(args, input)).report);
  }
  const latin = Buffer.from(MAIL.replace("charset=utf-8", "charset=latin1").replace("Dear", "Caf\xe9"), "latin1");
  const raw = await server.api("POST", "/lint", latin, { "content-type": "message/rfc822" });
  assert.equal(raw.status, 200);
  assert.deepEqual(raw.body.parts.map((p) => [p.part, p.charset]), [["2", "latin1"]]);
});

test("the size after rewriting is that of the mail that is sent", async (t) => {
  const server = await start_server(t);
  const body = { from: { email: "a@e.example" }, to: { email: "b@e.example" }, html: GOOD };
  const { body: instrumented } = await server.api("POST", "/instrument", body);
  const { body: report } = await server.api("POST", "/lint", { html: GOOD });
  assert.equal(report.summary.bytes_out, Buffer.byteLength(instrumented.html));
});

test("POST /lint says what is wrong with a request", async (t) => {
  const server = await start_server(t);
  for (const body of [{}, { html: "" }, { html: "x", eml: "x" }, { html: 1 }, { eml_base64: "?" }, { html: "x", kind: "spam" }, { html: "x", colour: 1 }]) {
    const answer = await server.api("POST", "/lint", body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.ok(answer.body.errors.length > 0);
  }
  assert.equal((await server.api("POST", "/lint", { html: GOOD }, { authorization: "" })).status, 401);
});

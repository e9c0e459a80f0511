// SPDX-License-Identifier: Apache-2.0
// libpugmark as its hosts get it: installed into a prefix of the test's own, found by pkg-config, with nothing of this
// source tree in reach.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { before, test } from "node:test";
import { BROWSER_AGENT, links_of, pixel_of, root, temporary_directory } from "../harness/pugmark.mjs";
import { html_of } from "../harness/mail_text.mjs";

const build = resolve(root, process.env.BUILD ?? "build");
const sanitizer = process.env.SAN ?? "";
const prefix = {};

const run = (command, args, options = {}) => execFileSync(command, args, { encoding: "utf8", ...options });

/* Debian's compilers find a pkg-config file in lib/<triplet>; other systems have no triplet. */
function find(directory, name) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      const found = find(path, name);
      if (found) return found;
    } else if (entry.name === name) return path;
  }
  return undefined;
}

before(() => {
  const directory = temporary_directory({ after: (fn) => process.on("exit", fn) }, "pugmark-library-");
  run("meson", ["install", "-C", build, "--no-rebuild", "--destdir", directory, "--quiet"]);
  /* The prefix that the build was set up with, below the directory. */
  const pc = find(directory, "libpugmark.pc");
  prefix.path = join(directory, readFileSync(pc, "utf8").match(/^prefix=(.*)$/m)[1]);
  prefix.lib = join(pc, "../..");
  prefix.env = { ...process.env, PKG_CONFIG_PATH: join(pc, ".."), PKG_CONFIG_SYSROOT_DIR: directory, LD_LIBRARY_PATH: prefix.lib };
});

const flags = (...args) => run("pkg-config", [...args, "libpugmark"], { env: prefix.env }).trim().split(/\s+/);
const sanitizer_flags = sanitizer ? [`-fsanitize=${sanitizer}`] : [];

test("the shared library exports pugmark_* and nothing else", () => {
  const so = join(prefix.lib, "libpugmark.so");
  const names = run("nm", ["-D", "--defined-only", "--format=posix", so]).trim().split("\n").map((line) => line.split(" ")[0].split("@")[0]);
  const functions = names.filter((name) => name !== "PUGMARK_0");
  assert.ok(functions.length > 30, `only ${functions.length} functions`);
  assert.deepEqual(functions.filter((name) => !name.startsWith("pugmark_")), []);
  assert.match(run("readelf", ["-d", so]), /SONAME.*\[libpugmark\.so\.0\]/);
});

test("the static library's global names are pugmark_* and nothing else", () => {
  const a = join(prefix.lib, "libpugmark.a");
  const names = run("nm", ["-g", "--defined-only", "--format=posix", a]).split("\n").filter((line) => / [A-Z] /.test(line)).map((line) => line.split(" ")[0]);
  assert.ok(names.length > 30, `only ${names.length} names`);
  assert.deepEqual(names.filter((name) => !name.startsWith("pugmark_")), []);
});

test("every function of the header is in the library, and every exported one in the header", () => {
  const header = readFileSync(join(prefix.path, "include/pugmark.h"), "utf8").replace(/\/\*.*?\*\//gs, "");
  const declared = [...header.matchAll(/PUGMARK_API[^;]*?\b(pugmark_\w+)\(/g)].map((m) => m[1]).sort();
  const exported = run("nm", ["-D", "--defined-only", "--format=posix", join(prefix.lib, "libpugmark.so")])
    .trim().split("\n").map((line) => line.split(" ")[0].split("@")[0]).filter((name) => name.startsWith("pugmark_")).sort();
  assert.deepEqual(declared, exported);
});

test("pkg-config names what a static link needs, and hides it from a shared one", () => {
  const shared = flags("--libs");
  assert.ok(shared.includes("-lpugmark") && !shared.includes("-lcrypto"), shared.join(" "));
  const fixed = flags("--static", "--libs");
  for (const flag of ["-lpugmark", "-lcrypto", "-lidn2"]) assert.ok(fixed.includes(flag), `${flag} in ${fixed.join(" ")}`);
});

test("the header compiles alone, as strict C99 and as C++", (t) => {
  const directory = temporary_directory(t);
  const source = join(directory, "alone.c");
  writeFileSync(source, `#include <pugmark.h>
int main(void)
{
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	struct pugmark_hit hit = PUGMARK_HIT_INIT;
	struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	struct pugmark_delivery delivery = PUGMARK_DELIVERY_INIT;
	return token.size + hit.size + verdict.size + webhook.size + delivery.size == 0;
}
`);
  const strict = ["-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", ...flags("--cflags"), source];
  for (const command of ["gcc -std=c99", "gcc -std=c11", "g++ -x c++ -std=c++11", "g++ -x c++ -std=c++20", "clang -std=c99 -Weverything -Wno-padded"]) {
    const [compiler, ...options] = command.split(" ");
    run(compiler, [...options, ...strict]);
  }
});

test("a program that has a buf_append of its own links with the static library", (t) => {
  const directory = temporary_directory(t);
  const source = join(directory, "clash.c");
  writeFileSync(source, `#include <pugmark.h>
#include <stdio.h>
int buf_append(void) { return 1; }
int arena_new(void) { return 2; }
int slice_trim(void) { return 3; }
int main(void)
{
	struct pugmark_keys *keys;
	if (pugmark_keys_new(NULL, &keys) != PUGMARK_OK)
		return 1;
	pugmark_keys_free(keys);
	printf("%s %d\\n", pugmark_version_text(), buf_append() + arena_new() + slice_trim());
	return 0;
}
`);
  const program = join(directory, "clash");
  const needed = run("pkg-config", ["--libs", "libcrypto", "libidn2"]).trim().split(/\s+/);
  run("cc", [...sanitizer_flags, source, ...flags("--cflags"), "-o", program, `-L${prefix.lib}`, "-l:libpugmark.a", ...needed]);
  assert.doesNotMatch(run("ldd", [program]), /libpugmark/);
  const version = flags("--modversion")[0];
  assert.equal(run(program, []), `${version} 6\n`);
});

test("the manual page is installed and names every function", () => {
  const page = readFileSync(find(prefix.path, "libpugmark.3"), "utf8");
  const header = readFileSync(join(prefix.path, "include/pugmark.h"), "utf8").replace(/\/\*.*?\*\//gs, "");
  for (const [, name] of header.matchAll(/PUGMARK_API[^;]*?\b(pugmark_\w+)\(/g)) assert.match(page, new RegExp(`\\.F[no] .?${name}\\b`), name);
});

test("the manual page's example builds and runs", (t) => {
  const directory = temporary_directory(t);
  const page = readFileSync(find(prefix.path, "libpugmark.3"), "utf8");
  const example = page.match(/^\.Bd -literal.*\n([^]*?)^\.Ed$/m)[1].replaceAll("\\e", "\\");
  const source = join(directory, "example.c");
  const program = join(directory, "example");
  writeFileSync(source, example);
  run("cc", ["-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", ...sanitizer_flags, source, "-o", program, ...flags("--cflags", "--libs")]);
  const html = run(program, [], { env: prefix.env });
  assert.match(html, /^<a href="https:\/\/t\.example\.com\/c\/[\w-]+">read on<\/a><img src="https:\/\/t\.example\.com\/o\/[\w-]+\.gif"/);
});

test("another language binds to it with pointers and numbers alone", { skip: sanitizer ? "Python would have to be built with the sanitizer" : false }, () => {
  const script = `
import ctypes as c
lib = c.CDLL("libpugmark.so.0")
lib.pugmark_version_text.restype = lib.pugmark_actor_name.restype = c.c_char_p
class Text(c.Structure):
    _fields_ = [("bytes", c.c_void_p), ("size", c.c_size_t)]
    def get(self): return c.string_at(self.bytes, self.size).decode()
class Link(c.Structure):
    _fields_ = [("index", c.c_uint32), ("part", c.c_uint32), ("start", c.c_size_t), ("end", c.c_size_t), ("skip", c.c_int),
                ("is_conditional", c.c_int), ("url", Text), ("destination", Text), ("tracked_url", Text)]
class Result(c.Structure):
    _fields_ = [("output", Text), ("warnings", c.c_uint32), ("has_pixel", c.c_int), ("has_text", c.c_int),
                ("has_signature", c.c_int), ("tracked_count", c.c_size_t), ("link_count", c.c_size_t),
                ("links", c.POINTER(c.POINTER(Link)))]
class Hit(c.Structure):
    _fields_ = [("size", c.c_size_t), ("kind", c.c_int), ("is_head", c.c_int), ("user_agent", Text), ("purpose", Text),
                ("referer", Text)]
class Verdict(c.Structure):
    _fields_ = [("size", c.c_size_t), ("actor", c.c_int), ("is_counted", c.c_int), ("is_mpp", c.c_int),
                ("confidence_percent", c.c_int), ("rules", c.c_char_p), ("reasons", c.c_char * 256)]
Track = c.CFUNCTYPE(c.c_size_t, c.c_void_p, c.POINTER(Link), c.c_void_p, c.c_size_t)
@Track
def track(user, link, room, size):
    url = f"https://t.example/c/{link[0].destination.get().split('/')[-1]}".encode()
    c.memmove(room, url, len(url))
    return len(url)
instrumenter, result = c.c_void_p(), c.POINTER(Result)()
assert lib.pugmark_instrumenter_new(None, c.byref(instrumenter)) == 0
assert lib.pugmark_instrumenter_set_track(instrumenter, track, None) == 0
html = b'<a href="https://example.com/one"><a href="https://example.com/two">'
assert lib.pugmark_instrument_html(instrumenter, html, c.c_size_t(len(html)), None, c.c_size_t(0), c.byref(result)) == 0
print(result[0].output.get(), result[0].links[1][0].tracked_url.get())
lib.pugmark_result_free(result)
lib.pugmark_instrumenter_free(instrumenter)
hit, verdict = Hit(c.sizeof(Hit), 2), Verdict(c.sizeof(Verdict))
assert lib.pugmark_judge(c.byref(hit), c.byref(verdict)) == 0
print(lib.pugmark_version_text().decode(), lib.pugmark_actor_name(verdict.actor).decode(), verdict.rules.decode())
`;
  const [html, words] = run("python3", ["-c", script], { env: prefix.env }).trim().split("\n");
  assert.equal(html, '<a href="https://t.example/c/one"><a href="https://t.example/c/two"> https://t.example/c/two');
  assert.match(words, /^\d+\.\d+\.\d+ scanner \d{4}-\d\d-\d\d$/);
});

/* The example, built as its own Makefile does it, for one mail. Lines of JSON come out of next(). */
async function start_example(t, mail) {
  const directory = temporary_directory(t);
  cpSync(join(root, "examples/libmicrohttpd"), directory, { recursive: true });
  run("make", ["-s", "-B", "-C", directory, `CFLAGS=-O1 -g -Wall -Wextra -Werror ${sanitizer_flags.join(" ")}`], { env: prefix.env });
  const output = join(directory, "out");
  const child = spawn(join(directory, "tracking"), [mail, output], { env: prefix.env, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const made = await next();
  const end = () => new Promise((ended) => (child.on("exit", ended), child.stdin.end()));
  return { made, next, end, base: `http://127.0.0.1:${made.port}`, text: readFileSync(output, "latin1") };
}

const get = (url, options = {}) => fetch(url, { redirect: "manual", ...options, headers: { "user-agent": BROWSER_AGENT, ...options.headers } });

test("a host with libmicrohttpd serves the opens and clicks of an HTML mail", async (t) => {
  const directory = temporary_directory(t);
  const mail = join(directory, "mail.html");
  writeFileSync(mail, `<html><body><a href="https://example.com/sale?a=1&amp;b=2">sale</a> <a href="mailto:a@example.com">write</a></body></html>`);
  const host = await start_example(t, mail);
  assert.deepEqual({ ...host.made, port: 0 }, { port: 0, links: 2, tracked: 1, pixel: true });
  assert.ok(host.text.includes('<a href="mailto:a@example.com">write</a>'));
  assert.equal(await (await get(`${host.base}/`)).text(), "the host's own page\n");

  const pixel = await get(pixel_of(host.text));
  assert.equal(pixel.status, 200);
  assert.equal(pixel.headers.get("content-type"), "image/gif");
  assert.match(pixel.headers.get("cache-control"), /no-store/);
  assert.equal((await pixel.arrayBuffer()).byteLength, 43);
  const open = await host.next();
  assert.equal(open.kind, "open");
  assert.equal(open.actor, "human");
  assert.equal(open.user_agent, BROWSER_AGENT);

  const click = await get(links_of(host.text)[0]);
  assert.equal(click.status, 302);
  assert.equal(click.headers.get("location"), "https://example.com/sale?a=1&b=2");
  const clicked = await host.next();
  assert.equal(clicked.kind, "click");
  assert.equal(clicked.destination, "https://example.com/sale?a=1&b=2");
  assert.equal(clicked.message, open.message);
  assert.equal(clicked.counted, true);

  await get(links_of(host.text)[0], { headers: { "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)" } });
  const preview = await host.next();
  assert.equal(preview.actor, "link_preview");
  assert.equal(preview.counted, false);
  assert.equal(await host.end(), 0);
});

test("a host answers a bad token neutrally and hears nothing of it", async (t) => {
  const directory = temporary_directory(t);
  const mail = join(directory, "mail.html");
  writeFileSync(mail, `<a href="https://example.com/">x</a>`);
  const host = await start_example(t, mail);
  const token = links_of(host.text)[0].split("/c/")[1];
  const changed = (token[9] === "A" ? "B" : "A");
  const bad = `${token.slice(0, 9)}${changed}${token.slice(10)}`;
  const click = await get(`${host.base}/c/${bad}?url=https://evil.example/`);
  assert.equal(click.status, 302);
  assert.equal(click.headers.get("location"), "/");
  const swapped = await get(`${host.base}/o/${token}.gif`); // a click's token is no open
  assert.equal(swapped.status, 200);
  assert.equal((await swapped.arrayBuffer()).byteLength, 43);
  assert.equal((await get(`${host.base}/c/`)).headers.get("location"), "/");
  assert.equal((await get(`${host.base}/u/${token}`)).status, 404);
  const good = await get(`${host.base}/c/${token}`);
  assert.equal(good.headers.get("location"), "https://example.com/");
  assert.equal((await host.next()).destination, "https://example.com/"); // the first line there is
  assert.equal(await host.end(), 0);
});

test("a host takes a whole message, and a mail client finds the links in it", async (t) => {
  const directory = temporary_directory(t);
  const mail = join(directory, "mail.eml");
  writeFileSync(mail, [
    "From: a@example.com", "To: b@example.com", "Subject: x", "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable", "", '<p>Caf=C3=A9 <a href=3D"https://example.com/caf=C3=A9">x</a></p>', "",
  ].join("\r\n"));
  const host = await start_example(t, mail);
  assert.ok(host.text.startsWith("From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n"));
  const html = html_of(host.text);
  assert.ok(html.startsWith("<p>Café <a href="));
  const click = await get(links_of(html)[0]);
  assert.equal(click.headers.get("location"), "https://example.com/caf%C3%A9");
  assert.equal((await host.next()).kind, "click");
  assert.equal((await get(pixel_of(html))).status, 200);
  assert.equal((await host.next()).kind, "open");
  assert.equal(await host.end(), 0);
});

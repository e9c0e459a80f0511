// SPDX-License-Identifier: Apache-2.0
// Where keys and passwords are not: in a core file, the command line, the log, the database. Of each server that has run mail,
// a sign-in and an API key.
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { start_server, temporary_directory, until } from "../harness/pugmark.mjs";
import { Wire } from "../harness/wire.mjs";

const is_sanitized = /sanit|asan|tsan|ubsan/.test(process.env.BUILD ?? "") || Boolean(process.env.SAN);

const SMTP = { PUGMARK_SMTP_HOST: "127.0.0.1", PUGMARK_SMTP_AUTH: "plain", PUGMARK_SMTP_USER: "u", PUGMARK_SMTP_SECRET: "smtp-secret-of-this-test" };

const proc = (server, name) => readFileSync(`/proc/${server.child.pid}/${name}`);

function secrets_of(server) {
  const hex = readFileSync(join(server.data, "keys"), "utf8").match(/^1 ([0-9a-f]{64})/m)[1];
  return [hex, Buffer.from(hex, "hex"), server.made.password, server.made.api_key, "smtp-secret-of-this-test"];
}

/** All files of the data directory but the keys' own. */
const files_under = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && e.name !== "keys")
    .map((e) => join(e.parentPath ?? e.path, e.name));

const sign_in = (server, password) =>
  server.request("POST", "/api/v1/session", { headers: { "content-type": "application/json" }, body: JSON.stringify({ email: server.made.email, password }) });

/** Returns the session's cookie. */
async function use_everything(server) {
  await server.send();
  const signed = await sign_in(server, server.made.password);
  assert.equal(signed.status, 200);
  const cookie = signed.headers.getSetCookie()[0].split(";")[0];
  assert.equal((await server.request("GET", "/api/v1/me", { headers: { cookie } })).status, 200);
  return cookie.split("=")[1];
}

test("no key, password or API key is in the command line, the log or a file of the data directory", async (t) => {
  const server = await start_server(t, { env: { ...SMTP, PUGMARK_LOG_LEVEL: "debug" } });
  await use_everything(server);
  const places = [["command line", proc(server, "cmdline")]];
  await server.stop();
  places.push(["log", Buffer.from(server.everything_logged)]);
  for (const path of files_under(server.data)) if (statSync(path).size < 100 << 20) places.push([path, readFileSync(path)]);
  for (const [place, bytes] of places)
    for (const secret of secrets_of(server)) assert.equal(bytes.indexOf(secret), -1, `${place} has ${secret}`);
});

test("a server that crashes leaves no core file, whatever limit it was started with", { skip: is_sanitized && "a sanitizer looks into its own process" }, async (t) => {
  const directory = temporary_directory(t);
  const wrapper = ["sh", "-c", 'ulimit -c unlimited; cd "$0"; exec "$@"', directory];
  const server = await start_server(t, { wrapper });
  await use_everything(server);
  assert.match(proc(server, "limits").toString(), /^Max core file size +0 +0 /m);
  const end = await server.stop("SIGABRT");
  assert.equal(end.signal, "SIGABRT");
  assert.deepEqual(readdirSync(directory), []);
});

/** What a core file would have: every mapping that the kernel is not told to leave out. */
function dumpable_memory(server) {
  const parts = [];
  const fd = openSync(`/proc/${server.child.pid}/mem`, "r");
  for (const one of proc(server, "smaps").toString().split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, from, to, may] = one.match(/^([0-9a-f]+)-([0-9a-f]+) (\S+)/) ?? [];
    if (!may?.startsWith("rw") || /^VmFlags:.* dd/m.test(one) || /^Rss: +0 kB/m.test(one)) continue;
    const bytes = Buffer.alloc(Number.parseInt(to, 16) - Number.parseInt(from, 16));
    for (let at = 0; at < bytes.length; at += 1 << 20)
      try {
        readSync(fd, bytes, at, Math.min(1 << 20, bytes.length - at), Number.parseInt(from, 16) + at);
      } catch {
        /* a page that was never there */
      }
    parts.push(bytes);
  }
  closeSync(fd);
  return parts;
}

test("passwords, API keys and sessions are nowhere in memory once they were used", { skip: is_sanitized && "a sanitizer keeps what was freed" }, async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_CORE_DUMPS: "on" } });
  const secrets = { password: server.made.password, api_key: server.made.api_key, wrong: "a-password-with-a-typo", half: "a-password-that-comes-with-half-a-body" };
  secrets.session = await use_everything(server);
  await server.send({ html: `<p>${"long ".repeat(60000)}</p>` });
  assert.equal((await sign_in(server, secrets.wrong)).status, 401);
  const wire = await Wire.open(t, server.port);
  wire.send(`POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"password":"${secrets.half}",`);
  wire.socket.end();
  await until(async () => (await server.metric("http_connections_open")) <= 1, "the connection to be gone");
  const again = await sign_in(server, server.made.password);
  secrets.session_not_used = again.headers.getSetCookie()[0].match(/=([^;]+)/)[1];
  const memory = dumpable_memory(server);
  for (const [name, secret] of Object.entries(secrets))
    for (const part of memory) {
      const at = part.indexOf(secret);
      assert.equal(at, -1, `${name} stands in ${part.subarray(Math.max(0, at - 300), at + 200).toString("latin1").replace(/[^ -~]+/g, ".")}`);
    }
});

test("the file of keys is nowhere in memory that a dump would have", { skip: is_sanitized && "a sanitizer keeps what was freed" }, async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_CORE_DUMPS: "on" } });
  await use_everything(server);
  const memory = dumpable_memory(server);
  const has = (secret) => memory.some((part) => part.indexOf(secret) !== -1);
  assert.ok(has(server.data), "what is in memory is found");
  const [hex, key] = secrets_of(server);
  assert.equal(has(hex), false, "as text");
  assert.equal(has(key), false, "as bytes");
});

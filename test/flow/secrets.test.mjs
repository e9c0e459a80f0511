// SPDX-License-Identifier: Apache-2.0
// Where keys and passwords are not: in a core file, the command line, the log, the database. Of each server that has run mail,
// a sign-in and an API key.
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { start_server, temporary_directory } from "../harness/pugmark.mjs";

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

async function use_everything(server) {
  await server.send();
  const signed = await server.request("POST", "/api/v1/session", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: server.made.email, password: server.made.password }),
  });
  assert.equal(signed.status, 200);
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

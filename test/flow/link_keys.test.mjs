// SPDX-License-Identifier: Apache-2.0
// A server's file of keys against its store, and what a server that runs makes of a new one. Several that are started with
// different files: two_servers.test.mjs.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { links_of, pixel_of, pugmark, start_server, temporary_directory, token_of, until } from "../harness/pugmark.mjs";
import { sql } from "../harness/sqlite.mjs";

const DESTINATION = "https://example.com/sale?a=1&b=2";

/** Of a hit whose mail another store has. */
const SKIPPED = / warn apply\.skipped reason=no_message /;

const key_of = (url) => Buffer.from(token_of(url), "base64url")[0];

const file_of = (server) => join(server.data, "keys");

async function rotate(server) {
  const { code, stdout, stderr } = await pugmark(["keys", "rotate", "--data", server.data]);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** As an operator should: whole or not at all. */
function copy_keys(from, to) {
  copyFileSync(file_of(from), `${file_of(to)}.copy`);
  renameSync(`${file_of(to)}.copy`, file_of(to));
}

async function new_preview(server) {
  return server.preview((await server.send()).id);
}

async function new_link(server) {
  return links_of(await new_preview(server))[0];
}

/** A link of new mail, once new mail is sealed with that key. */
const link_with_key = (server, key) =>
  until(async () => {
    const link = await new_link(server);
    return key_of(link) === key && link;
  }, `mail to be sealed with key ${key}`);

async function expect_leads_there(server, link) {
  const answer = await server.get(link);
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), DESTINATION);
}

/** A server with a store of its own whose links are sealed with the keys of another one. */
async function start_with_keys_of(t, other, options = {}) {
  const data = join(temporary_directory(t), "data");
  mkdirSync(data, { mode: 0o700 });
  copyFileSync(file_of(other), join(data, "keys"));
  return start_server(t, { ...options, data });
}

test("a server does not start with keys that its links are not sealed with", async (t) => {
  const server = await start_server(t);
  const keys = join(server.data, "keys");
  const good = readFileSync(keys);
  const { id } = await server.send();
  const [link] = links_of(await server.preview(id));
  await server.stop();
  writeFileSync(keys, `1 ${"5a".repeat(32)}\n`);
  const other = /sealed with key 1, and .*keys has another one: copy the file keys from a server that works, or from its backup/;
  await assert.rejects(server.start(), other);
  // A command that applies the journal would not know the links in it either.
  const pruned = await pugmark(["prune", "--data", server.data]);
  assert.equal(pruned.code, 1);
  assert.match(pruned.stderr, other);
  rmSync(keys);
  const again = await pugmark(["init", "--data", server.data]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /copy the file keys from one of them, or from its backup, to .*keys/);
  writeFileSync(keys, `2 ${"5a".repeat(32)}\n`);
  await assert.rejects(server.start(), /sealed with key 1, and .*keys lacks it/);
  writeFileSync(keys, good);
  await server.start();
  assert.equal((await server.get(link)).headers.get("location"), "https://example.com/sale?a=1&b=2");
});

test("a digit of a key that was changed, and a file that is gone, are told with what to do", async (t) => {
  const server = await start_server(t);
  const verify = () => pugmark(["keys", "verify", "--data", server.data]);
  const whole = await verify();
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, /^ +1 {2}its check value is right, the store knows it$/m);
  await server.stop();
  const file = file_of(server);
  const good = readFileSync(file, "utf8");
  const bad = good.replace(/^1 (.)/m, (_, digit) => `1 ${digit === "0" ? "1" : "0"}`);
  writeFileSync(file, bad);
  const damaged = /keys line 2: key 1 is damaged, its check value is another one: put the file back from a backup/;
  await assert.rejects(server.start(), damaged);
  const found = await verify();
  assert.equal(found.code, 1);
  assert.match(found.stderr, damaged);
  // Without its check value it looks as good as any: the store knows better.
  writeFileSync(file, bad.replace(/^(1 [0-9a-f]{64}) .*$/m, "$1"));
  const other = await verify();
  assert.equal(other.code, 1);
  assert.match(other.stderr, /sealed with key 1, and .*keys has another one/);
  rmSync(file);
  await assert.rejects(server.start(), /keys is missing, and the store is there: copy the file from another server of it, or out of your backup/);
  writeFileSync(file, good);
  await server.start();
});

test("a store from before takes the keys of the first server, and init makes no new ones for it", async (t) => {
  const server = await start_server(t);
  const keys = join(server.data, "keys");
  const good = readFileSync(keys);
  await server.stop();
  if (!sql(t, server.data, "DELETE FROM link_keys")) return;
  rmSync(keys);
  const lost = await pugmark(["init", "--data", server.data]);
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /this store has servers already, and new keys do not open their links/);
  writeFileSync(keys, good);
  await server.start();
  await server.stop();
  writeFileSync(keys, `1 ${"5a".repeat(32)}\n`);
  await assert.rejects(server.start(), /sealed with key 1/);
});

test("a server that runs seals with a rotated key, and its old links stay good", async (t) => {
  const server = await start_server(t);
  const old = await new_link(server);
  assert.equal(key_of(old), 1);
  assert.match(await rotate(server), /Key 2 was added\. A server that runs takes it up within a second/);
  const link = await link_with_key(server, 2);
  await expect_leads_there(server, old);
  await expect_leads_there(server, link);
  const pixel = pixel_of(await new_preview(server));
  assert.equal(key_of(pixel), 2);
  assert.equal((await server.get(pixel)).status, 200);
  const hits = await until(async () => {
    const list = await server.settled_events("type=click");
    return list.length === 2 && list;
  }, "both clicks to be events");
  assert.equal(hits.length, 2);
  assert.match(server.log, / info keys\.added key=2/);
  await server.stop();
  await server.start();
  await expect_leads_there(server, old);
  await expect_leads_there(server, link);
});

test("a link that somebody else sealed with a new key is good as soon as the file has the key", async (t) => {
  const other = await start_server(t);
  const server = await start_with_keys_of(t, other, { may_warn: [SKIPPED] });
  await rotate(other);
  const link = await link_with_key(other, 2);
  assert.equal((await server.get(link)).headers.get("location"), server.base, "nobody here knows that key");
  copy_keys(other, server);
  await expect_leads_there(server, link); // at once: the server looks before it gives up
  assert.equal(await server.metric("bad_tokens_total"), 1);
});

test("a file that is no file of keys changes nothing at a server that runs, and is said once", async (t) => {
  const server = await start_server(t, { warns: [/ error keys\.refused .*line 2 is not a key/, / error keys\.refused .*has another one/, / error keys\.refused /] });
  const good = readFileSync(file_of(server));
  const old = await new_link(server);
  writeFileSync(file_of(server), `1 ${"5a".repeat(32)}\n2 5a\n`);
  await until(() => /keys\.refused .*line 2/.test(server.log), "the file to be refused");
  writeFileSync(file_of(server), `1 ${"5a".repeat(32)}\n2 ${"5b".repeat(32)}\n`);
  await until(() => /keys\.refused .*another/.test(server.log), "the file to be refused");
  const ready = await server.get("/readyz");
  assert.equal(ready.status, 200, "all links that are out are good here");
  assert.match(await ready.text(), /^keys: this store's links are sealed with key 1, and .* has another one/m);
  await expect_leads_there(server, old);
  assert.equal(key_of(await new_link(server)), 1);
  rmSync(file_of(server));
  mkdirSync(file_of(server)); // as a container does for a file that is to be mounted and is not there
  await until(() => server.log.match(/keys\.refused/g).length === 3, "the directory to be refused");
  await expect_leads_there(server, old);
  rmSync(file_of(server), { recursive: true });
  writeFileSync(file_of(server), good, { mode: 0o600 });
  await until(async () => !/^keys:/m.test(await (await server.get("/readyz")).text()), "the file to be good again");
  assert.equal(server.log.match(/keys\.refused/g).length, 3);
});

test("while the store hangs nobody with a link of a key that is not here waits for it, or is led astray", { skip: no_postgres }, async (t) => {
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url };
  const first = await start_server(t, { env, may_warn: [SKIPPED, / warn keys\.waiting key=2 /] });
  const second = await start_with_keys_of(t, first, { env, warns: [/ warn keys\.lacking .*key 2, and /], may_warn: [SKIPPED] });
  await rotate(first);
  await until(() => /keys\.lacking/.test(second.log), "the second to say what it lacks");
  const hasty = await start_with_keys_of(t, first);
  const link = await link_with_key(hasty, 2);
  const release = await postgres.lock("link_keys");
  // Whoever looks now hangs, so this one is answered before the store is.
  const answer = await second.get(link);
  assert.equal(answer.status, 503);
  await release();
  copy_keys(first, second);
  await expect_leads_there(second, link);
});

test("of several servers none seals with a key that another one has not", { skip: no_postgres }, async (t) => {
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url };
  const first = await start_server(t, { env, warns: [/ warn keys\.waiting key=2 /], may_warn: [SKIPPED] });
  const second = await start_with_keys_of(t, first, { env, warns: [/ warn keys\.lacking .*key 2, and /], may_warn: [SKIPPED] });
  second.made = first.made;
  await rotate(first);
  await until(() => /keys\.waiting key=2 node=2/.test(first.log), "the first to say whom it waits for");
  const lacking = async () => (await second.get("/readyz")).text();
  await until(async () => /^keys: .*sealed with key 2, and .* lacks it: copy the file/m.test(await lacking()), "the second to say what it lacks");
  for (const server of [first, second]) assert.equal(key_of(await new_link(server)), 1);
  // Somebody without that patience has sealed with it.
  const hasty = await start_with_keys_of(t, first);
  const link = await link_with_key(hasty, 2);
  await expect_leads_there(first, link);
  for (const url of [link, link.replace("/c/", "/o/"), link.replace("/c/", "/u/")]) {
    const answer = await second.get(url);
    assert.equal(answer.status, 503, "better to come again than to be led astray");
    assert.equal(answer.headers.get("retry-after"), "5");
  }
  copy_keys(first, second);
  await expect_leads_there(second, link);
  const links = [await link_with_key(first, 2), await link_with_key(second, 2)];
  for (const server of [first, second]) for (const one of links) await expect_leads_there(server, one);
  assert.doesNotMatch(await lacking(), /^keys:/m);
});

test("a server that has ended is not waited for", { skip: no_postgres }, async (t) => {
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url };
  const first = await start_server(t, { env, may_warn: [/ warn keys\.waiting /] });
  const second = await start_with_keys_of(t, first, { env });
  await second.stop();
  await rotate(first);
  await link_with_key(first, 2);
  await assert.rejects(second.start(), /sealed with key 2, and .*keys lacks it/);
  copy_keys(first, second);
  await second.start();
});

// SPDX-License-Identifier: Apache-2.0
// A server's file of keys against its store, where there is one server. Several: two_servers.test.mjs.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { links_of, pugmark, start_server } from "../harness/pugmark.mjs";
import { sql } from "../harness/sqlite.mjs";

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

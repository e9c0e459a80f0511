// SPDX-License-Identifier: Apache-2.0
// Somebody takes away what the journal had promised to keep, while the store could not have it yet: the next start says what is
// gone, with numbers, serves all the same, and gives no number twice. What was applied before is no loss and no reason not to start.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, readdirSync, renameSync, rmSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pugmark, start_server, until } from "../harness/pugmark.mjs";

const HOLD = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
`;
const HITS = 24;
/** Somebody else each time, so that none is a repeat. */
const visitor = (n) => ({ "user-agent": BROWSER_AGENT, "x-forwarded-for": `198.51.100.${n}` });

/** Takes the store's write lock until the function that it returns is called. */
async function hold_store(t, data) {
  const holder = spawn("python3", ["-c", HOLD, join(data, "pugmark.db")], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  return () => new Promise((resolve) => holder.once("close", resolve).kill("SIGKILL"));
}

const journal_of = (server) => join(server.data, "journal");

function last_segment(server) {
  const name = readdirSync(journal_of(server)).filter((n) => n.endsWith(".seg")).sort().at(-1);
  const path = join(journal_of(server), name);
  const bytes = readFileSync(path);
  let used = bytes.length;
  while (used > 0 && bytes[used - 1] === 0) used--;
  return { path, used, size: bytes.length };
}

function overwrite(path, at, bytes) {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

/** A server with HITS clicks that were answered and are in no store; killed. */
async function server_with_unapplied_hits(t, options) {
  const server = await start_server(t, {
    ...options,
    env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" },
    may_warn: [/writer\.failing/, /store\.away/, /store\.checkpoint_failed/, ...(options.may_warn ?? [])],
  });
  const sent = await server.send();
  const [link] = links_of(await server.preview(sent.id));
  await server.get(link, visitor(0));
  await server.events_of(sent.id, 1, "type=email.clicked");
  await until(async () => (await server.metric("journal_lag_records")) === 0, "all to be applied");
  const applied = await server.metric("journal_sequence");
  const release = await hold_store(t, server.data);
  for (let i = 0; i < HITS; i++) assert.equal((await server.get(link, visitor(i + 1))).status, 302);
  const acknowledged = await server.metric("journal_sequence");
  assert.ok(acknowledged >= applied + HITS);
  await server.stop("SIGKILL");
  await release();
  return { server, sent, link, applied, acknowledged };
}

/** The last record that can still be read. */
async function kept_of(server) {
  const { code, stdout } = await pugmark(["journal", "verify", "--json", "--data", server.data]);
  const found = JSON.parse(stdout);
  const last = found.segments.at(-1);
  assert.equal(code, 1, "verify says that something is wrong");
  assert.ok(found.missing > 0 || found.damaged > 0);
  return last.first + last.records - 1;
}

/** Started again it says that first..last are lost, and counts new hits under numbers of their own. */
async function check_told({ server, sent, link }, { node, first, last }) {
  await server.start();
  const records = last - first + 1;
  assert.match(server.log, new RegExp(`error journal\\.records_lost node=${node} records=${records} first=${first} last=${last} `));
  const ready = await server.get("/readyz");
  assert.equal(ready.status, 200);
  assert.match(await ready.text(), new RegExp(`journal: ${records} acknowledged records \\(${first} to ${last}\\) `));
  assert.equal(await server.metric("journal_lost_records"), records);
  const before = await server.settled_events(`message=${sent.id}`);
  assert.equal((await server.get(new URL(link).pathname, visitor(200))).status, 302);
  const after = await until(async () => {
    const list = await server.events(`message=${sent.id}`);
    return list.length > before.length ? list : null;
  }, "the new hit");
  assert.equal(new Set(after.map((e) => e.id)).size, after.length);
}

const DAMAGES = {
  "cut in half": ({ path, used }) => truncateSync(path, used - Math.floor((used - 4096) / 2)),
  "its tail zeroed": ({ path, used, size }) => {
    const file = openSync(path, "r+");
    ftruncateSync(file, used - Math.floor((used - 4096) / 2));
    ftruncateSync(file, size);
    closeSync(file);
  },
  "not a byte left": ({ path }) => truncateSync(path, 0),
};

for (const [what, damage] of Object.entries(DAMAGES))
  test(`a last segment with ${what} is told of at the start, in numbers`, async (t) => {
    const place = await server_with_unapplied_hits(t, { warns: [/journal\.records_lost/], may_warn: [/apply\.skipped reason=lost/, /journal\.applied_damaged/] });
    damage(last_segment(place.server));
    const kept = what === "not a byte left" ? place.applied : await kept_of(place.server);
    assert.ok(kept >= place.applied && kept < place.acknowledged);
    await check_told(place, { node: 1, first: kept + 1, last: place.acknowledged });
    assert.ok((await place.server.metric("journal_sequence")) > place.acknowledged);
  });

test("a journal that is gone is told of at the start, in numbers, and the new one has another node", async (t) => {
  const place = await server_with_unapplied_hits(t, { warns: [/journal\.records_lost/] });
  rmSync(journal_of(place.server), { recursive: true });
  await check_told(place, { node: 1, first: place.applied + 1, last: place.acknowledged });
  assert.match(place.server.log, /node\.registered node=2 /);
});

test("a journal that was moved away with its node is not missed", async (t) => {
  const place = await server_with_unapplied_hits(t, { damages_journal: true });
  for (const name of ["journal", "node"]) renameSync(join(place.server.data, name), join(place.server.data, `${name}.moved`));
  await place.server.start();
  assert.doesNotMatch(place.server.log, /journal\.records_lost/);
  assert.equal(await place.server.metric("journal_lost_records"), 0);
});

test("a flipped bit in a record that was applied does not keep the server from starting", async (t) => {
  const place = await server_with_unapplied_hits(t, { warns: [/journal\.applied_damaged .*records=1 /], may_warn: [/apply\.skipped reason=lost/] });
  overwrite(last_segment(place.server).path, 4096 + 24 + 2, Buffer.from([0xff]));
  await place.server.start();
  assert.equal(await place.server.metric("journal_lost_records"), 0);
  assert.equal(await place.server.metric("journal_damaged_applied_records"), 1);
  const events = await place.server.settled_events(`message=${place.sent.id}&type=email.clicked`);
  assert.ok(events.length > HITS, "what was not applied then is now");
});

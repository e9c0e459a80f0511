// SPDX-License-Identifier: Apache-2.0
// The one writer of the store is held up, by somebody else who writes the same SQLite file: who reads does not notice, who writes
// waits without holding a worker, and nothing is lost or done twice.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { mail, start_server } from "../harness/pugmark.mjs";

const HOLD = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
c.execute("ROLLBACK")
print("free", flush=True)
`;

/** Takes the store's write lock; the function gives it back and returns when it is free. */
async function hold_store(t, data) {
  const holder = spawn("python3", ["-c", HOLD, join(data, "pugmark.db")], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  const said = (word) =>
    new Promise((resolve, reject) => {
      holder.once("exit", () => reject(new Error("the holder ended")));
      holder.stdout.once("data", (text) => (assert.equal(String(text).trim(), word), resolve()));
    });
  await said("held");
  return async () => {
    holder.stdin.write("\n");
    await said("free");
  };
}

test("while the writer is held up, 50 mails wait and reading goes on", async (t) => {
  const server = await start_server(t);
  const known = await server.send();
  const release = await hold_store(t, server.data);
  let answered = 0;
  const posts = Array.from({ length: 50 }, (_, i) =>
    server.api("POST", "/messages", mail({ subject: `n ${i}` }), { "idempotency-key": `k-${i}` }).finally(() => answered++),
  );
  // More often than there are workers, so that a single free one would not be enough to look good.
  for (let i = 0; i < 12; i++) {
    const list = await server.api("GET", "/messages?limit=5");
    assert.equal(list.status, 200);
    assert.deepEqual(list.body.data.map((m) => m.id), [known.id]);
  }
  assert.equal(answered, 0, "nobody was told that a mail is taken before it is");
  await release();
  const results = await Promise.all(posts);
  assert.deepEqual([...new Set(results.map((r) => r.status))], [202]);
  assert.equal(new Set(results.map((r) => r.body.id)).size, 50);
  const again = await server.api("POST", "/messages", mail({ subject: "n 7" }), { "idempotency-key": "k-7" });
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  assert.equal(again.body.id, results[7].body.id);
  assert.equal((await server.api("GET", "/messages?limit=500")).body.data.length, 51);
});

test("what a client asked for is done although it went away, and its key tells so", async (t) => {
  const server = await start_server(t);
  const release = await hold_store(t, server.data);
  const gone = new AbortController();
  const lost = fetch(`${server.base}/api/v1/messages`, {
    method: "POST",
    signal: gone.signal,
    headers: { authorization: `Bearer ${server.made.api_key}`, "content-type": "application/json", "idempotency-key": "once" },
    body: JSON.stringify(mail()),
  });
  // The queue of workers is first in, first out: once this is answered, the mail is with the writer.
  for (let i = 0; i < 8; i++) await server.api("GET", "/queue");
  gone.abort();
  await assert.rejects(lost);
  await release();
  const again = await server.api("POST", "/messages", mail(), { "idempotency-key": "once" });
  assert.equal(again.status, 202);
  assert.equal((await server.api("GET", "/messages")).body.data.length, 1);
});

test("a server that is stopped meanwhile ends, and what it had taken is there or not, but never twice", async (t) => {
  const server = await start_server(t);
  const release = await hold_store(t, server.data);
  const posts = Array.from({ length: 8 }, (_, i) =>
    server.api("POST", "/messages", mail(), { "idempotency-key": `k-${i}` }).then((a) => a.status, () => "cut off"),
  );
  for (let i = 0; i < 8; i++) await server.api("GET", "/queue");
  const stopped = server.stop();
  await release();
  await stopped;
  const outcomes = await Promise.all(posts);
  await server.start();
  for (let i = 0; i < 8; i++) {
    const answer = await server.api("POST", "/messages", mail(), { "idempotency-key": `k-${i}` });
    assert.equal(answer.status, 202);
    if (outcomes[i] === 202) assert.equal(answer.headers.get("idempotency-replayed"), "true");
  }
  assert.equal((await server.api("GET", "/messages")).body.data.length, 8);
});

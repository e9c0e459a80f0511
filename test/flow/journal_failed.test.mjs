// SPDX-License-Identifier: Apache-2.0
// A disk whose syncs fail, once and for a while: strace makes fdatasync of the running server return EIO.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server, until } from "../harness/pugmark.mjs";

const can_trace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

/** Makes every fdatasync of the server fail from now on, until the test ends. */
async function fail_syncs(t, server, when = "") {
  const inject = ["-e", "trace=fdatasync", "-e", `inject=fdatasync:error=EIO${when}`];
  const strace = spawn("strace", ["-f", "-o", "/dev/null", ...inject, "-p", String(server.child.pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  strace.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  t.after(() => strace.kill("SIGKILL"));
  await until(() => said.includes("attached") || strace.exitCode !== null, "strace to attach");
  assert.equal(strace.exitCode, null, said);
  return strace;
}

/** One fdatasync of each thread fails. */
async function fail_one_sync(t, server) {
  return fail_syncs(t, server, ":when=1");
}

test("a single sync that fails costs no answer and no hit", { skip: can_trace ? false : "strace may not trace here" }, async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1", PUGMARK_JOURNAL_MAX_WAIT_MS: "10000" }, may_warn: [/journal\.new_segment/, /journal\.failed/, /writer\.failing .*disk I/, /store\.away .*disk I/, /unsubscribe\.not_confirmed .*disk I/] });
  const sent = await server.send();
  const [link] = links_of(await server.preview(sent.id));
  await fail_one_sync(t, server);
  for (let i = 1; i <= 20; i++) {
    const headers = { "user-agent": BROWSER_AGENT, "x-forwarded-for": `198.51.100.${i}` };
    assert.equal((await server.get(link, headers)).status, 302);
  }
  await server.events_of(sent.id, 20, "type=email.clicked");
  assert.equal(await server.metric("hits_lost_total"), 0);
});

test(
  "when syncs fail, links and pixels go on, nothing is claimed to be kept, and it goes on by itself when they work",
  { skip: can_trace ? false : "strace may not trace here" },
  async (t) => {
    const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" }, loses_hits: true, may_warn: [/store\.away .*disk I/, /journal\.new_segment/, /journal\.failed/, /writer\.failing .*disk I/, /unsubscribe\.not_confirmed .*disk I/] });
    const agent = { "user-agent": BROWSER_AGENT };
    const sent = await server.send();
    const html = await server.preview(sent.id);
    const [link] = links_of(html);
    await server.get(link, agent);
    const [kept] = await server.events_of(sent.id, 1, "type=email.clicked");
    const strace = await fail_syncs(t, server);

    await until(async () => {
      assert.equal((await server.get(link, agent)).status, 302);
      return (await server.metric("hits_lost_total")) > 0;
    }, "the journal to fail");
    assert.equal((await server.get(link, agent)).headers.get("location"), "https://example.com/sale?a=1&b=2");
    assert.equal((await server.get(pixel_of(html), agent)).status, 200);
    assert.equal((await server.get("/healthz")).status, 200);
    const ready = await server.get("/readyz");
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /journal failed/);
    const refused = await server.api("POST", "/messages", { from: { email: "a@example.com" }, to: { email: "b@example.com" }, subject: "x", text: "x" });
    assert.equal(refused.status, 503);
    assert.equal(refused.body.title, "Disk failed");

    strace.kill("SIGKILL");
    // No restart: a new segment is made as soon as one can be.
    await until(async () => (await server.get("/readyz")).status === 200, "the journal to be well again", 15000);
    await until(() => server.log.includes("journal.healthy"), "the log to say so");
    assert.ok((await server.metric("journal_failures_total")) > 0);
    assert.match(await (await server.get("/readyz")).text(), /writes or syncs failed/);
    const segments = readdirSync(join(server.data, "journal")).filter((name) => name.endsWith(".seg"));
    assert.ok(segments.length > 1, "another segment is written to");
    assert.equal((await server.get(link, { ...agent, "x-forwarded-for": "198.51.100.9" })).status, 302);
    await server.events_of(sent.id, 2, "type=email.clicked");

    await server.stop("SIGKILL");
    assert.equal(await server.verify_journal(), "");
    await server.start();
    assert.doesNotMatch(server.log, /journal\.records_lost/);
    const again = await server.settled_events(`message=${sent.id}&type=email.clicked`);
    assert.ok(again.some((e) => e.id === kept.id));
    assert.equal(new Set(again.map((e) => e.id)).size, again.length);
    assert.equal((await server.get(new URL(link).pathname, agent)).status, 302);
  },
);

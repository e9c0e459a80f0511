// SPDX-License-Identifier: Apache-2.0
// One link of one mail, called again and again: everything is answered and nothing of it is lost, and the store does not grow
// with it, whatever the caller changes from call to call.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server } from "../harness/pugmark.mjs";

const CALLS = 4000;
const CONNECTIONS = 32;
const BUDGET = 300; // of a loop
const TRUSTING = { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1", PUGMARK_SERVER_LOOPS: "1" } };

function call(agent, port, path, headers) {
  return new Promise((resolve, reject) => {
    const pending = request({ agent, host: "127.0.0.1", port, path, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    pending.on("error", reject);
    pending.end();
  });
}

/** Calls `paths` in turn, each time with the headers that `headers_of` gives; all must be answered. */
async function replay(server, paths, headers_of, expected) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let n = 0;
  async function go() {
    while (n < CALLS) {
      const i = n++;
      assert.equal(await call(agent, server.port, paths[i % paths.length], headers_of(i)), expected);
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, go));
  agent.destroy();
}

const path_of = (url) => new URL(url).pathname;
const html = Array.from({ length: 12 }, (_, i) => `<a href="https://example.com/${i}">x</a>`).join("");
const sum = (events) => events.reduce((total, e) => total + 1 + (e.repeats ?? 0), 0);

/** From all of an IPv6 /64, by all links in turn, with an agent that nobody had before. */
const changing = (i) => ({ "x-forwarded-for": `2001:db8:1:1::${(i + 1).toString(16)}`, "user-agent": `${BROWSER_AGENT} n/${i}` });

test("a link called from everywhere in a network is kept a bounded number of times, and each call is in the sum", async (t) => {
  const server = await start_server(t, TRUSTING);
  const { id } = await server.send({ html });
  await replay(server, links_of(await server.preview(id)).map(path_of), changing, 302);
  const clicks = (await server.settled_events(`message=${id}`)).filter((e) => e.type === "email.clicked");
  assert.ok(clicks.length <= BUDGET + 20, `${clicks.length} rows for ${CALLS} calls`);
  assert.equal(sum(clicks), CALLS);
  assert.equal(await server.metric("clicks_answered_total"), CALLS);
  assert.ok((await server.metric("hits_summed_total")) >= CALLS - BUDGET - 20);
});

test("a pixel likewise; and what another network sees of the same mail is kept by itself", async (t) => {
  const server = await start_server(t, TRUSTING);
  const { id } = await server.send({ html });
  const pixel = path_of(pixel_of(await server.preview(id)));
  await replay(server, [pixel], changing, 200);
  await server.get(pixel, { "x-forwarded-for": "203.0.113.7", "user-agent": BROWSER_AGENT });
  const opens = (await server.settled_events(`message=${id}`)).filter((e) => e.type === "email.opened");
  assert.ok(opens.length <= BUDGET + 20, `${opens.length} rows for ${CALLS} calls`);
  assert.equal(sum(opens), CALLS + 1);
  const reader = opens.filter((e) => e.ip === "203.0.113.7");
  assert.deepEqual(reader.map((e) => [e.is_duplicate, e.repeats ?? 0]), [[false, 0]]);
});

test("a kill in the middle of it loses no call that was answered", async (t) => {
  const server = await start_server(t, TRUSTING);
  const { id } = await server.send({ html });
  const paths = links_of(await server.preview(id)).map(path_of);
  await replay(server, paths, changing, 302);
  await server.stop("SIGKILL");
  await server.start();
  const clicks = (await server.settled_events(`message=${id}`)).filter((e) => e.type === "email.clicked");
  assert.equal(sum(clicks), CALLS);
});

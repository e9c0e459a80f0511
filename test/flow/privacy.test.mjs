// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, start_server } from "../harness/pugmark.mjs";

async function click_with(t, keep_client) {
  const server = await start_server(t, {
    env: { PUGMARK_PRIVACY_KEEP_CLIENT: keep_client, PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" },
  });
  const sent = await server.send();
  const link = links_of(await server.preview(sent.id))[0];
  const events = [];
  for (const address of ["203.0.113.77", "2001:db8:1:2:3:4:5:6"]) {
    await server.get(link, { "user-agent": BROWSER_AGENT, "x-forwarded-for": address });
    events.push((await server.events_of(sent.id, events.length + 1, "type=email.clicked"))[0]);
  }
  return events;
}

test("by default address and user agent are kept", async (t) => {
  const [v4, v6] = await click_with(t, "full");
  assert.deepEqual([v4.ip, v6.ip], ["203.0.113.77", "2001:db8:1:2:3:4:5:6"]);
  assert.equal(v4.user_agent, BROWSER_AGENT);
});

test("truncated keeps the network and the user agent", async (t) => {
  const [v4, v6] = await click_with(t, "truncated");
  assert.deepEqual([v4.ip, v6.ip], ["203.0.113.0", "2001:db8:1::"]);
  assert.equal(v4.user_agent, BROWSER_AGENT);
});

test("none keeps neither, and the hit was judged all the same", async (t) => {
  const [v4, v6] = await click_with(t, "none");
  assert.deepEqual([v4.ip, v4.user_agent, v6.ip, v6.user_agent], [null, null, null, null]);
  assert.equal(v4.actor, "human");
});

/** What is recorded of a click of a browser with these headers. */
async function click_opting_out(t, policy, headers) {
  const server = await start_server(t, { env: policy ? { PUGMARK_PRIVACY_GPC: policy } : {} });
  const sent = await server.send();
  const html = await server.preview(sent.id);
  const click = await server.get(links_of(html)[0], { "user-agent": BROWSER_AGENT, ...headers });
  assert.equal(click.status, 302);
  const [event] = await server.settled_events("type=email.clicked");
  const { clicks } = await server.message(sent.id);
  const { clicks_total } = (await server.api("GET", "/stats/summary")).body;
  return { contact: event.contact?.id ?? null, ip: event.ip, agent: event.user_agent, clicks, clicks_total };
}

const KNOWN = { contact: "reader@example.com", ip: "127.0.0.1", agent: BROWSER_AGENT, clicks: 1, clicks_total: 1 };
const UNKNOWN = { contact: null, ip: null, agent: null, clicks: 0, clicks_total: 1 };

test("a browser that says Sec-GPC: 1 or DNT: 1 is counted and not known", async (t) => {
  assert.deepEqual(await click_opting_out(t, null, { "sec-gpc": "1" }), UNKNOWN);
  assert.deepEqual(await click_opting_out(t, "honour", { dnt: "1" }), UNKNOWN);
  assert.deepEqual(await click_opting_out(t, null, { dnt: "0", "sec-gpc": "0" }), KNOWN);
});

test("privacy.gpc = ignore makes it like any other", async (t) => {
  assert.deepEqual(await click_opting_out(t, "ignore", { "sec-gpc": "1", dnt: "1" }), KNOWN);
});

// SPDX-License-Identifier: Apache-2.0
// Unsubscribing: by a mail provider's one click (RFC 8058) and by a person on the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server, until } from "../harness/pugmark.mjs";

const BULK = { stream: "bulk" };
const FORM = "application/x-www-form-urlencoded";
const HTTPS = { env: { PUGMARK_SERVER_BASE_URL: "https://track.example.com" } };
const agent = { "user-agent": BROWSER_AGENT };

/** The address of a sent mail's List-Unsubscribe header. */
function unsubscribe_url(server, id) {
  const eml = readFileSync(join(server.data, "outbox", `${id}.eml`), "utf8").replace(/\r?\n[ \t]/g, " ");
  assert.equal(eml.match(/^List-Unsubscribe/gim).length, 2, "each header once");
  assert.match(eml, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m);
  return eml.match(/^List-Unsubscribe:\s*<(https:[^>]*\/u\/[A-Za-z0-9_-]+)>/m)[1];
}

async function sent_bulk(server, message = {}) {
  const sent = await server.send({ ...BULK, ...message });
  return { id: sent.id, url: unsubscribe_url(server, sent.id) };
}

const post = (server, url, body, type = FORM) =>
  server.request("POST", url, { headers: { "content-type": type }, body });

async function next_status(server, to = "reader@example.com") {
  await server.settled_events();
  return (await server.send({ ...BULK, to: { email: to } }, null)).status;
}

test("looking at the page changes nothing, however often and whoever looks", async (t) => {
  const server = await start_server(t, HTTPS);
  const { url, id } = await sent_bulk(server);
  for (let i = 0; i < 3; i++) {
    const answer = await server.get(url, agent);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /^text\/html/);
    assert.match(answer.headers.get("content-security-policy"), /default-src 'none'/);
    const page = await answer.text();
    assert.match(page, /<form method="post">/);
    assert.match(page, /value="unsubscribe"/);
    assert.match(page, /value="stop-tracking"/);
    assert.doesNotMatch(page, /reader@example\.com/, "the page names nobody");
  }
  await server.request("HEAD", url);
  const curious = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map((name) => ({ ...agent, [name]: "prefetch" }));
  for (const headers of [...curious, { "user-agent": "Mozilla/5.0 (compatible; proofpoint)" }])
    assert.equal((await server.get(`${url}?action=unsubscribe&List-Unsubscribe=One-Click`, headers)).status, 200);
  for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS"])
    assert.equal((await server.request(method, url, { headers: { "content-type": FORM } })).status, 405, method);
  assert.equal(await next_status(server), "queued");
  assert.deepEqual(await server.settled_events(`message=${id}&type=email.unsubscribed`), []);
});

test("one click by form or by multipart unsubscribes at once, and once however often it comes", async (t) => {
  const server = await start_server(t, HTTPS);
  const agents = { "user-agent": "curl/8.5.0" }; // a mailbox provider's library is no reason to doubt it
  const multipart = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n';
  const bodies = [
    ["List-Unsubscribe=One-Click", FORM],
    ["a=1&list-unsubscribe=ONE-CLICK&b", FORM],
    [multipart, "multipart/form-data; boundary=b"],
    ["List-Unsubscribe=One-Click", undefined],
  ];
  for (const [i, [body, type]] of bodies.entries()) {
    const to = `reader${i}@example.com`;
    const { url, id } = await sent_bulk(server, { to: { email: to } });
    for (let again = 0; again < 3; again++) {
      const headers = type ? { ...agents, "content-type": type } : agents;
      const answer = await server.request("POST", url, { headers, body: Buffer.from(body) });
      assert.equal(answer.status, 200, "no redirect");
      await answer.text();
    }
    assert.equal(await next_status(server, to), "suppressed", type);
    const list = await server.events(`message=${id}&type=email.unsubscribed`);
    assert.equal(list.length, 1, "counted once");
    assert.equal((await server.message(id)).unsubscribed_at, list[0].occurred_at);
  }
  assert.equal((await server.api("GET", "/stats/summary")).body.unsubscribes, bodies.length);
});

test("the page's button unsubscribes with a page; the next mail to the address is suppressed and never leaves", async (t) => {
  const server = await start_server(t, HTTPS);
  const { url } = await sent_bulk(server);
  const answer = await post(server, url, "action=unsubscribe");
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /unsubscribed/i);
  await server.settled_events();
  const next = await server.send({ ...BULK, to: { email: "READER@Example.com" } }, "suppressed");
  assert.equal(next.status, "suppressed", "whatever the case of the address");
  const types = (await server.message(next.id)).timeline.map((e) => e.type);
  assert.deepEqual(types.filter((type) => type !== "email.queued"), ["email.suppressed"]);
  assert.equal((await server.send({ to: { email: "somebody@else.example" } })).status, "queued");
});

test("a body that says neither, and a link that is not ours, change nothing", async (t) => {
  const server = await start_server(t, HTTPS);
  const { url } = await sent_bulk(server);
  for (const body of ["", "action=", "action=other", "List-Unsubscribe=No", "x".repeat(9000)])
    assert.equal((await post(server, url, body)).status, 400, body.slice(0, 20));
  const broken = url.replace(/.(?=.{5}$)/, (c) => (c === "A" ? "B" : "A")); // one token in a thousand ends in AA
  assert.equal((await post(server, broken, "List-Unsubscribe=One-Click")).status, 404);
  assert.equal((await server.get(broken)).status, 404);
  const other = await start_server(t, HTTPS);
  assert.equal((await post(other, url, "List-Unsubscribe=One-Click")).status, 404, "another installation's");
  assert.equal(await next_status(server), "queued");
});

test("stop tracking keeps the mail and ends the tracking, of mail already sent too", async (t) => {
  const server = await start_server(t, HTTPS);
  const { url, id } = await sent_bulk(server);
  const html = await server.preview(id);
  await server.get(pixel_of(html), agent);
  const answer = await post(server, url, "action=stop-tracking");
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /Tracking is off/);
  await server.settled_events();
  await server.get(pixel_of(html), agent);
  const click = await server.get(links_of(html)[0], agent);
  assert.equal(click.status, 302);
  assert.equal(click.headers.get("location"), "https://example.com/sale?a=1&b=2", "a link never dies");
  const list = await server.settled_events(`message=${id}&type=email.opened,email.clicked`);
  assert.deepEqual(list.map((e) => e.type), ["email.opened"], "only what came before");
  const next = await server.send(BULK);
  assert.equal(next.status, "queued");
  assert.deepEqual(links_of(await server.preview(next.id)), []);
  assert.equal((await server.message(next.id)).tracked.opens, "off");
});

test("one click is not promised over http, where no mailbox provider takes it", async (t) => {
  const server = await start_server(t);
  const sent = await server.send(BULK);
  assert.match(sent.warnings.join(), /one_click_not_https/);
  const eml = readFileSync(join(server.data, "outbox", `${sent.id}.eml`), "utf8");
  assert.match(eml, /^List-Unsubscribe: <http:/m);
  assert.doesNotMatch(eml, /^List-Unsubscribe-Post/im);
});

// ---- buttons that machines press

const sandbox = { "user-agent": "Mozilla/5.0 (compatible; Proofpoint URL Defense)", "content-type": FORM };
const press = async (server, url, headers) => {
  const answer = await server.request("POST", url, { headers, body: "action=unsubscribe" });
  const page = await answer.text();
  await server.settled_events();
  return { status: answer.status, headers: [...answer.headers.keys()].sort(), page };
};
const held = async (server, state = "waiting") => (await server.api("GET", `/unsubscribes/held?state=${state}`)).body;

test("a sandbox that presses the button right after delivery changes nothing, and is told what everybody is told", async (t) => {
  const server = await start_server(t, HTTPS);
  const { url, id } = await sent_bulk(server, { subject: "What sold near you" });
  const machine = await press(server, url, sandbox);
  assert.equal(await next_status(server), "queued");
  const [event] = await server.events(`message=${id}&type=email.unsubscribe_held`);
  assert.deepEqual([event.actor, event.bot, event.is_unique], ["scanner", true, false]);
  assert.match(event.reasons.join(" "), /^agent:proofpoint held:seconds=\d+$/);
  assert.equal((await server.message(id)).unsubscribed_at, null);
  assert.equal((await server.api("GET", "/stats/summary")).body.unsubscribes, 0);
  const list = await held(server);
  assert.equal(list.waiting, 1);
  const [one] = list.data;
  assert.deepEqual([one.id, one.event_id, one.state, one.to.email, one.subject], [id, event.id, "waiting", "reader@example.com", "What sold near you"]);
  assert.equal(Date.parse(one.confirms_at) - Date.parse(one.held_at), 7 * 86400000);
  const person = await press(server, url, { ...agent, "content-type": FORM });
  assert.deepEqual(person, machine, "the same answer");
  assert.equal(await next_status(server), "suppressed", "a person's press counts at once");
  assert.equal((await held(server)).waiting, 0);
  assert.equal((await held(server, "confirmed")).data[0].decided_by, "recipient");
});

test("a sandbox that looks like a browser is known by the links it went through", async (t) => {
  const server = await start_server(t, HTTPS);
  const html = [1, 2, 3, 4].map((n) => `<a href="https://example.com/${n}">${n}</a>`).join(" ");
  const { url, id } = await sent_bulk(server, { html });
  await Promise.all(links_of(await server.preview(id)).map((link) => server.get(link, agent)));
  await press(server, url, { ...agent, "content-type": FORM });
  assert.equal(await next_status(server), "queued");
  const [one] = (await held(server)).data;
  assert.deepEqual([one.id, one.actor, one.reasons[0]], [id, "scanner", "browser"]);
  assert.ok(one.reasons.includes("burst:links=4"));
  assert.match(one.why, /4 links within 2 s · pressed (at the moment of|\d+ s after) delivery$/);
});

test("one click behind a sandbox's press counts at once, whatever its agent", async (t) => {
  const server = await start_server(t, HTTPS);
  const { url } = await sent_bulk(server);
  await press(server, url, sandbox);
  assert.equal((await server.request("POST", url, { headers: sandbox, body: "List-Unsubscribe=One-Click" })).status, 200);
  assert.equal(await next_status(server), "suppressed");
});

test("what is held can be confirmed or dismissed, once, by whoever may send, and survives a crash", async (t) => {
  const server = await start_server(t, HTTPS);
  const one = await sent_bulk(server, { to: { email: "one@example.com" } });
  const two = await sent_bulk(server, { to: { email: "two@example.com" } });
  for (const { url } of [one, two, one]) await press(server, url, sandbox);
  await server.stop("SIGKILL");
  await server.start();
  assert.equal((await held(server)).waiting, 2);
  assert.equal((await server.events("type=email.unsubscribe_held")).length, 2);
  const page = (await server.api("GET", "/unsubscribes/held?limit=1")).body;
  assert.deepEqual([page.data[0].id, page.next], [two.id, two.id]);
  assert.deepEqual((await server.api("GET", `/unsubscribes/held?limit=1&cursor=${page.next}`)).body.data[0].id, one.id);

  const confirmed = await server.api("POST", `/unsubscribes/held/${one.id}/confirm`);
  assert.deepEqual([confirmed.status, confirmed.body.state, confirmed.body.decided_by], [200, "confirmed", "api_key"]);
  const dismissed = await server.api("POST", `/unsubscribes/held/${two.id}/dismiss`);
  assert.deepEqual([dismissed.status, dismissed.body.state, dismissed.body.confirms_at], [200, "dismissed", null]);
  for (const { id } of [one, two])
    for (const verb of ["confirm", "dismiss"]) assert.equal((await server.api("POST", `/unsubscribes/held/${id}/${verb}`)).status, 409);
  assert.equal(await next_status(server, "one@example.com"), "suppressed");
  await press(server, two.url, sandbox);
  assert.equal(await next_status(server, "two@example.com"), "queued");
  const [event] = await server.events("type=email.unsubscribed");
  assert.deepEqual([event.message_id, event.reasons, event.bot], [one.id, ["held:confirmed"], false]);
  assert.equal((await server.api("POST", `/unsubscribes/held/${event.id}/confirm`)).status, 404);
  assert.equal((await server.api("GET", "/unsubscribes/held?state=lost")).status, 422);
  assert.equal((await server.api("GET", "/unsubscribes/held", undefined, { authorization: "Bearer pmk_none" })).status, 401);
  assert.match(server.log, new RegExp(`unsubscribe.dismissed .*message=${two.id}.* by=api_key`));
});

test("with unsubscribe.hold_days = 0 nothing is held, and what was held counts", async (t) => {
  const server = await start_server(t, HTTPS);
  const one = await sent_bulk(server, { to: { email: "one@example.com" } });
  await press(server, one.url, sandbox);
  await server.stop();
  server.options = { env: { ...HTTPS.env, PUGMARK_UNSUBSCRIBE_HOLD_DAYS: "0" } };
  await server.start();
  await until(async () => (await held(server, "confirmed")).data[0]?.decided_by === "time", "time to confirm it");
  assert.equal(await next_status(server, "one@example.com"), "suppressed");
  const two = await sent_bulk(server, { to: { email: "two@example.com" } });
  await press(server, two.url, sandbox);
  assert.equal(await next_status(server, "two@example.com"), "suppressed");
});

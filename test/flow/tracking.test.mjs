// SPDX-License-Identifier: Apache-2.0
// The public tracking paths as a mail program, a browser and an attacker see them (contract, section 3).
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, start_server, token_of } from "../harness/pugmark.mjs";
import { Wire } from "../harness/wire.mjs";

const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==", "base64");
const NO_STORE = "no-store, no-cache, must-revalidate, max-age=0";
const agent = (text = BROWSER_AGENT) => ({ "user-agent": text });

async function assert_pixel(answer, what) {
  assert.equal(answer.status, 200, what);
  assert.equal(answer.headers.get("content-type"), "image/gif", what);
  assert.equal(answer.headers.get("cache-control"), NO_STORE, what);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), GIF, what);
}

function assert_redirect(answer, to, what) {
  assert.equal(answer.status, 302, what);
  assert.equal(answer.headers.get("location"), to, what);
  assert.equal(answer.headers.get("referrer-policy"), "no-referrer-when-downgrade", what);
  assert.equal(answer.headers.get("x-robots-tag"), "noindex", what);
}

/** A sent mail: { id, open, click } with the two tokens. */
async function sent_mail(server, message) {
  const sent = await server.send(message);
  const html = await server.preview(sent.id);
  return { id: sent.id, html, open: token_of(pixel_of(html)), click: token_of(links_of(html)[0]) };
}

/** The HTML as sent: a preview opens its links in tabs of their own. */
const sent_html = (server, id) => server.preview(id);

const hits = async (server, id) =>
  (await server.settled_events(`message=${id}&type=email.opened,email.clicked`)).reverse();

test("the pixel has exactly the headers it should have", async (t) => {
  const server = await start_server(t);
  const { open } = await sent_mail(server);
  const wire = await Wire.open(t, server.port);
  const answer = await wire.send(`GET /o/${open}.gif HTTP/1.1\r\nHost: t\r\n\r\n`).response();
  const { date, ...rest } = answer.headers;
  assert.deepEqual(rest, {
    "content-type": "image/gif",
    "content-length": "43",
    "cache-control": NO_STORE,
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  });
  assert.ok(Math.abs(new Date(date) - Date.now()) < 60000, date);
  assert.match(date, / GMT$/);
  assert.deepEqual(answer.body, GIF);
});

test("every path of an open and of a click makes one event each", async (t) => {
  const server = await start_server(t);
  for (const path of ["/o/TOKEN.gif", "/o/TOKEN", "/api/track/open/TOKEN", "/track/open/TOKEN"]) {
    const one = await sent_mail(server);
    await assert_pixel(await server.get(path.replace("TOKEN", one.open), agent()), path);
    const list = await hits(server, one.id);
    assert.deepEqual(list.map((e) => [e.type, e.is_unique]), [["email.opened", true]], path);
  }
  for (const path of ["/c/TOKEN", "/api/track/click/TOKEN", "/track/click/TOKEN"]) {
    const one = await sent_mail(server);
    assert_redirect(await server.get(path.replace("TOKEN", one.click), agent()), "https://example.com/sale?a=1&b=2", path);
    const list = await hits(server, one.id);
    assert.deepEqual(list.map((e) => [e.type, e.is_unique]), [["email.clicked", true]], path);
  }
});

test("HEAD is answered like GET, without a body, and counts nothing", async (t) => {
  const server = await start_server(t);
  const { id, open, click } = await sent_mail(server);
  for (const path of [`/o/${open}.gif`, `/api/track/open/${open}`, `/track/open/${open}`]) {
    const wire = await Wire.open(t, server.port);
    wire.send(`HEAD ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`);
    const answer = await wire.response(true);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-length"], "43");
    assert.equal(await wire.response(), null);
    assert.equal(wire.bytes.length, 0, "no body");
  }
  for (const path of [`/c/${click}`, `/api/track/click/${click}`, `/track/click/${click}`])
    assert_redirect(await server.request("HEAD", path), "https://example.com/sale?a=1&b=2", path);
  assert.deepEqual(await hits(server, id), []);
});

/** In a text an address ends where a program thinks it does, and some encode what needs no encoding. */
test("a token that a mail program has encoded, or put something behind that is in no token, still opens", async (t) => {
  const server = await start_server(t);
  const encoded = (text) => [...text].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join("");
  const some = (text) => text.replace(/[-_a-m]/g, (c) => encoded(c).toLowerCase());
  const opens = ["TOKEN.gif)", "TOKEN.gif.", "TOKEN.gif%3E", "TOKEN%2egif", "TOKEN>", "SOME.gif", "ALL", "ALL%2Egif%29."];
  const clicks = ["TOKEN)", "TOKEN.", "TOKEN%3e", "TOKEN).", "TOKEN.)>", "SOME", "ALL", "ALL%29"];
  const behind = ["]", "}", ",", ";", ":", "!", "'", "*", "/", "/x/y", "=", "%20", "%22", "%0D%0A", "&gt;", "&utm_source=x", "%E2%80%9D", "%", "%2", "%zz", "%00", "%2F"];
  clicks.push(...behind.map((end) => `TOKEN${end}`));
  opens.push(...behind.map((end) => `TOKEN.gif${end}`));
  const fill = (path, token) => path.replace("TOKEN", token).replace("SOME", some(token)).replace("ALL", encoded(token));
  const one = await sent_mail(server);
  for (const path of opens) await assert_pixel(await server.get(`/o/${fill(path, one.open)}`, agent(path)), path);
  for (const path of opens) await assert_pixel(await server.get(`/track/open/${fill(path, one.open)}`, agent(`t ${path}`)), path);
  for (const path of clicks) assert_redirect(await server.get(`/c/${fill(path, one.click)}`, agent(path)), "https://example.com/sale?a=1&b=2", path);
  assert.equal(await server.metric("bad_tokens_total"), 0);
  const wire = async (path) => (await (await Wire.open(t, server.port)).send(`GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`).response()).status;
  const wrong = [`/c/${one.click.replace("A", "a")}x`, `/c/%2e%2e/c/${one.click}`, `/c/(${one.click}`, `/c/${encoded(encoded(one.click))}`];
  for (const path of wrong) assert.equal(await wire(path), 302, path);
  for (const path of [`/C/${one.click}`, `/%63/${one.click}`, `/x/../c/${one.click}`]) assert.equal(await wire(path), 404, path);
  assert.equal(await server.metric("bad_tokens_total"), wrong.length, "nothing else opens");
  assert.deepEqual((await hits(server, one.id)).map((e) => e.type), ["email.opened", "email.clicked"], "further ones are the same hit again");
});

test("a token that is broken, foreign, truncated or changed by one bit records nothing but a counter", async (t) => {
  const server = await start_server(t);
  const other = await start_server(t);
  const mine = await sent_mail(server);
  const foreign = await sent_mail(other);
  const flip = (token, at) => {
    const bytes = Buffer.from(token, "base64url");
    bytes[at] ^= 1;
    return bytes.toString("base64url");
  };
  const broken = (token, foreign_token) => [
    "",
    "x",
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "A".repeat(4000),
    `${token}A`,
    token.toLowerCase(),
    token.slice(0, -1),
    token.slice(0, 20),
    foreign_token,
    ...[0, 1, 16, 17, 20, -1].map((at) => flip(token, at < 0 ? Buffer.from(token, "base64url").length - 1 : at)),
  ];
  let bad = 0;
  for (const token of [...broken(mine.open, foreign.open), mine.click]) {
    for (const path of [`/o/${token}.gif`, `/api/track/open/${token}`, `/track/open/${token}`]) {
      await assert_pixel(await server.get(path, agent()), path);
      bad++;
    }
  }
  for (const token of [...broken(mine.click, foreign.click), mine.open]) {
    for (const path of [`/c/${token}`, `/api/track/click/${token}`, `/track/click/${token}`]) {
      assert_redirect(await server.get(path, agent()), server.base, path);
      bad++;
    }
  }
  assert.equal(await server.metric("bad_tokens_total"), bad);
  assert.deepEqual(await hits(server, mine.id), []);
  assert.doesNotMatch(server.log, /error|warn/, "broken tokens are no news");
});

test("other methods are refused and change nothing", async (t) => {
  const server = await start_server(t);
  const { id, open, click } = await sent_mail(server);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    for (const path of [`/o/${open}.gif`, `/c/${click}`, `/api/track/open/${open}`, `/track/click/${click}`]) {
      const answer = await server.request(method, path);
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.equal(answer.headers.get("allow"), "GET, HEAD");
    }
  }
  assert.deepEqual(await hits(server, id), []);
});

test("links that a caller signed count; without a good signature nothing does", async (t) => {
  const server = await start_server(t);
  const { id, open } = await sent_mail(server);
  const other = await sent_mail(server, { to: { email: "other@example.com" } });
  const url = "https://shop.example/a?b=c&d=%C3%BC#top";
  const { status, body } = await server.api("POST", "/sign", { message: id, url });
  assert.equal(status, 200);
  assert.ok(body.open.startsWith(`${server.base}/api/track/open/${id}?s=`), body.open);
  assert.ok(body.click.startsWith(`${server.base}/api/track/click/${id}?url=`), body.click);
  const with_ = (change) => {
    const u = new URL(body.click);
    change(u);
    return u;
  };
  const swapped = (u, name, value) => u.searchParams.set(name, value);
  const tampered = [
    with_((u) => swapped(u, "url", "https://evil.example/")),
    with_((u) => swapped(u, "url", url + "x")),
    with_((u) => swapped(u, "s", "")),
    with_((u) => u.searchParams.delete("s")),
    with_((u) => u.searchParams.delete("url")),
    with_((u) => swapped(u, "s", u.searchParams.get("s").slice(0, -2) + "AA")),
    with_((u) => swapped(u, "s", new URL(body.open).searchParams.get("s"))),
    with_((u) => (u.pathname = u.pathname.replace(id, other.id))),
  ];
  for (const u of tampered) assert_redirect(await server.get(u, agent()), server.base, `${u}`);
  await assert_pixel(await server.get(body.open.replace(id, other.id), agent()), "another message");
  await assert_pixel(await server.get(`/api/track/open/${id}`, agent()), "no signature");
  await assert_pixel(await server.get(`/api/track/open/${id}?s=${new URL(body.click).searchParams.get("s")}`), "a click's");
  assert.deepEqual(await hits(server, id), [], "nothing was recorded");
  assert.equal(await server.metric("bad_tokens_total"), tampered.length + 3);

  await assert_pixel(await server.get(body.open, agent()), "signed open");
  assert_redirect(await server.get(body.click, agent()), url, "signed click");
  const list = await hits(server, id);
  assert.deepEqual(list.map((e) => e.type), ["email.opened", "email.clicked"]);
  assert.equal(list[1].destination_url, url);
  assert.ok(open);
});

test("no parameter, header or path of a request ever decides where a redirect goes", async (t) => {
  const server = await start_server(t);
  const { click } = await sent_mail(server);
  const evil = "https://evil.example/";
  for (const query of [`?url=${evil}`, `?u=${evil}`, `?redirect=${evil}`, `?next=//evil.example`, `?s=x&url=${evil}`])
    assert_redirect(await server.get(`/c/${click}${query}`), "https://example.com/sale?a=1&b=2", query);
  const headers = { "x-forwarded-host": "evil.example", forwarded: "host=evil.example", referer: evil, origin: evil };
  for (const path of [`/c/bad?url=${evil}`, "/c/https://evil.example/", "/c//evil.example", "/c/%0d%0aLocation:%20https://evil.example"])
    assert_redirect(await server.get(path, headers), server.base, path);
  const wire = await Wire.open(t, server.port);
  const answer = await wire.send(`GET /c/bad HTTP/1.1\r\nHost: evil.example\r\n\r\n`).response();
  assert.equal(answer.headers.location, server.base, "nor does Host");
});

test("a destination too long for a token is kept in the store and redirects right", async (t) => {
  const server = await start_server(t);
  const long = `https://example.com/path?q=${"x".repeat(2500)}`;
  const sent = await server.send({ html: `<p><a href="${long}">a</a></p>` });
  const link = links_of(await server.preview(sent.id))[0];
  assert.ok(link.length < 400, "the link itself is short");
  assert_redirect(await server.get(link, agent()), long);
  assert_redirect(await server.request("HEAD", link), long);
  const [event, ...more] = await hits(server, sent.id);
  assert.equal(event.destination_url, long);
  assert.deepEqual(more, []);
});

test("without consent there is no pixel and links stay as they are", async (t) => {
  const server = await start_server(t);
  const sent = await server.send({ track: { opens: "off", clicks: "off" } });
  assert.equal(await sent_html(server, sent.id), mail().html);
  assert.equal(sent.links[0].tracked_url, null);
  const half = await server.send({ track: { opens: "off", clicks: "full" } });
  const html = await server.preview(half.id);
  assert.doesNotMatch(html, /\/o\//);
  assert.equal(links_of(html).length, 1);
});

test("an anonymous hit is counted for the campaign and says nothing of the person", async (t) => {
  const server = await start_server(t);
  const one = await sent_mail(server, {
    campaign: { id: "quiet" },
    track: { opens: "anonymous", clicks: "anonymous" },
    metadata: { customer: "c-4711" },
  });
  await assert_pixel(await server.get(`/o/${one.open}.gif`, agent("Somebody's own agent/7.1")));
  assert_redirect(await server.get(`/c/${one.click}`, agent()), "https://example.com/sale?a=1&b=2");
  const list = await server.settled_events("campaign=quiet&type=email.opened,email.clicked");
  assert.equal(list.length, 2);
  for (const event of list) {
    for (const key of ["contact", "ip", "user_agent", "client", "token", "message_id"]) assert.equal(event[key], null, key);
    const text = JSON.stringify(event);
    for (const trace of [one.id, "reader@example.com", "127.0.0.1", "Somebody", "Chrome", "c-4711"])
      assert.ok(!text.includes(trace), `${trace} in ${text}`);
  }
  assert.deepEqual(await hits(server, one.id), [], "the message does not lead to them");
  assert.deepEqual(await server.events("contact=reader@example.com&type=email.opened,email.clicked"), [], "nor does the contact");
  const message = await server.message(one.id);
  assert.equal(message.opens, 0);
  assert.equal(message.first_opened_at, null);
  assert.deepEqual(message.timeline.filter((e) => /opened|clicked/.test(e.type)), []);
  const { body } = await server.api("GET", "/stats/summary?campaign=quiet");
  assert.equal(body.clicks_total, 1);
});

test("with tracking switched off no new mail is instrumented and old links keep working", async (t) => {
  const server = await start_server(t);
  const before = await sent_mail(server);
  await server.stop();
  server.options.env = { PUGMARK_TRACKING_ENABLED: "off" };
  await server.start();
  const plain = await server.send();
  assert.equal(await sent_html(server, plain.id), mail().html);
  assert_redirect(await server.get(`/c/${before.click}`, agent()), "https://example.com/sale?a=1&b=2");
  assert.equal((await hits(server, before.id)).length, 1);
});

test("a second hit of one address on one link within the window is a number on the first", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_TRACKING_DEDUPE_SECONDS: "3600" } });
  const one = await sent_mail(server);
  for (let i = 0; i < 3; i++) await server.get(`/c/${one.click}`, agent());
  const list = await hits(server, one.id);
  assert.deepEqual(list.map((e) => [e.is_unique, e.repeats]), [[true, 2]]);
  assert.ok(list[0].last_repeated_at >= list[0].occurred_at);
  assert.equal((await server.message(one.id)).clicks, 1);
  assert.equal((await server.api("GET", "/stats/summary")).body.clicks_total, 1);
});

test("a client of which nobody can tell is counted with the machines, in opens as in clicks", async (t) => {
  const server = await start_server(t);
  const one = await sent_mail(server);
  // It says that it is a browser, and asks like none.
  const wire = await Wire.open(t, server.port);
  for (const path of [`/o/${one.open}.gif`, `/c/${one.click}`]) await wire.send(`GET ${path} HTTP/1.1\r\nHost: t\r\nUser-Agent: ${BROWSER_AGENT}\r\n\r\n`).response();
  assert.deepEqual((await hits(server, one.id)).map((e) => [e.actor, e.bot]), [["unknown", true], ["unknown", true]]);
  const { opens, machine_opens, clicks, machine_clicks } = await server.message(one.id);
  assert.deepEqual([opens, machine_opens, clicks, machine_clicks], [0, 1, 0, 1]);
  const { body } = await server.api("GET", "/stats/summary");
  assert.deepEqual([body.opens_total, body.opens_machine, body.clicks_total, body.clicks_machine], [0, 1, 0, 1]);
});

test("opens by Apple's mail privacy stand apart in every number", async (t) => {
  const server = await start_server(t);
  const one = await sent_mail(server);
  const numbers = async (list) => {
    await hits(server, one.id);
    const { opens, opens_mpp, machine_opens, mpp_share } = list
      ? (await server.api("GET", "/messages")).body.data[0]
      : await server.message(one.id);
    return { opens, opens_mpp, machine_opens, mpp_share };
  };
  await assert_pixel(await server.get(`/o/${one.open}.gif`, agent("Mozilla/5.0")));
  assert.deepEqual(await numbers(), { opens: 0, opens_mpp: 1, machine_opens: 0, mpp_share: 1 });
  await assert_pixel(await server.get(`/o/${one.open}.gif`, agent()));
  assert.deepEqual(await numbers(), { opens: 1, opens_mpp: 1, machine_opens: 0, mpp_share: 0.5 });
  assert.deepEqual(await numbers(true), { opens: 1, opens_mpp: 1, machine_opens: 0, mpp_share: 0.5 });
  assert.deepEqual((await hits(server, one.id)).map((e) => [e.mpp, e.actor]), [
    [true, "prefetch"],
    [false, "human"],
  ]);
  const { body } = await server.api("GET", "/stats/summary");
  assert.deepEqual([body.opens_total, body.opens_mpp, body.opens_machine, body.mpp_share], [1, 1, 0, 0.5]);
  assert.equal(body.opens_by_actor.prefetch, 1);
});

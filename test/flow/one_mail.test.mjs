// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server, until } from "../harness/pugmark.mjs";

test("a mail goes out to the outbox, is opened and clicked, and both events are there", async (t) => {
  const server = await start_server(t);
  const sent = await server.send();
  const html = await server.preview(sent.id);
  const agent = { "user-agent": BROWSER_AGENT };
  const pixel = await server.get(pixel_of(html), agent);
  assert.equal(pixel.status, 200);
  assert.equal(pixel.headers.get("content-type"), "image/gif");
  assert.equal((await pixel.arrayBuffer()).byteLength, 43);
  const click = await server.get(links_of(html)[0], agent);
  assert.equal(click.status, 302);
  assert.equal(click.headers.get("location"), "https://example.com/sale?a=1&b=2");
  const [open] = await server.events_of(sent.id, 1, "type=email.opened");
  const [clicked] = await server.events_of(sent.id, 1, "type=email.clicked");
  for (const event of [open, clicked]) {
    assert.equal(event.actor, "human");
    assert.equal(event.is_unique, true);
    assert.equal(event.bot, false);
    assert.equal(event.user_agent, BROWSER_AGENT);
    assert.equal(event.contact.email, "reader@example.com");
  }
  assert.equal(clicked.destination_url, "https://example.com/sale?a=1&b=2");
  const timeline = (await server.message(sent.id)).timeline.map((e) => e.type);
  assert.deepEqual(timeline, ["email.queued", "email.sent", "email.delivered", "email.opened", "email.clicked"]);
});

test("the summary counts what happened", async (t) => {
  const server = await start_server(t);
  const sent = await server.send();
  const html = await server.preview(sent.id);
  await server.get(pixel_of(html), { "user-agent": BROWSER_AGENT });
  await server.get(links_of(html)[0], { "user-agent": BROWSER_AGENT });
  await server.events_of(sent.id, 2, "type=email.opened,email.clicked");
  const { body } = await server.api("GET", "/stats/summary");
  assert.equal(body.sends, 1);
  assert.equal(body.delivered, 1);
  assert.equal(body.opens_total, 1);
  assert.equal(body.opens_unique, 1);
  assert.equal(body.clicks_unique, 1);
  assert.equal(body.open_rate, 1);
  assert.equal(body.previous, null);
});

test("a live stream shows an event and goes on after it without gap or repeat", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } });
  const seen = [];
  async function read_stream(last_id, count) {
    const stop = new AbortController();
    const answer = await fetch(`${server.base}/api/v1/events/stream?type=email.clicked`, {
      headers: { authorization: `Bearer ${server.made.api_key}`, ...(last_id ? { "last-event-id": last_id } : {}) },
      signal: stop.signal,
    });
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    let text = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const frames = text.split("\n\n");
      text = frames.pop();
      for (const frame of frames) {
        const id = frame.match(/^id: (.*)$/m)?.[1];
        if (id) seen.push({ id, data: JSON.parse(frame.match(/^data: (.*)$/m)[1]) });
      }
      if (seen.length >= count) break;
    }
    stop.abort();
  }
  const sent = await server.send();
  const link = links_of(await server.preview(sent.id))[0];
  let clicks = 0;
  async function click() {
    clicks++;
    await server.get(link, { "user-agent": BROWSER_AGENT, "x-forwarded-for": `198.51.100.${clicks % 250}` }); // nobody's repeat
  }
  const first = read_stream(undefined, 1);
  const clicking = until(async () => {
    await click();
    return seen.length > 0;
  }, "the first event on the stream");
  await Promise.all([first, clicking]);
  const before = seen.at(-1).id;
  for (let i = 0; i < 20; i++) await click();
  const all = await until(async () => {
    const list = (await server.events("type=email.clicked")).reverse();
    return list.length === clicks ? list : null;
  }, "all clicks to be applied");
  const position = all.findIndex((e) => e.id === before);
  await read_stream(before, seen.length + (all.length - position - 1));
  const from = seen.findIndex((e) => e.id === before);
  assert.deepEqual(
    seen.slice(from).map((e) => e.id),
    all.slice(position).map((e) => e.id),
  );
});

test("a live stream that cannot go on where a reader stopped says so first", async (t) => {
  const server = await start_server(t);
  const stop = new AbortController();
  const answer = await fetch(`${server.base}/api/v1/events/stream`, {
    headers: { authorization: `Bearer ${server.made.api_key}`, "last-event-id": "01a22a04-ae40-79e8-8e24-abc5415d821f" },
    signal: stop.signal,
  });
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/^data:.*\n\n/m.test(text)) break;
  }
  stop.abort();
  assert.match(text, /^retry: \d+\n\nevent: reset\ndata: .*\n\n/);
  const said = JSON.parse(text.match(/^data: (.*)$/m)[1]);
  assert.equal(said.last_event_id, "01a22a04-ae40-79e8-8e24-abc5415d821f");
  assert.ok(Number.isFinite(Date.parse(said.from)));
});

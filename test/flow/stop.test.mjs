// SPDX-License-Identifier: Apache-2.0
// The server is told to stop, or loses its database, while people open mails.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, start_server, token_of, until } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { Wire } from "../harness/wire.mjs";

const STOP_MS = 10000;

async function sent_mail(server) {
  const sent = await server.send();
  const html = await server.preview(sent.id);
  return { id: sent.id, open: token_of(pixel_of(html)), click: token_of(links_of(html)[0]) };
}

/** Every event of a message of these types, over all pages. */
async function all_events(server, query) {
  const found = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await server.api("GET", `/events?limit=500&${query}${cursor && `&cursor=${cursor}`}`);
    found.push(...body.data);
    cursor = body.next && encodeURIComponent(body.next);
  }
  return found;
}

test("SIGTERM under load: what was accepted is answered, it ends with 0 in time, and every answered hit is there", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } });
  const one = await sent_mail(server);
  const answered = [];
  let number = 0;
  async function client(path, status) {
    const wire = await Wire.open(t, server.port);
    for (;;) {
      const agent = `reader-${number++}`;
      const address = `198.18.${number >> 8}.${number & 255}`; // a hit from one that was here already would be a number on its event
      wire.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nX-Forwarded-For: ${address}\r\n\r\n`);
      const answer = await wire.response();
      if (!answer) return; // hung up between two requests
      assert.equal(answer.status, status);
      answered.push(agent);
    }
  }
  const clients = Array.from({ length: 16 }, (_, i) => (i % 2 ? client(`/o/${one.open}.gif`, 200) : client(`/c/${one.click}`, 302)));
  await until(() => answered.length > 500, "some load");
  const told = Date.now();
  const { code, signal } = await server.stop("SIGTERM");
  const took = Date.now() - told;
  await Promise.all(clients);
  assert.deepEqual([code, signal], [0, null], server.log);
  assert.ok(took < STOP_MS, `${took} ms`);
  assert.match(server.log, /serve\.stopped/);
  await server.start();
  await server.settled_events();
  const agents = (await all_events(server, `message=${one.id}&type=email.opened,email.clicked`)).map((e) => e.user_agent);
  assert.deepEqual(agents.slice().sort(), [...new Set(agents)].sort(), "none twice");
  const kept = new Set(agents);
  assert.deepEqual(answered.filter((agent) => !kept.has(agent)), [], "none lost");
});

test("SIGTERM ends live streams and idle connections, and queued mail leaves after the next start", async (t) => {
  const server = await start_server(t);
  const idle = await Wire.open(t, server.port);
  const stream = await Wire.open(t, server.port);
  stream.send(`GET /api/v1/events/stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${server.made.api_key}\r\n\r\n`);
  await until(() => stream.bytes.includes("text/event-stream"), "the stream");
  const { body } = await server.api("POST", "/messages/batch", { messages: Array.from({ length: 200 }, () => mail()) });
  const told = Date.now();
  assert.equal((await server.stop("SIGTERM")).code, 0, server.log);
  assert.ok(Date.now() - told < STOP_MS);
  await until(() => idle.ended && stream.ended, "both to be closed");
  await server.start();
  for (const item of body.data) await server.message_in(item.id, "delivered");
});

/** What a server says once, each part for itself, when its database goes away. */
const STORE_GOES_AWAY = {
  warns: [/store\.away/],
  may_warn: [/writer\.failing status=io/, /dispatch\.(store_away|claim)/, /api\.(store_away|no_store)/, /unsubscribe\.not_confirmed/],
};

test("with the database away links and pixels go on, the API says 503, and all comes back by itself", { skip: no_postgres }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL"));
  const postgres = await start_postgres(t);
  const server = (server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url, PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" }, ...STORE_GOES_AWAY }));
  const one = await sent_mail(server);
  const long = await server.send({ html: `<a href="https://example.com/?q=${"x".repeat(2500)}">x</a>` });
  const stored = links_of(await server.preview(long.id))[0];
  await postgres.stop();
  const agents = Array.from({ length: 20 }, (_, i) => `reader-${i} ${BROWSER_AGENT}`);
  for (const [i, agent] of agents.entries()) {
    const reader = { "user-agent": agent, "x-forwarded-for": `198.51.100.${i}` };
    const pixel = await server.get(`/o/${one.open}.gif`, reader);
    assert.equal(pixel.status, 200);
    const click = await server.get(`/c/${one.click}`, reader);
    assert.equal(click.headers.get("location"), "https://example.com/sale?a=1&b=2");
  }
  for (const [method, path, body] of [["POST", "/messages", mail()], ["GET", "/events"], ["GET", "/stats/summary"]]) {
    const answer = await server.api(method, path, body);
    assert.equal(answer.status, 503, `${method} ${path}`);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
  }
  const ready = await until(async () => {
    const answer = await server.get("/readyz");
    return answer.status === 503 && answer.text();
  }, "readyz to say so");
  assert.match(ready, /^store: ./m);
  await until(() => /store\.away/.test(server.everything_logged), "the log to say so, which is looked at once a second");
  assert.equal((await server.get("/healthz")).status, 200, "alive all the same");
  await postgres.start();
  await until(async () => (await server.get("/readyz")).status === 200, "readyz to be well again", 60000);
  await until(async () => (await server.api("GET", "/stats/summary")).status === 200, "the API to be back");
  const list = await server.settled_events(`message=${one.id}&type=email.opened,email.clicked`);
  assert.deepEqual(list.map((e) => e.user_agent).sort(), [...agents, ...agents].sort());
  assert.equal((await server.get(stored)).headers.get("location").length, 2523, "stored destinations too");
  await server.send();
  assert.equal(await server.metric("hits_lost_total"), 0);
});

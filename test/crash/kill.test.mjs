// SPDX-License-Identifier: Apache-2.0
// The program is killed under load, again and again, on the same data. The clients keep what was answered; in the end
// every answered hit must be there once, and every accepted mail must have left once or be listed as in doubt.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, pugmark, start_server, token_of, until } from "../harness/pugmark.mjs";
import { Wire } from "../harness/wire.mjs";

const KILLS = Number(process.env.PUGMARK_KILLS ?? 50);
const HITTERS = 6;
const SENDERS = 2;
const ROUND_MS = 400; // at most

const ENVIRONMENT = {
  // An answer that goes out before the disk is done promises nothing; here every one has to.
  PUGMARK_JOURNAL_MAX_WAIT_MS: "60000",
  PUGMARK_JOURNAL_SEGMENT_MB: "1",
  // Each hit comes from an address of its own, so that none is a duplicate of another.
  PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1",
};

/** What the clients know: answered hits by agent, accepted messages by id. */
class Load {
  constructor(t, server) {
    this.t = t;
    this.server = server;
    this.number = 0;
    this.answered = new Map();
    this.accepted = new Map();
    this.targets = [];
  }

  headers() {
    const n = this.number++;
    const address = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
    return { agent: `${BROWSER_AGENT} n/${n}`, address };
  }

  /** Asks for one pixel or link after the other until the server is gone. */
  async hit() {
    const wire = await Wire.open(this.t, this.server.port);
    for (;;) {
      const target = this.targets[Math.floor(Math.random() * this.targets.length)];
      const { agent, address } = this.headers();
      wire.send(`GET ${target.path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nX-Forwarded-For: ${address}\r\n\r\n`);
      const answer = await wire.response();
      if (!answer) return;
      assert.equal(answer.status, target.status);
      this.answered.set(agent, target);
    }
  }

  /** Sends one mail after the other until the server is gone. */
  async send() {
    const wire = await Wire.open(this.t, this.server.port);
    const body = Buffer.from(JSON.stringify(mail()));
    for (;;) {
      wire.send(`POST /api/v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${this.server.made.api_key}\r\n`);
      wire.send(`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`).send(body);
      const answer = await wire.response();
      if (!answer) return;
      assert.equal(answer.status, 202, answer.body.toString());
      const { id, links } = JSON.parse(answer.body);
      this.accepted.set(id, true);
      const path = `/c/${token_of(links[0].tracked_url)}`;
      if (this.targets.length < 500) this.targets.push({ path, status: 302, type: "email.clicked", message: id });
    }
  }

  async round(ms) {
    const clients = [
      ...Array.from({ length: HITTERS }, () => this.hit()),
      ...Array.from({ length: SENDERS }, () => this.send()),
    ];
    await new Promise((r) => setTimeout(r, ms));
    await this.server.stop("SIGKILL");
    await Promise.all(clients);
  }
}

/** Every row of a list, over all pages. */
async function all(server, path) {
  const found = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await server.api("GET", `${path}${path.includes("?") ? "&" : "?"}limit=500${cursor && `&cursor=${cursor}`}`);
    found.push(...body.data);
    cursor = body.next && encodeURIComponent(body.next);
  }
  return found;
}

const count_by = (list, key) => list.reduce((map, item) => map.set(key(item), (map.get(key(item)) ?? 0) + 1), new Map());

function assert_hits(load, events) {
  const hits = new Map();
  for (const event of events.filter((e) => /opened|clicked/.test(e.type))) {
    assert.ok(!hits.has(event.user_agent), `twice: ${event.user_agent}`);
    hits.set(event.user_agent, event);
  }
  const lost = [...load.answered].filter(([agent, target]) => {
    const event = hits.get(agent);
    return !event || event.type !== target.type || event.message_id !== target.message;
  });
  assert.deepEqual(lost, [], `${lost.length} of ${load.answered.size} answered hits are lost`);
}

async function assert_mails(load, server, events) {
  const messages = new Map((await all(server, "/messages")).map((m) => [m.id, m]));
  const doubtful = new Set((await all(server, "/messages/in-doubt")).map((m) => m.id));
  const files = readdirSync(join(server.data, "outbox")).filter((name) => name.endsWith(".eml"));
  const mails = count_by(files, (name) => name.replace(/\.eml$/, ""));
  const deliveries = count_by(events.filter((e) => e.type === "email.delivered"), (e) => e.message_id);
  for (const id of load.accepted.keys()) assert.ok(messages.has(id), `accepted and not there: ${id}`);
  for (const [id, message] of messages) {
    if (doubtful.has(id)) {
      assert.equal(message.status, "in_doubt");
      continue;
    }
    assert.equal(message.status, "delivered", `${id}: ${message.error}`);
    assert.equal(mails.get(id), 1, `${id} is in the outbox`);
    assert.equal(deliveries.get(id), 1, `${id} was delivered once`);
  }
  for (const id of mails.keys()) assert.ok(messages.has(id), `in the outbox and not known: ${id}`);
  return { messages, doubtful };
}

async function assert_counters(server, events, messages) {
  const { body } = await server.api("GET", "/stats/summary");
  const of_type = (type) => events.filter((e) => e.type === type && !e.is_duplicate && !e.bot);
  const unique = (type) => of_type(type).filter((e) => e.is_unique).length;
  const figures = {
    opens_total: of_type("email.opened").length,
    opens_unique: unique("email.opened"),
    clicks_total: of_type("email.clicked").length,
    clicks_unique: unique("email.clicked"),
    delivered: of_type("email.delivered").length,
  };
  for (const [name, value] of Object.entries(figures)) assert.equal(body[name], value, name);
  const clicks = count_by(of_type("email.clicked"), (e) => e.message_id);
  const opens = count_by(of_type("email.opened"), (e) => e.message_id);
  for (const [id, message] of messages) {
    assert.equal(message.clicks, clicks.get(id) ?? 0, `clicks of ${id}`);
    assert.equal(message.opens, opens.get(id) ?? 0, `opens of ${id}`);
  }
}

test(`killed ${KILLS} times under load, nothing that was answered is lost and nothing is double`, async (t) => {
  const server = await start_server(t, { env: ENVIRONMENT, may_warn: [/dispatch\.in_doubt/] });
  const load = new Load(t, server);
  for (let i = 0; i < 5; i++) {
    const { id } = await server.send();
    const html = await server.preview(id);
    load.accepted.set(id, true);
    load.targets.push({ path: `/o/${token_of(pixel_of(html))}.gif`, status: 200, type: "email.opened", message: id });
    load.targets.push({ path: `/c/${token_of(links_of(html)[0])}`, status: 302, type: "email.clicked", message: id });
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await load.round(20 + Math.random() * (ROUND_MS - 20));
    await server.start();
  }
  await until(async () => {
    const { body } = await server.api("GET", "/queue");
    return body.due + body.scheduled + body.in_flight + body.deferred === 0;
  }, "the queue to run empty", 60000);
  await server.settled_events();

  const events = await all(server, "/events");
  assert.equal(new Set(events.map((e) => e.id)).size, events.length, "no event id twice");
  assert_hits(load, events);
  const { messages, doubtful } = await assert_mails(load, server, events);
  await assert_counters(server, events, messages);
  t.diagnostic(
    `${KILLS} kills, ${load.answered.size} answered hits, ${load.accepted.size} accepted mails, ` +
      `${events.length} events, ${doubtful.size} in doubt`,
  );
  assert.ok(load.answered.size > KILLS * 10, "there was load");
  assert.equal((await server.stop("SIGTERM")).code, 0);
  assert.equal((await pugmark(["journal", "verify", "--data", server.data])).code, 0);
});

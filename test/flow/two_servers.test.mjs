// SPDX-License-Identifier: Apache-2.0
// Two servers on one PostgreSQL: under load, killed, copied, and with a database that dies under them. The oracle is what the
// clients know: each hit that was answered has an agent of its own, and must be one event.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, Server, links_of, mail, pixel_of, pugmark, start_server, temporary_directory, token_of, until } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres, start_postgres_pair } from "../harness/postgres.mjs";
import { let_time_pass_in_postgres } from "../harness/sqlite.mjs";
import { Wire } from "../harness/wire.mjs";

const skip = no_postgres;

const environment = (url, more = {}) => ({
  PUGMARK_STORE_URL: url,
  // An answer that goes out before the disk is done promises nothing; here every one has to.
  PUGMARK_JOURNAL_MAX_WAIT_MS: "60000",
  // Each hit comes from an address of its own, so that none is a duplicate of another.
  PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1",
  ...more,
});

/** A second server with the first one's keys, so that the links of both are good at both. */
async function start_beside(t, first, options = first.options) {
  const data = join(temporary_directory(t), "data");
  mkdirSync(data, { mode: 0o700 });
  cpSync(join(first.data, "keys"), join(data, "keys"));
  const server = await start_server(t, { ...options, data });
  server.made = first.made;
  return server;
}

async function start_two(t, url, { env = {}, ...options } = {}) {
  const first = await start_server(t, { env: environment(url, env), ...options });
  return [first, await start_beside(t, first)];
}

/** Clients that ask for links, and remember who was answered. */
class Clients {
  constructor(t) {
    this.t = t;
    this.number = 0;
    this.answered = [];
    this.paths = [];
  }

  async send_mails(server, count) {
    for (let i = 0; i < count; i++) {
      const { id } = await server.send();
      this.paths.push(`/c/${token_of(links_of(await server.preview(id))[0])}`);
    }
  }

  /** One link after the other until the server is gone, or `is_over()`. */
  async click(server, is_over = () => false) {
    const wire = await Wire.open(this.t, server.port).catch(() => null);
    while (wire && !is_over()) {
      const n = this.number++;
      const agent = `${BROWSER_AGENT} n/${n}`;
      const path = this.paths[n % this.paths.length];
      const from = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
      wire.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nX-Forwarded-For: ${from}\r\n\r\n`);
      const answer = await wire.response();
      if (!answer) return;
      assert.equal(answer.status, 302);
      this.answered.push(agent);
    }
  }

  /** Several of them at each server, for so many answers in all. */
  async click_at(servers, answers) {
    const until_count = this.answered.length + answers;
    const one = (server) => this.click(server, () => this.answered.length >= until_count);
    await Promise.all(servers.flatMap((server) => [one(server), one(server), one(server)]));
  }

  /** Each answered hit is one event, once everything is applied. */
  async expect_each_once(postgres, servers) {
    for (const server of servers)
      await until(async () => (await server.metric("journal_lag_records")) === 0, "the journal to be applied", 60000);
    const rows = postgres.query("SELECT user_agent, COUNT(*) FROM email_events WHERE event_type = 'click' GROUP BY 1");
    const counts = new Map(rows.map(([agent, count]) => [agent, Number(count)]));
    const lost = this.answered.filter((agent) => !counts.has(agent));
    assert.deepEqual(lost, [], `${lost.length} of ${this.answered.length} answered hits are lost`);
    assert.deepEqual(rows.filter(([, count]) => count !== "1"), [], "no hit is there twice");
  }
}

test("two servers are killed in turn under load, and each answered hit is counted once", { skip }, async (t) => {
  const KILLS = 4;
  const postgres = await start_postgres(t);
  const servers = await start_two(t, postgres.url);
  const clients = new Clients(t);
  await clients.send_mails(servers[0], 4);
  for (let kill = 0; kill < KILLS; kill++) {
    const victim = servers[kill % 2];
    const load = clients.click_at(servers, 400);
    await until(() => clients.answered.length % 400 > 150, "load");
    await victim.stop("SIGKILL");
    await load;
    await victim.start();
  }
  await clients.expect_each_once(postgres, servers);
  assert.ok(clients.answered.length >= KILLS * 300, "there was load");
  const nodes = postgres.query("SELECT number, epoch FROM nodes ORDER BY number");
  assert.deepEqual(nodes, [["1", "3"], ["2", "3"]], "a number each, and an epoch for each start");
});

test("a server that freezes in the middle of a transaction holds the other one up for seconds, not for good", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const servers = await start_two(t, postgres.url, { may_warn: [/ writer\.failing /, / store\.away /, / dispatch\./, / api\./, / bodies\./, / events\.not_pruned /, / unsubscribe\./] });
  const clients = new Clients(t);
  await clients.send_mails(servers[0], 4);
  const load = clients.click_at([servers[1]], 2000);
  await until(() => clients.answered.length > 500, "load");
  // Held up where sums are written, behind everything else, it has locked what the other one needs.
  const release = await postgres.lock("stats_daily");
  const has_written = () => postgres.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 1886742381").length > 0;
  await until(has_written, "it to be in a transaction that has written");
  servers[1].child.kill("SIGSTOP");
  await release();
  await clients.click_at([servers[0]], 300);
  await until(async () => (await servers[0].metric("journal_lag_records")) === 0, "the other one to go on", 60000);
  assert.equal((await servers[0].api("POST", "/messages", mail())).status, 202);
  servers[1].child.kill("SIGCONT");
  await load;
  await clients.expect_each_once(postgres, servers);
});

test("on the same messages two servers do not lock each other out", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const servers = await start_two(t, postgres.url);
  const clients = new Clients(t);
  await clients.send_mails(servers[0], 20);
  await clients.click_at(servers, 4000);
  await clients.expect_each_once(postgres, servers);
  assert.deepEqual(postgres.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), [["0"]]);
});

/** Clicks in one piece, so that the journal has them all before any is applied. */
async function click_in_a_row(t, clients, server, count) {
  const wire = await Wire.open(t, server.port);
  const agents = Array.from({ length: count }, () => `${BROWSER_AGENT} n/${clients.number++}`);
  wire.send(agents.map((agent, i) => {
    const from = `10.9.${(i >> 8) & 255}.${i & 255}`;
    return `GET ${clients.paths[i % clients.paths.length]} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nX-Forwarded-For: ${from}\r\n\r\n`;
  }).join(""));
  for (const agent of agents) {
    assert.equal((await wire.response()).status, 302);
    clients.answered.push(agent);
  }
}

test("a half whose commit waits for the standby is not applied again by the server's next start", { skip }, async (t) => {
  const { primary, standby, url } = await start_postgres_pair(t, true);
  const [server, other] = await start_two(t, url);
  const clients = new Clients(t);
  await clients.send_mails(server, 12);
  const waiting = (what) => primary.query(`SELECT pid FROM pg_stat_activity WHERE ${what}`).length;
  const waits_for_lock = "wait_event_type = 'Lock' AND application_name = 'pugmark'";
  // The first transaction has what came first. While it is held up the journal gets a crowd, and the next one has half of that.
  const release = await primary.lock("stats_daily");
  await clients.click(server, () => clients.answered.length >= 3);
  await until(() => waiting(waits_for_lock) > 0, "a transaction to be held up");
  await click_in_a_row(t, clients, server, 600);
  const locking = primary.lock("stats_daily");
  await until(() => waiting("wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'") > 0, "the next lock to be asked for");
  await release();
  const release_half = await locking;
  await until(() => waiting(waits_for_lock) > 0, "the next transaction to be held up");
  const [[receiver]] = standby.query("SELECT pid FROM pg_stat_wal_receiver");
  process.kill(Number(receiver), "SIGSTOP");
  await release_half();
  await until(() => waiting("wait_event = 'SyncRep'") > 0, "its commit to wait for the standby");
  await server.stop("SIGKILL");
  const starting = server.start();
  await until(() => waiting(waits_for_lock) > 0, "the next start to wait for what the last one left");
  assert.deepEqual(primary.query("SELECT MAX(half_applied) FROM nodes"), [["0"]], "nobody sees it yet");
  process.kill(Number(receiver), "SIGCONT");
  await starting;
  await clients.expect_each_once(primary, [server, other]);
  assert.deepEqual(primary.query("SELECT SUM(clicks_human + clicks_machine) FROM message_counters"), [[String(clients.answered.length)]]);
});

test("two servers that accept mail of the same campaigns, in another order each, do not lock each other out", { skip }, async (t) => {
  const ROUNDS = 20;
  const postgres = await start_postgres(t);
  const servers = await start_two(t, postgres.url);
  // New names in each round, so that each server creates what the other one creates, from the other end.
  const batch_of = (round, is_backwards) => {
    const numbers = Array.from({ length: 50 }, (_, i) => (is_backwards ? 49 - i : i));
    return numbers.map((i) => mail({
      to: { email: `c${i}@company.example` },
      contact: { id: `contact-${round}-${i}` },
      campaign: { id: `campaign-${round}-${i % 10}` },
      template: { id: `template-${round}-${i % 7}` },
    }));
  };
  for (let round = 0; round < ROUNDS; round++) {
    // Every other round names what is there already.
    const named = round - (round % 2);
    const answers = await Promise.all(servers.map((server, i) => server.api("POST", "/messages/batch", { messages: batch_of(named, i === 1) })));
    for (const answer of answers) assert.equal(answer.status, 202);
  }
  assert.deepEqual(postgres.query("SELECT COUNT(*) FROM campaigns"), [[String((ROUNDS / 2) * 10)]]);
  assert.deepEqual(postgres.query("SELECT COUNT(*) FROM contacts"), [[String((ROUNDS / 2) * 50)]]);
  assert.deepEqual(postgres.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), [["0"]]);
});

test("a click that comes twice, once at each server, is one", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const servers = await start_two(t, postgres.url);
  const clients = new Clients(t);
  await clients.send_mails(servers[0], 1);
  for (let i = 0; i < 20; i++) {
    const headers = { "user-agent": BROWSER_AGENT, "x-forwarded-for": `10.1.0.${i}` };
    for (const server of servers) assert.equal((await server.get(clients.paths[0], headers)).status, 302);
  }
  for (const server of servers) await until(async () => (await server.metric("journal_lag_records")) === 0, "the journal to be applied");
  const [message] = postgres.query("SELECT id FROM messages").flat();
  const { clicks } = await servers[0].message(message);
  assert.equal(clicks, 20);
});

const knows_of = (server, whom) => until(() => server.log.includes(`also_writing=${whom}`), `a server to know that ${whom} write, too`);

test("a server joins one that was alone while hits come: none is lost or twice, and a walk over both is seen", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const first = await start_server(t, { env: environment(postgres.url) });
  const clients = new Clients(t);
  await clients.send_mails(first, 4);
  let is_over = false;
  const load = [clients.click(first, () => is_over), clients.click(first, () => is_over)];
  // Six of one company, whose mail one source fetches, half of it at each server.
  const walk = [];
  for (let i = 0; i < 6; i++) walk.push((await first.send({ to: { email: `c${i}@company.example` } })).id);
  const pixels = await Promise.all(walk.map(async (id) => pixel_of(await first.preview(id))));
  const fetch_at = (server, pixel) => server.get(new URL(pixel).pathname, { "user-agent": BROWSER_AGENT, "x-forwarded-for": "198.51.100.9" });
  for (const pixel of pixels.slice(0, 3)) await fetch_at(first, pixel);
  const second = await start_beside(t, first);
  for (const pixel of pixels.slice(3)) await fetch_at(second, pixel);
  await clients.click_at([first, second], 400);
  is_over = true;
  await Promise.all(load);
  await knows_of(first, '"other servers"');
  await clients.expect_each_once(postgres, [first, second]);
  const counted = () => postgres.query("SELECT SUM(clicks_human + clicks_machine) FROM message_counters").flat()[0];
  assert.equal(counted(), String(clients.answered.length), "what was in memory when the other came overwrites nothing");
  for (const statement of let_time_pass_in_postgres(200)) postgres.query(statement);
  const opens = () => first.events("type=email.opened");
  await until(async () => (await opens()).every((e) => e.actor === "scanner"), "a look at the walk");
  for (const open of await opens()) assert.ok(open.reasons.includes("fan_out:recipients=6"), open.reasons.join(" "));
  await second.stop();
  await knows_of(first, '"nobody any more"');
  await clients.click_at([first], 50);
  await clients.expect_each_once(postgres, [first]);
  assert.equal(counted(), String(clients.answered.length));
});

test("a copy of a data directory is refused while the original runs, and no answered hit is lost", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const original = await start_server(t, { env: environment(postgres.url) });
  const clients = new Clients(t);
  await clients.send_mails(original, 2);
  await clients.click_at([original], 20);
  const copy = join(temporary_directory(t), "copy");
  cpSync(original.data, copy, { recursive: true, filter: (path) => !path.endsWith("/control") });
  const refused = await pugmark(["serve", "--data", copy, "--listen", "127.0.0.1:0"], { env: environment(postgres.url) });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /pugmark serve: node 1 runs already, at .*'.*copy' is a copy; move its journal and node away/);
  await clients.click_at([original], 20);
  await clients.expect_each_once(postgres, [original]);
});

test("a server that another took its node from ends at once, and is not started again by mistake", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const frozen = await start_server(t, { env: environment(postgres.url), warns: [/ node\.fenced /], may_warn: [/./], loses_hits: true });
  const clients = new Clients(t);
  await clients.send_mails(frozen, 1);
  await clients.click_at([frozen], 10);
  await clients.expect_each_once(postgres, [frozen]);
  const copy = join(temporary_directory(t), "copy");
  cpSync(frozen.data, copy, { recursive: true, filter: (path) => !path.endsWith("/control") });
  frozen.child.kill("SIGSTOP");
  t.after(() => frozen.child.kill("SIGCONT"));
  const taker = await start_server(t, { env: environment(postgres.url), data: copy });
  taker.made = frozen.made;
  frozen.child.kill("SIGCONT");
  assert.deepEqual(await frozen.exit, { code: 1, signal: null });
  await clients.click_at([taker], 10);
  await clients.expect_each_once(postgres, [taker]);
  await taker.stop();
  const again = await pugmark(["serve", "--data", frozen.data, "--listen", "127.0.0.1:0"], { env: environment(postgres.url) });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /a copy of '.*' was started since/);
});

test("a server with other keys is refused, and one that has the keys is not", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const env = environment(postgres.url);
  const first = await start_server(t, { env });
  const data = join(temporary_directory(t), "second");
  const serve = () => pugmark(["serve", "--data", data, "--listen", "127.0.0.1:0"], { env });
  const init = await pugmark(["init", "--data", data], { env });
  assert.equal(init.code, 1);
  assert.match(init.stderr, /pugmark init: this store has servers already.*copy the file keys .* to .*second\/keys/);
  assert.ok(!existsSync(join(data, "keys")), "no keys are made that the store's links are not sealed with");
  writeFileSync(join(data, "keys"), `1 ${"5a".repeat(32)}\n`);
  for (const refused of [await serve(), await pugmark(["init", "--data", data], { env })]) {
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /this store's links are sealed with key 1, and .*second\/keys has another one: copy the file keys/);
  }
  assert.deepEqual(postgres.query("SELECT number FROM nodes"), [["1"]], "who is refused is no node");
  cpSync(join(first.data, "keys"), join(data, "keys"));
  const fits = await pugmark(["init", "--data", data], { env });
  assert.equal(fits.code, 0);
  assert.match(fits.stdout, /second is set up already: its keys open the links of its store.*\nNothing was changed\. Start it with 'pugmark serve --data .*second'/);
  rmSync(data, { recursive: true });
  const second = await start_beside(t, first);
  const { id } = await second.send();
  const [link] = links_of(await second.preview(id));
  assert.equal((await first.get(link)).headers.get("location"), "https://example.com/sale?a=1&b=2");
});

test("a rotated key must reach every server", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const [first, second] = await start_two(t, postgres.url, { may_warn: [/ warn keys\.(lacking|waiting) /] });
  await first.stop();
  assert.equal((await pugmark(["keys", "rotate", "--data", first.data])).code, 0);
  await first.start();
  await second.stop();
  await assert.rejects(second.start(), /this store's links are sealed with key 2, and .*\/keys lacks it: copy the file keys/);
  cpSync(join(first.data, "keys"), join(second.data, "keys"));
  await second.start();
});

test("a live stream shows what the other server counts", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const [first, second] = await start_two(t, postgres.url);
  const clients = new Clients(t);
  await clients.send_mails(first, 1);
  await first.settled_events();
  const stream = await fetch(`${second.base}/api/v1/events/stream`, {
    headers: { authorization: `Bearer ${first.made.api_key}` },
    signal: AbortSignal.timeout(30000),
  });
  assert.equal(stream.status, 200);
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  await clients.click_at([first], 1);
  // Nothing is hit at the second, so that no commit of its own can wake the stream.
  for (let text = ""; !text.includes("email.clicked"); ) {
    const { value, done } = await reader.read();
    assert.ok(!done, "the stream goes on");
    text += value;
  }
  await reader.cancel();
});

test("one of two servers prunes for both", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const servers = await start_two(t, postgres.url);
  const pruning = () => servers.filter((server) => / events\.pruned /.test(server.log)).length;
  await until(() => pruning() > 0, "a server to prune");
  await until(() => postgres.query("SELECT 1 FROM duties WHERE name = 'confirm'").length, "a server to confirm");
  assert.equal(pruning(), 1);
});

test("a server ends when a newer program has migrated the store, and not when that program allows it", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const server = await start_server(t, { env: environment(postgres.url), warns: [/ serve\.outdated /], may_warn: [/ writer\.failing /, / store\.away /, / unsubscribe\./] });
  const step = (version, oldest) =>
    postgres.query(`INSERT INTO schema_version (version, name, applied_at, oldest_writer) VALUES (${version}, 'x', now(), ${oldest})`);
  step(98, 1);
  await server.send();
  await server.stop();
  await server.start();
  step(99, 99);
  assert.deepEqual(await server.exit, { code: 1, signal: null });
  assert.match(server.log, /must know schema version 99; this program is older/);
});

for (const answer_after of ["disk", "applied"])
  test(`a primary dies under load, and nothing is lost or twice (answers after ${answer_after})`, { skip }, async (t) => {
    const pair = await start_postgres_pair(t, true);
    const servers = await start_two(t, pair.url, {
      env: { PUGMARK_JOURNAL_ANSWER_AFTER: answer_after, PUGMARK_JOURNAL_MAX_WAIT_MS: "500" },
      may_warn: [/ writer\.failing /, / store\.away /, / api\./, / bodies\./, / events\.not_pruned /, / dispatch\./, / unsubscribe\./],
    });
    const clients = new Clients(t);
    await clients.send_mails(servers[0], 4);
    const accepted = [];
    let is_over = false;
    const senders = servers.map(async (server) => {
      while (!is_over) {
        const answer = await server.api("POST", "/messages", mail());
        if (answer.status === 202) accepted.push(answer.body.id);
        await new Promise((r) => setTimeout(r, 50)); // a mail is not the load here; and the store may be away
      }
    });
    await clients.click_at(servers, 300);
    const during = clients.click_at(servers, 600);
    await pair.primary.stop("SIGKILL");
    pair.standby.promote();
    await during;
    const before = accepted.length;
    await until(() => accepted.length > before, "mail to be accepted again", 60000);
    is_over = true;
    await Promise.all(senders);
    await clients.expect_each_once(pair.standby, servers);
    // At once: what was claimed when nobody knew whether it was committed is released, and what was to be given back is given back
    // later. A lease that nobody holds would run out after two minutes.
    await until(() => pair.standby.query("SELECT 1 FROM send_queue WHERE state <> 'held'").length === 0, "the queue to run empty", 60000);
    const known = new Set(pair.standby.query("SELECT id FROM messages").flat());
    assert.deepEqual(accepted.filter((id) => !known.has(id)), [], "every accepted mail is known to the new primary");
    const files = servers.flatMap((server) => readdirSync(join(server.data, "outbox"))).filter((name) => name.endsWith(".eml"));
    assert.equal(new Set(files).size, files.length, "no mail left twice");
    const held = new Set(pair.standby.query("SELECT message_id FROM send_queue").flat());
    const unsent = accepted.filter((id) => !files.includes(`${id}.eml`) && !held.has(id));
    assert.deepEqual(unsent, [], "every accepted mail left, or is held for a person to decide");
    for (const server of servers) {
      const alone = await server.metric("answered_alone_total");
      if (answer_after === "disk") assert.equal(alone, 0);
    }
  });

test("a standby that follows with a delay makes a server that sends not ready, unless that is accepted", { skip }, async (t) => {
  const pair = await start_postgres_pair(t, false);
  const warns = [/ store\.late_standby /];
  const accepting = await start_server(t, { env: environment(pair.url, { PUGMARK_SENDING_ACCEPT_ASYNC: "on" }), warns });
  await accepting.stop();
  const careful = new Server(accepting.data, accepting.made, { env: environment(pair.url) });
  t.after(() => careful.stop("SIGKILL"));
  const starting = careful.start().catch((error) => error);
  await until(() => careful.base, "the server to listen");
  const ready = await careful.get("/readyz");
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /a standby follows with a delay.*sending\.accept_async/);
  await careful.stop();
  assert.ok((await starting) instanceof Error, "it never was ready");
});

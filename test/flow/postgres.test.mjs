// SPDX-License-Identifier: Apache-2.0
// The same mail, all the way round, with PostgreSQL for a store.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, pugmark, start_server } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";

const skip = no_postgres;

test("a mail is sent, opened and clicked, and PostgreSQL has it all in native types", { skip }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  const server = (server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url } }));
  assert.match(server.log, /store="?postgresql/i);
  const sent = await server.send({ campaign: { id: "spring", name: "Spring" } });
  const html = await server.preview(sent.id);
  const agent = { "user-agent": BROWSER_AGENT };
  for (let i = 0; i < 2; i++) await server.get(pixel_of(html), agent);
  assert.equal((await server.get(links_of(html)[0], agent)).status, 302);
  const [open] = await server.events_of(sent.id, 1, "type=email.opened");
  const [click] = await server.events_of(sent.id, 1, "type=email.clicked");
  for (const event of [open, click]) assert.equal(event.actor, "human");
  const { timeline } = await server.message(sent.id);
  assert.deepEqual(
    timeline.map((e) => e.type).slice(0, 3),
    ["email.queued", "email.sent", "email.delivered"],
  );
  const { body } = await server.api("GET", "/stats/summary");
  assert.deepEqual([body.sends, body.delivered, body.opens_unique, body.clicks_unique], [1, 1, 1, 1]);

  const columns = postgres.query(
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'email_events' ORDER BY 1",
  );
  const types = Object.fromEntries(columns);
  const promised = {
    id: "uuid", token: "text", event_type: "text", is_unique: "boolean", destination_url: "text", metadata: "jsonb",
    occurred_at: "timestamp with time zone", bot_filtered: "boolean",
  };
  for (const [column, type] of Object.entries(promised)) assert.equal(types[column], type, column);
  const kinds = postgres.query("SELECT event_type FROM email_events_counted WHERE is_unique ORDER BY 1").flat();
  assert.ok(kinds.includes("open") && kinds.includes("click"), kinds.join());

  await server.stop();
  await server.start();
  assert.equal((await server.message(sent.id)).clicks, 1, "and after a restart");
  const again = await pugmark(["init", "--json", "--data", server.data], { env: { PUGMARK_STORE_URL: postgres.url } });
  assert.equal(JSON.parse(again.stdout).api_key, null, "a second init changes nothing");
});

test("without its PostgreSQL the program says so in one line and does not start", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url };
  const server = await start_server(t, { env });
  await server.stop();
  await postgres.stop();
  for (const command of [["serve", "--listen", "127.0.0.1:0"], ["init"], ["user", "list"]]) {
    const result = await pugmark([...command, "--data", server.data], { env });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^pugmark [^\n]+\n$/);
  }
});

test("bench apply can be one of several servers", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const { code, stdout, stderr } = await pugmark(["bench", "apply", "300", "--before", "200", "--store", postgres.url, "--shared", "--json"]);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).shared, true);
  assert.match(stderr, / node\.neighbours .*other servers/);
  assert.deepEqual(postgres.query("SELECT COUNT(*) FROM nodes WHERE seen_at IS NOT NULL"), [["1"]], "the other one");
});

test("bench apply fills a database of its own and says what the server took", { skip }, async (t) => {
  const postgres = await start_postgres(t);
  const args = ["bench", "apply", "300", "--before", "200", "--store", postgres.url, "--json"];
  const { code, stdout, stderr } = await pugmark(args);
  assert.equal(code, 0, stderr);
  const figures = JSON.parse(stdout);
  assert.equal(figures.events, 300);
  assert.equal(figures.before, 200);
  for (const key of ["events_per_s", "settled_per_s", "cpu_us_per_event", "server_cpu_us_per_event"]) assert.ok(figures[key] > 0, key);
  // A hit is an event, or is counted on the one that it repeats.
  const [[hits]] = postgres.query("SELECT SUM(1 + repeats) FROM email_events");
  assert.equal(Number(hits), 500);
  const again = await pugmark(args);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /not empty/);
  const nodes = postgres.query("SELECT COUNT(*) FROM nodes WHERE seen_at IS NOT NULL");
  assert.deepEqual(nodes, [["0"]], "it was alone, and has ended well");
  assert.equal((await pugmark(["bench", "apply", "300", "--shared"])).code, 2);
  const other = await pugmark(["bench", "apply", "300", "--store", "sqlite:/nowhere/store.db"]);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /PostgreSQL/);
});

// SPDX-License-Identifier: Apache-2.0
// Events past their time go. Links, numbers and what follows from them stay.
import assert from "node:assert/strict";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, pugmark, start_server, until } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { let_events_age, let_events_age_in_postgres, sql } from "../harness/sqlite.mjs";

const DAY_SECONDS = 86400;
const PERSON = { "user-agent": BROWSER_AGENT };
const LONG = `https://shop.example/${"a".repeat(4000)}?last=1`;

/** A mail that was opened and clicked, by now `days` ago; the server is stopped. Null: nothing to do that with. */
async function old_mail(t, days, options = {}) {
  const server = await start_server(t, options);
  const html = `<html><body><a href="https://shop.example/a">a</a> <a href="${LONG}">b</a></body></html>`;
  const sent = await server.send({ html });
  const preview = await server.preview(sent.id);
  await server.get(pixel_of(preview), PERSON);
  await server.get(links_of(preview)[0], PERSON);
  await server.events_of(sent.id, 1, "type=email.opened");
  await server.events_of(sent.id, 1, "type=email.clicked");
  const before = await server.message(sent.id);
  const summary = (await server.api("GET", "/stats/summary")).body;
  await server.stop();
  if (!let_events_age(days * DAY_SECONDS).every((statement) => sql(t, server.data, statement))) return null;
  return { server, sent, preview, before, summary };
}

const pruned = (server) => until(() => server.log.match(/events\.pruned .*/)?.[0], "events.pruned");

async function metric(server, name) {
  const text = await (await server.get("/metrics")).text();
  return Number(text.match(new RegExp(`^pugmark_${name} (\\S+)$`, "m"))[1]);
}

test("a year is kept, and no more: links, numbers and first times stay, late hits count", async (t) => {
  const old = await old_mail(t, 366);
  if (!old) return;
  const { server, sent, preview, before, summary } = old;
  await server.start();
  assert.match(await pruned(server), /count=5 days=365 /);
  assert.equal(await metric(server, "events_pruned_total"), 5);
  assert.ok((await metric(server, "events_pruned_timestamp_seconds")) > Date.now() / 1000 - 3600);
  assert.deepEqual(await server.events(), []);
  assert.deepEqual(await server.message(sent.id), { ...before, timeline: [] });
  assert.deepEqual((await server.api("GET", "/stats/summary")).body, summary);

  const [short, long] = links_of(preview);
  assert.equal((await server.get(long, PERSON)).headers.get("location"), LONG);
  assert.equal((await server.get(short, PERSON)).headers.get("location"), "https://shop.example/a");
  await server.get(pixel_of(preview), PERSON);
  await server.events_of(sent.id, 3);
  const late = await server.events(`message=${sent.id}`);
  assert.deepEqual(late.map((e) => e.is_unique), [false, false, false]);
  const after = await server.message(sent.id);
  assert.equal(after.first_opened_at, before.first_opened_at);
  assert.equal(after.first_clicked_at, before.first_clicked_at);
});

test("EMAIL_TRACKING_RETENTION_DAYS says how long, and a tenant can have a time of its own", async (t) => {
  const old = await old_mail(t, 31, { env: { EMAIL_TRACKING_RETENTION_DAYS: "30" } });
  if (!old) return;
  const { server } = old;
  server.options.env = { EMAIL_TRACKING_RETENTION_DAYS: "30", PUGMARK_RETAIN_EVENTS_DAYS_OF: "default=32" };
  await server.start();
  assert.match(await pruned(server), /count=0 days=30 /);
  await server.stop();
  server.options.env = { EMAIL_TRACKING_RETENTION_DAYS: "30", PUGMARK_RETAIN_EVENTS_DAYS: "3650" };
  await server.start();
  assert.match(await pruned(server), /count=5 days=30 /);
});

const prune = (data, ...more) => pugmark(["prune", "--data", data, ...more]);

for (const beside of [true, false])
  test(`prune takes old events ${beside ? "beside a running server" : "while no server runs"}`, async (t) => {
    const old = await old_mail(t, 100);
    if (!old) return;
    const { server, sent, preview, before } = old;
    if (beside) await server.start();
    const count = await prune(server.data, "--events-older-than", "99", "--dry-run", "--json");
    assert.deepEqual([count.code, count.stderr], [0, ""]);
    assert.deepEqual(JSON.parse(count.stdout), { events: 5, days: 99, dry_run: true });
    const configured = await prune(server.data, "--json");
    assert.deepEqual(JSON.parse(configured.stdout), { events: 0, days: null, dry_run: false });
    const none = await prune(server.data, "--events-older-than=101");
    assert.match(none.stdout, /^0 events are gone/);
    const gone = await prune(server.data, "--events-older-than=99d", "--json");
    assert.deepEqual(JSON.parse(gone.stdout), { events: 5, days: 99, dry_run: false }, gone.stderr);
    if (beside) assert.match(server.log, /events\.pruned_by_command count=5 days=99 status=ok/);
    else await server.start();
    assert.deepEqual(await server.events(), []);
    assert.deepEqual(await server.message(sent.id), { ...before, timeline: [] });
    assert.equal((await server.get(links_of(preview)[0], PERSON)).headers.get("location"), "https://shop.example/a");
    await server.events_of(sent.id, 1, "type=email.clicked");
  });

test("prune without a server locks the data directory; its socket is for its owner and goes with the server", async (t) => {
  const server = await start_server(t);
  const socket = join(server.data, "control");
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  rmSync(socket);
  const refused = await prune(server.data, "--events-older-than", "1");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^pugmark prune: another process has the journal[^\n]*\n$/);
  await server.stop("SIGKILL");
  await server.start(); // in place of what a killed one left
  assert.equal((await prune(server.data)).code, 0);
  await server.stop();
  assert.throws(() => statSync(socket), { code: "ENOENT" });
});

test("prune understands days only", async (t) => {
  const server = await start_server(t);
  for (const days of ["0", "-1", "1y", "36501", "", "1.5"]) {
    const { code, stdout, stderr } = await prune(server.data, `--events-older-than=${days}`);
    assert.deepEqual([code, stdout], [2, ""], days);
    assert.match(stderr, /number of days from 1 to 36500/);
  }
});

test("prune works the same on PostgreSQL, with and without a server", { skip: no_postgres }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url };
  const server = (server_of.current = await start_server(t, { env }));
  for (const serves of [true, false]) {
    const sent = await server.send();
    const before = await server.message(sent.id);
    if (!serves) await server.stop();
    for (const statement of let_events_age_in_postgres(100 * DAY_SECONDS)) postgres.query(statement);
    const run = async (...more) => JSON.parse((await pugmark(["prune", "--data", server.data, "--json", ...more], { env })).stdout);
    assert.equal((await run("--events-older-than=99", "--dry-run")).events, before.timeline.length);
    assert.equal((await run("--events-older-than=99")).events, before.timeline.length);
    assert.deepEqual(postgres.query("SELECT count(*) FROM email_events"), [["0"]]);
    if (!serves) await server.start();
    assert.deepEqual(await server.message(sent.id), { ...before, timeline: [] });
  }
});

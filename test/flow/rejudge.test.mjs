// SPDX-License-Identifier: Apache-2.0
// Older rules took two readers for machines and a program for a person; today's rules put it right, and say so first.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { BROWSER_AGENT, links_of, pixel_of, pugmark, start_server } from "../harness/pugmark.mjs";
import { sql } from "../harness/sqlite.mjs";

const HITS = "type=email.opened,email.clicked";
const of_hit = "event_type IN ('open', 'click')";

/** What older rules would have left behind, everywhere where a verdict is counted: people (1) are scanners (4), and scanners people. */
const OLDER_RULES = [
  `INSERT INTO dictionary (tenant_id, kind, hash, text, used_day) SELECT id, 3, 'reasons', 'robot_list:nonsense', 1000000 FROM tenants`,
  `INSERT INTO dictionary (tenant_id, kind, hash, text, used_day) SELECT id, 4, 'rules', '2020-01-01', 1000000 FROM tenants`,
  // Not unique, settled, the other actor, 90 %; 128 is bot_filtered. The rest of the bits stays (store/events/event_flags.h).
  `UPDATE events SET flags = (flags & 32095) + 512 + 94371840 + CASE flags >> 16 & 15 WHEN 1 THEN 128 + 262144 ELSE 65536 END,
   reasons = (SELECT number FROM dictionary WHERE hash = 'reasons'), rules = (SELECT number FROM dictionary WHERE hash = 'rules'), burst = NULL
   WHERE position IN (SELECT position FROM email_events WHERE ${of_hit})`,
  `UPDATE message_counters SET opens_scanner = opens_human, opens_human = opens_scanner, clicks_machine = clicks_human,
   clicks_human = clicks_machine, first_open_at = NULL, first_open_strict_at = NULL, first_click_at = NULL, last_activity_at = NULL`,
  `UPDATE events SET flags = flags | 32 WHERE position IN (SELECT MIN(position) FROM email_events
   WHERE ${of_hit} AND actor = 1 GROUP BY message_id, event_type)`,
  `UPDATE message_counters SET first_open_at = (SELECT MIN(e.occurred_at) FROM email_events e WHERE e.message = message_counters.number
   AND e.event_type = 'open' AND e.actor = 1), last_activity_at = (SELECT MAX(e.occurred_at) FROM email_events e
   WHERE e.message = message_counters.number AND ${of_hit} AND e.actor = 1)`,
  "UPDATE message_counters SET first_open_strict_at = first_open_at",
  `UPDATE stats_daily SET opens_scanner = opens_human, opens_human = opens_scanner, clicks_machine = clicks_human,
   clicks_human = clicks_machine, opens_unique = 1, opens_unique_strict = 1, clicks_unique = 0,
   clicked_delivered = 0`,
  "UPDATE stats_quarter_hourly SET actor = actor + 100 WHERE kind <> 'sends'",
  "UPDATE stats_quarter_hourly SET actor = CASE actor WHEN 101 THEN 4 ELSE 1 END WHERE kind <> 'sends'",
  "DELETE FROM timers",
];

const numbers = async (server, id) => {
  const { timeline, ...message } = await server.message(id);
  return [message, (await server.api("GET", "/stats/summary")).body];
};

const verdicts = async (server, id) =>
  (await server.events(`message=${id}&${HITS}`)).map((e) => [e.id, e.actor, e.is_unique, e.reasons, e.bot]);

/** Two mails: one that a person read, one that a program looked at. The server is stopped. */
async function history(server) {
  const person = { "user-agent": BROWSER_AGENT };
  const read = await server.send();
  const scanned = await server.send();
  const html = await server.preview(read.id);
  await server.get(pixel_of(html), person);
  await server.get(links_of(html)[0], person);
  await server.get(pixel_of(await server.preview(scanned.id)), { "user-agent": "curl/7.88.1" });
  await server.events_of(read.id, 2, HITS);
  await server.events_of(scanned.id, 1, HITS);
  const right = await Promise.all([read, scanned].map(({ id }) => numbers(server, id)));
  const events = await Promise.all([read, scanned].map(({ id }) => verdicts(server, id)));
  await server.stop();
  return { ids: [read.id, scanned.id], right, events };
}

const BEFORE = { opens: 1, opens_unique: 1, clicks: 0, clicks_unique: 0 };
const AFTER = { opens: 1, opens_unique: 1, clicks: 1, clicks_unique: 1 };

function assert_report(report, applied) {
  assert.deepEqual([report.applied, report.messages, report.hits, report.changed], [applied, 2, 3, 3]);
  assert.deepEqual(report.opens, { human: { scanner: 1 }, scanner: { human: 1 } });
  assert.deepEqual(report.clicks, { scanner: { human: 1 } });
  assert.deepEqual([report.before, report.after], [BEFORE, AFTER]);
  assert.deepEqual(report.reasons[0], { reason: "robot_list:nonsense", came: 0, went: 3 });
  assert.ok(report.reasons.some((r) => r.reason === "agent:curl" && r.came === 1));
  assert.equal(Object.values(report.left_alone).reduce((a, b) => a + b), 0);
}

/** `change(statement)` runs SQL on the store; false: there is nothing to do that with. */
async function put_right(server, beside, change, env = {}) {
  const { ids, right, events } = await history(server);
  for (const statement of OLDER_RULES) if (!change(statement)) return;
  const rejudge = (...more) => pugmark(["rejudge", "--data", server.data, "--since", "1d", ...more], { env });
  const run = async (...more) => {
    const { code, stdout, stderr } = await rejudge("--json", ...more);
    assert.deepEqual([code, stderr], [0, ""]);
    return JSON.parse(stdout);
  };
  if (beside) await server.start();
  assert_report(await run(), false);
  const words = await rejudge();
  assert.match(words.stdout, /^Since .*: 3 hits of 2 mails judged; 3 would get another verdict\.\n/);
  assert.match(words.stdout, /\n  clicked +0 +1 +\+1\n[^]*Nothing was changed; --apply does it\.\n$/);
  if (beside) assert.notDeepEqual(await numbers(server, ids[0]), right[0], "nothing was written");
  assert_report(await run("--apply"), true);
  const again = await run("--apply");
  assert.deepEqual([again.hits, again.changed, again.before, again.after], [3, 0, AFTER, AFTER]);
  if (beside) assert.match(server.log, /events\.rejudged_by_command hits=3 changed=3 status=ok/);
  else await server.start();
  for (const [i, id] of ids.entries()) {
    assert.deepEqual(await numbers(server, id), right[i]);
    assert.deepEqual(await verdicts(server, id), events[i]);
  }
  const corrections = await server.events(`message=${ids[0]}&type=event.corrected`);
  assert.ok(corrections.some((e) => e.corrects === events[0][0][0] && e.previous.actor === "scanner"));
}

for (const beside of [true, false])
  test(`verdicts of older rules are put right ${beside ? "by a running server" : "while no server runs"}`, async (t) => {
    const server = await start_server(t);
    await put_right(server, beside, (statement) => sql(t, server.data, statement));
  });

test("the same on PostgreSQL, with and without a server", { skip: no_postgres }, async (t) => {
  for (const beside of [true, false]) {
    const server_of = { current: null };
    t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
    const postgres = await start_postgres(t);
    const env = { PUGMARK_STORE_URL: postgres.url };
    const server = (server_of.current = await start_server(t, { env }));
    await put_right(server, beside, (statement) => (postgres.query(statement), true), env);
  }
});

test("an operator's list that came later is used, and one that cannot be read stops it", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } });
  const { id } = await server.send();
  const says_apple = { "x-forwarded-for": "203.0.113.77", "user-agent": "Mozilla/5.0" };
  await server.get(pixel_of(await server.preview(id)), says_apple);
  const [before] = await server.events_of(id, 1, HITS);
  assert.deepEqual([before.actor, before.mpp], ["prefetch", true]);
  await server.stop();

  const list = join(server.data, "egress.csv");
  const env = { PUGMARK_JUDGE_APPLE_EGRESS_FILE: list };
  const rejudge = (...more) => pugmark(["rejudge", "--data", server.data, "--since", "1d", "--json", ...more], { env });
  writeFileSync(list, "<html>\n");
  const refused = await rejudge("--apply");
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^pugmark rejudge: [^\n]*egress[^\n]*\n$/);
  writeFileSync(list, "172.224.224.0/27,US,US-CA,\n");
  assert.deepEqual(JSON.parse((await rejudge()).stdout).opens, { prefetch: { scanner: 1 } });
  server.options.env = env;
  await server.start();
  assert.deepEqual(JSON.parse((await rejudge("--apply")).stdout).opens, { prefetch: { scanner: 1 } });
  const [after] = await server.events_of(id, 1, HITS);
  assert.deepEqual([after.actor, after.mpp, after.reasons], ["scanner", false, ["agent:bare_mozilla"]]);
  assert.equal((await server.api("GET", "/stats/summary")).body.opens_mpp, 0);
});

test("rejudge wants to know since when, and a data directory", async (t) => {
  const server = await start_server(t);
  for (const since of [[], ["--since="], ["--since", "yesterday"], ["--since", "0d"], ["--since", "2026-13-01"]]) {
    const { code, stdout, stderr } = await pugmark(["rejudge", "--data", server.data, ...since]);
    assert.deepEqual([code, stdout], [2, ""], since.join(" "));
    assert.match(stderr, /^pugmark rejudge: --since is [^\n]+\n$/);
  }
  for (const since of ["2020-01-01", "2020-01-01T12:00:00Z", "36500d"]) {
    const { code, stdout } = await pugmark(["rejudge", "--data", server.data, "--since", since]);
    assert.equal(code, 0);
    assert.match(stdout, /^Since [0-9T:.-]+Z there is nothing to judge\.\n$/);
  }
  const nowhere = await pugmark(["rejudge", "--data", `${server.data}/nowhere`, "--since", "1d"]);
  assert.deepEqual([nowhere.code, nowhere.stderr.split("\n").length], [1, 2]);
});

// SPDX-License-Identifier: Apache-2.0
// `pugmark verify` finds nothing where nothing is wrong, and each number that was changed; `pugmark migrate` says what it did.
import assert from "node:assert/strict";
import { readdirSync, renameSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { BROWSER_AGENT, links_of, pixel_of, pugmark, start_server } from "../harness/pugmark.mjs";
import { sql } from "../harness/sqlite.mjs";

async function verify(server) {
  const done = await pugmark(["verify", "--json", "--data", server.data], { env: server.options.env });
  assert.equal(done.stderr, "");
  const found = JSON.parse(done.stdout);
  assert.equal(done.code, found.differences ? 1 : 0);
  assert.equal(found.problems.length, found.differences);
  return found;
}

/** Mail that was opened and clicked by people and machines. */
async function some_life(server) {
  for (const campaign of ["spring", "autumn"]) {
    const { id } = await server.send({ campaign: { id: campaign } });
    const html = await server.preview(id);
    for (const agent of [BROWSER_AGENT, "curl/8.0", "Mozilla/5.0"]) {
      await server.get(pixel_of(html), { "user-agent": agent });
      await server.get(links_of(html)[0], { "user-agent": agent });
    }
  }
  await server.settled_events();
}

test("what nobody has touched is as it should be, beside a server and without one", async (t) => {
  const server = await start_server(t);
  await some_life(server);
  const found = await verify(server);
  assert.deepEqual(found.problems, []);
  assert.deepEqual([found.messages, found.pruned], [2, 0]);
  assert.ok(found.events >= 2 * 3);
  await server.stop();
  assert.deepEqual((await verify(server)).problems, []);
});

test("each number that is not what the events say is named", async (t) => {
  const server = await start_server(t);
  await some_life(server);
  await server.stop();
  const damages = [
    ["UPDATE message_counters SET clicks_human = clicks_human + 1 WHERE number = 1", "message", "clicks_human"],
    ["UPDATE message_counters SET first_click_any_at = first_click_any_at + 1 WHERE number = 1", "message", "first_click_any_at"],
    ["UPDATE stats_daily SET delivered = delivered + 1 WHERE campaign_id = 'spring'", "stats_daily", "delivered"],
    ["UPDATE stats_quarter_hourly SET value = value + 2 WHERE kind = 'clicks' AND campaign_id = 'spring'", "stats_quarter_hourly", "clicks"],
  ];
  for (const [statement, where, what] of damages) {
    if (!sql(t, server.data, statement)) return;
    const { problems } = await verify(server);
    assert.ok(problems.some((p) => p.where === where && p.what === what), `${statement}: ${JSON.stringify(problems)}`);
    sql(t, server.data, statement.replace(/([+]) (\d)/, "- $2"));
    assert.deepEqual((await verify(server)).problems, [], "put right again");
  }
  // The right number, in another campaign's row.
  sql(t, server.data, "UPDATE stats_daily SET delivered = delivered + CASE campaign_id WHEN 'spring' THEN 1 ELSE -1 END");
  const { problems } = await verify(server);
  assert.deepEqual(problems.map((p) => [p.what, p.elsewhere]), [["delivered", true]]);
});

test("a journal that is gone, cut or damaged is told with its numbers", async (t) => {
  const server = await start_server(t);
  await some_life(server);
  await server.stop();
  const journal = join(server.data, "journal");
  const [segment] = readdirSync(journal).filter((n) => n.endsWith(".seg") || /^\d/.test(n)).sort();
  const good = readFileSync(join(journal, segment));
  const flipped = Buffer.from(good);
  flipped[4096 + 40] ^= 1; // in the first record
  writeFileSync(join(journal, segment), flipped);
  assert.ok((await verify(server)).problems.some((p) => p.where === "journal" && /is damaged at offset \d+/.test(p.problem)));
  writeFileSync(join(journal, segment), good.subarray(0, 4096)); // its header alone
  assert.ok((await verify(server)).problems.some((p) => p.where === "cursor" && /applied records up to \d+, and the journal ends at 0/.test(p.problem)));
  writeFileSync(join(journal, segment), good);
  renameSync(journal, `${journal}.away`);
  const gone = (await verify(server)).problems;
  assert.match(gone[0].problem, /it is gone; the store has applied records up to \d+/);
  renameSync(`${journal}.away`, journal);
});

test("numbers in PostgreSQL are held against the events, too", { skip: no_postgres }, async (t) => {
  const postgres = await start_postgres(t);
  const server = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url } });
  await some_life(server);
  assert.deepEqual((await verify(server)).problems, []);
  postgres.query("UPDATE stats_daily SET clicks_human = clicks_human + 1");
  const { problems } = await verify(server);
  assert.ok(problems.length > 0 && problems.every((p) => p.what === "clicks_human"), JSON.stringify(problems));
});

test("migrate says from which version to which, and leaves alone what is up to date", async (t) => {
  const server = await start_server(t);
  await server.stop();
  const migrate = async () => JSON.parse((await pugmark(["migrate", "--json", "--data", server.data])).stdout);
  const { to } = await migrate();
  assert.deepEqual(await migrate(), { from: to, to });
});

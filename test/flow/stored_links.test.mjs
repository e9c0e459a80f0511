// SPDX-License-Identifier: Apache-2.0
// Destinations too long for a token are in the store; a click on one depends on nothing else, and on the store only once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { links_of, start_server, until } from "../harness/pugmark.mjs";

const WORKERS = 3; // of the API, for what is not quick
/* The look-up of an unknown destination warns; whatever else notices that the store is away may. */
const STORE_AWAY = {
  warns: [/links\.no_store/],
  may_warn: [/store\.away/, /writer\.failing status=io/, /dispatch\.(store_away|claim)/, /api\.(store_away|no_store)/, /unsubscribe\.not_confirmed/],
};
const long_url = (n) => `https://example.com/${n}?q=${"x".repeat(2500)}`;

async function stored_link(server, n) {
  const { id } = await server.send({ html: `<a href="${long_url(n)}">x</a>` });
  return links_of(await server.preview(id))[0];
}

const location_of = async (server, url) => (await server.get(url)).headers.get("location");

async function start_on_postgres(t, options = {}) {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  const server = (server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url }, ...options }));
  return { postgres, server };
}

/** Whoever asks for this table waits until the end of the test. */
async function hold_table(t, postgres, table) {
  const psql = spawn(join(postgres.bin, "psql"), ["-XAtq", postgres.url], { stdio: ["pipe", "pipe", "ignore"] });
  t.after(() => psql.kill("SIGKILL"));
  let out = "";
  psql.stdout.on("data", (bytes) => (out += bytes));
  psql.stdin.write(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n`);
  await until(() => out.includes("held"), "the lock");
  return psql;
}

test("a click on a stored destination does not wait for the API", { skip: no_postgres }, async (t) => {
  const { postgres, server } = await start_on_postgres(t);
  const link = await stored_link(server, 1);
  const psql = await hold_table(t, postgres, "api_keys");
  let answered = 0;
  const waiting = Array.from({ length: 4 * WORKERS }, () => server.api("GET", "/stats/summary").then(() => answered++, () => answered++));
  await until(
    () => postgres.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0] >= WORKERS,
    "all workers of the API to wait",
  );
  assert.equal(await location_of(server, link), long_url(1));
  assert.equal(answered, 0, "the API was blocked all the while");
  psql.kill("SIGKILL");
  await Promise.all(waiting);
});

test("with the store away a destination that was asked for before is known, and nobody is sent elsewhere", { skip: no_postgres }, async (t) => {
  const { postgres, server } = await start_on_postgres(t, STORE_AWAY);
  const known = await stored_link(server, 1);
  const unknown = await stored_link(server, 2);
  assert.equal(await location_of(server, known), long_url(1));
  await postgres.stop();
  assert.equal(await location_of(server, known), long_url(1));
  const answer = await server.get(unknown);
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers.get("retry-after")) > 0);
  assert.equal(answer.headers.get("location"), null);
  await postgres.start();
  await until(async () => (await location_of(server, unknown)) === long_url(2), "the other one to be followed");
  assert.equal(await server.metric("hits_lost_total"), 0);
});

// SPDX-License-Identifier: Apache-2.0
// A scanner sweeps a mail, a person clicks behind it; two minutes later the numbers are right and followers know why.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server } from "../harness/pugmark.mjs";
import { let_time_pass, let_time_pass_in_postgres, sql } from "../harness/sqlite.mjs";

const OLD_CHROME = "Mozilla/5.0 (Linux; Android 6.0; Nexus 5 Build/MRA58N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 Mobile Safari/537.36";
const HTML = `<body>${[1, 2, 3, 4].map((n) => `<a href="https://example.com/${n}">${n}</a>`).join(" ")}</body>`;
const SECONDS = 200;

const HITS = "type=email.opened,email.clicked";

/** A mail whose pixel and four links a scanner has fetched, two minutes ago. */
async function swept_mail(server, pass_time) {
  const scanner = { "x-forwarded-for": "198.51.100.9", "user-agent": OLD_CHROME };
  const { id } = await server.send({ html: HTML });
  const html = await server.preview(id);
  const links = links_of(html).slice(0, 4);
  await server.get(pixel_of(html), scanner);
  await Promise.all(links.map((url) => server.get(url, scanner)));
  const before = await server.events_of(id, 5, HITS);
  assert.ok(before.every((e) => e.actor === "human" && !e.settled && e.group === null && e.corrects === null));
  assert.equal((await server.message(id)).clicks, 4);
  await server.stop("SIGTERM");
  if (!pass_time()) return null;
  await server.start();
  return { id, links };
}

function assert_swept(hits, corrections) {
  const clicks = hits.filter((e) => e.type === "email.clicked");
  for (const e of hits) {
    const correction = corrections.find((c) => c.corrects === e.id);
    assert.ok(e.actor === "scanner" && e.settled && e.bot && !e.is_unique);
    assert.deepEqual([correction.actor, correction.reasons, correction.why], [e.actor, e.reasons, e.why]);
    assert.equal("why" in correction.previous, false);
    assert.deepEqual([correction.previous.actor, correction.previous.type], ["human", e.type]);
  }
  for (const e of clicks) {
    assert.match(e.reasons.join(" "), /^browser .*burst:links=4,of=4,seconds=\d\.\d/);
    assert.match(e.why, /^a browser by its name · .*all 4 links (at once|in \d(\.\d)? s)/);
    assert.ok(e.group && e.group === clicks[0].group);
  }
  assert.equal(corrections.filter((c) => c.previous.is_unique).length, 2);
}

async function tell_sweep_from_person(server, pass_time) {
  const mail = await swept_mail(server, pass_time);
  if (!mail) return;
  const corrections = await server.events_of(mail.id, 5, "type=event.corrected");
  assert_swept(await server.events(`message=${mail.id}&${HITS}`), corrections);
  await server.get(mail.links[1], { "x-forwarded-for": "192.0.2.77", "user-agent": BROWSER_AGENT });
  const [person] = await server.events_of(mail.id, 6, HITS);
  assert.ok(person.actor === "human" && person.is_unique && !person.settled);
  const message = await server.message(mail.id);
  assert.deepEqual([message.opens, message.machine_opens, message.clicks, message.machine_clicks], [0, 1, 1, 4]);
  const { body } = await server.api("GET", "/stats/summary");
  assert.deepEqual(
    [body.opens_total, body.opens_unique, body.opens_machine, body.clicks_total, body.clicks_unique, body.clicks_machine],
    [0, 0, 1, 1, 1, 4],
  );
}

const TRUST = { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" };

test("a sweep is told from a person after two minutes, in events, counters and sums", async (t) => {
  const server = await start_server(t, { env: TRUST });
  await tell_sweep_from_person(server, () => let_time_pass(SECONDS).every((statement) => sql(t, server.data, statement)));
});

test("the same with PostgreSQL for a store", { skip: no_postgres }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  const server = (server_of.current = await start_server(t, { env: { ...TRUST, PUGMARK_STORE_URL: postgres.url } }));
  await tell_sweep_from_person(server, () => {
    for (const statement of let_time_pass_in_postgres(SECONDS)) postgres.query(statement);
    return true;
  });
});

// SPDX-License-Identifier: Apache-2.0
// A scanner sweeps a mail, a person clicks behind it; two minutes later the numbers are right and followers know why.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { BROWSER_AGENT, links_of, pixel_of, start_server } from "../harness/pugmark.mjs";

const OLD_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 Safari/537.36";
const HTML = `<body>${[1, 2, 3, 4].map((n) => `<a href="https://example.com/${n}">${n}</a>`).join(" ")}</body>`;
const SECONDS = 200;

/** Everything that is in the store happened so much earlier; false when there is nothing to change it with. */
function let_time_pass(t, file) {
  const columns = {
    email_events: ["occurred_at"],
    messages: ["created_at", "sent_at", "delivered_at", "first_open_at", "first_open_strict_at", "first_click_at", "last_activity_at"],
    hits_to_settle: ["due_at"],
  };
  const past = Object.entries(columns).map(
    ([table, names]) => `UPDATE ${table} SET ${names.map((n) => `${n} = ${n} - ${SECONDS}000000`).join(", ")}`,
  );
  const with_sqlite = spawnSync("sqlite3", [file, past.join(";")], { encoding: "utf8" });
  if (!with_sqlite.error) return assert.equal(with_sqlite.status, 0, with_sqlite.stderr), true;
  const script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()";
  const with_python = spawnSync("python3", ["-c", script, file, past.join(";")], { encoding: "utf8" });
  if (!with_python.error) return assert.equal(with_python.status, 0, with_python.stderr), true;
  t.skip("neither sqlite3 nor python3 is there");
  return false;
}

const HITS = "type=email.opened,email.clicked";

/** A mail whose pixel and four links a scanner has fetched, two minutes ago. */
async function swept_mail(t, server) {
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
  if (!let_time_pass(t, join(server.data, "pugmark.db"))) return null;
  await server.start();
  return { id, links };
}

function assert_swept(hits, corrections) {
  const clicks = hits.filter((e) => e.type === "email.clicked");
  for (const e of hits) {
    const correction = corrections.find((c) => c.corrects === e.id);
    assert.ok(e.actor === "scanner" && e.settled && e.bot && !e.is_unique);
    assert.deepEqual([correction.actor, correction.reasons], [e.actor, e.reasons]);
    assert.deepEqual([correction.previous.actor, correction.previous.type], ["human", e.type]);
  }
  for (const e of clicks) {
    assert.match(e.reasons.join(" "), /^browser burst:links=4,of=4,seconds=\d\.\d/);
    assert.ok(e.group && e.group === clicks[0].group);
  }
  assert.equal(corrections.filter((c) => c.previous.is_unique).length, 2);
}

test("a sweep is told from a person after two minutes, in events, counters and sums", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } });
  const mail = await swept_mail(t, server);
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
});

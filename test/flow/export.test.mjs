// SPDX-License-Identifier: Apache-2.0
// Exports of any size: whole or visibly broken, made no faster than they are read, and never in memory as a whole.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect } from "node:net";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { test } from "../harness/flow.mjs";
import { mail, pugmark, start_server, until } from "../harness/pugmark.mjs";
import { sql } from "../harness/sqlite.mjs";

/** More than any connection takes before somebody reads, and more than was ever answered at once. */
const SOME = 5000, MANY = 17000;
/** Stands in each event of the message, which then has more than four kilobytes. */
const NOTE = "n".repeat(3600);
const LARGE = 64 << 20;
const PERSON = { contact: { id: "crm-1" }, to: { email: "ann@example.com" }, metadata: { note: NOTE } };

/** The first event of the store again and again, behind all that are there. */
const multiply = (count) => [
  `INSERT INTO events (position, tenant_id, occurred_at, flags, message, node, sequence)
   WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   SELECT 1000000 + i, tenant_id, occurred_at, flags, message, 1, 1000000 + i FROM n, (SELECT * FROM events ORDER BY position LIMIT 1) e`,
];

async function start_with_events(t, count, options) {
  const server = await start_server(t, options);
  await server.send(PERSON);
  await server.stop();
  const statements = [...multiply(count), `UPDATE counters SET value = ${1000000 + count} WHERE name = 'event_position'`];
  if (!statements.every((statement) => sql(t, server.data, statement))) return null;
  return server.start();
}

const authorization = (server) => ({ authorization: `Bearer ${server.made.api_key}` });

/** The answer's head has come; its body is still to be read. */
const open = (server, path, headers = authorization(server)) =>
  new Promise((resolve, reject) => {
    const request = get(`${server.base}/api/v1${path}`, { headers, agent: false }, resolve);
    request.once("error", reject);
  });

/** Reads to the end; { text, error }. `look` is called now and then on the way. */
async function read(response, look = () => {}) {
  const parts = [];
  try {
    for await (const part of response) {
      parts.push(part);
      look();
    }
  } catch (error) {
    return { text: Buffer.concat(parts).toString(), error };
  }
  return { text: Buffer.concat(parts).toString(), error: null };
}

/** Bytes of memory that the server has now. */
const memory_of = (server) => Number(readFileSync(`/proc/${server.child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) * 1024;

const lines_of = (text) => text.split("\n").slice(0, -1).map((line) => JSON.parse(line));

test("exports beyond 64 MiB are whole, and the server stays as small as it was", async (t) => {
  const server = await start_with_events(t, MANY);
  if (!server) return;
  await server.api("GET", "/contacts/crm-1");
  const before = memory_of(server);
  let most = before;
  const look = () => (most = Math.max(most, memory_of(server)));

  const person = await open(server, "/contacts/crm-1/export");
  assert.equal(person.headers["transfer-encoding"], "chunked");
  assert.match(person.headers["content-disposition"], /^attachment; filename="contact.json"/);
  const { text, error } = await read(person, look);
  assert.equal(error, null);
  assert.ok(text.length > LARGE, `${text.length} bytes`);
  const all = JSON.parse(text);
  assert.equal(all.events.filter((event) => event.type === "email.queued").length, MANY + 1);
  assert.equal(new Set(all.events.map((event) => event.id)).size, all.events.length);
  assert.deepEqual([all.contact.id, all.suppressed, all.messages.length], ["crm-1", null, 1]);

  const stream = await open(server, "/events/export");
  assert.match(stream.headers["content-type"], /^application\/x-ndjson/);
  const exported = await read(stream, look);
  assert.equal(exported.error, null);
  assert.deepEqual(lines_of(exported.text), all.events, "there is nobody else");

  assert.ok(most - before < LARGE / 2, `it grew by ${most - before} bytes`);
  assert.equal(await server.metric("http_memory_bytes"), 0);
});

test("who reads slowly holds no worker, gets what was there when he asked, and who leaves ends it", async (t) => {
  const server = await start_with_events(t, SOME);
  if (!server) return;
  const slow = await Promise.all(Array.from({ length: 12 }, () => open(server, "/events/export")));
  t.after(() => slow.forEach((response) => response.destroy()));
  const held = await server.metric("http_memory_bytes");
  assert.ok(held > 0 && held <= 12 * (1 << 20), `${held} bytes are held`);
  const later = await server.send({ to: { email: "later@example.com" } });
  assert.equal((await server.api("GET", "/messages")).body.data.length, 2);

  const [reader, ...others] = slow;
  others.forEach((response) => response.destroy());
  const { text, error } = await read(reader);
  assert.equal(error, null);
  const events = lines_of(text);
  assert.equal(events.filter((event) => event.type === "email.queued").length, SOME + 1);
  assert.ok(events.every((event) => event.message_id !== later.id));
  await until(async () => (await server.metric("http_memory_bytes")) === 0, "all of them to end");
});

test("a key that is revoked gets no more of it", async (t) => {
  const server = await start_with_events(t, SOME);
  if (!server) return;
  const data = ["--data", server.data];
  const { stdout } = await pugmark(["apikey", "add", "--name", "second", ...data]);
  const key = stdout.match(/pmk_[A-Za-z0-9_-]+/)[0];
  const id = (await pugmark(["apikey", "list", ...data])).stdout.match(/^(\S+) .*second/m)[1];
  const response = await open(server, "/events/export?format=csv", { authorization: `Bearer ${key}` });
  assert.equal((await pugmark(["apikey", "revoke", id, ...data])).code, 0);
  const { text, error } = await read(response);
  assert.equal(error?.code, "ECONNRESET", "it must not end as if it were whole");
  assert.ok(text.length < SOME * NOTE.length);
});

test("of a person who is erased on the way nobody gets a short export that looks whole", async (t) => {
  const server = await start_with_events(t, SOME, { warns: [/ api\.answer_cut .*status=not_found/] });
  if (!server) return;
  const response = await open(server, "/contacts/crm-1/export");
  assert.equal((await server.api("DELETE", "/contacts/crm-1")).status, 200);
  const { text, error } = await read(response);
  assert.equal(error?.code, "ECONNRESET");
  assert.ok(text.length < SOME * NOTE.length);
});

/** Everything until the connection ends; { text, error }, as an HTTP/1.0 client sees it. */
const read_plainly = (server, path) =>
  new Promise((resolve) => {
    const parts = [];
    const socket = connect(server.port, "127.0.0.1");
    let error = null;
    socket.write(`GET /api/v1${path} HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer ${server.made.api_key}\r\n\r\n`);
    socket.on("data", (part) => parts.push(part));
    socket.on("error", (e) => (error = e));
    socket.on("close", () => resolve({ text: Buffer.concat(parts).toString(), error }));
  });

test("HTTP/1.0 and HEAD get it, too", async (t) => {
  const server = await start_with_events(t, SOME);
  if (!server) return;
  const { text, error } = await read_plainly(server, "/events/export?type=email.queued");
  assert.equal(error, null);
  const [head, body] = [text.slice(0, text.indexOf("\r\n\r\n")), text.slice(text.indexOf("\r\n\r\n") + 4)];
  assert.doesNotMatch(head, /transfer-encoding|content-length/i);
  assert.equal(lines_of(body).length, SOME + 1);
  const answer = await server.request("HEAD", "/api/v1/events/export", { headers: authorization(server) });
  assert.deepEqual([answer.status, await answer.text()], [200, ""]);
});

/** Cells of a table of comma-separated values, line by line (RFC 4180). */
function cells_of(text) {
  const lines = [[""]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1).splice(-1, 1, quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") lines.at(-1).push("");
    else lines.push([""]);
  }
  return lines.slice(0, -1);
}

test("a table has the same events as the lines of JSON, and nothing in it is a formula", async (t) => {
  const server = await start_server(t);
  const tricky = '=HYPERLINK("http://evil.example","x")';
  await server.send({ ...PERSON, campaign: { id: tricky }, metadata: { note: 'a,"b"\n=c' } });
  await server.send({ campaign: { id: "quiet" } });
  const events = lines_of((await server.api("GET", "/events/export")).body);
  const { body, headers } = await server.api("GET", "/events/export?format=csv");
  assert.match(headers.get("content-type"), /^text\/csv/);
  assert.ok(headers.get("content-length"), "a short one has a length");
  const [names, ...rows] = cells_of(body);
  const table = rows.map((row) => Object.fromEntries(row.map((cell, i) => [names[i], cell])));
  assert.deepEqual(table.map((row) => row.id), events.map((event) => event.id));
  for (const [i, row] of table.entries()) {
    const event = events[i];
    assert.deepEqual([row.type, row.occurred_at, row.contact_id], [event.type, event.occurred_at, event.contact.id ?? ""]);
    assert.deepEqual(JSON.parse(row.metadata), event.metadata);
    assert.equal(row.campaign_id, event.campaign_id === tricky ? `'${tricky}` : "quiet");
    for (const cell of Object.values(row)) assert.doesNotMatch(cell, /^\s*[=+@-]/);
  }
  const { body: some } = await server.api("GET", "/events/export?campaign=quiet&type=email.queued"); // one line is JSON
  assert.deepEqual([some.campaign_id, some.type], ["quiet", "email.queued"]);
  const none = await server.api("GET", "/events/export?campaign=none");
  assert.deepEqual([none.status, none.body], [200, ""]);
});

test("a database that is lost on the way breaks the answer off, and does not shorten it", { skip: no_postgres }, async (t) => {
  let server;
  t.after(() => server?.stop("SIGKILL"));
  const postgres = await start_postgres(t);
  const may_warn = [/ store\.away /, / writer\.failing /, / dispatch\.(store_away|claim|recover) /, / api\.store_away /];
  server = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url }, warns: [/ api\.answer_cut /], may_warn });
  await server.send(PERSON);
  multiply(SOME).forEach((statement) => postgres.query(statement));
  postgres.query(`SELECT setval('event_positions', ${1000000 + SOME})`);
  const responses = await Promise.all(["/contacts/crm-1/export", "/events/export"].map((path) => open(server, path)));
  await postgres.stop("SIGKILL");
  for (const { text, error } of await Promise.all(responses.map((response) => read(response)))) {
    assert.equal(error?.code, "ECONNRESET", "it must not end as if it were whole");
    assert.ok(text.length < SOME * NOTE.length);
  }
});

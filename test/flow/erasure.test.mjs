// SPDX-License-Identifier: Apache-2.0
// To be forgotten: what was counted stays, the person is gone, also from the bytes of the database.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, start_server, until } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";

const PERSON = {
  to: { email: "Zora.Quill@Example.com", name: "Zora Quillfeather" },
  subject: "Dear Quillfeather",
  html: '<p>Hello Zora Quillfeather <a href="https://example.com/x?who=zora.quill%40example.com&amp;q=quillfeather">x</a></p>',
  text: "Hello Zora Quillfeather",
  contact: { id: "crm-quill-1", category: "seller" },
  campaign: { id: "spring", name: "Spring" },
  sequence: { id: "s", enrollment: "enrolled-quill", position: 2 },
  headers: { "X-Customer": "Quillfeather" },
  metadata: { note: "quillfeather's house" },
};
const OTHER = { to: { email: "other@example.com", name: "Other" }, html: '<p>Hi <a href="https://example.com/x">x</a></p>' };
const agent = { "user-agent": `${BROWSER_AGENT} Quillbrowser/1` };
const TRACES = /quill/i;

/** Files of the SQLite store that still hold a trace of the person. */
function traces(server) {
  return readdirSync(server.data)
    .filter((name) => name.startsWith("pugmark.db") && !name.endsWith("-shm"))
    .filter((name) => TRACES.test(readFileSync(join(server.data, name)).toString("latin1")));
}

async function use(server, message, headers = { "user-agent": BROWSER_AGENT }) {
  const sent = await server.send(message);
  const html = await server.preview(sent.id);
  await server.get(pixel_of(html), headers);
  await server.get(links_of(html)[0], headers);
  await server.events_of(sent.id, 2, "type=email.opened,email.clicked");
  return { id: sent.id, html };
}

/** All figures that must not change, as one value. */
async function figures(server) {
  const { body } = await server.api("GET", "/stats/summary");
  const events = (await server.settled_events()).map((e) => [e.id, e.type, e.actor, e.is_unique, e.campaign_id, e.link_index]);
  return { body, events: events.filter(([, type]) => type !== "contact.consent") };
}

async function fill(server) {
  const consent = { opens: "full", clicks: "full", method: "asked Quillfeather", text: "Yes, says Quillfeather." };
  await server.api("PUT", "/contacts/crm-quill-1/consent", consent);
  const first = await use(server, PERSON, agent);
  const second = await use(server, { ...PERSON, contact: undefined }, agent); // called by the address
  for (let i = 0; i < 5; i++) await use(server, { ...OTHER, to: { email: `other-${i}@example.com` } });
  return { first, second };
}

/** Mail to many, so that pages of the database were split and hold old copies. */
async function send_many(server) {
  const messages = Array.from({ length: 600 }, (_, i) => mail(i % 3 ? { ...OTHER, subject: `S ${i}` } : { ...PERSON, subject: `Quillfeather ${i}` }));
  for (let i = 0; i < messages.length; i += 100) {
    const { status } = await server.api("POST", "/messages/batch", { messages: messages.slice(i, i + 100) });
    assert.ok(status < 300, String(status));
  }
  await until(async () => (await server.metric("mails_sent_total")) >= messages.length, "all to be sent");
  await server.settled_events();
}

const erase = (server, id = "crm-quill-1") => server.api("DELETE", `/contacts/${id}`);

test("after an erasure nothing in the database's files names the person, and every figure is as it was", async (t) => {
  const server = await start_server(t);
  const { first, second } = await fill(server);
  assert.deepEqual(traces(server).length > 0, true, "the test would see him");
  const before = await figures(server);
  const answer = await erase(server);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.messages, 2);
  assert.ok(answer.body.events >= 10);
  assert.deepEqual(answer.body.same_address, []);
  assert.deepEqual(await figures(server), before);
  await until(() => traces(server).length === 0, "the files to be clean");
  for (const { id } of [first, second]) {
    const message = await server.message(id);
    assert.deepEqual([message.to, message.contact_id, message.subject, message.metadata, message.body_kept], [null, null, "", null, false]);
    assert.deepEqual([message.opens, message.clicks], [1, 1], "counters stay");
    assert.deepEqual([message.timeline.length > 0, message.timeline.every((e) => e.contact === null)], [true, true]);
    assert.doesNotMatch(JSON.stringify(message), TRACES);
  }
  assert.equal((await server.api("GET", "/contacts/crm-quill-1")).status, 404);
  assert.equal((await server.api("GET", "/contacts/zora.quill@example.com")).status, 404);
  assert.equal((await erase(server)).status, 404, "twice");
  assert.equal((await server.api("GET", `/contacts/other-1@example.com`)).status, 200, "nobody else");
  assert.ok(await server.preview((await server.api("GET", "/messages?contact=other-1@example.com")).body.data[0].id));
  await server.stop();
  assert.deepEqual(traces(server), [], "and after the end");
});

test("no old copy of him is left where the database has moved its rows about", async (t) => {
  const server = await start_server(t);
  await send_many(server);
  assert.equal((await erase(server)).body.messages, 200);
  await until(() => traces(server).length === 0, "the files to be clean");
  assert.equal((await server.api("GET", "/stats/summary")).body.sends, 600);
  await server.stop();
  assert.deepEqual(traces(server), []);
  await server.start();
  assert.equal((await server.send({}, null)).status, "queued", "the store works");
});

test("late hits of the forgotten are counted for nobody, links work, and he is not mailed again", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } });
  const { first } = await fill(server);
  assert.equal((await erase(server)).status, 200);
  const before = (await server.api("GET", "/stats/summary")).body;
  const late = { "user-agent": `${BROWSER_AGENT} Quillbrowser/2`, "x-forwarded-for": "203.0.113.99" };
  await server.get(pixel_of(first.html), late);
  const click = await server.get(links_of(first.html)[0], late);
  assert.equal(click.headers.get("location"), "https://example.com/x?who=zora.quill%40example.com&q=quillfeather");
  await server.settled_events();
  const after = (await server.api("GET", "/stats/summary")).body;
  assert.deepEqual([after.opens_total, after.clicks_total], [before.opens_total + 1, before.clicks_total + 1]);
  const [last] = await server.events("type=email.clicked");
  assert.deepEqual([last.contact, last.ip, last.user_agent, last.token, last.destination_url], [null, null, null, null, null]);
  await until(() => traces(server).length === 0, "the files to be clean");
  assert.equal((await server.send({ to: { email: "ZORA.quill@example.com" } }, null)).status, "suppressed");
  assert.equal((await server.send({ to: { email: "zora.quil@example.com" } }, null)).status, "queued");
});

test("mail that waits is canceled; contacts with the same address are named and left alone", async (t) => {
  const server = await start_server(t);
  const send_at = new Date(Date.now() + 3600000).toISOString();
  const waiting = await server.send({ ...PERSON, send_at }, "scheduled");
  await server.send({ ...PERSON, send_at, contact: { id: "crm-2" } }, "scheduled");
  const { body } = await erase(server);
  assert.deepEqual(body.same_address, ["crm-2"]);
  assert.equal((await server.message(waiting.id)).status, "canceled");
  assert.equal((await server.api("GET", "/queue")).body.scheduled, 1);
  assert.equal((await server.api("GET", "/contacts/crm-2")).body.name, "Zora Quillfeather");
});

test("what a contact with the same address has read stays, where the erased had read it too", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } });
  await use(server, PERSON, agent);
  const kept = await use(server, { ...PERSON, contact: { id: "crm-2" } }, { "user-agent": `${BROWSER_AGENT} Family/1` });
  const shown = async () => (await server.events(`message=${kept.id}&type=email.clicked`)).map((e) => [e.destination_url, e.user_agent]);
  const before = await shown();
  assert.deepEqual((await erase(server)).body.same_address, ["crm-2"]);
  assert.deepEqual(before, [["https://example.com/x?who=zora.quill%40example.com&q=quillfeather", `${BROWSER_AGENT} Family/1`]]);
  assert.deepEqual(await shown(), before);
  assert.equal((await erase(server, "crm-2")).status, 200);
  await until(() => traces(server).length === 0, "the files to be clean");
});

test("an unsubscribed address stays unsubscribed, for the reason it had", async (t) => {
  const server = await start_server(t);
  const sent = await server.send({ ...PERSON, stream: "bulk" });
  const eml = readFileSync(join(server.data, "outbox", `${sent.id}.eml`), "utf8").replace(/\r?\n[ \t]/g, " ");
  const url = eml.match(/<(http[^>]*\/u\/[A-Za-z0-9_-]+)>/)[1];
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const unsubscribe = () => server.request("POST", url, { headers, body: "List-Unsubscribe=One-Click" });
  assert.equal((await unsubscribe()).status, 200);
  await server.settled_events();
  assert.equal((await erase(server)).status, 200);
  assert.equal((await unsubscribe()).status, 200, "once more, of nobody");
  await server.settled_events();
  await until(() => traces(server).length === 0, "the files to be clean");
  const next = await server.send({ to: { email: "zora.quill@example.com" } }, "suppressed");
  assert.equal((await server.message(next.id)).error, "unsubscribed");
});

test("the export has everything that is known of a person and nothing of anybody else", async (t) => {
  const server = await start_server(t);
  const { first } = await fill(server);
  const { status, body, headers } = await server.api("GET", "/contacts/crm-quill-1/export");
  assert.equal(status, 200);
  assert.match(headers.get("content-disposition"), /^attachment/);
  assert.equal(body.contact.email, "Zora.Quill@example.com");
  assert.equal(body.contact.consent_history[0].text, "Yes, says Quillfeather.");
  assert.equal(body.suppressed, null);
  assert.deepEqual(body.messages.map((m) => m.id), [first.id]);
  const [message] = body.messages;
  assert.deepEqual(
    [message.to.name, message.subject, message.metadata.note, message.category, message.enrollment, message.text],
    ["Zora Quillfeather", PERSON.subject, PERSON.metadata.note, "seller", "enrolled-quill", PERSON.text],
  );
  assert.equal(message.html, PERSON.html);
  const types = body.events.map((e) => e.type);
  for (const type of ["contact.consent", "email.queued", "email.opened", "email.clicked"]) assert.ok(types.includes(type), type);
  const open = body.events.find((e) => e.type === "email.opened");
  assert.deepEqual([open.ip, open.user_agent], ["127.0.0.1", agent["user-agent"]]);
  assert.doesNotMatch(JSON.stringify(body), /other-\d@example/);
  assert.equal((await server.api("GET", "/contacts/nobody/export")).status, 404);
});

test("PostgreSQL forgets as well", { skip: no_postgres }, async (t) => {
  let server;
  t.after(() => server?.stop("SIGKILL"));
  const postgres = await start_postgres(t);
  server = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url } });
  await fill(server);
  const before = await figures(server);
  const answer = await erase(server);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.messages, 2);
  assert.deepEqual(await figures(server), before);
  const tables = postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").flat();
  assert.ok(tables.includes("contact_consents"));
  for (const table of tables)
    assert.deepEqual(postgres.query(`SELECT * FROM ${table} x WHERE x::text ILIKE '%quill%'`), [], table);
  assert.equal((await server.send({ to: { email: "ZORA.quill@example.com" } }, null)).status, "suppressed");
});

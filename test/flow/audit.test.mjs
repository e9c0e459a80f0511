// SPDX-License-Identifier: Apache-2.0
// Who changed what: every change leaves an entry, and no entry undoes an erasure.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, pugmark, start_server } from "../harness/pugmark.mjs";

/** Accounts have a test of their own; they are changed by every start and every sign-in. */
const is_of_accounts = (e) => /^(user|api_key|session)\./.test(e.action) || (e.action === "tenant.added" && e.subject === "tenant:default");
const whole_audit = async (server, query = "") => (await server.api("GET", `/audit?${query}`)).body.data;
const audit = async (server, query) => (await whole_audit(server, query)).filter((e) => !is_of_accounts(e));
const encoded = encodeURIComponent;

/** The console's headers of the first user. */
async function signed_in(server) {
  const { email, password } = server.made;
  const { headers } = await server.api("POST", "/session", { email, password }, { authorization: "" });
  return { authorization: "", cookie: headers.get("set-cookie").split(";")[0], "sec-fetch-site": "same-origin" };
}

test("settings, consent, export, suppressions and erasure are noted, with who it was and what changed", async (t) => {
  const server = await start_server(t);
  const page = await signed_in(server);
  await server.api("PATCH", "/tenants/default", { settings: { opens: "anonymous", events_days: 30 } });
  await server.api("PATCH", "/tenants/default", { settings: { opens: "off" } }, page);
  await pugmark(["tenant", "unset", "default", "opens", "--data", server.data]);
  await server.api("PUT", "/contacts/crm-1", { email: "Ann@example.com" });
  await server.api("PUT", "/contacts/crm-1/consent", { opens: "off", clicks: "off", method: "phone" }, page);
  await server.api("GET", "/contacts/crm-1/export");
  await server.api("PUT", "/campaigns/spring", { name: "Spring" });
  await server.api("PUT", "/campaigns/spring", { track: { opens: "off", clicks: "full" } });
  await server.api("POST", "/suppressions", { address: "Ann@example.com" });
  await server.api("DELETE", "/suppressions/ann%40example.com");

  const entries = await audit(server);
  const key = entries.find((e) => e.actor.startsWith("key:")).actor;
  const user = `user:${server.made.email}`;
  assert.deepEqual(
    entries.map((e) => [e.action, e.actor]).reverse(),
    [
      ["tenant.changed", key], ["tenant.changed", user], ["tenant.changed", "command line"], ["consent.changed", user],
      ["contact.exported", key], ["campaign.limited", key], ["suppression.added", key], ["suppression.removed", key],
    ],
  );
  assert.deepEqual(entries.at(-1).details, { opens: { from: null, to: "anonymous" }, events_days: { from: null, to: "30" } });
  assert.deepEqual(entries.at(-2).details, { opens: { from: "anonymous", to: "off" } });
  assert.deepEqual(entries.at(-3).details, { opens: { from: "off", to: null } });
  assert.deepEqual([entries.at(-1).subject, entries.at(-1).tenant], ["tenant:default", "default"]);
  assert.deepEqual([entries[2].subject, entries[2].details], ["campaign:spring", { opens: "off", clicks: "full" }]);
  assert.deepEqual(entries[0].details, { reason: "manual", why: null });

  assert.deepEqual((await audit(server, "person=crm-1")).map((e) => e.action), ["contact.exported", "consent.changed"]);
  assert.equal((await audit(server, "person=ANN%40example.com")).length, 2, "an address in any case");
  assert.deepEqual(await audit(server, "person=crm-2"), []);
  assert.equal((await audit(server, "action=tenant.changed")).length, 3);
  assert.ok(!JSON.stringify(entries).includes("ann@"), "no address in it");
});

test("accounts are noted: whoever changes them, and whether or not a server runs", async (t) => {
  const server = await start_server(t);
  const data = ["--data", server.data];
  const { email } = server.made;
  const page = await signed_in(server);
  await server.api("DELETE", "/session", undefined, page);
  assert.equal((await server.api("GET", "/me", undefined, page)).status, 401);
  await pugmark(["user", "add", "Ann@Example.com", "--role", "admin", ...data]);
  const { stdout } = await pugmark(["apikey", "add", "--name", "crm", ...data]);
  const secret = stdout.match(/pmk_\S+/)[0];
  const key = (await whole_audit(server, "action=api_key.added"))[0];
  assert.deepEqual(key.details, { name: "crm", prefix: secret.slice(0, 10), scopes: ["send", "read", "admin", "track"] });
  await server.stop();
  await pugmark(["user", "passwd", "ann@example.com", ...data]);
  await pugmark(["apikey", "revoke", key.subject.slice("api_key:".length), ...data]);
  assert.equal((await pugmark(["user", "add", "ann@example.com", ...data])).code, 1);
  await server.start();
  const entries = await whole_audit(server);
  assert.deepEqual(
    entries.map((e) => [e.action, e.actor]).reverse(),
    [
      ["tenant.added", "command line"], ["user.added", "command line"], ["api_key.added", "command line"],
      ["session.started", `user:${email}`], ["session.ended", `user:${email}`],
      ["user.added", "command line"], ["api_key.added", "command line"],
      ["user.password_set", "command line"], ["api_key.revoked", "command line"],
    ],
  );
  assert.deepEqual([entries[3].subject, entries[3].details], ["user:ann@example.com", { role: "admin" }]);
  assert.equal((await server.api("GET", "/queue", undefined, { authorization: `Bearer ${secret}` })).status, 401);
  assert.ok(!JSON.stringify(entries).includes(secret), "no secret in it");
  assert.ok(!JSON.stringify(entries).includes("argon2"), "and no hash of one");
});

test("a refused change leaves no entry", async (t) => {
  const server = await start_server(t);
  assert.equal((await server.api("PATCH", "/tenants/default", { settings: { events_days: 9999 } })).status, 422);
  assert.equal((await server.api("DELETE", "/suppressions/nobody%40example.com")).status, 404);
  assert.equal((await server.api("DELETE", "/contacts/nobody")).status, 404);
  assert.deepEqual(await audit(server), []);
});

test("pages follow each other without gap or repeat, and each tenant has its own", async (t) => {
  const server = await start_server(t);
  for (let days = 1; days <= 5; days++) await server.api("PATCH", "/tenants/default", { settings: { events_days: days } });
  await server.api("POST", "/tenants", { name: "acme" });
  const seen = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await server.api("GET", `/audit?limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.data.filter((e) => !is_of_accounts(e)));
    cursor = body.next;
  }
  assert.deepEqual(seen.map((e) => e.details.events_days.to).sort(), ["1", "2", "3", "4", "5"]);
  assert.deepEqual((await audit(server, "tenant=acme")).map((e) => [e.action, e.tenant]), [["tenant.added", "acme"]]);
  const { stdout } = await pugmark(["apikey", "add", "--tenant", "acme", "--data", server.data]);
  const acme = { authorization: `Bearer ${stdout.match(/pmk_\S+/)[0]}` };
  assert.deepEqual((await server.api("GET", "/audit", undefined, acme)).body.data.map((e) => e.action), ["api_key.added", "tenant.added"]);
  assert.equal((await server.api("GET", "/audit?tenant=default", undefined, acme)).status, 403);
});

/** A press of the unsubscribe button by a scanner, which is held. */
async function held(server) {
  const sent = await server.send({ stream: "bulk" });
  const eml = readFileSync(join(server.data, "outbox", `${sent.id}.eml`), "utf8");
  const headers = { "user-agent": "Proofpoint", "content-type": "application/x-www-form-urlencoded" };
  await server.request("POST", eml.match(/\/u\/[A-Za-z0-9_-]+/)[0], { headers, body: "action=unsubscribe" });
  await server.settled_events();
  return sent.id;
}

test("decisions about held unsubscribes are noted, by message", async (t) => {
  const server = await start_server(t);
  const first = await held(server);
  assert.equal((await server.api("POST", `/unsubscribes/held/${first}/dismiss`)).status, 200);
  assert.equal((await server.api("POST", `/unsubscribes/held/${first}/dismiss`)).status, 409);
  const second = await held(server);
  assert.equal((await server.api("POST", `/unsubscribes/held/${second}/confirm`)).status, 200);
  assert.deepEqual(
    (await audit(server)).map((e) => [e.action, e.subject]),
    [["unsubscribe.confirmed", `message:${second}`], ["unsubscribe.dismissed", `message:${first}`]],
  );
});

test("after an erasure the audit says that it happened and holds nothing of the person", async (t) => {
  const server = await start_server(t);
  const who = { address: "ann.unique@example.com", why: "Ann Unique-Name telephoned" };
  await server.api("PUT", "/contacts/crm-ann-1", { email: who.address });
  const consent = { opens: "off", clicks: "off", method: "told to Ann Unique-Name" };
  await server.api("PUT", "/contacts/crm-ann-1/consent", consent);
  await server.api("POST", "/suppressions", who);
  await server.api("DELETE", `/suppressions/${encoded(who.address)}`);
  assert.equal((await audit(server, "person=crm-ann-1"))[0].details.consent_method, consent.method);
  assert.equal((await server.api("DELETE", "/contacts/crm-ann-1")).status, 200);

  for (const name of ["crm-ann-1", who.address]) {
    const [erased, ...before] = await audit(server, `person=${encoded(name)}`);
    assert.equal(erased.action, "contact.erased", name);
    assert.match(erased.actor, /^key:/);
    assert.ok(before.length > 0 && before.every((e) => e.details === null), "what was typed is gone");
  }
  await server.stop();
  for (const file of readdirSync(server.data).filter((name) => name.startsWith("pugmark.db"))) {
    const bytes = readFileSync(join(server.data, file)).toString("latin1");
    for (const word of ["crm-ann-1", "ann.unique", "Unique-Name"]) assert.ok(!bytes.includes(word), `${word} in ${file}`);
  }
});

/* ---- The list of addresses that get no mail */

const state_of = async (server, address) => {
  const sent = await server.send({ to: { email: address } }, null);
  return sent.status;
};

test("staff add an address, see it, and take it out again", async (t) => {
  const server = await start_server(t);
  const added = await server.api("POST", "/suppressions", { address: "Reader@Example.com" });
  assert.deepEqual([added.status, added.body.address, added.body.reason], [201, "reader@example.com", "manual"]);
  assert.equal((await server.api("POST", "/suppressions", { address: "reader@example.com", reason: "complaint" })).body.reason, "manual");
  assert.equal(await state_of(server, "reader@example.com"), "suppressed");
  const removed = await server.api("DELETE", "/suppressions/READER%40example.com");
  assert.deepEqual([removed.status, removed.body.reason], [200, "manual"]);
  assert.equal(await state_of(server, "reader@example.com"), "queued");
  assert.equal((await server.api("DELETE", "/suppressions/reader%40example.com")).status, 404);
  for (const body of [{}, { address: "none" }, { address: "a@example.com", reason: "bored" }, { address: "a@example.com", more: 1 }])
    assert.equal((await server.api("POST", "/suppressions", body)).status, 422, JSON.stringify(body));
});

test("what the recipient brought about goes only with a reason, which the audit keeps", async (t) => {
  const server = await start_server(t);
  const sent = await server.send({ stream: "bulk" });
  const eml = readFileSync(join(server.data, "outbox", `${sent.id}.eml`), "utf8");
  const headers = { "user-agent": BROWSER_AGENT, "content-type": "application/x-www-form-urlencoded" };
  await server.request("POST", eml.match(/\/u\/[A-Za-z0-9_-]+/)[0], { headers, body: "List-Unsubscribe=One-Click" });
  await server.settled_events();
  const [row] = (await server.api("GET", "/suppressions?reason=unsubscribed")).body.data;
  assert.deepEqual([row.address, row.message_id], ["reader@example.com", sent.id]);
  const path = "/suppressions/reader%40example.com";
  const refused = await server.api("DELETE", path);
  assert.equal(refused.status, 422);
  assert.match(refused.body.detail, /unsubscribed.*'why'/);
  assert.equal(await state_of(server, "reader@example.com"), "suppressed");
  const why = "Signed up again, form of 2026-11-20";
  assert.equal((await server.api("DELETE", `${path}?why=${encoded(why)}`)).body.reason, "unsubscribed");
  assert.equal(await state_of(server, "reader@example.com"), "queued");
  assert.deepEqual((await audit(server))[0].details, { reason: "unsubscribed", why });
});

test("the list goes on page by page, and shows no address of the erased", async (t) => {
  const server = await start_server(t);
  for (const name of ["c", "a", "d", "b"]) await server.api("POST", "/suppressions", { address: `${name}@example.com` });
  const seen = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await server.api("GET", `/suppressions?limit=3${cursor && `&cursor=${encoded(cursor)}`}`);
    seen.push(...body.data.map((row) => row.address[0]));
    cursor = body.next;
  }
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
  await server.api("PUT", "/contacts/crm-1", { email: "b@example.com" });
  assert.equal((await server.api("DELETE", "/contacts/crm-1")).status, 200);
  const [row] = (await server.api("GET", "/suppressions?address=B%40example.com")).body.data;
  assert.deepEqual([row.address, row.reason], [null, "manual"]);
  assert.ok((await server.api("GET", "/suppressions")).body.data.every((r) => r.address !== "b@example.com"));
});

test("who sees only what he sent sees neither list, and a reader changes nothing", async (t) => {
  const server = await start_server(t);
  const { stdout } = await pugmark(["user", "add", "rep@example.com", "--role", "sales_rep", "--data", server.data]);
  const password = stdout.match(/Password +(\S+)/)[1];
  server.made = { ...server.made, email: "rep@example.com", password };
  const page = await signed_in(server);
  for (const [method, path, body] of [
    ["GET", "/suppressions"], ["POST", "/suppressions", { address: "a@example.com" }], ["DELETE", "/suppressions/a%40example.com"],
    ["GET", "/audit"], ["PATCH", "/tenants/default", { settings: { opens: "off" } }], ["GET", "/tenants"],
  ])
    assert.equal((await server.api(method, path, body, page)).status, 403, `${method} ${path}`);
});

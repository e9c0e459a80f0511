// SPDX-License-Identifier: Apache-2.0
// What a contact agrees to: kept with its proof, the most restrictive wins, and withdrawal holds for old mail.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, pugmark, start_server } from "../harness/pugmark.mjs";

const agent = { "user-agent": BROWSER_AGENT };
const YES = { opens: "full", clicks: "full", method: "signup form", text: "Yes, you may see what I read." };
const consent = (server, id, over) => server.api("PUT", `/contacts/${encodeURIComponent(id)}/consent`, { ...YES, ...over });
const hits = (server, id) => server.settled_events(`message=${id}&type=email.opened,email.clicked`);

test("every consent is kept with when, how, what text and by whom, and told as an event", async (t) => {
  const server = await start_server(t);
  assert.equal((await server.api("GET", "/contacts/crm-1")).status, 404);
  const before = Date.now();
  const { status, body } = await consent(server, "crm-1");
  assert.equal(status, 200);
  const withdrawn = await consent(server, "crm-1", { opens: "off", clicks: "anonymous", method: "phone", text: undefined });
  assert.equal(withdrawn.status, 200);
  const contact = (await server.api("GET", "/contacts/crm-1")).body;
  assert.deepEqual(contact.consent, { opens: "off", clicks: "anonymous" });
  assert.deepEqual(
    contact.consent_history.map(({ at, ...rest }) => rest),
    [
      { opens: "full", clicks: "full", method: "signup form", text: YES.text, by: contact.consent_history[0].by },
      { opens: "off", clicks: "anonymous", method: "phone", text: null, by: contact.consent_history[0].by },
    ],
  );
  assert.match(contact.consent_history[0].by, /^key:./);
  assert.ok(Date.parse(contact.consent_history[0].at) >= before - 1000);
  assert.deepEqual(body.consent_history, contact.consent_history.slice(0, 1), "the past is not changed");

  for (const query of ["type=contact.consent", "contact=crm-1"]) {
    const [last, first] = await server.events(query);
    assert.deepEqual([first.type, first.contact.id, first.message_id], ["contact.consent", "crm-1", null], query);
    assert.equal(first.occurred_at, contact.consent_history[0].at);
    assert.deepEqual(
      [last.metadata.consent_opens, last.metadata.consent_clicks, last.metadata.consent_method],
      ["off", "anonymous", "phone"],
    );
  }
  assert.deepEqual(await server.events("contact=crm-2"), [], "nobody else's");
});

test("a yes without what was asked is no proof and is refused; a no needs none", async (t) => {
  const server = await start_server(t);
  assert.equal((await consent(server, "crm-1", { text: undefined })).status, 422);
  assert.equal((await consent(server, "crm-1", { method: undefined })).status, 422);
  assert.equal((await consent(server, "crm-1", { opens: "some" })).status, 422);
  assert.equal((await consent(server, "crm-1", { more: 1 })).status, 422);
  assert.equal((await server.api("GET", "/contacts/crm-1")).status, 404, "nothing was kept");
  assert.equal((await consent(server, "crm-1", { clicks: "off", text: undefined })).status, 200, "less than before");
  assert.equal((await consent(server, "crm-1", { text: undefined })).status, 422, "and back up");
});

test("an address stands for a contact without an id, in whatever case it is written", async (t) => {
  const server = await start_server(t);
  const { body } = await consent(server, "Reader@Example.com", { opens: "off", clicks: "off" });
  assert.equal(body.id, "reader@example.com");
  const sent = await server.send({ to: { email: "READER@example.com" } });
  assert.deepEqual((await server.message(sent.id)).tracked, { opens: "off", clicks: "off" });
});

test("the most restrictive of installation, campaign, contact and request wins", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_TRACKING_OPENS: "anonymous" } });
  const tracked = async (message) => (await server.message((await server.send(message, null)).id)).tracked;
  assert.deepEqual(await tracked({}), { opens: "anonymous", clicks: "full" });
  const limit = { name: "Quiet", track: { opens: "full", clicks: "anonymous" } };
  assert.deepEqual((await server.api("PUT", "/campaigns/quiet", limit)).body.track, limit.track);
  const quiet = { campaign: { id: "quiet" } };
  assert.deepEqual(await tracked(quiet), { opens: "anonymous", clicks: "anonymous" });
  assert.equal((await server.api("GET", "/campaigns/quiet")).body.name, "Quiet", "sending does not rename it");
  await consent(server, "crm-1", { opens: "off" });
  assert.deepEqual(await tracked({ ...quiet, contact: { id: "crm-1" } }), { opens: "off", clicks: "anonymous" });
  assert.deepEqual(await tracked({ track: { clicks: "off" } }), { opens: "anonymous", clicks: "off" });
});

test("asking for more than is allowed is an error that says who forbids it, unless track.clamp asks for less", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_TRACKING_CLICKS: "anonymous" } });
  await server.api("PUT", "/campaigns/quiet", { track: { opens: "anonymous", clicks: "full" } });
  await consent(server, "crm-1", { opens: "off" });
  const send = (over) => server.api("POST", "/messages", mail({ track: { opens: "full", clicks: "full" }, ...over }));
  const refused = await send({ campaign: { id: "quiet" } });
  assert.equal(refused.status, 403);
  assert.deepEqual(refused.body.errors, [
    { pointer: "/track/opens", detail: 'is "full", but the campaign allows only "anonymous"' },
    { pointer: "/track/clicks", detail: 'is "full", but the installation allows only "anonymous"' },
  ]);
  const person = await send({ campaign: { id: "quiet" }, contact: { id: "crm-1" } });
  assert.equal(person.body.errors[0].detail, 'is "full", but the contact allows only "off"');
  assert.deepEqual(await server.events("type=email.queued"), [], "nothing was taken");
  const clamped = await send({ contact: { id: "crm-1" }, track: { opens: "full", clicks: "full", clamp: true } });
  assert.equal(clamped.status, 202);
  assert.deepEqual(
    clamped.body.warnings.filter((text) => text.startsWith("consent:")),
    [
      'consent: The contact allows opens to be tracked only "off".',
      'consent: The installation allows clicks to be tracked only "anonymous".',
    ],
  );
  assert.deepEqual((await server.message(clamped.body.id)).tracked, { opens: "off", clicks: "anonymous" });
});

test("a withdrawal holds for mail that was sent before, a later yes does not", async (t) => {
  const server = await start_server(t);
  const to = { contact: { id: "crm-1" } };
  const sent = await server.send(to);
  const html = await server.preview(sent.id);
  await server.get(pixel_of(html), agent);
  assert.equal((await hits(server, sent.id)).length, 1);
  await consent(server, "crm-1", { opens: "off", clicks: "anonymous" });
  const other = { "user-agent": `${BROWSER_AGENT} again` };
  await server.get(pixel_of(html), other);
  assert.equal((await server.get(links_of(html)[0], other)).status, 302, "a link never dies");
  assert.equal((await hits(server, sent.id)).length, 1, "nothing more of the person");
  const all = await server.settled_events("type=email.opened,email.clicked");
  assert.deepEqual(all.map((e) => e.type), ["email.clicked", "email.opened"], "the open is not recorded at all");
  assert.equal(await server.metric('records_skipped_total\\{reason="no_consent"\\}'), 1);
  assert.equal(await server.metric('records_skipped_total\\{reason="malformed"\\}'), 0);
  const [click] = all;
  assert.deepEqual([click.contact, click.message_id, click.ip, click.user_agent, click.token], [null, null, null, null, null]);
  assert.equal((await server.api("GET", "/stats/summary")).body.clicks_total, 1, "counted");
  assert.equal((await server.message(sent.id)).clicks, 0);

  const quiet = await server.send(to);
  const quiet_html = await server.preview(quiet.id);
  assert.equal((await consent(server, "crm-1")).body.consent.clicks, "full");
  await server.get(links_of(quiet_html)[0], other);
  assert.deepEqual(await hits(server, quiet.id), [], "it was sent with the promise not to");
});

async function sign_in(server, email, role) {
  const made = await pugmark(["user", "add", email, "--role", role, "--data", server.data]);
  const password = made.stdout.match(/^Password +(\S+)/m)?.[1];
  assert.ok(password, made.stdout + made.stderr);
  const { headers } = await server.api("POST", "/session", { email, password }, { authorization: "" });
  const cookie = headers.get("set-cookie").split(";")[0];
  return { authorization: "", cookie, "sec-fetch-site": "same-origin" };
}

test("who sees only what he sent knows only whom he sent to, and his name stands in the proof", async (t) => {
  const server = await start_server(t);
  const partner = await sign_in(server, "partner@example.com", "partner");
  const mine = { sender: "partner@example.com", contact: { id: "crm-1" } };
  await server.send(mine);
  await consent(server, "crm-2");
  const as_partner = (method, path, body) => server.api(method, path, body, partner);
  assert.equal((await as_partner("GET", "/contacts/crm-1")).status, 200);
  assert.equal((await as_partner("GET", "/contacts/crm-2")).status, 404);
  assert.equal((await as_partner("PUT", "/contacts/crm-2/consent", YES)).status, 404);
  assert.equal((await as_partner("PUT", "/contacts/crm-2", { name: "N" })).status, 404);
  const { body } = await as_partner("PUT", "/contacts/crm-1/consent", YES);
  assert.equal(body.consent_history[0].by, "user:partner@example.com");
  assert.equal((await server.api("GET", "/contacts/crm-2")).body.consent_history.length, 1);
  for (const [method, path] of [["DELETE", "/contacts/crm-1"], ["GET", "/contacts/crm-1/export"]])
    assert.equal((await as_partner(method, path)).status, 403, "whom it concerns is for owner and admin");
});

/** Presses the page's button, as the reader of a mail of the outbox. */
async function stop_tracking(server, id) {
  const eml = readFileSync(`${server.data}/outbox/${id}.eml`, "utf8").replace(/\r?\n[ \t]/g, " ");
  const url = eml.match(/<(http[^>]*\/u\/[A-Za-z0-9_-]+)>/)[1];
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  assert.equal((await server.request("POST", url, { headers, body: "action=stop-tracking" })).status, 200);
}

test("stop tracking holds for the person's address too, whatever id the mail was sent with", async (t) => {
  const server = await start_server(t);
  const without_id = await server.send({ to: { email: "READER@example.com" } });
  const html = await server.preview(without_id.id);
  const sent = await server.send({ stream: "bulk", contact: { id: "crm-1" } });
  await stop_tracking(server, sent.id);
  const told = await server.settled_events("type=contact.consent");
  assert.deepEqual(told.map((e) => [e.contact.id, e.message_id]), [["reader@example.com", null], ["crm-1", sent.id]]);
  await server.get(pixel_of(html), agent);
  assert.deepEqual(await hits(server, without_id.id), [], "mail sent before, without an id");
  const next = await server.send({}, null);
  assert.deepEqual((await server.message(next.id)).tracked, { opens: "off", clicks: "off" });
  const other = await server.send({ contact: { id: "crm-2" } }, null);
  assert.equal((await server.message(other.id)).tracked.opens, "full", "another contact with the same address is another");
});

test("the page's stop tracking is kept as the contact's own decision, once", async (t) => {
  const server = await start_server(t);
  const sent = await server.send({ stream: "bulk" });
  for (let i = 0; i < 2; i++) await stop_tracking(server, sent.id);
  const events = await server.settled_events("type=contact.consent");
  assert.equal(events.length, 1);
  assert.equal(events[0].message_id, sent.id);
  const { body } = await server.api("GET", "/contacts/reader%40example.com");
  assert.equal(body.consent_history.length, 1);
  const [{ at, ...proof }] = body.consent_history;
  assert.equal(at, events[0].occurred_at);
  assert.deepEqual(proof, {
    opens: "off", clicks: "off", method: "unsubscribe page", text: "Keep the mail, stop tracking me", by: "contact",
  });
});

// SPDX-License-Identifier: Apache-2.0
// The document at /openapi.json and the server say the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, pugmark, start_server } from "../harness/pugmark.mjs";
import { faults, resolve_reference, undocumented } from "../harness/schema.mjs";

const METHODS = ["get", "post", "put", "patch", "delete"];

async function read_document(server) {
  const answer = await server.get("/openapi.json");
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^application\/json/);
  return answer.json();
}

const routes_of = (document) =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => `${method.toUpperCase()} /api/v1${path}`),
  );

test("every route of the program is in the document, and every path of the document is a route", async (t) => {
  const server = await start_server(t);
  const document = await read_document(server);
  const { stdout } = await pugmark(["help", "routes"]);
  const routes = stdout.trim().split("\n").map((line) => line.replace(/ +/, " "));
  assert.deepEqual(routes_of(document).sort(), routes.sort());
  assert.match(document.openapi, /^3\.1\./);
  assert.match((await pugmark(["--version"])).stdout, new RegExp(document.info.version.replaceAll(".", "\\.")));
});

test("every reference in the document leads somewhere, and operation ids are unique", async (t) => {
  const server = await start_server(t);
  const document = await read_document(server);
  const references = JSON.stringify(document).match(/"#\/[^"]*"/g).map((text) => JSON.parse(text));
  for (const $ref of references) assert.ok(resolve_reference(document, { $ref }), $ref);
  const ids = Object.values(document.paths).flatMap((item) => METHODS.map((m) => item[m]?.operationId).filter(Boolean));
  assert.equal(new Set(ids).size, ids.length);
});

/** Holds an answer against what the document says about it. */
function check(document, method, path, answer) {
  const operation = document.paths[path][method.toLowerCase()];
  const described = operation.responses[answer.status] ?? operation.responses.default;
  assert.ok(described, `${method} ${path} ${answer.status} is described`);
  const content = resolve_reference(document, described).content;
  const type = answer.headers.get("content-type")?.split(";")[0];
  if (!content) return assert.equal(answer.body, "", `${method} ${path} has no body`);
  assert.ok(content[type], `${method} ${path} ${answer.status} may be ${type}`);
  if (!type.includes("json")) return;
  assert.deepEqual(faults(document, content[type].schema, answer.body), [], `${method} ${path} ${answer.status}`);
  assert.deepEqual(undocumented(document, content[type].schema, answer.body), [], `${method} ${path} ${answer.status}`);
}

test("the answers of every route are as the document says", async (t) => {
  const server = await start_server(t);
  const document = await read_document(server);
  const seen = new Set();
  const nobody = "01890000-0000-7000-8000-000000000000";
  async function call(method, path, { id, query = "", body, headers } = {}) {
    const answer = await server.api(method, path.replace("{id}", id) + query, body, headers);
    check(document, method, path, answer);
    if (answer.status < 300) seen.add(`${method} /api/v1${path}`);
    return answer;
  }
  const full = mail({
    campaign: { id: "spring", name: "Spring" }, template: { id: "welcome", name: "Welcome" },
    contact: { id: "crm-17", category: "seller", agent: "agent@example.com" }, sender: "agent@example.com",
    sequence: { id: "nurture", enrollment: "e-1", position: 2 }, stream: "bulk", metadata: { any: ["json", 1, null] },
    attachments: [{ filename: "f.txt", content_type: "text/plain", content: "aGVsbG8=", cid: null }],
  });
  const schema = document.components.schemas.NewMessage;
  assert.deepEqual(faults(document, schema, full), [], "the request is a good one");
  const { body: sent } = await call("POST", "/messages", { body: full });
  await server.message_in(sent.id, "delivered");
  const html = await server.preview(sent.id);
  for (const url of [pixel_of(html), links_of(html)[0]]) await server.get(url, { "user-agent": BROWSER_AGENT });
  const [event] = await server.events_of(sent.id, 2, "type=email.opened,email.clicked");

  await call("POST", "/messages/batch", { body: { messages: [mail(), mail({ subject: "" })] } });
  await call("POST", "/instrument", { body: { from: full.from, to: { email: "x@example.com" }, html: full.html } });
  await call("POST", "/sign", { body: { message: sent.id, url: "https://example.com/x" } });
  await call("POST", "/sign", { body: { message: sent.id } });
  await call("POST", "/lint", { body: { html: full.html + '<a href="/x">x</a>' } });
  await call("POST", "/lint", { body: { eml: "Subject: x\r\nContent-Type: text/html\r\n\r\n<a href=>x</a>", kind: "bulk" } });
  await call("GET", "/messages", { query: "?limit=2" });
  await call("GET", "/messages/in-doubt");
  await call("GET", "/messages/{id}", { id: sent.id });
  await call("GET", "/messages/{id}/preview", { id: sent.id });
  const later = (await call("POST", "/messages", { body: mail({ send_at: "9999-12-31" }) })).body;
  const send_at = new Date(Date.now() + 3600000).toISOString();
  const scheduled = later.id ? later : (await call("POST", "/messages", { body: mail({ send_at }) })).body;
  await call("POST", "/messages/{id}/cancel", { id: scheduled.id });
  await call("POST", "/messages/{id}/resolve", { id: sent.id, body: { as: "sent" } });
  await call("GET", "/events", { query: "?limit=3" });
  for (const query of ["", "?type=email.clicked&format=csv"]) await call("GET", "/events/export", { query });
  await call("GET", "/events/{id}", { id: event.id });
  for (const verb of ["confirm", "dismiss"]) {
    const bulk = await server.send({ stream: "bulk", to: { email: `${verb}@example.com` } });
    const eml = readFileSync(join(server.data, "outbox", `${bulk.id}.eml`), "utf8");
    const headers = { "user-agent": "Proofpoint", "content-type": "application/x-www-form-urlencoded" };
    await server.request("POST", eml.match(/\/u\/[A-Za-z0-9_-]+/)[0], { headers, body: "action=unsubscribe" });
    await server.settled_events();
    assert.equal((await call("GET", "/unsubscribes/held")).body.waiting, 1);
    await call("POST", `/unsubscribes/held/{id}/${verb}`, { id: bulk.id });
  }
  await call("GET", "/unsubscribes/held", { query: "?state=dismissed&limit=1" });
  await call("GET", "/stats/summary");
  await call("GET", "/stats/summary", { query: "?compare=previous&campaign=spring" });
  const consent = { opens: "full", clicks: "anonymous", method: "form", text: "Yes, tell them." };
  await call("PUT", "/contacts/{id}", { id: "crm-18", body: { email: "New@example.com", name: "N" } });
  await call("PUT", "/contacts/{id}/consent", { id: "crm-18", body: consent });
  await call("GET", "/contacts/{id}", { id: "crm-18" });
  await call("GET", "/events", { query: "?type=contact.consent" });
  await call("GET", "/contacts/{id}/export", { id: "crm-17" });
  await call("DELETE", "/contacts/{id}", { id: "crm-18" });
  await call("PUT", "/campaigns/{id}", { id: "spring", body: { track: { opens: "full", clicks: "off" } } });
  await call("GET", "/campaigns/{id}", { id: "spring" });
  const stop = { address: "stop@example.com", reason: "hard_bounce", why: "asked for it" };
  await call("POST", "/suppressions", { body: stop });
  await call("POST", "/suppressions", { body: stop });
  await call("GET", "/suppressions", { query: "?limit=1" });
  await call("DELETE", "/suppressions/{id}", { id: "stop@example.com" });
  await call("GET", "/audit", { query: "?limit=20" });
  await call("POST", "/tenants", { body: { name: "acme", time_zone: "Asia/Kolkata", settings: { opens: "anonymous" } } });
  await call("GET", "/tenants", { query: "?limit=1" });
  await call("GET", "/tenants/{id}", { id: "acme" });
  await call("PATCH", "/tenants/{id}", { id: "default", body: { settings: { events_days: 30, opens: null } } });
  await call("PATCH", "/tenants/{id}", { id: "default", body: { time_zone: "Europe/London" } });
  await call("GET", "/queue");
  const stranger = { authorization: "" };
  const session = await call("POST", "/session", {
    body: { email: server.made.email, password: server.made.password },
    headers: stranger,
  });
  const page = { ...stranger, cookie: session.headers.get("set-cookie").split(";")[0], "sec-fetch-site": "same-origin" };
  const me = await call("GET", "/me", { headers: page });
  assert.equal(me.body.provider, "outbox");
  await call("DELETE", "/session", { headers: page });
  for (const path of ["/messages/{id}", "/messages/{id}/preview", "/events/{id}"]) await call("GET", path, { id: nobody });
  for (const path of Object.keys(document.paths))
    for (const method of METHODS)
      if (document.paths[path][method] && path !== "/session")
        await call(method.toUpperCase(), path, { id: nobody, headers: stranger, body: ["post", "put"].includes(method) ? {} : undefined });

  const unseen = routes_of(document).filter((route) => !seen.has(route));
  // A stream has no end, and nothing is in doubt here; both have tests of their own.
  assert.deepEqual(unseen.sort(), ["GET /api/v1/events/stream", "POST /api/v1/messages/{id}/resolve"]);
});

test("the document's own example of a bad request is refused the way it says", async (t) => {
  const server = await start_server(t);
  const document = await read_document(server);
  const schema = document.components.schemas.NewMessage;
  // What the document forbids the server refuses, and the other way round.
  const bodies = [mail(), mail({ colour: "red" }), mail({ subject: undefined }), mail({ track: { opens: "loud" } }), mail({ reply_to: null })];
  for (const body of bodies) {
    const sent = JSON.parse(JSON.stringify(body));
    const { status } = await server.api("POST", "/messages", sent);
    assert.equal(faults(document, schema, sent).length === 0, status === 202, JSON.stringify(sent));
  }
});

// SPDX-License-Identifier: Apache-2.0
// Who signs in as what, what a role and a key may do, and when that ends. Every route with every role is a unit test
// (web/api_permissions).
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { mail, pugmark, start_server, until } from "../harness/pugmark.mjs";

const command = (server, ...args) => pugmark([...args, "--data", server.data], { env: server.options.env });

async function add_user(server, email, role) {
  const made = await command(server, "user", "add", email, "--role", role, "--json");
  assert.equal(made.code, 0, made.stderr);
  return JSON.parse(made.stdout);
}

/** Headers of a page of the console in which somebody is signed in. */
async function sign_in(server, { email, password }) {
  const { status, headers } = await server.api("POST", "/session", { email, password }, { authorization: "" });
  assert.equal(status, 200);
  return { authorization: "", cookie: headers.get("set-cookie").split(";")[0], "sec-fetch-site": "same-origin" };
}

async function add_key(server, ...options) {
  const made = await command(server, "apikey", "add", "--json", ...options);
  assert.equal(made.code, 0, made.stderr);
  const key = JSON.parse(made.stdout);
  return { ...key, headers: { authorization: `Bearer ${key.key}` } };
}

/** A live stream: `frames` so far, and `ended` once the server has closed it. */
async function open_stream(t, server, headers) {
  const stop = new AbortController();
  t.after(() => stop.abort());
  const answer = await fetch(`${server.base}/api/v1/events/stream`, { headers, signal: stop.signal });
  assert.equal(answer.status, 200);
  const stream = { frames: [], ended: false };
  (async () => {
    let text = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (text += chunk).split("\n\n");
      text = parts.pop();
      for (const part of parts) if (/^data: /m.test(part)) stream.frames.push(JSON.parse(part.match(/^data: (.*)$/m)[1]));
    }
  })()
    .catch(() => {})
    .finally(() => (stream.ended = true));
  return stream;
}

const is_over = (stream) => until(() => stream.ended, "the stream to end");

test("a key may do what its scopes say, and every scope is the default", async (t) => {
  const server = await start_server(t);
  const every = await add_key(server);
  assert.deepEqual(Object.keys(every).slice(0, 3), ["id", "key", "scopes"]);
  assert.deepEqual(every.scopes, ["send", "read", "admin", "track"]);
  const sends = await add_key(server, "--name", "form", "--scopes", "send");
  assert.deepEqual(sends.scopes, ["send"]);
  assert.equal((await server.api("POST", "/messages", mail(), sends.headers)).status, 202);
  assert.equal((await server.api("GET", "/messages", undefined, sends.headers)).status, 403);
  const saved = await server.api("PUT", "/contacts/reader%40example.com", { category: "buyer" }, sends.headers);
  assert.deepEqual([saved.status, saved.body], [204, ""]);
  const reads = await add_key(server, "--scopes", "read");
  assert.equal((await server.api("GET", "/messages", undefined, reads.headers)).status, 200);
  assert.equal((await server.api("POST", "/messages", mail(), reads.headers)).status, 403);
  const wrong = await command(server, "apikey", "add", "--scopes", "send,write");
  assert.deepEqual([wrong.code, /'send,write' are no scopes: send, read, admin, track/.test(wrong.stderr)], [1, true]);
  const listed = (await command(server, "apikey", "list")).stdout;
  assert.match(listed, / send +form$/m);
  assert.match((await pugmark(["apikey", "--help"])).stdout, /--scopes LIST .*default: all of them/);
});

test("a user who is removed is signed out at once; the last owner stays", async (t) => {
  const server = await start_server(t);
  const rep = await sign_in(server, await add_user(server, "Rep@Example.com", "sales_rep"));
  assert.equal((await server.api("GET", "/me", undefined, rep)).body.user.role, "sales_rep");
  assert.equal((await command(server, "user", "role", "rep@example.com", "admin")).code, 0);
  assert.equal((await server.api("GET", "/me", undefined, rep)).body.user.role, "admin");
  assert.equal((await command(server, "user", "remove", "rep@example.com")).code, 0);
  assert.equal((await server.api("GET", "/me", undefined, rep)).status, 401);
  for (const [args, words] of [
    [["remove", "rep@example.com"], /there is no user rep@example\.com/],
    [["remove", server.made.email], /the last owner of a tenant stays its owner/],
    [["role", server.made.email, "admin"], /the last owner/],
    [["role", server.made.email, "king"], /'king' is no role/],
    [["add", '"a b@example.com'], /is no mail address/],
  ]) {
    const { code, stderr } = await command(server, "user", ...args);
    assert.deepEqual([code, words.test(stderr)], [1, true], `${args}: ${stderr}`);
  }
  const { body } = await server.api("GET", "/audit?limit=3");
  assert.deepEqual(body.data.map((e) => e.action), ["user.removed", "user.role_set", "session.started"]);
});

/** Each of these takes away what a stream was opened with. */
async function streams_end(t, server) {
  const key = await add_key(server, "--scopes", "read");
  const people = {};
  for (const name of ["leaves", "removed", "raised", "stays", "renewed"]) {
    people[name] = await add_user(server, `${name}@example.com`, "member");
    people[name].headers = await sign_in(server, people[name]);
    people[name].stream = await open_stream(t, server, people[name].headers);
  }
  const by_key = await open_stream(t, server, key.headers);
  const changes = [
    [by_key, () => command(server, "apikey", "revoke", key.id)],
    [people.leaves.stream, () => server.api("DELETE", "/session", undefined, people.leaves.headers)],
    [people.removed.stream, () => command(server, "user", "remove", "removed@example.com")],
    [people.raised.stream, () => command(server, "user", "role", "raised@example.com", "admin")],
    [people.renewed.stream, () => command(server, "user", "passwd", "renewed@example.com")],
  ];
  for (const [stream, change] of changes) {
    assert.equal(stream.ended, false);
    await change();
    await is_over(stream);
  }
  const own = await server.send({ sender: "stays@example.com" }, null);
  await until(() => people.stays.stream.frames.some((e) => e.message_id === own.id), "the one who stays to hear of it");
  return people;
}

test("a live stream ends with the key, the session, the user or the role that opened it", async (t) =>
  void (await streams_end(t, await start_server(t))));

async function member_has_his_own(t, server) {
  const member = await sign_in(server, await add_user(server, "member@example.com", "member"));
  const stream = await open_stream(t, server, member);
  const others = await server.send({ sender: "owner@example.com", send_at: new Date(Date.now() + 3600e3).toISOString() }, null);
  const own = await server.api("POST", "/messages", mail({ contact: { id: "crm-1" }, campaign: { id: "spring" } }), member);
  assert.equal(own.status, 202, JSON.stringify(own.body));
  await server.message_in(own.body.id, "delivered");
  await until(() => stream.frames.some((e) => e.type === "email.delivered"), "the delivery to be heard of");
  assert.deepEqual([...new Set(stream.frames.map((e) => e.message_id))], [own.body.id]);
  const as_member = async (path) => (await server.api("GET", path, undefined, member)).body;
  assert.deepEqual((await as_member("/messages")).data.map((m) => [m.id, m.sender]), [[own.body.id, "member@example.com"]]);
  assert.equal((await as_member("/queue")).scheduled, 0);
  assert.equal((await server.api("GET", "/queue")).body.scheduled, 1);
  assert.equal((await as_member("/contacts/crm-1")).email, "reader@example.com");
  assert.equal((await as_member("/campaigns/spring")).id, "spring");
  for (const [method, path, body] of [
    ["GET", `/messages/${others.id}`],
    ["POST", "/sign", { message: others.id }],
    ["POST", `/messages/${others.id}/cancel`],
  ])
    assert.equal((await server.api(method, path, body, member)).status, 404, path);
  const refused = await server.api("POST", "/messages", mail({ sender: server.made.email }), member);
  assert.deepEqual([refused.status, refused.body.errors?.[0].pointer], [403, "/sender"]);
}

test("a member hears, lists and counts what he sent, and is its sender", async (t) => member_has_his_own(t, await start_server(t)));

test("both hold on PostgreSQL", { skip: no_postgres }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url } });
  await streams_end(t, server_of.current);
  await member_has_his_own(t, server_of.current);
});

test("another site cannot sign a browser in", async (t) => {
  const server = await start_server(t);
  const body = { email: server.made.email, password: server.made.password };
  const status = async (headers) => (await server.api("POST", "/session", body, { authorization: "", ...headers })).status;
  const host = new URL(server.base).host;
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: server.base },
    { origin: "https://evil.example" },
    { origin: `http://${host}.evil.example` },
    { origin: "null" },
  ])
    assert.equal(await status(headers), 403, JSON.stringify(headers));
  for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, { origin: server.base }])
    assert.equal(await status(headers), 200, JSON.stringify(headers));
  const { headers } = await server.api("POST", "/session", body, { authorization: "", "sec-fetch-site": "cross-site" });
  assert.equal(headers.get("set-cookie"), null);
});

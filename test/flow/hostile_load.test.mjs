// SPDX-License-Identifier: Apache-2.0
// Clients that want to take the server down: by memory, by connections, by descriptors. Whatever they do, a person who
// clicks gets to the page, and the server can be stopped. How long that takes is measured in bench/attacks.mjs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "../harness/flow.mjs";
import { mail, pixel_of, start_server, token_of, until } from "../harness/pugmark.mjs";
import { Wire } from "../harness/wire.mjs";

const MB = 1 << 20;
const crlf = (...lines) => lines.join("\r\n");

/** The head of a POST whose body is `length` bytes, or chunked. */
const head = (path, length, ...more) =>
  crlf(
    `POST ${path} HTTP/1.1`,
    "Host: a",
    "Content-Type: application/json",
    ...more,
    length === "chunked" ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`,
    "",
    "",
  );

const known = (server) => `Authorization: Bearer ${server.made.api_key}`;

async function click(server, link) {
  const answer = await server.get(link);
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), "https://example.com/sale?a=1&b=2");
}

async function a_link(server) {
  const sent = await server.send();
  return sent.links[0].tracked_url;
}

test("a body that nobody wants is not read", async (t) => {
  const server = await start_server(t);
  const cases = [
    ["/api/v1/session", 5000, [], 413],
    ["/api/v1/session", "chunked", [], 413, `1389\r\n${"x".repeat(5001)}\r\n0\r\n\r\n`],
    ["/api/v1/messages", 10 * MB, [], 401],
    ["/api/v1/messages", "chunked", [], 401],
    ["/api/v1/messages", 10 * MB, ["Authorization: Bearer pmk_wrong"], 401],
    ["/api/v1/messages", "chunked", ["Cookie: pugmark=wrong"], 401],
    ["/api/v1/nothing", 10 * MB, [], 404],
    ["/api/v1/messages/x/cancel", 10 * MB, [], 413],
    ["/api/v1/stats/summary", 10 * MB, [], 405],
    ["/nothing", 10 * MB, [], 404],
    ["/c/x", 10 * MB, [], 405],
    ["/u/x", 10 * MB, [], 413],
  ];
  for (const [path, length, more, status, body = ""] of cases) {
    const wire = await Wire.open(t, server.port);
    const [answer, ...others] = await wire.send(head(path, length, ...more) + body).responses();
    assert.equal(answer?.status, status, `${path} ${length}`);
    assert.deepEqual(others, [], path);
  }
  const wire = await Wire.open(t, server.port);
  wire.send(head("/api/v1/messages", 2 * MB, known(server), "Expect: 100-continue"));
  assert.equal((await wire.response()).status, 100, "who is known may send");
});

test("who sends a body with a hit gets his answer, and the hit counts once", async (t) => {
  const server = await start_server(t);
  const sent = await server.send();
  const path = `/o/${token_of(pixel_of(await server.preview(sent.id)))}.gif`;
  const wire = await Wire.open(t, server.port);
  const hidden = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  wire.send(crlf(`GET ${path} HTTP/1.1`, "Host: a", "User-Agent: x", `Content-Length: ${hidden.length}`, "", "") + hidden);
  const answers = await wire.responses();
  assert.deepEqual(
    answers.map((a) => [a.status, a.body.length]),
    [[200, 43]],
  );
  assert.equal((await server.settled_events(`message=${sent.id}&type=email.opened`)).length, 1);
});

test("JSON that would take far more memory than its text is refused before it is parsed", async (t) => {
  const server = await start_server(t);
  const wide = `{"a":[${"[],".repeat(3 * MB)}[]]}`;
  const deep = `{"a":${"[".repeat(65)}${"]".repeat(65)}}`;
  for (const [body, status, says] of [
    [wide, 413, /250,000 values/],
    [deep, 400, /64 brackets/],
  ]) {
    const answer = await server.api("POST", "/messages", body);
    assert.equal(answer.status, status);
    assert.match(answer.body.detail, says);
  }
  const many_links = mail({ html: '<a href="https://example.com/x">x</a>'.repeat(10001) });
  const sent = await server.api("POST", "/messages", many_links);
  assert.equal(sent.status, 422);
  assert.match(sent.body.errors[0].detail, /10000 links/);
  const linted = await server.api("POST", "/lint", { html: many_links.html });
  assert.equal(linted.status, 413);
  assert.match(linted.body.detail, /10000 links/);
});

test("all bodies together have a limit, and clicks go on beyond it", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_BODY_MB: "4", PUGMARK_SERVER_MEMORY_MB: "16" } });
  const link = await a_link(server);
  const holders = [];
  for (let i = 0; i < 5; i++) {
    const wire = await Wire.open(t, server.port);
    wire.send(head("/api/v1/messages", 4 * MB, known(server))).send(Buffer.alloc(4 * MB - 1, 32));
    holders.push(wire);
  }
  await until(async () => (await server.metric("http_memory_refused_total")) > 0, "a refusal");
  const refused = await Promise.any(holders.map(async (wire) => (await wire.response()) ?? Promise.reject(new Error("closed"))));
  assert.equal(refused.status, 503);
  assert.equal(refused.headers["retry-after"], "1");
  await click(server, link);
  assert.equal((await server.api("GET", "/messages")).status, 200, "small requests go on");
  assert.ok((await server.metric("http_memory_bytes")) <= 16 * MB);
  for (const wire of holders) wire.socket.destroy();
  await until(async () => (await server.metric("http_memory_bytes")) === 0, "the memory to be given back");
  assert.equal((await server.api("POST", "/messages", mail())).status, 202);
});

test("answers that nobody reads take no memory, and the connection is closed in the end", async (t) => {
  const server = await start_server(t);
  const link = await a_link(server);
  const wires = [];
  for (let i = 0; i < 50; i++) {
    const wire = await Wire.open(t, server.port);
    wire.socket.pause();
    wire.send(crlf("GET /openapi.json HTTP/1.1", "Host: a", "", "").repeat(200));
    wires.push(wire);
  }
  await click(server, link);
  assert.ok((await server.metric("http_memory_bytes")) < MB);
  for (const wire of wires) wire.socket.destroy();
});

/* What strangers can begin and leave at that, on as many connections as they like. */
const begun = {
  "nothing at all": "",
  "half a head": "GET / HTTP/1.1\r\nHost: a\r\n",
  "half a sign-in": `${head("/api/v1/session", 4000)}{`,
  "half a body for a path that wants a key": `${head("/api/v1/lint", 2000)}{`,
  "answers that are not read": "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(40),
  "a body behind the last answer": `${head("/", 99)}`,
};

/** Without a connection that was kept: what is tried is whether a new one gets in. */
async function click_anew(t, server, link) {
  const wire = await Wire.open(t, server.port);
  const answer = await wire.send(crlf(`GET ${new URL(link).pathname} HTTP/1.1`, "Host: a", "", "")).response();
  assert.equal(answer?.status, 302);
  wire.socket.destroy();
}

test("with few descriptors thousands of connections keep nobody out, whatever is begun on them, and it can be stopped", async (t) => {
  const server = await start_server(t, { warns: [/ serve\.few_descriptors /] });
  const link = await a_link(server);
  await server.stop();
  /* The hard limit, so that it cannot be raised. */
  server.options.wrapper = ["prlimit", "--nofile=400:400"];
  await server.start();
  assert.match(server.log, /warn serve\.few_descriptors connections=\d+ wanted=20000 descriptors=400 /);
  for (const [what, text] of Object.entries(begun)) {
    const before = await server.metric("http_evicted_total");
    const sockets = [];
    for (let i = 0; i < 1500; i++) {
      const socket = connect(server.port, "127.0.0.1", () => socket.pause().write(text));
      socket.on("error", () => {});
      sockets.push(socket);
    }
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    await until(async () => (await server.metric("http_evicted_total")) > before + 500, `${what} to make room`);
    for (let i = 0; i < 20; i++) await click_anew(t, server, link);
    sockets.forEach((socket) => socket.destroy());
  }
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test("without memory a request ends, and the server does not", { skip: Boolean(process.env.SAN) && "a sanitizer needs terabytes of address space" }, async (t) => {
  const server = await start_server(t);
  const link = await a_link(server);
  const virtual = () => Number(readFileSync(`/proc/${server.child.pid}/status`, "latin1").match(/^VmSize:\s+(\d+)/m)[1]) * 1024;
  const limit = (bytes) => execFileSync("prlimit", ["--pid", String(server.child.pid), `--as=${bytes}:`]);
  const large = mail({ attachments: [{ filename: "f", content_type: "text/plain", content: Buffer.alloc(15 * MB, 7).toString("base64") }] });
  limit(virtual() + 40 * MB);
  const answers = await Promise.all(Array.from({ length: 6 }, () => server.api("POST", "/messages", large).catch((error) => error)));
  assert.ok(server.is_running, server.log);
  assert.ok(
    answers.some((a) => a.status === 503 || a.status === 500 || a instanceof Error),
    "the limit was felt",
  );
  await click(server, link);
  limit("unlimited");
  assert.equal((await server.api("POST", "/messages", large)).status, 202);
});

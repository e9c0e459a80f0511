// SPDX-License-Identifier: Apache-2.0
// Clients that are broken, hostile or slow, against the whole program. What two readers could cut differently is
// refused with the connection closed; what hides behind it is never seen (RFC 9112, 11.2).
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, start_server, token_of } from "../harness/pugmark.mjs";
import { Wire } from "../harness/wire.mjs";

const crlf = (...lines) => lines.join("\r\n");
const post = (...headers) => crlf("POST /u/x HTTP/1.1", "Host: a", ...headers, "", "");
const get = (...headers) => crlf("GET /healthz HTTP/1.1", "Host: a", ...headers, "", "");
const CHUNK = "5\r\nhello\r\n0\r\n\r\n";

/** What goes in front of the hidden request, by what is wrong with it. */
const shapes = {
  "length and chunked": post("Content-Length: 5", "Transfer-Encoding: chunked") + CHUNK,
  "chunked and length": post("Transfer-Encoding: chunked", "Content-Length: 5") + CHUNK,
  "two lengths": post("Content-Length: 5", "Content-Length: 0") + "hello",
  "the same length twice": post("Content-Length: 5", "Content-Length: 5") + "hello",
  "a list of lengths": post("Content-Length: 5, 5") + "hello",
  "a length with a sign": post("Content-Length: +5") + "hello",
  "a negative length": post("Content-Length: -1"),
  "a hexadecimal length": post("Content-Length: 0x5") + "hello",
  "a length with a blank in it": post("Content-Length: 5 5") + "hello",
  "no length after the colon": post("Content-Length:") + "hello",
  "a length beyond 64 bits": post("Content-Length: 18446744073709551621") + "hello",
  "a blank before the colon": post("Content-Length : 5") + "hello",
  "a folded header": post("Content-Length: 5", " 5") + "hello",
  "a folded first header": crlf("POST /u/x HTTP/1.1", " Host: a", "Content-Length: 5", "", "hello"),
  "an underscore for a dash": post("Content_Length: 5") + "hello",
  "unknown coding": post("Transfer-Encoding: identity") + CHUNK,
  "coding twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + CHUNK,
  "coding in a list": post("Transfer-Encoding: gzip, chunked") + CHUNK,
  "coding with a tail": post("Transfer-Encoding: chunked;q=1") + CHUNK,
  "coding with a vertical tab": post("Transfer-Encoding:\vchunked") + CHUNK,
  "coding and a lookalike": post("Transfer-Encoding: chunked", "Transfer_Encoding: identity") + CHUNK,
  "chunked in HTTP/1.0": crlf("POST /u/x HTTP/1.0", "Host: a", "Transfer-Encoding: chunked", "", CHUNK),
  "a chunk size with a sign": post("Transfer-Encoding: chunked") + "+5\r\nhello\r\n0\r\n\r\n",
  "a chunk size with 0x": post("Transfer-Encoding: chunked") + "0x5\r\nhello\r\n0\r\n\r\n",
  "a chunk size beyond 64 bits": post("Transfer-Encoding: chunked") + "10000000000000005\r\nhello\r\n0\r\n\r\n",
  "a chunk longer than said": post("Transfer-Encoding: chunked") + "3\r\nhello\r\n0\r\n\r\n",
  "a chunk line with LF only": post("Transfer-Encoding: chunked") + "5\nhello\n0\n\n",
  "a chunk extension with LF": post("Transfer-Encoding: chunked") + "5;a\nhello\r\n0\r\n\r\n",
  "LF for the end of lines": "GET /healthz HTTP/1.1\nHost: a\n\n",
  "LF in the middle": "GET /healthz HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
  "a lone CR": "GET /healthz HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
  "NUL in a value": get("X: a\0b"),
  "NUL in a name": get("X\0: a"),
  "no header name": get(": a"),
  "no colon": get("nothing"),
  "no Host": "GET /healthz HTTP/1.1\r\n\r\n",
  "two Hosts": get("Host: b"),
  "a Host with a comma": "GET /healthz HTTP/1.1\r\nHost: a,b\r\n\r\n",
  "another host in the target": "GET http://b/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
  "two blanks in the request line": "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
  "a blank in the target": "GET /heal thz HTTP/1.1\r\nHost: a\r\n\r\n",
  "a fragment in the target": "GET /healthz#x HTTP/1.1\r\nHost: a\r\n\r\n",
  "no version": "GET /healthz\r\nHost: a\r\n\r\n",
  "HTTP/2 by name": "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n",
  "HTTP/2's preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a TLS hello": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "CONNECT": "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
};

test("requests that could be cut in two places are refused, and what hides behind them is not seen", async (t) => {
  const server = await start_server(t);
  const sent = await server.send();
  const hidden = `GET /o/${token_of(pixel_of(await server.preview(sent.id)))}.gif HTTP/1.1\r\nHost: a\r\n\r\n`;
  const refused = { "HTTP/2 by name": 505 };
  for (const [name, bytes] of Object.entries(shapes)) {
    const wire = await Wire.open(t, server.port);
    const answers = await wire.send(bytes + hidden).responses();
    const last = answers.at(-1);
    assert.ok(last, `${name}: an answer`);
    assert.equal(last.status, refused[name] ?? 400, name);
    assert.equal(last.headers.connection, "close", name);
    assert.ok(answers.length === 1, `${name}: ${answers.map((a) => a.status)}`);
  }
  assert.deepEqual(await server.settled_events(`message=${sent.id}&type=email.opened`), []);
  assert.equal((await server.get("/healthz")).status, 200, "it is alive");
});

test("headers too large or too many are 431, a target too long is 414", async (t) => {
  const server = await start_server(t);
  const cases = [
    [get(`X: ${"y".repeat(20000)}`), 431],
    [get(...Array.from({ length: 150 }, (_, i) => `X-${i}: y`)), 431],
    [`GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ["A".repeat(40000), 414],
  ];
  for (const [bytes, status] of cases) {
    const wire = await Wire.open(t, server.port);
    const [answer, ...more] = await wire.send(bytes).responses();
    assert.equal(answer?.status, status, bytes.slice(0, 30));
    assert.deepEqual(more, []);
  }
});

test("a body larger than allowed is refused before it is sent", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_BODY_MB: "1" } });
  for (const framing of ["Content-Length: 2000000", "Content-Length: 2000000\r\nExpect: 100-continue"]) {
    const wire = await Wire.open(t, server.port);
    const [answer] = await wire.send(crlf("POST /api/v1/messages HTTP/1.1", "Host: a", framing, "", "")).responses();
    assert.equal(answer.status, 413, framing);
  }
  const known = `Authorization: Bearer ${server.made.api_key}`; // or nothing of it would be read
  const wire = await Wire.open(t, server.port);
  wire.send(crlf("POST /api/v1/messages HTTP/1.1", "Host: a", known, "Transfer-Encoding: chunked", "", ""));
  for (let i = 0; i < 40; i++) wire.send(`8000\r\n${"x".repeat(0x8000)}\r\n`);
  assert.equal((await wire.response()).status, 413, "chunked");
});

test("clients that are slow with a request are cut off, and nobody else waits for them", async (t) => {
  const server = await start_server(t, {
    env: { PUGMARK_SERVER_HEADER_TIMEOUT_MS: "300", PUGMARK_SERVER_IDLE_TIMEOUT_MS: "300" },
  });
  const silent = await Wire.open(t, server.port);
  const half = (await Wire.open(t, server.port)).send("GET /healthz HTTP/1.1\r\nHost: a\r\nX: ");
  const kept = (await Wire.open(t, server.port)).send(get());
  assert.equal((await kept.response()).status, 200);
  const drip = (await Wire.open(t, server.port)).send("GET /healthz HTTP/1.1\r\n");
  const dripping = setInterval(() => !drip.ended && drip.send("X: y\r\n"), 40);
  t.after(() => clearInterval(dripping));
  for (const [name, wire] of Object.entries({ silent, half, kept, drip })) {
    const [answer] = await wire.responses();
    assert.ok(answer === undefined || answer.status === 408, name);
  }
  assert.equal((await server.get("/healthz")).status, 200);
  assert.ok((await server.metric("http_timeouts_total")) >= 2);
});

test("pipelined requests are answered in order, whoever is ready first", async (t) => {
  const server = await start_server(t);
  const sent = await server.send();
  const html = await server.preview(sent.id);
  const paths = [
    [`/api/v1/messages/${sent.id}`, "application/json"],
    [`/o/${token_of(pixel_of(html))}.gif`, "image/gif"],
    ["/api/v1/stats/summary", "application/json"],
    [`/c/${token_of(links_of(html)[0])}`, undefined],
    ["/healthz", "text/plain; charset=utf-8"],
    ["/o/bad.gif", "image/gif"],
    ["/api/v1/nothing", "application/problem+json"],
  ];
  const order = Array.from({ length: 60 }, (_, i) => paths[(i * 3) % paths.length]);
  const wire = await Wire.open(t, server.port);
  const headers = `Host: a\r\nUser-Agent: ${BROWSER_AGENT}\r\nAuthorization: Bearer ${server.made.api_key}\r\n`;
  wire.send(order.map(([path]) => `GET ${path} HTTP/1.1\r\n${headers}\r\n`).join(""));
  for (const [i, [path, type]] of order.entries()) {
    const answer = await wire.response();
    assert.equal(answer?.headers["content-type"], type, `${i}: ${path}`);
  }
});

test("a client that goes away in the middle leaves nothing behind", async (t) => {
  const server = await start_server(t);
  const body = JSON.stringify(mail());
  for (let i = 0; i < 50; i++) {
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    await new Promise((r) => socket.once("connect", r));
    const head = `POST /api/v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n`;
    const whole = `${head}Authorization: Bearer ${server.made.api_key}\r\n\r\n${body}`;
    await new Promise((r) => socket.write(whole.slice(0, Math.floor((whole.length * i) / 50)), r));
    i % 2 ? socket.resetAndDestroy() : socket.destroy();
  }
  assert.equal((await server.api("GET", "/messages")).body.data.length, 0, "half a request is none");
  assert.equal((await server.get("/healthz")).status, 200);
});

test("X-Forwarded-For tells the reader's address only when it comes from a trusted proxy", async (t) => {
  const forwarded = { "user-agent": BROWSER_AGENT, "x-forwarded-for": "198.51.100.9, 203.0.113.7, 127.0.0.2" };
  const cases = [
    ["", "127.0.0.1"],
    ["10.0.0.0/8", "127.0.0.1"],
    ["127.0.0.0/8", "203.0.113.7"],
    ["127.0.0.1", "127.0.0.2"],
    ["127.0.0.0/8, 203.0.113.0/24", "198.51.100.9"],
  ];
  for (const [trusted, ip] of cases) {
    const server = await start_server(t, { env: { PUGMARK_SERVER_TRUSTED_PROXIES: trusted } });
    const sent = await server.send();
    await server.get(pixel_of(await server.preview(sent.id)), forwarded);
    const [event] = await server.events_of(sent.id, 1, "type=email.opened");
    assert.equal(event.ip, ip, `trusting '${trusted}'`);
    await server.stop("SIGKILL");
  }
});

// SPDX-License-Identifier: Apache-2.0
// What somebody who is not the operator gets to see: figures, names by which the server is called, headers of every answer.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "../harness/flow.mjs";
import { links_of, pixel_of, pugmark, start_server, temporary_directory, token_of } from "../harness/pugmark.mjs";

const TRUSTING = { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } };

/** As fetch, for headers that it would not send (Host) and methods that it would not take. */
function ask(server, path, { method = "GET", headers = {}, body, port = server.port } = {}) {
  return new Promise((resolve, reject) => {
    const pending = request({ agent: false, host: "127.0.0.1", port, path, method, headers: { connection: "close", ...headers } }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    pending.on("error", reject);
    pending.end(body);
  });
}

/** Ways in which a request comes from somewhere else, although the connection comes from here. */
const OTHERS = [
  { "x-forwarded-for": "203.0.113.7" },
  { "x-forwarded-for": "127.0.0.1" },
  { "x-forwarded-for": "127.0.0.1, 127.0.0.1" },
  { forwarded: "for=127.0.0.1" },
  { "x-forwarded-host": "t.example.com" },
  { "x-real-ip": "127.0.0.1" },
  { via: "1.1 proxy" },
  { host: "t.example.com" },
  { host: "rebound.example" },
];

for (const options of [{}, TRUSTING])
  test(`figures and reasons are for this machine only, with ${options.env ? "a" : "no"} trusted proxy on it`, async (t) => {
    const server = await start_server(t, { ...options, env: { ...options.env, PUGMARK_TRACKING_TIME_ZONE: "UTC" } });
    for (const host of [`127.0.0.1:${server.port}`, "localhost", `[::1]:${server.port}`]) {
      assert.match((await ask(server, "/metrics", { headers: { host } })).body.toString(), /^pugmark_opens_answered_total 0$/m);
      assert.equal((await ask(server, "/readyz", { headers: { host } })).status, 200);
    }
    for (const headers of OTHERS) {
      const metrics = await ask(server, "/metrics", { headers });
      assert.equal(metrics.status, 404, JSON.stringify(headers));
      assert.doesNotMatch(metrics.body.toString(), /pugmark/);
      const ready = await ask(server, "/readyz", { headers });
      assert.deepEqual([ready.status, ready.body.toString()], [200, "ready\n"], JSON.stringify(headers));
      assert.equal((await ask(server, "/healthz", { headers })).status, 200);
    }
  });

test("a stranger hears that the server is not ready and not why", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_JUDGE_ASN_FILE: "/nowhere/asn.csv" }, may_warn: [/judge\.list_refused/] });
  assert.match((await ask(server, "/readyz")).body.toString(), /^ready\nlist asn: /);
  assert.equal((await ask(server, "/readyz", { headers: { "x-forwarded-for": "203.0.113.7" } })).body.toString(), "ready\n");
});

test("a listener for the operator tells everything to whoever reaches it", async (t) => {
  const taken = await start_server(t); // whose port is free once it has stopped
  const { port } = taken;
  await taken.stop();
  const server = await start_server(t, { env: { PUGMARK_SERVER_ADMIN_LISTEN: `127.0.0.1:${port}` } });
  const headers = { "x-forwarded-for": "203.0.113.7", host: "metrics.internal" };
  assert.match((await ask(server, "/metrics", { port, headers })).body.toString(), /^pugmark_opens_answered_total 0$/m);
  assert.equal((await ask(server, "/readyz", { port, headers })).status, 200);
  assert.equal((await ask(server, "/metrics", { headers })).status, 404);
});

const status_of = async (server, path, host, more = {}) => (await ask(server, path, { headers: { host, ...more } })).status;

test("with a base URL the API and the console answer to its host, to this machine's names, to addresses and to server.hosts", async (t) => {
  const server = await start_server(t, {
    env: { PUGMARK_SERVER_BASE_URL: "https://T.example.com/", PUGMARK_SERVER_HOSTS: "console.example.com, pugmark.internal" },
  });
  const authorization = { authorization: `Bearer ${server.made.api_key}` };
  const good = ["t.example.com", "T.EXAMPLE.COM:443", "t.example.com.", "console.example.com", "Console.Example.com:8443", "pugmark.internal", "127.0.0.1", "localhost:8420", "console.localhost", "192.0.2.1:80", "[2001:db8::1]", "[::1]:1"];
  const bad = ["evil.example", "t.example.com.evil.example", "xt.example.com", "example.com", "a.console.example.com", "127.0.0.1.nip.io", "localhost.evil.example", "1.2.3.4.5", "t.example.com@evil.example"];
  for (const host of good) {
    assert.equal(await status_of(server, "/api/v1/messages", host, authorization), 200, host);
    assert.equal(await status_of(server, "/", host), 200, host);
  }
  for (const host of bad) {
    const api = await ask(server, "/api/v1/messages", { headers: { host, ...authorization } });
    assert.equal(api.status, host.includes("@") ? 400 : 421, host);
    if (api.status === 421) {
      assert.equal(api.headers["content-type"], "application/problem+json");
      assert.equal(JSON.parse(api.body).status, 421);
      assert.match(JSON.parse(api.body).detail, /server\.hosts/);
    }
    for (const path of ["/", "/outbox", "/app.js", "/openapi.json", "/nothing"]) assert.ok([400, 421].includes(await status_of(server, path, host)), `${host} ${path}`);
  }
});

test("nobody signs in under a name that is not ours", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_BASE_URL: "https://t.example.com" } });
  const body = JSON.stringify({ email: server.made.email, password: server.made.password });
  const sign_in = (host) => ask(server, "/api/v1/session", { method: "POST", headers: { host, "content-type": "application/json", origin: `http://${host}` }, body });
  const refused = await sign_in("rebound.example");
  assert.equal(refused.status, 421);
  assert.equal(refused.headers["set-cookie"], undefined);
  const good = await sign_in("t.example.com");
  assert.equal(good.status, 200);
});

test("until it has a base URL of its own the server answers to any name", async (t) => {
  const server = await start_server(t);
  for (const host of ["preview.proxy.example", "localhost", "127.0.0.1"]) assert.equal(await status_of(server, "/", host), 200);
  const any = await start_server(t, { env: { PUGMARK_SERVER_BASE_URL: "https://t.example.com", PUGMARK_SERVER_HOSTS: "*" } });
  assert.equal(await status_of(any, "/", "preview.proxy.example"), 200);
});

test("a word in server.hosts that is no host name stops the start", async (t) => {
  for (const hosts of ["https://console.example.com", "console.example.com:8443", "a b", "*.example.com", "console..example.com", "consolé.example.com"]) {
    const data = temporary_directory(t);
    await pugmark(["init", "--data", data, "--email", "owner@example.com"]);
    const { code, stderr } = await pugmark(["serve", "--data", data, "--listen", "127.0.0.1:0"], { env: { PUGMARK_SERVER_HOSTS: hosts } });
    assert.equal(code, 1, hosts);
    assert.match(stderr, /server\.hosts/);
  }
});

test("links and pixels work under any name, and lead where they lead", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_BASE_URL: "https://t.example.com" } });
  const { id } = await server.send();
  const html = await server.preview(id);
  for (const host of ["old-name.example", "t.example.com", "203.0.113.1"]) {
    const click = await ask(server, new URL(links_of(html)[0]).pathname, { headers: { host } });
    assert.deepEqual([click.status, click.headers.location], [302, "https://example.com/sale?a=1&b=2"]);
    const pixel = await ask(server, new URL(pixel_of(html)).pathname, { headers: { host } });
    assert.deepEqual([pixel.status, pixel.body.length], [200, 43]);
    const broken = await ask(server, "/c/nothing", { headers: { host } });
    assert.equal(broken.headers.location, "https://t.example.com");
    assert.equal((await ask(server, "/u/nothing", { headers: { host } })).status, 404);
  }
});

const NOTHING = "default-src 'none'; frame-ancestors 'none'";

test("every answer says what it is and that nothing in it may run", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_BASE_URL: "https://t.example.com", PUGMARK_SERVER_BODY_MB: "1" } });
  const { id } = await server.send({ unsubscribe: { one_click: true } });
  const html = await server.preview(id);
  const path_of = (url) => new URL(url).pathname;
  const unsubscribe = `/u/${token_of(pixel_of(html))}`;
  const key = { authorization: `Bearer ${server.made.api_key}` };
  const json = { ...key, "content-type": "application/json" };
  const cases = [
    ["pixel", path_of(pixel_of(html))],
    ["pixel of nobody", "/o/nothing.gif"],
    ["head of a pixel", path_of(pixel_of(html)), { method: "HEAD" }],
    ["click", path_of(links_of(html)[0])],
    ["broken click", "/c/nothing"],
    ["method of a tracking path", path_of(links_of(html)[0]), { method: "DELETE" }],
    ["alive", "/healthz"],
    ["ready", "/readyz"],
    ["figures", "/metrics"],
    ["figures for nobody", "/metrics", { headers: { via: "1.1 x" } }],
    ["question of a proxy", "/internal/tls-ask?domain=x"],
    ["another name", "/", { headers: { host: "evil.example" } }],
    ["nothing", "/nothing"],
    ["API", "/api/v1/messages", { headers: key }],
    ["API without a key", "/api/v1/messages"],
    ["API without a path", "/api/v1/nothing", { headers: key }],
    ["API with another method", "/api/v1/messages", { method: "DELETE", headers: key }],
    ["API with a bad body", "/api/v1/messages", { method: "POST", headers: json, body: "{" }],
    ["too large", "/api/v1/messages", { method: "POST", headers: { ...json, "content-length": 2 << 20 } }],
    ["no HTTP", "/a b"],
    ["description", "/openapi.json"],
  ];
  for (const [what, path, options] of cases) {
    const { headers, status } = path.includes(" ") ? await ask_badly(server) : await ask(server, path, options);
    assert.equal(headers["x-content-type-options"], "nosniff", `${what}: ${status}`);
    assert.equal(headers["content-security-policy"], NOTHING, `${what}: ${status}`);
  }
  const pages = [["console", "/", /script-src 'self'/], ["script of the console", "/app.js", /script-src 'self'/], ["unsubscribe page", unsubscribe, /form-action 'self'/]];
  for (const [what, path, policy] of pages) {
    const { headers } = await ask(server, path, { headers: { accept: "text/html" } });
    assert.equal(headers["x-content-type-options"], "nosniff", what);
    assert.match(headers["content-security-policy"], policy, what);
    assert.match(headers["content-security-policy"], /default-src 'none'.*frame-ancestors 'none'/, what);
  }
});

/** A request line that is none: Node would not send it. */
async function ask_badly(server) {
  const { connect } = await import("node:net");
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write("GET /a b c HTTP/1.1\r\nHost: x\r\n\r\n"));
    socket.on("data", (part) => (text += part)).on("error", reject);
    socket.on("end", () => {
      const [first, ...lines] = text.split("\r\n\r\n")[0].split("\r\n");
      resolve({ status: Number(first.split(" ")[1]), headers: Object.fromEntries(lines.map((line) => [line.split(": ")[0].toLowerCase(), line.slice(line.indexOf(": ") + 2)])) });
    });
  });
}

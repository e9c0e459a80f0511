// SPDX-License-Identifier: Apache-2.0
// Signing in while somebody tries passwords: who is slowed down, who is not, what the log says, and that nobody else waits.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { links_of, pugmark, start_server, until } from "../harness/pugmark.mjs";

/** Says whose address a try comes from, as a proxy would. */
const BEHIND_PROXY = { env: { PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" } };

function sign_in(server, client, email, password) {
  return server.request("POST", "/api/v1/session", {
    headers: { "content-type": "application/json", "sec-fetch-site": "same-origin", "x-forwarded-for": client },
    body: JSON.stringify({ email, password }),
  });
}

async function sign_in_until_slowed_down(server, client, email) {
  for (let tries = 1; ; tries++) {
    const answer = await sign_in(server, client, email, "wrong");
    if (answer.status === 429) return { tries, wait_s: Number(answer.headers.get("retry-after")) };
    assert.equal(answer.status, 401);
  }
}

test("wrong passwords from elsewhere do not keep the owner out", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  const { email, password } = server.made;
  const { tries, wait_s } = await sign_in_until_slowed_down(server, "198.51.100.1", email);
  assert.equal(tries, 6);
  assert.ok(wait_s > 0);
  assert.equal((await sign_in(server, "198.51.100.1", email, password)).status, 429, "not even the right one is looked at");
  assert.equal((await sign_in(server, "203.0.113.1", email, password)).status, 200);
});

test("wrong passwords from one address do not keep out the others behind it", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  const colleague = await pugmark(["user", "add", "colleague@example.com", "--data", server.data]);
  assert.equal(colleague.code, 0, colleague.stderr);
  await sign_in_until_slowed_down(server, "198.51.100.1", server.made.email);
  for (let i = 0; i < 3; i++) await sign_in_until_slowed_down(server, "198.51.100.1", `nobody${i}@example.com`);
  const password = colleague.stdout.match(/[a-z2-9]{20}/)[0];
  assert.equal((await sign_in(server, "198.51.100.1", "colleague@example.com", password)).status, 200);
});

test("an address that does not exist is slowed down as one that does", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  const known = await sign_in_until_slowed_down(server, "198.51.100.1", server.made.email);
  const unknown = await sign_in_until_slowed_down(server, "198.51.100.2", "nobody@example.com");
  assert.deepEqual(unknown, known);
});

test("failed sign-ins are in the log, with the account if there is one and never with what was typed", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  await sign_in_until_slowed_down(server, "198.51.100.1", server.made.email);
  await sign_in(server, "198.51.100.2", "hunter2-typed-into-the-wrong-field", "hunter3");
  const lines = await until(() => {
    const found = server.log.split("\n").filter((line) => / sign_in\./.test(line));
    return found.length === 7 ? found : null;
  }, "the lines");
  for (const line of lines) assert.match(line, / info sign_in\./);
  for (const line of lines.slice(0, 5)) assert.match(line, /sign_in\.failed user="?owner@example\.com"? client=198\.51\.100\.1 why=password left_out=0/);
  assert.match(lines[5], /sign_in\.slowed_down user="?owner@example\.com"? client=198\.51\.100\.1 why=account_and_network/);
  assert.match(lines[6], /sign_in\.failed user=unknown client=198\.51\.100\.2 why=address/);
  assert.doesNotMatch(server.log, /hunter|wrong/);
});

const FLOOD = 64;
const long_url = `https://example.com/long?q=${"x".repeat(2500)}`;

/** As sign_in, for as long as it takes: on a busy machine the line of passwords is a long one. */
async function guess_patiently(server, i) {
  const answer = await fetch(`${server.base}/api/v1/session`, {
    method: "POST",
    headers: { connection: "close", "content-type": "application/json", "x-forwarded-for": `10.${(i >> 8) & 255}.${i & 255}.7` },
    body: JSON.stringify({ email: `nobody${i}@example.com`, password: "wrong" }),
  });
  await answer.arrayBuffer();
  return answer;
}

/** Passwords for ever new names from ever new networks, FLOOD at a time, until it is told to stop. */
function flood_of_sign_ins(server) {
  const seen = { 401: 0, 503: 0 };
  let going = true;
  let n = 0;
  async function guess() {
    while (going) {
      const answer = await guess_patiently(server, n++);
      seen[answer.status] = (seen[answer.status] ?? 0) + 1;
      if (answer.status === 503) assert.ok(Number(answer.headers.get("retry-after")) > 0);
    }
  }
  const guessing = Promise.all(Array.from({ length: FLOOD }, guess));
  return {
    seen,
    finished: guessing,
    stop() {
      going = false;
      return guessing;
    },
  };
}

test("while more passwords are tried than can be checked, the API and clicks on stored links do not wait for them", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  const { id } = await server.send({ html: `<a href="${long_url}">x</a>` });
  const click = links_of(await server.preview(id))[0];
  const flood = flood_of_sign_ins(server);
  await until(() => flood.seen[503] > 0, "the line of passwords to be full");
  for (let i = 0; i < 5; i++) {
    const checked = flood.seen[401];
    assert.equal((await server.message(id)).id, id);
    const answer = await server.get(click);
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.get("location"), long_url);
    assert.ok(flood.seen[401] - checked < FLOOD / 2, "not behind everybody who signs in");
  }
  await flood.stop();
  assert.deepEqual(Object.keys(flood.seen), ["401", "503"]);
});

test("the owner signs in from where he did before, whatever strangers try", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  const { email, password } = server.made;
  assert.equal((await sign_in(server, "203.0.113.1", email, password)).status, 200);
  const flood = flood_of_sign_ins(server);
  await until(() => flood.seen[503] > 0, "the line of passwords to be full");
  assert.equal((await sign_in(server, "203.0.113.1", email, password)).status, 200);
  await flood.stop();
});

test("the server ends in order while passwords wait to be checked", async (t) => {
  const server = await start_server(t, BEHIND_PROXY);
  const flood = flood_of_sign_ins(server);
  await until(() => flood.seen[503] > 0, "the line of passwords to be full");
  const ended = server.stop("SIGTERM");
  await assert.rejects(flood.finished, "whoever comes now is not let in");
  assert.deepEqual(await ended, { code: 0, signal: null });
});

// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL that does not answer, and does not hang up either: stopped, locked, or read-only. Everything that waits for it
// has an end, says so, and goes on by itself.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "../harness/flow.mjs";
import { links_of, mail, pixel_of, start_server, until } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres, start_postgres_pair } from "../harness/postgres.mjs";
import { SmtpServer } from "../harness/smtp_server.mjs";

const skip = no_postgres;

/** What may be said while the store is away. */
const STORE_AWAY = {
  may_warn: [/ store\.away /, / writer\.failing /, / dispatch\.(store_away|claim) /, / api\./, / links\.no_store /, / unsubscribe\.not_confirmed /],
};
const LONG = `https://example.com/?q=${"x".repeat(2500)}`;

async function start_on_postgres(t, env = {}, options = STORE_AWAY) {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  t.after(() => postgres.thaw());
  const server = (server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url, ...env }, ...options }));
  return { postgres, server };
}

async function stored_link(server) {
  const { id } = await server.send({ html: `<a href="${LONG}">x</a>` });
  return links_of(await server.preview(id))[0];
}

const ready_text = async (server) => {
  const answer = await server.get("/readyz");
  return answer.status === 200 ? null : answer.text();
};

/** While it starts, and takes signals. */
const is_starting = (server) => {
  try {
    return readdirSync(`/proc/${server.child.pid}/task`).some((id) => readFileSync(`/proc/${server.child.pid}/task/${id}/comm`, "utf8") === "start_guard\n");
  } catch {
    return false; /* a thread that has ended meanwhile */
  }
};

test("SIGTERM ends a start that waits for its database, and the next one works", { skip }, async (t) => {
  const { postgres, server } = await start_on_postgres(t);
  await server.stop();
  for (const signal of ["SIGTERM", "SIGINT"]) {
    postgres.freeze();
    const starting = server.start();
    await until(() => is_starting(server), "the start");
    server.child.kill(signal);
    await assert.rejects(starting, /serve ended at once/);
    assert.deepEqual(await server.exit, { code: 0, signal: null });
    assert.match(server.log, new RegExp(`serve\\.stopped signal=${signal.slice(3)} during=start`));
    postgres.thaw();
  }
  await server.start();
  await server.send();
});

test("with PostgreSQL stopped the server is not ready, the API says so, links go on, and all comes back", { skip }, async (t) => {
  const { postgres, server } = await start_on_postgres(t);
  const sent = await server.send();
  const html = await server.preview(sent.id);
  const stored = await stored_link(server);
  postgres.freeze();
  const reason = await until(() => ready_text(server), "readyz to say so");
  assert.match(reason, /^store: ./m);
  for (let i = 0; i < 8; i++) {
    const answer = await server.api("GET", "/messages");
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
  }
  assert.equal((await server.api("POST", "/messages", mail())).status, 503);
  assert.equal((await server.get(pixel_of(html))).status, 200);
  assert.equal((await server.get(links_of(html)[0])).headers.get("location"), "https://example.com/sale?a=1&b=2");
  const answer = await server.get(stored);
  assert.equal(answer.status, 503, "it is not known, and nobody is sent elsewhere");
  assert.ok(Number(answer.headers.get("retry-after")) > 0);
  postgres.thaw();
  await until(async () => (await ready_text(server)) === null, "readyz to be well again", 60000);
  // Each worker finds that out for itself, a second after it was told otherwise.
  const ask_all = () => Promise.all(Array.from({ length: 8 }, () => server.api("GET", "/messages")));
  await until(async () => (await ask_all()).every((answer) => answer.status === 200), "the API to be back");
  assert.equal((await server.get(stored)).headers.get("location"), LONG);
  const list = await server.settled_events(`message=${sent.id}&type=email.opened,email.clicked`);
  assert.equal(list.length, 2, "what was answered meanwhile is there");
});

test("what fails for our own fault is 500 and logged once with route and request, and the others go on", { skip }, async (t) => {
  const { postgres, server } = await start_on_postgres(t, {}, { warns: [/ api\.failed /], may_warn: [/ dispatch\./] });
  await server.send();
  postgres.query("ALTER TABLE suppressions RENAME COLUMN reason TO gone");
  const answers = [];
  for (let i = 0; i < 5; i++) answers.push(await server.api("GET", "/suppressions"));
  for (const answer of answers) {
    assert.equal(answer.status, 500);
    assert.equal(answer.headers.get("retry-after"), null, "it will not get better");
    assert.match(answer.body.request_id, /^[0-9a-f]{16}$/);
    assert.equal(answer.headers.get("x-request-id"), answer.body.request_id);
    assert.doesNotMatch(JSON.stringify(answer.body), /postgresql|column/, "words of the store are for the log");
  }
  assert.equal(new Set(answers.map((answer) => answer.body.request_id)).size, 5);
  const lines = server.log.split("\n").filter((line) => / api\.failed /.test(line));
  assert.equal(lines.length, 1);
  assert.match(lines[0], / error api\.failed method=GET route=\S*suppressions\S* request=[0-9a-f]{16} status=fault error=.*gone|reason/);
  assert.ok(lines[0].includes(answers[0].body.request_id));
  assert.equal((await server.api("GET", "/messages")).status, 200);
});

test("SIGTERM ends a server while its PostgreSQL is stopped, and what it had answered is there after the next start", { skip }, async (t) => {
  const { postgres, server } = await start_on_postgres(t, {}, { may_warn: [...STORE_AWAY.may_warn, / serve\.stop_cut_off /] });
  const sent = await server.send();
  const html = await server.preview(sent.id);
  postgres.freeze();
  const pending = [server.api("GET", "/messages"), server.api("POST", "/messages", mail())].map((one) => one.catch(() => null));
  assert.equal((await server.get(links_of(html)[0])).status, 302);
  await server.stop();
  assert.ok(postgres.frozen, "PostgreSQL was stopped all the while");
  await Promise.all(pending);
  postgres.thaw();
  await server.start();
  assert.equal((await server.settled_events(`message=${sent.id}&type=email.clicked`)).length, 1);
});

test("SIGTERM ends a server whose mail server says nothing and which reads a large mail", async (t) => {
  const smtp = await SmtpServer.start(t);
  smtp.override.greeting = null;
  const server = await start_server(t, { env: smtp.env, may_warn: [/ serve\.stop_cut_off /, / dispatch\./] });
  await server.send({}, null);
  await until(() => smtp.reached("greeting") > 0, "the mail server to be asked");
  const html = `<table>${'<tr><td style="a:b"><a href="https://example.com/x">x</a>'.repeat(100000)}`;
  const linting = server.api("POST", "/lint", { subject: "x", html }).catch(() => null);
  await server.get("/healthz");
  const { signal } = await server.stop();
  assert.equal(signal, null, "it ends by itself");
  await linting;
  smtp.override.greeting = "220 test";
  await server.start();
  await until(() => smtp.taken.length === 1, "the mail to leave");
});

test("mail that a killed server had claimed leaves as soon as it is started again", { skip }, async (t) => {
  const smtp = await SmtpServer.start(t);
  smtp.override.greeting = null;
  const { postgres, server } = await start_on_postgres(t, smtp.env, { may_warn: [/ dispatch\./] });
  await server.send({}, null);
  await until(() => smtp.reached("greeting") > 0, "the mail server to be asked");
  assert.deepEqual(postgres.query("SELECT state FROM send_queue"), [["leased"]]);
  await server.stop("SIGKILL");
  smtp.override.greeting = "220 test";
  await server.start();
  await until(() => smtp.taken.length === 1, "the mail to leave", 60000); // a lease is for two minutes
});

test("a table that somebody locks holds up who asks for it, for a while, and nobody else", { skip }, async (t) => {
  const { postgres, server } = await start_on_postgres(t);
  const stored = await stored_link(server);
  const unlock = await postgres.lock("messages, links");
  const waiting = Array.from({ length: 12 }, () => server.api("GET", "/messages"));
  await until(() => Number(postgres.query("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0]) >= 3, "readers to wait");
  assert.equal((await server.api("GET", "/tenants")).status, 200, "a worker is free for what is quick");
  assert.equal((await server.get(stored)).status, 503, "a click is asked to come again");
  for (const answer of await Promise.all(waiting)) {
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
  }
  await unlock();
  await until(async () => (await server.get(stored)).headers.get("location") === LONG, "the click to be known");
  await until(async () => (await server.api("GET", "/messages")).status === 200, "the API to be back");
});

test("a server that became read-only is left for the one that takes writes", { skip }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL"));
  const first = await start_postgres(t);
  const read_only = (is_on) => {
    first.query(`ALTER SYSTEM SET default_transaction_read_only = ${is_on}`);
    first.query("SELECT pg_reload_conf()");
  };
  const server = (server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: first.url }, ...STORE_AWAY }));
  read_only("on");
  assert.match(await until(() => ready_text(server), "readyz to say so"), /^store: .*(read-only|takes no writes)/m);
  assert.equal((await server.api("POST", "/messages", mail())).status, 503);
  read_only("off");
  await until(async () => (await ready_text(server)) === null, "readyz to be well again", 60000);
  await server.send();
});

test("a connection that leads to a standby after a failover is given up for the new primary", { skip }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL"));
  const pair = await start_postgres_pair(t, true);
  // As behind a name that moves: nothing in the URL says which server is meant.
  const url = pair.url.replace(/&target_session_attrs=.*/, "");
  const server = (server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: url, PUGMARK_SENDING_ACCEPT_ASYNC: "on" }, may_warn: [...STORE_AWAY.may_warn, / store\.late_standby /] }));
  await server.send();
  await pair.primary.stop();
  pair.primary.follow(pair.standby);
  pair.standby.promote();
  await pair.primary.start();
  assert.deepEqual(pair.primary.query("SELECT pg_is_in_recovery()"), [["t"]]);
  // Until the first that writes has found out, there is nothing that readyz could know.
  await until(async () => (await server.api("POST", "/messages", mail())).status === 202, "mail to be taken again", 60000);
  await until(async () => (await ready_text(server)) === null, "readyz to be well again", 60000);
  await server.send();
});

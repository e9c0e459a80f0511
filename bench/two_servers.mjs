#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Two servers on one PostgreSQL: how fast hits are applied when both are hit for the same messages, against messages of their own,
// and how often the database had to end a transaction for it. The two are measured in turn, best of ROUNDS.
//
// With MINUTES > 0 then both take hits for the same messages and batches of mail for the same campaigns for so long, and it is
// told whether each hit that was answered was counted, once.
//
//   BUILD=build node bench/two_servers.mjs [HITS [MINUTES]]
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { start_postgres } from "../test/harness/postgres.mjs";
import { links_of, start_server, temporary_directory, token_of, until } from "../test/harness/pugmark.mjs";

const HITS = Number(process.argv[2] ?? 20000);
const MINUTES = Number(process.argv[3] ?? 0);
const ROUNDS = 3;
const MESSAGES = 300;
const CONNECTIONS = 4; // at each server
const hooks = [];
const t = { after: (hook) => hooks.push(hook) };

/** Sends `count` clicks over one connection, 50 at a time. */
function click(port, paths, count, first) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let sent = 0;
    let answered = 0;
    const send = () => {
      let text = "";
      for (let i = 0; i < 50 && sent < count; i++, sent++) {
        const n = first + sent;
        text += `GET ${paths[n % paths.length]} HTTP/1.1\r\nHost: a\r\nUser-Agent: bench/${n}\r\nX-Forwarded-For: 10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}\r\n\r\n`;
      }
      socket.write(text);
    };
    socket.on("data", (bytes) => {
      const before = Math.floor(answered / 50);
      answered += bytes.toString("latin1").split("HTTP/1.1 302").length - 1;
      if (answered >= count) socket.end(resolve);
      else if (sent < count && Math.floor(answered / 50) > before) send();
    });
    socket.on("error", reject);
    socket.on("connect", send);
  });
}

async function rate(servers, paths_of, first) {
  const began = performance.now();
  const share = Math.floor(HITS / servers.length / CONNECTIONS);
  await Promise.all(servers.flatMap((server, i) =>
    Array.from({ length: CONNECTIONS }, (_, c) => click(server.port, paths_of(i), share, first + (i * CONNECTIONS + c) * share))));
  for (const server of servers) await until(async () => (await server.metric("journal_lag_records")) === 0, "the journals", 600000);
  return (share * servers.length * CONNECTIONS * 1000) / (performance.now() - began);
}

/** Mail for ten campaigns, in another order in each batch, until it is over. */
async function send_batches(server, authorization, is_over) {
  let sent = 0;
  while (!is_over()) {
    const messages = Array.from({ length: 100 }, () => ({
      from: { email: "a@agency.example" }, to: { email: `c${sent++ % 5000}@example.com` }, subject: "s",
      html: '<a href="https://agency.example/">x</a>', campaign: { id: `c${Math.floor(Math.random() * 10)}` },
    }));
    const answer = await server.api("POST", "/messages/batch", { messages }, { authorization });
    if (answer.status !== 202) throw new Error(`a batch was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    await new Promise((r) => setTimeout(r, 200));
  }
  return sent;
}

/** An event of a click tells how often it came again. */
const counted = (postgres) => Number(postgres.query("SELECT COALESCE(SUM(1 + COALESCE(repeats, 0)), 0) FROM events WHERE flags & 31 = 7")[0][0]);

/** What PostgreSQL wrote of each deadlock: who waited for whom, and with which statements. */
function tell_deadlocks(postgres) {
  const lines = readFileSync(join(postgres.directory, "log"), "utf8").split("\n");
  lines.forEach((line, i) => {
    if (line.includes("deadlock detected")) console.log(lines.slice(i, i + 16).join("\n"));
  });
}

async function soak(servers, paths, postgres, first) {
  const before = counted(postgres);
  const end = performance.now() + MINUTES * 60000;
  const is_over = () => performance.now() > end;
  const batches = servers.map((server) => send_batches(server, `Bearer ${servers[0].made.api_key}`, is_over));
  for (const batch of batches) batch.catch(() => {}); // told below; nobody would stop the servers of one that ends by an unhandled error
  let hits = 0;
  for (; !is_over(); hits += HITS) await rate(servers, () => paths.slice(0, MESSAGES), first + hits);
  const mails = (await Promise.all(batches)).reduce((sum, n) => sum + n, 0);
  console.log(`${MINUTES} minutes: ${hits} hits answered, ${counted(postgres) - before} counted; ${mails} mails accepted`);
}

async function main() {
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url, PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1", PUGMARK_JOURNAL_MAX_WAIT_MS: "60000" };
  const first = await start_server(t, { env });
  const data = join(temporary_directory(t), "data");
  mkdirSync(data, { mode: 0o700 });
  cpSync(join(first.data, "keys"), join(data, "keys"));
  const servers = [first, await start_server(t, { env, data })];
  const paths = [];
  for (let i = 0; i < 2 * MESSAGES; i++) paths.push(`/c/${token_of(links_of(await first.preview((await first.send({}, null)).id))[0])}`);
  await until(async () => (await first.api("GET", "/queue")).body.due === 0, "the mails to leave", 60000);
  const deadlocks = () => Number(postgres.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]);
  const best = { same: 0, separate: 0 };
  let number = 0;
  for (let round = 0; round < ROUNDS; round++) {
    best.same = Math.max(best.same, await rate(servers, () => paths.slice(0, MESSAGES), (number += HITS)));
    best.separate = Math.max(best.separate, await rate(servers, (i) => paths.slice(i * MESSAGES, (i + 1) * MESSAGES), (number += HITS)));
  }
  console.log(`hits applied per second by two servers, best of ${ROUNDS}: same messages ${best.same.toFixed(0)}, own messages ${best.separate.toFixed(0)}`);
  console.log(`ratio ${(best.same / best.separate).toFixed(2)}, deadlocks ${deadlocks()}`);
  if (!MINUTES) return;
  const before = deadlocks();
  await soak(servers, paths, postgres, (number += HITS));
  console.log(`deadlocks ${deadlocks() - before}`);
  tell_deadlocks(postgres);
}

try {
  await main();
} finally {
  for (const hook of hooks) await hook();
}

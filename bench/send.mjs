#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Mail out through SMTP to Postfix's smtp-sink, instrumented, intents and outcomes durable: mails a second from the start of
// the deliverer until the last one was taken. With PUGMARK_OLD, another version in turns with this one, and the ratio. The
// store is SQLite, or a server's with PUGMARK_BENCH_STORE=postgresql://…, which must be empty for each round: %d is the
// number of the database.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { free_port } from "./free_port.mjs";

const versions = { new: process.env.PUGMARK ?? "build/src/prog/pugmark" };
if (process.env.PUGMARK_OLD) versions.old = process.env.PUGMARK_OLD;
const mails = Number(process.env.BENCH_MAILS ?? 10000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const concurrency = process.env.BENCH_CONCURRENCY ?? "20";
const store = process.env.PUGMARK_BENCH_STORE;
const BATCH = 500;
const sink = process.env.SMTP_SINK ?? "/usr/sbin/smtp-sink";
let databases = 0;

async function until(look, what) {
  for (const give_up = Date.now() + 300000; Date.now() < give_up; await new Promise((r) => setTimeout(r, 10))) {
    const found = await look().catch(() => false);
    if (found) return found;
  }
  throw new Error(`gave up waiting for ${what}`);
}

/** A server on `port`; resolves when it is ready. */
async function serve(program, data, env, port) {
  const args = ["serve", "--data", data, "--listen", `127.0.0.1:${port}`];
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  child.log = "";
  child.stderr.on("data", (text) => (child.log += text));
  await until(async () => child.exitCode !== null || (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, "readyz");
  if (child.exitCode !== null) throw new Error(`serve ended at once:\n${child.log}`);
  return child;
}

const stop = (child) => new Promise((r) => (child.once("close", r), child.kill("SIGTERM")));

const message = (i) => ({
  from: { email: "agent@agency.example", name: "Anna Agent" },
  to: { email: `person${i}@example.net` },
  subject: "Three new houses near the lake",
  campaign: { id: "spring-2026" },
  html: `<html><body>${"<p>A house with a garden, close to the lake and the school. <a href='https://example.com/house/1'>See it</a></p>".repeat(12)}</body></html>`,
  text: "Three new houses near the lake: https://example.com/",
});

async function accept(port, key) {
  for (let from = 0; from < mails; from += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, mails - from) }, (_, i) => message(from + i));
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/messages/batch`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ messages }),
    });
    if (!answer.ok) throw new Error(`not accepted: ${answer.status} ${await answer.text()}`);
    await answer.text();
  }
}

async function sent(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(text.match(/^pugmark_mails_sent_total (\d+)/m)?.[1] ?? 0);
}

async function round(program) {
  const data = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "pugmark-send-"));
  const [port, smtp_port] = [await free_port(), await free_port()];
  // Root must name somebody for it to become.
  const user = process.getuid() === 0 ? ["-u", "nobody"] : [];
  const smtp = spawn(sink, [...user, "-c", `127.0.0.1:${smtp_port}`, "1000"], { stdio: "ignore" });
  smtp.once("exit", (code) => code && console.error(`smtp-sink ended with ${code}`));
  const env = {
    PUGMARK_SENDING_PROVIDER: "smtp",
    PUGMARK_SMTP_HOST: "127.0.0.1",
    PUGMARK_SMTP_PORT: String(smtp_port),
    PUGMARK_SMTP_TLS: "none",
    PUGMARK_SENDING_CONCURRENCY: concurrency,
    ...(store ? { PUGMARK_STORE_URL: store.replace("%d", String(++databases)) } : {}),
  };
  try {
    const init = execFileSync(program, ["init", "--data", data, "--json"], { env: { ...process.env, ...env } });
    const { api_key } = JSON.parse(init);
    let server = await serve(program, data, { ...env, PUGMARK_SERVER_ROLES: "edge,api,apply" }, port);
    await accept(port, api_key);
    await stop(server);
    server = await serve(program, data, env, port);
    const start = process.hrtime.bigint();
    let before = await sent(port);
    await until(async () => (await sent(port)) >= mails, "the last mail");
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    await stop(server);
    return (mails - before) / seconds;
  } finally {
    smtp.kill("SIGTERM");
    rmSync(data, { recursive: true, force: true });
  }
}

const best = {};
for (let i = 0; i < rounds; i++)
  for (const [name, program] of Object.entries(versions)) {
    const rate = await round(program);
    best[name] = Math.max(best[name] ?? 0, rate);
    process.stderr.write(`${name} ${rate.toFixed(0)}/s\n`);
  }
const ratio = best.old ? `, ${(best.new / best.old).toFixed(2)} of the other version's ${best.old.toFixed(0)}` : "";
console.log(`${store ? "PostgreSQL" : "SQLite"}, ${mails} mails, concurrency ${concurrency}: ${best.new.toFixed(0)} mails/s${ratio}`);

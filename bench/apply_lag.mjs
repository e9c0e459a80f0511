#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// How long a hit waits until it is applied, alone and while messages are accepted in batches of 1,000: readers keep
// fetching pixels at a fixed rate, every hundredth on a mail of one campaign, and the live stream of that campaign tells
// when it was applied. From the edge's clock (occurred_at) to the arrival of the event, both on this machine.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { free_port } from "./free_port.mjs";

const AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36";
const TICK_MS = 10;
const CONNECTIONS = 8;
const BATCH = 1000;
const PROBE_EVERY = 100;

/* ---- The readers, on a thread of their own: each hit comes from another address, so that none is a repeat. */

function address_of(n) {
  return `${11 + ((n >> 24) & 63)}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

function request_of(path, n) {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${AGENT}\r\nX-Forwarded-For: ${address_of(n)}\r\n\r\n`;
}

function be_readers({ port, paths, probes, rate }) {
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, "127.0.0.1"));
  let sent = 0;
  const began = Date.now();
  for (const socket of sockets) socket.resume();
  setInterval(() => {
    const due = Math.floor(((Date.now() - began) * rate) / 1000);
    const texts = sockets.map(() => "");
    for (; sent < due; sent++) {
      const is_probe = sent % PROBE_EVERY === 0;
      const list = is_probe ? probes : paths;
      texts[sent % CONNECTIONS] += request_of(list[(is_probe ? sent / PROBE_EVERY : sent) % list.length], sent);
    }
    sockets.forEach((socket, i) => texts[i] && socket.write(texts[i]));
  }, TICK_MS);
  parentPort.on("message", () => parentPort.postMessage(sent));
}

/* ---- The server */

const pugmark = process.env.PUGMARK ?? "build/src/prog/pugmark";
const messages = Number(process.env.BENCH_MESSAGES ?? 60000);
const rate = Number(process.env.BENCH_HITS_PER_S ?? 5000);
const quiet_s = Number(process.env.BENCH_SECONDS ?? 5);
const directory = isMainThread ? mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "pugmark-lag-")) : null;
const children = [];

async function start_server() {
  const port = await free_port();
  const data = join(directory, "data");
  const { api_key } = JSON.parse(execFileSync(pugmark, ["init", "--json", "--data", data]));
  const env = {
    ...process.env,
    PUGMARK_SERVER_ROLES: "edge,api,apply", // what is accepted stays in the queue: sending is not what is measured
    PUGMARK_SERVER_LOOPS: "1",
    PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1",
  };
  const child = spawn(pugmark, ["serve", "--data", data, "--listen", `127.0.0.1:${port}`], { env, stdio: "ignore" });
  children.push(child);
  const server = { base: `http://127.0.0.1:${port}`, port, key: api_key };
  for (let i = 0; i < 400; i++) {
    try {
      if ((await fetch(`${server.base}/readyz`)).ok) return server;
    } catch {
      /* not yet */
    }
    await new Promise((r) => setTimeout(r, 25));
  }
  throw new Error("the server never answered");
}

const post = ({ base, key }, path, body) =>
  fetch(`${base}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body,
  });

const mail = (n, more) => ({
  from: { email: "a@example.com" },
  to: { email: `c${n}@example.com` },
  subject: "Spring sale",
  html: `<html><body><p>Dear reader ${n % 7},</p><p>all is <a href="https://example.com/sale">cheaper</a> until Sunday.</p></body></html>`,
  ...more,
});

async function pixels(server, count, more) {
  const paths = [];
  for (let i = 0; i < count; i++) {
    const answer = await post(server, "/instrument", JSON.stringify(mail(i, more)));
    paths.push((await answer.json()).html.match(/\/o\/[A-Za-z0-9_-]+\.gif/)[0]);
  }
  return paths;
}

/* ---- The measurement */

/** Calls `note` with the milliseconds between each hit of the campaign and its arrival here. */
async function follow({ base, key }, note) {
  const answer = await fetch(`${base}/api/v1/events/stream?campaign=probe&type=email.opened`, { headers: { authorization: `Bearer ${key}` } });
  let text = "";
  for await (const bytes of answer.body) {
    const now = Date.now();
    text += Buffer.from(bytes).toString();
    const frames = text.split("\n\n");
    text = frames.pop();
    for (const frame of frames) {
      const data = frame.split("\n").find((line) => line.startsWith("data:"));
      if (data) note(now - Date.parse(JSON.parse(data.slice(5)).occurred_at));
    }
  }
}

async function load(server) {
  const body = JSON.stringify({ messages: Array.from({ length: BATCH }, (_, i) => mail(i, { campaign: { id: "bulk" } })) });
  let left = Math.ceil(messages / BATCH);
  const sender = async () => {
    while (left-- > 0) {
      const answer = await post(server, "/messages/batch", body);
      if (answer.status !== 202) throw new Error(`a batch was answered ${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all([sender(), sender(), sender()]);
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

function report(what, lags, more = "") {
  const sorted = [...lags].sort((a, b) => a - b);
  const ms = (share) => `${at(sorted, share) ?? "-"} ms`.padStart(8);
  console.log(`  ${what.padEnd(34)} p50 ${ms(0.5)}   p99 ${ms(0.99)}   worst ${ms(1)}   of ${sorted.length}${more}`);
}

async function metric({ base }, name) {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(text.match(new RegExp(`^pugmark_${name} (.*)$`, "m"))[1]);
}

const pause = (ms) => new Promise((r) => setTimeout(r, ms));

async function until_applied(server, timeout_ms) {
  for (const end = Date.now() + timeout_ms; Date.now() < end; await pause(50)) if ((await metric(server, "journal_lag_records")) === 0) return;
}

async function measure() {
  const server = await start_server();
  const probes = await pixels(server, 20, { campaign: { id: "probe" } });
  const paths = await pixels(server, 300, { campaign: { id: "hits" } });
  let lags = [];
  follow(server, (ms) => lags.push(ms)).catch(() => {}); // ends with the server
  const readers = new Worker(new URL(import.meta.url), { workerData: { port: server.port, paths, probes, rate } });
  await pause(1000);
  lags = [];
  await pause(quiet_s * 1000);
  report(`${rate} hits/s alone`, lags);
  lags = [];
  const began = Date.now();
  await load(server);
  const seconds = (Date.now() - began) / 1000;
  const sent = await new Promise((r) => (readers.once("message", r), readers.postMessage("how many")));
  await readers.terminate();
  await until_applied(server, 120000); // or those that waited longest would not be among them
  await pause(500);
  report(`… and ${messages} messages in batches`, lags, `, ${Math.round(messages / seconds)} messages/s`);
  console.log(`  ${sent} hits sent, ${await metric(server, "opens_answered_total")} answered, ${await metric(server, "hits_lost_total")} lost`);
}

if (!isMainThread) {
  be_readers(workerData);
} else {
  try {
    await measure();
  } finally {
    for (const child of children) {
      child.kill("SIGTERM");
      await new Promise((r) => child.once("exit", r));
    }
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit(process.exitCode ?? 0); // the stream may still be open
}

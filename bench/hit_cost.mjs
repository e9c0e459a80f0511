#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Processor time a hit costs in the whole server, from the request until it is an event that is counted, against another
// build of it (PUGMARK_OLD, when there is one) and against what nginx takes for a pixel with a line in its log. Each hit
// comes from an address of its own, so that it is one that counts. Rounds alternate, and in every other one the order is
// turned, because the first of a round was dearer by up to a tenth. Told are the least, because everything else that runs
// on the machine can only add, and the median.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { ask, clean_up, from_everywhere, metric, start_nginx, start_pugmark, stop, tracking_paths } from "./tracked_server.mjs";

const servers = { pugmark: process.env.PUGMARK ?? "build/src/prog/pugmark" };
if (process.env.PUGMARK_OLD) servers.old = process.env.PUGMARK_OLD;
const seconds = Number(process.env.BENCH_SECONDS ?? 2);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const mails = Number(process.env.BENCH_MAILS ?? 1000);

/* What all threads of a process took, in microseconds, as the scheduler counted it (/proc/PID/stat has ticks of 10 ms). */
function cpu_us(pid) {
  const taken_ns = (thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + taken_ns(thread), 0) / 1000;
}

function run_wrk(url, lua) {
  const text = execFileSync("wrk", ["-t1", "-c64", `-d${seconds}s`, "-s", lua, url], { encoding: "utf8" });
  return Number(text.match(/(\d+) requests in/)[1]);
}

async function until_applied(base) {
  while ((await metric(base, "journal_lag_records")) > 0) await new Promise((r) => setTimeout(r, 20));
}

async function cost_of(binary) {
  const server = await start_pugmark(binary, { SERVER_TRUSTED_PROXIES: "127.0.0.1" });
  const { opens, clicks } = await tracking_paths(server, mails);
  const lua = from_everywhere([...opens, ...opens, ...opens, ...clicks], "hits"); // a quarter are clicks
  await until_applied(server.base);
  const before_us = cpu_us(server.child.pid);
  run_wrk(server.base, lua);
  await until_applied(server.base);
  const hits = (await metric(server.base, "opens_answered_total")) + (await metric(server.base, "clicks_answered_total"));
  const cost = { us: (cpu_us(server.child.pid) - before_us) / hits, hits };
  await stop(server.child);
  return cost;
}

/* The worker is the master's only child. */
async function cost_of_nginx() {
  const { url, child } = await start_nginx();
  const worker = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ")[0]);
  const lua = from_everywhere(["/o.gif"], "nginx");
  await ask(url);
  const before_us = cpu_us(worker);
  const hits = run_wrk(new URL(url).origin, lua);
  const cost = { us: (cpu_us(worker) - before_us) / hits, hits };
  await stop(child);
  return cost;
}

const sorted = (list) => list.map((c) => c.us).sort((a, b) => a - b);
const least = (list) => sorted(list)[0];
const median = (list) => sorted(list)[Math.floor(list.length / 2)];

async function main() {
  const runs = { nginx: [] };
  for (const name of Object.keys(servers)) runs[name] = [];
  for (let i = 0; i < rounds; i++) {
    runs.nginx.push(await cost_of_nginx());
    const builds = Object.entries(servers);
    for (const [name, binary] of i % 2 ? builds.reverse() : builds) runs[name].push(await cost_of(binary));
  }
  for (const [name, list] of Object.entries(runs))
    console.log(`${name.padEnd(8)} ${least(list).toFixed(1).padStart(6)} us a hit, median ${median(list).toFixed(1)}   (${list.map((c) => `${c.us.toFixed(1)} of ${c.hits}`).join(", ")})`);
  const to = (name) => `${(least(runs.pugmark) / least(runs[name])).toFixed(2)} (median ${(median(runs.pugmark) / median(runs[name])).toFixed(2)})`;
  console.log(`         ${to("nginx")} times nginx${runs.old ? `, ${to("old")} times the other build` : ""}`);
}

try {
  await main();
} finally {
  await clean_up();
}

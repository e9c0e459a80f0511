#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Tracking answers a second, durable before the answer, against nginx `empty_gif` with its access log, one loop against one
// worker, in one run on one machine. Rounds alternate, the median counts, and the ratio is what matters: a busy machine
// slows both.
import { execFileSync } from "node:child_process";
import { clean_up, from_everywhere, metric, start_nginx, start_pugmark, tracking_paths } from "./tracked_server.mjs";

const pugmark = process.env.PUGMARK ?? "build/src/prog/pugmark";
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const connections = (process.env.BENCH_CONNECTIONS ?? "64,256,1000").split(",").map(Number);

function wrk(url, script, count) {
  const text = execFileSync("wrk", ["-t2", `-c${count}`, `-d${seconds}s`, "--latency", "-s", script, url], { encoding: "utf8" });
  const per_second = Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]);
  const p99 = text.match(/99%\s+(\S+)/)[1];
  const bad = text.match(/Non-2xx or 3xx responses: (\d+)/)?.[1] ?? "0";
  const errors = text.match(/Socket errors: (.*)/)?.[1] ?? "";
  return { per_second, p99, bad: Number(bad), errors };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function main() {
  const { url: nginx } = await start_nginx();
  const server = await start_pugmark(pugmark, { SERVER_TRUSTED_PROXIES: "127.0.0.1" });
  const { opens, clicks } = await tracking_paths(server, 200);
  const scripts = { opens: from_everywhere(opens, "opens"), clicks: from_everywhere(clicks, "clicks") };
  const rows = [];
  for (const count of connections) {
    const runs = { nginx: [], opens: [], clicks: [] };
    for (let i = 0; i < rounds; i++) {
      runs.nginx.push(wrk(nginx, scripts.opens, count));
      runs.opens.push(wrk(server.base, scripts.opens, count));
    }
    runs.clicks.push(wrk(server.base, scripts.clicks, count));
    const ratio = median(runs.opens.map((r, i) => r.per_second / runs.nginx[i].per_second));
    rows.push({ count, ratio, runs });
    const k = (list) => (median(list.map((r) => r.per_second)) / 1000).toFixed(1).padStart(6);
    const p99 = (list) => list[Math.floor(list.length / 2)].p99;
    console.log(
      `${String(count).padStart(5)} connections   ratio ${ratio.toFixed(2)}   opens ${k(runs.opens)}k/s (99% ${p99(runs.opens)})` +
        `   clicks ${k(runs.clicks)}k/s (99% ${p99(runs.clicks)})   nginx ${k(runs.nginx)}k/s (99% ${p99(runs.nginx)})`,
    );
    for (const [name, list] of Object.entries(runs))
      for (const r of list) if (r.bad || r.errors) console.log(`        ${name}: ${r.bad} bad answers ${r.errors}`);
  }
  const early = await metric(server.base, "answered_early_total");
  const lost = await metric(server.base, "hits_lost_total");
  const answered = (await metric(server.base, "opens_answered_total")) + (await metric(server.base, "clicks_answered_total"));
  console.log(`        ${answered} hits answered, ${early} before the disk was done, ${lost} lost`);
  if (process.argv.includes("--json")) console.log(JSON.stringify({ rows, early, lost, answered }));
}

try {
  await main();
} finally {
  await clean_up();
}

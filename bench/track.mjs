#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Tracking answers a second, durable before the answer, against nginx `empty_gif` with its access log, one loop against one
// worker, in one run on one machine. Rounds alternate, the median counts, and the ratio is what matters: a busy machine
// slows both.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const pugmark = process.env.PUGMARK ?? "build/src/prog/pugmark";
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const connections = (process.env.BENCH_CONNECTIONS ?? "64,256,1000").split(",").map(Number);
const directory = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "pugmark-bench-"));
const children = [];

function free_port() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/* On a line of its own: one that is kept alive is closed by the server while wrk runs, and this process sees it late. */
const ask = (url, { headers = {}, ...rest } = {}) => fetch(url, { ...rest, headers: { connection: "close", ...headers } });

async function until_answers(url) {
  for (let i = 0; i < 200; i++) {
    try {
      if ((await ask(url)).ok) return;
    } catch {
      /* not yet */
    }
    await new Promise((r) => setTimeout(r, 25));
  }
  throw new Error(`${url} never answered`);
}

function start(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  children.push(child);
  return child;
}

async function start_nginx() {
  const port = await free_port();
  const prefix = join(directory, "nginx");
  mkdirSync(prefix);
  writeFileSync(
    join(prefix, "nginx.conf"),
    `worker_processes 1; daemon off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 4096; }
http { access_log ${prefix}/access.log; keepalive_requests 100000000;
  client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy; fastcgi_temp_path ${prefix}/fastcgi;
  uwsgi_temp_path ${prefix}/uwsgi; scgi_temp_path ${prefix}/scgi;
  server { listen 127.0.0.1:${port} backlog=4096; location / { empty_gif; } } }`,
  );
  start("/usr/sbin/nginx", ["-p", prefix, "-c", join(prefix, "nginx.conf")]);
  const url = `http://127.0.0.1:${port}/o.gif`;
  await until_answers(url);
  return url;
}

async function start_pugmark() {
  const port = await free_port();
  const data = join(directory, "data");
  const made = JSON.parse(execFileSync(pugmark, ["init", "--json", "--data", data]));
  process.env.PUGMARK_SERVER_LOOPS = "1";
  process.env.PUGMARK_SERVER_CONNECTIONS_PER_ADDRESS = "20000";
  const child = start(pugmark, ["serve", "--data", data, "--listen", `127.0.0.1:${port}`]);
  const base = `http://127.0.0.1:${port}`;
  await until_answers(`${base}/readyz`);
  return { base, key: made.api_key, pid: child.pid };
}

/* The paths of real pixels and links, so that every request opens a token of its own. */
async function tracking_paths({ base, key }, count) {
  const opens = [];
  const clicks = [];
  for (let i = 0; i < count; i++) {
    const answer = await ask(`${base}/api/v1/instrument`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        from: { email: "a@example.com" },
        to: { email: `c${i}@example.com` },
        subject: "bench",
        html: `<p>Hello <a href="https://example.com/sale/${i}">sale</a></p>`,
      }),
    });
    const { html } = await answer.json();
    opens.push(html.match(/\/o\/[A-Za-z0-9_-]+\.gif/)[0]);
    clicks.push(html.match(/\/c\/[A-Za-z0-9_-]+/)[0]);
  }
  return { opens, clicks };
}

function lua(paths, name) {
  const file = join(directory, `${name}.lua`);
  const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36";
  writeFileSync(
    file,
    `local requests = {}
local at = 0
init = function()
  for _, path in ipairs({${paths.map((p) => `"${p}"`).join(",")}}) do
    requests[#requests + 1] = wrk.format("GET", path, {["User-Agent"] = "${agent}"})
  end
end
request = function() at = at % #requests + 1; return requests[at] end`,
  );
  return file;
}

function wrk(url, script, count) {
  const text = execFileSync("wrk", ["-t2", `-c${count}`, `-d${seconds}s`, "--latency", "-s", script, url], { encoding: "utf8" });
  const per_second = Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]);
  const p99 = text.match(/99%\s+(\S+)/)[1];
  const bad = text.match(/Non-2xx or 3xx responses: (\d+)/)?.[1] ?? "0";
  const errors = text.match(/Socket errors: (.*)/)?.[1] ?? "";
  return { per_second, p99, bad: Number(bad), errors };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function metric(base, name) {
  const text = await (await ask(`${base}/metrics`)).text();
  return Number(text.match(new RegExp(`^pugmark_${name} (\\d+)`, "m"))[1]);
}

async function main() {
  const nginx = await start_nginx();
  const server = await start_pugmark();
  const { opens, clicks } = await tracking_paths(server, 200);
  const scripts = { opens: lua(opens, "opens"), clicks: lua(clicks, "clicks") };
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
  for (const child of children) {
    child.kill("SIGTERM");
    await new Promise((r) => (child.exitCode !== null ? r() : child.on("exit", r)));
  }
  rmSync(directory, { recursive: true, force: true });
}

// SPDX-License-Identifier: Apache-2.0
// What measurements of the whole server need: a Pugmark and an nginx to ask, tracking paths that are real, and an end to all of it.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { free_port } from "./free_port.mjs";

export const directory = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "pugmark-bench-"));
const children = [];

/* On a line of its own: one that is kept alive is closed by the server while wrk runs, and this process sees it late. */
export const ask = (url, { headers = {}, ...rest } = {}) => fetch(url, { ...rest, headers: { connection: "close", ...headers } });

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

function start(command, args, env = process.env) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], env });
  children.push(child);
  return child;
}

export async function start_nginx() {
  const port = await free_port();
  const prefix = mkdtempSync(join(directory, "nginx-"));
  writeFileSync(
    join(prefix, "nginx.conf"),
    `worker_processes 1; daemon off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 4096; }
http { access_log ${prefix}/access.log; keepalive_requests 100000000;
  client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy; fastcgi_temp_path ${prefix}/fastcgi;
  uwsgi_temp_path ${prefix}/uwsgi; scgi_temp_path ${prefix}/scgi;
  server { listen 127.0.0.1:${port} backlog=4096; location / { empty_gif; } } }`,
  );
  const child = start("/usr/sbin/nginx", ["-p", prefix, "-c", join(prefix, "nginx.conf")]);
  const url = `http://127.0.0.1:${port}/o.gif`;
  await until_answers(url);
  return { url, child };
}

/* `options` are configuration keys as the environment spells them: { SERVER_LOOPS: 1 }. */
export async function start_pugmark(binary, options = {}) {
  const port = await free_port();
  const data = mkdtempSync(join(directory, "data-"));
  rmSync(data, { recursive: true });
  const made = JSON.parse(execFileSync(binary, ["init", "--json", "--data", data]));
  const env = { ...process.env, PUGMARK_SERVER_LOOPS: "1", PUGMARK_SERVER_CONNECTIONS_PER_ADDRESS: "20000" };
  for (const [name, value] of Object.entries(options)) env[`PUGMARK_${name}`] = String(value);
  const child = start(binary, ["serve", "--data", data, "--listen", `127.0.0.1:${port}`], env);
  const base = `http://127.0.0.1:${port}`;
  await until_answers(`${base}/readyz`);
  return { base, key: made.api_key, child };
}

/* The paths of real pixels and links, so that every request opens a token of its own. */
export async function tracking_paths({ base, key }, count) {
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

/* A script for wrk that asks for these paths in any order, each time from another address, so that none is a repeat and none
 * is beyond what one network may ask for (web/edge/replay): each hit is one that is kept. The server must trust 127.0.0.1. */
export function from_everywhere(paths, name) {
  const file = join(directory, `${name}.lua`);
  writeFileSync(
    file,
    `local paths = {${paths.map((p) => `"${p}"`).join(",")}}
local requests = {}
local at = 0
init = function()
  math.randomseed(os.time())
  for i = 1, 40000 do
    requests[i] = wrk.format("GET", paths[math.random(#paths)], {
      ["X-Forwarded-For"] = string.format("%d.%d.%d.%d", math.random(77, 93), math.random(0, 255), math.random(0, 255), math.random(1, 254)),
      ["X-Forwarded-Proto"] = "https", ["Accept-Language"] = "en", ["Sec-Fetch-Mode"] = "navigate",
      ["User-Agent"] = string.format("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.0 Safari/537.36", math.random(130, 153), math.random(6000, 6040))})
  end
end
request = function() at = at % #requests + 1; return requests[at] end`,
  );
  return file;
}

export async function metric(base, name) {
  const text = await (await ask(`${base}/metrics`)).text();
  return Number(text.match(new RegExp(`^pugmark_${name} (\\d+)`, "m"))[1]);
}

export async function stop(child) {
  child.kill("SIGTERM");
  await new Promise((r) => (child.exitCode !== null || child.signalCode !== null ? r() : child.on("exit", r)));
}

/* Ends whatever was started and removes all files. */
export async function clean_up() {
  for (const child of children) await stop(child);
  rmSync(directory, { recursive: true, force: true });
}

#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// What a stranger (and one who has a key) can do to a server: each attack alone and all of them at once, with the
// server's peak resident memory and what a person who clicks a link waits meanwhile. The clicks come from a process of
// their own, ten a second on new connections and ten on one that is kept. The attackers sit on the machine of the server,
// where no attacker sits: they are processes at the lowest priority, so that they have all time that the server leaves,
// but do not take it the time to answer. (Opening 6,500 connections at once took both cores for 1.5 s at the same
// priority, and the server, which then had 5 % of one, was what seemed slow.) PUGMARK_ATTACKERS_NICE=0 takes that back.
//
//   node bench/attacks.mjs [NAME …]      NAME: an attack, or `all`
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { free_port } from "./free_port.mjs";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 15);
const FILES = 1024; /* descriptors that the server may open at first; it may raise that to what is allowed */
const CONNECTIONS = 3000; /* that it takes; fewer than some attacks open */
const ATTACKERS_NICE = process.env.PUGMARK_ATTACKERS_NICE ?? "19";
const pause = (ms) => new Promise((r) => setTimeout(r, ms));

/* ---- Attacks. Each runs until the time is over and opens its connections anew when the server hangs up. */

/** A connection that says `text` and listens to nothing; comes back when it is hung up on. */
function pester({ port }, end, write) {
  if (Date.now() > end) return;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(() => pester({ port }, end, write), 100));
  socket.on("connect", () => write(socket));
  setTimeout(() => socket.destroy(), Math.max(0, end - Date.now()));
}

const head = (method, path, length, more = "") =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}Content-Length: ${length}\r\n\r\n`;

/** All of a body, as fast as it is taken, and the answer read. */
function post(to, end, path, body, more) {
  pester(to, end, (socket) => {
    socket.resume();
    socket.write(head("POST", path, body.length, more));
    socket.write(body);
  });
}

const MB = 1 << 20;
const nested = () => Buffer.from(`[${"[],".repeat(10 * MB)}[]]`);
const many_links = (size) => {
  const link = '<a href=\\"https://example.com/a/long/enough/path\\">x</a>';
  return Buffer.from(`{"html":"${link.repeat(Math.floor(size / link.length))}"}`);
};

const attacks = {
  /* Six bodies of empty lists for a route that anybody may ask. */
  lists: (to, end) => {
    const body = nested();
    for (let i = 0; i < 6; i++) post(to, end, "/api/v1/session", body);
  },
  /* Sixty bodies that stop before their last byte, on a path that takes none. */
  silent: (to, end) => {
    const part = Buffer.alloc(31 * MB, 120);
    for (let i = 0; i < 60; i++)
      pester(to, end, (socket) => {
        socket.resume();
        socket.write(head("POST", `/o/x${i}`, 32 * MB));
        socket.write(part);
      });
  },
  /* Five hundred that ask for the console's script again and again and never read it. */
  unread: (to, end) => {
    const text = "GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
    for (let i = 0; i < 500; i++)
      pester(to, end, (socket) => {
        socket.pause();
        socket.write(text);
      });
  },
  /* Four thousand that say nothing, and come again. */
  idle: (to, end) => {
    for (let i = 0; i < 4000; i++) pester(to, end, () => {});
  },
  /* Four thousand that begin a sign-in and leave it at that, and come again: more than the server takes. */
  half_bodies: (to, end) => {
    for (let i = 0; i < 4000; i++) pester(to, end, (socket) => socket.write(`${head("POST", "/api/v1/session", 4000)}{`));
  },
  /* Two thousand that send a header a second. */
  slow: (to, end) => {
    for (let i = 0; i < 2000; i++)
      pester(to, end, (socket) => {
        socket.write("GET /o/x HTTP/1.1\r\n");
        const timer = setInterval(() => socket.write("X: y\r\n"), 1000);
        socket.on("close", () => clearInterval(timer));
      });
  },
  /* A hundred passwords at a time. */
  passwords: (to, end) => {
    const body = Buffer.from(JSON.stringify({ email: to.email, password: "not the password" }));
    for (let i = 0; i < 100; i++) post(to, end, "/api/v1/session", body, "Connection: close\r\n");
  },
  /* One mail's pixel, over and over, by a thousand agents. */
  replay: (to, end) => {
    for (let i = 0; i < 20; i++)
      pester(to, end, (socket) => {
        let n = 0;
        const more = () => {
          socket.write(Array.from({ length: 10 }, () => `GET ${to.open} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a/${n++ % 1000}\r\n\r\n`).join(""));
        };
        socket.on("data", more);
        more();
      });
  },
  /* With a key: two mails of 31 MB that are nothing but links, to be looked at. */
  lint: (to, end) => {
    const body = many_links(31 * MB);
    for (let i = 0; i < 2; i++) post(to, end, "/api/v1/lint", body, `Authorization: Bearer ${to.key}\r\n`);
  },
};

/* ---- A person who clicks. */

function click(to, agent, path, note) {
  const began = performance.now();
  return new Promise((resolve) => {
    const asked = request({ port: to.port, host: "127.0.0.1", path, agent, timeout: 10000 }, (answer) => {
      answer.resume();
      answer.on("end", () => {
        note(performance.now() - began, answer.statusCode === 302 && answer.headers.location.startsWith("https://example.com/"));
        resolve();
      });
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => {
      note(performance.now() - began, false);
      resolve();
    });
    asked.end();
  });
}

async function be_person(to) {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const waits = [];
  let wrong = 0;
  let n = 0;
  const note = (ms, right) => {
    waits.push(ms);
    if (!right) wrong++;
  };
  const timer = setInterval(() => {
    click(to, false, to.clicks[n % to.clicks.length], note);
    click(to, kept, to.clicks[n++ % to.clicks.length], note);
  }, 100);
  await pause(to.seconds * 1000);
  clearInterval(timer);
  await pause(1000);
  process.send({ waits: waits.sort((a, b) => a - b), wrong });
}

/* ---- The server */

const THIS_FILE = fileURLToPath(import.meta.url);
const role = process.env.PUGMARK_ATTACKS_ROLE; /* "person", the name of an attack, or nothing */
const directory = role ? null : mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "pugmark-attacks-"));
let child;

async function start_server() {
  const program = process.env.PUGMARK ?? "build/src/prog/pugmark";
  const port = await free_port();
  const data = join(directory, "data");
  const made = JSON.parse(execFileSync(program, ["init", "--json", "--data", data]));
  child = spawn("prlimit", [`--nofile=${FILES}:`, program, "serve", "--data", data, "--listen", `127.0.0.1:${port}`], {
    stdio: "ignore",
    env: { ...process.env, PUGMARK_SERVER_CONNECTIONS: String(CONNECTIONS) },
  });
  const server = { port, key: made.api_key, email: made.email, pid: child.pid };
  for (let i = 0; i < 400; i++) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return server;
    } catch {
      /* not yet */
    }
    await pause(25);
  }
  throw new Error("the server never answered");
}

async function tracking_paths({ port, key }) {
  const clicks = [];
  let open;
  for (let i = 0; i < 50; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/instrument`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        from: { email: "a@example.com" },
        to: { email: `c${i}@example.com` },
        subject: "x",
        html: `<p><a href="https://example.com/sale/${i}">sale</a></p>`,
      }),
    });
    const { html } = await answer.json();
    clicks.push(html.match(/\/c\/[A-Za-z0-9_-]+/)[0]);
    open = html.match(/\/o\/[A-Za-z0-9_-]+\.gif/)[0];
  }
  return { clicks, open };
}

/* ---- The measurement */

const resident_mb = (pid, name) => Number(readFileSync(`/proc/${pid}/status`, "latin1").match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))[1]) / 1024;
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Starts this file again in another role, `to` in its hands. */
function be(which, [program = process.execPath, ...before], to) {
  const started = program === process.execPath ? [] : [process.execPath];
  const env = { ...process.env, PUGMARK_ATTACKS_ROLE: which };
  const process_of = spawn(program, [...before, ...started, THIS_FILE], { env, stdio: ["ignore", "inherit", "inherit", "ipc"], serialization: "json" });
  process_of.send(to);
  return process_of;
}

async function measure(server, names) {
  writeFileSync(`/proc/${server.pid}/clear_refs`, "5"); /* the peak begins anew (proc(5)) */
  const person = be("person", [], { ...server, seconds: SECONDS });
  const attackers = names.map((name) => be(name, ["nice", "-n", ATTACKERS_NICE], { ...server, end: Date.now() + SECONDS * 1000 }));
  const { waits, wrong } = await new Promise((r) => person.once("message", r));
  const peak = resident_mb(server.pid, "VmHWM");
  for (const one of [person, ...attackers]) one.kill("SIGKILL");
  await pause(3000);
  const ms = (share) => `${at(waits, share).toFixed(1)} ms`.padStart(10);
  console.log(
    `  ${(names.length > 1 ? "all at once" : names[0] ?? "nobody").padEnd(12)} peak ${peak.toFixed(0).padStart(5)} MB, after it ${resident_mb(server.pid, "VmRSS").toFixed(0).padStart(5)} MB` +
      `   click p50 ${ms(0.5)}, p99 ${ms(0.99)}, worst ${ms(1)}, wrong ${wrong} of ${waits.length}`,
  );
}

async function main() {
  const names = process.argv.slice(2);
  const server = await start_server();
  Object.assign(server, await tracking_paths(server));
  await measure(server, []);
  const alone = names.length > 0 ? names.filter((name) => name !== "all") : Object.keys(attacks);
  for (const name of alone) await measure(server, [name]);
  if (names.length === 0 || names.includes("all")) await measure(server, Object.keys(attacks));
  const began = performance.now();
  child.kill("SIGTERM");
  await new Promise((r) => child.once("exit", r));
  console.log(`  stopped in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

if (role) {
  process.once("message", (to) => (role === "person" ? be_person(to) : attacks[role](to, to.end)));
} else {
  try {
    await main();
  } finally {
    child?.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit();
}

// SPDX-License-Identifier: Apache-2.0
// Starts the real program on a free port with a data directory of its own, and talks to it as a user would.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const root = resolve(new URL("../..", import.meta.url).pathname);
export const program = resolve(process.env.PUGMARK ?? join(root, process.env.BUILD ?? "build", "src/prog/pugmark"));
export const corpus = resolve(root, process.env.PUGMARK_CORPUS ?? "../shared/corpus");

export const BROWSER_AGENT =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36";

/** A server that does not answer fails a test; it does not hang it. */
const ANSWER_MS = 30000;

const run_file = promisify(execFile);

/** Runs a command of the program; resolves to { code, stdout, stderr } and never rejects. */
export async function pugmark(args, { env = {}, input } = {}) {
  const pending = run_file(program, args, { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  pending.child.stdin.on("error", () => {}); // one that refuses its options may end before it has read anything
  if (input !== undefined) pending.child.stdin.end(input);
  try {
    const { stdout, stderr } = await pending;
    return { code: 0, stdout, stderr };
  } catch (error) {
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

export function temporary_directory(t, name = "pugmark-test-") {
  const path = mkdtempSync(join(process.env.PUGMARK_TEST_DIR ?? tmpdir(), name));
  t?.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Calls `look` until it gives something truthy; a test's only way to wait. */
export async function until(look, what, timeout_ms = 20000) {
  const give_up = Date.now() + timeout_ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > give_up) throw new Error(`gave up waiting for ${what}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

const WIRE_LINES = 40;

export class Server {
  constructor(data, made, options) {
    this.data = data;
    this.made = made;
    this.options = options;
    this.log = ""; // of the last start
    this.earlier_log = "";
    this.wire = []; // the last requests and what became of them
  }

  get is_running() {
    return Boolean(this.child) && !this.exited;
  }

  get everything_logged() {
    return this.earlier_log + this.log;
  }

  async start() {
    const { env = {}, args = [], wrapper = [] } = this.options; // wrapper: a program that runs it, and its options
    this.exited = false;
    this.earlier_log += this.log;
    this.log = "";
    const [command, ...words] = [...wrapper, program, "serve", "--data", this.data, "--listen", "127.0.0.1:0", ...args];
    this.child = spawn(command, words, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr.setEncoding("utf8");
    this.child.stderr.on("data", (text) => (this.log += text));
    this.exit = new Promise((r) =>
      // Not "exit": the log is whole only now.
      this.child.once("close", (code, signal) => {
        this.exited = true;
        r({ code, signal });
      }),
    );
    const ready = await until(() => this.exited || this.log.match(/serve\.ready .*port=(\d+)/), "serve.ready");
    if (ready === true) throw new Error(`serve ended at once:\n${this.log}`);
    this.port = Number(ready[1]);
    this.base = `http://127.0.0.1:${this.port}`;
    await until(async () => (await this.get("/readyz")).status === 200, "readyz");
    return this;
  }

  async stop(signal = "SIGTERM") {
    if (!this.child || this.exited) return this.exit;
    this.child.kill(signal);
    return this.exit;
  }

  /** A request to this server, wherever the address in `url` says: after a restart old links have an old port. On a
   * connection of its own: one that was kept may have been closed by the server's idle timeout just now. */
  request(method, url, { headers = {}, body } = {}) {
    const { pathname, search } = new URL(url, this.base);
    return this.#fetch(`${pathname}${search}`, { method, redirect: "manual", headers: { connection: "close", ...headers }, body });
  }

  async #fetch(path, options) {
    const line = [options.method, path.slice(0, 120)];
    this.wire.push(line);
    if (this.wire.length > WIRE_LINES) this.wire.shift();
    try {
      const answer = await fetch(`${this.base}${path}`, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
      line.push("->", answer.status, answer.headers.get("location") ?? "");
      return answer;
    } catch (error) {
      line.push("->", error.cause?.code ?? error.name);
      throw error;
    }
  }

  get(url, headers = {}) {
    return this.request("GET", url, { headers });
  }

  /** An API call; { status, body, headers }. A string or Buffer is sent as it is. */
  async api(method, path, body, headers = {}) {
    const answer = await this.#fetch(`/api/v1${path}`, {
      method,
      headers: {
        connection: "close",
        authorization: `Bearer ${this.made.api_key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    let parsed = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      /* HTML or nothing */
    }
    return { status: answer.status, body: parsed, headers: answer.headers };
  }

  /** Sends a mail and waits until it is in state `state`. */
  async send(message = {}, state = "delivered") {
    const answer = await this.api("POST", "/messages", mail(message));
    if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
    if (state) await this.message_in(answer.body.id, state);
    return answer.body;
  }

  async message(id) {
    return (await this.api("GET", `/messages/${id}`)).body;
  }

  message_in(id, state) {
    return until(async () => {
      const m = await this.message(id);
      return m.status === state ? m : null;
    }, `message ${id} to be ${state}`);
  }

  async events(query = "") {
    return (await this.api("GET", `/events?limit=500&${query}`)).body.data;
  }

  /** The events of a message, once there are `count` that fit `query`. */
  events_of(id, count, query = "") {
    return until(async () => {
      const list = await this.events(`message=${id}&${query}`);
      return list.length >= count ? list : null;
    }, `${count} events of ${id} (${query})`);
  }

  async preview(id) {
    return (await this.api("GET", `/messages/${id}/preview`)).body;
  }

  /** The events of a message and a type, now that everything that was answered before has been applied. */
  async settled_events(query = "") {
    await until(async () => (await this.metric("journal_lag_records")) === 0, "the journal to be applied");
    return this.events(query);
  }

  /** What `journal verify` finds wrong; "" when nothing is. */
  async verify_journal() {
    const { code, stdout, stderr } = await pugmark(["journal", "verify", "--data", this.data], { env: this.options.env });
    return code === 0 ? "" : stdout + stderr;
  }

  async metric(name) {
    const text = await (await this.get("/metrics")).text();
    return Number(text.match(new RegExp(`^pugmark_${name} (\\d+)`, "m"))?.[1]);
  }
}

export function mail(over = {}) {
  return {
    from: { email: "agency@example.com", name: "Agency" },
    to: { email: "reader@example.com", name: "Reader" },
    subject: "Hello",
    html: '<html><body><p>Hi <a href="https://example.com/sale?a=1&amp;b=2">sale</a></p></body></html>',
    text: "Hi",
    ...over,
  };
}

const started = new WeakMap();

/** The servers that were started for a test, in that order. */
export const servers_of = (t) => started.get(t) ?? [];

/** A server of its own for one test, stopped and removed after it. */
export async function start_server(t, options = {}) {
  // Hooks run in the order in which they were made: the process ends before its directory goes.
  let server;
  t?.after(() => server?.stop("SIGKILL"));
  const data = options.data ?? join(temporary_directory(t), "data");
  const init = await pugmark(["init", "--json", "--data", data, "--email", "owner@example.com"], { env: options.env });
  if (init.code !== 0) throw new Error(`init failed: ${init.stderr}`);
  server = new Server(data, JSON.parse(init.stdout), options);
  if (t) started.set(t, [...servers_of(t), server]);
  return server.start();
}

export const pixel_of = (html) => html.match(/https?:\/\/[^"]*\/o\/[A-Za-z0-9_-]+\.gif/)[0];
export const links_of = (html) => [...html.matchAll(/https?:\/\/[^"]*\/c\/[A-Za-z0-9_-]+/g)].map((m) => m[0]);

export const token_of = (url) => url.match(/\/[ocu]\/([A-Za-z0-9_-]+)/)[1];

/** Skips, loudly, a test whose outside part is not there. */
export function skip_without(path, what) {
  return existsSync(path) ? false : `${what} is not there (${path})`;
}

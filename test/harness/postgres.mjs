// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL of the test's own: a cluster in a temporary directory, reachable over a Unix socket in it only. Root
// runs it as `postgres` or `nobody`, because PostgreSQL refuses to be root.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, chownSync, closeSync, existsSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporary_directory, until } from "./pugmark.mjs";

const INSTALLED = "/usr/lib/postgresql";

function find_binaries() {
  if (process.env.PUGMARK_POSTGRES_BIN) return process.env.PUGMARK_POSTGRES_BIN;
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort((a, b) => a - b) : [];
  return versions.length ? join(INSTALLED, versions.at(-1), "bin") : null;
}

/** For a test's `skip`: false, or why there is no PostgreSQL. */
export const no_postgres = find_binaries() ? false : "PostgreSQL is not installed";

const number_of = (flag, user) => {
  const { status, stdout } = spawnSync("id", [flag, user], { encoding: "utf8" });
  return status === 0 ? Number(stdout) : null;
};

/** Who the server runs as when we are root. */
function identity() {
  if (process.getuid() !== 0) return {};
  const user = number_of("-u", "postgres") === null ? "nobody" : "postgres";
  return { uid: number_of("-u", user), gid: number_of("-g", user) };
}

class Postgres {
  constructor(directory) {
    this.bin = find_binaries();
    this.identity = identity();
    this.directory = directory;
    this.data = join(directory, "data");
    this.url = `postgresql://pugmark@/postgres?host=${directory}`;
    if (this.identity.uid) chownSync(directory, this.identity.uid, this.identity.gid);
  }

  /** One of PostgreSQL's own programs, as who runs the server. */
  run(name, args) {
    const { status, stderr } = spawnSync(join(this.bin, name), args, { ...this.identity, cwd: this.directory, encoding: "utf8" });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
  }

  async start() {
    const settings = [`unix_socket_directories=${this.directory}`, "listen_addresses=", "fsync=off", "max_connections=40"];
    const args = ["-D", this.data, ...settings.flatMap((setting) => ["-c", setting])];
    const log = openSync(join(this.directory, "log"), "a");
    this.child = spawn(join(this.bin, "postgres"), args, { ...this.identity, stdio: ["ignore", log, log], cwd: this.directory });
    closeSync(log);
    this.exit = new Promise((r) => this.child.once("exit", r));
    const ready = join(this.bin, "pg_isready");
    await until(() => spawnSync(ready, ["-q", "-h", this.directory]).status === 0, "PostgreSQL", 60000);
    return this;
  }

  /** Ends every connection and the server; what was committed stays. */
  async stop(signal = "SIGINT") {
    this.thaw();
    this.locker?.kill("SIGKILL");
    this.child?.kill(signal);
    await this.exit;
  }

  /** Every process of the server, as it is now: the one that was started, and those that it has. */
  #processes() {
    const children = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, "utf8");
    return [this.child.pid, ...children.split(" ").filter(Boolean).map(Number)];
  }

  /** It answers nothing and hangs up nowhere, as on a machine that is frozen. */
  freeze() {
    this.frozen = this.#processes();
    for (const pid of this.frozen) process.kill(pid, "SIGSTOP");
  }

  /** Ends that. */
  thaw() {
    for (const pid of this.frozen ?? []) {
      try {
        process.kill(pid, "SIGCONT");
      } catch {
        /* it has ended */
      }
    }
    this.frozen = null;
  }

  /** Rows of a query, each a list of texts. */
  query(sql) {
    const { status, stdout, stderr } = spawnSync(join(this.bin, "psql"), ["-XAtq", "-F", "\t", this.url, "-c", sql], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return stdout.split("\n").filter(Boolean).map((line) => line.split("\t"));
  }

  /** Keeps everybody from reading or writing a table; returns what lets them again. */
  async lock(table) {
    const psql = spawn(join(this.bin, "psql"), ["-XAtq", this.url], { stdio: ["pipe", "pipe", "ignore"] });
    this.locker = psql;
    psql.stdin.on("error", () => {}); // it may be gone before it was told to let go
    psql.stdin.write(`BEGIN;\nLOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n`);
    await new Promise((resolve) => psql.stdout.once("data", resolve));
    return async () => {
      psql.stdin.end("ROLLBACK;\n");
      await new Promise((resolve) => psql.once("exit", resolve));
    };
  }

  /** Makes a standby of what was a primary and does not run. */
  follow(primary) {
    writeFileSync(join(this.data, "standby.signal"), "");
    appendFileSync(join(this.data, "postgresql.auto.conf"), `primary_conninfo = 'host=${primary.directory} user=pugmark'\nsynchronous_standby_names = ''\n`);
  }

  promote() {
    this.run("pg_ctl", ["promote", "-D", this.data]);
  }
}

function make_postgres(t) {
  const p = new Postgres(temporary_directory(null, "pugmark-postgres-"));
  t.after(async () => {
    await p.stop("SIGQUIT");
    rmSync(p.directory, { recursive: true, force: true });
  });
  return p;
}

/** A running server with an empty database; ended and removed after the test. */
export async function start_postgres(t) {
  const p = make_postgres(t);
  p.run("initdb", ["--no-sync", "-A", "trust", "-U", "pugmark", "-E", "UTF8", "--locale=C", "-D", p.data]);
  return p.start();
}

/** A primary and a standby that follows it; commits wait for it when `is_synchronous`. `url` finds whichever can be written. */
export async function start_postgres_pair(t, is_synchronous) {
  const primary = await start_postgres(t);
  const standby = make_postgres(t);
  standby.run("pg_basebackup", ["--no-sync", "-R", "-X", "stream", "-h", primary.directory, "-U", "pugmark", "-D", standby.data]);
  await standby.start();
  await until(() => primary.query("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'").length, "the standby to follow");
  if (is_synchronous) {
    primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.query("SELECT pg_reload_conf()");
    await until(() => primary.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").length, "the standby to be waited for");
  }
  const url = `postgresql://pugmark@/postgres?host=${primary.directory},${standby.directory}&target_session_attrs=read-write`;
  return { primary, standby, url };
}

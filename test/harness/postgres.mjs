// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL of the test's own: a cluster in a temporary directory, reachable over a Unix socket in it only. Root
// runs it as `postgres` or `nobody`, because PostgreSQL refuses to be root.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, closeSync, existsSync, openSync, readdirSync, rmSync } from "node:fs";
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
  async start() {
    const settings = [`unix_socket_directories=${this.directory}`, "listen_addresses=", "fsync=off", "max_connections=40"];
    const args = ["-D", join(this.directory, "data"), ...settings.flatMap((setting) => ["-c", setting])];
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
    this.child?.kill(signal);
    await this.exit;
  }

  /** Rows of a query, each a list of texts. */
  query(sql) {
    const { status, stdout, stderr } = spawnSync(join(this.bin, "psql"), ["-XAtq", "-F", "\t", this.url, "-c", sql], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return stdout.split("\n").filter(Boolean).map((line) => line.split("\t"));
  }
}

/** A running server with an empty database; ended and removed after the test. */
export async function start_postgres(t) {
  const p = new Postgres();
  p.bin = find_binaries();
  p.identity = identity();
  p.directory = temporary_directory(null, "pugmark-postgres-");
  t.after(async () => {
    await p.stop("SIGQUIT");
    rmSync(p.directory, { recursive: true, force: true });
  });
  if (p.identity.uid) chownSync(p.directory, p.identity.uid, p.identity.gid);
  p.url = `postgresql://pugmark@/postgres?host=${p.directory}`;
  const args = ["--no-sync", "-A", "trust", "-U", "pugmark", "-E", "UTF8", "--locale=C", "-D", join(p.directory, "data")];
  const made = spawnSync(join(p.bin, "initdb"), args, { ...p.identity, cwd: p.directory, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  return p.start();
}

// SPDX-License-Identifier: Apache-2.0
// `pugmark milter` and Debian's OpenDKIM as filters for a Postfix of the test's own, on sockets in its directory.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { program, temporary_directory, until } from "./pugmark.mjs";

const OPENDKIM = "/usr/sbin/opendkim";

export const no_opendkim = () => (existsSync(OPENDKIM) ? false : "OpenDKIM is not installed");

const accepts = (path) =>
  new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });

/** A directory that other users may look into: Postfix's daemons are such. */
export function socket_directory(t) {
  const directory = temporary_directory(t, "pugmark-milter-");
  chmodSync(directory, 0o755);
  return directory;
}

export class Milter {
  constructor(socket, env) {
    this.socket = socket;
    this.env = env;
  }

  async start() {
    this.log = "";
    this.exited = false;
    this.child = spawn(program, ["milter", "--listen", this.socket], {
      env: { ...process.env, PUGMARK_MILTER_SOCKET_MODE: "666", ...this.env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => (this.log += text));
    this.exit = new Promise((r) =>
      this.child.once("close", (code, signal) => {
        this.exited = true;
        r({ code, signal });
      }),
    );
    await until(() => this.exited || /milter\.ready/.test(this.log), "milter.ready");
    if (this.exited) throw new Error(`milter ended at once:\n${this.log}`);
    return this;
  }

  async stop(signal = "SIGTERM") {
    if (!this.exited) this.child.kill(signal);
    const end = await this.exit;
    if (this.log.includes("Sanitizer")) throw new Error(`the milter's log:\n${this.log}`);
    return end;
  }
}

/** Stopped with the test. */
export async function start_milter(t, socket, env) {
  const milter = new Milter(socket, env);
  t.after(() => milter.child && milter.stop("SIGKILL").catch(() => {})); // a hook that throws ends the others
  return milter.start();
}

/** Signs the mail of `domain` with `private_key`; resolves to the path of its socket. */
export async function start_opendkim(t, directory, domain, private_key) {
  const own = join(directory, "opendkim");
  const socket = join(own, "socket");
  mkdirSync(own, { mode: 0o755 });
  writeFileSync(join(own, "key"), private_key, { mode: 0o600 });
  writeFileSync(
    join(own, "conf"),
    `Mode s
Domain ${domain}
Selector test
KeyFile ${own}/key
Canonicalization relaxed/simple
OversignHeaders From
SignHeaders *,+List-Unsubscribe-Post
Socket local:${socket}
UMask 0
Syslog no
RequireSafeKeys no
InternalHosts 127.0.0.1
`,
  );
  const child = spawn(OPENDKIM, ["-f", "-x", join(own, "conf")], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const exit = new Promise((r) => child.once("close", r));
  t.after(async () => {
    child.kill("SIGKILL"); // told to end, it would take five seconds
    await exit;
    rmSync(own, { recursive: true, force: true });
  });
  await until(() => child.exitCode !== null || accepts(socket), "OpenDKIM");
  if (child.exitCode !== null) throw new Error(`OpenDKIM ended at once: ${said}`);
  return socket;
}

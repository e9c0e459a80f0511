// SPDX-License-Identifier: Apache-2.0
// Debian's Postfix with a configuration, queue and port of the test's own; it delivers to a Maildir in the same
// temporary directory, or hands everything on to one port of this machine. Nothing of the system's Postfix is read or changed. Its master must be started by root.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { temporary_directory, until } from "./pugmark.mjs";

const PROGRAM = "/usr/sbin/postfix";
const DAEMONS = "/usr/lib/postfix/sbin";
export const MAIL_DOMAIN = "example.com";

/** For a test's `skip`: false, or why there is no Postfix. */
export function no_postfix() {
  if (!existsSync(PROGRAM)) return "Postfix is not installed";
  return process.getuid() === 0 ? false : "Postfix must be started by root";
}

const number_of = (flag, user) => Number(spawnSync("id", [flag, user], { encoding: "utf8" }).stdout);

/** A port that was free a moment ago; Postfix cannot choose one itself. */
export async function free_port() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((r) => server.once("listening", r));
  const { port } = server.address();
  await new Promise((r) => server.close(r));
  return port;
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("data", (greeting) => (socket.destroy(), resolve(greeting.toString().startsWith("220"))));
    socket.once("error", () => resolve(false));
  });

const main_cf = (directory, { relay_port, main = "" }) => `
compatibility_level = 3.6
queue_directory = ${directory}/queue
data_directory = ${directory}/data
daemon_directory = ${DAEMONS}
mail_owner = postfix
myhostname = mx.${MAIL_DOMAIN}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = ${MAIL_DOMAIN}
virtual_mailbox_base = ${directory}/mail
virtual_mailbox_maps = static:reader/
virtual_minimum_uid = 1
virtual_uid_maps = static:${number_of("-u", "nobody")}
virtual_gid_maps = static:${number_of("-g", "nobody")}
smtpd_recipient_restrictions = permit_mynetworks, reject
default_transport = ${relay_port ? `smtp:[127.0.0.1]:${relay_port}` : "error:nothing leaves this machine"}
disable_dns_lookups = yes
message_size_limit = 40000000
relay_transport = error:nothing leaves this machine
maillog_file = ${directory}/log
maillog_file_prefixes = ${directory}
${main}
`;

const master_cf = (port) => `
127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;

class Postfix {
  /** Mails in the Maildir, as text, oldest first. */
  mails() {
    const folder = join(this.directory, "mail/reader/new");
    if (!existsSync(folder)) return [];
    return readdirSync(folder).sort().map((name) => readFileSync(join(folder, name), "latin1"));
  }

  /** Hands a mail in as a program on this machine does, with the command `sendmail`. */
  async sendmail(from, to, mail) {
    const child = spawn("/usr/sbin/sendmail", ["-C", join(this.directory, "config"), "-i", "-f", from, ...to], {
      stdio: ["pipe", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text) => (said += text));
    child.stdin.end(mail);
    const code = await new Promise((r) => child.once("close", r));
    if (code !== 0) throw new Error(`sendmail ended with ${code}: ${said}`);
  }

  /** Hands a mail in over SMTP; resolves to the answer to its last byte. */
  smtp(from, to, mail) {
    const stuffed = Buffer.from(mail).toString("latin1").replace(/^\./gm, "..");
    const steps = ["EHLO test", `MAIL FROM:<${from}>`, ...to.map((one) => `RCPT TO:<${one}>`), "DATA", `${stuffed}${stuffed.endsWith("\r\n") ? "" : "\r\n"}.`, "QUIT"];
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.port, host: "127.0.0.1" }).setEncoding("latin1");
      let bytes = "";
      let last = "";
      socket.on("error", reject).on("close", () => resolve(last));
      socket.on("data", (chunk) => {
        bytes += chunk;
        const reply = bytes.match(/^(?:\d{3}-.*\r\n)*(\d{3}) .*\r\n$/);
        if (!reply) return;
        bytes = "";
        if (steps.length === 1 || reply[1] >= "400") last = reply[0];
        if (reply[1] >= "400") return socket.end("QUIT\r\n");
        const step = steps.shift();
        if (step === undefined) socket.end();
        else socket.write(`${step}\r\n`, "latin1");
      });
    });
  }

  log() {
    return readFileSync(join(this.directory, "log"), "utf8");
  }

  /** By its own pid file: between `postfix start-fg` and the master is a shell that does not pass signals on. */
  async stop() {
    const pid_file = join(this.directory, "queue/pid/master.pid");
    if (this.child.exitCode === null && existsSync(pid_file)) process.kill(Number(readFileSync(pid_file, "utf8")), "SIGTERM");
    else this.child.kill("SIGTERM");
    await this.exit;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** `relay_port`: mail to other domains goes there. `main`: further lines for main.cf. */
export async function start_postfix(t, options = {}) {
  const p = new Postfix();
  p.directory = temporary_directory(null, "pugmark-postfix-");
  p.port = await free_port();
  chmodSync(p.directory, 0o755); // its daemons are other users
  for (const name of ["config", "queue", "data", "mail"]) mkdirSync(join(p.directory, name));
  chownSync(join(p.directory, "data"), number_of("-u", "postfix"), number_of("-g", "postfix"));
  chownSync(join(p.directory, "mail"), number_of("-u", "nobody"), number_of("-g", "nobody"));
  writeFileSync(join(p.directory, "config/main.cf"), main_cf(p.directory, options));
  writeFileSync(join(p.directory, "config/master.cf"), master_cf(p.port));
  p.child = spawn(PROGRAM, ["-c", join(p.directory, "config"), "start-fg"], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // master ends its whole process group, which must not be ours
  });
  let said = "";
  for (const stream of [p.child.stdout, p.child.stderr]) stream.on("data", (text) => (said += text));
  p.exit = new Promise((r) => p.child.once("exit", r));
  t.after(() => p.stop());
  await until(() => p.child.exitCode !== null || answers(p.port), "Postfix", 30000);
  if (p.child.exitCode !== null) throw new Error(`Postfix ended at once: ${said}`);
  return p;
}

// SPDX-License-Identifier: Apache-2.0
// A mail server that does what the test tells it to at each step, and keeps what it took.
import { createServer } from "node:net";

/** The steps at which a test may answer otherwise, and what is said when it does not. */
const REPLIES = { greeting: "220 test", ehlo: "250 test", mail: "250 ok", rcpt: "250 ok", data: "354 go on", dot: "250 taken" };

export class SmtpServer {
  /** Listens on a free port until the test ends. */
  static async start(t) {
    const s = new SmtpServer();
    s.taken = []; // mails that were answered with 2xx after their dot, as text
    s.seen = []; // mails whose dot has come, whatever was answered
    s.at_step = new Map(); // step -> how often it was reached
    s.override = {}; // step -> a reply, or null: say nothing
    s.sockets = new Set();
    s.server = createServer((socket) => s.#serve(socket)).listen(0, "127.0.0.1");
    await new Promise((r) => s.server.once("listening", r));
    s.port = s.server.address().port;
    t.after(() => {
      for (const socket of s.sockets) socket.destroy();
      s.server.close();
    });
    return s;
  }

  /** How a program is told to send here. */
  get env() {
    return {
      PUGMARK_SENDING_PROVIDER: "smtp",
      PUGMARK_SMTP_HOST: "127.0.0.1",
      PUGMARK_SMTP_PORT: String(this.port),
      PUGMARK_SMTP_TLS: "none",
      PUGMARK_SENDING_RETRY_BASE_MS: "50",
      PUGMARK_SENDING_RETRY_CAP_MS: "100",
    };
  }

  reached(step) {
    return this.at_step.get(step) ?? 0;
  }

  #reply(socket, step) {
    this.at_step.set(step, this.reached(step) + 1);
    const text = step in this.override ? this.override[step] : REPLIES[step];
    if (text) socket.write(`${text}\r\n`);
    return text ?? "";
  }

  #serve(socket) {
    let bytes = "";
    let in_data = false;
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket)).on("error", () => {});
    socket.setEncoding("latin1");
    this.#reply(socket, "greeting");
    socket.on("data", (chunk) => {
      bytes += chunk;
      for (;;) {
        const end = in_data ? bytes.indexOf("\r\n.\r\n") : bytes.indexOf("\r\n");
        if (end < 0) return;
        const piece = bytes.slice(0, end);
        bytes = bytes.slice(end + (in_data ? 5 : 2));
        if (in_data) {
          in_data = false;
          this.seen.push(piece);
          if (this.#reply(socket, "dot").startsWith("2")) this.taken.push(piece);
        } else if (/^(EHLO|HELO)/i.test(piece)) this.#reply(socket, "ehlo");
        else if (/^MAIL/i.test(piece)) this.#reply(socket, "mail");
        else if (/^RCPT/i.test(piece)) this.#reply(socket, "rcpt");
        else if (/^DATA/i.test(piece)) in_data = this.#reply(socket, "data").startsWith("354");
        else socket.write(/^QUIT/i.test(piece) ? "221 bye\r\n" : "250 ok\r\n");
      }
    });
  }
}

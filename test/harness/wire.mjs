// SPDX-License-Identifier: Apache-2.0
// A bare TCP connection to an HTTP server: for what no HTTP library would send.
import { connect } from "node:net";

/** Cuts one response off the front of `bytes`; null while it is not whole. `is_head`: it has no body whatever it says. */
function take_response(bytes, is_head) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [status_line, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = is_head ? 0 : Number(headers["content-length"] ?? 0);
  const whole = end + 4 + length;
  if (bytes.length < whole) return null;
  const response = { status: Number(status_line.split(" ")[1]), headers, body: bytes.subarray(end + 4, whole) };
  return { response, rest: bytes.subarray(whole) };
}

export class Wire {
  /** Resolves to an open connection that the test's end closes. */
  static async open(t, port) {
    const wire = new Wire();
    wire.socket = connect({ port, host: "127.0.0.1" });
    wire.bytes = Buffer.alloc(0);
    wire.ended = false;
    wire.changed = () => {};
    wire.socket.on("data", (chunk) => {
      wire.bytes = Buffer.concat([wire.bytes, chunk]);
      wire.changed();
    });
    for (const name of ["end", "close", "error"])
      wire.socket.on(name, () => {
        wire.ended = true;
        wire.changed();
      });
    t.after(() => wire.socket.destroy());
    await new Promise((resolve, reject) => wire.socket.once("connect", resolve).once("error", reject));
    return wire;
  }

  send(text) {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    return this;
  }

  /** The next response, or null when the server has hung up without one. */
  async response(is_head = false) {
    for (;;) {
      const taken = take_response(this.bytes, is_head);
      if (taken) {
        this.bytes = taken.rest;
        return taken.response;
      }
      if (this.ended) return null;
      await new Promise((resolve) => (this.changed = resolve));
    }
  }

  /** Every response until the server hangs up. */
  async responses() {
    const all = [];
    for (let one; (one = await this.response()); ) all.push(one);
    return all;
  }
}

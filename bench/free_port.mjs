// SPDX-License-Identifier: Apache-2.0
// A port of loopback that nothing listened on a moment ago, for a program that must be told one.
import { createServer } from "node:net";

export function free_port() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

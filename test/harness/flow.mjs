// SPDX-License-Identifier: Apache-2.0
// node:test's `test` with what every flow must leave behind: each server that was started for it has lost no hit, has warned of
// nothing that the test did not announce, stops when it is asked to, and its journal reads clean. This is asked within the test
// and not in a hook, because a hook that throws ends the hooks behind it, which stop other programs.
import assert from "node:assert/strict";
import { test as node_test } from "node:test";
import { servers_of } from "./pugmark.mjs";

/** A test's PostgreSQL has no standby unless the test is about that. */
const ORDINARY = [/ store\.one_copy /];

/** What passed between the test and its servers, for the reader of a failure. */
function show(t) {
  for (const server of servers_of(t)) {
    const wire = server.wire.map((line) => `    ${line.join(" ")}`).join("\n");
    const log = server.everything_logged.trimEnd().replace(/^/gm, "    ");
    console.error(`# ${server.data}\n  the last requests:\n${wire}\n  the server's log:\n${log}`);
  }
}

async function close(server) {
  if (server.is_running) {
    if (!server.options.loses_hits) assert.equal(await server.metric("hits_lost_total"), 0, "hits were answered and not kept");
    const { code, signal } = await server.stop("SIGTERM");
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, "the server ends when it is asked to");
  }
  const { warns: expected = [], may_warn = [] } = server.options;
  const warnings = server.everything_logged.split("\n").filter((line) => /^\S+ (warn|error) /.test(line));
  assert.deepEqual(warnings.filter((line) => ![...ORDINARY, ...expected, ...may_warn].some((one) => one.test(line))), [], "the server's log warns of something");
  for (const one of expected) assert.ok(warnings.some((line) => one.test(line)), `the server's log was to warn of ${one}`);
  if (!server.options.damages_journal) assert.equal(await server.verify_journal(), "", "the journal reads clean");
}

/** As node:test's. A server's options may say `warns` (patterns of warnings that must come), `may_warn` (that may), `loses_hits`
 * and `damages_journal`. */
export function test(name, ...rest) {
  const body = rest.pop();
  return node_test(name, ...rest, async (t) => {
    try {
      await body(t);
      for (const server of servers_of(t)) await close(server);
    } catch (error) {
      show(t);
      throw error;
    }
  });
}

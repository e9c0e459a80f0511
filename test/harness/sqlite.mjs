// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** SQL on the embedded store while nobody serves it, with what Debian has for it. */
export function sql(t, data, statement) {
  const file = join(data, "pugmark.db");
  const with_sqlite = spawnSync("sqlite3", [file, statement], { encoding: "utf8" });
  if (!with_sqlite.error) return assert.equal(with_sqlite.status, 0, with_sqlite.stderr), true;
  const script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()";
  const with_python = spawnSync("python3", ["-c", script, file, statement], { encoding: "utf8" });
  if (!with_python.error) return assert.equal(with_python.status, 0, with_python.stderr), true;
  t.skip("neither sqlite3 nor python3 is there");
  return false;
}

const MOVED = {
  email_events: ["occurred_at"],
  messages: ["created_at", "sent_at", "delivered_at", "first_open_at", "first_open_strict_at", "first_click_at", "last_activity_at"],
  hits_to_settle: ["due_at"],
};

/** SQL after which everything in the store happened so much earlier; `interval` is that time in the database's words. */
export const let_time_pass = (interval) =>
  Object.entries(MOVED).map(([table, names]) => `UPDATE ${table} SET ${names.map((n) => `${n} = ${n} - ${interval}`).join(", ")}`);

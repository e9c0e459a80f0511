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
  events: ["occurred_at"],
  event_details: ["occurred_at"],
  messages: ["created_at", "sent_at", "delivered_at"],
  message_counters: ["first_open_at", "first_open_strict_at", "first_click_at", "last_activity_at"],
  timers: ["due_at"],
};

const moved = (tables, by) =>
  tables.map((table) => `UPDATE ${table} SET ${MOVED[table].map((name) => `${name} = ${name} - ${by}`).join(", ")}`);

/** Statements after which the events of the embedded store happened so much earlier. Ids of events are made of their time: they change. */
export const let_events_age = (seconds) => [
  ...moved(["events", "event_details"], `${seconds}000000`),
  "UPDATE message_counters SET recent = NULL", // nobody's last hits are of a moment ago
  "DELETE FROM event_minutes",
  "INSERT INTO event_minutes SELECT DISTINCT tenant_id, occurred_at / 60000000, position / 1024 FROM events",
];

/** The same in PostgreSQL, where the months that they go to must be there. */
export const let_events_age_in_postgres = (seconds) => [
  `DO $$ DECLARE m date; BEGIN FOR i IN 0..36 LOOP
   m := date_trunc('month', now() - make_interval(months => i))::date;
   EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)', 'events_' || to_char(m, 'YYYY_MM'),
     to_char(m, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(m + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
   END LOOP; END $$`,
  ...moved(["events", "event_details"], `interval '${seconds} seconds'`),
  "UPDATE message_counters SET recent = NULL", // nobody's last hits are of a moment ago
  "DELETE FROM event_minutes",
  "INSERT INTO event_minutes SELECT DISTINCT tenant_id, floor(extract(epoch FROM occurred_at) / 60)::integer, position / 1024 FROM events",
];

/** Statements after which everything in the store happened so much earlier. */
export const let_time_pass = (seconds) => [
  ...let_events_age(seconds),
  ...moved(["messages", "message_counters", "timers"], `${seconds}000000`),
];
export const let_time_pass_in_postgres = (seconds) => [
  ...let_events_age_in_postgres(seconds),
  ...moved(["messages", "message_counters", "timers"], `interval '${seconds} seconds'`),
];

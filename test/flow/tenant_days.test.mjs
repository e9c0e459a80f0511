// SPDX-License-Identifier: Apache-2.0
// Numbers by days of the tenant's time zone: which day a mail counts in, what a change of zone moves (nothing), and what the
// program says where it cannot know a zone. Days are those of Node's Intl, which has zone data of its own.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { BROWSER_AGENT, links_of, mail, pugmark, start_server, temporary_directory, until } from "../harness/pugmark.mjs";

const HOUR_MS = 3600000;

const date_in = (zone, at = new Date()) =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);

const add_days = (date, days) => new Date(Date.parse(date) + days * 24 * HOUR_MS).toISOString().slice(0, 10);

/** A zone of whole hours where it is that hour now. */
function zone_at(hour) {
  const ahead = ((hour - new Date().getUTCHours() + 36) % 24) - 12; // -12 to 11
  return ahead === 0 ? "UTC" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

/** Midnight is far away wherever it is a whole hour, or a quarter of one: what is sent now is of the day that is asked for now. */
const far_from_midnight = () => until(() => Date.now() % (HOUR_MS / 4) < HOUR_MS / 4 - 15000, "a quarter of an hour to be over");

const move_to = async (server, zone) => {
  const { status, body } = await server.api("PATCH", "/tenants/default", { time_zone: zone });
  assert.deepEqual([status, body.time_zone], [200, zone], JSON.stringify(body));
};

const summary = async (server, query = "") => (await server.api("GET", `/stats/summary?${query}`)).body;

/** Moves, sends, and notes the day; `sent` counts by day, as nobody's zone but the one of that moment makes it. */
async function send_in(server, zone, count, sent) {
  await far_from_midnight();
  await move_to(server, zone);
  const day = date_in(zone);
  const ids = [];
  for (let i = 0; i < count; i++) ids.push((await server.send()).id);
  sent.set(day, (sent.get(day) ?? 0) + count);
  const today = await summary(server);
  assert.deepEqual([today.time_zone, today.from, today.to], [zone, add_days(day, -29), day]);
  return { day, ids };
}

/** Every range of days around now is the sum of what was sent in them. */
async function check_ranges(server, sent) {
  const first = add_days([...sent.keys()].sort()[0], -1);
  for (let from = 0; from < 5; from++)
    for (let to = from; to < 5; to++) {
      const [a, b] = [add_days(first, from), add_days(first, to)];
      const want = [...sent].reduce((sum, [day, count]) => sum + (day >= a && day <= b ? count : 0), 0);
      const got = await summary(server, `from=${a}&to=${b}`);
      assert.deepEqual([got.sends, got.delivered, got.from, got.to], [want, want, a, b]);
    }
}

async function counts_by_days_of_the_zone(server) {
  const sent = new Map();
  const late = await send_in(server, zone_at(23), 2, sent);
  await send_in(server, zone_at(0), 3, sent);
  for (const zone of ["Pacific/Kiritimati", "Asia/Kathmandu", "Pacific/Pago_Pago", "Europe/London"]) await send_in(server, zone, 1, sent);
  await check_ranges(server, sent);

  // What happens to a mail is counted in its own day, however the zone has moved since.
  const before = await summary(server, `from=${late.day}&to=${late.day}`);
  await server.get(links_of(await server.preview(late.ids[0]))[0], { "user-agent": BROWSER_AGENT });
  await server.settled_events();
  const after = await summary(server, `from=${late.day}&to=${late.day}`);
  assert.deepEqual([before.clicks_total, after.clicks_total], [0, 1]);
  await check_ranges(server, sent);
}

test("a mail counts in the day of the tenant's clocks, and a change of zone moves none", async (t) => counts_by_days_of_the_zone(await start_server(t)));

test("and on PostgreSQL", { skip: no_postgres }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url } });
  await counts_by_days_of_the_zone(server_of.current);
  const rows = postgres.query("SELECT s.day, s.sends, (SELECT COUNT(*) FROM messages m WHERE m.cohort_day = s.day) FROM stats_daily s");
  assert.ok(rows.length >= 2, "Kiritimati and Pago Pago have never the same day");
  for (const [day, sends, messages] of rows) assert.equal(sends, messages, `day ${day}`);
});

test("mail that is sent while the zone changes is in one day each", async (t) => {
  const server = await start_server(t);
  const zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London", "Asia/Kathmandu", "UTC"];
  const messages = Array.from({ length: 80 }, (_, i) => mail({ to: { email: `r${i}@example.com` } }));
  const sending = (async () => {
    for (let i = 0; i < 80; i += 8) assert.equal((await server.api("POST", "/messages/batch", { messages: messages.slice(i, i + 8) })).status, 202);
  })();
  for (let i = 0; i < 25; i++) await move_to(server, zones[i % zones.length]);
  await sending;
  await until(async () => (await summary(server, "from=1970-01-01&to=2099-12-31")).delivered === 80, "all to be delivered");
  let sum = 0;
  for (let i = -3; i <= 3; i++) {
    const day = add_days(date_in("UTC"), i);
    sum += (await summary(server, `from=${day}&to=${day}`)).sends;
  }
  assert.equal(sum, 80);
});

test("a bare date is a day of the zone in every list, and a time is that time", async (t) => {
  const server = await start_server(t);
  await far_from_midnight();
  await move_to(server, "Pacific/Kiritimati");
  const { id } = await server.send();
  const day = date_in("Pacific/Kiritimati");
  const listed = async (path, from, to) => (await server.api("GET", `${path}?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`)).body.data.length > 0;
  for (const path of ["/messages", "/events"]) {
    assert.equal(await listed(path, day, day), true, `${path}: the day itself`);
    assert.equal(await listed(path, day, add_days(day, 1)), true, path);
    assert.equal(await listed(path, add_days(day, -1), add_days(day, -1)), false, path);
    assert.equal(await listed(path, add_days(day, 1), add_days(day, 1)), false, path);
    assert.equal(await listed(path, `${day}T00:00:00+14:00`, `${add_days(day, 1)}T00:00:00+14:00`), true, path);
  }
  for (const path of ["/messages", "/events", "/stats/summary"]) {
    const { status, body } = await server.api("GET", `${path}?from=${day}&to=${add_days(day, -1)}`);
    assert.equal(status, 422, path);
    assert.match(body.detail, /'from' must not be after 'to'/);
  }
  const now = (await server.message(id)).created_at;
  const of_now = await summary(server, `from=${now}&to=${now}`);
  assert.deepEqual([of_now.from, of_now.to, of_now.sends], [day, day, 1]);
});

test("a change says who made it, and what is no zone is refused with what to do", async (t) => {
  const server = await start_server(t);
  await move_to(server, "America/New_York");
  const { data } = (await server.api("GET", "/audit?action=tenant.changed")).body;
  assert.deepEqual(data[0].details, { time_zone: { from: "UTC", to: "America/New_York" } });
  for (const zone of ["Europe/Atlantis", "", "europe/london", "/etc/passwd", "ABC5"]) {
    const { status, body } = await server.api("PATCH", "/tenants/default", { time_zone: zone });
    assert.equal(status, 422, zone);
    assert.match(body.errors[0].detail, /give an IANA name like Europe\/London/);
    assert.equal(body.errors[0].pointer, "/time_zone");
  }
  assert.equal((await server.api("PATCH", "/tenants/default", {})).status, 422);
  assert.equal((await server.api("PATCH", "/tenants/default", { time_zone: 5 })).status, 422);
  assert.equal((await server.api("GET", "/tenants/default")).body.time_zone, "America/New_York");
  const page = { authorization: "" };
  const me = await server.api("POST", "/session", { email: server.made.email, password: server.made.password }, page);
  assert.equal(me.body.tenant.time_zone, "America/New_York");
  const both = await server.api("PATCH", "/tenants/default", { time_zone: "UTC", settings: { opens: "off" } });
  assert.deepEqual([both.status, both.body.time_zone, both.body.effective.opens], [200, "UTC", "off"]);
});

test("the command line shows and sets it beside a server, and new tenants get the configuration's", async (t) => {
  const env = { PUGMARK_TRACKING_TIME_ZONE: "Australia/Adelaide" };
  const server = await start_server(t, { env });
  const tenant = (...args) => pugmark(["tenant", ...args, "--data", server.data], { env });
  assert.match((await tenant("list")).stdout, /^default +Australia\/Adelaide$/m);
  assert.match((await tenant("add", "acme")).stdout, /^time_zone +Australia\/Adelaide$/m);
  assert.match((await tenant("add", "globex", "time_zone=Asia/Kolkata", "opens=off")).stdout, /^time_zone +Asia\/Kolkata$/m);
  assert.equal((await server.api("POST", "/tenants", { name: "initech" })).body.time_zone, "Australia/Adelaide");
  assert.equal((await server.api("POST", "/tenants", { name: "umbrella", time_zone: "Europe/Paris" })).body.time_zone, "Europe/Paris");
  const shown = JSON.parse((await tenant("list", "--json")).stdout);
  assert.deepEqual(shown.map((x) => x.time_zone).sort(), ["Asia/Kolkata", "Australia/Adelaide", "Australia/Adelaide", "Australia/Adelaide", "Europe/Paris"]);

  assert.equal((await tenant("set", "default", "time_zone=Asia/Tokyo")).code, 0);
  await until(async () => (await summary(server)).time_zone === "Asia/Tokyo", "the server to see it");
  for (const [args, words] of [
    [["set", "default", "time_zone=Europe/Atlantis"], /there is no time zone 'Europe\/Atlantis' here: give an IANA name/],
    [["set", "default", "opens=off", "time_zone="], /there is no time zone '' here/],
    [["unset", "default", "time_zone"], /always has a time zone: set another one/],
  ]) {
    const { code, stderr } = await tenant(...args);
    assert.deepEqual([code, words.test(stderr)], [1, true], `${args.join(" ")}: ${stderr}`);
  }
  assert.equal((await server.api("GET", "/tenants/default")).body.settings.opens, null);
});

test("a configuration with a zone that is none does not start", async (t) => {
  const data = temporary_directory(t);
  const { code, stderr } = await pugmark(["init", "--data", data], { env: { PUGMARK_TRACKING_TIME_ZONE: "Mars/Olympus" } });
  assert.equal(code, 1);
  assert.match(stderr, /there is no time zone 'Mars\/Olympus' here: give an IANA name/);
});

test("without the zone's data the server counts in UTC, says so, and counts in the zone once it is back", async (t) => {
  const server = await start_server(t, { env: {}, warns: [/tenant\.time_zone_unknown/] });
  await move_to(server, "Pacific/Kiritimati");
  await server.stop();
  server.options.env = { TZDIR: temporary_directory(t) };
  await server.start();
  assert.match(server.log, /error tenant\.time_zone_unknown tenant=default time_zone=Pacific\/Kiritimati counted_in=UTC/);
  const ready = await server.get("/readyz");
  assert.equal(ready.status, 200);
  assert.match(await ready.text(), /time zones: 1 tenants are counted in UTC.*tzdata/);
  assert.equal(await server.metric("tenants_without_zone"), 1);
  await far_from_midnight();
  await server.send();
  const in_utc = await summary(server);
  assert.deepEqual([in_utc.time_zone, in_utc.to, in_utc.sends], ["UTC", date_in("UTC"), 1]);
  assert.equal((await server.api("GET", "/tenants/default")).body.time_zone, "Pacific/Kiritimati");
  assert.equal((await server.api("PATCH", "/tenants/default", { settings: { opens: "off" } })).status, 200);
  await server.stop();
  server.options.env = {};
  await server.start();
  assert.deepEqual([(await summary(server)).time_zone, await server.metric("tenants_without_zone")], ["Pacific/Kiritimati", 0]);
});

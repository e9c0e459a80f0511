// SPDX-License-Identifier: Apache-2.0
// The console's words and figures, without a browser: the same sources, bundled for node.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const console_dir = join(here, "../../console");
const { build } = createRequire(join(console_dir, "package.json"))("esbuild");
const { LOADERS } = await import(pathToFileURL(join(console_dir, "build.mjs")).href);
const folder = mkdtempSync(join(tmpdir(), "pugmark-words-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function source(name) {
  const outfile = join(folder, `${name}.mjs`);
  await build({ entryPoints: [join(console_dir, "src", `${name}.ts`)], outfile, bundle: true, format: "esm", loader: LOADERS, logLevel: "error" });
  return import(pathToFileURL(outfile).href);
}

const words = { ...(await source("words")), ...(await source("reason_words")) };
const figures = await source("figures");
const format = await source("format");
const range = await source("range");
const router = await source("router");
const model = await source("live_model");
const told = await source("happenings");
const zones = await source("zones");
const audit = await source("audit_words");
const { as_sentence } = await source("sentence");

const reasons = readFileSync(join(here, "../unit/codec/reason_words.tsv"), "utf8").trimEnd().split("\n").slice(1);

test("reasons have the words that the command line and the API have", () => {
  for (const line of reasons) {
    const [reason, phrase, sentence = ""] = line.split("\t");
    assert.equal(words.reason_phrase(reason), phrase.replaceAll("'", "’"), reason);
    assert.equal(words.reason_sentence(reason), sentence.replaceAll("'", "’"), reason);
  }
});

test("every row of the table of words is among those", () => {
  const [, ...table] = readFileSync(join(here, "../../src/codec/judge/data/reason_words.tsv"), "utf8").trimEnd().split("\n");
  const codes = new Set(reasons.map((line) => line.split(/[:\t]/)[0]));
  for (const row of table) assert.ok(row.startsWith("name\t") || codes.has(row.split("\t")[0]), row);
  assert.ok(table.length > 150);
});

test("what the server says of a problem becomes a sentence, and names in it stay as they are", () => {
  assert.equal(as_sentence("there is no time zone 'x' here"), "There is no time zone 'x' here.");
  assert.equal(as_sentence("The store is busy."), "The store is busy.");
  assert.equal(as_sentence("settings.opens must be full"), "settings.opens must be full.");
  assert.equal(as_sentence("events_days must be a number"), "events_days must be a number.");
  assert.equal(as_sentence("'why' is needed"), "'why' is needed.");
  assert.equal(as_sentence(""), "");
});

test("a reason that nobody has words for is shown readably", () => {
  assert.equal(words.reason_phrase("sunspots:count=3,of_all=5"), "sunspots: count 3, of all 5");
  assert.equal(words.reason_phrase("network:some_thing"), "from some thing’s mail protection");
});

function opened(fields) {
  return {
    id: "e",
    type: "email.opened",
    occurred_at: "2026-11-21T06:00:00.000Z",
    message_id: "m",
    contact: { id: null, email: "amara@example.com" },
    ...fields,
  };
}

test("only people and image proxies count", () => {
  const verdicts = { human: true, proxy_human: true, prefetch: false, scanner: false, link_preview: false, crawler: false, unknown: false };
  for (const [actor, counts] of Object.entries(verdicts)) assert.equal(words.counts(opened({ actor })), counts, actor);
});

test("a duplicate does not count and says so", () => {
  const event = opened({ actor: "human", reasons: ["mail_client", "duplicate:seconds=5"] });
  assert.equal(words.counts(event), false);
  assert.equal(words.why(event), "The same came less than 5 seconds earlier and was counted then.");
});

test("what a provider tells of is said in words", () => {
  const twice = opened({ actor: "human", is_duplicate: true, reasons: ["provider:sendgrid", "duplicate:provider", "mail_client"] });
  assert.equal(words.counts(twice), false);
  assert.equal(words.why(twice), "The mail provider and Pugmark both saw this. It is counted once.");
  const previous = { type: "email.opened", actor: "human", is_duplicate: false };
  const taken_back = opened({ type: "event.corrected", actor: "human", is_duplicate: true, previous });
  assert.match(words.sentence(taken_back).text, /^: open told by the provider, now seen by us, counted once/);
});

test("what a machine did is never said to be what the person did", () => {
  const { who, text } = words.sentence(opened({ actor: "prefetch", mpp: true }));
  assert.equal(who + text, "amara@example.com: image fetched");
  const click = words.sentence(opened({ type: "email.clicked", actor: "scanner", destination_url: "https://www.fernhill.example/sold/" }));
  assert.equal(click.who + click.text, "amara@example.com: link fetched, fernhill.example/sold");
});

test("what is not counted for weak signs says them, without what the program says of itself", () => {
  const reasons = ["browser", "early:seconds=2", "old_agent:chrome=79"];
  assert.equal(words.why(opened({ actor: "unknown", reasons })), "Came 2 s after delivery · a very old browser: Chrome 79.");
  assert.equal(words.why(opened({ actor: "human", reasons })), "");
});

test("a correction says what it was taken for, how long, and what it is", () => {
  const corrected = (before, actor, minutes) =>
    words.correction({
      ...opened({ type: "event.corrected", actor }),
      previous: { type: "email.clicked", actor: before, occurred_at: new Date(Date.parse("2026-11-21T06:00:00Z") - minutes * 60000).toISOString() },
    });
  assert.equal(corrected("human", "scanner", 2), "Counted as a person at first, 2 minutes later known as a scanner.");
  assert.equal(corrected("proxy_human", "unknown", 1), "Counted as an image proxy at first, 1 minute later nobody can tell who it was.");
  assert.equal(corrected("unknown", "scanner", 2), "Nobody could tell who it was at first, 2 minutes later known as a scanner.");
  assert.equal(corrected("scanner", "human", 2880 * 2), "Taken for a scanner at first, 4 days later known as a person.");
});

test("only hits of one burst, and corrections of one moment and one reason, are told as one", () => {
  const click = (id, fields) => ({ ...opened({ type: "email.clicked", actor: "scanner" }), id, destination_url: `https://e.example/${id}`, ...fields });
  const rows = (events) => told.happenings(events).map((h) => h.all.map((e) => e.id).join(""));
  assert.deepEqual(rows([click("a", { group: "g" }), opened({ id: "o" }), click("b", { group: "g" }), click("c", { group: "h" })]), ["ab", "o", "c"]);
  assert.deepEqual(rows([click("a", { group: null }), click("b", { group: null })]), ["a", "b"]);
  const fix = (id, fields) => click(id, { type: "event.corrected", previous: { type: "email.clicked", actor: "human" }, reasons: ["no_open"], ...fields });
  assert.deepEqual(rows([fix("a"), fix("b"), fix("c", { reasons: ["browser"] }), fix("d", { occurred_at: "2026-11-21T07:00:00.000Z" })]), ["ab", "c", "d"]);
});

const SUMMARY = {
  sends: 110,
  delivered: 100,
  in_flight: 0,
  in_doubt: 0,
  opens_unique: 40,
  opens_unique_strict: 25,
  opens_unique_all: 60,
  opens_mpp: 9,
  opens_by_actor: { human: 50, proxy_human: 20, prefetch: 12, scanner: 5 },
  clicks_unique: 10,
  clicks_unique_all: 15,
  bounced: 6,
  failed: 4,
  open_rate: 0.4,
  click_rate: 0.1,
  headline_opens: 40,
  rates_of: "delivered",
  rated: { openable: 100, opened: 40, opened_strict: 25, opened_all: 60, clickable: 100, clicked: 10, clicked_all: 15 },
};

test("the three ways to count have one denominator", () => {
  assert.equal(figures.open_rate(SUMMARY, "people"), 0.4);
  assert.equal(figures.open_rate(SUMMARY, "strict"), 0.25);
  assert.equal(figures.open_rate(SUMMARY, "all"), 0.6);
  assert.equal(figures.click_rate(SUMMARY, "all"), 0.15);
});

test("rates are of the mails whose opens and clicks can be told, and no others", () => {
  const some = { ...SUMMARY, opens_unique: 45, rated: { ...SUMMARY.rated, openable: 50, opened: 40, clickable: 20, clicked: 10 } };
  assert.deepEqual(figures.base_of(some, "opens"), { n: 50, arrived: some.delivered, of_sent: false });
  const of_sent = { ...some, rates_of: "sent", sends: 100, bounced: 4, failed: 2, in_doubt: 1 };
  assert.deepEqual(figures.base_of(of_sent, "clicks"), { n: 20, arrived: 93, of_sent: true });
  assert.deepEqual([figures.opens_of(some, "people"), figures.open_rate(some, "people")], [40, 0.8]);
  assert.equal(figures.click_rate(some, "people"), 0.5);
});

test("of nothing there is no rate, not even zero", () => {
  const nothing = { ...SUMMARY, opens_total: 0, opens_mpp: 0, mpp_share: 0, rated: { ...SUMMARY.rated, openable: 0, clickable: 0 } };
  for (const mode of ["people", "strict", "all"]) assert.equal(figures.open_rate(nothing, mode), null);
  assert.equal(figures.click_rate(nothing, "people"), null);
  assert.equal(figures.mpp_share(nothing), null);
});

test("the parts behind the opens add up to every fetch", () => {
  const parts = figures.behind_opens(SUMMARY);
  assert.deepEqual(
    parts.map((p) => p.n),
    [50, 20, 9, 8],
  );
});

test("a change below 0.05 points is no change, and fewer failures are better", () => {
  assert.equal(figures.points(0.13402, 0.134, true).text, "No change");
  assert.deepEqual(figures.points(0.019, 0.021, false), { text: "↓ 0.2 points", from: "from 2.1%", good: true });
});

test("zones are suggested by the names that newer systems know, once each, UTC first", () => {
  const names = zones.zone_names();
  assert.ok(names.length > 300);
  assert.equal(names[0], "UTC");
  assert.equal(new Set(names).size, names.length);
  for (const name of ["Asia/Kolkata", "Asia/Kathmandu", "Europe/Kyiv", "Europe/London"]) assert.ok(names.includes(name), name);
  for (const name of ["Asia/Calcutta", "Europe/Kiev"]) assert.ok(!names.includes(name), name);
});

test("the audit says which zone a tenant had before", () => {
  const entry = { actor: "user:ruth@example.com", action: "tenant.changed", subject: "tenant:acme", details: { time_zone: { from: "UTC", to: "Asia/Kolkata" } } };
  const { did, lines } = audit.audit_sentence(entry, null);
  assert.deepEqual([did, lines], ["set “Time zone of the days” to Asia/Kolkata, for acme", [["Before", "UTC"]]]);
});

test("ranges are days of the tenant's zone and have both ends", () => {
  const now = new Date("2026-11-21T23:30:00Z");
  assert.equal(format.today_in("Asia/Tokyo", now), "2026-11-22");
  assert.equal(format.today_in("America/Los_Angeles", now), "2026-11-21");
  const week = range.preset("7d", "UTC");
  assert.equal(format.add_days(week.from, 6), week.to);
  assert.equal(range.range_of(new URLSearchParams("from=2026-11-20&to=2026-11-01"), "UTC").key, "30d", "a range that ends before it begins is none");
});

test("every page has its address and nothing else is a page", () => {
  const pages = {
    "/": "stats",
    "/live": "live",
    "/messages": "messages",
    "/messages/a%20b": "message",
    "/outbox": "outbox",
    "/outbox/7": "outbox",
    "/unsubscribes": "unsubscribes",
    "/privacy": "privacy",
    "/suppressions": "suppressions",
    "/audit": "audit",
    "/sign-in": "sign_in",
  };
  for (const [path, page] of Object.entries(pages)) assert.equal(router.route_of(path, "").page, page, path);
  assert.equal(router.route_of("/messages/a%20b", "").id, "a b");
  for (const path of ["/o/x.gif", "/c/x", "/api/v1/me", "/messages/1/2", "/unsubscribes/1", "/privacy/1", "/audit/1", "/messages/%E0%A4%A"])
    assert.equal(router.route_of(path, "").page, "none", path);
});

test("an event that comes by the list and by the line is shown once, and waits when asked to", () => {
  const at = (id, s) => ({ ...opened({ actor: "human" }), id, occurred_at: `2026-11-21T06:00:0${s}.000Z` });
  let live = model.add(model.EMPTY_LIVE, [at("a", 1), at("b", 2)], false);
  live = model.add(live, [at("b", 2), at("c", 3)], true);
  assert.deepEqual([live.shown.map((e) => e.id), live.waiting.map((e) => e.id)], [["b", "a"], ["c"]]);
  live = model.release(model.add(live, [at("c", 3)], false));
  assert.deepEqual([live.shown.map((e) => e.id), live.waiting.length], [["c", "b", "a"], 0]);
});

test("the built files hold nothing inline and name no other host", () => {
  const dist = join(folder, "dist");
  execFileSync(process.execPath, [join(console_dir, "build.mjs"), "--no-check", "--out", dist]);
  const page = readFileSync(join(dist, "index.html"), "utf8");
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  for (const name of readdirSync(dist)) {
    const hosts = readFileSync(join(dist, name), "utf8").match(/https?:\/\/[^/"'`\s)]+/g) ?? [];
    const foreign = hosts.filter((h) => !["http://www.w3.org", "https://example.com", "https://www.w3.org"].includes(h));
    assert.deepEqual(foreign, [], name);
  }
});

test("the C file with the assets is the same each time and as long as the files", () => {
  const made = [1, 2].map((n) => {
    const out = join(folder, `assets_${n}.c`);
    execFileSync(process.execPath, [join(console_dir, "embed.mjs"), "--out", out, "--dist", join(folder, "dist")]);
    return readFileSync(out, "utf8");
  });
  assert.equal(made[0], made[1]);
  const names = [...made[0].matchAll(/\.path = "([^"]+)"/g)].map((m) => m[1]);
  assert.deepEqual(
    names,
    readdirSync(join(folder, "dist"))
      .map((n) => `/${n}`)
      .sort(),
  );
  for (const name of names) {
    const bytes = readFileSync(join(folder, "dist", name));
    const row = made[0].slice(made[0].indexOf(`.path = "${name}"`));
    assert.equal(Number(row.match(/\.size = (\d+)/)[1]), bytes.length, name);
  }
});

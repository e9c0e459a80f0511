// SPDX-License-Identifier: Apache-2.0
// A link that no person sees: off unless asked for, followed like any other. Who follows it is a scanner, with all that
// came around it; a person who comes later is counted.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server } from "../harness/pugmark.mjs";
import { let_time_pass, sql } from "../harness/sqlite.mjs";

const HIDDEN = /<a href="([^"]+)" aria-hidden="true" tabindex="-1" style="display:none[^"]*"><\/a><\/body>/;
const HTML = `<body>${[1, 2].map((n) => `<a href="https://example.com/${n}">${n}</a>`).join(" ")} ${"words ".repeat(20)}</body>`;
const HITS = "type=email.opened,email.clicked";
const ON = { PUGMARK_TRACKING_HONEYPOT: "on", PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" };

const OLD_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const SCANNER = { "x-forwarded-for": "198.51.100.9", "user-agent": OLD_CHROME };
const OTHER = { "x-forwarded-for": "203.0.113.40", "user-agent": BROWSER_AGENT };
const PERSON = { "x-forwarded-for": "192.0.2.77", "user-agent": BROWSER_AGENT };

const counts_of = ({ opens, machine_opens, clicks, machine_clicks }) => [opens, machine_opens, clicks, machine_clicks];

test("without the setting there is no such link", async (t) => {
  const server = await start_server(t);
  const { id } = await server.send({ html: HTML });
  assert.doesNotMatch(await server.preview(id), /aria-hidden/);
});

test("a tenant may have it where the installation has not, and the other way round", async (t) => {
  const server = await start_server(t);
  const has_link = async () => /aria-hidden/.test(await server.preview((await server.send({ html: HTML })).id));
  assert.equal((await server.api("PATCH", "/tenants/default", { settings: { honeypot: "on" } })).status, 200);
  assert.equal(await has_link(), true);
  assert.equal((await server.api("PATCH", "/tenants/default", { settings: { honeypot: "off" } })).status, 200);
  assert.equal(await has_link(), false);
});

test("who follows the hidden link is a scanner, with what came around it, and a later person is not", async (t) => {
  const server = await start_server(t, { env: ON });
  const { id, links } = await server.send({ html: HTML });
  const html = await server.preview(id);
  const hidden = html.match(HIDDEN)[1];
  assert.equal(links.length, 2);
  assert.ok(!links.some((link) => link.tracked_url === hidden));

  await server.get(pixel_of(html), OTHER);
  await server.get(links_of(html)[0], SCANNER);
  const answer = await server.get(hidden, SCANNER);
  assert.deepEqual([answer.status, answer.headers.get("location")], [302, server.base]);
  const before = await server.events_of(id, 3, HITS);
  const [trap] = before.filter((e) => e.reasons.includes("honeypot"));
  assert.deepEqual(
    [trap.type, trap.actor, trap.bot, trap.is_unique, trap.link_index, trap.destination_url, trap.settled],
    ["email.clicked", "scanner", true, false, null, null, true],
  );
  assert.deepEqual(counts_of(await server.message(id)), [1, 0, 1, 1]);

  await server.stop("SIGTERM");
  if (!let_time_pass(200).every((statement) => sql(t, server.data, statement))) return;
  await server.start();
  await server.events_of(id, 2, "type=event.corrected");
  await server.get(links_of(html)[0], PERSON);
  const after = await server.events_of(id, 4, HITS);
  // Not by its id, which is made of its time.
  const by = (from) => after.find((e) => e.ip === from["x-forwarded-for"] && !e.reasons.includes("honeypot"));
  assert.match(by(OTHER).reasons.join(" "), /near_honeypot:seconds=/);
  assert.match(by(SCANNER).reasons.join(" "), /honeypot_source:seconds=/);
  assert.deepEqual([by(OTHER).actor, by(SCANNER).actor, by(PERSON).actor], ["scanner", "scanner", "human"]);
  assert.ok(by(PERSON).is_unique);
  assert.deepEqual(counts_of(await server.message(id)), [0, 1, 1, 2]);
});

test("mail that leaves has it once, in its html only, and links of before still work when it is switched off", async (t) => {
  const server = await start_server(t, { env: ON });
  const mail = { from: { email: "a@example.com" }, to: { email: "r@example.com" }, subject: "x", html: HTML };
  const { body: first } = await server.api("POST", "/instrument", mail);
  assert.match(first.html, HIDDEN);
  const { body: second } = await server.api("POST", "/instrument", { ...mail, html: first.html });
  assert.equal(second.html.split("aria-hidden").length, 2);
  await server.send({ html: undefined, text: "https://example.com/ only text" });
  await server.send({ html: HTML, text: "and html" });
  const outbox = join(server.data, "outbox");
  const mails = readdirSync(outbox, { recursive: true }).filter((name) => name.endsWith(".eml"));
  const [plain, both] = ["only text", "and html"].map((words) =>
    mails.map((name) => readFileSync(join(outbox, name), "utf8")).find((text) => text.includes(words)),
  );
  assert.doesNotMatch(plain, /aria-hidden|\/c\//);
  assert.doesNotMatch(both.slice(0, both.indexOf("text/html")), /aria-hidden|\/c\//);
  assert.equal(both.replaceAll("=\r\n", "").split("aria-hidden").length, 2);

  await server.stop("SIGTERM");
  server.options.env = { ...ON, PUGMARK_TRACKING_HONEYPOT: "off" };
  await server.start();
  const answer = await server.get(first.html.match(HIDDEN)[1], SCANNER);
  assert.deepEqual([answer.status, answer.headers.get("location")], [302, server.base]);
});

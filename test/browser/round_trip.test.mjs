// SPDX-License-Identifier: Apache-2.0
// The round trip for real: Pugmark sends by SMTP, Postfix delivers, a browser opens what was delivered and follows a
// link, and both events are in the API and on the console's screen.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { CHROMIUM, open_browser, sign_in, watch } from "./browser.mjs";
import { test } from "../harness/flow.mjs";
import { headers_of, html_of, parts_of } from "../harness/mail_text.mjs";
import { MAIL_DOMAIN, no_postfix, start_postfix } from "../harness/postfix.mjs";
import { start_server, temporary_directory, until } from "../harness/pugmark.mjs";

const READER = { email: `reader@${MAIL_DOMAIN}`, name: "Zoë Reader" };
const skip = no_postfix() || (existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`);
if (skip) console.log(`SKIP the round trip: ${skip}`);

/** Serves the mail's HTML as a web mail would, and the page that its link leads to. */
async function start_pages(t) {
  const pages = { html: "", landed: [] };
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    if (request.url === "/mail") return response.end(pages.html);
    if (request.url.startsWith("/landing")) pages.landed.push({ url: request.url, headers: request.headers });
    response.end("<title>Landing</title><h1>You are here</h1>");
  }).listen(0, "127.0.0.1");
  await new Promise((r) => server.once("listening", r));
  t.after(() => (server.closeAllConnections(), server.close()));
  pages.base = `http://127.0.0.1:${server.address().port}`;
  return pages;
}

const message = (pages) => ({
  to: READER,
  subject: "Frühling – jetzt",
  text: "Grüße",
  html:
    `<!doctype html><html><body style="font-family:sans-serif"><h1>Grüße, Zoë</h1>` +
    `<p><a id="sale" href="${pages.base}/landing?a=1&amp;b=2">Zum Angebot</a></p></body></html>`,
});

test("a mail goes through Postfix, is opened and clicked in a browser, and the console shows it", { skip }, async (t) => {
  let server, browser;
  t.after(() => browser?.close());
  t.after(() => server?.stop("SIGKILL"));
  const postfix = await start_postfix(t);
  const pages = await start_pages(t);
  server = await start_server(t, {
    env: {
      PUGMARK_SENDING_PROVIDER: "smtp",
      PUGMARK_SMTP_HOST: "127.0.0.1",
      PUGMARK_SMTP_PORT: String(postfix.port),
      PUGMARK_SMTP_TLS: "none",
      PUGMARK_TRACKING_DEDUPE_SECONDS: "1",
    },
  });
  browser = await open_browser();

  // The console is open while it happens.
  const operator = await (await browser.reader()).newPage();
  const seen = watch(operator);
  await sign_in(operator, server.base, server.made, "/live");

  const sent = await server.send(message(pages), "sent").catch((error) => {
    throw new Error(`${error.message}\n${server.log}\n${postfix.log()}`);
  });
  const [delivered, ...more] = await until(() => postfix.mails().length && postfix.mails(), "the mail in the Maildir");
  assert.deepEqual(more, []);
  assert.match(headers_of(delivered)["message-id"], new RegExp(sent.id));
  assert.deepEqual(parts_of(delivered).map((part) => part.type), ["text/plain", "text/html"]);
  assert.equal(parts_of(delivered)[0].text.trim(), "Grüße");
  pages.html = html_of(delivered);
  assert.ok(pages.html.includes(sent.links[0].tracked_url), "with the link that was answered");

  // A person's browser, which does not call itself headless.
  const probe = await (await browser.reader()).newPage();
  const agent = (await probe.evaluate(() => navigator.userAgent)).replace("HeadlessChrome", "Chrome");
  const reader = await browser.reader({ userAgent: agent });
  const mail = await reader.newPage();
  await mail.goto(`${pages.base}/mail`);
  await mail.locator("img").waitFor({ state: "attached" });
  assert.equal(await mail.evaluate(() => document.querySelector("img").naturalWidth), 1, "the pixel was drawn");
  const [open] = await server.events_of(sent.id, 1, "type=email.opened");
  await mail.locator("#sale").click();
  await mail.waitForURL(`${pages.base}/landing?a=1&b=2`);
  assert.equal(pages.landed[0].url, "/landing?a=1&b=2");
  assert.doesNotMatch(pages.landed[0].headers.referer ?? "", /\/c\//, "the landing page learns no token");
  const [click] = await server.events_of(sent.id, 1, "type=email.clicked");
  for (const event of [open, click]) {
    assert.equal(event.user_agent, agent);
    assert.equal(event.actor, "human", event.reasons.join());
    assert.equal(event.is_unique, true);
    assert.equal(event.bot, false);
    assert.equal(event.ip, "127.0.0.1");
    assert.equal(event.contact.email, READER.email);
  }
  assert.equal(click.destination_url, `${pages.base}/landing?a=1&b=2`);

  // Opened once more when the window for duplicates is over.
  await until(() => Date.now() > Date.parse(open.occurred_at) + 2000, "the window to be over");
  await mail.goto(`${pages.base}/mail`);
  const [second] = await server.events_of(sent.id, 2, "type=email.opened");
  assert.equal(second.actor, "human");
  assert.equal(second.is_unique, false);

  // All three came in on the open page, without a reload.
  for (const event of [open, click, second]) await operator.locator(`[data-event="${event.id}"]`).waitFor();
  const shots = process.env.PUGMARK_SCREENSHOTS ?? temporary_directory(t);
  await operator.screenshot({ path: join(shots, "live.png") });
  for (const [event, word] of [[open, /opened/i], [click, /clicked/i]]) {
    const row = await operator.locator(`[data-event="${event.id}"]`).innerText();
    assert.match(row, word);
    assert.match(row, /Zoë Reader|reader@example\.com/);
  }
  await operator.goto(`${server.base}/`);
  const card = async (name) => (await operator.locator(`[data-card="${name}"]`).innerText()).replace(/\s+/g, " ");
  await operator.locator("[data-card]").first().waitFor();
  assert.match(await card("sends"), /Sends 1 /);
  assert.match(await card("opens"), /100(\.0)?%.* 1 of 1/);
  assert.match(await card("clicks"), /100(\.0)?%.* 1 of 1/);
  await operator.screenshot({ path: join(shots, "cards.png") });
  assert.deepEqual(seen.refused, [], "the console's own policy refuses nothing of it");
  assert.deepEqual(seen.urls.filter((url) => !url.startsWith(server.base) && !url.startsWith("data:")), [], "no request leaves the host");

  const { body } = await server.api("GET", "/stats/summary");
  assert.deepEqual([body.sends, body.opens_total, body.opens_unique, body.clicks_total], [1, 2, 1, 1]);
});

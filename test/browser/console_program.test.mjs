// SPDX-License-Identifier: Apache-2.0
// The first hour in a real browser with the real program: sign in, send, open the mail in the Outbox, click, and find
// the same figures everywhere.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { program, start_server, until } from "../harness/pugmark.mjs";
import { SmtpServer } from "../harness/smtp_server.mjs";
import { CHROMIUM, open_browser, sign_in, watch } from "./browser.mjs";

const lacking = [CHROMIUM, program].find((path) => !existsSync(path));
const skip = lacking ? `SKIP: there is no ${lacking}` : false;
if (skip) console.log(skip);

/** A page for the mail's link to lead to. */
async function start_landing(t) {
  const server = createServer((_req, res) => res.writeHead(200, { "Content-Type": "text/html" }).end("<title>The sale</title><p>Sold."));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/sale`;
}

async function start_reader(t) {
  const browser = await open_browser();
  t.after(() => browser.close());
  const page = await (await browser.reader()).newPage();
  return { page, seen: watch(page) };
}

test("from the first mail to the first click, everything is seen as it happens", { skip }, async (t) => {
  const server = await start_server(t);
  const landing = await start_landing(t);
  const { page, seen } = await start_reader(t);
  const user = { email: server.made.email, password: server.made.password };
  await sign_in(page, server.base, user, "/outbox");
  await page.getByText("No mail here yet.").waitFor();

  const html = `<!doctype html><p>See <a href="${landing}">the sale</a>.</p><script>top.location = "/stolen"</script>`;
  const sent = await server.send({ subject: "A first mail", html });
  await page.locator(".box a", { hasText: "A first mail" }).click();
  await page.getByText("Opened by you").waitFor();
  const popup = page.waitForEvent("popup");
  await page.frameLocator("iframe").getByRole("link", { name: "the sale" }).click();
  const opened = await popup;
  await opened.waitForURL(landing);
  await page.getByText("It works.").waitFor();
  assert.equal(new URL(page.url()).pathname, `/outbox/${sent.id}`);

  await page.getByRole("link", { name: "See it as your team will" }).click();
  await page.getByRole("heading", { level: 1, name: "A first mail" }).waitFor();
  await page.getByText(/Clicked by a person\s*1 time/).waitFor();

  await page.locator(".nav").getByRole("link", { name: "Live" }).click();
  await page.locator("[data-event]", { hasText: "clicked" }).getByText("Person").waitFor();

  await page.locator(".nav").getByRole("link", { name: "Stats" }).click();
  const { body: summary } = await server.api("GET", "/stats/summary");
  assert.equal(summary.opens_unique, 1);
  const opens = page.locator("[data-card=opens]");
  await opens.waitFor();
  assert.match((await opens.innerText()).replace(/\s+/g, " "), /^Open rate 100\.0% 1 of 1 delivered/);
  assert.match((await page.locator("[data-card=clicks]").innerText()).replace(/\s+/g, " "), /^Click rate 100\.0% 1 of 1 delivered/);

  assert.deepEqual(seen.refused, []);
  assert.deepEqual(
    seen.urls.filter((url) => !url.startsWith(server.base)),
    [],
  );
});

test("a wrong password is refused by the program, and the session ends with signing out", { skip }, async (t) => {
  const server = await start_server(t);
  const { page } = await start_reader(t);
  await page.goto(server.base);
  await page.getByLabel("E-mail").fill(server.made.email);
  await page.getByLabel("Password").fill("not this one");
  await page.getByLabel("Password").press("Enter");
  assert.equal(await page.getByRole("alert").innerText(), "Address or password is not right.");
  await sign_in(page, server.base, { email: server.made.email, password: server.made.password });
  await page.getByText("Nothing sent in these 30 days.").waitFor();
  await page.getByRole("button", { name: /account and sign out/ }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByLabel("Password").waitFor();
  await page.goto(`${server.base}/live`);
  await page.getByLabel("Password").waitFor();
});

test("a setting that is saved on the screen holds for the next mail", { skip }, async (t) => {
  const server = await start_server(t);
  const { page, seen } = await start_reader(t);
  await sign_in(page, server.base, { email: server.made.email, password: server.made.password }, "/privacy");
  await page.getByLabel("Clicks", { exact: true }).selectOption("off");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").waitFor();
  assert.equal((await server.send({}, null)).links[0].skipped, "clicks_off");
  await page.getByLabel("Days that events are kept").fill("366");
  assert.equal(await page.getByLabel("Days that events are kept").evaluate((e) => e.validity.rangeOverflow), true);
  assert.deepEqual(seen.refused, []);
});

test("an address is stopped and allowed again on the screen, and the audit says who did it and why", { skip }, async (t) => {
  const server = await start_server(t);
  const { page, seen } = await start_reader(t);
  const to = { email: "Pia+news@example.com" };
  await sign_in(page, server.base, { email: server.made.email, password: server.made.password }, "/suppressions");
  await page.getByText("Everybody gets mail.").waitFor();
  await page.getByRole("button", { name: "Stop an address" }).click();
  await page.getByRole("dialog").getByLabel("Address").fill("pia");
  await page.getByRole("button", { name: "Stop mail" }).click();
  await page.getByText("This does not look like an e-mail address.").waitFor();
  await page.getByRole("dialog").getByLabel("Address").fill(to.email);
  await page.getByRole("button", { name: "Stop mail" }).click();
  await page.getByText("gets no more mail from now on.").waitFor();
  assert.equal((await server.send({ to }, null)).status, "suppressed");

  await page.getByRole("button", { name: "Allow mail to pia+news@example.com again" }).click();
  await page.getByLabel("What makes it right").fill("Asked “again?” & said yes");
  await page.getByRole("dialog").getByRole("button", { name: "Allow mail" }).click();
  await page.getByText("Gets mail again").waitFor();
  assert.notEqual((await server.send({ to }, null)).status, "suppressed");

  await page.getByRole("link", { name: "Who did it" }).click();
  const newest = page.locator("[data-audit]").first();
  await newest.getByText(`${server.made.email} allowed mail again to pia+news@example.com`).waitFor();
  await newest.getByText("Asked “again?” & said yes").waitFor();
  assert.equal(await page.locator("[data-audit]").count(), 2);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Tracking and privacy" }).click();
  await page.getByLabel("Opens", { exact: true }).selectOption("off");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").waitFor();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Audit" }).click();
  await page.getByText(`${server.made.email} set “Opens” to Off, for ${server.made.tenant ?? "default"}`).waitFor();
  assert.deepEqual(seen.refused, []);
});

test("a button that a sandbox pressed is confirmed on the screen, and the address gets no more mail", { skip }, async (t) => {
  const server = await start_server(t);
  const { page, seen } = await start_reader(t);
  const bulk = { stream: "bulk", subject: "What sold near you", to: { email: "reader@example.com" } };
  const sent = await server.send(bulk);
  const eml = readFileSync(join(server.data, "outbox", `${sent.id}.eml`), "utf8");
  const headers = { "user-agent": "Proofpoint", "content-type": "application/x-www-form-urlencoded" };
  await server.request("POST", eml.match(/\/u\/[A-Za-z0-9_-]+/)[0], { headers, body: "action=unsubscribe" });
  await server.settled_events();

  await sign_in(page, server.base, { email: server.made.email, password: server.made.password }, "/unsubscribes");
  const row = page.locator("[data-held]", { hasText: "reader@example.com" });
  await row.getByText(/^Proofpoint, /).waitFor();
  await row.getByRole("button", { name: "Unsubscribe reader@example.com" }).click();
  await row.getByText(`Unsubscribed by ${server.made.email}`).waitFor();
  assert.equal((await server.send(bulk, null)).status, "suppressed");
  await row.getByRole("link").click();
  await page.getByText("Unsubscribe button pressed, it seems by a machine").waitFor();
  await page.getByText("Held.").waitFor();
  assert.deepEqual(seen.refused, []);
});

test("the outbox opens only mail that has left, and Stats says that an open was anonymous", { skip }, async (t) => {
  const server = await start_server(t);
  const { page, seen } = await start_reader(t);
  const later = await server.send({ subject: "Later", send_at: new Date(Date.now() + 3600000).toISOString() }, "scheduled");
  await server.send({ subject: "Left", track: { opens: "anonymous" } });
  await sign_in(page, server.base, { email: server.made.email, password: server.made.password }, "/outbox");
  await page.locator(".box a").first().waitFor();
  assert.deepEqual(await page.locator(".box a .b").allInnerTexts(), ["Left"]);
  await page.goto(`${server.base}/outbox/${later.id}`);
  await page.getByText("This mail has not left yet.").waitFor();
  assert.deepEqual(await server.settled_events("type=email.opened"), []);

  const opened = page.waitForResponse((answer) => answer.url().includes("/o/"));
  await page.locator(".box a", { hasText: "Left" }).click();
  await opened;
  assert.equal((await server.settled_events("type=email.opened")).length, 1);
  await page.locator(".nav").getByRole("link", { name: "Stats" }).click();
  await page.getByText("The only open is anonymous: counted, but for no mail, so in no rate.").waitFor();
  assert.match((await page.locator("[data-card=opens]").innerText()).replace(/\s+/g, " "), /^Open rate – no mail tells whose opens they are The only open/);

  await page.goto(`${server.base}/settings`);
  await page.getByText("Settings of the tenant default.").waitFor();
  await page.getByLabel("Time zone of the days").fill("Atlantis");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(await page.getByRole("alert").innerText(), /^Not saved\. There is no time zone 'Atlantis' here: .*\.$/);
  assert.deepEqual(seen.refused, []);
});

test("where mail leaves by SMTP the Outbox says so, and its command puts a mail there all the same", { skip }, async (t) => {
  const smtp = await SmtpServer.start(t);
  const server = await start_server(t, { env: smtp.env });
  const { page, seen } = await start_reader(t);
  await sign_in(page, server.base, server.made, "/outbox");
  await page.getByText("Mail leaves through SMTP.").waitFor();
  const command = await page.locator("pre").innerText();
  assert.ok(command.startsWith(`curl ${server.base}/api/v1/messages `), command);
  await server.send(JSON.parse(command.match(/-d '(.*)'$/)[1]), "delivered");
  await page.locator(".box a", { hasText: "Hello from Pugmark" }).waitFor();
  assert.equal(smtp.taken.length, 0);
  assert.deepEqual(seen.refused, []);
});

test("mail that left by SMTP is shown as sent and counts nothing; mail in doubt is decided on the screen", { skip }, async (t) => {
  const smtp = await SmtpServer.start(t);
  const server = await start_server(t, { env: smtp.env });
  const { page, seen } = await start_reader(t);
  const sent = await server.send({ html: '<p>Read <a href="https://example.com/">this page</a>.</p>' }, "sent");
  await sign_in(page, server.base, server.made, `/messages/${sent.id}`);
  const link = page.frameLocator("iframe").getByRole("link", { name: "this page" });
  assert.equal(await link.getAttribute("href"), "https://example.com/");

  smtp.override.dot = null;
  const lost = await server.send({ subject: "Lost" }, null);
  await until(() => smtp.reached("dot") > 1, "the final dot");
  for (const socket of smtp.sockets) socket.destroy();
  await server.message_in(lost.id, "in_doubt");
  delete smtp.override.dot;
  await page.goto(`${server.base}/messages?status=in_doubt`);
  await page.getByRole("link", { name: "Lost" }).click();
  await page.getByText("Not known").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
  await page.getByText("Sent through SMTP").waitFor();
  assert.equal(smtp.taken.filter((text) => text.includes(lost.id)).length, 1);
  assert.deepEqual(await server.settled_events("type=email.opened"), []);
  assert.deepEqual(seen.refused, []);
});

// SPDX-License-Identifier: Apache-2.0
// The console in a real browser against a server with believable data.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, beforeEach, afterEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { open_browser, sign_in, watch, CHROMIUM } from "./browser.mjs";
import { MockApi, USER } from "./mock_api.mjs";
import { rated_of } from "./mock_data.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const AMARA = "01935a2e-7c40-7b1e-9d22-000000000007";
const HELLO = "01935a2e-7c40-7b1e-9d22-000000000001";
const IN_DOUBT = "01935a2e-7c40-7b1e-9d22-000000000005";
const SWEPT = "01935a2e-7c40-7b1e-9d22-000000000008";
const NOT_TRACKED = "01935a2e-7c40-7b1e-9d22-000000000009";
const PAGES = ["/", "/live", "/messages", `/messages/${AMARA}`, "/outbox", `/outbox/${HELLO}`, "/unsubscribes", "/privacy", "/suppressions", "/audit"];

const missing = existsSync(CHROMIUM) ? false : `SKIP: no browser at ${CHROMIUM}`;
if (missing) console.log(missing);

describe("console", { skip: missing }, () => {
  let browser, mock, base, context, page, seen;

  before(async () => {
    execFileSync(process.execPath, [join(here, "../../console/build.mjs"), "--no-check"], { stdio: "inherit" });
    browser = await open_browser();
  });
  after(() => browser?.close());

  beforeEach(async () => {
    mock = new MockApi();
    base = await mock.start();
    await new_reader();
  });
  afterEach(async () => {
    await context.close();
    await mock.stop();
  });

  async function new_reader(options) {
    await context?.close();
    context = await browser.reader(options);
    page = await context.newPage();
    seen = watch(page);
  }

  /** The page has read what it shows. */
  async function ready(path) {
    const marks = {
      "/": "[data-card]",
      "/live": "[data-event]",
      "/messages": "tr.go",
      "/outbox": ".box a",
      "/unsubscribes": "[data-held]",
      "/privacy": ".setting",
      "/suppressions": "[data-suppression]",
      "/audit": "[data-audit]",
    };
    await page
      .locator(marks[path] ?? "[data-event]")
      .first()
      .waitFor();
  }

  async function card(name) {
    const text = await page.locator(`[data-card="${name}"]`).innerText();
    return text.replace(/\s+/g, " ");
  }

  // ---- signing in

  test("a wrong password says neither which of the two is wrong nor lets in", async () => {
    await page.goto(`${base}/`);
    await page.getByLabel("E-mail").fill(USER.email);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.equal(await page.getByRole("alert").innerText(), "Address or password is not right.");
    assert.equal(await page.evaluate(() => document.activeElement.id), "password");
    assert.equal(new URL(page.url()).pathname, "/sign-in");
  });

  test("after too many tries it says how long to wait", async () => {
    mock.tries = 5;
    await page.goto(`${base}/sign-in`);
    await page.getByLabel("E-mail").fill(USER.email);
    await page.getByLabel("Password").fill("wrong");
    await page.getByLabel("Password").press("Enter");
    assert.equal(await page.getByRole("alert").innerText(), "Wait 30 seconds and try again.");
  });

  test("signing in leads to the page that was asked for", async () => {
    await sign_in(page, base, USER, "/messages?status=bounced");
    await page.getByRole("heading", { name: "Messages", exact: true }).waitFor();
    assert.equal(page.url(), `${base}/messages?status=bounced`);
  });

  test("the page to go to after signing in is never on another host", async () => {
    for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "/api/v1/me"]) {
      await context.clearCookies();
      await sign_in(page, base, USER, `/sign-in?next=${encodeURIComponent(next)}`);
      await ready("/");
      await page.waitForURL(`${base}/`);
    }
  });

  test("an ended session leads to the sign-in and shows nothing of before", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    await page.locator("tr.go").first().waitFor(); // nothing is under way that could end the session too early
    mock.session = "another";
    await page.locator(".nav").getByRole("link", { name: "Messages" }).click();
    await page.getByLabel("Password").waitFor();
    await page.waitForURL(`${base}/sign-in?next=%2Fmessages`);
    assert.equal(await page.locator("table").count(), 0);
  });

  test("signing out ends the session on the server", async () => {
    await sign_in(page, base, USER);
    await page.getByRole("button", { name: /account and sign out/ }).click();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByLabel("Password").waitFor();
    assert.ok(mock.requests.some((r) => r.method === "DELETE" && r.path === "/api/v1/session"));
  });

  // ---- Stats

  test("the cards show the API's figures, what they are of, and how they changed", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    assert.equal(await card("sends"), "Sends 19,410 19,035 delivered, 3 not reported on yet ↑ 12.1% from 17,322");
    assert.equal(await card("opens"), "Open rate 44.9% 8,547 of 19,035 delivered ↑ 3.4 points from 41.5%");
    assert.equal(await card("clicks"), "Click rate 11.4% 2,170 of 19,035 delivered ↑ 0.5 points from 10.9%");
    assert.equal(await card("failed"), "Failed or bounced 1.9% 301 bounced, 69 failed ↓ 0.2 points from 2.1%");
  });

  test("the switch changes the figures and the address, by pointer and by key", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    await page.getByRole("radio", { name: "Strict" }).click();
    await page.getByText("Strict counts only opens").waitFor();
    assert.match(await card("opens"), /^Open rate 28\.3% 5,387 of 19,035 delivered/);
    assert.equal(page.url(), `${base}/?count=strict`);
    await page.keyboard.press("ArrowRight");
    await page.getByText("Everything counts every fetch").waitFor();
    assert.match(await card("opens"), /^Open rate 65\.7%/);
    await page.keyboard.press("p");
    await page.getByText("People counts opens by people").waitFor();
    assert.equal(page.url(), `${base}/`);
  });

  test("a range is asked for in whole days, and Back returns to the one before", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    await page.locator("summary", { hasText: "Last 30 days" }).click();
    await page.getByRole("button", { name: /^Last 7 days/ }).click();
    await page.getByText("194 of 386 sent").waitFor();
    assert.match(await page.locator("section[aria-label=Summary]").innerText(), /Rates are of 386 sent mails, because no delivery reports arrive/);
    const asked = new URLSearchParams(mock.requests.filter((r) => r.path.endsWith("/summary")).pop().query);
    assert.equal((Date.parse(asked.get("to")) - Date.parse(asked.get("from"))) / 86400000, 6);
    await page.goBack();
    await page.getByText("8,547 of 19,035").waitFor();
    assert.equal(page.url(), `${base}/`);
  });

  test("the figures say whose days they are, and whose the times are where that is another zone", async () => {
    mock.time_zone = "Pacific/Honolulu";
    await sign_in(page, base, USER);
    await ready("/");
    const days = page.getByText("Days in Pacific/Honolulu", { exact: true });
    assert.equal(await days.getAttribute("title"), "Times of day, here and elsewhere, are those of your browser: Europe/London.");
    const foot = page.locator("section[aria-label=Summary] footer");
    assert.match(await foot.innerText(), /the day the mail was sent, which is a day in Pacific\/Honolulu; times of day, here and elsewhere, are in Europe\/London\./);
    mock.time_zone = "Europe/London";
    await page.reload();
    await page.getByText("Days in Europe/London", { exact: true }).waitFor();
    await ready("/");
    assert.match(await foot.innerText(), /for the day the mail was sent\. /);
  });

  /** As the program answers when people opened and clicked, and `unique` of their mails are known. */
  function answer_with(opens, clicks) {
    const full = mock.summary.bind(mock);
    const rates = (s) => ({ open_rate: opens.unique / s.delivered, click_rate: clicks.unique / s.delivered });
    mock.summary = (params) => {
      const s = full(params);
      const counts = { opens_total: opens.total, opens_unique: opens.unique, headline_opens: opens.unique, opens_unique_all: opens.unique };
      const answer = { ...s, ...counts, clicks_total: clicks.total, clicks_unique: clicks.unique, ...rates(s) };
      return { ...answer, rated: rated_of(answer) };
    };
  }

  test("where all opens are anonymous the rate says why it is zero; a true zero needs no reason", async () => {
    answer_with({ total: 4, unique: 0 }, { total: 0, unique: 0 });
    await sign_in(page, base, USER);
    await ready("/");
    assert.match(await card("opens"), /^Open rate 0\.0% 0 of 19,035 delivered All 4 opens are anonymous: counted, but for no mail, so in no rate\./);
    assert.doesNotMatch(await card("clicks"), /anonymous/);
    answer_with({ total: 0, unique: 0 }, { total: 1, unique: 0 });
    await page.reload();
    await ready("/");
    await page.getByText("The only click is anonymous").waitFor();
    assert.doesNotMatch(await card("opens"), /anonymous/);
  });

  test("where some mail cannot be seen to be opened or clicked, each rate says of what it is", async () => {
    const full = mock.summary.bind(mock);
    mock.summary = (params) => {
      const s = full(params);
      return { ...s, rated: { ...s.rated, openable: s.delivered - 6, clickable: s.delivered - 12 } };
    };
    await sign_in(page, base, USER);
    await ready("/");
    assert.match(await card("opens"), /8,547 of 19,029 delivered with tracked opens/);
    assert.match(await card("clicks"), /2,170 of 19,023 delivered with tracked links/);
    const foot = await page.locator("section[aria-label=Summary] footer").innerText();
    assert.match(foot, /6 of which nobody can tell who opens them, and 12 of which nobody can tell who clicks: without HTML or links, or not tracked/);
  });

  test("where opens of new mail are anonymous and older ones are not, the rate says what it leaves out", async () => {
    mock.settings.opens = "anonymous";
    await sign_in(page, base, USER);
    await page.locator("[data-card=opens] [data-anonymous=some]").waitFor();
    assert.match(await card("opens"), /8,547 of 19,035 delivered Opens of new mail are anonymous, which count in no rate\./);
    assert.doesNotMatch(await card("clicks"), /anonymous/);
  });

  test("figures that cannot be read say so in their place and can be asked for again", async () => {
    mock.failing.set("/stats/summary", 503);
    await sign_in(page, base, USER);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match(await alert.innerText(), /These figures could not be read just now\. Sending and tracking go on\. The store is busy\./);
    mock.failing.clear();
    await alert.getByRole("button", { name: "Try again" }).click();
    await ready("/");
    assert.equal(await alert.count(), 0);
  });

  // ---- Live

  test("an event appears the second it happens, with who did it", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    await page.getByText("Connected.").waitFor();
    const event = mock.emit({
      type: "email.clicked",
      message_id: AMARA,
      actor: "human",
      reasons: ["browser"],
      destination_url: "https://fernhill.example/now",
    });
    const row = page.locator(`[data-event="${event.id}"]`);
    await row.waitFor();
    assert.match((await row.innerText()).replace(/\s+/g, " "), /Person amara@example\.com clicked fernhill\.example\/now/);
    assert.equal(await page.locator("[data-event]").first().getAttribute("data-event"), event.id);
  });

  test("a correction says in the list, too, what it was taken for", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    const rows = page.locator("[data-event]", { hasText: "now known as" });
    assert.equal(await rows.count(), 5);
    const last = (await rows.last().innerText()).replace(/\s+/g, " ");
    assert.match(last, /Scanner hana@example\.com: open first counted as a person, now known as a scanner, Six new homes this week not counted/);
  });

  test("while the reader points at the rows new ones wait and say how many", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    await page.getByText("Connected.").waitFor();
    const first = await page.locator("[data-event]").first().getAttribute("data-event");
    await page.locator("[data-event]").nth(3).hover();
    mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    const event = mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    await page.getByRole("button", { name: "2 new events. Show" }).waitFor();
    assert.equal(await page.locator("[data-event]").first().getAttribute("data-event"), first);
    await page.getByRole("button", { name: "2 new events. Show" }).click();
    await page.locator(`[data-event="${event.id}"]`).waitFor();
  });

  test("paused, nothing moves and nothing is lost", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    await page.getByText("Connected.").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const event = mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    await page.getByRole("button", { name: "1 new event. Show" }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.locator(`[data-event="${event.id}"]`).waitFor();
  });

  test("after a broken line it says so, resumes where it was, and shows each event once", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    await page.getByText("Connected.").waitFor();
    const before_it = mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    await page.locator(`[data-event="${before_it.id}"]`).waitFor();
    mock.refuse_streams = true;
    mock.drop_streams();
    await page.getByText(/Connection lost at \d\d:\d\d\. Trying again/).waitFor();
    const missed = [1, 2].map(() => mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" }));
    mock.refuse_streams = false;
    await page.getByText(/Caught up, 2 events/).waitFor();
    for (const event of [before_it, ...missed]) assert.equal(await page.locator(`[data-event="${event.id}"]`).count(), 1);
    const next = mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    await page.locator(`[data-event="${next.id}"]`).waitFor();
  });

  test("a line that only breaks is resumed by Last-Event-ID", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    await page.getByText("Connected.").waitFor();
    const event = mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    await page.locator(`[data-event="${event.id}"]`).waitFor();
    mock.drop_streams();
    const missed = mock.emit({ type: "email.opened", message_id: AMARA, actor: "human" });
    await page.locator(`[data-event="${missed.id}"]`).waitFor();
    const asked = mock.requests.filter((r) => r.path.endsWith("/events/stream")).map((r) => r.headers["last-event-id"]);
    assert.deepEqual(asked, [undefined, event.id]);
  });

  test("filters by what and by who hold in the address", async () => {
    await sign_in(page, base, USER, "/live");
    await ready("/live");
    await page.getByRole("button", { name: "Clicks" }).click();
    await page.getByRole("button", { name: "People", exact: true }).click();
    await page.waitForURL(`${base}/live?show=clicks&who=people`);
    const rows = await page.locator("[data-event]").allInnerTexts();
    assert.ok(rows.length > 0 && rows.every((r) => /Person/.test(r) && /clicked/.test(r)), rows.join("\n"));
    await page.reload();
    await ready("/live");
    assert.equal(await page.locator("[data-event]").count(), rows.length);
  });

  // ---- Messages

  test("the message page explains each hit and counts only people", async () => {
    await sign_in(page, base, USER, `/messages/${AMARA}`);
    await ready();
    const short = (await page.locator(".figs").innerText()).replace(/\s+/g, " ");
    assert.match(short, /Opened by a person 2 times.*1 by Apple privacy.*Clicked by a person 2 times.*By machines, not counted 2 1 open, 1 click/);
    const story = (await page.locator(".tl").innerText()).replace(/\s+/g, " ");
    assert.match(story, /Image fetched Apple privacy Not counted\. Apple Mail’s privacy protection loaded the image/);
    assert.match(story, /Not counted again\. The same came less than 5 seconds earlier/);
    await page.getByRole("radio", { name: "People only" }).click();
    assert.equal(await page.locator(".tl [data-event]").count(), 4);
  });

  test("what a scanner did at once is told once, and so is that it was taken for a person", async () => {
    await sign_in(page, base, USER, `/messages/${SWEPT}`);
    await ready();
    const story = (await page.locator(".tl").innerText()).replace(/\s+/g, " ");
    const because = "All 4 links were followed within 0\\.6 seconds\\. No person does that\\.";
    assert.match(story, new RegExp(`Fetched 4 links Scanner Not counted\\. ${because}`));
    assert.match(story, new RegExp(`4 clicks corrected Scanner Counted as a person at first, 2 minutes later known as a scanner\\. ${because}`));
    assert.match(story, /Open corrected Scanner Counted as a person at first, 2 minutes later known as a scanner\. The same program followed many links at once, 1 second later\./);
    await page.locator("li", { hasText: "Fetched 4 links" }).getByText("What we saw").click();
    const seen_of_it = await page.locator("li", { hasText: "Fetched 4 links" }).locator("dl").innerText();
    assert.match(seen_of_it, /a browser by its name · all 4 links in 0\.6 s · came 2 s after delivery · the mail had not been opened/);
    for (const n of [1, 2, 3, 4]) assert.ok(seen_of_it.includes(`fernhill.example/homes/${n}`));
  });

  test("a message page never loads mail of the Outbox, because that would count as an open", async () => {
    await sign_in(page, base, USER, `/messages/${HELLO}`);
    await page.getByText("As sent", { exact: true }).waitFor();
    assert.equal(await page.locator("iframe").count(), 0);
    assert.ok(!seen.urls.some((u) => u.includes("/preview") || u.includes("/o/")));
  });

  test("mail that somebody got is shown as sent in a frame, which makes no event; the text is at hand", async () => {
    await sign_in(page, base, USER, `/messages/${AMARA}`);
    await ready();
    const frame = page.locator("iframe");
    assert.equal(await frame.getAttribute("sandbox"), "allow-popups allow-popups-to-escape-sandbox");
    assert.equal(await frame.getAttribute("src"), `/api/v1/messages/${AMARA}/preview?frame=1`);
    await page.frameLocator("iframe").getByText("Eleven homes within a mile").waitFor();
    assert.ok(!seen.urls.some((u) => u.includes("/o/")));
    await page.getByText("As plain text").click();
    await page.locator("pre", { hasText: "Book a free valuation: https://" }).waitFor();
    const detail = mock.detail.bind(mock);
    mock.detail = (mail) => ({ ...detail(mail), text: null, headers: null });
    await page.reload();
    await page.frameLocator("iframe").getByText("Eleven homes within a mile").waitFor();
    mock.detail = (mail) => ({ ...detail(mail), has_html: false });
    await page.reload();
    await page.locator("pre", { hasText: "Book a free valuation: https://" }).waitFor();
    assert.equal(await page.locator("iframe").count(), 0);
  });

  // ---- In doubt

  const figures_in_short = async () => (await page.locator(".figs").innerText()).replace(/\s+/g, " ");

  test("mail in doubt is one click from its number, and says what is not known", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    await page.getByRole("link", { name: "2 mails are in doubt" }).click();
    await page.getByText("open a mail to decide about it").waitFor();
    assert.equal(page.url(), `${base}/messages?status=in_doubt`);
    await page.getByRole("link", { name: "Rents in your street" }).click();
    await page.getByText("Nothing is sent again or dropped without you.").waitFor();
    assert.match(await figures_in_short(), /Opened by a person Not known nobody knows whether it was sent/);
  });

  test("somebody decides that mail in doubt was sent, or gives it up, and reads what was noted", async () => {
    for (const [button, as, noted, status] of [["It was sent", "sent", "Noted: it was sent.", "Sent"], ["Give up", "failed", "Noted: it failed.", "Failed"]]) {
      Object.assign(mock.mails.find((m) => m.id === IN_DOUBT), { status: "in_doubt", sent_at: null });
      await (as === "sent" ? sign_in(page, base, USER, `/messages/${IN_DOUBT}`) : page.reload());
      mock.failing.set(`/messages/${IN_DOUBT}/resolve`, 503);
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("alert").getByText("Not saved. The store is busy. Try again.").waitFor();
      mock.failing.clear();
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("status").getByText(noted).waitFor();
      assert.equal(mock.resolved, as);
      assert.equal(await page.evaluate(() => document.activeElement.textContent), noted);
      await page.locator("h1 + .sub", { hasText: status }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Send again" }).count(), 0);
    }
  });

  test("sending again asks first, because somebody may get the mail twice", async () => {
    await sign_in(page, base, USER, `/messages/${IN_DOUBT}`);
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByText("If so, Felix gets it twice.").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Wait");
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal(mock.resolved, undefined);
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await page.getByRole("status").getByText("It is being sent again.").waitFor();
    assert.equal(mock.resolved, "resend");
    // The line broke once more: it is asked again.
    mock.mails.find((m) => m.id === IN_DOUBT).attempts = 2;
    mock.emit({ type: "email.deferred", message_id: IN_DOUBT });
    await page.getByRole("button", { name: "It was sent" }).waitFor();
    // Somebody else was faster.
    Object.assign(mock.mails.find((m) => m.id === IN_DOUBT), { status: "sent", sent_at: new Date().toISOString() });
    await page.getByRole("button", { name: "Give up" }).click();
    await page.getByRole("alert").getByText("Not saved. The message is not in doubt; it is sent.").waitFor();
  });

  test("opens by Apple's mail privacy stand beside the opens, in no number", async () => {
    await sign_in(page, base, USER, "/messages");
    await ready("/messages");
    const row = async (subject) => (await page.locator("tr.go", { hasText: subject }).first().innerText()).replace(/\s+/g, " ");
    assert.match(await row("Amara, what is your home worth"), / 2 1 by Apple 2 2 /);
    assert.match(await row("Six new homes this week"), / 0 2 by Apple 0 6 /);
    assert.doesNotMatch(await row("14 Mill Lane"), /Apple/);
  });

  test("what was not tracked is said to be so, never shown as zero", async () => {
    await sign_in(page, base, USER, `/messages/${NOT_TRACKED}`);
    await ready();
    assert.match((await page.locator(".figs").innerText()).replace(/\s+/g, " "), /Opened by a person Not tracked Tracking was off for this mail/);
  });

  test("a message that is not there is a plain answer", async () => {
    await sign_in(page, base, USER, "/messages/nobody");
    await page.getByRole("heading", { name: "There is no such message." }).waitFor();
  });

  test("more rows are shown on demand and Back keeps the place", async () => {
    await sign_in(page, base, USER, "/messages");
    await ready("/messages");
    assert.equal(await page.locator("tr.go").count(), 50);
    await page.getByRole("button", { name: "Show 50 more" }).click();
    await page.locator("tr.go").nth(69).waitFor();
    await page.locator("tr.go a").nth(65).scrollIntoViewIfNeeded();
    const place = await page.evaluate(() => scrollY);
    assert.ok(place > 1000);
    await page.locator("tr.go a").nth(65).click();
    await page.locator(".tl").waitFor();
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.goBack();
    await ready("/messages");
    await page.waitForFunction((y) => scrollY === y, place);
  });

  // ---- Unsubscribes that wait

  const held_row = (name) => page.locator("[data-held]", { hasText: name });
  const tally = () => page.locator(".nav .tally").innerText();

  test("a press that waits says who pressed, how soon, and when it counts by itself", async () => {
    await sign_in(page, base, USER, "/unsubscribes");
    await ready("/unsubscribes");
    assert.equal(await page.locator("[data-held]").count(), 3);
    assert.match(await tally(), /^3/);
    const row = (await held_row("Mateo").innerText()).replace(/\s+/g, " ");
    assert.match(row, /Mateo, mateo@example\.com Viewing tomorrow at 11:00 Scanner Proofpoint, checking the mail · pressed 42 s after delivery/);
    assert.match(row, /\w+day \d+ \w+ Unsubscribe Dismiss$/);
    await held_row("Mateo").getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: "Viewing tomorrow at 11:00" }).waitFor();
  });

  test("deciding keeps the row in its place, says what became of it, and keeps the focus there", async () => {
    await sign_in(page, base, USER, "/unsubscribes");
    await page.getByRole("button", { name: "Dismiss, mateo@example.com keeps the mail" }).click();
    await held_row("Mateo").getByText(`Dismissed by ${USER.email}, mail goes on`).waitFor();
    assert.match(await page.evaluate(() => document.activeElement.textContent), /^Dismissed by/);
    await page.getByRole("button", { name: "Unsubscribe hana@example.com" }).press("Enter");
    await held_row("Hana").getByText(`Unsubscribed by ${USER.email}`).waitFor();
    assert.equal(await page.locator("[data-held]").count(), 3);
    const posts = mock.requests.filter((r) => r.method === "POST" && r.path.includes("/unsubscribes/")).map((r) => r.path.split("/").at(-1));
    assert.deepEqual(posts, ["dismiss", "confirm"]);
    await page.getByRole("button", { name: "Dismissed", exact: true }).click();
    await page.waitForURL(`${base}/unsubscribes?state=dismissed`);
    await held_row("Noor").waitFor();
    assert.equal(await page.locator("[data-held]").count(), 2);
    assert.match(await tally(), /^1/);
  });

  test("what somebody else decided meanwhile is read again, and what could not be saved can be tried again", async () => {
    await sign_in(page, base, USER, "/unsubscribes");
    await ready("/unsubscribes");
    Object.assign(mock.held[0], { state: "confirmed", decided_by: "recipient", decided_at: new Date().toISOString() });
    await page.getByRole("button", { name: "Unsubscribe mateo@example.com" }).click();
    await held_row("Mateo").waitFor({ state: "detached" });
    mock.failing.set(`/unsubscribes/held/${mock.held[1].id}/confirm`, 503);
    await page.getByRole("button", { name: "Unsubscribe hana@example.com" }).click();
    await held_row("Hana").getByRole("alert").waitFor();
    mock.failing.clear();
    await page.getByRole("button", { name: "Unsubscribe hana@example.com" }).click();
    await held_row("Hana").getByText("Unsubscribed by").waitFor();
  });

  // ---- Tracking and privacy

  test("only what was changed is saved, and what goes beyond the installation is not offered", async () => {
    await sign_in(page, base, USER, "/privacy");
    await ready("/privacy");
    const client = page.getByLabel("IP address and program of a reader");
    assert.deepEqual(await client.locator("option").allInnerTexts(), ["As the installation: Network only", "Network only", "Nothing"]);
    const save = page.getByRole("button", { name: "Save" });
    assert.ok(await save.isDisabled());
    await client.selectOption("Nothing");
    await page.getByLabel("Days that events are kept").fill("90");
    await save.click();
    await page.getByRole("status").waitFor();
    assert.deepEqual([mock.settings.keep_client, mock.settings.events_days, mock.settings.opens], ["none", 90, null]);
    assert.ok(await save.isDisabled());
    await client.selectOption({ index: 0 });
    await page.getByLabel("Days that events are kept").fill("");
    await save.click();
    await page.getByRole("status").waitFor();
    assert.deepEqual([mock.settings.keep_client, mock.settings.events_days], [null, null]);
  });

  test("a setting that could not be saved stays as it was typed, and says so", async () => {
    await sign_in(page, base, USER, "/privacy");
    await ready("/privacy");
    mock.failing.set("/tenants/default", 503);
    await page.getByLabel("Opens", { exact: true }).selectOption("off");
    await page.getByRole("button", { name: "Save" }).click();
    assert.match(await page.getByRole("alert").innerText(), /^Not saved/);
    assert.equal(await page.getByLabel("Opens", { exact: true }).inputValue(), "off");
    mock.failing.clear();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").waitFor();
    assert.equal(mock.settings.opens, "off");
  });

  test("the zone of the days is changed alone, and the pages count in it at once", async () => {
    await sign_in(page, base, USER, "/privacy");
    await ready("/privacy");
    const zone = page.getByLabel("Time zone of the days");
    assert.equal(await zone.inputValue(), "Europe/London");
    assert.ok((await page.locator("#zone-names option").count()) > 300);
    await page.getByText("past days stay as they were counted").waitFor();
    await zone.fill("Atlantis");
    await page.getByRole("button", { name: "Save" }).click();
    assert.equal(await page.getByRole("alert").innerText(), "Not saved. There is no time zone 'Atlantis' here.");
    await zone.fill("Asia/Kathmandu");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").waitFor();
    assert.equal(mock.time_zone, "Asia/Kathmandu");
    await page.getByRole("link", { name: "Stats" }).first().click();
    await page.locator('[title="Days of Asia/Kathmandu"]').waitFor();
  });

  test("/settings leads to the settings, which say whose they are, also through the sign-in", async () => {
    await sign_in(page, base, USER, "/settings");
    await ready("/privacy");
    await page.waitForURL(`${base}/privacy`);
    await page.getByText("Settings of the tenant Fernhill Estates. What is not set here").waitFor();
    await page.goto(`${base}/`);
    await page.goto(`${base}/settings`);
    await ready("/privacy");
    await page.waitForURL(`${base}/privacy`);
    await page.goBack();
    await ready("/");
    assert.equal(page.url(), `${base}/`);
  });

  test("who may not change the settings sees them", async () => {
    mock.role = "sales_rep";
    await sign_in(page, base, USER, "/privacy");
    await page.getByText("Owners and admins change these.").waitFor();
    assert.ok(await page.getByLabel("Opens", { exact: true }).isDisabled());
    assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0);
  });

  // ---- Suppressions

  const stopped = (address) => page.locator(`[data-suppression="${address}"]`);
  const words_in = async (place) => (await place.innerText()).replace(/\s+/g, " ");
  const removals = () => mock.requests.filter((r) => r.method === "DELETE" && r.path.includes("/suppressions/"));

  test("who gets no mail is listed with why, and the list goes on when asked to", async () => {
    await sign_in(page, base, USER, "/suppressions");
    await ready("/suppressions");
    assert.match(await words_in(stopped("noor@example.com")), /^noor@example\.com Unsubscribed Asked for no more mail\. The mail Yesterday, /);
    assert.match(await words_in(stopped("")), /^A person who was erased Kept as a hash only: look the address up to change it Erased /);
    assert.equal(await stopped("").getByRole("button").count(), 0);
    assert.equal(await page.locator("[data-suppression]").count(), 50);
    await page.getByRole("button", { name: "Show 50 more" }).click();
    await stopped("reader-59@example.com").waitFor();
    assert.equal(await page.locator("[data-suppression]").count(), 65);
    assert.equal(await page.getByRole("button", { name: "Show 50 more" }).count(), 0);
    await page.getByRole("button", { name: "Complained", exact: true }).click();
    await stopped("noor@example.com").waitFor({ state: "detached" });
    assert.deepEqual(await page.locator("[data-suppression] .addr").allInnerTexts(), ["oskar@example.com"]);
    assert.equal(page.url(), `${base}/suppressions?reason=complaint`);
  });

  test("an address is looked up whole, also where only its hash is kept", async () => {
    await sign_in(page, base, USER, "/suppressions");
    await ready("/suppressions");
    await page.getByLabel("Address", { exact: true }).fill(" carla@example.com ");
    await page.keyboard.press("Enter");
    await stopped("carla@example.com").getByText("Kept as a hash only", { exact: true }).waitFor();
    await stopped("carla@example.com").getByRole("link", { name: "Who did it" }).click();
    await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
    assert.equal(page.url(), `${base}/audit?person=carla%40example.com`);
    await page.goto(`${base}/suppressions?address=nobody@example.com`);
    await page.getByText("nobody@example.com is not on the list.").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await stopped("noor@example.com").waitFor();
  });

  test("what its owner brought about goes only with a reason, and the row stays in its place", async () => {
    await sign_in(page, base, USER, "/suppressions");
    await ready("/suppressions");
    await page.getByRole("button", { name: "Allow mail to noor@example.com again" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("This person asked for no more mail.").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "remove-why");
    await dialog.getByRole("button", { name: "Allow mail" }).click();
    assert.match(await dialog.getByRole("alert").innerText(), /^Write down what makes it right/);
    assert.equal(removals().length, 0);
    await dialog.getByLabel("What makes it right").fill("Asked by phone");
    mock.failing.set("/suppressions/noor%40example.com", 503);
    await dialog.getByRole("button", { name: "Allow mail" }).click();
    await dialog.getByText("Not saved. The store is busy. Try again.").waitFor();
    mock.failing.clear();
    await dialog.getByRole("button", { name: "Allow mail" }).click();
    await stopped("noor@example.com").getByText("Gets mail again").waitFor();
    assert.equal(removals().at(-1).query, "?why=Asked+by+phone");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Gets mail again");
    await page.reload();
    await ready("/suppressions");
    assert.equal(await stopped("noor@example.com").count(), 0);
  });

  test("keeping is the button at hand, and what somebody else took off is said to be gone", async () => {
    await sign_in(page, base, USER, "/suppressions");
    await ready("/suppressions");
    const allow = page.getByRole("button", { name: "Allow mail to bruno@example.com again" });
    await allow.click();
    await page.getByText("Mail to it came back for good. If nothing changed there").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Keep it stopped");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("dialog").count(), 0);
    assert.equal(removals().length, 0);
    mock.suppressions = mock.suppressions.filter((s) => s.key !== "bruno@example.com");
    await allow.click();
    await page.getByRole("dialog").getByRole("button", { name: "Allow mail" }).click();
    await stopped("bruno@example.com").getByText("Was taken off meanwhile").waitFor();
  });

  test("an address is put on the list by hand, and one that is there stays as it was", async () => {
    await sign_in(page, base, USER, "/suppressions");
    await ready("/suppressions");
    const add = async (address, why) => {
      await page.getByRole("button", { name: "Stop an address" }).click();
      await page.getByRole("dialog").getByLabel("Address").fill(address);
      if (why) await page.getByRole("dialog").getByLabel("Why").selectOption(why);
      await page.getByRole("dialog").getByRole("button", { name: "Stop mail" }).click();
    };
    await add("nobody");
    await page.getByText("This does not look like an e-mail address.").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await add("Pia@example.com", "Something else");
    await page.getByRole("status").getByText("pia@example.com gets no more mail from now on.").waitFor();
    assert.equal(mock.suppressions.find((s) => s.key === "pia@example.com").reason, "manual");
    await page.getByRole("link", { name: "Show", exact: true }).click();
    await stopped("pia@example.com").getByText("By hand").waitFor();
    await add("oskar@example.com");
    await page.getByText("was on the list already").waitFor();
    assert.match(await words_in(page.getByRole("status")), /^oskar@example\.com was on the list already: complained, since \d+ \w+/);
    assert.equal(mock.suppressions.find((s) => s.key === "oskar@example.com").reason, "complaint");
  });

  // ---- Audit

  test("the audit says in sentences who did what, and takes people by what they were asked for as", async () => {
    await sign_in(page, base, USER, "/audit");
    await ready("/audit");
    const entry = (n) => words_in(page.locator("[data-audit]").nth(n));
    assert.match(await entry(0), /ruth@fernhill\.example set “A link that only machines find” to Yes, for default Before the installation’s$/);
    assert.match(await entry(1), /allowed mail again to person aaaaaaaa Was there as Unsubscribed Because Asked for the price list again, by phone\.$/);
    assert.match(await entry(8), /Command line changed 3 settings of default Clicks was Off, now the installation’s Days that events are kept /);
    await page.getByRole("button", { name: "Show 50 more" }).click();
    await page.locator("[data-audit]").nth(60).waitFor();
    await page.getByLabel("Person’s address or id", { exact: true }).fill("crm-17");
    await page.keyboard.press("Enter");
    await page.getByText("API key crm-sync stopped mail to crm-17").waitFor();
    await page.getByLabel("What was done").selectOption("Settings changed");
    await page.getByText("Nothing like that was noted.").waitFor();
    assert.equal(page.url(), `${base}/audit?person=crm-17&action=tenant.changed`);
    await page.getByRole("link", { name: "Show everything" }).click();
    await page.locator("[data-audit]").nth(49).waitFor();
  });

  test("who runs the installation reads the other tenants' audit, too", async () => {
    mock.tenants = ["default", "harbour"];
    await sign_in(page, base, USER, "/audit");
    const asked = page.waitForRequest((r) => /\/audit\?.*tenant=harbour/.test(r.url()));
    await page.getByLabel("Tenant").selectOption("harbour");
    await asked;
    await page.waitForURL(`${base}/audit?tenant=harbour`);
  });

  test("a list that cannot be read says so in its place and can be asked for again", async () => {
    for (const path of ["/suppressions", "/audit"]) {
      mock.failing.set(path, 503);
      await (path === "/audit" ? page.goto(base + path) : sign_in(page, base, USER, path));
      await page.getByRole("alert").getByText("could not be read just now").waitFor();
      mock.failing.clear();
      await page.getByRole("button", { name: "Try again" }).click();
      await ready(path);
    }
  });

  test("who is no admin is told so, and asks the server for neither", async () => {
    mock.role = "sales_rep";
    await sign_in(page, base, USER, "/suppressions");
    await page.getByText("Only owners and admins see this list.").waitFor();
    await page.goto(`${base}/audit`);
    await page.getByText("Only owners and admins see the audit.").waitFor();
    await page.keyboard.press("/");
    await page.getByRole("option", { name: /^Tracking and privacy/ }).waitFor();
    assert.deepEqual(await page.getByRole("option", { name: /^(Suppressions|Audit)/ }).count(), 0);
    assert.equal(await page.getByRole("navigation", { name: "Settings" }).count(), 0);
    assert.deepEqual(
      mock.requests.filter((r) => /\/api\/v1\/(suppressions|audit|tenants)/.test(r.path)),
      [],
    );
  });

  test("the settings are one entry of the bar and lead to each other; Find knows each", async () => {
    await sign_in(page, base, USER);
    await page.locator(".nav").getByRole("link", { name: "Settings" }).click();
    const tabs = page.getByRole("navigation", { name: "Settings" });
    for (const name of ["Suppressions", "Audit", "Tracking and privacy"]) {
      await tabs.getByRole("link", { name }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
      assert.equal(await tabs.locator("[aria-current=page]").innerText(), name);
      assert.equal(await page.locator(".nav [aria-current=page]").innerText(), "Settings");
    }
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Find a page or a message" }).fill("supp");
    await page.getByRole("option", { name: /^Suppressions/ }).waitFor();
  });

  // ---- Outbox

  test("the outbox opens no mail by itself", async () => {
    await sign_in(page, base, USER, "/outbox");
    await ready("/outbox");
    assert.equal(await page.locator(".box a").count(), 3);
    assert.equal(await page.locator("iframe").count(), 0);
  });

  test("opening a mail makes one open, seen at once; its links open outside and make clicks", async () => {
    await sign_in(page, base, USER, "/outbox");
    await ready("/outbox");
    await page.locator(".box a").first().click();
    const frame = page.locator("iframe");
    assert.equal(await frame.getAttribute("sandbox"), "allow-popups allow-popups-to-escape-sandbox");
    assert.equal(await frame.getAttribute("title"), "Mail as sent");
    assert.equal(await frame.getAttribute("src"), `/api/v1/messages/${HELLO}/preview?frame=1`);
    await page.getByText("Opened by you").waitFor();
    assert.equal(mock.requests.filter((r) => r.path === `/o/${HELLO}.gif`).length, 1);
    assert.equal(mock.requests.find((r) => r.path === `/o/${HELLO}.gif`).headers.cookie, undefined, "the mail knows no session");
    const popup = page.waitForEvent("popup");
    await page.frameLocator("iframe").getByRole("link", { name: "Book a free valuation" }).click();
    const outside = await popup;
    await outside.waitForURL(`${base}/landing`);
    assert.equal(await outside.title(), "Landing");
    await page.getByText("Clicked fernhill.example/1").waitFor();
    await page.getByText("It works.").waitFor();
    assert.equal(page.url(), `${base}/outbox/${HELLO}`, "the mail's script did not run");
    await page.locator(".box a").first().getByText("1 open, 1 click").waitFor();
  });

  /** Mails of the outbox, newer than all others, which have not left. */
  function add_unsent(count, status) {
    const pattern = mock.mails.find((m) => m.id === HELLO);
    const one = (_, i) => ({ ...pattern, id: `0193cccc-0000-7000-8000-${status}-${i}`, status, subject: `${status} ${i}`, sent_at: null });
    const mails = Array.from({ length: count }, one);
    mock.mails.unshift(...mails);
    return mails;
  }

  test("mail that has not left does not lie in the outbox, and pages of nothing else are read over", async () => {
    add_unsent(120, "scheduled");
    add_unsent(1, "suppressed");
    await sign_in(page, base, USER, "/outbox");
    await ready("/outbox");
    assert.deepEqual(await page.locator(".box a .b").allInnerTexts(), ["Hello from Pugmark", "Viewing tomorrow at 11:00", "Your first API key works"]);
    assert.equal(await page.getByRole("button", { name: "Show more" }).count(), 0);
    // It appears where it belongs once it has left, though that is not on the first page.
    const last = mock.mails.find((m) => m.subject === "scheduled 119");
    Object.assign(last, { status: "sent", sent_at: new Date().toISOString() });
    mock.emit({ type: "email.sent", message_id: last.id });
    await page.locator(".box a", { hasText: "scheduled 119" }).waitFor();
    assert.equal(await page.locator(".box a").first().locator(".b").innerText(), "scheduled 119");
  });

  test("the outbox goes on when asked to", async () => {
    for (const m of add_unsent(70, "sent")) m.sent_at = m.created_at;
    add_unsent(60, "canceled");
    await sign_in(page, base, USER, "/outbox");
    await ready("/outbox");
    assert.equal(await page.locator(".box a").count(), 40);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.locator(".box a").nth(72).waitFor();
    assert.equal(await page.locator(".box a").count(), 73);
    assert.equal(await page.getByRole("button", { name: "Show more" }).count(), 0);
  });

  test("a mail whose opens are anonymous or not tracked promises none", async () => {
    const tracked = mock.mails.find((m) => m.id === HELLO).tracked;
    const pixel = mock.pixel.bind(mock);
    mock.pixel = (res) => pixel(res, "/o/nobody.gif"); // counted for no mail
    for (const [opens, words] of [["anonymous", "counted in the sums, and never shown here"], ["off", "Opens of this mail are not tracked."]]) {
      tracked.opens = opens;
      await (opens === "off" ? page.goto(`${base}/outbox/${HELLO}`) : sign_in(page, base, USER, `/outbox/${HELLO}`));
      await page.getByText(words).waitFor();
      assert.equal(await page.getByText("The open appears here").count(), 0);
    }
  });

  test("far down a long list the opened mail is in view, and the command for another one is at hand", async () => {
    for (const m of add_unsent(50, "sent")) m.sent_at = m.created_at;
    for (const width of [1280, 1000]) {
      await new_reader({ viewport: { width, height: 800 } });
      await sign_in(page, base, USER, "/outbox");
      await ready("/outbox");
      await page.locator(".box a").nth(45).click();
      await page.getByText("Opened by you").waitFor();
      const place = await page.evaluate(() => scrollY);
      assert.ok(place > 1000, `the page stays where it was, at ${place}`);
      const box = await page.locator(".opened").boundingBox();
      assert.ok(box.y >= 0 && box.y + box.height <= 800, JSON.stringify(box));
      const [head, mail] = [await page.locator("#mail-h").boundingBox(), await page.locator("iframe").boundingBox()];
      assert.ok(head.y >= 0 && head.height > 0 && mail.y > head.y && mail.y < 400, JSON.stringify([head, mail]));
      const summary = await page.getByText("Send another", { exact: true }).boundingBox();
      assert.ok(summary.y >= 0 && summary.y < 100, JSON.stringify(summary));
      await page.getByText("Send another", { exact: true }).click();
      assert.match(await page.locator(".box pre").innerText(), /^curl /);
      for (const part of [".box pre", ".opened"]) {
        const { y, height } = await page.locator(part).boundingBox();
        assert.ok(y >= 0 && y + height <= 800, `${part} is at ${y}, ${height} high`);
      }
    }
  });

  test("what the Outbox says and offers follows what mail leaves through, and who reads it", async () => {
    mock.provider = "smtp";
    await sign_in(page, base, USER, "/outbox");
    await ready("/outbox");
    await page.getByText("Mail leaves through SMTP.").waitFor();
    assert.equal(await page.getByText("Send another").count(), 0);
    await page.getByText("Send one to the Outbox", { exact: true }).click();
    const command = await page.locator(".box pre").innerText();
    assert.ok(command.startsWith(`curl ${base}/api/v1/messages `) && command.includes('"provider":"outbox"'), command);
    mock.provider = "outbox";
    mock.role = "member";
    await page.reload();
    await ready("/outbox");
    await page.getByText("Mail that is sent in your name stays here").waitFor();
    assert.equal(await page.locator(".box details").count(), 0);
  });

  test("mail that has not left is not opened, and can be once it has", async () => {
    const [due] = add_unsent(1, "scheduled");
    const [stopped] = add_unsent(1, "suppressed");
    await sign_in(page, base, USER, `/outbox/${stopped.id}`);
    await page.getByText("This mail was not sent.").waitFor();
    await page.getByText("Its address gets no mail, so there is nothing to open.").waitFor();
    await page.goto(`${base}/outbox/${due.id}`);
    await page.getByText("This mail has not left yet.").waitFor();
    await page.locator(".box a").first().waitFor();
    assert.equal(await page.locator("iframe").count(), 0);
    assert.ok(!seen.urls.some((u) => u.includes("/preview") || u.includes("/o/")));
    assert.doesNotMatch(await page.locator("main").innerText(), /was counted/);
    Object.assign(due, { status: "sent", sent_at: new Date().toISOString() });
    mock.emit({ type: "email.sent", message_id: due.id });
    await page.getByText("Opened by you").waitFor();
  });

  // ---- everywhere

  test("no page breaks the policy or asks another host for anything", async () => {
    await sign_in(page, base, USER);
    for (const path of PAGES) {
      await page.goto(base + path);
      await ready(path);
    }
    await page.keyboard.press("?");
    await page.locator("dialog").waitFor();
    assert.deepEqual(seen.refused, []);
    assert.deepEqual(
      seen.urls.filter((u) => !u.startsWith(base)),
      [],
    );
    assert.deepEqual(
      seen.errors.filter((e) => !/401|Blocked script execution/.test(e)),
      [],
    );
  });

  test("keys lead everywhere, and not while somebody types", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    for (const [key, path] of [
      ["l", "/live"],
      ["m", "/messages"],
      ["o", "/outbox"],
      ["u", "/unsubscribes"],
      ["p", "/privacy"],
      ["s", "/"],
    ]) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.waitForURL(base + path);
      await ready(path);
    }
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.keyboard.press("/");
    await page.getByRole("combobox").pressSequentially("glt mill");
    assert.equal(page.url(), `${base}/`);
    await page.getByRole("combobox").fill("mill lane");
    await page.getByRole("option", { name: /14 Mill Lane/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "14 Mill Lane: a new price" }).waitFor();
  });

  test("j, k and Enter walk the rows", async () => {
    await sign_in(page, base, USER, "/messages");
    await ready("/messages");
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Viewing tomorrow at 11:00");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Viewing tomorrow at 11:00" }).waitFor();
  });

  test("single keys can be turned off", async () => {
    await sign_in(page, base, USER);
    await ready("/");
    await page.keyboard.press("?");
    await page.getByLabel("Single keys are on").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), undefined);
  });

  test("the chosen theme is there before the page is drawn", async () => {
    await new_reader({ colorScheme: "light" });
    await sign_in(page, base, USER);
    await ready("/");
    await page.getByRole("button", { name: "Switch between light and dark" }).click();
    await page.route("**/app.js", (route) => route.abort());
    await page.reload();
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(19, 21, 19)");
  });

  test("on a phone no page scrolls sideways and the bar leads to each page", async () => {
    await new_reader({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await sign_in(page, base, USER);
    for (const path of PAGES) {
      await page.goto(base + path);
      await ready(path);
      const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(width <= room, `${path} is ${width} wide in ${room}`);
    }
    const bar = page.getByRole("navigation", { name: "Main, phone" });
    await bar.getByRole("link", { name: "Live" }).click();
    await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
    assert.equal(await bar.locator("[aria-current=page]").innerText(), "Live");
    await bar.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Sign out", exact: true }).waitFor();
    const [inside, room] = await page.locator("dialog").evaluate((d) => [d.scrollWidth, d.clientWidth]);
    assert.ok(inside <= room, `the dialog is ${inside} wide in ${room}`);
    await page.getByRole("link", { name: "Unsubscribes, 3 waiting" }).click();
    await page.getByRole("heading", { level: 1, name: "Unsubscribes" }).waitFor();
    assert.equal(await page.locator("dialog").count(), 0);
  });

  test("on a phone a long subject has the width of its row, and the time stands beside who got it", async () => {
    mock.mails[3].subject = "Newsletter number 5 with a rather long subject line to see what it does on a telephone";
    await new_reader({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await sign_in(page, base, USER, "/messages");
    await ready("/messages");
    const row = page.locator("tr.go", { hasText: "Newsletter number 5" });
    const box = (part) => row.locator(part).boundingBox();
    const [whole, subject, who, time] = [await row.boundingBox(), await box("a.name"), await box("td.two small"), await box("td.last")];
    assert.ok(subject.width > whole.width * 0.8, JSON.stringify([whole, subject]));
    assert.ok(time.y >= subject.y + subject.height - 4 && time.y + time.height <= who.y + who.height + 4, JSON.stringify([subject, who, time]));
  });

  test("each page has one heading of the first rank, a main part, and no field or button without a name", async () => {
    await sign_in(page, base, USER);
    for (const path of PAGES) {
      await page.goto(base + path);
      await ready(path);
      assert.equal(await page.locator("h1").count(), 1, path);
      assert.equal(await page.locator("main").count(), 1, path);
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll("button,a[href],input,select,iframe")]
          .filter((e) => !(e.textContent.trim() || e.ariaLabel || e.title || e.labels?.length))
          .map((e) => e.outerHTML),
      );
      assert.deepEqual(nameless, [], path);
    }
  });

  test("an empty installation says what to do first", async () => {
    await mock.stop();
    mock = new MockApi({ empty: true });
    base = await mock.start();
    await sign_in(page, base, USER);
    await page.getByText("Nothing sent in these 30 days.").waitFor();
    assert.ok((await page.locator("pre").innerText()).startsWith(`curl ${base}/api/v1/messages `), "where the console is, not where links lead");
    await page.getByText("it lands in the Outbox").waitFor();
    await page.goto(`${base}/live`);
    await page.getByText("Quiet. Events appear here the second they happen.").waitFor();
    await page.goto(`${base}/outbox`);
    await page.getByText("No mail here yet.").waitFor();
    await page.goto(`${base}/unsubscribes`);
    await page.getByText("Nothing waits.").waitFor();
    assert.equal(await page.locator(".nav .tally").count(), 0);
    await page.goto(`${base}/suppressions`);
    await page.getByText("Everybody gets mail.").waitFor();
    await page.goto(`${base}/audit`);
    await page.getByText("Nothing was changed yet.").waitFor();
  });

  test("where mail leaves for real, an empty installation says so, and its command for the Outbox names it", async () => {
    await mock.stop();
    mock = new MockApi({ empty: true });
    mock.provider = "smtp";
    base = await mock.start();
    await sign_in(page, base, USER);
    await page.getByText("It leaves through SMTP").waitFor();
    assert.doesNotMatch(await page.locator("pre").innerText(), /provider/);
    await page.goto(`${base}/outbox`);
    await page.getByText("Mail leaves through SMTP. Only mail that was sent to the Outbox lies here").waitFor();
    assert.match(await page.locator("pre").innerText(), /"provider":"outbox"/);
    assert.equal(await page.getByText("until you connect").count(), 0);
  });

  test("who has no key is told how mail comes onto empty pages, and gets no command", async () => {
    await mock.stop();
    mock = new MockApi({ empty: true });
    mock.role = "sales_rep";
    base = await mock.start();
    await sign_in(page, base, USER);
    for (const path of ["/", "/messages", "/outbox"]) {
      await page.goto(base + path);
      await page.getByText(`mail whose sender is ${USER.email}`).waitFor();
      assert.equal(await page.locator("pre").count(), 0, path);
      assert.doesNotMatch(await page.locator("main").innerText(), /API key|first mail|you send/i, path);
    }
  });
});

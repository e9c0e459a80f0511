// SPDX-License-Identifier: Apache-2.0
// The two halves of a rate are of the same mails: those that arrived, and of which an open or a click would be seen to be a
// person's.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, start_server } from "../harness/pugmark.mjs";
import { SmtpServer } from "../harness/smtp_server.mjs";

const BROWSER = { "user-agent": BROWSER_AGENT };

/** Reads the mail and follows its first link. */
async function read(server, html) {
  await server.get(pixel_of(html), BROWSER);
  await server.get(links_of(html)[0], BROWSER);
}

/** The same for mail that left through a server, whose preview has no tracked links. */
async function read_signed(server, message) {
  const { open, click } = (await server.api("POST", "/sign", { message, url: "https://example.com/sale?a=1&b=2" })).body;
  for (const url of [open, click]) await server.get(url, BROWSER);
}

async function summary(server, query = "") {
  await server.settled_events();
  return (await server.api("GET", `/stats/summary?${query}`)).body;
}

const rates_of = (s) => [s.rates_of, s.open_rate, s.click_rate];

test("mail that the caller sends is not in the rates of mail whose delivery is reported", async (t) => {
  const server = await start_server(t);
  const delivered = await server.send();
  for (let i = 0; i < 4; i++) await read(server, (await server.api("POST", "/instrument", { ...mail(), campaign: { id: "own" } })).body.html);
  assert.deepEqual(rates_of(await summary(server)), ["delivered", 0, 0]);
  assert.deepEqual(rates_of(await summary(server, "campaign=own")), ["sent", 1, 1]);
  await read(server, await server.preview(delivered.id));
  const s = await summary(server);
  assert.deepEqual(rates_of(s), ["delivered", 1, 1]);
  assert.deepEqual([s.opens_unique, s.rated.opened, s.rated.openable], [5, 1, 1]);
});

test("mail that is anonymous, not tracked, or has nothing to open or follow is in no denominator", async (t) => {
  const server = await start_server(t);
  for (let i = 0; i < 5; i++) await read(server, await server.preview((await server.send({ track: { opens: "anonymous", clicks: "anonymous" } })).id));
  const anonymous = await summary(server);
  assert.deepEqual([anonymous.opens_total, anonymous.clicks_total], [5, 5]);
  assert.deepEqual(rates_of(anonymous), ["delivered", null, null], "of nothing there is no rate");
  await server.send({ track: { opens: "off", clicks: "off" } });
  await server.send({ html: null, text: "Only text." });
  await read(server, await server.preview((await server.send()).id));
  await server.send();
  const s = await summary(server);
  assert.deepEqual([s.sends, s.delivered], [9, 9]);
  assert.deepEqual([s.rated.openable, s.rated.opened, s.rated.clickable, s.rated.clicked], [2, 1, 2, 1]);
  assert.deepEqual(rates_of(s), ["delivered", 0.5, 0.5]);
});

test("mail that was refused and is read all the same is in no rate", async (t) => {
  const smtp = await SmtpServer.start(t);
  const server = await start_server(t, { env: smtp.env, may_warn: [/ dispatch\./] });
  await server.send({}, "sent");
  smtp.override.dot = "554 5.7.1 not here";
  const failed = await server.send({}, "failed");
  await read_signed(server, failed.id);
  const s = await summary(server);
  assert.deepEqual([s.sends, s.failed, s.in_flight, s.opens_unique], [2, 1, 1, 1]);
  assert.deepEqual(rates_of(s), ["sent", 0, 0]);
});

test("mail in doubt is not sent mail", async (t) => {
  const smtp = await SmtpServer.start(t);
  const server = await start_server(t, { env: smtp.env, warns: [/dispatch\.in_doubt held=1/] });
  smtp.override.dot = null;
  const doubtful = await server.send({}, null);
  while (!smtp.reached("dot")) await new Promise((r) => setTimeout(r, 20));
  await server.stop("SIGKILL");
  delete smtp.override.dot;
  await server.start();
  await server.message_in(doubtful.id, "in_doubt");
  await read_signed(server, doubtful.id);
  await server.send({}, "sent");
  const s = await summary(server);
  assert.deepEqual([s.sends, s.in_doubt, s.in_flight, s.rated.openable], [2, 1, 1, 1]);
  assert.deepEqual(rates_of(s), ["sent", 0, 0]);
});

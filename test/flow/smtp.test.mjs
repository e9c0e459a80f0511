// SPDX-License-Identifier: Apache-2.0
// Mail leaves once: what happens when the other side refuses, puts off, falls silent, or we die in the middle.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { start_server, until } from "../harness/pugmark.mjs";
import { SmtpServer } from "../harness/smtp_server.mjs";

/** Of a server that is killed behind a dot. */
const HOLDS_MAIL = { warns: [/dispatch\.in_doubt held=1/] };

async function start(t, options = {}) {
  const smtp = await SmtpServer.start(t);
  return { smtp, server: await start_server(t, { env: smtp.env, ...options }) };
}

const types = async (server, id) => (await server.message(id)).timeline.map((e) => e.type);

/** A mail whose dot is out and unanswered when the program is killed; the program is up again afterwards. */
async function mail_in_doubt({ smtp, server }) {
  smtp.override.dot = null;
  const before = smtp.reached("dot");
  const sent = await server.send({}, null);
  await until(() => smtp.reached("dot") > before, "the final dot");
  await server.stop("SIGKILL");
  delete smtp.override.dot;
  await server.start();
  await server.message_in(sent.id, "in_doubt");
  return sent.id;
}

test("a mail leaves once, with the id that was answered", async (t) => {
  const { smtp, server } = await start(t);
  const sent = await server.send({}, "sent");
  assert.equal(smtp.taken.length, 1);
  assert.match(smtp.taken[0], new RegExp(`^Message-ID: <${sent.id}@`, "m"));
  assert.deepEqual(await types(server, sent.id), ["email.queued", "email.sent"]);
});

// Whoever goes back to the outbox is not told to look at the network.
test("mail that waits for a provider which is not configured any more says so in the log", async (t) => {
  const may_warn = [/ dispatch\.put_off /];
  const { smtp, server } = await start(t, { warns: [/ dispatch\.not_configured account=smtp .* do="set this provider up again, or cancel/], may_warn });
  smtp.override.rcpt = "451 4.3.0 Later";
  const sent = await server.send({}, null);
  await until(() => smtp.reached("rcpt") > 0, "a first try");
  await server.stop();
  const env = smtp.env;
  server.options.env = { PUGMARK_SENDING_RETRY_BASE_MS: env.PUGMARK_SENDING_RETRY_BASE_MS, PUGMARK_SENDING_RETRY_CAP_MS: env.PUGMARK_SENDING_RETRY_CAP_MS };
  await server.start();
  await until(() => server.log.includes(" dispatch.not_configured "), "the line");
  assert.doesNotMatch(server.log, / dispatch\.not_reached /);
  assert.equal((await server.api("POST", `/messages/${sent.id}/cancel`)).status, 200);
});

test("killed after the dot, a mail is listed as in doubt and is not sent again by itself", async (t) => {
  const both = await start(t, HOLDS_MAIL);
  const { smtp, server } = both;
  const id = await mail_in_doubt(both);
  const { body } = await server.api("GET", "/messages/in-doubt");
  assert.deepEqual(body.data.map((m) => m.id), [id]);
  assert.equal((await server.api("GET", "/stats/summary")).body.in_doubt, 1);
  assert.equal((await server.api("GET", "/queue")).body.in_doubt, 1);
  await server.send({}, "sent"); // others go on
  assert.equal(smtp.seen.filter((text) => text.includes(id)).length, 1);
  const resolved = await server.api("POST", `/messages/${id}/resolve`, { as: "sent" });
  assert.equal(resolved.status, 200);
  assert.equal(resolved.body.status, "sent");
  assert.equal((await server.api("POST", `/messages/${id}/resolve`, { as: "sent" })).status, 409, "once");
  const sums = (await server.api("GET", "/stats/summary")).body;
  assert.deepEqual([sums.sends, sums.in_doubt], [2, 0]);
  assert.equal(smtp.seen.filter((text) => text.includes(id)).length, 1, "never twice");
});

test("a mail in doubt is sent again, or given up, when a person says so", async (t) => {
  const both = await start(t, HOLDS_MAIL);
  const { smtp, server } = both;
  const id = await mail_in_doubt(both);
  assert.equal((await server.api("POST", `/messages/${id}/resolve`, { as: "resend" })).status, 200);
  await server.message_in(id, "sent");
  assert.equal(smtp.taken.filter((text) => text.includes(id)).length, 1);
  const second = await mail_in_doubt(both);
  assert.equal((await server.api("POST", `/messages/${second}/resolve`, { as: "failed" })).body.status, "failed");
  assert.ok((await types(server, second)).includes("email.failed"));
});

test("killed before the dot, a mail is delivered after the next start, once and without doubt", async (t) => {
  for (const step of ["ehlo", "mail", "rcpt", "data"]) {
    const { smtp, server } = await start(t);
    smtp.override[step] = null;
    const sent = await server.send({}, null);
    await until(() => smtp.reached(step) > 0, step);
    await server.stop("SIGKILL");
    delete smtp.override[step];
    assert.equal(smtp.seen.length, 0, `${step}: no dot has come`);
    await server.start();
    await server.message_in(sent.id, "sent");
    assert.equal(smtp.taken.length, 1, step);
    assert.deepEqual((await server.api("GET", "/messages/in-doubt")).body.data, []);
    await server.stop("SIGKILL");
  }
});

test("what the other side puts off is tried again with the same id until it is taken", async (t) => {
  for (const [step, reply] of [["greeting", "421 busy"], ["mail", "451 later"], ["rcpt", "450 greylisted"], ["dot", "452 no room"]]) {
    const { smtp, server } = await start(t);
    smtp.override[step] = reply;
    const sent = await server.send({}, null);
    await until(() => smtp.reached(step) > 1, `a second try at ${step}`);
    delete smtp.override[step];
    const message = await server.message_in(sent.id, "sent");
    assert.ok(message.attempts >= 3, `${message.attempts} attempts`);
    assert.equal(smtp.taken.length, 1, step);
    assert.equal(new Set(smtp.seen.map((text) => text.match(/^Message-ID: .*$/m)[0])).size, 1);
    assert.ok((await types(server, sent.id)).includes("email.deferred"), step);
    await server.stop("SIGKILL");
  }
});

test("what the other side refuses for good has failed, with its code and words, and is not tried again", async (t) => {
  const { smtp, server } = await start(t);
  smtp.override.rcpt = "550 5.1.1 nobody of that name here";
  const sent = await server.send({}, "failed");
  const [failed] = await server.events_of(sent.id, 1, "type=email.failed");
  assert.equal(failed.bounce.class, "hard");
  assert.equal(failed.bounce.code, "5.1.1");
  assert.match(failed.bounce.reason, /nobody of that name/);
  assert.equal(smtp.reached("rcpt"), 1);
  const sums = (await server.api("GET", "/stats/summary")).body;
  assert.deepEqual([sums.sends, sums.failed, sums.in_flight], [1, 1, 0]);
});

test("a mail that nobody takes fails after the last try", async (t) => {
  const smtp = await SmtpServer.start(t);
  smtp.override.rcpt = "450 later";
  const server = await start_server(t, { env: { ...smtp.env, PUGMARK_SENDING_ATTEMPTS_MAX: "3" } });
  const sent = await server.send({}, null);
  const message = await until(async () => {
    const m = await server.message(sent.id);
    return /failed|bounced/.test(m.status) ? m : null;
  }, "the end");
  assert.equal(message.attempts, 3);
  assert.equal(smtp.reached("rcpt"), 3);
  assert.match(message.error, /later/);
});

test("what a mail server refuses is in the log, one line for each kind, with its words and a number", async (t) => {
  const { smtp, server } = await start(t, { warns: [/ dispatch\.turned_away /] });
  const lines = (event) => server.log.split("\n").filter((line) => line.includes(` dispatch.${event} `));
  smtp.override.rcpt = "550 5.1.1 no such mailbox";
  for (let i = 0; i < 3; i++) await server.send({}, "failed");
  assert.equal(lines("refused").length, 1);
  assert.match(lines("refused")[0], / info dispatch\.refused account=smtp status=refused_perm code=550 reply=".*no such mailbox" left_out=0 do=/);
  delete smtp.override.rcpt;
  smtp.override.greeting = "554 5.7.1 you may not";
  for (const socket of smtp.sockets) socket.destroy();
  await server.send({}, null);
  await until(() => lines("turned_away").length > 0, "the log to say so");
  assert.match(lines("turned_away")[0], / warn dispatch\.turned_away account=smtp status=denied code=554 reply=".*you may not" left_out=0 do=/);
  delete smtp.override.greeting;
});

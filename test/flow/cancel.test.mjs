// SPDX-License-Identifier: Apache-2.0
// What was canceled does not leave, wherever it was: waiting, claimed, on the line. Mails are canceled while they are being sent,
// and the mail server's word is compared with what the API answered.
import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { start_server, temporary_directory, until } from "../harness/pugmark.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { SmtpServer } from "../harness/smtp_server.mjs";

const MAILS = 80;

/** Sends through the first and cancels through any; resolves when nothing is under way. */
async function send_and_cancel(smtp, servers) {
  const canceled = new Set();
  const kept = new Set();
  const one = async (n) => {
    const { id } = await servers[0].send({}, null);
    if (n % 4 === 3) await new Promise((r) => setTimeout(r, n % 16)); // some are further on than others
    const { status } = await servers[n % servers.length].api("POST", `/messages/${id}/cancel`);
    assert.ok(status === 200 || status === 409, `${status}`);
    (status === 200 ? canceled : kept).add(id);
  };
  for (let n = 0; n < MAILS; n += 8) await Promise.all(Array.from({ length: 8 }, (_, i) => one(n + i)));
  for (const id of kept) await servers[0].message_in(id, "sent");
  const last = await servers[0].send({}, "sent");
  await until(async () => (await servers[0].api("GET", "/queue")).body.in_flight === 0, "nothing to be under way");
  const seen = smtp.seen.map((text) => text.match(/^X-Pugmark-Id: (.*)$/m)[1].trim());
  assert.deepEqual(seen.filter((id) => canceled.has(id)), [], "left after they were canceled");
  assert.deepEqual([...seen].sort(), [...kept, last.id].sort());
  for (const id of canceled) assert.equal((await servers[0].message(id)).status, "canceled");
}

test("a mail is canceled and does not leave, or is not canceled and does", async (t) => {
  const smtp = await SmtpServer.start(t);
  await send_and_cancel(smtp, [await start_server(t, { env: smtp.env })]);
});

test("a mail that is on the line is canceled", async (t) => {
  const smtp = await SmtpServer.start(t);
  const server = await start_server(t, { env: smtp.env });
  smtp.override.data = null;
  const sent = await server.send({}, null);
  await until(() => smtp.reached("data") > 0, "DATA");
  const { status, body } = await server.api("POST", `/messages/${sent.id}/cancel`);
  assert.deepEqual([status, body.status], [200, "canceled"]);
});

test("the same with two servers on one store", { skip: no_postgres }, async (t) => {
  const smtp = await SmtpServer.start(t);
  const { url } = await start_postgres(t);
  const first = await start_server(t, { env: { ...smtp.env, PUGMARK_STORE_URL: url } });
  const data = join(temporary_directory(t), "data");
  mkdirSync(data, { mode: 0o700 });
  cpSync(join(first.data, "keys"), join(data, "keys"));
  const second = await start_server(t, { env: first.options.env, data });
  second.made = first.made;
  await send_and_cancel(smtp, [first, second]);
});

// SPDX-License-Identifier: Apache-2.0
// Mail of an application that knows nothing of us: Debian's Postfix sends it through `pugmark milter` and then through
// Debian's OpenDKIM, and hands it on to a mail server that keeps what it gets.
import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { createServer as http_server } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { check_dkim, make_key } from "../harness/dkim.mjs";
import { headers_of, html_of, parts_of } from "../harness/mail_text.mjs";
import { no_opendkim, socket_directory, start_milter, start_opendkim } from "../harness/milter.mjs";
import { free_port, no_postfix, start_postfix } from "../harness/postfix.mjs";
import { BROWSER_AGENT, links_of, pixel_of, pugmark, start_server, until } from "../harness/pugmark.mjs";
import { SmtpServer } from "../harness/smtp_server.mjs";

const skip = no_postfix() || no_opendkim();
const FROM = "agency@agency.example";
const TO = "reader@elsewhere.example";

const key = make_key();

/** The whole way a mail goes. `env` is the filter's; `port`: it listens there. */
async function start(t, { env = {}, order = ["pugmark", "opendkim"], port, server = {} } = {}) {
  const host = { directory: socket_directory(t) };
  host.server = await start_server(t, server);
  host.sink = await SmtpServer.start(t);
  host.sink.override.ehlo = "250-test\r\n250 8BITMIME"; // else Postfix changes mail after it was signed
  host.env = {
    PUGMARK_MILTER_SERVER: host.server.base,
    PUGMARK_MILTER_API_KEY: host.server.made.api_key,
    ...env,
  };
  const sockets = { pugmark: port ? `inet:127.0.0.1:${port}` : `unix:${join(host.directory, "pugmark")}` };
  host.milter = await start_milter(t, port ? `inet:${port}@127.0.0.1` : sockets.pugmark, host.env);
  sockets.opendkim = `unix:${await start_opendkim(t, host.directory, "agency.example", key.privateKey)}`;
  const milters = order.map((name) => sockets[name]).join(", ");
  host.postfix = await start_postfix(t, {
    relay_port: host.sink.port,
    main: `smtpd_milters = ${milters}\nnon_smtpd_milters = ${milters}\nmilter_default_action = accept`,
  });
  return host;
}

/** The mails that have arrived, once there are `count`: as they were before the transport stuffed their dots. */
async function arrived(host, count = 1) {
  await until(() => host.sink.taken.length >= count, `${count} mails to arrive; Postfix says\n${host.postfix.log()}`, 60000);
  return host.sink.taken.map((mail) => `${mail.replace(/^\.\./gm, ".")}\r\n`);
}

/** A server in front of the real one that keeps its question until it is told to pass it on. */
async function slow_server(t, server) {
  const slow = {};
  const go = new Promise((r) => (slow.let_go = r));
  slow.question = new Promise((asked) => {
    slow.http = http_server(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      asked();
      await go;
      const { authorization, accept, "content-type": type } = request.headers;
      const answer = await fetch(`${server.base}${request.url}`, { method: "POST", body: Buffer.concat(chunks), headers: { authorization, accept, "content-type": type } });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise((r) => slow.http.listen(0, "127.0.0.1", r));
  t.after(() => (slow.http.closeAllConnections(), slow.http.close()));
  slow.base = `http://127.0.0.1:${slow.http.address().port}`;
  return slow;
}

const HTML = '<html><body><p>Hi <a href="https://example.com/sale?a=1&amp;b=2">sale</a> <a href="https://example.com/x">x</a></p></body></html>';

/** A mail as an application writes it. */
function mail({ headers = {}, html = HTML, text = "Hi", line_end = "\r\n" } = {}) {
  const all = { From: `Agency <${FROM}>`, To: `Reader <${TO}>`, Subject: "Hello", Date: new Date(0).toUTCString(), "Message-ID": `<${Math.random()}@agency.example>`, ...headers };
  const lines = [
    ...Object.entries(all).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`)),
    "MIME-Version: 1.0",
    'Content-Type: multipart/alternative; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain; charset=utf-8",
    "",
    text,
    "--b",
    "Content-Type: text/html; charset=utf-8",
    "",
    html,
    "--b--",
    "",
  ];
  return lines.join(line_end);
}

const ATTRIBUTION = {
  "X-Pugmark-Contact": "crm-17",
  "X-Pugmark-Category": "seller",
  "X-Pugmark-Campaign": "spring",
  "X-Pugmark-Campaign-Name": "=?utf-8?q?Fr=C3=BChling?=",
  "X-Pugmark-Template": "welcome",
  "X-Pugmark-Sequence": "nurture",
  "X-Pugmark-Sequence-Enrollment": "e-1",
  "X-Pugmark-Sequence-Position": "2",
  "X-Pugmark-Sender": "ann",
  "X-Pugmark-Metadata": '{"order":\r\n 17}',
  "x-pugmark-utm-source": "letter",
};

/** Only what the path itself adds, between what was sent and what arrived: the body, and the mail's own headers. */
const body_of = (text) => text.slice(text.indexOf("\r\n\r\n") + 4);

test("mail that sendmail takes arrives instrumented and signed, and its opens and clicks are events of its contact", { skip }, async (t) => {
  const host = await start(t);
  await host.postfix.sendmail(FROM, [TO], mail({ headers: ATTRIBUTION, line_end: "\n" }).replaceAll("\r\n", "\n"));
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  assert.doesNotMatch(got, /x-pugmark/i);
  const html = html_of(got);
  const [sale] = links_of(html);
  assert.equal(links_of(html).length, 2);
  assert.equal(html.replace(/<img [^>]*\/o\/[^>]*>/, "").replace(/href="[^"]*\/c\/[^"]*"/g, "href"), HTML.replace(/href="[^"]*"/g, "href"));
  const answer = await host.server.get(sale, { "user-agent": BROWSER_AGENT });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), "https://example.com/sale?a=1&b=2&utm_source=letter");
  await host.server.get(pixel_of(html), { "user-agent": BROWSER_AGENT });
  const { body } = await host.server.api("GET", "/messages?campaign=spring");
  const [message] = body.data;
  assert.equal(body.data.length, 1);
  assert.deepEqual([message.from.email, message.to.email, message.to.name, message.subject], [FROM, TO, "Reader", "Hello"]);
  assert.deepEqual([message.status, message.provider, message.sender], ["sent", "external", "ann"]);
  const events = await host.server.events_of(message.id, 2, "type=email.opened,email.clicked");
  for (const event of events) {
    assert.deepEqual(event.contact, { id: "crm-17", email: TO, category: "seller" });
    assert.deepEqual([event.campaign_id, event.template_id, event.sender], ["spring", "welcome", "ann"]);
    assert.deepEqual(event.sequence, { id: "nurture", enrollment: "e-1", position: 2 });
    assert.equal(event.metadata.order, 17);
    assert.equal(`<${event.esp_message_id}>`, headers_of(got)["message-id"]);
  }
});

test("mail over SMTP is instrumented too; every byte that is no link stays, in any encoding", { skip }, async (t) => {
  const host = await start(t);
  const latin = Buffer.concat([
    Buffer.from(`From: ${FROM}\r\nTo: ${TO}\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\nX-Pugmark-Campaign: latin\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>Gr`),
    Buffer.from([0xfc, 0xdf]),
    Buffer.from('e <a href="https://example.com/x">x</a> ='),
    Buffer.from([0xe9, 0xff]),
    Buffer.from("</p>\r\n.\r\n..a dot\r\n"),
  ]);
  assert.match(await host.postfix.smtp(FROM, [TO], latin), /^250/);
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  const body = body_of(got);
  assert.equal(links_of(body).length, 1);
  // The pixel comes last here, so the mail's last line end is its own.
  const plain = body.replace(/<img [^>]*\/o\/[^>]*>\r\n$/, "").replace(/href="[^"]*"/, 'href="https://example.com/x"');
  assert.equal(plain, body_of(latin.toString("latin1")));
  const [message] = (await host.server.api("GET", "/messages?campaign=latin")).body.data;
  assert.equal(message.subject, "Grüße");
  assert.equal(message.contact_id, TO);
});

test("a part that becomes quoted-printable says so in its header, and the signature still holds", { skip }, async (t) => {
  const host = await start(t);
  const long = `<p>${"word ".repeat(180)}<a href="https://example.com/x">x</a></p>`;
  await host.postfix.smtp(FROM, [TO], `From: ${FROM}\r\nTo: ${TO}\r\nSubject: s\r\nX-Pugmark-Agent: a\r\nContent-Type: text/html\r\nContent-Transfer-Encoding:\r\n 7bit\r\nX-Other: kept\r\n\r\n${long}\r\n`);
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  assert.equal(headers_of(got)["content-transfer-encoding"], "quoted-printable");
  assert.equal(headers_of(got)["x-other"], "kept");
  assert.equal(links_of(html_of(got)).length, 1);
  for (const line of got.split("\r\n")) assert.ok(line.length < 998);
});

test("a mail of 10 MB passes, instrumented, with its attachment unharmed", { skip }, async (t) => {
  const host = await start(t);
  const bytes = Buffer.alloc(7_500_000, (Math.random() * 1e9).toString(36));
  const lines = bytes.toString("base64").match(/.{1,76}/g).join("\r\n");
  const big = `From: ${FROM}\r\nTo: ${TO}\r\nSubject: big\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${HTML}\r\n--m\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=f\r\n\r\n${lines}\r\n--m--\r\n`;
  assert.ok(big.length > 10_000_000);
  assert.match(await host.postfix.smtp(FROM, [TO], big), /^250/);
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  assert.equal(links_of(html_of(got)).length, 2);
  assert.ok(got.includes(lines));
});

test("with the server away mail passes untouched, without its X-Pugmark headers, and signed", { skip }, async (t) => {
  const host = await start(t);
  await host.server.stop("SIGKILL");
  const sent = mail({ headers: { ...ATTRIBUTION, "X-Kept": "yes" } });
  for (let i = 0; i < 3; i++) assert.match(await host.postfix.smtp(FROM, [TO], sent), /^250/);
  for (const got of await arrived(host, 3)) {
    check_dkim(got, key.publicKey);
    assert.equal(body_of(got), body_of(sent));
    assert.doesNotMatch(got, /x-pugmark/i);
    assert.equal(headers_of(got)["x-kept"], "yes");
  }
  assert.equal(host.milter.log.match(/milter\.untracked/g).length, 1, "said once a minute, not once a mail");
  assert.deepEqual(await host.milter.stop(), { code: 0, signal: null });
  assert.match(host.milter.log, /milter\.stopped tracked=0 by_rule=0 failed=3/);
});

test("a server that does not answer in time, or refuses the key, keeps no mail back", { skip }, async (t) => {
  const host = await start(t, { env: { PUGMARK_MILTER_API_KEY: "pmk_wrong", PUGMARK_MILTER_TIMEOUT_MS: "300" } });
  const silent = createServer().listen(0, "127.0.0.1"); // takes connections and says nothing
  t.after(() => silent.close());
  await new Promise((r) => silent.once("listening", r));
  await host.postfix.smtp(FROM, [TO], mail());
  assert.match(host.milter.log, /milter\.untracked .*denied/);
  await host.milter.stop("SIGKILL");
  host.milter.env.PUGMARK_MILTER_SERVER = `http://127.0.0.1:${silent.address().port}`;
  await host.milter.start();
  await host.postfix.smtp(FROM, [TO], mail());
  assert.match(host.milter.log, /milter\.untracked .*timeout/);
  for (const got of await arrived(host, 2)) {
    check_dkim(got, key.publicKey);
    assert.equal(html_of(got), HTML);
  }
});

test("with the filter away mail passes untouched and signed (milter_default_action = accept)", { skip }, async (t) => {
  const host = await start(t);
  await host.milter.stop("SIGKILL");
  assert.match(await host.postfix.smtp(FROM, [TO], mail()), /^250/);
  await host.postfix.sendmail(FROM, [TO], mail());
  for (const got of await arrived(host, 2)) {
    check_dkim(got, key.publicKey);
    assert.equal(html_of(got), HTML);
  }
});

test("what the rules do not choose passes untouched: other senders, mail without a header, large mail", { skip }, async (t) => {
  const host = await start(t, {
    env: { PUGMARK_MILTER_SENDERS: "*.shop.example, agency.example", PUGMARK_MILTER_SKIP_SENDERS: "boss@*", PUGMARK_MILTER_REQUIRE_HEADER: "on", PUGMARK_MILTER_MAX_SIZE_MB: "1" },
  });
  const tagged = { "X-Pugmark-Campaign": "c" };
  const big = `<p>${"a line of words\r\n".repeat(100000)}</p>${HTML}`;
  const cases = [
    [FROM, { headers: tagged }, true],
    ["news@letters.shop.example", { headers: { ...tagged, From: "news@letters.shop.example" } }, true],
    ["bounce+1@mx.example", { headers: tagged }, true], // From says who it is
    ["boss@agency.example", { headers: { ...tagged, From: "boss@agency.example" } }, false],
    ["who@else.example", { headers: { ...tagged, From: "who@else.example" } }, false],
    [FROM, {}, false],
    ["", { headers: tagged }, false], // a bounce
    [FROM, { headers: tagged, html: big }, false],
  ];
  for (const [i, [from, content, is_tracked]] of cases.entries()) {
    assert.match(await host.postfix.smtp(from, [TO], mail(content)), /^250/);
    const got = (await arrived(host, i + 1))[i];
    assert.equal(links_of(html_of(got)).length, is_tracked ? 2 : 0, `case ${i}: ${from}`);
    assert.doesNotMatch(got, /x-pugmark/i, `case ${i}`);
  }
  assert.deepEqual(await host.milter.stop(), { code: 0, signal: null });
  assert.match(host.milter.log, /milter\.stopped tracked=3 by_rule=5 failed=0/);
});

test("mail of clients that are not ours is not tracked; the filter listens on a port as well", { skip }, async (t) => {
  const port = await free_port();
  const host = await start(t, { env: { PUGMARK_MILTER_NETWORKS: "192.0.2.0/24" }, port });
  await host.postfix.smtp(FROM, [TO], mail({ headers: ATTRIBUTION }));
  const [got] = await arrived(host);
  assert.equal(html_of(got), HTML);
  assert.doesNotMatch(got, /x-pugmark/i);
  await host.milter.stop();
  assert.match(host.milter.log, /milter\.stopped tracked=0 by_rule=1/);
});

test("a mail to several, some of them in Bcc, is counted for its campaign and for no contact", { skip }, async (t) => {
  const host = await start(t);
  const to_all = [TO, "second@elsewhere.example", "blind@elsewhere.example"];
  await host.postfix.smtp(FROM, to_all, mail({ headers: { "X-Pugmark-Campaign": "several", "X-Pugmark-Recipient": "forged@elsewhere.example" } }));
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  await host.server.get(links_of(html_of(got))[0], { "user-agent": BROWSER_AGENT });
  const [message] = (await host.server.api("GET", "/messages?campaign=several")).body.data;
  assert.equal(message.contact_id, null);
  const [event] = await host.server.events_of(message.id, 1, "type=email.clicked");
  assert.equal(event.campaign_id, "several");
  assert.deepEqual([event.contact, event.message_id], [null, message.id]);
  assert.match(host.milter.log, /several_recipients/);
});

test("what a header says wrongly is a warning, and the mail is tracked by what is right", { skip }, async (t) => {
  const host = await start(t);
  const headers = { ...ATTRIBUTION, "X-Pugmark-Metadata": "[1", "X-Pugmark-Track-Opens": "loud", "X-Pugmark-Colour": "red", "X-Pugmark-Campaign": ["one", "two"] };
  await host.postfix.smtp(FROM, [TO], mail({ headers }));
  const [got] = await arrived(host);
  assert.equal(links_of(html_of(got)).length, 2);
  assert.doesNotMatch(got, /x-pugmark/i);
  const [message] = (await host.server.api("GET", "/messages?campaign=one")).body.data;
  assert.equal(message.contact_id, "crm-17");
  for (const name of ["Metadata", "Track-Opens", "Colour", "Campaign"]) assert.match(host.milter.log, new RegExp(`milter.warning .*X-Pugmark-${name}`));
});

test("bulk mail gets List-Unsubscribe, signed, and one click on it unsubscribes", { skip }, async (t) => {
  const host = await start(t, { server: { env: { PUGMARK_SERVER_BASE_URL: "https://track.agency.example" } } });
  await host.postfix.smtp(FROM, [TO], mail({ headers: { "X-Pugmark-Stream": "bulk" } }));
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  const headers = headers_of(got);
  assert.equal(headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
  const covered = headers["dkim-signature"].replace(/\s/g, "").match(/;h=([^;]*)/)[1].toLowerCase().split(":");
  for (const name of ["list-unsubscribe", "list-unsubscribe-post"]) assert.ok(covered.includes(name), `${name} is signed (RFC 8058, 4)`);
  const url = headers["list-unsubscribe"].slice(1, -1);
  assert.match(url, /^https:/);
  const answer = await host.server.request("POST", url, { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "List-Unsubscribe=One-Click" });
  assert.equal(answer.status, 200);
  await until(async () => (await host.server.events("type=email.unsubscribed")).length === 1, "the event");
});

test("behind the signer the mail is still instrumented, and the log says that its signature is broken", { skip }, async (t) => {
  const host = await start(t, { order: ["opendkim", "pugmark"] });
  await host.postfix.smtp(FROM, [TO], mail());
  const [got] = await arrived(host);
  assert.equal(links_of(html_of(got)).length, 2);
  assert.throws(() => check_dkim(got, key.publicKey), /the body was changed/);
  assert.match(host.milter.log, /dkim_broken/);
});

test("mail that Pugmark composed itself passes the filter as it is, with the id by which reports find it", { skip }, async (t) => {
  const host = await start(t);
  const env = { ...host.sink.env, PUGMARK_SMTP_PORT: String(host.postfix.port) };
  const sender = await start_server(t, { env });
  const sent = await sender.send({ from: { email: FROM }, to: { email: TO } }, "sent");
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  assert.equal(headers_of(got)["x-pugmark-id"], sent.id);
  assert.deepEqual(links_of(html_of(got)).map((url) => new URL(url).port), [String(sender.port)]);
  assert.deepEqual((await host.server.api("GET", "/messages")).body.data, []);
});

test("plain text is counted only when a header asks for it", { skip }, async (t) => {
  const host = await start(t);
  const plain = `From: ${FROM}\r\nTo: ${TO}\r\nSubject: cron\r\n`;
  await host.postfix.smtp(FROM, [TO], `${plain}\r\nnothing\r\n`);
  await host.postfix.smtp(FROM, [TO], `${plain}X-Pugmark-Campaign: c\r\n\r\nnothing\r\n`);
  for (const got of await arrived(host, 2)) {
    check_dkim(got, key.publicKey);
    assert.equal(body_of(got), "nothing\r\n");
  }
  assert.deepEqual((await host.server.api("GET", "/messages")).body.data.map((m) => m.campaign_id), ["c"]);
});

test("told to end, the filter finishes the mail that is under way, and its socket is gone", { skip }, async (t) => {
  const host = await start(t);
  const asked = await slow_server(t, host.server);
  await host.milter.stop();
  host.milter.env.PUGMARK_MILTER_SERVER = asked.base;
  await host.milter.start();
  const sent = host.postfix.smtp(FROM, [TO], mail());
  await asked.question;
  const stopped = host.milter.stop();
  asked.let_go();
  assert.match(await sent, /^250/);
  assert.deepEqual(await stopped, { code: 0, signal: null });
  const [got] = await arrived(host);
  check_dkim(got, key.publicKey);
  assert.equal(links_of(html_of(got)).length, 2);
  assert.equal(existsSync(join(host.directory, "pugmark")), false);
});

test("a unix socket has the permissions that were asked for, from the first moment on", async (t) => {
  const path = join(socket_directory(t), "socket");
  const milter = await start_milter(t, `unix:${path}`, { PUGMARK_MILTER_API_KEY: "k", PUGMARK_MILTER_SOCKET_MODE: "620" });
  assert.equal((statSync(path).mode & 0o777).toString(8), "620");
  assert.deepEqual(await milter.stop(), { code: 0, signal: null });
});

test("settings that cannot work are said at once", async (t) => {
  const directory = socket_directory(t);
  const key_file = join(directory, "key");
  writeFileSync(key_file, "pmk_x\n");
  const good = { PUGMARK_MILTER_LISTEN: `unix:${directory}/socket`, PUGMARK_MILTER_API_KEY_FILE: key_file };
  const cases = [
    [{ PUGMARK_MILTER_API_KEY_FILE: "" }, /api_key/],
    [{ PUGMARK_MILTER_API_KEY: "x" }, /only one of/],
    [{ PUGMARK_MILTER_API_KEY_FILE: `${directory}/none` }, /cannot be read/],
    [{ PUGMARK_MILTER_SERVER: "ftp://x" }, /milter\.server/],
    [{ PUGMARK_MILTER_NETWORKS: "home" }, /milter\.networks: 'home'/],
    [{ PUGMARK_MILTER_SOCKET_MODE: "999" }, /socket_mode/],
    [{ PUGMARK_MILTER_LISTEN: `unix:${directory}/none/socket` }, /cannot be listened on/],
    [{ PUGMARK_MILTER_COLOUR: "red" }, /unknown key/],
  ];
  for (const [env, words] of cases) {
    const { code, stderr } = await pugmark(["milter"], { env: { ...good, ...env } });
    assert.equal(code, 1, JSON.stringify(env));
    assert.match(stderr, words);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
});

test("many mails at once, over connections that are kept and others that are not, all arrive as they should", { skip }, async (t) => {
  const host = await start(t);
  const count = 40;
  await Promise.all(Array.from({ length: count }, (_, i) => host.postfix.smtp(FROM, [TO], mail({ text: `number ${i}`, headers: { "X-Pugmark-Contact": `c-${i}` } }))));
  const all = await arrived(host, count);
  assert.equal(new Set(all.flatMap((got) => links_of(html_of(got)))).size, 2 * count);
  assert.equal(new Set(all.map((got) => parts_of(got)[0].text)).size, count);
  for (const got of all) check_dkim(got, key.publicKey);
  assert.deepEqual(await host.milter.stop(), { code: 0, signal: null });
  assert.match(host.milter.log, new RegExp(`milter\\.stopped tracked=${count} by_rule=0 failed=0`));
});

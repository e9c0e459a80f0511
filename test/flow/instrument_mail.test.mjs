// SPDX-License-Identifier: Apache-2.0
// POST /instrument with a whole mail: in JSON, in base64, or as message/rfc822 with the attribution in its headers.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { html_of } from "../harness/mail_text.mjs";
import { BROWSER_AGENT, links_of, pixel_of, start_server } from "../harness/pugmark.mjs";

const HTML = '<p>Hi <a href="https://example.com/a">a</a></p>';
const HEAD = "From: Agency <agency@example.com>\r\nTo: Reader <reader@example.com>\r\nSubject: Hello\r\nMessage-ID: <m@example.com>\r\n";
const eml = (html = HTML, head = HEAD) => `${head}Content-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n`;
const AS_MAIL = { "content-type": "message/rfc822" };
const FOR_MAIL = { ...AS_MAIL, accept: "message/rfc822" };

test("a mail in JSON comes back instrumented, attributed by the fields, and as the mail itself says where they do not", async (t) => {
  const server = await start_server(t);
  const body = { eml: eml(HTML, `${HEAD}X-Pugmark-Campaign: ignored\r\n`), campaign: { id: "spring" }, track: { utm: { utm_source: "x" } } };
  const { status, body: answer } = await server.api("POST", "/instrument", body);
  assert.equal(status, 200, JSON.stringify(answer));
  assert.deepEqual(Object.keys(answer).sort(), ["eml", "id", "links", "warnings"]);
  assert.doesNotMatch(answer.eml, /x-pugmark/i);
  assert.match(answer.warnings.join(), /headers_removed/);
  assert.deepEqual(answer.links.map((l) => [l.index, l.url, l.skipped]), [[0, "https://example.com/a", null]]);
  const [link] = links_of(answer.eml);
  assert.equal(link, answer.links[0].tracked_url);
  assert.equal(answer.eml.replace(link, "https://example.com/a").replace(/<img [^>]*\/o\/[^>]*>/, ""), eml());
  assert.equal((await server.get(link)).headers.get("location"), "https://example.com/a?utm_source=x");
  const message = await server.message(answer.id);
  assert.deepEqual([message.from.name, message.to.email, message.subject, message.campaign_id, message.contact_id],
    ["Agency", "reader@example.com", "Hello", "spring", "reader@example.com"]);
  assert.equal(message.provider_message_id, "m@example.com");
});

test("a look at the preview of a mail that somebody got never counts", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SMTP_HOST: "127.0.0.1", PUGMARK_SMTP_PORT: "9", PUGMARK_TRACKING_HONEYPOT: "on" }, may_warn: [/ dispatch\.not_reached /] });
  const { body } = await server.api("POST", "/instrument", { eml: eml() });
  assert.match(html_of(body.eml), /\/o\//);
  const external = (await server.api("POST", "/instrument", { html: HTML, to: { email: "reader@example.com" } })).body.id;
  const mail = { from: { email: "agency@example.com" }, to: { email: "reader@example.com" }, subject: "Hello", html: HTML };
  const smtp = (await server.api("POST", "/messages", { ...mail, provider: "smtp" })).body.id;
  for (const id of [body.id, external, smtp])
    for (const frame of ["", "?frame=1"]) {
      const { body: html } = await server.api("GET", `/messages/${id}/preview${frame}`);
      assert.equal(html.replace('<base target="_blank">', "").trimEnd(), HTML);
    }
  assert.match(await server.preview((await server.send({ html: HTML })).id), /\/o\//);
});

test("html and eml in one request are one message, whose links are numbered on", async (t) => {
  const server = await start_server(t);
  const { body } = await server.api("POST", "/instrument", { html: HTML.replaceAll("/a", "/first"), eml: eml() });
  assert.deepEqual(body.links.map((l) => [l.index, l.url]), [[0, "https://example.com/first"], [1, "https://example.com/a"]]);
  await server.get(links_of(body.html)[0], { "user-agent": BROWSER_AGENT });
  await server.get(links_of(body.eml)[0], { "user-agent": BROWSER_AGENT });
  const events = await server.events_of(body.id, 2, "type=email.clicked");
  assert.deepEqual(events.map((e) => e.link_index).sort(), [0, 1]);
});

test("bytes that are no UTF-8 go as base64 or as they are, and stay", async (t) => {
  const server = await start_server(t);
  const raw = Buffer.concat([Buffer.from(eml("<p>Gr")), Buffer.from([0xfc, 0xdf, 0x00, 0xff]), Buffer.from(`${HTML}\r\n`)]);
  const in_json = await server.api("POST", "/instrument", { eml_base64: raw.toString("base64") });
  assert.equal(in_json.status, 200);
  assert.equal(in_json.body.eml, undefined);
  const as_mail = await server.api("POST", "/instrument", raw, AS_MAIL);
  assert.equal(as_mail.status, 200);
  const direct = await fetch(`${server.base}/api/v1/instrument`, { method: "POST", body: raw, headers: { ...FOR_MAIL, authorization: `Bearer ${server.made.api_key}` } });
  assert.equal(direct.headers.get("content-type"), "message/rfc822");
  assert.equal(direct.headers.get("pugmark-links"), "1");
  const all = [in_json.body.eml_base64, as_mail.body.eml_base64].map((text) => Buffer.from(text, "base64"));
  for (const got of [...all, Buffer.from(await direct.arrayBuffer())]) {
    const text = got.toString("latin1");
    assert.equal(links_of(text).length, 1);
    assert.equal(text.replace(/<img [^>]*\/o\/[^>]*>/, "").replace(/https?:[^"]*\/c\/[^"]*/, "https://example.com/a"), raw.toString("latin1"));
  }
  const id = direct.headers.get("pugmark-message-id");
  assert.equal((await server.message(id)).subject, "Hello");
});

test("a mail with headers asks for no more than its contact allows, and is told so", async (t) => {
  const server = await start_server(t);
  const bulk = `${HEAD}X-Pugmark-Stream: bulk\r\n`;
  const first = await server.api("POST", "/instrument", Buffer.from(eml(HTML, bulk)), FOR_MAIL);
  const url = first.body.match(/List-Unsubscribe: <(.*)>/)[1];
  const stop = { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "action=stop-tracking" };
  assert.equal((await server.request("POST", url, stop)).status, 200);
  await server.settled_events();
  const asking = await server.api("POST", "/instrument", Buffer.from(eml(HTML, `${HEAD}X-Pugmark-Track-Clicks: full\r\n`)), FOR_MAIL);
  assert.equal(asking.status, 200);
  assert.match(asking.headers.get("pugmark-warnings"), /consent: The contact allows clicks to be tracked only "off"/);
  assert.equal(asking.body, eml());
  // One of several who does not want it is enough.
  const several = await server.api("POST", "/instrument", Buffer.from(eml(HTML, HEAD.replace("To: ", "To: other@example.com, "))), FOR_MAIL);
  assert.match(several.headers.get("pugmark-warnings"), /several_recipients/);
  assert.equal(links_of(several.body).length, 0);
  const message = await server.message(several.headers.get("pugmark-message-id"));
  assert.deepEqual(message.tracked, { opens: "off", clicks: "off" });
});

test("the answer to an Idempotency-Key is given again in the form that is asked for", async (t) => {
  const server = await start_server(t);
  const key = { "idempotency-key": "k" };
  const first = await server.api("POST", "/instrument", Buffer.from(eml()), { ...FOR_MAIL, ...key });
  const again = await server.api("POST", "/instrument", Buffer.from(eml()), { ...FOR_MAIL, ...key });
  const as_json = await server.api("POST", "/instrument", Buffer.from(eml()), { ...AS_MAIL, ...key });
  assert.equal(again.body, first.body);
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  for (const name of ["pugmark-message-id", "pugmark-links"]) assert.equal(again.headers.get(name), first.headers.get(name));
  assert.equal(Buffer.from(as_json.body.eml_base64, "base64").toString(), first.body);
  assert.equal((await server.api("POST", "/instrument", Buffer.from(eml("<p>other</p>")), { ...FOR_MAIL, ...key })).status, 409);
  assert.equal((await server.api("GET", "/messages")).body.data.length, 1);
});

test("what is no request for a mail is refused in words", async (t) => {
  const server = await start_server(t);
  const cases = [
    [{ eml: "" }, "/eml"],
    [{ eml: eml(), eml_base64: "" }, "/eml_base64"],
    [{ eml_base64: "not base64" }, "/eml_base64"],
    [{ eml: 1 }, "/eml"],
    [{}, "/html"],
    [{ html: HTML }, "/to"],
    [{ eml: eml(), attachments: [] }, "/attachments"],
  ];
  for (const [body, pointer] of cases) {
    const { status, body: problem } = await server.api("POST", "/instrument", body);
    assert.equal(status, 422, JSON.stringify(body));
    assert.ok(problem.errors.some((e) => e.pointer === pointer), `${JSON.stringify(body)}: ${JSON.stringify(problem.errors)}`);
  }
  assert.equal((await server.api("POST", "/instrument", "", AS_MAIL)).status, 400);
  assert.equal((await server.api("POST", "/instrument", eml(), { ...AS_MAIL, authorization: "" })).status, 401);
  assert.equal((await server.api("POST", "/messages", eml(), AS_MAIL)).status, 415);
});

test("a mail without html, or one that is signed, passes as it is with a warning", async (t) => {
  const server = await start_server(t);
  const plain = `${HEAD}\r\nHi https://example.com/a\r\n`;
  const text = await server.api("POST", "/instrument", Buffer.from(plain), FOR_MAIL);
  assert.equal(text.body, plain);
  assert.match(text.headers.get("pugmark-warnings"), /no_html/);
  const signed = `${HEAD}Content-Type: multipart/signed; boundary=b; protocol="application/pkcs7-signature"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n${HTML}\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n`;
  const left = await server.api("POST", "/instrument", Buffer.from(signed), FOR_MAIL);
  assert.equal(left.body, signed);
  assert.match(left.headers.get("pugmark-warnings"), /part_signed/);
});

test("a long destination is kept and followed, from a mail as from html", async (t) => {
  const server = await start_server(t);
  const long = `https://example.com/?q=${"x".repeat(3000)}`;
  const { body } = await server.api("POST", "/instrument", { eml: eml(`<a href="${long}">x</a>`) });
  const tracked = body.links[0].tracked_url;
  assert.equal((await server.get(tracked, { "user-agent": BROWSER_AGENT })).headers.get("location"), long);
  assert.ok(pixel_of(body.eml));
});

const SHOWN = '<a href="https://example.com/b">https://example.com/b</a>';
const OUTLOOK = '<!--[if mso]><v:rect href="https://example.com/c"><![endif]-->';

test("links that show their address, and those for Outlook, are left alone where that is asked for", async (t) => {
  const server = await start_server(t);
  const html = `${HTML}${SHOWN}${OUTLOOK}`;
  const to = { email: "reader@example.com" };
  const skipped_with = async (track) => {
    const { body } = await server.api("POST", "/instrument", { to, html, track });
    return body.links.map((l) => l.skipped);
  };
  assert.deepEqual(await skipped_with({}), [null, null, null]);
  assert.deepEqual(await skipped_with({ visible_urls: false }), [null, "visible_url", null]);
  assert.deepEqual(await skipped_with({ vml: false }), [null, null]);
  const said = await server.api("POST", "/instrument", eml(html, `${HEAD}X-Pugmark-Visible-Urls: false\r\nX-Pugmark-Vml: no\r\n`), AS_MAIL);
  assert.deepEqual(said.body.links.map((l) => l.skipped), [null, "visible_url"]);
});

// SPDX-License-Identifier: Apache-2.0
// What the API says to requests that are wrong, and that nothing has happened then (contract, section 4).
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { mail, pugmark, start_server, until } from "../harness/pugmark.mjs";

function assert_problem(answer, status, what) {
  assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body)}`);
  assert.equal(answer.headers.get("content-type"), "application/problem+json", what);
  assert.equal(answer.body.status, status, what);
  for (const key of ["type", "title", "detail"]) assert.equal(typeof answer.body[key], "string", `${what}: ${key}`);
}

const pointers = (answer) => (answer.body.errors ?? []).map((e) => e.pointer).sort();
const count = async (server) => (await server.api("GET", "/messages?limit=500")).body.data.length;

test("a body that is not JSON is 400 and says where", async (t) => {
  const server = await start_server(t);
  const latin1 = Buffer.from('{"subject":"caf\xe9"}', "latin1");
  const bodies = ['{"from":', "", "{'a':1}", '{"a":1}x', "[1,", '{"a":1,"a":2}', latin1, `{"a":"\\ud800"}`, "[".repeat(64)];
  for (const body of bodies) {
    const answer = await server.api("POST", "/messages", body, { "content-type": "application/json" });
    assert_problem(answer, 400, body.toString().slice(0, 20));
    assert.match(answer.body.detail, /line \d+, column \d+, byte \d+/);
  }
  const answer = await server.api("POST", "/messages", '{\n  "from": nope }');
  assert.match(answer.body.detail, /line 2/);
  assert.equal(await count(server), 0);
});

test("everything that is wrong with a message is said at once, each with its JSON pointer", async (t) => {
  const server = await start_server(t);
  const answer = await server.api("POST", "/messages", {
    from: { email: "not an address" },
    to: { email: "c@example.com", nickname: "C" },
    subject: 7,
    html: "<p>x</p>",
    headers: { "X-Good": "a", "X-Bad": "a\r\nBcc: all@example.com", "Sub ject": "x" },
    attachments: [{ filename: "a", content_type: "text/plain", content: "***" }],
    send_at: "tomorrow",
    track: { opens: "sometimes" },
    metadata: [],
    colour: "red",
    "a/b~c": 1,
  });
  assert_problem(answer, 422, "many faults");
  assert.deepEqual(pointers(answer), [
    "/attachments/0/content", "/a~1b~0c", "/colour", "/from/email", "/headers/Sub ject", "/headers/X-Bad", "/metadata",
    "/send_at", "/subject", "/to/nickname", "/track/opens",
  ]);
  for (const error of answer.body.errors) assert.ok(error.detail.length > 3, error.pointer);
  assert.equal(await count(server), 0);
});

test("a bad address, no content or a header with a line break queues nothing", async (t) => {
  const server = await start_server(t);
  const bad = [
    [{ to: { email: "" } }, "/to/email"],
    [{ to: { email: "a@b@c" } }, "/to/email"],
    [{ to: { email: "reader" } }, "/to/email"],
    [{ to: { email: "r@example.com\r\nBcc: x@example.com" } }, "/to/email"],
    [{ to: { email: "r@example.com,x@example.com" } }, "/to/email"],
    [{ to: { email: `${"r".repeat(300)}@example.com` } }, "/to/email"],
    [{ to: undefined }, "/to"],
    [{ to: [{ email: "r@example.com" }] }, "/to"],
    [{ from: undefined }, "/from"],
    [{ from: { email: "a@example.com", name: "A\nBcc: x@example.com" } }, "/from/name"],
    [{ reply_to: { email: "nobody" } }, "/reply_to/email"],
    [{ subject: "Hello\nBcc: x@example.com" }, "/subject"],
    [{ subject: "" }, "/subject"],
    [{ subject: undefined }, "/subject"],
    [{ html: undefined, text: undefined }, "/html"],
    [{ html: "", text: null }, "/html"],
    [{ headers: { "X-K": "a\nb" } }, "/headers/X-K"],
    [{ headers: { "X-K": "a\rb" } }, "/headers/X-K"],
    [{ headers: { "X-K:": "a" } }, "/headers/X-K:"],
    [{ headers: { Bcc: "x@example.com" } }, "/headers/Bcc"],
    [{ headers: { "X-K": 1 } }, "/headers/X-K"],
    [{ provider: "pigeon" }, "/provider"],
    [{ send_at: "2099-01-01T00:00:00Z" }, "/send_at"],
    [{ unsubscribe: { one_click: true, url: "mailto:x@example.com" } }, "/unsubscribe/url"],
    [{ metadata: { a: "x".repeat(5000) } }, "/metadata"],
  ];
  for (const [over, pointer] of bad) {
    const answer = await server.api("POST", "/messages", mail(over));
    assert_problem(answer, 422, JSON.stringify(over).slice(0, 80));
    assert.ok(pointers(answer).includes(pointer), `${pointer} in ${JSON.stringify(answer.body.errors)}`);
  }
  for (const body of ["[]", '"x"', "7", "null", "true"])
    assert_problem(await server.api("POST", "/messages", body), 422, body);
  assert.equal(await count(server), 0);
});

test("who may not is told so: 401 without a good key, 403 from another page", async (t) => {
  const server = await start_server(t);
  for (const authorization of ["", "Bearer", "Bearer pmk_wrong", "Bearer x", "Basic cHVnOm1hcms=", `Token ${server.made.api_key}`]) {
    const answer = await server.api("GET", "/events", undefined, { authorization });
    assert_problem(answer, 401, authorization);
    assert.match(answer.headers.get("www-authenticate"), /Bearer/);
  }
  const signed_in = await server.request("POST", "/api/v1/session", {
    headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" },
    body: JSON.stringify({ email: server.made.email, password: server.made.password }),
  });
  assert.equal(signed_in.status, 200);
  const cookie = signed_in.headers.get("set-cookie").split(";")[0];
  const as_page = { authorization: "", cookie };
  assert.equal((await server.api("GET", "/me", undefined, as_page)).status, 200);
  const foreign = { ...as_page, "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  assert_problem(await server.api("POST", "/messages", mail(), foreign), 403, "another page");
  assert_problem(await server.api("GET", "/me"), 403, "a key is no person");
  assert.equal(await count(server), 0);
});

test("a query parameter that a route does not have is refused with its name, and not passed over", async (t) => {
  const server = await start_server(t);
  const { paths } = await (await server.get("/openapi.json")).json();
  let refused = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"].filter((m) => m in methods)) {
      const url = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
      const answer = await server.api(method.toUpperCase(), `${url}?frm=2026-01-01`, method === "get" || method === "delete" ? undefined : {});
      if (answer.status === 404) continue; // a public path, which is not the API's
      assert_problem(answer, 400, `${method} ${path}`);
      assert.match(answer.body.detail, /There is no query parameter 'frm' here; there are: /, `${method} ${path}`);
      refused++;
    }
  }
  assert.ok(refused > 25, `${refused} routes`);
  const lists = ["/messages", "/messages/in-doubt", "/events", "/events/stream", "/unsubscribes/held", "/audit", "/suppressions", "/tenants", "/stats/summary"];
  for (const list of lists) {
    const answer = await server.api("GET", `${list}?frm=2026-01-01`);
    assert_problem(answer, 400, list);
    assert.match(answer.body.detail, /There is no query parameter 'frm' here; there are: /);
  }
});

test("a setting of the wrong type is told which values there are, and nothing else", async (t) => {
  const server = await start_server(t);
  const detail = async (body) => {
    const answer = await server.api("PATCH", "/tenants/default", body);
    assert_problem(answer, 422, JSON.stringify(body));
    return answer.body.errors.map((error) => `${error.pointer} ${error.detail}`);
  };
  assert.deepEqual(await detail({ settings: { honeypot: true } }), ["/settings/honeypot must be one of the strings off, on, or null to have the installation's"]);
  assert.deepEqual(await detail({ settings: { events_days: "30" } }), ["/settings/events_days must be a whole number, or null to have the installation's"]);
  assert.equal((await detail({ time_zone: 5 })).length, 1);
  assert.match((await detail({ settings: null }))[0], /must have settings or a time_zone/);
});

test("a wrong password is 401, and after some of them one has to wait", async (t) => {
  const server = await start_server(t);
  const attempt = (password) => server.api("POST", "/session", { email: server.made.email, password }, { authorization: "" });
  assert_problem(await attempt("wrong"), 401, "wrong password");
  const limited = await until(async () => {
    const answer = await attempt("wrong");
    return answer.status === 401 ? null : answer;
  }, "the guard");
  assert_problem(limited, 429, "too many");
  assert.ok(Number(limited.headers.get("retry-after")) > 0);
});

test("a revoked key is refused at once", async (t) => {
  const server = await start_server(t);
  const added = await pugmark(["apikey", "add", "--name", "second", "--data", server.data]);
  const key = added.stdout.match(/pmk_[A-Za-z0-9_-]+/)[0];
  const headers = { authorization: `Bearer ${key}` };
  assert.equal((await server.api("GET", "/events", undefined, headers)).status, 200);
  const listed = await pugmark(["apikey", "list", "--data", server.data]);
  const id = listed.stdout.match(/^(\S+) .*second/m)[1];
  assert.equal((await pugmark(["apikey", "revoke", id, "--data", server.data])).code, 0);
  assert_problem(await server.api("GET", "/events", undefined, headers), 401, "revoked");
});

test("what is not there is 404, and a method that is not there is 405 with the ones that are", async (t) => {
  const server = await start_server(t);
  const nobody = "01890000-0000-7000-8000-000000000000";
  for (const path of ["/nothing", "/messages/x", `/messages/${nobody}`, `/messages/${nobody}/preview`, `/events/${nobody}`, "/messages/%zz"])
    assert_problem(await server.api("GET", path), 404, path);
  for (const path of [`/messages/${nobody}/cancel`, "/messages/x/cancel"])
    assert_problem(await server.api("POST", path), 404, path);
  assert_problem(await server.api("POST", "/sign", { message: nobody }), 404, "sign");
  const answer = await server.api("DELETE", "/messages");
  assert_problem(answer, 405, "DELETE /messages");
  assert.deepEqual(answer.headers.get("allow").split(", ").sort(), ["GET", "HEAD", "POST"]);
});

test("a body too large is 413 and one that is not JSON by type is 415", async (t) => {
  const server = await start_server(t, { env: { PUGMARK_SERVER_BODY_MB: "1" } });
  const large = JSON.stringify(mail({ html: "x".repeat(1100000) }));
  const answer = await fetch(`${server.base}/api/v1/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.made.api_key}`, "content-type": "application/json" },
    body: large,
  });
  assert.equal(answer.status, 413);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
    assert_problem(await server.api("POST", "/messages", JSON.stringify(mail()), { "content-type": type }), 415, type);
  const good = await server.api("POST", "/messages", JSON.stringify(mail()), { "content-type": "application/json; charset=utf-8" });
  assert.equal(good.status, 202);
  assert.equal(await count(server), 1);
});

test("query parameters are checked", async (t) => {
  const server = await start_server(t);
  const bad = ["limit=0", "limit=501", "limit=x", "message=x", "from=yesterday", "cursor=%00%01"];
  for (const query of [...bad, "type=email.invented", "actor=alien", "campaign=%zz"])
    assert_problem(await server.api("GET", `/events?${query}`), 422, query);
  assert_problem(await server.api("GET", "/messages?status=flying"), 422, "status");
});

test("a contact's id that is no UTF-8, or would end a line, is refused and changes nobody", async (t) => {
  const server = await start_server(t);
  const consent = { consent_opens: "off", consent_clicks: "off", method: "letter", text: "no more" };
  for (const id of ["%FF%FE", "a%C3", "%ED%A0%80", "a%0Ab", "%00"])
    assert.ok([404, 422].includes((await server.api("PUT", `/contacts/${id}/consent`, consent)).status), id);
  assert.equal((await server.api("GET", "/contacts/%3F%3F")).status, 404, "whom it would be cleaned to is not there");
});

test("an Idempotency-Key replays the first answer, and with another body is a conflict", async (t) => {
  const server = await start_server(t);
  const key = { "idempotency-key": "order-17" };
  const first = await server.api("POST", "/messages", mail(), key);
  const again = await server.api("POST", "/messages", mail(), key);
  assert.equal(first.status, 202);
  assert.equal(again.status, 202);
  assert.deepEqual(again.body, first.body);
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  assert_problem(await server.api("POST", "/messages", mail({ subject: "Other" }), key), 409, "another body");
  assert_problem(await server.api("POST", "/messages", mail(), { "idempotency-key": "k".repeat(257) }), 422, "long key");
  const refused = { "idempotency-key": "order-18" };
  assert_problem(await server.api("POST", "/messages", mail({ subject: "" }), refused), 422, "refused");
  assert.equal((await server.api("POST", "/messages", mail(), refused)).status, 202, "a refusal is not kept");
  const batch = { "idempotency-key": "batch-1" };
  const one = await server.api("POST", "/messages/batch", { messages: [mail(), mail()] }, batch);
  const two = await server.api("POST", "/messages/batch", { messages: [mail(), mail()] }, batch);
  assert.deepEqual(two.body, one.body);
  assert.equal(await count(server), 4);
  await server.stop();
  await server.start();
  assert.deepEqual((await server.api("POST", "/messages", mail(), key)).body, first.body, "kept over a restart");
  assert.equal(await count(server), 4);
});

test("the same key sent by many at once queues one message", async (t) => {
  const server = await start_server(t);
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => server.api("POST", "/messages", mail(), { "idempotency-key": "at-once" })),
  );
  for (const answer of answers) assert.equal(answer.status, 202);
  assert.equal(new Set(answers.map((a) => a.body.id)).size, 1);
  assert.equal(await count(server), 1);
  await server.message_in(answers[0].body.id, "delivered");
});

test("a batch keeps its good messages and says of each bad one what is wrong", async (t) => {
  const server = await start_server(t);
  const messages = [mail(), mail({ to: { email: "nobody" } }), mail({ subject: "Third" }), mail({ colour: "red" }), 7];
  const { status, body } = await server.api("POST", "/messages/batch", { messages });
  assert.equal(status, 202);
  assert.deepEqual(body.data.map((item) => item.index), [0, 1, 2, 3, 4]);
  assert.deepEqual(body.data.map((item) => item.status ?? item.error.status), ["queued", 422, "queued", 422, 422]);
  assert.equal(body.data[1].error.errors[0].pointer, "/to/email");
  assert.equal(body.data[3].error.errors[0].pointer, "/colour");
  for (const i of [0, 2]) await server.message_in(body.data[i].id, "delivered");
  assert.equal(await count(server), 2);
  for (const wrong of [{}, { messages: [] }, { messages: {} }, { messages: [mail()], more: 1 }, { messages: Array(1001).fill({}) }])
    assert_problem(await server.api("POST", "/messages/batch", wrong), 422, JSON.stringify(wrong).slice(0, 40));
});

test("the answer to a batch fits, however many links there are, and the same to a retry", async (t) => {
  const server = await start_server(t);
  const links = Array.from({ length: 122 }, (_, i) => `<a href="https://example.com/${"x".repeat(60)}/${i}">${i}</a>`).join(" ");
  const body = JSON.stringify({ messages: Array.from({ length: 1000 }, () => mail({ html: `<p>${links}</p>`, send_at: new Date(Date.now() + 86400000).toISOString() })) });
  const headers = { "idempotency-key": "large-1" };
  const first = await server.api("POST", "/messages/batch", body, headers);
  assert.equal(first.status, 202, JSON.stringify(first.body).slice(0, 300));
  assert.equal(first.body.data.length, 1000);
  assert.ok(first.body.data.every((item) => item.status === "scheduled"));
  assert.equal(first.body.data[0].links.length, 122);
  assert.equal(first.body.data[999].links, null);
  assert.equal((await server.message(first.body.data[999].id)).links.length, 122, "they can be asked for");
  const again = await server.api("POST", "/messages/batch", body, headers);
  assert.deepEqual(again.body, first.body);
  const bad = Array.from({ length: 1000 }, () => Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`${"y".repeat(300)}${i}`, i])));
  const refused = await server.api("POST", "/messages/batch", { messages: bad });
  assert.equal(refused.status, 202);
  assert.ok(refused.body.data[0].error.errors.length > 50);
  assert.deepEqual(refused.body.data[999].error.errors, []);
  assert.equal((await server.api("GET", "/queue")).body.scheduled, 1000, "once");
});

test("an address that can be sent to is taken, and no other; international domains become what mail servers look up", async (t) => {
  const server = await start_server(t);
  const taken = { '"a..b"@example.com': '"a..b"@example.com', "j@münchen.example": "j@xn--mnchen-3ya.example", "J.O'N@EXAMPLE.com": "J.O'N@example.com" };
  for (const [email, want] of Object.entries(taken)) {
    const { id } = await server.send({ to: { email } });
    assert.equal((await server.message(id)).to.email, want);
  }
  for (const email of ['"a b"@example.com', '"a<b"@example.com', "jörg@example.com", "a@mü_nchen.example"]) {
    const answer = await server.api("POST", "/messages", mail({ to: { email } }));
    assert_problem(answer, 422, email);
    assert.deepEqual(pointers(answer), ["/to/email"]);
  }
  assert.equal((await server.api("POST", "/suppressions", { address: "j@MÜNCHEN.example", reason: "manual" })).status, 201);
  assert.equal((await server.api("POST", "/messages", mail({ to: { email: "j@xn--mnchen-3ya.example" } }))).body.status, "suppressed");
  assert.equal((await server.api("GET", `/suppressions?address=${encodeURIComponent("j@münchen.example")}`)).body.data.length, 1);
  assert.equal((await server.api("GET", `/contacts/${encodeURIComponent("j@münchen.example")}`)).status, 200);
});

test("attachments may be empty, and base64 may have line ends", async (t) => {
  const server = await start_server(t);
  const bytes = Buffer.from("a".repeat(200));
  const lines = bytes.toString("base64").replace(/.{76}/g, "$&\r\n");
  const attachments = [
    { filename: "empty.txt", content_type: "text/plain", content: "" },
    { filename: "lines.txt", content_type: "text/plain", content: `${lines}\n` },
  ];
  await server.send({ attachments });
  for (const content of [undefined, null]) {
    const answer = await server.api("POST", "/messages", mail({ attachments: [{ filename: "f", content }] }));
    assert_problem(answer, 422, `${content}`);
    assert.deepEqual(pointers(answer), ["/attachments/0/content"]);
  }
  for (const content of ["YQ", "Y Q==", "YQ==\n="])
    assert_problem(await server.api("POST", "/messages", mail({ attachments: [{ filename: "f", content }] })), 422, content);
});

test("a day as send_at begins by the tenant's clocks, and the answer says when that is", async (t) => {
  const server = await start_server(t);
  const day = new Date(Date.now() + 5 * 86400000).toISOString().slice(0, 10);
  const before = new Date(Date.parse(`${day}T00:00:00Z`) - 14 * 3600000).toISOString();
  assert.equal((await server.send({ send_at: day }, "scheduled")).send_at, `${day}T00:00:00.000Z`);
  assert.equal((await server.api("PATCH", "/tenants/default", { time_zone: "Pacific/Kiritimati" })).status, 200);
  const answer = await server.send({ send_at: day }, "scheduled");
  assert.equal(answer.send_at, before);
  assert.ok(answer.warnings.some((w) => w.startsWith("send_at_day: ") && w.includes(before.slice(0, 19)) && w.includes("Pacific/Kiritimati")), answer.warnings);
  assert.equal((await server.send({ send_at: `${day}T00:00:00Z` }, "scheduled")).send_at, `${day}T00:00:00.000Z`, "a time is that time");
});

test("a character that turns the direction of text around is a warning", async (t) => {
  const server = await start_server(t);
  const warned = async (over) => (await server.send(over)).warnings.filter((w) => w.startsWith("bidi_control: ")).length;
  assert.equal(await warned({ subject: "invoice\u202efdp.exe" }), 1);
  assert.equal(await warned({ from: { email: "a@example.com", name: "\u2067Bank" }, to: { email: "b@example.com", name: "\u202dB" } }), 2);
  assert.equal(await warned({ subject: "\u05e9\u05dc\u05d5\u05dd\u200f!" }), 0, "marks of direction are writing");
});

test("a scheduled message can be canceled, and a sent one cannot", async (t) => {
  const server = await start_server(t);
  const send_at = new Date(Date.now() + 3600000).toISOString();
  const later = await server.send({ send_at }, null);
  assert.equal(later.status, "scheduled");
  assert.equal(later.send_at, send_at);
  const canceled = await server.api("POST", `/messages/${later.id}/cancel`);
  assert.equal(canceled.status, 200);
  assert.equal(canceled.body.status, "canceled");
  const sent = await server.send();
  assert_problem(await server.api("POST", `/messages/${sent.id}/cancel`), 409, "sent already");
  assert_problem(await server.api("POST", `/messages/${sent.id}/resolve`, { as: "sent" }), 409, "not in doubt");
  assert_problem(await server.api("POST", `/messages/${sent.id}/resolve`, { as: "maybe" }), 422, "no such way");
});

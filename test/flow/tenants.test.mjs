// SPDX-License-Identifier: Apache-2.0
// What each tenant sets for itself: how to change it, who may, how far, and when it holds.
import assert from "node:assert/strict";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { BROWSER_AGENT, links_of, pugmark, start_server, until } from "../harness/pugmark.mjs";

const patch = (server, name, settings, headers) => server.api("PATCH", `/tenants/${name}`, { settings }, headers);

/** A key of another tenant, made on the command line beside the server; as headers. */
async function stranger(server, tenant) {
  const env = server.options.env;
  const { stdout } = await pugmark(["apikey", "add", "--tenant", tenant, "--data", server.data], { env });
  return { authorization: `Bearer ${stdout.match(/pmk_\S+/)[0]}` };
}

async function click(server) {
  const sent = await server.send();
  const link = links_of(await server.preview(sent.id))[0];
  await server.get(link, { "user-agent": BROWSER_AGENT });
  return (await server.settled_events(`message=${sent.id}&type=email.clicked`))[0];
}

test("a setting holds from the answer on, and null gives the installation's back", async (t) => {
  const server = await start_server(t);
  assert.equal((await click(server)).ip, "127.0.0.1");
  const { status, body } = await patch(server, "default", { keep_client: "none", dedupe_seconds: 60, headline_opens: "strict" });
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([body.settings.keep_client, body.effective.keep_client, body.installation.keep_client], ["none", "none", "full"]);
  assert.deepEqual([body.settings.opens, body.effective.opens], [null, "full"]);
  const event = await click(server);
  assert.deepEqual([event.ip, event.user_agent], [null, null]);
  assert.equal((await server.api("GET", "/tenants/default")).body.effective.dedupe_seconds, 60);

  await patch(server, "default", { keep_client: null });
  assert.equal((await click(server)).ip, "127.0.0.1");
  assert.equal((await server.api("GET", "/tenants/default")).body.settings.dedupe_seconds, 60, "the others stay");
});

test("the tenant's word counts where mail is accepted, and is named", async (t) => {
  const server = await start_server(t);
  await patch(server, "default", { clicks: "off", opens: "anonymous" });
  const sent = await server.send();
  assert.deepEqual([sent.links[0].tracked_url, sent.links[0].skipped], [null, "clicks_off"]);
  const more = await server.api("POST", "/messages", {
    from: { email: "a@example.com" }, to: { email: "b@example.com" }, subject: "S", html: "<p>x</p>", text: "x", track: { opens: "full" },
  });
  assert.equal(more.status, 403);
  assert.match(more.body.errors[0].detail, /the tenant allows only "anonymous"/);
});

test("the headline is the tenant's choice", async (t) => {
  const server = await start_server(t);
  assert.equal((await patch(server, "default", { headline_opens: "strict" })).status, 200);
  const page = { authorization: "" };
  const session = await server.api("POST", "/session", { email: server.made.email, password: server.made.password }, page);
  assert.equal(session.body.headline_opens, "strict");
});

test("a tenant may be stricter than the installation and not looser; the refusal says what is allowed", async (t) => {
  const env = { PUGMARK_TRACKING_OPENS: "anonymous", PUGMARK_PRIVACY_KEEP_CLIENT: "truncated", PUGMARK_RETAIN_EVENTS_DAYS_OF: "default=90" };
  const server = await start_server(t, { env });
  const { status, body } = await patch(server, "default", { opens: "full", keep_client: "full", events_days: 91, clicks: "maybe", colour: "red", gpc: true });
  assert.equal(status, 422);
  const said = Object.fromEntries(body.errors.map((e) => [e.pointer, e.detail]));
  assert.match(said["/settings/opens"], /'full'.*tracking\.opens.*allows off, anonymous$/);
  assert.match(said["/settings/keep_client"], /'full'.*privacy\.keep_client.*allows truncated, none$/);
  assert.match(said["/settings/events_days"], /'91'.*retain\.events_days.*allows 1 to 90$/);
  assert.match(said["/settings/clicks"], /must be one of off\|anonymous\|full, not 'maybe'/);
  assert.match(said["/settings/colour"], /not a known setting/);
  assert.match(said["/settings/gpc"], /must be one of the strings honour, ignore, or null/);
  assert.deepEqual((await server.api("GET", "/tenants/default")).body.effective.opens, "anonymous");
  assert.equal((await patch(server, "default", { opens: "off", events_days: 90 })).status, 200);
});

test("an administrator sees and changes his own tenant; that of the first tenant all of them", async (t) => {
  const server = await start_server(t);
  assert.equal((await server.api("POST", "/tenants", { name: "acme", settings: { opens: "off" } })).status, 201);
  assert.equal((await server.api("POST", "/tenants", { name: "acme" })).status, 409);
  assert.equal((await server.api("POST", "/tenants", { name: "a/b" })).status, 422);
  const acme = await stranger(server, "acme");
  assert.equal((await patch(server, "acme", { clicks: "anonymous" }, acme)).status, 200);
  assert.deepEqual((await server.api("GET", "/tenants/acme", undefined, acme)).body.settings.clicks, "anonymous");
  for (const [method, path, body] of [
    ["GET", "/tenants"], ["POST", "/tenants", { name: "mine" }], ["GET", "/tenants/default"],
    ["PATCH", "/tenants/default", { settings: { opens: "off" } }], ["GET", "/tenants/nobody"],
  ])
    assert.equal((await server.api(method, path, body, acme)).status, 403, `${method} ${path}`);

  const first = (await server.api("GET", "/tenants?limit=1")).body;
  const rest = (await server.api("GET", `/tenants?limit=1&cursor=${first.next}`)).body;
  assert.deepEqual([first.data[0].name, rest.data[0].name, rest.next], ["default", "acme", null]);
  assert.equal((await patch(server, "acme", { opens: null })).body.settings.opens, null);
  assert.equal((await server.api("GET", "/tenants/nobody")).status, 404);
});

/** Another process on the same store: the server sees it by itself. */
async function changed_outside(server) {
  const { env } = server.options;
  const set = await pugmark(["tenant", "set", "default", "clicks=off", "--json", "--data", server.data], { env });
  assert.equal(set.code, 0, set.stderr);
  assert.deepEqual(JSON.parse(set.stdout), (await server.api("GET", "/tenants/default")).body);
  await until(async () => (await server.send({}, null)).links[0].skipped === "clicks_off", "the server to see it");
  assert.equal((await pugmark(["tenant", "unset", "default", "clicks", "--data", server.data], { env })).code, 0);
  await until(async () => (await server.send({}, null)).links[0].skipped === null, "the server to see that it is gone");
}

test("a change on the command line holds without a restart", async (t) => changed_outside(await start_server(t)));

test("and on PostgreSQL", { skip: no_postgres }, async (t) => {
  const server_of = { current: null };
  t.after(() => server_of.current?.stop("SIGKILL")); // before its database goes
  const postgres = await start_postgres(t);
  server_of.current = await start_server(t, { env: { PUGMARK_STORE_URL: postgres.url } });
  await changed_outside(server_of.current);
});

test("the command line says what is wrong, and changes nothing then", async (t) => {
  const server = await start_server(t);
  const tenant = (...args) => pugmark(["tenant", ...args, "--data", server.data]);
  for (const [args, words] of [
    [["set", "default", "opens=off", "clicks=maybe"], /clicks must be one of off\|anonymous\|full, not 'maybe'/],
    [["set", "default", "events_days=366"], /events_days cannot be '366'.*allows 1 to 365/],
    [["unset", "default", "colour"], /'colour' is no setting's name/],
    [["set", "nobody", "opens=off"], /there is no tenant nobody/],
    [["show", "nobody"], /there is no tenant nobody/],
    [["add", "default"], /there is a tenant of this name/],
    [["add", "a=b"], /is no name/],
  ]) {
    const { code, stderr } = await tenant(...args);
    assert.deepEqual([code, words.test(stderr)], [1, true], `${args.join(" ")}: ${stderr}`);
  }
  for (const args of [[], ["set", "default"], ["show"], ["list", "default"], ["away", "default"]])
    assert.equal((await tenant(...args)).code, 2, args.join(" "));
  assert.equal((await server.api("GET", "/tenants/default")).body.settings.opens, null);
  assert.match((await tenant("show", "default")).stdout, /^opens +full +the installation's$/m);
});

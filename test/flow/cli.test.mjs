// SPDX-License-Identifier: Apache-2.0
// The commands, and what they say when something is wrong: one clear line, the right exit code, nothing changed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, pixel_of, pugmark, start_server, temporary_directory, token_of, until } from "../harness/pugmark.mjs";
import { sql } from "../harness/sqlite.mjs";

const FAILED = 1;
const USAGE = 2;

function assert_refused(result, code, words) {
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /^pugmark[^\n]*\n$/, "one line");
  assert.match(result.stderr, words);
}

/** Every file below a directory with a hash of what is in it; without what SQLite makes to look at its own file. */
function contents(directory) {
  const found = {};
  for (const name of readdirSync(directory, { recursive: true }).sort()) {
    const path = join(directory, name);
    if (name.endsWith("-shm") || (name.endsWith("-wal") && statSync(path).size === 0)) continue;
    if (statSync(path).isFile()) found[name] = createHash("sha256").update(readFileSync(path)).digest("hex");
  }
  return found;
}

async function init(t, name = "data") {
  const data = join(temporary_directory(t), name);
  const result = await pugmark(["init", "--json", "--data", data, "--email", "owner@example.com"]);
  assert.equal(result.code, 0, result.stderr);
  return { data, made: JSON.parse(result.stdout) };
}

const serve = (data, ...more) => pugmark(["serve", "--data", data, "--listen", "127.0.0.1:0", ...more]);

test("init makes everything once, and a second one changes nothing", async (t) => {
  const { data, made } = await init(t);
  assert.deepEqual(Object.keys(made), ["url", "tenant", "email", "password", "api_key"]);
  assert.equal(made.tenant, "default");
  assert.equal(made.email, "owner@example.com");
  assert.match(made.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(made.api_key, /^pmk_[A-Za-z0-9_-]{20,}$/);
  assert.ok(made.password.length >= 12);
  assert.equal(statSync(data).mode & 0o077, 0, "nobody else may look into it");
  assert.equal(statSync(join(data, "keys")).mode & 0o077, 0);
  const before = contents(data);
  const again = await pugmark(["init", "--json", "--data", data, "--email", "other@example.com"]);
  assert.equal(again.code, 0);
  const second = JSON.parse(again.stdout);
  assert.deepEqual([second.email, second.password, second.api_key], ["owner@example.com", null, null]);
  assert.deepEqual(contents(data), before);
  const told = await pugmark(["init", "--data", data]);
  assert.match(told.stdout, /Nothing was changed/);
  const secrets = Object.keys(before).filter((name) => readFileSync(join(data, name)).includes(made.api_key));
  assert.deepEqual(secrets, [], "the key itself is kept nowhere");
});

// Two that made keys at once left the file of one and the store of the other: no server ever started on that.
test("of many inits at once one makes everything, and the others find it made", async (t) => {
  for (const name of ["a", "b"]) {
    const data = join(temporary_directory(t), name);
    const inits = Array.from({ length: 4 }, () => pugmark(["init", "--json", "--data", data, "--email", "owner@example.com"]));
    const results = await Promise.all(inits);
    assert.deepEqual(results.map(({ code, stderr }) => [code, stderr]), results.map(() => [0, ""]));
    const made = results.map(({ stdout }) => JSON.parse(stdout)).filter((one) => one.password || one.api_key);
    assert.equal(made.length, 1, "one has password and key to show");
    assert.match((await pugmark(["keys", "verify", "--data", data])).stdout, /^ +1 +its check value is right/m);
    const server = await start_server(t, { data });
    assert.equal((await server.api("GET", "/messages", undefined, { authorization: `Bearer ${made[0].api_key}` })).status, 200);
  }
});

test("a first init says nothing of a migration, for there is nothing to carry", async (t) => {
  const { stderr } = await pugmark(["init", "--data", join(temporary_directory(t), "data")]);
  assert.equal(stderr, "");
});

test("serve without init says what to do", async (t) => {
  const data = join(temporary_directory(t), "nothing");
  assert_refused(await serve(data), FAILED, /pugmark init --data/);
  assert.equal(existsSync(data), false, "and makes nothing");
  mkdirSync(data);
  assert_refused(await serve(data), FAILED, /pugmark init --data/);
  assert.deepEqual(readdirSync(data), []);
});

test("a port in use is one line and exit 1", async (t) => {
  const server = await start_server(t);
  const { data } = await init(t);
  const result = await pugmark(["serve", "--data", data, "--listen", `127.0.0.1:${server.port}`]);
  assert_refused(result, FAILED, new RegExp(`port ${server.port} is in use: .* choose another port`));
  assert.equal((await server.get("/healthz")).status, 200);
});

test("two servers on one data directory: the second is refused and the first goes on", async (t) => {
  const server = await start_server(t);
  assert_refused(await serve(server.data), FAILED, /another process has the journal in .* open, .*: stop it, or/);
  assert.equal((await server.send()).status, "queued");
});

test("a data directory that cannot be used is one line and exit 1", async (t) => {
  const file = join(temporary_directory(t), "file");
  writeFileSync(file, "mine\n");
  for (const command of [["init"], ["serve"], ["keys", "list"], ["user", "list"]])
    assert_refused(await pugmark([...command, "--data", file]), FAILED, /file/);
  assert_refused(await pugmark(["init", "--data", join(file, "below")]), FAILED, /below/);
  assert.equal(readFileSync(file, "utf8"), "mine\n");
});

const is_root = process.getuid() === 0 && "root may read everything";

test("a data directory that may not be read is one line and exit 1", { skip: is_root }, async (t) => {
  const { data } = await init(t);
  chmodSync(data, 0);
  const result = await serve(data);
  chmodSync(data, 0o700); // before it is removed
  assert_refused(result, FAILED, /cannot be used/);
});

test("a wrong key file is refused before anything is touched", async (t) => {
  const { data } = await init(t);
  const keys = join(data, "keys");
  const good = readFileSync(keys, "utf8");
  const key = "a".repeat(64);
  const out_of_range = [`0 ${key}\n`, `256 ${key}\n`];
  for (const bad of ["", "# nothing\n", "1 abc\n", ...out_of_range, `${good}2 ${key.replaceAll("a", "g")}\n`, "\0\xff\x01"]) {
    writeFileSync(keys, bad, "latin1");
    const before = contents(data);
    assert_refused(await serve(data), FAILED, /keys/);
    assert.deepEqual(contents(data), before, JSON.stringify(bad.slice(0, 20)));
  }
  assert_refused(await pugmark(["token", "x", "--key-file", join(data, "no-such")]), FAILED, /no-such/);
});

test("an older program leaves a newer store alone", async (t) => {
  const { data } = await init(t);
  const newest = "SELECT MAX(version) + 1, 'of tomorrow', MAX(applied_at) FROM schema_version";
  if (!sql(t, data, `INSERT INTO schema_version (version, name, applied_at) ${newest}`)) return;
  const before = contents(data);
  for (const command of [["serve", "--listen", "127.0.0.1:0"], ["init"], ["user", "list"]])
    assert_refused(await pugmark([...command, "--data", data]), FAILED, /newer/);
  assert.deepEqual(contents(data), before);
});

test("a key of the configuration that is not known is an error with its line", async (t) => {
  const { data } = await init(t);
  const config = join(data, "pugmark.conf");
  const cases = [
    ["[server]\nlisten = 127.0.0.1:0\ncolour = red\n", /line 3.*server\.colour/],
    ["[server]\nloops = many\n", /line 2.*loops/],
    ["[sending]\nprovider = pigeon\n", /line 2.*provider/],
    ["[server\n", /line 1/],
    ["[server]\nthis is nothing\n", /line 2/],
  ];
  for (const [text, words] of cases) {
    writeFileSync(config, text);
    assert_refused(await serve(data), FAILED, words);
  }
  writeFileSync(config, "");
  assert_refused(await pugmark(["serve", "--data", data, "--config", join(data, "none.conf")]), FAILED, /none\.conf/);
  const wrong = await pugmark(["serve", "--data", data], { env: { PUGMARK_SERVER_LOOPS: "-1" } });
  assert_refused(wrong, FAILED, /server\.loops/);
  writeFileSync(config, "[server]\nroles = edge\n");
  assert_refused(await serve(data), FAILED, /nobody applies; add apply/);
  assert_refused(await serve(data, "--roles", "edge,cook"), USAGE, /cook/);
  assert_refused(await serve(data, "--roles", "edge"), USAGE, /nobody applies; add apply/);
  writeFileSync(config, "[sending]\nprovider = smtp\n");
  assert_refused(await serve(data), FAILED, /smtp\.host/);
  writeFileSync(config, "");
  assert_refused(await serve(data, "--base-url", "javascript:alert(1)"), USAGE, /base_url/);
  assert_refused(await serve(data, "--listen", "8420"), USAGE, /'8420' is not ADDRESS:PORT/);
});

test("a start that fails over a setting names it", async (t) => {
  const { data } = await init(t);
  const { port } = await start_server(t);
  const cases = [
    ["[server]\nadmin_listen = 9100\n", /server\.admin_listen: '9100' is not ADDRESS:PORT/],
    ["[server]\nadmin_listen = 192.0.2.1:9100\n", /server\.admin_listen: this machine has no such address/],
    [`[server]\nadmin_listen = 127.0.0.1:${port}\n`, new RegExp(`server\\.admin_listen: port ${port} is in use`)],
    ["[store]\nurl = mysql://u:secret@db/x\n", /store\.url must be sqlite:PATH or postgresql:/],
    ["[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:1\n", /line 3: server\.listen is in line 2 already/],
  ];
  for (const [text, words] of cases) {
    writeFileSync(join(data, "pugmark.conf"), text);
    const refused = await serve(data);
    assert_refused(refused, FAILED, words);
    assert.doesNotMatch(refused.stderr, /secret/);
  }
  const same = ["127.0.0.1:9100", "0.0.0.0:9100", "[::]:9100"];
  for (const admin of same) {
    writeFileSync(join(data, "pugmark.conf"), `[server]\nlisten = 127.0.0.1:9100\nadmin_listen = ${admin}\n`);
    const words = /server\.admin_listen: '.*:9100' is where server\.listen is: give it another port/;
    assert_refused(await pugmark(["serve", "--data", data]), FAILED, words);
    assert_refused(await pugmark(["init", "--data", data]), FAILED, words);
  }
});

test("init refuses what serve or the sign-in would refuse later, and makes nothing", async (t) => {
  const data = join(temporary_directory(t), "data");
  const cases = [
    [["--email", "nonsense"], /'nonsense' is no mail address: there is no @ in it/],
    [["--base-url", "ftp://x"], /server\.base_url: 'ftp:\/\/x' is no http or https URL/],
    [["--listen", "nowhere"], /'nowhere' is not ADDRESS:PORT/],
  ];
  for (const [options, words] of cases) assert_refused(await pugmark(["init", "--data", data, ...options]), USAGE, words);
  assert.equal(existsSync(data), false);
  await pugmark(["init", "--data", data]);
  assert_refused(await pugmark(["user", "add", "nonsense", "--data", data]), FAILED, /'nonsense' is no mail address/);
  assert.equal((await pugmark(["user", "list", "--data", data])).stdout, "owner      admin@localhost.localdomain\n");
});

// Each of them let all mail leave untracked, and nobody was told.
test("a base URL that no link can begin with is refused by init, by serve and in the configuration", async (t) => {
  const { data } = await init(t);
  const cases = [
    ["https://t.example.com/x?y", /has a query/],
    ["https://t.example.com?", /has a query/],
    ["https://t.example.com/#f", /has a fragment/],
    ["https://user:pw@t.example.com", /has user and password/],
    ["https://[2001:db8::1]:8420", /has an IPv6 address/],
    ["https://t.example.com/a%20b", /letters, digits and - \. _ ~ \/ only/],
    ["https://t.example.com/a,b", /letters, digits and - \. _ ~ \/ only/],
    ["https://bücher.example/x", /not ASCII: write it as https:\/\/xn--bcher-kva\.example\/x/],
    ["https://t.example.com/ä", /no http or https URL/],
  ];
  const fresh = join(temporary_directory(t), "fresh");
  for (const [url, words] of cases) {
    const said = new RegExp(`server\\.base_url: .*(${words.source})`);
    assert_refused(await pugmark(["init", "--data", fresh, "--base-url", url]), USAGE, said);
    assert_refused(await serve(data, "--base-url", url), USAGE, said);
    writeFileSync(join(data, "pugmark.conf"), `[server]\nbase_url = ${url}\n`);
    assert_refused(await serve(data), FAILED, said);
    assert_refused(await pugmark(["init", "--data", data]), FAILED, said);
  }
  assert.equal(existsSync(fresh), false);
});

test("a server on an IPv6 address makes links that mail can carry", async (t) => {
  const server = await start_server(t, { args: ["--listen", "[::]:0"] });
  const sent = await server.send();
  assert.match(links_of(await server.preview(sent.id))[0], /^http:\/\/localhost:\d+\/c\//);
});

test("users have roles, keys have names, and either's help says only its own", async (t) => {
  const { data } = await init(t);
  const user = (await pugmark(["user", "--help"])).stdout;
  assert.match(user, /--role R .*default: member/);
  assert.match(user, /owner and admin reach all .*\n.*partner, sales_rep and member reach what they sent/);
  assert_refused(await pugmark(["user", "foo", "--data", data]), USAGE, /say 'add', 'passwd', 'role', 'remove' or 'list'/);
  assert.doesNotMatch(user, /--name/);
  const apikey = (await pugmark(["apikey", "--help"])).stdout;
  assert.match(apikey, /--name TEXT .*the key is for/);
  assert.doesNotMatch(apikey, /--role/);
  assert_refused(await pugmark(["apikey", "add", "--role", "owner", "--data", data]), USAGE, /unknown option '--role'/);
  assert_refused(await pugmark(["user", "list", "--name", "x", "--data", data]), USAGE, /unknown option '--name'/);
});

test("init shows a console that this machine reaches, whatever a proxy passes at the base URL", async (t) => {
  const directory = temporary_directory(t);
  const shown = async (name, config, ...options) => {
    const data = join(directory, name);
    mkdirSync(data, { mode: 0o700 });
    if (config) writeFileSync(join(data, "pugmark.conf"), `[server]\n${config}`);
    const { code, stdout, stderr } = await pugmark(["init", "--data", data, ...options]);
    assert.equal(code, 0, stderr);
    return [stdout.match(/Console +(\S+)/)[1], stdout.match(/curl (\S+)/)[1].replace("/api/v1/messages", "")];
  };
  const local = "http://127.0.0.1:8420";
  const secure = "base_url = https://t.example.com\n";
  assert.deepEqual(await shown("a", ""), [local, local]);
  assert.deepEqual(await shown("b", "", "--base-url", "https://t.example.com"), [local, local]);
  assert.deepEqual(await shown("c", `${secure}hosts = pugmark.example.com, x.internal\n`), ["https://pugmark.example.com", local]);
  assert.deepEqual(await shown("d", `${secure}hosts = *\nlisten = 0.0.0.0:9000\n`), ["http://localhost:9000", "http://localhost:9000"]);
  assert.deepEqual(await shown("e", "listen = [::]:9000\n"), ["http://localhost:9000", "http://localhost:9000"]);
});

test("keys verify warns of a file that others may read", async (t) => {
  const { data } = await init(t);
  const verify = () => pugmark(["keys", "verify", "--data", data]);
  assert.equal((await verify()).stderr, "");
  chmodSync(join(data, "keys"), 0o644);
  const { code, stdout, stderr } = await verify();
  assert.deepEqual([code, stdout], [0, "  1  its check value is right, the store knows it\n"]);
  assert.match(stderr, /^pugmark keys: \S+\/keys is open to other users of this machine \(mode 644\), .*: chmod 600 it\n$/);
});

test("wrong usage is exit 2 and says where help is", async () => {
  const unknown = [["dance"], ["serve", "--colour"], ["keys", "lose"], ["journal", "burn"]];
  for (const args of [...unknown, ["serve", "--listen"], ["token"], ["token", "a", "b"], ["init", "--json=yes"]])
    assert_refused(await pugmark(args), USAGE, /help|say|give/);
  const nothing = await pugmark([]);
  assert.equal(nothing.code, USAGE);
  assert.match(nothing.stderr, /usage:/);
  const commands = ["serve", "init", "rewrite", "journal"].map((command) => [command, "--help"]);
  for (const args of [["help"], ["--help"], ["--version"], ...commands]) {
    const { code, stdout, stderr } = await pugmark(args);
    assert.equal(code, 0, args.join(" "));
    assert.ok(stdout.length > 10);
    assert.equal(stderr, "");
  }
});

test("token says what a link says, and that a foreign one is not ours", async (t) => {
  const server = await start_server(t);
  const sent = await server.send();
  const html = await server.preview(sent.id);
  const said = async (url) => JSON.parse((await pugmark(["token", url, "--json", "--data", server.data])).stdout);
  const click = await said(links_of(html)[0]);
  assert.deepEqual([click.kind, click.message, click.destination], ["click", sent.id, "https://example.com/sale?a=1&b=2"]);
  const open = await said(token_of(pixel_of(html)));
  assert.deepEqual([open.kind, open.message, open.consent, open.key], ["open", sent.id, "full", 1]);
  const { data } = await init(t, "other");
  assert_refused(await pugmark(["token", links_of(html)[0], "--data", data]), FAILED, /not made with these keys/);
});

test("bench judge measures the agents of a list and of a table", async (t) => {
  const directory = temporary_directory(t);
  const list = join(directory, "agents.txt");
  const table = join(directory, "agents.tsv");
  writeFileSync(list, `${BROWSER_AGENT}\ncurl/8.0\n\nMozilla/5.0\n`);
  writeFileSync(table, `weight\tua\n0.5\t${BROWSER_AGENT}\n0.5\tcurl/8.0\n`);
  const result = await pugmark(["bench", "judge", "--json", "--rounds", "1", list, table]);
  assert.equal(result.code, 0, result.stderr);
  const figures = result.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(figures.map((f) => [f.bench, f.agents, f.count]), [["judge", list, 3], ["judge", table, 2]]);
  assert.ok(figures.every((f) => f.hits > 0 && f.ns_per_op > 0 && f.min_ns_per_op > 0));
  assert_refused(await pugmark(["bench", "judge", join(directory, "none")]), FAILED, /cannot be read/);
  writeFileSync(list, "");
  assert_refused(await pugmark(["bench", "judge", list]), FAILED, /has no agent/);
  assert_refused(await pugmark(["bench", "judge", "--rounds", "0", table]), USAGE, /--rounds/);
});

test("judge says who is behind a hit and why, one by one and in lines", async () => {
  const judge = async (...args) => JSON.parse((await pugmark(["judge", "--json", ...args])).stdout);
  const person = await judge("--ua", BROWSER_AGENT, "--kind", "click");
  assert.equal(person.actor, "human");
  assert.ok(person.reasons.length > 0 && person.confidence > 0 && person.confidence <= 1);
  assert.equal((await judge("--ua", "curl/8.0")).actor === "human", false);
  const gmail = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
  const lines = [{ kind: "open", ua: gmail }, { kind: "open", ua: BROWSER_AGENT }].map((hit) => JSON.stringify(hit));
  const batch = await pugmark(["judge", "--batch"], { input: `${lines.join("\n")}\n` });
  assert.deepEqual(batch.stdout.trim().split("\n").map((line) => JSON.parse(line).actor), ["proxy_human", "human"]);
});

test("judge speaks to people, with the code behind the words", async () => {
  const said = async (...args) => (await pugmark(["judge", ...args])).stdout;
  assert.equal(
    await said("--ua", "Mozilla/5.0"),
    "A prefetch, confidence 90 %\n" +
      "It was loaded ahead of time. Whether anybody looked, nobody can know, so it does not count.\n" +
      "\n" +
      "  Apple Mail privacy proxy  agent:apple_mpp\n" +
      "      Apple Mail's privacy protection loaded the image when the mail came in. Whether the reader saw\n" +
      "      it, nobody can know.\n",
  );
  const click = await said("--ua", BROWSER_AGENT, "--kind", "click", "--after", "12");
  assert.match(click, /^A person, confidence \d+ %\nIt counts\.\n\n  a browser by its name  browser\n  came 12 s after delivery  early:seconds=12\n/);
  const json = JSON.parse(await said("--json", "--ua", BROWSER_AGENT, "--kind", "click", "--after", "12"));
  assert.equal(json.why, "a browser by its name · came 12 s after delivery");
});

test("judge takes a method, headers and how the request came", async () => {
  const judge = async (...args) => JSON.parse((await pugmark(["judge", "--json", "--kind", "click", ...args])).stdout);
  const agent = ["--ua", BROWSER_AGENT];
  const language = ["--header", "Accept-Language: de"];
  const fetch = ["--header=sec-fetch-mode:navigate"];
  assert.deepEqual((await judge(...agent)).reasons, ["browser"], "what is not known counts against nobody");
  assert.deepEqual((await judge(...agent, ...language)).reasons, ["browser"]);
  assert.deepEqual((await judge(...agent, ...language, "--https")).reasons, ["browser", "no_sec_fetch"]);
  assert.deepEqual((await judge(...agent, ...fetch, "--https")).reasons, ["browser", "no_accept_language"]);
  assert.deepEqual((await judge(...agent, ...language, ...fetch, "--https")).reasons, ["browser"]);
  assert.deepEqual((await judge("--header", "User-Agent: curl/8.0")).reasons, ["agent:curl"]);
  assert.deepEqual((await judge(...agent, "--header", "X-Moz: prefetch")).reasons, ["purpose:prefetch"]);
  for (const method of ["HEAD", "OPTIONS", "PROPFIND", "POST"])
    assert.deepEqual((await judge(...agent, "--method", method)).reasons, [`method:${method.toLowerCase()}`]);
  assert.equal((await judge(...agent, "--method", "GET")).actor, "human");
  assert.equal((await judge(...agent, "--kind", "unsubscribe", "--method", "POST")).actor, "human");
  assert_refused(await pugmark(["judge", "--header", "nonsense"]), USAGE, /--header wants 'Name: value'/);
  assert_refused(await pugmark(["judge", "--kind", "press"]), USAGE, /--kind is/);
  const lines = [
    { kind: "click", ua: BROWSER_AGENT, https: true, headers: { "accept-language": "de" } },
    { kind: "click", ua: BROWSER_AGENT, method: "OPTIONS" },
  ];
  const batch = await pugmark(["judge", "--batch"], { input: lines.map((hit) => `${JSON.stringify(hit)}\n`).join("") });
  assert.deepEqual(batch.stdout.trim().split("\n").map((line) => JSON.parse(line).reasons), [["browser", "no_sec_fetch"], ["method:options"]]);
  const wrong = await pugmark(["judge", "--batch"], { input: '{"kind":"press"}\n' });
  assert_refused(wrong, FAILED, /line 1: kind is open, click or unsubscribe/);
});

test("a list of keys says when each was used last", async (t) => {
  const server = await start_server(t);
  const data = ["--data", server.data];
  const { stdout } = await pugmark(["apikey", "add", "--name", "crm", ...data]);
  const authorization = `Bearer ${stdout.match(/pmk_\S+/)[0]}`;
  const line_of = async () => (await pugmark(["apikey", "list", ...data])).stdout.split("\n").find((line) => line.endsWith(" crm"));
  assert.match(await line_of(), / valid +never used +send,read,admin,track +crm$/);
  assert.equal((await server.api("GET", "/messages/nothing", undefined, { authorization })).status, 404);
  const used = / valid +\d{4}-\d\d-\d\dT\d\d:\d\dZ +send,read,admin,track +crm$/;
  await until(async () => used.test(await line_of()), "the use to be noted");
  await pugmark(["apikey", "revoke", (await line_of()).split(" ")[0], ...data]);
  assert.equal((await server.api("GET", "/me", undefined, { authorization })).status, 401);
  assert.match(await line_of(), / revoked +\d{4}-/, "what it was is still known");
});

test("a data directory that has lost its keys is not told to make new ones", async (t) => {
  const server = await start_server(t);
  await server.stop();
  rmSync(join(server.data, "keys"));
  const { code, stderr } = await pugmark(["serve", "--data", server.data, "--listen", "127.0.0.1:0"]);
  assert.equal(code, 1);
  assert.match(stderr, /^pugmark serve: \S+\/keys is missing, and the store is there: copy the file from another server of it, or out of your backup\n$/);
});

test("init makes nothing for settings that serve would refuse", async (t) => {
  const data = join(temporary_directory(t), "data");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, "pugmark.conf"), "[server]\nbase_url = t.example.com\n");
  const { code, stderr } = await pugmark(["init", "--data", data]);
  assert.equal(code, 1);
  assert.match(stderr, /^pugmark init: server\.base_url: 't\.example\.com' is no http or https URL\n$/);
  assert.deepEqual(readdirSync(data), ["pugmark.conf"]);
});

test("help on a command is its own, and there is none on what is no command", async () => {
  const of_keys = await pugmark(["help", "keys"]);
  assert.deepEqual(of_keys, await pugmark(["keys", "--help"]));
  const of_nothing = await pugmark(["help", "kyes"]);
  assert.deepEqual([of_nothing.code, of_nothing.stderr], [2, "pugmark: there is no help on 'kyes'; see 'pugmark help'\n"]);
});

test("after a rotation old links work and new ones are made with the new key", async (t) => {
  const server = await start_server(t);
  const link = links_of(await server.preview((await server.send()).id))[0];
  await server.stop();
  assert.equal((await pugmark(["keys", "rotate", "--data", server.data])).code, 0);
  const { stdout } = await pugmark(["keys", "list", "--data", server.data]);
  assert.match(stdout, /^ +1 +opens old links\n +2 +seals new links/);
  await server.start();
  const fresh = links_of(await server.preview((await server.send()).id))[0];
  for (const [url, key] of [[link, 1], [fresh, 2]]) {
    const answer = await server.get(url);
    assert.equal(answer.headers.get("location"), "https://example.com/sale?a=1&b=2");
    const said = await pugmark(["token", url, "--json", "--data", server.data]);
    assert.equal(JSON.parse(said.stdout).key, key);
  }
});

test("rewrite takes HTML on standard input, and --identity gives it back byte for byte", async (t) => {
  const html = '<p>caf\u00e9 <a href="https://example.com/?a=1&amp;b=2">x</a> <a href=mailto:a@b.c>y</a></p>\r\n';
  const report = join(temporary_directory(t), "report.json");
  const made = await pugmark(["rewrite", "--base-url", "https://t.example.com", "--report", report], { input: html });
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /href="https:\/\/t\.example\.com\/c\/[A-Za-z0-9_-]+"/);
  assert.match(made.stdout, /href=mailto:a@b\.c/);
  assert.match(made.stdout, /https:\/\/t\.example\.com\/o\/[A-Za-z0-9_-]+\.gif/);
  const said = JSON.parse(readFileSync(report, "utf8"));
  const bytes = Buffer.from(html);
  assert.equal(said.bytes_in, bytes.length);
  assert.equal(said.bytes_out, Buffer.byteLength(made.stdout));
  assert.equal(bytes.subarray(said.links[0].start, said.links[0].end).toString(), "https://example.com/?a=1&amp;b=2");
  assert.equal(said.links[0].url, "https://example.com/?a=1&b=2");
  const same = await pugmark(["rewrite", "--identity"], { input: html });
  assert.equal(same.stdout, html);
  assert.equal((await pugmark(["rewrite", "--identity", "-"], { input: html })).stdout, html);
  const shown = '<a href="https://example.com/">https://example.com/</a>';
  const left = await pugmark(["rewrite", "--visible-urls", "off", "--pixel", "off"], { input: shown });
  assert.equal(left.stdout, shown);
  assert_refused(await pugmark(["rewrite", "--visible-urls", "no"]), USAGE, /--visible-urls/);
  assert_refused(await pugmark(["rewrite", "/no/such/file"]), FAILED, /no\/such\/file/);
  assert_refused(await pugmark(["rewrite", "a.html", "b.html"]), USAGE, /one file at a time; not b\.html/);
});

test("journal verify reads everything and finds a changed byte", async (t) => {
  const server = await start_server(t, { damages_journal: true });
  const sent = await server.send();
  await server.get(pixel_of(await server.preview(sent.id)), { "user-agent": BROWSER_AGENT });
  await server.events_of(sent.id, 1, "type=email.opened");
  await server.stop();
  const verify = (...more) => pugmark(["journal", "verify", "--data", server.data, ...more]);
  const good = await verify("--json");
  assert.equal(good.code, 0, good.stderr);
  const said = JSON.parse(good.stdout);
  assert.equal(said.damaged, 0);
  assert.ok(said.records >= 3, good.stdout);
  const dump = await pugmark(["journal", "dump", "--json", "--data", server.data]);
  assert.equal(dump.stdout.trim().split("\n").length, said.records);
  const segment = join(server.data, "journal", said.segments[0].name);
  const bytes = readFileSync(segment);
  const flip = (at) => {
    const copy = Buffer.from(bytes);
    copy[at] ^= 1;
    writeFileSync(segment, copy);
    return verify();
  };
  const first = await flip(4096 + 20); // behind the header
  assert.equal(first.code, FAILED);
  assert.match(first.stdout, /DAMAGED at offset \d+/);
  assert.match(first.stdout, /pugmark journal salvage/);
  const last = await flip(said.segments[0].used_bytes - 20); // by itself like an end that was cut off; the mark beside the journal tells
  assert.equal(last.code, FAILED);
  assert.match(last.stdout, /DAMAGED at offset \d+|acknowledged records \(\d+ to \d+\) are missing behind the end/);
});

test("a user who was added can sign in, and a new password ends the old", async (t) => {
  const server = await start_server(t);
  const password_in = (text) => text.match(/^Password +(\S+)$/m)[1];
  const added = await pugmark(["user", "add", "second@example.com", "--role", "member", "--data", server.data]);
  assert.equal(added.code, 0, added.stderr);
  const sign_in = async (password) =>
    (await server.api("POST", "/session", { email: "second@example.com", password }, { authorization: "" })).status;
  assert.equal(await sign_in(password_in(added.stdout)), 200);
  const changed = await pugmark(["user", "passwd", "second@example.com", "--data", server.data]);
  assert.equal(await sign_in(password_in(added.stdout)), 401);
  assert.equal(await sign_in(password_in(changed.stdout)), 200);
  assert_refused(await pugmark(["user", "add", "second@example.com", "--data", server.data]), FAILED, /already/);
  assert_refused(await pugmark(["user", "passwd", "nobody@example.com", "--data", server.data]), FAILED, /nobody/);
});

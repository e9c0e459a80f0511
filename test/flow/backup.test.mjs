// SPDX-License-Identifier: Apache-2.0
// A backup that is made under load has everything that was answered before, and what is restored from it keeps old links
// good, sends nothing a second time by itself, and gives no id twice.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { no_postgres, start_postgres } from "../harness/postgres.mjs";
import { BROWSER_AGENT, Server, links_of, mail, program, pugmark, start_server, temporary_directory } from "../harness/pugmark.mjs";

const DESTINATION = "https://example.com/sale?a=1&b=2";

async function run(args, options) {
  const done = await pugmark(args, options);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout;
}

const backup = async (server, file, options) => JSON.parse(await run(["backup", file, "--json", "--data", server.data], options));

const restore = async (file, data, options) => JSON.parse(await run(["restore", file, "--json", "--data", data], options));

/** A server on what was restored, with the keys and words of the one that it was made of. */
async function start_restored(t, server, data, options = {}) {
  const restored = new Server(data, server.made, { ...server.options, ...options });
  t.after(() => restored.stop("SIGKILL"));
  return restored.start();
}

const fresh = (t) => join(temporary_directory(t), "data");

/** Clicks by a reader of its own each, so that none is a repeat. */
async function click(server, link, n) {
  const answer = await server.get(link, { "user-agent": `${BROWSER_AGENT} n/${n}`, "x-forwarded-for": `203.0.113.${n % 250}` });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), DESTINATION);
}

const PATIENT = { PUGMARK_JOURNAL_MAX_WAIT_MS: "60000", PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" };

test("a backup that is made under load has all that was answered before, and its links stay good", async (t) => {
  const server = await start_server(t, { env: PATIENT });
  const [link] = links_of(await server.preview((await server.send()).id));
  let answered = 0;
  let is_over = false;
  const load = (async () => {
    for (let n = 0; !is_over; n++) {
      await click(server, link, n);
      answered++;
    }
  })();
  while (answered < 50) await new Promise((r) => setTimeout(r, 5));
  const file = join(temporary_directory(t), "b.tar.zst");
  const before = answered;
  const made = await backup(server, file);
  is_over = true;
  await load;
  assert.equal(made.has_store, true);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, "..")), ["b.tar.zst"], "nothing is left beside it");
  const ids = new Set((await server.settled_events("type=click")).map((e) => e.id));
  await server.stop();

  const data = fresh(t);
  await restore(file, data);
  const restored = await start_restored(t, server, data);
  const kept = await restored.settled_events("type=click");
  const hits = (list) => list.reduce((sum, e) => sum + 1 + (e.repeats ?? 0), 0);
  assert.ok(hits(kept) >= before, `${hits(kept)} of ${before} that were answered before`);
  for (const e of kept) assert.ok(ids.has(e.id), "an event that was there has its id");
  await click(restored, link, 9999);
  const [newest] = await restored.settled_events("type=click");
  assert.ok(!ids.has(newest.id), "a new event has an id that none had");
  assert.equal(await restored.verify_journal(), "");
});

test("mail that may have left since the backup is in doubt, and what is due later is sent then", async (t) => {
  const server = await start_server(t, { args: ["--roles", "edge,api,apply"] });
  const sent = [];
  for (let i = 0; i < 20; i++) sent.push((await server.send({ to: { email: `q${i}@example.com` } }, null)).id);
  const later = (await server.send({ send_at: new Date(Date.now() + 3600e3).toISOString() }, null)).id;
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file);
  await server.stop();
  const data = fresh(t);
  const done = await restore(file, data);
  assert.equal(done.in_doubt, 20);
  assert.equal(done.scheduled, 1);
  assert.equal(done.resent, 0);
  const restored = await start_restored(t, server, data, { args: [] });
  const doubted = (await restored.api("GET", "/messages/in-doubt")).body.data;
  assert.deepEqual(doubted.map((m) => m.id).sort(), [...sent].sort());
  assert.equal((await restored.message(later)).status, "scheduled");
  const again = await restored.api("POST", `/messages/${sent[0]}/resolve`, { as: "resend" });
  assert.equal(again.status, 200, JSON.stringify(again.body));
  await restored.message_in(sent[0], "delivered");
  assert.equal(readdirSync(join(data, "outbox")).filter((n) => n.endsWith(".eml")).length, 1, "nothing else has left");
  const summary = (await restored.api("GET", "/stats/summary?from=2000-01-01&to=2100-01-01")).body;
  assert.equal(summary.in_doubt, 19);
});

test("transactional mail is sent again after a restore where the configuration says so", async (t) => {
  const env = { PUGMARK_SENDING_RESEND_IN_DOUBT: "on" };
  const server = await start_server(t, { args: ["--roles", "edge,api,apply"], env });
  await server.send({ stream: "transactional" }, null);
  await server.send({ stream: "bulk" }, null);
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file);
  await server.stop();
  const done = await restore(file, fresh(t), { env });
  assert.deepEqual([done.in_doubt, done.resent], [1, 1]);
});

test("a backup needs no server, and tar and sha256sum can look into it", async (t) => {
  const server = await start_server(t);
  await server.stop();
  writeFileSync(join(server.data, "pugmark.conf"), "[tracking]\nhoneypot = off\n");
  const file = join(temporary_directory(t), "b.tar.zst");
  const text = await run(["backup", file, "--data", server.data]);
  assert.match(text, /with the keys, pugmark\.conf and the store/);
  const inside = temporary_directory(t);
  const tar = spawnSync("tar", ["--zstd", "-xf", file, "-C", inside], { encoding: "utf8" });
  assert.equal(tar.status, 0, tar.stderr);
  assert.deepEqual(readdirSync(inside).sort(), ["SHA256SUMS", "backup.json", "keys", "pugmark.conf", "pugmark.db"]);
  const sums = spawnSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: inside, encoding: "utf8" });
  assert.equal(sums.status, 0, sums.stdout + sums.stderr);
  assert.equal(readFileSync(join(inside, "keys"), "utf8"), readFileSync(join(server.data, "keys"), "utf8"));
  const data = fresh(t);
  await restore(file, data);
  assert.equal(readFileSync(join(data, "pugmark.conf"), "utf8"), "[tracking]\nhoneypot = off\n");
});

test("a restore wants an empty directory and a whole backup, and leaves nothing behind when it has neither", async (t) => {
  const server = await start_server(t);
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file);
  await server.stop();
  const used = await pugmark(["restore", file, "--data", server.data]);
  assert.equal(used.code, 1);
  assert.match(used.stderr, /is not empty: a backup is restored into an empty data directory/);
  const good = readFileSync(file);
  const damages = [good.subarray(0, good.length - 1), good.subarray(0, good.length >> 1), Buffer.from("no backup at all")];
  for (let at = 20; at < good.length; at += Math.ceil(good.length / 6)) {
    const flipped = Buffer.from(good);
    flipped[at] ^= 1;
    damages.push(flipped);
  }
  for (const [n, bytes] of damages.entries()) {
    writeFileSync(file, bytes);
    const data = fresh(t);
    const done = await pugmark(["restore", file, "--data", data]);
    assert.equal(done.code, 1, `damage ${n} was not noticed`);
    assert.match(done.stderr, /^pugmark restore: the backup is damaged: /);
    assert.equal(existsSync(data), false);
  }
  const empty = fresh(t);
  mkdirSync(empty, { mode: 0o700 });
  writeFileSync(file, good);
  await restore(file, empty);
  assert.equal(existsSync(join(empty, "keys")), true);
});

/** All that a restore may leave when it is killed: nothing, what does not start, or what is whole. */
test("a restore that is killed leaves nothing that sends mail twice, whatever is done with it", async (t) => {
  const server = await start_server(t, { args: ["--roles", "edge,api,apply"] });
  const messages = Array.from({ length: 300 }, (_, i) => mail({ to: { email: `k${i}@example.com` } }));
  assert.equal((await server.api("POST", "/messages/batch", { messages })).status, 202);
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file);
  await server.stop();
  const seen = { nothing: 0, broken_off: 0, whole: 0 };
  const began = Date.now();
  await restore(file, fresh(t));
  const whole_ms = Date.now() - began;
  for (let tenth = 1; tenth <= 12; tenth++) {
    const data = fresh(t);
    spawnSync(program, ["restore", file, "--data", data], { timeout: Math.ceil((whole_ms * tenth) / 10), killSignal: "SIGKILL" });
    const names = existsSync(data) ? readdirSync(data) : [];
    if (names.length === 0) {
      seen.nothing++;
      continue;
    }
    if (!names.includes("keys")) {
      seen.broken_off++;
      const again = await pugmark(["restore", file, "--data", data]);
      assert.match(again.stderr, /a restore into '.*' was broken off: remove it, and restore again|is not empty/);
      if (names.includes("keys.part")) for (const words of [["serve"], ["init"]]) assert.match((await pugmark([...words, "--data", data])).stderr, /a restore into '.*' was broken off/);
      rmSync(join(data, "keys.part"), { force: true });
      writeFileSync(join(data, "keys"), readFileSync(join(server.data, "keys")), { mode: 0o600 });
      if (!names.includes("pugmark.db")) continue;
    } else {
      seen.whole++;
    }
    const restored = await start_restored(t, server, data, { args: [] });
    assert.equal((await restored.api("GET", "/stats/summary?from=2000-01-01&to=2100-01-01")).body.in_doubt, 300, `killed after ${tenth} tenths of the time`);
    await restored.stop();
  }
  t.diagnostic(JSON.stringify(seen));
});

test("nobody is signed in after a restore", async (t) => {
  const server = await start_server(t);
  const signed = await server.request("POST", "/api/v1/session", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: server.made.email, password: server.made.password }),
  });
  const cookie = signed.headers.get("set-cookie")?.split(";")[0];
  assert.ok(cookie, `signed in: ${signed.status}`);
  assert.equal((await server.request("GET", "/api/v1/messages?limit=1", { headers: { cookie } })).status, 200);
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file);
  await server.stop();
  const data = fresh(t);
  await restore(file, data);
  const restored = await start_restored(t, server, data);
  assert.equal((await restored.request("GET", "/api/v1/messages?limit=1", { headers: { cookie } })).status, 401);
});

test("of a PostgreSQL store the backup has the keys, and says what it has not", { skip: no_postgres }, async (t) => {
  const postgres = await start_postgres(t);
  const env = { PUGMARK_STORE_URL: postgres.url };
  const server = await start_server(t, { env });
  const file = join(temporary_directory(t), "b.tar.zst");
  const text = await run(["backup", file, "--data", server.data], { env });
  assert.match(text, /THE STORE IS NOT IN IT: it is a PostgreSQL database\. .*pg_dump/s);
  const data = fresh(t);
  const words = await run(["restore", file, "--data", data], { env });
  assert.match(words, /If it was put back by its own means, .* WOULD BE SENT AGAIN: .* restore with --database/s);
  assert.equal(readFileSync(join(data, "keys"), "utf8"), readFileSync(join(server.data, "keys"), "utf8"));
  rmSync(file);
});

test("a PostgreSQL database that was put back sends nothing a second time once it is restored with --database", { skip: no_postgres }, async (t) => {
  const postgres = await start_postgres(t);
  const env_of = (database) => ({ PUGMARK_STORE_URL: postgres.url.replace("/postgres?", `/${database}?`) });
  postgres.query("CREATE DATABASE mail");
  const server = await start_server(t, { args: ["--roles", "edge,api,apply"], env: env_of("mail") });
  const sent = [];
  for (let i = 0; i < 5; i++) sent.push((await server.send({ to: { email: `q${i}@example.com` } }, null)).id);
  const [link] = links_of(await server.preview(sent[0]));
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file, { env: env_of("mail") });
  const alive = await pugmark(["restore", file, "--database", "--data", fresh(t)], { env: env_of("mail") });
  assert.equal(alive.code, 1);
  assert.match(alive.stderr, /the database was in use less than two minutes ago, by node 1: stop the servers/);
  await server.stop();
  postgres.query("CREATE DATABASE put_back TEMPLATE mail");
  postgres.query("CREATE DATABASE empty");

  const empty = await pugmark(["restore", file, "--database", "--data", fresh(t)], { env: env_of("empty") });
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /there is nothing in the database yet: put it back first/);
  const data = fresh(t);
  const done = JSON.parse(await run(["restore", file, "--database", "--json", "--data", data], { env: env_of("put_back") }));
  assert.deepEqual([done.in_doubt, done.resent, done.scheduled], [5, 0, 0]);
  assert.notEqual(done.node, 1, "a node of its own");
  const restored = await start_restored(t, server, data, { args: [], env: env_of("put_back") });
  const doubted = (await restored.api("GET", "/messages/in-doubt")).body.data;
  assert.deepEqual(doubted.map((m) => m.id).sort(), [...sent].sort());
  await click(restored, link, 1);
  const mine = await restored.send();
  assert.equal(readdirSync(join(data, "outbox")).filter((n) => n.endsWith(".eml")).length, 1, `nothing but ${mine.id} has left`);
});

test("a backup replaces an earlier one, and nothing else", async (t) => {
  const server = await start_server(t);
  const directory = temporary_directory(t);
  const file = join(directory, "b.tar.zst");
  await backup(server, file);
  await backup(server, file);
  symlinkSync(join(directory, "nowhere"), join(directory, "link"));
  writeFileSync(join(directory, "letter"), "Dear");
  spawnSync("mkfifo", [join(directory, "pipe")]);
  for (const [path, why] of [
    [join(server.data, "pugmark.db"), /is there and no backup: name another file, or remove it/],
    [join(server.data, "keys"), /is there and no backup/],
    [join(directory, "letter"), /is there and no backup/],
    [join(directory, "link"), /is there and no file/],
    [join(directory, "pipe"), /is there and no file/],
    [directory, /is there and no file/],
    [join(directory, "not", "there"), /No such file or directory/],
  ]) {
    const before = statSync(path, { throwIfNoEntry: false })?.ino;
    const refused = await pugmark(["backup", path, "--data", server.data]);
    assert.equal(refused.code, 1, path);
    assert.match(refused.stderr, why);
    assert.equal(statSync(path, { throwIfNoEntry: false })?.ino, before);
  }
  assert.deepEqual(readdirSync(directory).sort(), ["b.tar.zst", "letter", "link", "pipe"]);
});

test("--database is refused for a backup that has its store", async (t) => {
  const server = await start_server(t);
  const file = join(temporary_directory(t), "b.tar.zst");
  await backup(server, file);
  const data = fresh(t);
  const refused = await pugmark(["restore", file, "--database", "--data", data]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /--database is for a PostgreSQL database, and this backup has its store in it/);
  assert.equal(existsSync(data), false);
});

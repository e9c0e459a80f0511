// SPDX-License-Identifier: Apache-2.0
// An operator's lists of networks: what they change, that a new file changes the next verdict, and that no file stops
// the server.
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { pixel_of, pugmark, start_server, temporary_directory, until } from "../harness/pugmark.mjs";

const APPLE = "172.224.224.5";
const ELSEWHERE = "203.0.113.77";
const APPLE_MAIL = "Mozilla/5.0"; // with privacy protection

const MPP = { actor: "prefetch", reasons: ["agent:apple_mpp"], confidence: 0.99 };
const NOT_MPP = { actor: "scanner", reasons: ["agent:bare_mozilla"], confidence: 0.8 };

function lists_in(t) {
  const directory = temporary_directory(t);
  const lists = { egress: join(directory, "egress-ip-ranges.csv"), asn: join(directory, "asn.csv") };
  lists.conf = join(directory, "lists.conf");
  writeFileSync(lists.conf, "[judge]\napple_egress_file = egress-ip-ranges.csv\nasn_file = asn.csv\n[server]\ntrusted_proxies = 127.0.0.1\n");
  /** As an operator should: a new file under another name, then moved. */
  lists.put = (path, text) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  return lists;
}

async function open_from(server, address) {
  const { id } = await server.send();
  await server.get(pixel_of(await server.preview(id)), { "x-forwarded-for": address, "user-agent": APPLE_MAIL });
  const [{ actor, reasons, confidence }] = await server.events_of(id, 1, "type=email.opened");
  return { actor, reasons, confidence };
}

async function metric(server, name) {
  const text = await (await server.get("/metrics")).text();
  return Number(text.match(new RegExp(`^pugmark_${name} (\\d+)$`, "m"))?.[1]);
}

test("Apple's list tells privacy protection from those who say the same, and a new list counts for the next hit", async (t) => {
  const lists = lists_in(t);
  lists.put(lists.egress, "172.224.224.0/27,US,US-CA,\n");
  lists.put(lists.asn, "198.51.100.0,198.51.100.255,16509,Amazon\n");
  const server = await start_server(t, { args: ["--config", lists.conf], warns: [/judge\.list_refused/] });
  assert.deepEqual(await open_from(server, APPLE), MPP);
  assert.deepEqual(await open_from(server, ELSEWHERE), NOT_MPP);
  assert.match(server.log, /judge\.list_loaded list=apple_egress .*rows=1 /);
  assert.match(await (await server.get("/readyz")).text(), /^ready\nlist apple_egress: 1 rows, read \d{4}-.*\nlist asn: 1 rows/);

  lists.put(lists.egress, "203.0.113.0/24,DE,,\n198.18.0.0/24,DE,,\n");
  await until(async () => (await metric(server, "judge_apple_egress_rows")) === 2, "the new list");
  assert.deepEqual(await open_from(server, ELSEWHERE), MPP);
  assert.deepEqual(await open_from(server, APPLE), NOT_MPP);
  assert.equal(await metric(server, "judge_asn_rows"), 1);

  lists.put(lists.egress, "203.0.113.0/24,DE,,\n<html>\n");
  await until(async () => (await metric(server, "judge_apple_egress_refused")) === 1, "the bad list to be refused");
  assert.deepEqual(await open_from(server, ELSEWHERE), MPP);
  assert.match(server.log, /judge\.list_refused list=apple_egress .*rows_kept=2 .*line 2 has no range of addresses/);
});

test("a list that cannot be used does not keep the server from starting, and counts when it is mended", async (t) => {
  const lists = lists_in(t);
  lists.put(lists.egress, "172.224.224.0/27,US,US-CA,\noops\n");
  const server = await start_server(t, { args: ["--config", lists.conf], warns: [/judge\.list_refused/] });
  assert.equal((await open_from(server, ELSEWHERE)).confidence, 0.9);
  assert.match(server.log, /judge\.list_refused list=apple_egress .*line 2 /);
  assert.match(server.log, /judge\.list_refused list=asn .*No such file/);
  lists.put(lists.egress, "172.224.224.0/27,US,US-CA,\n");
  await until(async () => (await metric(server, "judge_apple_egress_rows")) === 1, "the mended list");
  assert.deepEqual(await open_from(server, ELSEWHERE), NOT_MPP);
  assert.equal(server.log.match(/list_refused list=asn/g).length, 1, "said once, though looked at several times");
});

test("pugmark judge reads the configured lists, or those it is given", async (t) => {
  const lists = lists_in(t);
  lists.put(lists.egress, "172.224.224.0/27,US,US-CA,\n");
  lists.put(lists.asn, "203.0.113.0,203.0.113.255,16509,Amazon\n");
  const judge = async (ip, ...more) => {
    const { code, stdout, stderr } = await pugmark(["judge", "--json", "--ua", APPLE_MAIL, "--ip", ip, ...more]);
    assert.equal(code, 0, stderr);
    const { actor, reasons, confidence } = JSON.parse(stdout);
    return { actor, reasons, confidence };
  };
  assert.deepEqual(await judge(APPLE, "--config", lists.conf), MPP);
  assert.deepEqual(await judge(ELSEWHERE, "--config", lists.conf), NOT_MPP);
  assert.deepEqual(await judge(APPLE, "--apple-egress", lists.egress), MPP);
  assert.deepEqual(await judge(ELSEWHERE, "--asn", lists.asn), NOT_MPP);
  const bad = await pugmark(["judge", "--ua", APPLE_MAIL, "--asn", lists.conf]);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /lists\.conf: line 1 has no range of addresses/);
  const batch = await pugmark(["judge", "--batch", "--config", lists.conf], {
    input: [APPLE, ELSEWHERE].map((ip) => JSON.stringify({ ua: APPLE_MAIL, ip })).join("\n") + "\n",
  });
  assert.deepEqual(batch.stdout.trim().split("\n").map((line) => JSON.parse(line).actor), ["prefetch", "scanner"]);
});

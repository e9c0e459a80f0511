// SPDX-License-Identifier: Apache-2.0
// pugmark bench traffic: on a population whose truth is known the judge meets its bar, and simpler filters do not.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus, pugmark, temporary_directory } from "../harness/pugmark.mjs";

const has_corpus = existsSync(join(corpus, "ua", "humans_weighted.tsv"));
const without_corpus = has_corpus ? false : `SKIP: there is no corpus at ${corpus} (PUGMARK_CORPUS)`;
/** As large as the figures in doc/judging.md, with a seed that no rule was tuned with: a small population is off by chance alone. */
const UNSEEN = ["bench", "traffic", "--corpus", corpus, "--seed", "20261121"];

test("the judge meets the bar, and what filters less or only by agents does not", { skip: without_corpus }, async (t) => {
  const directory = temporary_directory(t);
  const { code, stdout, stderr } = await pugmark([...UNSEEN, "--json"], { env: { TMPDIR: directory } });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "", "no progress where nobody looks");
  const report = JSON.parse(stdout);
  assert.equal(report.seed, 20261121);
  assert.equal(report.messages, 100000);
  const [own, ...rivals] = report.contenders;
  assert.equal(own.name, "pugmark");
  assert.ok(own.classes.clicks.precision >= 0.99 && own.classes.clicks.recall >= 0.99, JSON.stringify(own.classes.clicks));
  for (const [number, percent] of Object.entries(own.headline_error_percent)) assert.ok(Math.abs(percent) <= 1, `${number}: ${percent} %`);
  assert.equal(own.meets_bar, true);
  assert.deepEqual(rivals.map((r) => r.name), ["no_filter", "agent_list", "two_of_three"]);
  for (const rival of rivals) {
    assert.equal(rival.meets_bar, false, rival.name);
    assert.ok(rival.headline_error_percent.clicks > 20, rival.name);
  }
  const judged = new Map(report.behaviours.map((b) => [b.name, b]));
  assert.equal(judged.get("apple_mpp").opens.prefetch, Object.values(judged.get("apple_mpp").opens).reduce((a, b) => a + b));
  assert.deepEqual(readdirSync(directory), [], "it leaves nothing behind");
});

test("the table says the same for people, and the same seed the same", { skip: without_corpus }, async () => {
  const args = ["bench", "traffic", "--corpus", corpus, "--messages", "3000", "--seed", "5"];
  const [first, second] = await Promise.all([pugmark(args), pugmark(args)]);
  assert.equal(first.code, 0, first.stderr);
  for (const line of ["clicks by people", "pugmark", "no filter", "list of agents", "two of three", "truth", "sweep of all links"])
    assert.match(first.stdout, new RegExp(`^${line} `, "m"));
  const without_time = (text) => text.replace(/replayed in .*/, "");
  assert.equal(without_time(first.stdout), without_time(second.stdout));
});

test("what is missing is said in one line", async () => {
  const none = await pugmark(["bench", "traffic"], { env: { PUGMARK_CORPUS: undefined } });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /^pugmark bench traffic: name a corpus [^\n]*--corpus DIR[^\n]*\n$/);
  const wrong = await pugmark(["bench", "traffic", "--corpus", "/nowhere"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^pugmark bench traffic: \/nowhere\/ua\/humans_weighted.tsv cannot be read[^\n]*\n$/);
  const odd = await pugmark(["bench", "traffic", "--corpus", corpus, "--messages", "0"]);
  assert.equal(odd.code, 2);
  assert.match(odd.stderr, /^pugmark bench traffic: a seed is a number, messages are 1 to 5000000\n$/);
});

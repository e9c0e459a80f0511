#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// `make exam`: the long forms of the tests that doc/exam.md lists, one after the other. Each is done again with another
// seed until its time is over, once at least; a line says what was done in it. Exit 1 when one fails.
//
//   EXAM=T1,T7       only these (also those that are not done without being asked for: they take hours)
//   EXAM_SECONDS=60  how long each goes on; the last round is done to its end
//   EXAM_SEED=N      where it begins; a line that failed says with which seed
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { TESTS } from "./tests.mjs";
import { build, node_tests, root, run, unit_tests } from "../harness/suite.mjs";

const seconds = Number(process.env.EXAM_SECONDS ?? 60);
const first_seed = Number(process.env.EXAM_SEED ?? Math.floor(Math.random() * 1e6) + 1);
const asked = (process.env.EXAM ?? "").split(/[\s,]+/).filter(Boolean);
const LONGEST_MS = 12 * 3600 * 1000;

const parts = [...unit_tests(), ...node_tests("flow"), ...node_tests("crash"), ...node_tests("browser")];

/** The programs that a test of the exam consists of. */
function programs_of(test) {
  if (test.command) return [{ name: test.t, command: test.command.map((word) => word.replace("{build}", build)), env: {} }];
  return test.parts.map((name) => {
    const part = parts.find((p) => p.name === name);
    if (!part) throw new Error(`${test.t}: there is no ${name}`);
    return part;
  });
}

/** What the programs said they did, by the words of tests.mjs: the sum of each number. */
function add_counts(counts, test, output) {
  for (const [what, pattern] of Object.entries(test.counts ?? {}))
    for (const match of output.matchAll(pattern)) counts.set(what, (counts.get(what) ?? 0) + Number(match[1].replaceAll(",", "")));
}

function show_progress(test, round, began) {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[K${test.t} ${test.what}, round ${round + 1}, ${Math.round((Date.now() - began) / 1000)} s`);
}

async function run_round(test, seed, result) {
  const env = { ...test.env, PUGMARK_EXAM_SEED: String(seed), EXAM_SECONDS: String(seconds), FUZZ_SECONDS: String(seconds) };
  for (const program of programs_of(test)) {
    const { counts, output } = await run({ ...program, env: { ...program.env, ...env }, limit_ms: LONGEST_MS });
    result.passed += counts.passed;
    for (const reason of counts.reasons) result.skipped.add(reason);
    add_counts(result.counts, test, output);
    result.shown.push(...(test.show ? output.match(test.show) ?? [] : []));
    if (!counts.failed) continue;
    result.failed = { seed, output, name: program.name };
    return;
  }
}

async function run_test(test) {
  const began = Date.now();
  const result = { test, passed: 0, skipped: new Set(), counts: new Map(), shown: [], failed: null, rounds: 0 };
  do {
    show_progress(test, result.rounds, began);
    const ticking = setInterval(() => show_progress(test, result.rounds, began), 1000);
    await run_round(test, first_seed + result.rounds, result);
    clearInterval(ticking);
    result.rounds++;
  } while (!result.failed && !test.once && Date.now() - began < seconds * 1000);
  result.seconds = (Date.now() - began) / 1000;
  return result;
}

/** What none of N tries shows has, with 95 % confidence, a rate below 3/N. */
function bound_of({ test, counts }) {
  const n = counts.get(test.bound);
  return n ? `, rate < ${((3 / n) * 100).toPrecision(2)} %` : "";
}

function report(result) {
  const { test, passed, counts, rounds, failed } = result;
  const said = [...counts].map(([what, n]) => `${n.toLocaleString("en")} ${what}`);
  const done = said.length ? said.join(", ") : `${passed} tests passed`;
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(
    `${failed ? "FAILED" : "ok    "} ${test.t.padEnd(4)} ${test.what}: ${done}; seed ${failed?.seed ?? first_seed}, ` +
      `${rounds} round${rounds === 1 ? "" : "s"}, ${result.seconds.toFixed(0)} s${failed ? "" : bound_of(result)}`,
  );
  for (const line of result.shown) console.log(`            ${line}`);
  for (const reason of result.skipped) console.log(`            skipped: ${reason}`);
  if (failed) console.log(`${failed.output.trimEnd()}\n            (${failed.name})`);
}

const wanted = TESTS.filter((test) => (asked.length ? asked.includes(test.t) : !test.only_when_asked));
const unknown = asked.filter((t) => !TESTS.some((test) => test.t === t));
if (unknown.length) {
  const page = readFileSync(join(root, "doc/exam.md"), "utf8");
  for (const t of unknown) console.error(page.includes(`| ${t} `) ? `the exam cannot run ${t}; doc/exam.md says why` : `there is no ${t}; doc/exam.md lists them`);
  process.exit(2);
}
process.chdir(root);
console.log(`${wanted.length} tests, ${seconds} s each, ${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores`);
let failures = 0;
for (const test of wanted) {
  const result = await run_test(test);
  report(result);
  if (result.failed) failures++;
}
console.log(`${wanted.length - failures} of ${wanted.length} hold`);
process.exit(failures ? 1 : 0);

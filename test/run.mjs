#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the whole suite and closes with `N passed, N failed, N skipped`. Unit programs (cmocka) come from meson's list, flow,
// crash and browser files are node:test. What failed is printed whole, what was skipped says why.
//
//   node test/run.mjs [PART...]     only what has one of these in its name
import { existsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { corpus, house_tests, node_tests, run, unit_tests } from "./harness/suite.mjs";

const wanted = process.argv.slice(2);
const at_once = Math.max(1, Math.min(4, availableParallelism?.() ?? cpus().length));
const sanitized = Boolean(process.env.SAN);

function report({ test, counts, output, seconds, code, signal }) {
  const state = counts.failed ? "FAILED" : "ok";
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
  console.log(`${state.padEnd(7)}${test.name.padEnd(36)} ${counts.passed} passed${skipped}  ${seconds.toFixed(1)} s`);
  for (const reason of counts.reasons) console.log(`       skipped: ${reason}`);
  if (counts.failed) console.log(`${output.trimEnd()}\n       (${signal ?? `exit ${code}`})`);
}

/* They take minutes: begun last, they would run on alone while a core is idle. */
const LONGEST = ["flow/two_servers", "flow/milter"];
const is_longest = (test) => LONGEST.includes(test.name);

/* Several at a time; what starts browsers or whole mail servers runs alone. */
async function run_all(tests) {
  const results = [];
  const light = tests.filter((t) => !t.heavy).sort((a, b) => is_longest(b) - is_longest(a));
  const next = async () => {
    for (let test = light.shift(); test; test = light.shift()) {
      const result = await run(test);
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: sanitized ? Math.max(1, at_once - 1) : at_once }, next));
  for (const test of tests.filter((t) => t.heavy)) {
    const result = await run(test);
    results.push(result);
    report(result);
  }
  return results;
}

const tests = [...house_tests(), ...unit_tests(), ...node_tests("flow"), ...node_tests("crash"), ...node_tests("browser")].filter(
  (t) => wanted.length === 0 || wanted.some((w) => t.name.includes(w)),
);
if (tests.length === 0) {
  console.error(`no test has ${wanted.join(" or ")} in its name`);
  process.exit(2);
}
if (!existsSync(corpus)) console.log(`skipped: everything that needs the corpus; it is not at ${corpus} (PUGMARK_CORPUS)`);
const results = await run_all(tests);
const sum = (key) => results.reduce((n, r) => n + r.counts[key], 0);
const failed = results.filter((r) => r.counts.failed);
if (failed.length) console.log(`\nfailed: ${failed.map((r) => r.test.name).join(", ")}`);
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exit(failed.length ? 1 : 0);

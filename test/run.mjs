#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the whole suite and closes with `N passed, N failed, N skipped`. Unit programs (cmocka) come from meson's list, flow,
// crash and browser files are node:test. What failed is printed whole, what was skipped says why.
//
//   node test/run.mjs [PART...]     only what has one of these in its name
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(new URL("..", import.meta.url).pathname);
const build = resolve(root, process.env.BUILD ?? "build");
const corpus = resolve(root, process.env.PUGMARK_CORPUS ?? "../shared/corpus");
const wanted = process.argv.slice(2);
const at_once = Math.max(1, Math.min(4, availableParallelism?.() ?? cpus().length));
const LIMIT_MS = 20 * 60 * 1000;
const sanitized = Boolean(process.env.SAN);

const env = {
  ...process.env,
  BUILD: build,
  PUGMARK: join(build, "src/prog/pugmark"),
  PUGMARK_CORPUS: corpus,
  CMOCKA_MESSAGE_OUTPUT: "TAP",
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ""}:abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1`,
  UBSAN_OPTIONS: `${process.env.UBSAN_OPTIONS ?? ""}:halt_on_error=1:print_stacktrace=1`,
  TSAN_OPTIONS: `${process.env.TSAN_OPTIONS ?? ""}:halt_on_error=1:second_deadlock_stack=1`,
};

function unit_tests() {
  const list = JSON.parse(execFileSync("meson", ["introspect", build, "--tests"], { encoding: "utf8" }));
  return list.map((t) => ({ name: `unit/${t.name}`, command: t.cmd, env: t.env ?? {}, heavy: false }));
}

function node_tests(folder) {
  const path = join(root, "test", folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((f) => f.endsWith(".test.mjs"))
    .sort()
    .map((f) => ({
      name: `${folder}/${f.replace(".test.mjs", "")}`,
      command: [process.execPath, "--test", "--test-reporter=tap", join(path, f)],
      env: { TSAN_OPTIONS: `${env.TSAN_OPTIONS}:suppressions=${join(root, "test/tsan.supp")}` }, // see there
      heavy: folder !== "flow",
    }));
}

/* `make check`, so that CI holds the house to its rules. */
function house_tests() {
  return [{ name: "house/check", command: [join(root, "tools/check")], env: {}, heavy: false }];
}

/* Every `ok` line at the innermost level that is a test; node's file level repeats them and is left out. */
function count(output) {
  const counts = { passed: 0, failed: 0, skipped: 0, reasons: [] };
  for (const line of output.split("\n")) {
    const m = line.match(/^\s*(not )?ok \d+ - (.*)$/);
    if (!m) continue;
    const skip = m[2].match(/^(.*?) # SKIP ?(.*)$/i);
    if (skip) {
      counts.skipped++;
      counts.reasons.push(`${skip[1].trim()}${skip[2] ? `: ${skip[2]}` : ""}`);
    } else if (m[1]) counts.failed++;
    else counts.passed++;
  }
  /* A unit program that goes without one of its outside parts says so in a line of its own. */
  for (const line of output.split("\n")) {
    if (!/^\s*(#\s*)?SKIP[: ]/.test(line)) continue;
    counts.skipped++;
    counts.reasons.push(line.trim());
  }
  return counts;
}

function run(test) {
  return new Promise((done) => {
    const started = Date.now();
    const child = spawn(test.command[0], test.command.slice(1), {
      cwd: root,
      env: { ...env, ...test.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const limit = setTimeout(() => {
      output += `\nkilled after ${LIMIT_MS / 1000} s\n`;
      process.kill(-child.pid, "SIGKILL");
    }, LIMIT_MS);
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      const counts = count(output);
      if ((code !== 0 || signal) && counts.failed === 0) counts.failed = 1;
      if (code === 0 && counts.passed + counts.skipped === 0) counts.passed = 1;
      done({ test, counts, output, seconds: (Date.now() - started) / 1000, code, signal });
    });
  });
}

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

// SPDX-License-Identifier: Apache-2.0
// What tests there are, and how one of them is run and counted; for test/run.mjs and test/exam/run.mjs.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(new URL("../..", import.meta.url).pathname);
export const build = resolve(root, process.env.BUILD ?? "build");
export const corpus = resolve(root, process.env.PUGMARK_CORPUS ?? "../shared/corpus");
const LIMIT_MS = 20 * 60 * 1000;

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

/* glibc fills what was freed, and what was not written yet: whoever reads it falls over in every run, and not only under a
 * sanitizer. But where it is looked for in memory, what is to be wiped must not be wiped by this. */
const perturbation = (name) => ({ MALLOC_PERTURB_: /secret|account_change/.test(name) ? "0" : (process.env.MALLOC_PERTURB_ ?? "165") });

export function unit_tests() {
  const list = JSON.parse(execFileSync("meson", ["introspect", build, "--tests"], { encoding: "utf8" }));
  return list.map((t) => ({ name: `unit/${t.name}`, command: t.cmd, env: t.env ?? {}, heavy: false }));
}

export function node_tests(folder) {
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
export function house_tests() {
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

/** Resolves when it has ended, to { test, counts, output, seconds, code, signal }. */
export function run(test) {
  return new Promise((done) => {
    const started = Date.now();
    const limit_ms = test.limit_ms ?? LIMIT_MS;
    const child = spawn(test.command[0], test.command.slice(1), {
      cwd: root,
      env: { ...env, ...perturbation(test.name), ...test.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const limit = setTimeout(() => {
      output += `\nkilled after ${limit_ms / 1000} s\n`;
      process.kill(-child.pid, "SIGKILL");
    }, limit_ms);
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      const counts = count(output);
      if ((code !== 0 || signal) && counts.failed === 0) counts.failed = 1;
      if (code === 0 && counts.passed + counts.skipped === 0) counts.passed = 1;
      done({ test, counts, output, seconds: (Date.now() - started) / 1000, code, signal });
    });
  });
}

#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// T44 of the exam: takes away one sync, check, fence or barrier at a time, in a copy of the tree, and wants a test to go
// red each time. A suite that stays green without a sync says nothing about the sync.
//
//   node test/exam/mutants.mjs [WORD...]   only those with one of these in their name or file
//
// All tests have to be green without a mutant first; MUTANTS_GREEN=1 believes it. Cuts and
// damages are tried at each 23rd place: what survives is to be tried again with PUGMARK_EXAM_STRIDE=1, for some moments come
// once in a journal. JOBS=1 builds with one processor. The copy and its build stay in build-mutants/, so
// that a second run only builds what changed. A mutant that is there because its absence cannot be seen says why (`same`),
// and is a fault when a test does go red.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../harness/suite.mjs";
import { MUTANTS } from "./mutant_list.mjs";

const copy = join(root, "build-mutants/tree");
const build = join(root, "build-mutants/build");
/* A test that hangs without what was taken away is red, too; it is told apart, for on a busy machine it may only be slow. */
const LIMIT_MS = 5 * 60 * 1000;
/* There are many of them, and what one sync less costs shows at each 23rd cut as well. */
const env = { PUGMARK_EXAM_STRIDE: "23", ...process.env, BUILD: build, PUGMARK: join(build, "src/prog/pugmark") };

const call = (command, args, more = {}) =>
  spawnSync(command, args, { cwd: copy, env, encoding: "utf8", maxBuffer: 1 << 28, timeout: LIMIT_MS, ...more });

function copy_tree() {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files) {
    const [from, to] = [join(root, file), join(copy, file)];
    if (!existsSync(from) || (existsSync(to) && readFileSync(from).equals(readFileSync(to)))) continue;
    mkdirSync(dirname(to), { recursive: true });
    rmSync(to, { force: true });
    cpSync(from, to);
  }
  if (existsSync(join(root, "console/node_modules")) && !existsSync(join(copy, "console/node_modules")))
    execFileSync("cp", ["-al", join(root, "console/node_modules"), join(copy, "console/")]);
  if (!existsSync(join(build, "build.ninja"))) {
    const setup = call("meson", ["setup", build, "-Dwerror=false"]);
    if (setup.status !== 0) throw new Error(setup.stdout + setup.stderr);
  }
}

/** Where meson builds the program of a unit test. */
function programs() {
  const list = JSON.parse(execFileSync("meson", ["introspect", build, "--tests"], { encoding: "utf8" }));
  return new Map(list.map((t) => [`unit/${t.name}`, t.cmd[0]]));
}

function make(targets) {
  const jobs = process.env.JOBS ? [`-j${process.env.JOBS}`] : [];
  const result = call("ninja", ["-C", build, ...jobs, ...targets], { timeout: 0 });
  return result.status === 0 ? null : result.stdout;
}

const target_of = (name, found) => (name.startsWith("unit/") ? found.get(name).slice(build.length + 1) : "src/prog/pugmark");

/** How this test goes red, null when it stays green. */
function red_of(name, found) {
  const args = name.startsWith("unit/") ? [found.get(name)] : ["node", "--test", join(copy, "test", `${name}.test.mjs`)];
  const result = call(args[0], args.slice(1));
  if (result.error?.code === "ETIMEDOUT") return `${name} (hung)`;
  return result.status === 0 ? null : name;
}

/** The first test that goes red, null when all stay green. */
function killer_of(mutant, found) {
  for (const name of mutant.tests) {
    const red = red_of(name, found);
    if (red) return red;
  }
  return null;
}

function mutate(mutant) {
  const path = join(copy, mutant.file);
  const before = readFileSync(path, "utf8");
  if (before.split(mutant.from).length !== 2) throw new Error(`${mutant.name}: "${mutant.from}" is not there just once`);
  writeFileSync(path, before.replace(mutant.from, () => mutant.to));
  return () => writeFileSync(path, before);
}

function judge(mutant, found) {
  const restore = mutate(mutant);
  try {
    const fault = make(mutant.tests.map((name) => target_of(name, found)));
    if (fault) return { word: "NO BUILD", more: fault.split("\n").filter((l) => /error/.test(l)).slice(0, 3).join("; ") };
    const killer = killer_of(mutant, found);
    if (mutant.same) return killer ? { word: "NOT THE SAME", more: killer } : { word: "same", more: mutant.same };
    return killer ? { word: "killed", more: killer } : { word: "SURVIVED", more: mutant.tests.join(" ") };
  } finally {
    restore();
  }
}

const words = process.argv.slice(2);
const wanted = MUTANTS.filter((m) => words.length === 0 || words.some((w) => m.name.includes(w) || m.file.includes(w)));
copy_tree();
const found = programs();
const needed = [...new Set(wanted.flatMap((m) => m.tests))];
const fault = make(needed.map((name) => target_of(name, found)));
if (fault) throw new Error(fault);
if (!process.env.MUTANTS_GREEN)
  for (const name of needed) if (red_of(name, found)) throw new Error(`${name} is red without a mutant`);
const counts = new Map();
for (const mutant of wanted) {
  const { word, more } = judge(mutant, found);
  counts.set(word, (counts.get(word) ?? 0) + 1);
  console.log(`${word.padEnd(9)} ${mutant.name.padEnd(58)} ${more}`);
}
make(needed.map((name) => target_of(name, found)));
console.log([...counts].map(([word, n]) => `${n} mutants ${word}`).join(", "));
process.exit([...counts.keys()].every((word) => word === "killed" || word === "same") ? 0 : 1);

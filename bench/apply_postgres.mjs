#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Applying hits to PostgreSQL with all counters, one applier, by several builds in turn: the same traffic, each run in a
// database of its own on one server, which is started for it and ended. With more than one build, how each stands to the
// first. The best of ROUNDS counts, because everything else that runs on the machine can only take away.
//
// A server that is alone keeps in memory what it read; --shared behind a binary measures it as one of several servers.
//
//   node bench/apply_postgres.mjs [BINARY [--shared] ...]     or else PUGMARK and PUGMARK_OLD; BENCH_EVENTS, BENCH_EVENTS_BEFORE, BENCH_ROUNDS
import { execFileSync } from "node:child_process";
import { basename, resolve } from "node:path";
import { no_postgres, start_postgres } from "../test/harness/postgres.mjs";

const EVENTS = process.env.BENCH_EVENTS ?? "20000";
const BEFORE = process.env.BENCH_EVENTS_BEFORE ?? "20000";
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const given = process.argv.slice(2);
const names = given.length ? given : [process.env.PUGMARK ?? "build/src/prog/pugmark", process.env.PUGMARK_OLD].filter(Boolean);
const builds = names.flatMap((name, i) => (name === "--shared" ? [] : [{ binary: resolve(name), more: names[i + 1] === "--shared" ? ["--shared"] : [] }]));
const FIGURES = [
  { key: "events_per_s", words: "events/s", is_rate: true, digits: 0 },
  { key: "settled_per_s", words: "events/s with the second look", is_rate: true, digits: 0 },
  { key: "server_cpu_us_per_event", words: "us of the server an event", digits: 1 },
  { key: "cpu_us_per_event", words: "us of pugmark an event", digits: 1 },
  { key: "db_bytes_per_event", words: "bytes an event", digits: 0 },
];
const hooks = [];

/* A database that is as the one before was; removed afterwards, so that what the server keeps in memory is the same, too. */
function measure(postgres, { binary, more }, number) {
  const name = `bench_${number}`;
  postgres.query(`CREATE DATABASE ${name}`);
  const url = postgres.url.replace("/postgres?", `/${name}?`);
  const text = execFileSync(binary, ["bench", "apply", EVENTS, "--before", BEFORE, "--store", url, "--json", ...more], { encoding: "utf8" });
  postgres.query(`DROP DATABASE ${name}`);
  postgres.query("CHECKPOINT");
  return JSON.parse(text);
}

function label({ binary, more }) {
  return [binary, ...more].join(" ");
}

function best(runs, { key, is_rate }) {
  return (is_rate ? Math.max : Math.min)(...runs.map((run) => run[key]));
}

function print(results) {
  const first = results[0];
  for (const figure of FIGURES.filter(({ key }) => results.every(({ runs }) => runs.every((run) => key in run)))) {
    console.log(figure.words);
    for (const { build, runs } of results) {
      const value = best(runs, figure);
      const ratio = results.length > 1 ? `${(value / best(first.runs, figure)).toFixed(2)} times the first` : "";
      const all = runs.map((run) => run[figure.key].toFixed(figure.digits)).join(" ");
      console.log(`  ${value.toFixed(figure.digits).padStart(8)}  ${ratio.padEnd(20)}  ${label(build)}   (${all})`);
    }
  }
}

async function main() {
  const postgres = await start_postgres({ after: (hook) => hooks.push(hook) });
  const results = builds.map((build) => ({ build, runs: [] }));
  let number = 0;
  for (let round = 0; round < ROUNDS; round++)
    for (const { build, runs } of results) {
      runs.push(measure(postgres, build, ++number));
      console.error(`${basename(label(build))} ${number}: ${JSON.stringify(runs.at(-1))}`);
    }
  console.log(`${EVENTS} hits behind ${BEFORE}, the best of ${ROUNDS}`);
  print(results);
}

try {
  if (no_postgres) console.log(`SKIP: ${no_postgres}`);
  else await main();
} finally {
  for (const hook of hooks) await hook();
}

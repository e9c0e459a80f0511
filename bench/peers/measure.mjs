#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// node bench/peers/measure.mjs ENGINE DIR [ROUNDS]: one engine of engines.mjs over the files of DIR, in a process of its own, as
// one line of JSON. Rounds of at least 0.2 s after 0.5 s of warming up; the best and the median. 1 MB is 10^6 bytes of input.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { engines } from "./engines.mjs";

const ADDRESS = "https://track.example.com/c/0123456789abcdefghijklmnopqrstu";
const PIXEL =
  '<img src="https://track.example.com/o/0123456789abcdefghijklmnopqrstu.gif" width="1" height="1" alt="" border="0">';
const WARM_MS = 500;
const ROUND_MS = 200;

const [name, directory, rounds_text = "5"] = process.argv.slice(2);
const chosen = engines.find((engine) => engine.name === name);
if (!chosen || !directory) {
  console.error(`usage: measure.mjs ENGINE DIR [ROUNDS]; engines: ${engines.map((engine) => engine.name).join(", ")}`);
  process.exit(2);
}

const engine = await chosen.load();
const version = JSON.parse(
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), "node_modules", chosen.package, "package.json"), "utf8"),
).version;
const originals = readdirSync(directory, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => readFileSync(join(directory, entry.name)));
const files = originals.map(engine.read);
const size = originals.reduce((sum, file) => sum + file.length, 0);

let links = 0;
let identical = engine.bytes ? 0 : null;
let failed = 0;
for (const [i, file] of files.entries()) {
  try {
    const output = await engine.run(file, (value) => (links++, value), null);
    if (engine.bytes && engine.bytes(output).equals(originals[i])) identical++;
  } catch {
    failed++;
  }
}

async function pass() {
  for (const file of files) {
    try {
      const output = engine.run(file, () => ADDRESS, PIXEL);
      if (output instanceof Promise) await output;
    } catch {
      /* counted above */
    }
  }
}

async function mb_per_s(least_ms) {
  const start = performance.now();
  let passes = 0;
  do {
    await pass();
    passes++;
  } while (performance.now() - start < least_ms);
  return (passes * size) / (performance.now() - start) / 1000;
}

await mb_per_s(WARM_MS);
const rates = [];
for (let i = 0; i < Number(rounds_text); i++) rates.push(await mb_per_s(ROUND_MS));
rates.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    engine: `${name} ${version}`,
    work: chosen.work,
    mb_per_s: Number(rates.at(-1).toFixed(1)),
    median_mb_per_s: Number(rates[rates.length >> 1].toFixed(1)),
    links,
    identical,
    failed,
  }),
);

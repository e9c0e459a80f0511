#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Builds the console: checks the types, bundles, and writes a folder of plain files with fixed names (the server answers
// them with an ETag, so a new version is seen at once and an old one is never mixed in).
//
//   node build.mjs [--out DIR] [--no-check]
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Tables of the program that are bundled as text. */
const TABLES = ["src/codec/judge/data/reason_words.tsv"];
/** For every bundle of these sources. */
export const LOADERS = { ".tsv": "text" };

const NOTICE = "/* Pugmark console, Apache-2.0. Parts under other licences: licenses.txt */";

function check_types() {
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "--noEmit", "-p", here], { stdio: "inherit" });
}

/** What the bundle contains of others keeps its licence. */
function licenses() {
  const preact = JSON.parse(readFileSync(join(here, "node_modules/preact/package.json"), "utf8"));
  const text = readFileSync(join(here, "node_modules/preact/LICENSE"), "utf8").trim();
  return `The console of Pugmark contains:\n\npreact ${preact.version}\n\n${text}\n`;
}

/** Bundles into `out`, which is emptied first. */
export async function build_console(out, { check = true } = {}) {
  if (check) check_types();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await bundle({
    entryPoints: {
      app: join(here, "src/main.tsx"),
      theme: join(here, "src/theme_boot.ts"),
    },
    outdir: out,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2021"],
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    loader: LOADERS,
    legalComments: "none",
    banner: { js: NOTICE },
    logLevel: "warning",
    absWorkingDir: here,
  });
  await bundle({
    entryPoints: { app: join(here, "src/styles/app.css") },
    outdir: out,
    bundle: true,
    minify: true,
    target: ["chrome111", "firefox113", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: here,
  });
  cpSync(join(here, "public"), out, { recursive: true });
  writeFileSync(join(out, "licenses.txt"), licenses());
}

/** Every file that the result depends on, for a build system. */
export function build_inputs() {
  const files = [];
  const walk = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) walk(path);
      else files.push(path);
    }
  };
  walk(join(here, "src"));
  walk(join(here, "public"));
  for (const name of ["build.mjs", "embed.mjs", "package.json", "package-lock.json", "tsconfig.json"]) files.push(join(here, name));
  for (const name of TABLES) files.push(join(here, "..", name));
  return files.sort();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const args = process.argv.slice(2);
  const at = args.indexOf("--out");
  const out = at >= 0 ? resolve(args[at + 1]) : join(here, "dist");
  try {
    await build_console(out, { check: !args.includes("--no-check") });
  } catch (error) {
    if (error.status === undefined && !error.errors) console.error(String(error.message ?? error));
    process.exitCode = 1;
  }
}

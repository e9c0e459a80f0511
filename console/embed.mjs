#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Turns the built console into one C file: a table of `struct asset` (src/web/console/assets.h), sorted by path, each file as it
// is and, where that is shorter, compressed once with gzip here instead of on every answer. The same input gives the
// same output, byte for byte.
//
//   node embed.mjs --out FILE.c (--dist DIR | --build DIR) [--depfile FILE.d] [--no-check]
//
// --dist takes a folder that is built already; --build builds into that folder first. The depfile names every source,
// so that a build system knows when to do it again.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const CONTENT_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".png": "image/png",
  ".json": "application/json",
};
const BYTES_PER_LINE = 24;

function read_assets(dist) {
  return readdirSync(dist)
    .map((name) => {
      const content_type = CONTENT_TYPES[extname(name)];
      if (!content_type) throw new Error(`no content type is known for ${name}`);
      const bytes = readFileSync(join(dist, name));
      const packed = gzipSync(bytes, { level: 9 });
      packed[9] = 255; // the field for the operating system: the same on every machine
      const etag = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
      return { path: `/${name}`, content_type, bytes, gzip: packed.length < bytes.length ? packed : null, etag: `"${etag}"` };
    })
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

function c_string(text) {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

function c_bytes(name, bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += BYTES_PER_LINE) lines.push(`\t${[...bytes.subarray(i, i + BYTES_PER_LINE)].join(",")},`);
  return `static const unsigned char ${name}[] = {\n${lines.join("\n") || "\t0,"}\n};\n`;
}

function c_file(assets) {
  const arrays = assets.map((a, i) => c_bytes(`bytes_${i}`, a.bytes) + (a.gzip ? c_bytes(`gzip_${i}`, a.gzip) : "")).join("\n");
  const rows = assets.map((a, i) => {
    const gzip = a.gzip ? `.gzip_bytes = gzip_${i}, .gzip_size = ${a.gzip.length}` : ".gzip_bytes = NULL, .gzip_size = 0";
    return `\t{.path = ${c_string(a.path)}, .content_type = ${c_string(a.content_type)},\n\t .bytes = bytes_${i}, .size = ${a.bytes.length},\n\t ${gzip},\n\t .etag = ${c_string(a.etag)}},`;
  });
  return `/* SPDX-License-Identifier: Apache-2.0 */
/* Made by console/embed.mjs from the files of the console. Not to be edited. */
#include "web/console/assets.h"

${arrays}
const struct asset asset_table[] = {
${rows.join("\n")}
};
const size_t asset_count = sizeof(asset_table) / sizeof(asset_table[0]);
`;
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at >= 0 ? process.argv[at + 1] : undefined;
}

async function main() {
  const out = option("--out");
  const dist = option("--dist") ?? option("--build");
  if (!out || !dist) {
    console.error("usage: node embed.mjs --out FILE.c (--dist DIR | --build DIR) [--depfile FILE.d] [--no-check]");
    process.exitCode = 2;
    return;
  }
  const depfile = option("--depfile");
  const builder = option("--build") || depfile ? await import("./build.mjs") : null;
  if (option("--build")) await builder.build_console(resolve(dist), { check: !process.argv.includes("--no-check") });
  writeFileSync(out, c_file(read_assets(dist)));
  if (depfile)
    writeFileSync(
      depfile,
      `${out}: ${builder
        .build_inputs()
        .map((f) => f.replace(/ /g, "\\ "))
        .join(" ")}\n`,
    );
}

try {
  await main();
} catch (error) {
  console.error(String(error.message ?? error));
  process.exitCode = 1;
}

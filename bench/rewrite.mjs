#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// How fast mails are rewritten, beside other people's rewriters and parsers, over the same files, one thread each, the best of
// several rounds. What each of them does is not the same: the table says what. 1 MB is 10^6 bytes of input.
//
//   node bench/rewrite.mjs            prints it
//   node bench/rewrite.mjs --write    … and puts it into doc/rewriter.md, and the picture into doc/rewriter-speed.svg
//
// Environment: PUGMARK, the program; BUILD, the folder it was built in; PUGMARK_CORPUS, the folder with html/ in it;
// BENCH_ROUNDS, for the peers (5).
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const build = process.env.BUILD ?? "build";
const pugmark = process.env.PUGMARK ?? join(build, "src/prog/pugmark");
const corpus = join(process.env.PUGMARK_CORPUS ?? "../shared/corpus", "html");
const rounds = process.env.BENCH_ROUNDS ?? "5";
const DOCUMENT = "doc/rewriter.md";
const PICTURE = "doc/rewriter-speed.svg";
const HOSTILE_RATIO_MAX = 3;

if (!existsSync(corpus)) {
  console.log(`SKIP: the mails to measure with are not there: ${corpus} (set PUGMARK_CORPUS)`);
  process.exit(0);
}

// ---- measuring

const run = (command, args) => execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] });
const json_lines = (text) =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

/* A peer that is not installed, or does not run here, is named, and the others are measured all the same. */
const not_measured = [];
function try_run(what, command, args) {
  try {
    return json_lines(run(command, args));
  } catch (error) {
    const said = String(error.stderr || error.message)
      .trim()
      .split("\n");
    not_measured.push(`${what}: ${said.find((line) => /error|not found|cannot/i.test(line)) ?? said[0]}`);
    return [];
  }
}

function debian_version(packaged) {
  try {
    return run("dpkg-query", ["-W", "-f", "${Version}", packaged]).replace(/[+-].*|\.[0-9a-f]{7}\b.*/, "");
  } catch {
    return "";
  }
}

function measure_ours() {
  const [ours] = json_lines(run(pugmark, ["bench", "rewrite", corpus, "--json"]));
  const row = (key, engine, work, rest = {}) => ({
    engine,
    work,
    mb_per_s: ours[`${key}_mb_per_s`],
    median_mb_per_s: ours[`${key}_median_mb_per_s`],
    ...rest,
  });
  const found = { links: ours.links, identical: ours.identical, is_ours: true };
  return [
    ours,
    [
      row("fixed", "Pugmark", "C, the whole job: tokens and namespaces, links judged, splice, pixel", found),
      row("sealed", "Pugmark, sealed", "the same, and a token sealed for each link", found),
    ],
    [row("memchr", "memchr", "limit: looks for < and does nothing else"), row("memcpy", "memcpy", "limit: copies")],
  ];
}

function measure_c_peers() {
  const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "pugmark-peers-"));
  const versions = { gumbo: debian_version("libgumbo-dev"), myhtml: debian_version("libmodest-dev") };
  const rows = [];
  for (const name of ["gumbo", "myhtml"]) {
    if (try_run(name, "bench/peers/build", [build, folder, name]) && existsSync(join(folder, name)))
      for (const row of try_run(name, join(folder, name), [corpus, rounds]))
        rows.push({ ...row, engine: `${row.engine} ${versions[name]}`.trim(), work: `C, ${row.work}` });
  }
  rmSync(folder, { recursive: true });
  return rows;
}

async function measure_node_peers() {
  const { engines } = await import("./peers/engines.mjs");
  return engines.flatMap(({ name }) => try_run(name, process.execPath, ["bench/peers/measure.mjs", name, corpus, rounds]));
}

// ---- saying it

const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, ${type()} ${release()}, Node.js ${process.versions.node}, ${run(
  "gcc",
  ["--version"],
)
  .split("\n")[0]
  .replace(/.* /, "gcc ")}`;

const figure = (value) => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2));
const columns = (row, base, files) => [
  row.mb_per_s === base ? "1" : figure(base / row.mb_per_s),
  figure(row.mb_per_s),
  figure(row.median_mb_per_s),
  row.identical == null ? "–" : `${row.identical}/${files}`,
  row.links == null ? "–" : String(row.links),
  row.engine,
  row.work,
];
const HEAD = ["ours/it", "MB/s", "median", "kept", "links", "engine", "work"];

function text_table(lines) {
  const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line
      .map((cell, i) => (i < 5 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd(),
  );
}

const markdown_table = (lines) => [
  `| ${lines[0].join(" | ")} |`,
  "|--:|--:|--:|--:|--:|---|---|",
  ...lines.slice(1).map((line) => `| ${line.join(" | ")} |`),
];

function hostile_lines(rows) {
  const slow = rows.filter((row) => row.ratio > HOSTILE_RATIO_MAX).sort((a, b) => b.ratio - a.ratio);
  const steepest = rows.reduce((most, row) => (row.growth > most.growth ? row : most));
  return [
    `${rows.length} documents of 10 MB made to be slow: ${slow.length} take more than ${HOSTILE_RATIO_MAX} times the time of the ` +
      `mails for a byte. Ten times the length takes at most ${steepest.growth.toFixed(1)} times as long for a byte (${steepest.document}).`,
    ...slow.map((row) => `${row.ratio.toFixed(1).padStart(8)}  ${row.document}${row.is_made_of_links ? "  (links)" : ""}`),
  ];
}

// ---- the picture: bars on a logarithmic scale, since the slowest is a hundredth of the fastest

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function picture(rows) {
  const ROW = 26;
  const LEFT = 280;
  const WIDTH = 860;
  const top = 56;
  const height = top + rows.length * ROW + 44;
  const most = Math.max(...rows.map((row) => row.mb_per_s));
  const decades = [1, 10, 100, 1000, 10000].filter((value) => value <= most);
  const scale = (WIDTH - LEFT - 70) / Math.log10(most);
  const x = (value) => (LEFT + scale * Math.log10(Math.max(value, 1))).toFixed(1);
  const grid = decades.map(
    (value) =>
      `<line x1="${x(value)}" y1="${top - 6}" x2="${x(value)}" y2="${height - 40}" stroke="#d8dee6"/>` +
      `<text x="${x(value)}" y="${height - 24}" text-anchor="middle" class="small">${value.toLocaleString("en")}</text>`,
  );
  const bars = rows.map((row, i) => {
    const y = top + i * ROW;
    const color = row.is_ours ? "#0b6e4f" : row.identical == null ? "#b8c2cc" : "#5b7fa6";
    return (
      `<text x="${LEFT - 10}" y="${y + 14}" text-anchor="end"${row.is_ours ? ' font-weight="600"' : ""}>${escape(row.label)}</text>` +
      `<rect x="${LEFT}" y="${y + 2}" width="${(x(row.mb_per_s) - LEFT).toFixed(1)}" height="16" rx="2" fill="${color}"/>` +
      `<text x="${Number(x(row.mb_per_s)) + 6}" y="${y + 14}">${figure(row.mb_per_s)}</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#1d2733">
<title>HTML mails rewritten, MB/s on one thread</title>
<style>.small { font-size: 11px; fill: #5a6672 }</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="24" font-size="16" font-weight="600">HTML mails rewritten, MB/s on one thread</text>
<text x="16" y="42" class="small">${escape(machine)}</text>
${grid.join("\n")}
${bars.join("\n")}
<text x="16" y="${height - 6}" class="small">Logarithmic. Green and blue: the whole job. Grey: parses or finds only, writes nothing.</text>
</svg>
`;
}

function label(row) {
  if (row.engine === "Pugmark, sealed") return "Pugmark, tokens sealed";
  if (row.work.includes("parse only")) return `${row.engine} (parse only)`;
  return row.engine;
}

function write_documents(lines, rows, hostile) {
  const [BEGIN, END] = ["<!-- figures: begin -->", "<!-- figures: end -->"];
  const text = readFileSync(DOCUMENT, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${DOCUMENT} has no place for figures: '${BEGIN}' … '${END}'`);
  const slow = hostile.slice(1).map((line) => line.trim().replace(/^(\S+) {2}(.*?)(?: {2}\(links\))?$/, "`$2` $1"));
  const figures = [
    `${machine}.`,
    "",
    ...markdown_table(lines),
    "",
    hostile[0] + (slow.length ? ` These: ${slow.join(", ")}.` : ""),
  ].join("\n");
  writeFileSync(DOCUMENT, `${text.slice(0, before + BEGIN.length)}\n${figures}\n${text.slice(after)}`);
  const sorted = [...rows].sort((a, b) => b.mb_per_s - a.mb_per_s).map((row) => ({ ...row, label: label(row) }));
  writeFileSync(PICTURE, picture(sorted));
  console.log(`\nwritten to ${DOCUMENT} and ${PICTURE}`);
}

// ---- all of it

const [ours, our_rows, limits] = measure_ours();
const peers = [...measure_c_peers(), ...(await measure_node_peers())].sort((a, b) => b.mb_per_s - a.mb_per_s);
const hostile = hostile_lines(json_lines(run(pugmark, ["bench", "rewrite", corpus, "--hostile", "--json"])));
const lines = [HEAD, ...[...our_rows, ...peers, ...limits].map((row) => columns(row, our_rows[0].mb_per_s, ours.files))];
console.log(`machine   ${machine}`);
console.log(`corpus    ${ours.files} files, ${(ours.bytes / 1e6).toFixed(1)} MB`);
console.log("kept      files that stay the same bytes when every link is set to its own value");
console.log(`links     http(s) addresses found in <a> and <area>; Pugmark also judges them and replaces ${ours.tracked} of them\n`);
console.log(text_table(lines).join("\n"));
for (const line of not_measured) console.log(`not measured: ${line}`);
console.log(`\n${hostile.join("\n")}`);
if (process.argv.includes("--write")) write_documents(lines, [...our_rows, ...peers], hostile);

// SPDX-License-Identifier: Apache-2.0
// Reasons in words. The words are those of src/codec/judge/data/reason_words.tsv, whose README says how its rows are read; the
// program reads the same file (src/codec/judge/reason_words.c), and test/unit/codec/reason_words.tsv holds both to the same words.
import table from "../../src/codec/judge/data/reason_words.tsv";

interface Row {
  value: string;
  needs: string[];
  short: string;
  sentence: string;
}

interface Parts {
  code: string;
  value: string;
  numbers: Map<string, string>;
}

const PLACE = /\{(\w+)(?::([a-z]+)(?:,([a-z]+))?)?\}/g;
const OF_THE_VALUE = /^(name|value)$/i;
const LONG_SECONDS = 120;

function read_table(text: string): Map<string, Row[]> {
  const codes = new Map<string, Row[]>();
  for (const line of text.trimEnd().split("\n").slice(1)) {
    const [code = "", values = "", when = "", short = "", sentence = ""] = line.split("\t");
    const places = [...(short + sentence).matchAll(PLACE)].map((m) => m[1]!);
    const rows = codes.get(code) ?? [];
    for (const value of values.split("|")) {
      const numbers = places.filter((p) => !OF_THE_VALUE.test(p));
      const needs = [...when.split(",").filter(Boolean), ...numbers, ...(numbers.length < places.length ? ["value"] : [])];
      rows.push({ value, needs, short, sentence });
    }
    codes.set(code, rows);
  }
  return codes;
}

const CODES = read_table(table);

function parts_of(reason: string): Parts {
  const colon = reason.indexOf(":");
  const parts = colon < 0 ? [] : reason.slice(colon + 1).split(",");
  const value = parts[0]?.includes("=") ? "" : (parts.shift() ?? "");
  const numbers = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!numbers.has(name)) numbers.set(name, equals < 0 ? "" : part.slice(equals + 1));
  }
  return { code: colon < 0 ? reason : reason.slice(0, colon), value, numbers };
}

function find(parts: Parts, name: string): string {
  return name === "value" ? parts.value : (parts.numbers.get(name) ?? "");
}

function holds(condition: string, parts: Parts): boolean {
  const [, name = "", sign, wanted = ""] = /^(\w+)(?:([=<])(.+))?$/.exec(condition)!;
  const found = find(parts, name);
  if (!sign || !found) return found !== "";
  if (sign === "<") return found.startsWith("-");
  return found === (/^\d/.test(wanted) ? wanted : find(parts, wanted));
}

function find_row(parts: Parts): Row | undefined {
  return CODES.get(parts.code)?.find((row) => (row.value === "" || row.value === parts.value) && row.needs.every((c) => holds(c, parts)));
}

const readable = (code: string): string => code.replace(/_/g, " ");
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The sign is left out: which side of zero it is the phrase says. */
function number_words(number: string, one: string | undefined, several: string | undefined): string {
  const shown = number.replace(/^-/, "").replace(/\.0$/, "");
  if (one === "time") return parseInt(shown, 10) >= LONG_SECONDS ? `${Math.floor(parseInt(shown, 10) / 60)} min` : `${shown} s`;
  return one ? `${shown} ${shown === "1" ? one : several}` : shown;
}

function fill(words: string, parts: Parts): string {
  const name = (): string | undefined => find_row({ ...parts, code: "name" })?.short;
  const filled = words.replace(PLACE, (_all, place: string, one?: string, several?: string) => {
    if (place === "name") return name() ?? readable(parts.value);
    if (place === "Name") return name() ?? capital(readable(parts.value));
    if (place === "value") return readable(parts.value);
    if (place === "VALUE") return readable(parts.value).toUpperCase();
    return number_words(find(parts, place), one, several);
  });
  return filled.replace(/'/g, "’");
}

/** "some_code:any_value,links=3" as "some code: any value, links 3". */
function unknown_phrase(reason: string): string {
  const colon = reason.indexOf(":");
  if (colon < 0) return readable(reason);
  const parts = reason.slice(colon + 1).split(",");
  return `${readable(reason.slice(0, colon))}: ${parts.map((p) => readable(p.replace("=", " "))).join(", ")}`;
}

/** A phrase, without a capital and without a full stop. */
export function reason_phrase(reason: string): string {
  const parts = parts_of(reason);
  const row = find_row(parts);
  return row ? fill(row.short, parts) : unknown_phrase(reason);
}

/** Whole sentences that explain it; empty: it needs none. */
export function reason_sentence(reason: string): string {
  const parts = parts_of(reason);
  return fill(find_row(parts)?.sentence ?? "", parts);
}

/** "a scanner". */
export function actor_noun(actor: string): string {
  return reason_phrase(`actor:${actor}`);
}

// SPDX-License-Identifier: Apache-2.0
// Figures of the summary cards from what /stats/summary answers. The API gives the headline rate; the two other ways to
// count are put over the same denominator, so that the three can be compared.
import { count, decimal } from "./format";
import type { Actor, Summary } from "./types";

export type Mode = "people" | "strict" | "all";

export function mode_of(text: string | null): Mode {
  return text === "strict" || text === "all" ? text : "people";
}

function unique_opens(s: Summary, mode: Mode): number {
  return mode === "strict" ? s.opens_unique_strict : mode === "all" ? s.opens_unique_all : s.opens_unique;
}

/** The API's open rate is people's, unless the tenant's headline is strict. */
function headline_mode(s: Summary): Mode {
  return s.headline_opens === s.opens_unique ? "people" : "strict";
}

export interface Base {
  n: number;
  /** Nothing reports delivery, so rates are of what was sent. */
  of_sent: boolean;
}

/** What the rates are of: delivered mail, or mail that was sent and did not come back. */
export function base_of(s: Summary): Base {
  const of_sent = s.rates_of ? s.rates_of === "sent" : s.delivered === 0;
  return { n: of_sent ? Math.max(0, s.sends - s.bounced - s.failed) : s.delivered, of_sent };
}

export function opens_of(s: Summary, mode: Mode): number {
  return unique_opens(s, mode);
}

export function clicks_of(s: Summary, mode: Mode): number {
  return mode === "all" ? s.clicks_unique_all : s.clicks_unique;
}

export function open_rate(s: Summary, mode: Mode): number | null {
  const base = base_of(s);
  if (base.n === 0) return null; // of nothing there is no rate, not even zero
  if (mode === headline_mode(s)) return s.open_rate;
  return unique_opens(s, mode) / base.n;
}

export function click_rate(s: Summary, mode: Mode): number | null {
  const base = base_of(s);
  if (base.n === 0) return null;
  return mode === "all" ? s.clicks_unique_all / base.n : s.click_rate;
}

/**
 * Anonymous hits are counted among all of people's, but for no mail: never among the unique ones, and so in no rate. How
 * many they are the API does not tell; that they are all is certain where nothing else is left.
 */
export function are_all_anonymous(total: number, unique: number): boolean {
  return total > 0 && unique === 0;
}

export function fail_rate(s: Summary): number | null {
  return s.sends > 0 ? (s.failed + s.bounced) / s.sends : null;
}

export interface Delta {
  text: string;
  from: string;
  good: boolean | null;
}

/** Rates differ in points. Below 0.05 points there is no change worth the name. */
export function points(now: number | null, was: number | null, more_is_better: boolean): Delta | null {
  if (now === null || was === null) return null;
  const by = (now - was) * 100;
  const from = `from ${decimal(was * 100)}%`;
  if (Math.abs(by) < 0.05) return { text: "No change", from, good: null };
  return { text: `${by > 0 ? "↑" : "↓"} ${decimal(Math.abs(by))} points`, from, good: by > 0 === more_is_better };
}

/** Counts differ in per cent. */
export function growth(now: number, was: number): Delta {
  const from = `from ${count(was)}`;
  if (now === was) return { text: "No change", from, good: null };
  if (was === 0) return { text: `↑ ${count(now)}`, from, good: true };
  const by = (now - was) / was;
  return { text: `${by > 0 ? "↑" : "↓"} ${decimal(Math.abs(by) * 100)}%`, from, good: by > 0 };
}

export interface Behind {
  key: "people" | "proxy" | "apple" | "machine";
  word: string;
  n: number;
}

/** Who is behind the opens, in the one order that never changes. */
export function behind_opens(s: Summary): Behind[] {
  const by = (actor: Actor) => s.opens_by_actor[actor] ?? 0;
  const other_prefetch = Math.max(0, by("prefetch") - s.opens_mpp);
  return [
    { key: "people", word: "People", n: by("human") },
    { key: "proxy", word: "Image proxies", n: by("proxy_human") },
    { key: "apple", word: "Apple privacy", n: s.opens_mpp },
    { key: "machine", word: "Machines", n: by("scanner") + by("crawler") + by("link_preview") + by("unknown") + other_prefetch },
  ];
}

/** Null before the first open. */
export function mpp_share(s: Summary): number | null {
  return s.opens_total + s.opens_mpp > 0 ? s.mpp_share : null;
}

export function mpp_class(rate: number | null): string {
  if (rate === null || rate < 0.25) return "mpp";
  return rate < 0.5 ? "mpp mid" : "mpp high";
}

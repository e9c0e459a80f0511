// SPDX-License-Identifier: Apache-2.0
// Figures of the summary cards from what /stats/summary answers. The API gives both halves of its rates; all three ways to
// count are put over the same denominator, so that they can be compared.
import { count, decimal } from "./format";
import type { Actor, Summary } from "./types";

export type Mode = "people" | "strict" | "all";

export function mode_of(text: string | null): Mode {
  return text === "strict" || text === "all" ? text : "people";
}

export interface Base {
  n: number;
  /** What arrived, as far as is known: all that it is of, and what nobody can see to be opened or clicked. */
  arrived: number;
  /** Nothing reports delivery, so rates are of what was sent. */
  of_sent: boolean;
}

/** What a rate is of: delivered mail, or mail that was sent and did not come back, as far as it can be told who opens or clicks. */
export function base_of(s: Summary, what: "opens" | "clicks"): Base {
  const of_sent = s.rates_of === "sent";
  const arrived = of_sent ? s.sends - s.bounced - s.failed - s.in_doubt : s.delivered;
  return { n: what === "opens" ? s.rated.openable : s.rated.clickable, arrived, of_sent };
}

/** Of the mail that the rate is of, so that the three ways to count can be compared. */
export function opens_of(s: Summary, mode: Mode): number {
  return mode === "strict" ? s.rated.opened_strict : mode === "all" ? s.rated.opened_all : s.rated.opened;
}

export function clicks_of(s: Summary, mode: Mode): number {
  return mode === "all" ? s.rated.clicked_all : s.rated.clicked;
}

/** Of nothing there is no rate, not even zero. */
function rate(part: number, whole: number): number | null {
  return whole > 0 ? Math.min(1, part / whole) : null;
}

export function open_rate(s: Summary, mode: Mode): number | null {
  return rate(opens_of(s, mode), s.rated.openable);
}

export function click_rate(s: Summary, mode: Mode): number | null {
  return rate(clicks_of(s, mode), s.rated.clickable);
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

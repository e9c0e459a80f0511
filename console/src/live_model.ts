// SPDX-License-Identifier: Apache-2.0
// What the Live page knows: events shown, events that wait because the reader is reading, and where the line was lost.
// Pure functions; the page holds the state.
import { actor_words } from "./words";
import type { Event } from "./types";

export const SHOWN_MAX = 1000;

export interface Mark {
  /** Drawn above this event, which was the newest when the line was lost. */
  above: string;
  text: string;
}

export interface Live {
  shown: Event[];
  waiting: Event[];
  marks: Mark[];
}

export const EMPTY_LIVE: Live = { shown: [], waiting: [], marks: [] };

function newest_first(a: Event, b: Event): number {
  if (a.occurred_at !== b.occurred_at) return a.occurred_at < b.occurred_at ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

function merged(have: Event[], more: Event[]): Event[] {
  return [...more, ...have].sort(newest_first).slice(0, SHOWN_MAX);
}

/** Those of `more` that are in neither list. An event may come both by the list and by the line. */
export function unknown_of(live: Live, more: Event[]): Event[] {
  const known = new Set([...live.shown, ...live.waiting].map((e) => e.id));
  return more.filter((e) => !known.has(e.id) && known.add(e.id));
}

export function add(live: Live, more: Event[], hold: boolean): Live {
  const fresh = unknown_of(live, more);
  if (fresh.length === 0) return live;
  return hold ? { ...live, waiting: merged(live.waiting, fresh) } : { ...live, shown: merged(live.shown, fresh) };
}

/** Older events go below whatever is shown; they move nothing. */
export function add_older(live: Live, more: Event[]): Live {
  return { ...live, shown: merged(live.shown, unknown_of(live, more)) };
}

export function release(live: Live): Live {
  return live.waiting.length === 0 ? live : { ...live, shown: merged(live.shown, live.waiting), waiting: [] };
}

export type Show = "all" | "opens" | "clicks" | "trouble" | "sending";
export type Who = "anyone" | "people" | "proxies" | "apple" | "machines";

const TROUBLE = new Set(["email.bounced", "email.complained", "email.failed", "email.unsubscribed", "email.unsubscribe_held"]);
const SENDING = new Set(["email.queued", "email.sent", "email.delivered", "email.deferred", "email.suppressed"]);

function is_of(event: Event, show: Show): boolean {
  if (show === "opens") return event.type === "email.opened";
  if (show === "clicks") return event.type === "email.clicked";
  if (show === "trouble") return TROUBLE.has(event.type);
  if (show === "sending") return SENDING.has(event.type);
  return true;
}

function is_by(event: Event, who: Who): boolean {
  if (who === "anyone") return true;
  const pin = actor_words(event)?.pin;
  if (who === "people") return pin === "human";
  if (who === "proxies") return pin === "proxy";
  if (who === "apple") return pin === "apple";
  return pin === "scan";
}

export function passes(event: Event, show: Show, who: Who): boolean {
  return is_of(event, show) && is_by(event, who);
}

// SPDX-License-Identifier: Apache-2.0
// What happened to a mail, told once: the clicks of one burst are one happening, and so are the corrections that say so.
import { deed } from "./words";
import type { Event } from "./types";

export interface Happening {
  /** The first of them, which stands for all. */
  event: Event;
  all: Event[];
}

/** Between the hits of a burst others may come, but not many. */
const REACH = 8;

function is_one(a: Event, b: Event): boolean {
  if (a.type !== b.type || a.actor !== b.actor) return false;
  if (a.type === "email.clicked") return Boolean(a.group) && a.group === b.group;
  if (a.type !== "event.corrected") return false;
  const same_before = a.previous?.actor === b.previous?.actor && a.previous?.type === b.previous?.type;
  const same_why = a.group || b.group ? a.group === b.group : a.reasons?.join() === b.reasons?.join();
  return same_before && same_why && a.occurred_at.slice(0, 19) === b.occurred_at.slice(0, 19);
}

export function happenings(events: Event[]): Happening[] {
  const told: Happening[] = [];
  for (const event of events) {
    const same = told.slice(-REACH).find((h) => is_one(h.event, event));
    if (same) same.all.push(event);
    else told.push({ event, all: [event] });
  }
  return told;
}

function links_of(h: Happening): number {
  return new Set(h.all.map((e) => e.link_index ?? e.destination_url)).size;
}

/** "Fetched 9 links", "9 clicks corrected"; of one event what it did. */
export function happening_deed(h: Happening): string {
  if (h.all.length === 1 || (h.event.type === "email.clicked" && links_of(h) === 1)) return deed(h.event, false);
  if (h.event.type === "email.clicked") return `Fetched ${links_of(h)} links`;
  return `${h.all.length} ${h.event.previous?.type === "email.opened" ? "opens" : "clicks"} corrected`;
}

/** The addresses behind its clicks, each once. */
export function happening_urls(h: Happening): string[] {
  return [...new Set(h.all.map((e) => e.destination_url ?? "").filter(Boolean))];
}

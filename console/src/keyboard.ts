// SPDX-License-Identifier: Apache-2.0
// Single keys, as in the list behind "?". They can be turned off (WCAG 2.1.4), and never fire while somebody types.
import { keep, kept } from "./kept";

export const KEYS: [keys: string, does: string][] = [
  ["/", "Find"],
  ["g s", "Stats"],
  ["g l", "Live"],
  ["g m", "Messages"],
  ["g o", "Outbox"],
  ["g u", "Unsubscribes"],
  ["g p", "Settings"],
  ["p x e", "People, strict, everything"],
  ["j k", "Next row, row before"],
  ["t", "Light or dark"],
  ["?", "This list"],
  ["Esc", "Close"],
];

const SECOND_KEY_MS = 1200;
const PAGES: Record<string, string> = { s: "/", l: "/live", m: "/messages", o: "/outbox", u: "/unsubscribes", p: "/privacy" };

export interface KeyCalls {
  find: () => void;
  list: () => void;
  theme: () => void;
  page: (path: string) => void;
}

export function keys_are_on(): boolean {
  return kept("keys") !== "off";
}

export function turn_keys(on: boolean): void {
  keep("keys", on ? "on" : "off");
}

function move(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((row) => row.offsetParent !== null);
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus();
}

/** A button that has a key of its own carries it in data-key. */
function press(key: string): void {
  document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.click();
}

export function start_keyboard(calls: KeyCalls): () => void {
  let g_at = -Infinity;
  function on_key(e: KeyboardEvent): void {
    const target = e.target as Element | null;
    if (e.metaKey || e.ctrlKey || e.altKey || target?.closest?.("input,textarea,select,dialog")) return;
    if (e.key === "Escape") {
      for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) menu.open = false;
      return;
    }
    if (!keys_are_on()) return;
    if (e.timeStamp - g_at < SECOND_KEY_MS) {
      g_at = -Infinity;
      const path = PAGES[e.key];
      if (path) calls.page(path);
      return;
    }
    if (e.key === "g") g_at = e.timeStamp;
    else if (e.key === "/") {
      e.preventDefault(); // or the slash would be typed into the field that opens
      calls.find();
    } else if (e.key === "?") calls.list();
    else if (e.key === "t") calls.theme();
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key.length === 1) press(e.key);
  }
  document.addEventListener("keydown", on_key);
  return () => document.removeEventListener("keydown", on_key);
}

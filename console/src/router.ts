// SPDX-License-Identifier: Apache-2.0
// The address bar holds the state. Links are plain links; clicks on those that lead to a page of the console are taken
// over, so that nothing is loaded twice. Back restores the place on the page.
import { useEffect, useState } from "preact/hooks";

export interface Route {
  page: "stats" | "live" | "messages" | "message" | "outbox" | "unsubscribes" | "privacy" | "suppressions" | "audit" | "sign_in" | "none";
  id: string | null;
  params: URLSearchParams;
  /** Path and query as they belong into the address bar. */
  href: string;
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null; // a stray % in the address
  }
}

export function route_of(pathname: string, search: string): Route {
  const params = new URLSearchParams(search);
  const href = pathname + search;
  const [first = "", second, ...rest] = pathname.replace(/^\/+|\/+$/g, "").split("/");
  const id = second === undefined ? null : decoded(second);
  const none: Route = { page: "none", id: null, params, href };
  if (rest.length > 0) return none;
  if (first === "" && second === undefined) return { page: "stats", id: null, params, href };
  if (first === "live" && second === undefined) return { page: "live", id: null, params, href };
  if (first === "unsubscribes" && second === undefined) return { page: "unsubscribes", id: null, params, href };
  if (first === "privacy" && second === undefined) return { page: "privacy", id: null, params, href };
  if (first === "settings" && second === undefined) return { page: "privacy", id: null, params, href: `/privacy${search}` }; // as the bar calls it
  if (first === "suppressions" && second === undefined) return { page: "suppressions", id: null, params, href };
  if (first === "audit" && second === undefined) return { page: "audit", id: null, params, href };
  if (first === "sign-in" && second === undefined) return { page: "sign_in", id: null, params, href };
  if (first === "messages")
    return second === undefined ? { page: "messages", id: null, params, href } : id ? { page: "message", id, params, href } : none;
  if (first === "outbox" && (second === undefined || id)) return { page: "outbox", id, params, href };
  return none;
}

type Listener = () => void;
const listeners = new Set<Listener>();

function changed(): void {
  for (const listener of listeners) listener();
}

function keep_place(): void {
  history.replaceState({ ...history.state, y: scrollY }, "");
}

/** Goes to `href`, as a new entry of the history or in place of the present one. */
export function go(href: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") history.replaceState(history.state, "", href);
  else {
    keep_place();
    history.pushState(null, "", href);
  }
  changed();
}

/** The same page with some parameters changed; null takes one away. */
export function go_with(change: Record<string, string | null>, how: "push" | "replace" = "replace"): void {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(change)) {
    if (value === null) url.searchParams.delete(key);
    else url.searchParams.set(key, value);
  }
  go(url.pathname + url.search, how);
}

export function use_route(): Route {
  const [route, set_route] = useState(() => route_of(location.pathname, location.search));
  useEffect(() => {
    const read = () => set_route(route_of(location.pathname, location.search));
    listeners.add(read);
    read();
    return () => {
      listeners.delete(read);
    };
  }, []);
  return route;
}

function restore_place(tries: number): void {
  const y = (history.state as { y?: number } | null)?.y ?? 0;
  scrollTo(0, y);
  // The rows may come a frame later, from memory.
  if (tries > 0 && Math.abs(scrollY - y) > 1) requestAnimationFrame(() => restore_place(tries - 1));
}

function on_click(e: MouseEvent): void {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const link = (e.target as Element | null)?.closest?.("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.getAttribute("href")?.startsWith("#")) return;
  if (route_of(link.pathname, link.search).page === "none") return; // the server's, not the console's
  e.preventDefault();
  const href = link.pathname + link.search;
  if (href === location.pathname + location.search) return;
  const same_page = link.pathname === location.pathname;
  go(href);
  const stays = link.hasAttribute("data-stay") && !matchMedia("(max-width: 860px)").matches; // beside its list, not instead of it
  if (!same_page && !stays) after_page_change();
}

/** A new page starts at its top, and the keyboard starts with it. */
export function after_page_change(): void {
  requestAnimationFrame(() => {
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  });
}

export function start_router(): void {
  history.scrollRestoration = "manual";
  document.addEventListener("click", on_click);
  addEventListener("popstate", () => {
    changed();
    requestAnimationFrame(() => restore_place(20));
  });
}

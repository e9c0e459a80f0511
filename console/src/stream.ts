// SPDX-License-Identifier: Apache-2.0
// The live line: Server-Sent Events through the browser's EventSource, which resumes by Last-Event-ID on its own after a
// broken connection. It gives up for good on an HTTP error (a proxy's 502 while the server restarts), so that case is
// tried again here, with a growing pause; the page then catches up from the list, and nothing is missed either way.
import type { Event } from "./types";

const TYPES = [
  "email.queued",
  "email.sent",
  "email.delivered",
  "email.deferred",
  "email.bounced",
  "email.complained",
  "email.opened",
  "email.clicked",
  "email.unsubscribed",
  "email.unsubscribe_held",
  "email.failed",
  "email.suppressed",
  "event.corrected",
  "contact.scored",
  "contact.hot",
  "contact.consent",
  "message", // an event without a name
];
const RETRY_FIRST_MS = 1000;
const RETRY_MOST_MS = 30000;

export interface StreamCalls {
  event: (event: Event) => void;
  /** The line is open, for the first time or again. */
  opened: () => void;
  lost: () => void;
}

interface Shared {
  calls: Set<StreamCalls>;
  open: boolean;
  close: () => void;
}

const shared = new Map<string, Shared>();

/** Listens to `/events/stream` with a query until the function it returns is called. All who listen with the same query
 * share one connection: a browser allows six to a host, over all its tabs. */
export function open_stream(query_text: string, calls: StreamCalls): () => void {
  let line = shared.get(query_text);
  if (line) {
    if (line.open) queueMicrotask(() => line?.calls.has(calls) && calls.opened());
  } else {
    const all = new Set<StreamCalls>();
    const tell = (what: (c: StreamCalls) => void) => [...all].forEach(what);
    line = { calls: all, open: false, close: () => {} };
    const made = line;
    shared.set(query_text, made);
    made.close = connect(query_text, {
      event: (event) => tell((c) => c.event(event)),
      opened: () => {
        made.open = true;
        tell((c) => c.opened());
      },
      lost: () => {
        made.open = false;
        tell((c) => c.lost());
      },
    });
  }
  const mine = line;
  mine.calls.add(calls);
  return () => {
    mine.calls.delete(calls);
    if (mine.calls.size > 0) return;
    mine.close();
    if (shared.get(query_text) === mine) shared.delete(query_text);
  };
}

function connect(query_text: string, calls: StreamCalls): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause_ms = RETRY_FIRST_MS;
  let closed = false;

  function receive(message: MessageEvent): void {
    try {
      calls.event(JSON.parse(String(message.data)) as Event);
    } catch {
      // one unreadable event must not end the line
    }
  }

  function open(): void {
    source?.close();
    source = new EventSource(`/api/v1/events/stream${query_text}`);
    for (const type of TYPES) source.addEventListener(type, receive as EventListener);
    source.onopen = () => {
      pause_ms = RETRY_FIRST_MS;
      calls.opened();
    };
    source.onerror = () => {
      if (closed) return;
      calls.lost();
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      clearTimeout(timer);
      timer = setTimeout(open, pause_ms);
      pause_ms = Math.min(pause_ms * 2, RETRY_MOST_MS);
    };
  }

  // A pulled cable is not noticed by an idle connection; the browser often knows.
  function offline(): void {
    source?.close();
    calls.lost();
  }

  function online(): void {
    clearTimeout(timer);
    open();
  }

  addEventListener("offline", offline);
  addEventListener("online", online);
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    removeEventListener("offline", offline);
    removeEventListener("online", online);
    source?.close();
  };
}

// SPDX-License-Identifier: Apache-2.0
// One message, kept up to date by its own events: an event joins the time line at once, and the counters, which only
// the server can know, are read again shortly after.
import { useEffect } from "preact/hooks";
import type { Problem } from "./api";
import { query } from "./api";
import { use_resource } from "./resource";
import { open_stream } from "./stream";
import { is_hit } from "./words";
import type { Event, MessageDetail } from "./types";

const SETTLE_MS = 300;

function with_event(m: MessageDetail, event: Event): MessageDetail {
  if (m.timeline.some((e) => e.id === event.id)) return m;
  const timeline = [...m.timeline, event].sort((a, b) => (a.occurred_at < b.occurred_at ? -1 : a.occurred_at > b.occurred_at ? 1 : 0));
  return { ...m, timeline };
}

interface Answer {
  message: MessageDetail | null;
  problem: Problem | null;
  slow: boolean;
  reload: () => void;
}

/** With `all_events` on the line of all events, because the page has that one open anyway. */
export function use_message(id: string, all_events = false): Answer {
  const resource = use_resource<MessageDetail>(`/messages/${encodeURIComponent(id)}`);
  const { change, reload } = resource;

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(reload, SETTLE_MS);
    };
    const close = open_stream(all_events ? "" : query({ message: id }), {
      event: (event) => {
        // An event that shows no person names no message either; only the server knows whose it is.
        if (event.message_id ? event.message_id !== id : all_events && !is_hit(event)) return;
        if (event.message_id || !all_events) change((m) => with_event(m, event));
        soon();
      },
      // What happened between the first read and the open line, or while it was broken, is read too.
      opened: reload,
      lost: () => {},
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [id, all_events, change, reload]);

  const message = resource.stale || resource.data?.id !== id ? null : resource.data;
  return { message, problem: resource.problem, slow: resource.slow, reload };
}

// SPDX-License-Identifier: Apache-2.0
// A list of messages, read page by page on demand. What was read stays in memory, so that Back finds the row it left.
import { useState } from "preact/hooks";
import { api_get, query } from "./api";
import { recall, remember, use_resource, type Resource } from "./resource";
import type { Message, Page } from "./types";

const PAGE_ROWS = 50;

interface More {
  path: string;
  rows: Message[];
  next: string | null;
}

export interface Paged {
  first: Resource<Page<Message>>;
  rows: Message[];
  next: string | null;
  load_more: () => Promise<void>;
  failed_more: boolean;
}

function without_repeats(rows: Message[]): Message[] {
  const seen = new Set<string>();
  return rows.filter((m) => !seen.has(m.id) && seen.add(m.id));
}

/** `to` is the instant at which the list ends: the start of the day after the last one. */
export function use_paged(filter: Record<string, string | null>): Paged {
  const path = `/messages${query({ limit: PAGE_ROWS, ...filter })}`;
  const first = use_resource<Page<Message>>(path);
  const [last, set_last] = useState<More | null>(null);
  const [failed_more, set_failed_more] = useState(false);

  const more = last?.path === path ? last : recall<More>(`more:${path}`);
  const rows = without_repeats([...(first.data?.data ?? []), ...(more?.rows ?? [])]);
  const next = more ? more.next : (first.data?.next ?? null);

  async function load_more() {
    try {
      const page = await api_get<Page<Message>>(`/messages${query({ limit: PAGE_ROWS, ...filter, cursor: next })}`);
      const now = { path, rows: [...rows, ...page.data], next: page.next };
      remember(`more:${path}`, now);
      set_last(now);
      set_failed_more(false);
    } catch {
      set_failed_more(true);
    }
  }
  return { first, rows, next, load_more, failed_more };
}

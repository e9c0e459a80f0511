// SPDX-License-Identifier: Apache-2.0
// A list that is read page by page on demand. What was read stays in memory, so that Back finds the row it left.
import { useState } from "preact/hooks";
import { api_get, query } from "./api";
import { forget, recall, remember, use_resource, type Resource } from "./resource";
import type { Page } from "./types";

export const PAGE_ROWS = 50;

interface More<Row> {
  path: string;
  rows: Row[];
  next: string | null;
}

export interface Paged<Row> {
  first: Resource<Page<Row>>;
  rows: Row[];
  next: string | null;
  load_more: () => Promise<void>;
  failed_more: boolean;
}

/** A list of the API, and what tells one of its rows from another as far as something does. */
export interface List<Row> {
  path: string;
  key: (row: Row) => string;
}

/** `all` was read before `first`, and holds most of its rows. Rows that are alike are as many as they were. */
function joined<Row>(first: Row[], all: Row[], list: List<Row>): Row[] {
  const there = new Map<string, number>();
  for (const row of first) there.set(list.key(row), (there.get(list.key(row)) ?? 0) + 1);
  const rest = all.filter((row) => {
    const count = there.get(list.key(row)) ?? 0;
    there.set(list.key(row), count - 1);
    return count <= 0;
  });
  return [...first, ...rest];
}

/** Its rows were changed: what Back would show is read again, what is on the screen stays. */
export function forget_pages(list: { path: string }): void {
  forget(`more:${list.path}`);
}

export function use_paged<Row>(list: List<Row>, filter: Record<string, string | null>): Paged<Row> {
  const path = `${list.path}${query({ limit: PAGE_ROWS, ...filter })}`;
  const first = use_resource<Page<Row>>(path);
  const [last, set_last] = useState<More<Row> | null>(null);
  const [failed_more, set_failed_more] = useState(false);

  const more = last?.path === path ? last : recall<More<Row>>(`more:${path}`);
  const rows = joined(first.data?.data ?? [], more?.rows ?? [], list);
  const next = more ? more.next : (first.data?.next ?? null);

  async function load_more() {
    try {
      const page = await api_get<Page<Row>>(`${list.path}${query({ limit: PAGE_ROWS, ...filter, cursor: next })}`);
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

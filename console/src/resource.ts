// SPDX-License-Identifier: Apache-2.0
// Reads of the API as state of a component. What was read once stays in memory, so that Back shows the page at once
// and at its place; it is read again all the same. While a new path loads, the figures of the old one stay, marked stale.
import { useCallback, useEffect, useState } from "preact/hooks";
import { api_get, Problem } from "./api";

const SLOW_MS = 400;
const KEPT_MAX = 40;
const kept = new Map<string, unknown>();

/** Keeps `data` under a name until it is the oldest of many, or somebody signs out. */
export function remember(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, data);
  const oldest = kept.keys().next();
  if (kept.size > KEPT_MAX && !oldest.done) kept.delete(oldest.value);
}

export function recall<T>(path: string): T | null {
  return (kept.get(path) as T | undefined) ?? null;
}

/** What was kept under names that begin so. */
export function forget(start: string): void {
  for (const path of kept.keys()) if (path.startsWith(start)) kept.delete(path);
}

/** Nothing of one user is shown to the next. */
export function forget_all(): void {
  kept.clear();
}

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  /** Loading for so long that the reader should be told. */
  slow: boolean;
  /** `data` belongs to an earlier path. */
  stale: boolean;
  reload: () => void;
  change: (edit: (data: T) => T) => void;
}

interface State<T> {
  path: string;
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  slow: boolean;
}

export function use_resource<T>(path: string): Resource<T> {
  const [state, set_state] = useState<State<T>>(() => ({
    path,
    data: (kept.get(path) as T | undefined) ?? null,
    problem: null,
    loading: true,
    slow: false,
  }));
  const [turn, set_turn] = useState(0);

  useEffect(() => {
    const abort = new AbortController();
    const known = kept.get(path) as T | undefined;
    set_state((s) => ({ ...s, ...(known !== undefined ? { data: known, path } : {}), loading: true, slow: false }));
    const slow = setTimeout(() => set_state((s) => ({ ...s, slow: true })), SLOW_MS);
    api_get<T>(path, abort.signal).then(
      (data) => {
        clearTimeout(slow);
        remember(path, data);
        set_state({ path, data, problem: null, loading: false, slow: false });
      },
      (error: unknown) => {
        clearTimeout(slow);
        if (abort.signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(0, String(error), null);
        set_state((s) => ({ ...s, problem, loading: false, slow: false }));
      },
    );
    return () => {
      clearTimeout(slow);
      abort.abort();
    };
  }, [path, turn]);

  const reload = useCallback(() => set_turn((n) => n + 1), []);
  const change = useCallback((edit: (data: T) => T) => set_state((s) => (s.data === null ? s : { ...s, data: edit(s.data) })), []);
  return { ...state, stale: state.data !== null && state.path !== path, reload, change };
}

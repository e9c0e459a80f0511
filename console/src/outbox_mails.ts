// SPDX-License-Identifier: Apache-2.0
// The mails that lie in the Outbox. The API lists by provider also those that are yet to leave for it, or never will; they
// are left out here, and a page that has nothing else is not the end: it is read on until something new can be shown.
import { useCallback, useEffect, useState } from "preact/hooks";
import { api_get, Problem, query } from "./api";
import { recall, remember } from "./resource";
import type { Message, Page } from "./types";

const SLOW_MS = 400;
const PAGE_ROWS = 50;
const KEPT_AS = "outbox";

/** Before that nobody can have got it, so that nobody can have opened it. */
export function has_left(m: Message): boolean {
  return m.sent_at !== null || m.delivered_at !== null;
}

interface Mails {
  mails: Message[];
  next: string | null;
}

/** The newest, at least `wanted` unless there are fewer. */
async function read_mails(wanted: number, signal: AbortSignal): Promise<Mails> {
  const mails: Message[] = [];
  let next: string | null = null;
  do {
    const page: Page<Message> = await api_get(`/messages${query({ provider: "outbox", limit: PAGE_ROWS, cursor: next })}`, signal);
    mails.push(...page.data.filter(has_left));
    next = page.next;
  } while (next && mails.length < wanted);
  return { mails, next };
}

export interface OutboxMails {
  /** Null until they are known. */
  mails: Message[] | null;
  goes_on: boolean;
  problem: Problem | null;
  slow: boolean;
  reload: () => void;
  load_more: () => void;
}

/** From the first on at each turn: a mail that was scheduled long ago may have left from the middle of the list. */
export function use_outbox_mails(): OutboxMails {
  const [data, set_data] = useState<Mails | null>(() => recall<Mails>(KEPT_AS));
  const [problem, set_problem] = useState<Problem | null>(null);
  const [slow, set_slow] = useState(false);
  const [turn, set_turn] = useState(() => ({ wanted: data?.mails.length ?? 1 }));

  useEffect(() => {
    const abort = new AbortController();
    const slowly = setTimeout(() => set_slow(true), SLOW_MS);
    const ended = () => {
      clearTimeout(slowly);
      set_slow(false);
    };
    read_mails(turn.wanted, abort.signal).then(
      (now) => {
        remember(KEPT_AS, now);
        set_data(now);
        set_problem(null);
        ended();
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        set_problem(error instanceof Problem ? error : new Problem(0, String(error), null));
        ended();
      },
    );
    return () => {
      abort.abort();
      ended();
    };
  }, [turn]);

  const shown = data?.mails.length ?? 0;
  const reload = useCallback(() => set_turn((before) => ({ wanted: Math.max(before.wanted, recall<Mails>(KEPT_AS)?.mails.length ?? 1) })), []);
  const load_more = useCallback(() => set_turn({ wanted: shown + 1 }), [shown]);
  return { mails: data?.mails ?? null, goes_on: data?.next != null, problem, slow, reload, load_more };
}

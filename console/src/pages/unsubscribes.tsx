// SPDX-License-Identifier: Apache-2.0
// Presses of the unsubscribe button that a machine seems to have made. Each waits for somebody to say who it was; until
// then mail goes on, and when nobody says so it counts. A row that was decided stays where it is, so that nothing jumps.
import { useEffect, useRef, useState } from "preact/hooks";
import { api_post, Problem, query } from "../api";
import { Chips } from "../parts/choice";
import { Top, use_title } from "../parts/page";
import { ShowMore } from "../parts/show_more";
import { Empty, Failed, Loading } from "../parts/states";
import { day_name, day_time, person } from "../format";
import { Icon } from "../icons";
import { use_resource } from "../resource";
import { go_with, type Route } from "../router";
import type { HeldPage, HeldUnsubscribe } from "../types";
import { waiting_changed } from "../waiting";
import { reason_line, words_of_actor } from "../words";

const STATES = [
  { value: "waiting", word: "Waiting" },
  { value: "confirmed", word: "Unsubscribed" },
  { value: "dismissed", word: "Dismissed" },
] as const;
type State = (typeof STATES)[number]["value"];
const ROWS = 50;
const ROWS_MOST = 500;

const BY: Record<string, string> = {
  api_key: "by an API key",
  recipient: "by the recipient, in another way",
  time: "by itself, nobody decided",
};

function outcome(h: HeldUnsubscribe): string {
  const by = BY[h.decided_by ?? ""] ?? `by ${h.decided_by ?? "somebody"}`;
  return h.state === "confirmed" ? `Unsubscribed ${by}` : `Dismissed ${by}, mail goes on`;
}

/** What says that it was a machine, without what the badge says already. */
function Pressed({ h }: { h: HeldUnsubscribe }) {
  const words = words_of_actor(h.actor);
  return (
    <>
      <span class={`badge ${words.badge}`}>
        <Icon name={words.icon} />
        {words.word}
      </span>
      <small title={h.user_agent ?? ""}>{reason_line(h.reasons) || "its event is no longer kept"}</small>
    </>
  );
}

interface DecideProps {
  h: HeldUnsubscribe;
  decided: (h: HeldUnsubscribe) => void;
  gone: () => void;
}

function Decide({ h, decided, gone }: DecideProps) {
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<string | null>(null);
  async function say(verb: "confirm" | "dismiss") {
    set_busy(true);
    set_problem(null);
    try {
      decided(await api_post<HeldUnsubscribe>(`/unsubscribes/held/${encodeURIComponent(h.id)}/${verb}`));
    } catch (error) {
      set_busy(false);
      if (error instanceof Problem && error.status === 409) gone();
      else set_problem(error instanceof Problem && error.status === 403 ? "Your role may not decide this." : "Not saved. Try again.");
    }
  }
  return (
    <>
      <div class="btns">
        <button class="btn s" type="button" disabled={busy} aria-label={`Unsubscribe ${h.to.email}`} onClick={() => void say("confirm")}>
          Unsubscribe
        </button>
        <button class="btn s quiet" type="button" disabled={busy} aria-label={`Dismiss, ${h.to.email} keeps the mail`} onClick={() => void say("dismiss")}>
          Dismiss
        </button>
      </div>
      {problem ? (
        <small class="bad" role="alert">
          {problem}
        </small>
      ) : null}
    </>
  );
}

/** Takes the place of the buttons that were pressed, and their focus. */
function Decided({ h, fresh }: { h: HeldUnsubscribe; fresh: boolean }) {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (fresh) ref.current?.focus();
  }, [fresh]);
  return (
    <span ref={ref} class="soft small" tabIndex={-1}>
      {outcome(h)}
    </span>
  );
}

interface RowProps extends DecideProps {
  /** Decided here, just now: its list is still the one of those that wait. */
  fresh: boolean;
}

function When({ h, fresh }: { h: HeldUnsubscribe; fresh: boolean }) {
  if (h.decided_at && !fresh)
    return (
      <td class="when" data-l="Decided">
        {day_time(h.decided_at)}
      </td>
    );
  return (
    <td class="when" data-l="Counts by itself">
      {h.confirms_at ? day_name(h.confirms_at) : "no more"}
    </td>
  );
}

function Row({ h, fresh, decided, gone }: RowProps) {
  return (
    <tr data-held={h.id}>
      <td class="two">
        <a class="name" href={`/messages/${encodeURIComponent(h.id)}`} data-row>
          {person(h.to, "Nobody")}
        </a>
        <small>{h.subject || "No subject"}</small>
      </td>
      <td class="two wide">
        <Pressed h={h} />
      </td>
      <td class="when" data-l="Pressed">
        {day_time(h.held_at)}
      </td>
      <When h={h} fresh={fresh} />
      <td class="wide act">{h.state === "waiting" ? <Decide h={h} decided={decided} gone={gone} /> : <Decided h={h} fresh={fresh} />}</td>
    </tr>
  );
}

function use_held(state: State) {
  const [limit, set_limit] = useState(ROWS);
  const [mine, set_mine] = useState<Record<string, HeldUnsubscribe>>({});
  const list = use_resource<HeldPage>(`/unsubscribes/held${query({ state, limit })}`);
  useEffect(() => set_mine({}), [state]);
  return {
    list,
    rows: (list.data?.data ?? []).map((h) => mine[h.id] ?? h),
    mine,
    more: list.data?.next && limit < ROWS_MOST ? () => set_limit(ROWS_MOST) : null,
    decided: (h: HeldUnsubscribe) => {
      set_mine((before) => ({ ...before, [h.id]: h }));
      waiting_changed();
    },
  };
}

const NOTHING: Record<State, string> = {
  waiting: "Nothing waits.",
  confirmed: "None was confirmed yet.",
  dismissed: "None was dismissed yet.",
};

export function Unsubscribes({ route }: { route: Route }) {
  use_title("Unsubscribes");
  const state = (STATES.find((s) => s.value === route.params.get("state"))?.value ?? "waiting") as State;
  const { list, rows, mine, more, decided } = use_held(state);
  return (
    <>
      <Top
        title="Unsubscribes"
        sub="Scanners press buttons. These presses look like theirs and change nothing until you decide, or their time is over: then they count."
      />
      <div class="filters">
        <Chips label="State" options={STATES} value={state} choose={(v) => go_with({ state: v === "waiting" ? null : v }, "push")} />
      </div>
      <section class={list.stale ? "card is-stale" : "card"} aria-label="Unsubscribes" aria-busy={list.loading}>
        <Loading slow={list.slow} />
        {list.problem ? <Failed what="The list" problem={list.problem} retry={list.reload} /> : null}
        {rows.length > 0 ? (
          <table class="tbl fold held">
            <caption class="sr">Presses of the unsubscribe button that a machine seems to have made, newest mail first</caption>
            <thead>
              <tr>
                <th scope="col">Recipient</th>
                <th scope="col">Pressed by</th>
                <th scope="col">Pressed</th>
                <th scope="col">{state === "waiting" ? "Counts by itself" : "Decided"}</th>
                <th scope="col">
                  <span class="sr">Decision</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((h) => (
                <Row key={h.id} h={h} fresh={h.id in mine} decided={decided} gone={list.reload} />
              ))}
            </tbody>
          </table>
        ) : list.data ? (
          <Empty title={NOTHING[state]}>
            <p>One-click unsubscribes of mail apps, and presses by people, count at once and are never listed here.</p>
          </Empty>
        ) : null}
        {more && rows.length > 0 ? <ShowMore load={more} /> : null}
      </section>
    </>
  );
}

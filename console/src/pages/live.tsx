// SPDX-License-Identifier: Apache-2.0
// Who is there now? New events come in at the top, unless the reader is reading: then they wait, and say how many.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api_get, Problem, query } from "../api";
import { Chips } from "../parts/choice";
import { EventRow } from "../parts/event_row";
import { Top, use_title } from "../parts/page";
import { ShowMore } from "../parts/show_more";
import { Empty, Failed, Loading } from "../parts/states";
import { counted, day_key, day_name, time } from "../format";
import { Icon } from "../icons";
import * as model from "../live_model";
import type { Live as LiveState, Mark, Show, Who } from "../live_model";
import { go_with, type Route } from "../router";
import { open_stream } from "../stream";
import type { Event, Page } from "../types";

const FIRST = 50;
const CATCH_UP = 500;
const POINTING_MS = 5000;

const SHOWS: { value: Show; word: string }[] = [
  { value: "all", word: "All" },
  { value: "opens", word: "Opens" },
  { value: "clicks", word: "Clicks" },
  { value: "trouble", word: "Bounces and complaints" },
  { value: "sending", word: "Sending" },
];
const WHOS: { value: Who; word: string }[] = [
  { value: "anyone", word: "Anyone" },
  { value: "people", word: "People" },
  { value: "proxies", word: "Image proxies" },
  { value: "apple", word: "Apple privacy" },
  { value: "machines", word: "Machines" },
];

function one_of<T extends string>(options: { value: T }[], text: string | null): T {
  return (options.find((o) => o.value === text) ?? options[0]!).value;
}

interface Line {
  state: "connecting" | "live" | "lost";
  at: Date;
}

/** The state of the page, and everything that changes it. */
function use_live(is_reading: () => boolean) {
  const [live, set_live] = useState<LiveState>(model.EMPTY_LIVE);
  const [line, set_line] = useState<Line>({ state: "connecting", at: new Date() });
  const [next, set_next] = useState<string | null>(null);
  const [problem, set_problem] = useState<Problem | null>(null);
  const [loaded, set_loaded] = useState(false);
  const latest = useRef(live);
  const lost_at = useRef<{ time: Date; newest: string | null } | null>(null);

  const update = useCallback((edit: (live: LiveState) => LiveState) => {
    latest.current = edit(latest.current);
    set_live(latest.current);
  }, []);

  /** The list fills in what the line cannot: the first rows, and what happened while it was broken. */
  const catch_up = useCallback(
    async (first: boolean) => {
      const lost = lost_at.current;
      lost_at.current = null;
      try {
        const page = await api_get<Page<Event>>(`/events${query({ limit: first ? FIRST : CATCH_UP })}`);
        if (first) set_next(page.next);
        update((l) => model.add(l, page.data, !first && is_reading()));
        if (lost) update((l) => with_mark(l, lost));
        set_problem(null);
        set_loaded(true);
      } catch (error) {
        lost_at.current ??= lost;
        set_problem(error instanceof Problem ? error : new Problem(0, String(error), null));
      }
    },
    [update, is_reading],
  );

  useEffect(() => {
    let opened = false;
    return open_stream("", {
      event: (event) => update((l) => model.add(l, [event], is_reading())),
      opened: () => {
        set_line({ state: "live", at: new Date() });
        void catch_up(!opened);
        opened = true;
      },
      lost: () => {
        const newest = [...latest.current.waiting, ...latest.current.shown][0]?.id ?? null;
        if (opened) lost_at.current ??= { time: new Date(), newest };
        set_line((l) => (l.state === "lost" ? l : { state: "lost", at: new Date() }));
      },
    });
  }, [catch_up, update, is_reading]);

  async function older() {
    const page = await api_get<Page<Event>>(`/events${query({ limit: FIRST, cursor: next })}`);
    set_next(page.next);
    update((l) => model.add_older(l, page.data));
  }
  return { live, line, next, problem, loaded, older, release: () => update(model.release), retry: () => void catch_up(!loaded) };
}

function with_mark(live: LiveState, lost: { time: Date; newest: string | null }): LiveState {
  if (!lost.newest) return live;
  const all = [...live.waiting, ...live.shown];
  const missed = all.findIndex((e) => e.id === lost.newest);
  if (missed === 0) return live;
  const text = `Connection lost at ${time(lost.time.toISOString())}. Caught up, ${missed < 0 ? `more than ${CATCH_UP} events` : counted(missed, "event", "events")}`;
  const above = missed < 0 ? live.shown[0]?.id : lost.newest;
  return above ? { ...live, marks: [...live.marks, { above, text }] } : live;
}

function LineWords({ line, since }: { line: Line; since: Date }) {
  if (line.state === "lost")
    return (
      <span class="pulse">
        <span class="dot amber" aria-hidden="true" />
        Connection lost at {time(line.at.toISOString())}. Trying again
      </span>
    );
  if (line.state === "connecting")
    return (
      <span class="pulse">
        <span class="dot off" aria-hidden="true" />
        Connecting
      </span>
    );
  return (
    <span class="pulse">
      <span class="dot" aria-hidden="true" />
      Connected. Nothing missed since {time(since.toISOString())}.
    </span>
  );
}

/** The rows, a line where the connection was lost, and a line where an earlier day begins. */
function stream_rows(events: Event[], marks: Mark[]) {
  const rows = [];
  let day = day_key(new Date());
  for (const event of events) {
    for (const mark of marks.filter((m) => m.above === event.id))
      rows.push(
        <li key={`lost-${mark.text}`} class="ev mark">
          {mark.text}
        </li>,
      );
    const its_day = day_key(new Date(event.occurred_at));
    if (its_day !== day)
      rows.push(
        <li key={its_day} class="ev mark day">
          {day_name(event.occurred_at)}
        </li>,
      );
    day = its_day;
    rows.push(<EventRow key={event.id} event={event} />);
  }
  return rows;
}

/** Whether rows must stay where they are: paused, pointed at, focused, or scrolled into. A pointer that rests is not
 * pointing: it may just lie where the list came up. */
function use_reading(paused: boolean, freed: () => void) {
  const list = useRef<HTMLOListElement>(null);
  const moved_at = useRef(-Infinity);
  const stopped = useRef(paused);
  stopped.current = paused;
  const is_reading = useCallback(() => {
    if (stopped.current || performance.now() - moved_at.current < POINTING_MS) return true;
    if (!list.current) return false;
    return list.current.contains(document.activeElement) || list.current.getBoundingClientRect().top < 0;
  }, []);
  const check = useRef(freed);
  check.current = freed;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const maybe = useCallback(() => {
    if (!is_reading()) check.current();
  }, [is_reading]);
  useEffect(() => {
    addEventListener("scroll", maybe, { passive: true });
    document.addEventListener("focusout", maybe);
    return () => {
      clearTimeout(timer.current);
      removeEventListener("scroll", maybe);
      document.removeEventListener("focusout", maybe);
    };
  }, [maybe]);
  const handlers = {
    onPointerMove: (e: PointerEvent) => {
      if (e.pointerType !== "mouse" || (e.movementX === 0 && e.movementY === 0)) return; // the page moved, not the pointer
      moved_at.current = performance.now();
      clearTimeout(timer.current);
      timer.current = setTimeout(maybe, POINTING_MS);
    },
    onPointerLeave: () => {
      moved_at.current = -Infinity;
      maybe();
    },
  };
  return { list, is_reading, handlers };
}

export function Live({ route }: { route: Route }) {
  use_title("Live");
  const [paused, set_paused] = useState(false);
  const [since] = useState(() => new Date());
  const free = useRef(() => {});
  const { list, is_reading, handlers } = use_reading(paused, () => free.current());
  const { live, line, next, problem, loaded, older, release, retry } = use_live(is_reading);
  free.current = release;

  const show = one_of(SHOWS, route.params.get("show"));
  const who = one_of(WHOS, route.params.get("who"));
  const passing = (events: Event[]) => events.filter((e) => model.passes(e, show, who));
  const rows = passing(live.shown);
  const waiting = passing(live.waiting).length;

  function pause() {
    set_paused(!paused);
    if (paused) release();
  }
  function show_waiting() {
    release();
    list.current?.closest("section")?.scrollIntoView({ block: "start" });
  }
  return (
    <>
      <Top title="Live" sub={<LineWords line={line} since={since} />} one>
        <button class="btn" type="button" aria-pressed={paused} onClick={pause}>
          <Icon name={paused ? "play" : "pause"} />
          {paused ? "Resume" : "Pause"}
        </button>
      </Top>
      <div class="filters">
        <Chips label="What" options={SHOWS} value={show} choose={(v) => go_with({ show: v === "all" ? null : v })} />
        <Chips label="Who" options={WHOS} value={who} choose={(v) => go_with({ who: v === "anyone" ? null : v })} />
      </div>
      <section class="card stream" aria-labelledby="events-h" {...handlers}>
        <Loading slow={!loaded && !problem} />
        <header class="line">
          <h2 id="events-h" class="grow">
            Events
          </h2>
          {waiting > 0 ? (
            <button class="btn s primary" type="button" onClick={show_waiting} data-waiting={waiting}>
              {counted(waiting, "new event", "new events")}. Show
            </button>
          ) : (
            <span class="small faint">{paused ? "Paused. New events wait; none are lost." : "Newest first"}</span>
          )}
        </header>
        {problem ? <Failed what="The events" problem={problem} retry={retry} /> : null}
        <ol ref={list}>{stream_rows(rows, live.marks)}</ol>
        {loaded && live.shown.length === 0 ? (
          <Empty title="Quiet. Events appear here the second they happen.">
            <p>
              Open a mail in the <a href="/outbox">Outbox</a> and click one of its links.
            </p>
          </Empty>
        ) : loaded && rows.length === 0 ? (
          <p class="pad soft">None of these among the latest {counted(live.shown.length, "event", "events")}.</p>
        ) : null}
        {next && live.shown.length < model.SHOWN_MAX ? <ShowMore load={() => void older().catch(retry)} rows={FIRST} /> : null}
      </section>
    </>
  );
}

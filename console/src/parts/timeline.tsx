// SPDX-License-Identifier: Apache-2.0
// What happened to one mail: time, pin, sentence, badge, reason in words, and what was seen, folded.
import { EventBadge } from "./badge";
import { Icon, type IconName } from "../icons";
import { day_key, duration, long_day, share, short_url, time, time_s } from "../format";
import { actor_words, client_name, correction, counts, is_duplicate, is_hit, reason_line, why } from "../words";
import { happening_deed, happening_urls, happenings, type Happening } from "../happenings";
import type { Event } from "../types";

const TYPE_ICONS: Record<string, IconName> = {
  "email.queued": "clock",
  "email.sent": "send",
  "email.delivered": "check",
  "email.deferred": "clock",
  "email.bounced": "warn",
  "email.failed": "warn",
  "email.complained": "warn",
  "email.unsubscribed": "leave",
  "email.unsubscribe_held": "scan",
  "contact.hot": "bell",
};

export function icon_of(event: Event): IconName {
  const actor = actor_words(event);
  if (actor && !actor.counts) return actor.icon;
  if (event.type === "email.clicked") return "click";
  if (event.type === "email.opened") return actor?.icon ?? "eye";
  if (event.type === "email.sent" && event.provider === "outbox") return "tray";
  return TYPE_ICONS[event.type] ?? "mail";
}

function after(event: Event, delivered_at: string | null): string {
  if (!delivered_at) return "";
  const ms = Date.parse(event.occurred_at) - Date.parse(delivered_at);
  return ms > 0 ? `, ${duration(ms)} after delivery` : "";
}

function Why({ event, delivered_at }: { event: Event; delivered_at: string | null }) {
  const reason = why(event);
  if (event.type === "email.unsubscribe_held")
    return (
      <p class="why">
        <b>Held. </b>
        {reason_line(event.reasons ?? [])}. <a href="/unsubscribes">Unsubscribes</a>
      </p>
    );
  if (!is_hit(event))
    return event.bounce?.reason ? <span class="answer">{[event.bounce.code, event.bounce.reason].filter(Boolean).join(" ")}</span> : null;
  if (event.type === "event.corrected")
    return (
      <p class="why">
        <b>{correction(event)} </b>
        {reason}
      </p>
    );
  const client = client_name(event);
  const seen = client ? `${client}${after(event, delivered_at)}.` : "";
  return (
    <p class="why">
      {counts(event) ? null : <b>{is_duplicate(event) ? "Not counted again. " : "Not counted. "}</b>}
      {reason || seen}
    </p>
  );
}

function Seen({ happening }: { happening: Happening }) {
  const { event } = happening;
  const verdict = actor_words(event);
  if (!verdict) return null;
  const urls = happening_urls(happening);
  const rows: [string, string][] = [
    [
      "Verdict",
      [verdict.word, event.confidence != null ? `${share(event.confidence)} sure` : "", event.settled === false ? "not settled yet" : ""]
        .filter(Boolean)
        .join(", "),
    ],
    ["Reasons", reason_line(event.reasons ?? [])],
    ["Program", client_name(event)],
    ["Says", event.user_agent ?? ""],
    ["Network", event.ip ?? ""],
    [urls.length > 1 ? "Links" : "Link", urls.map((url) => (urls.length > 1 ? short_url(url) : url)).join("\n")],
    ["Rules", event.rules ?? ""],
  ];
  return (
    <details class="raw">
      <summary>
        <Icon name="right" small />
        What we saw
      </summary>
      <dl class="kv">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </details>
  );
}

function Entry({ happening, delivered_at }: { happening: Happening; delivered_at: string | null }) {
  const { event } = happening;
  const actor = actor_words(event);
  const hhmm = time(event.occurred_at);
  const full = time_s(event.occurred_at);
  return (
    <li data-event={event.id}>
      <time dateTime={event.occurred_at}>
        {full.startsWith(hhmm) ? (
          <>
            {hhmm}
            <span class="ss">{full.slice(hhmm.length)}</span>
          </>
        ) : (
          full
        )}
      </time>
      <span class={`pin ${event.type === "contact.hot" ? "hot" : (actor?.pin ?? "")}`}>
        <Icon name={icon_of(event)} />
      </span>
      <div>
        <div class="what">
          <span>{happening_deed(happening)}</span>
          {actor ? <EventBadge event={event} /> : null}
        </div>
        <Why event={event} delivered_at={delivered_at} />
        {event.type === "event.corrected" ? null : <Seen happening={happening} />}
      </div>
    </li>
  );
}

/** Oldest first, a line for each day. */
export function Timeline({ events, delivered_at }: { events: Event[]; delivered_at: string | null }) {
  const rows = [];
  let day = "";
  for (const happening of happenings(events)) {
    const { event } = happening;
    const key = day_key(new Date(event.occurred_at));
    if (key !== day)
      rows.push(
        <li key={key} class="daymark">
          {long_day(event.occurred_at)}
        </li>,
      );
    day = key;
    rows.push(<Entry key={event.id} happening={happening} delivered_at={delivered_at} />);
  }
  return <ol class="tl">{rows}</ol>;
}

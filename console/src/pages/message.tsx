// SPDX-License-Identifier: Apache-2.0
// What happened to this mail? The short answer in four figures, then everything in order, live.
import { Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Switch } from "../parts/choice";
import { StateBadge } from "../parts/badge";
import { Doubt } from "../parts/doubt";
import { MailFrame } from "../parts/mail_frame";
import { use_title } from "../parts/page";
import { Empty, Failed, Loading } from "../parts/states";
import { Timeline } from "../parts/timeline";
import { use_message } from "../message_live";
import { count, counted, day_time, duration, person, said_time, short_url } from "../format";
import { Icon } from "../icons";
import { counts, is_hit, provider_name, skipped_words, state_words, tracking_words } from "../words";
import type { Event, Link, MessageDetail } from "../types";

function last_of(events: Event[], type: string): string | null {
  const hits = events.filter((e) => e.type === type && counts(e));
  return hits.length ? hits[hits.length - 1]!.occurred_at : null;
}

function times(n: number): string {
  return counted(n, "time", "times");
}

function Figure({ name, value, small, more }: { name: string; value: string; small: string; more?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{small}</small>
        {more ? <small>{more}</small> : null}
      </dd>
    </div>
  );
}

function opens_small(m: MessageDetail): string {
  const last = last_of(m.timeline, "email.opened");
  if (last) return `last ${said_time(last)}`;
  if (m.status === "in_doubt") return "nobody knows whether it was sent";
  const left = m.sent_at;
  if (left) return `the mail left ${duration(Date.now() - Date.parse(left))} ago`;
  return ["failed", "suppressed", "canceled"].includes(m.status) ? "it was not sent" : "not sent yet";
}

function Answer({ m }: { m: MessageDetail }) {
  const opens_off = m.tracked?.opens === "off";
  const clicks_off = m.tracked?.clicks === "off";
  const last_click = last_of(m.timeline, "email.clicked");
  const start = m.delivered_at ?? m.sent_at;
  const to_click = m.first_clicked_at && start ? duration(Date.parse(m.first_clicked_at) - Date.parse(start)) : "–";
  return (
    <section class="card" aria-label="Answer in short">
      <dl class="figs four">
        <Figure
          name="Opened by a person"
          value={opens_off ? "Not tracked" : m.opens ? times(m.opens) : m.status === "in_doubt" ? "Not known" : "Not yet"}
          small={opens_off ? "Tracking was off for this mail" : opens_small(m)}
          more={m.opens_mpp > 0 ? `${count(m.opens_mpp)} by Apple privacy` : ""}
        />
        <Figure
          name="Clicked by a person"
          value={clicks_off ? "Not tracked" : m.clicks ? times(m.clicks) : "Not yet"}
          small={clicks_off ? "Tracking was off for this mail" : last_click ? `last ${said_time(last_click)}` : "no clicks"}
        />
        <Figure
          name="By machines, not counted"
          value={count(m.machine_opens + m.machine_clicks)}
          small={`${counted(m.machine_opens, "open", "opens")}, ${counted(m.machine_clicks, "click", "clicks")}`}
        />
        <Figure name="Time to first click" value={to_click} small={m.first_clicked_at ? (m.delivered_at ? "after delivery" : "after sending") : clicks_off ? "clicks are not tracked" : "no clicks yet"} />
      </dl>
    </section>
  );
}

const ORDER = [
  { value: "all", word: "All" },
  { value: "people", word: "People only" },
] as const;

function WhatHappened({ m }: { m: MessageDetail }) {
  const [who, set_who] = useState<"all" | "people">("all");
  const events = who === "all" ? m.timeline : m.timeline.filter((e) => is_hit(e) && counts(e));
  const minutes = m.sent_at ? (Date.now() - Date.parse(m.sent_at)) / 60000 : 0;
  return (
    <section class="card" aria-labelledby="timeline-h">
      <header class="line">
        <h2 id="timeline-h" class="grow">
          What happened
        </h2>
        <Switch label="Whose events" options={ORDER} value={who} choose={set_who} />
      </header>
      {events.length > 0 ? (
        <Timeline events={events} delivered_at={m.delivered_at} />
      ) : (
        <p class="pad soft">{who === "people" ? "Nothing by a person yet." : "Nothing yet."}</p>
      )}
      {m.timeline_left_out ? <footer>The first {count(m.timeline.length)} events. {count(m.timeline_left_out)} later ones are not shown here.</footer> : null}
      {m.opens === 0 && m.sent_at && m.tracked?.opens !== "off" ? (
        <footer>
          {minutes < 24 * 60
            ? `No opens yet. The mail left ${duration(minutes * 60000)} ago; most people who open do so within a day.`
            : "No opens by a person. Some people read without loading images; a click would still show."}
        </footer>
      ) : null}
    </section>
  );
}

function Facts({ m }: { m: MessageDetail }) {
  const rows: [string, string | null][] = [
    ["From", person(m.from, "not said")],
    ["To", person(m.to, "several")],
    ["Campaign", m.campaign_id],
    ["Template", m.template_id],
    ["Contact", m.contact_id],
    ["Account", m.provider ? provider_name(m.provider) : null],
    ["Attempts", m.attempts > 1 ? String(m.attempts) : null],
    ["Due", m.send_at && m.status === "scheduled" ? day_time(m.send_at) : null],
    ["Tracking", tracking_words(m.tracked)],
  ];
  return (
    <section class="card" aria-labelledby="facts-h">
      <header class="line">
        <h2 id="facts-h" class="grow">
          Message
        </h2>
        {m.provider === "outbox" ? <a href={`/outbox/${encodeURIComponent(m.id)}`}>Open in the Outbox</a> : null}
      </header>
      <dl class="facts pad">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
        <dt>Id</dt>
        <dd class="mono">{m.id}</dd>
      </dl>
    </section>
  );
}

function clicks_by_link(events: Event[]): Map<number, number> {
  const by = new Map<number, number>();
  for (const e of events) if (e.type === "email.clicked" && counts(e) && e.link_index != null) by.set(e.link_index, (by.get(e.link_index) ?? 0) + 1);
  return by;
}

function Links({ links, events }: { links: Link[]; events: Event[] }) {
  const by = clicks_by_link(events);
  return (
    <section class="card" aria-labelledby="links-h">
      <header class="line">
        <h2 id="links-h" class="grow">
          Links
        </h2>
        <span class="small faint">clicks by people</span>
      </header>
      {links.length === 0 ? <p class="pad soft">This mail has no links.</p> : null}
      <ol class="links tight">
        {links.map((l) => (
          <li key={l.index}>
            <span class="ix">{l.index + 1}</span>
            <span class="url">
              {short_url(l.url)} {l.skipped ? <span class="faint small">{skipped_words(l.skipped)}</span> : null}
            </span>
            {l.skipped ? (
              <span class="faint">–</span>
            ) : (
              <span class={by.get(l.index) ? "strong num" : "faint num"}>{count(by.get(l.index) ?? 0)}</span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/**
 * The HTML of mail that somebody got comes without pixel and tracked links, so that a look at it counts for nobody; that
 * of mail in the Outbox has both, and is opened there and not here.
 */
function AsSent({ m }: { m: MessageDetail }) {
  const headers = Object.entries(m.headers ?? {});
  const has_frame = Boolean(m.has_html) && m.provider !== "outbox";
  if (!m.text && !has_frame && headers.length === 0) return null;
  return (
    <section class="card" aria-labelledby="sent-h">
      <header class="line">
        <h2 id="sent-h">As sent</h2>
      </header>
      {has_frame ? <MailFrame key={m.id} id={m.id} /> : null}
      {m.text && has_frame ? (
        <details class="raw pad">
          <summary>
            <Icon name="right" small />
            As plain text
          </summary>
          <pre class="plain">{m.text}</pre>
        </details>
      ) : m.text ? (
        <pre class="plain pad">{m.text}</pre>
      ) : null}
      {headers.length ? (
        <details class="raw pad">
          <summary>
            <Icon name="right" small />
            Headers
          </summary>
          <dl class="kv">
            {headers.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
    </section>
  );
}

function Found({ m, reload }: { m: MessageDetail; reload: () => void }) {
  const when = m.sent_at ?? m.send_at ?? m.created_at;
  return (
    <>
      <div class="top">
        <div class="grow">
          <h1>{m.subject || "No subject"}</h1>
          <p class="sub inl wrap">
            To {person(m.to, "several")}, {said_time(when)} <StateBadge status={m.status} />
          </p>
        </div>
      </div>
      <Doubt m={m} reload={reload} />
      {m.error && m.status !== "in_doubt" ? (
        <p class="note amber mb" role="note">
          <Icon name="warn" />
          <span class="grow">
            {state_words(m.status).word}: {m.error}
          </span>
        </p>
      ) : null}
      <Answer m={m} />
      <div class="cols mt">
        <div class="stack c7">
          <WhatHappened m={m} />
        </div>
        <div class="stack c5">
          <Facts m={m} />
          <Links links={m.links} events={m.timeline} />
          <AsSent m={m} />
        </div>
      </div>
    </>
  );
}

export function Message({ id }: { id: string }) {
  const { message, problem, slow, reload } = use_message(id);
  use_title(useMemo(() => (message ? `Message to ${message.to?.name ?? message.to?.email ?? "several"}` : "Message"), [message]));
  return (
    <>
      <nav class="crumb" aria-label="Breadcrumb">
        <a href="/messages">Messages</a>
        <Icon name="right" small />
        <span>Message</span>
      </nav>
      {message ? (
        <Found m={message} reload={reload} />
      ) : problem?.status === 404 ? (
        <section class="card">
          <h1 class="sr">Message</h1>
          <Empty title="There is no such message.">
            <p>
              It may be gone, or belong to somebody else. <a href="/messages">All messages</a>
            </p>
          </Empty>
        </section>
      ) : (
        <section class="card">
          <h1 class="sr">Message</h1>
          <Loading slow={slow} />
          {problem ? <Failed what="This message" problem={problem} retry={reload} /> : <div class="blank" />}
        </section>
      )}
    </>
  );
}

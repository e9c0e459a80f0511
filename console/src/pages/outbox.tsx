// SPDX-License-Identifier: Apache-2.0
// Does it work? Mail that went nowhere, as a mail client shows it: opening one loads its images and so makes a real
// open; clicking a link makes a real click. That is why no mail is opened before the reader chooses one, and none at all
// that has not left: nobody can open that one.
import { useEffect, useRef } from "preact/hooks";
import { curl_command } from "../parts/commands";
import { InYourName } from "../parts/first_mail";
import { MailFrame } from "../parts/mail_frame";
import { Top, use_title } from "../parts/page";
import { ShowMore } from "../parts/show_more";
import { Command, Empty, Failed, Loading } from "../parts/states";
import { icon_of } from "../parts/timeline";
import { use_message } from "../message_live";
import { counted, said_time, short_time, time_s } from "../format";
import { Icon } from "../icons";
import { has_left, use_outbox_mails } from "../outbox_mails";
import type { Route } from "../router";
import { is_admin, use_session } from "../session";
import { open_stream } from "../stream";
import { actor_words, counts, deed, is_hit, is_outbox_only, provider_name } from "../words";
import type { Event, Me, Message, MessageDetail } from "../types";

const RELOAD_MS = 300;
const CHANGES_LIST = new Set(["email.queued", "email.sent", "email.failed", "email.opened", "email.clicked"]);

/** The list, read again when a mail comes in or one of them is opened. */
function use_outbox() {
  const list = use_outbox_mails();
  const { reload } = list;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(reload, RELOAD_MS);
    };
    const close = open_stream("", {
      event: (event) => {
        if (CHANGES_LIST.has(event.type)) soon();
      },
      opened: soon,
      lost: () => {},
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [reload]);
  return list;
}

function Item({ m, here }: { m: Message; here: boolean }) {
  const read = here || m.opens + m.opens_mpp + m.machine_opens > 0;
  return (
    <a
      href={`/outbox/${encodeURIComponent(m.id)}`}
      class={read ? "read" : ""}
      data-row
      data-stay
      {...(here ? { "aria-current": "true" as const } : {})}
    >
      <span class="a">
        <span class="cut">{m.to?.name ?? m.to?.email ?? "several"}</span>
        <time dateTime={m.sent_at ?? m.created_at}>{short_time(m.sent_at ?? m.created_at)}</time>
      </span>
      <span class="b cut blk">{m.subject || "No subject"}</span>
      <span class="c cut blk small">
        {m.opens || m.clicks
          ? `${counted(m.opens, "open", "opens")}, ${counted(m.clicks, "click", "clicks")}`
          : m.machine_opens > 0
            ? "Opened by machines only"
            : m.opens_mpp > 0
              ? "Loaded by Apple privacy only"
              : "Not opened yet"}
      </span>
    </a>
  );
}

/** What to expect of a mail that shows no open. */
function before_open(m: MessageDetail): string {
  if (m.tracked?.opens === "anonymous") return "Opens of this mail are anonymous: counted in the sums, and never shown here.";
  if (m.tracked?.opens === "off") return "Opens of this mail are not tracked.";
  if (m.machine_opens > 0) return "The mail has loaded its images, so far for machines only, or for clients of which nobody can tell.";
  if (m.opens_mpp > 0) return "Apple's mail privacy has loaded the images. Whether a person has read the mail, nobody can tell.";
  return "The open appears here as soon as the mail has loaded its images.";
}

function Made({ m, before }: { m: MessageDetail; before: Set<string> | null }) {
  const opens = m.timeline.filter((e) => e.type === "email.opened" && counts(e)).length;
  const clicks = m.timeline.filter((e) => e.type === "email.clicked" && counts(e)).length;
  const tracked = m.links.filter((l) => !l.skipped).length;
  return (
    <aside class="made-col" aria-labelledby="made-h">
      <header class="pad">
        <h2 id="made-h">What it made</h2>
        <p class="small soft">Real events, counted as yours.</p>
      </header>
      <ol class="made">
        {m.timeline.map((event) => (
          <MadeRow key={event.id} event={event} fresh={before !== null && !before.has(event.id)} />
        ))}
      </ol>
      <div class="pad">
        {opens > 0 && clicks > 0 ? (
          <div class="note good">
            <Icon name="check" />
            <p class="grow">
              <b>It works.</b> Opened {counted(opens, "time", "times")}, {counted(clicks, "click", "clicks")}.{" "}
              <a href={`/messages/${encodeURIComponent(m.id)}`}>See it as your team will</a>
            </p>
          </div>
        ) : opens > 0 ? (
          <p class="note">
            <span class="grow">Opening it was counted. Now click one of its links; each opens in a new tab.</span>
          </p>
        ) : (
          <p class="note">
            <span class="grow">{before_open(m)}</span>
          </p>
        )}
      </div>
      <dl class="facts pad bt">
        <dt>Links</dt>
        <dd>
          {tracked} tracked, {m.links.length - tracked} left alone
        </dd>
        <dt>From</dt>
        <dd>{m.from?.email ?? "not said"}</dd>
        <dt>Id</dt>
        <dd class="mono">
          <a href={`/messages/${encodeURIComponent(m.id)}`}>{m.id}</a>
        </dd>
      </dl>
    </aside>
  );
}

function MadeRow({ event, fresh }: { event: Event; fresh: boolean }) {
  const mine = is_hit(event) && counts(event);
  const actor = actor_words(event);
  const icon = event.type === "email.opened" && mine ? "eye" : icon_of(event);
  return (
    <li class={[mine ? "me" : "", fresh ? "new" : ""].join(" ").trim()} data-event={event.id}>
      <Icon name={icon} />
      <span class="deed">
        {deed(event, mine)}
        {actor && !mine ? (
          <span class="small faint blk">{actor.counts ? "the same hit again, not counted" : `${actor.word}, not counted`}</span>
        ) : null}
      </span>
      <time dateTime={event.occurred_at}>{time_s(event.occurred_at)}</time>
    </li>
  );
}

function Body({ m }: { m: MessageDetail }) {
  if (m.body_kept === false)
    return (
      <Empty title="This mail is no longer kept.">
        <p>Bodies are pruned after some time. What it made stays counted.</p>
      </Empty>
    );
  if (m.has_html === false) return <pre class="plain pad">{m.text || "This mail is empty."}</pre>;
  return <MailFrame key={m.id} id={m.id} />;
}

/** Why a mail does not lie in the Outbox. */
function why_not_here(m: MessageDetail): string {
  if (m.status === "scheduled") return `It is scheduled${m.send_at ? ` for ${said_time(m.send_at)}` : ""}. Until then there is nothing to open.`;
  if (m.status === "suppressed") return "Its address gets no mail, so there is nothing to open.";
  if (m.status === "canceled") return "It was canceled before, so there is nothing to open.";
  if (m.status === "failed") return "It could not be written, so there is nothing to open.";
  if (m.status === "in_doubt") return "Nobody knows whether it was written. Once somebody has said so, it can be opened here.";
  return "It is on its way, and can be opened here as soon as it has left.";
}

function NotHere({ m }: { m: MessageDetail }) {
  return (
    <article class="reader whole">
      <Empty title={["suppressed", "canceled", "failed"].includes(m.status) ? "This mail was not sent." : "This mail has not left yet."}>
        <p>{why_not_here(m)}</p>
        <p>
          <a href={`/messages/${encodeURIComponent(m.id)}`}>What happened to it</a>
        </p>
        <p>
          <a href="/outbox">All mail in the Outbox</a>
        </p>
      </Empty>
    </article>
  );
}

function Reader({ id }: { id: string }) {
  const before = useRef<Set<string> | null>(null); // events that were there when the mail was opened
  const { message: m, problem, slow, reload } = use_message(id, true);
  if (m && !before.current) before.current = new Set(m.timeline.map((e) => e.id));
  use_title(m?.subject ?? "Outbox");
  if (problem?.status === 404)
    return (
      <article class="reader whole">
        <Empty title="There is no such mail.">
          <p>
            <a href="/outbox">All mail in the Outbox</a>
          </p>
        </Empty>
      </article>
    );
  if (m && !has_left(m)) return <NotHere m={m} />;
  return (
    <div class="opened">
      <article class="reader" aria-labelledby="mail-h">
        <Loading slow={slow && !m} />
        <div class="reader-h">
          <a class="back" href="/outbox" data-stay>
            <Icon name="left" small />
            All mail
          </a>
          <h2 id="mail-h">{m ? m.subject || "No subject" : " "}</h2>
          <p class="sub">{m ? `From ${m.from?.name ?? m.from?.email ?? "nobody"} to ${m.to?.email ?? "several"}, ${said_time(m.sent_at ?? m.created_at)}` : " "}</p>
          {m?.headers ? (
            <details class="raw">
              <summary>
                <Icon name="right" small />
                Headers
              </summary>
              <dl class="kv">
                {Object.entries(m.headers).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </details>
          ) : null}
        </div>
        {problem ? <Failed what="This mail" problem={problem} retry={reload} /> : null}
        {m ? <Body m={m} /> : <div class="frame" />}
      </article>
      {m ? <Made m={m} before={before.current} /> : <aside class="made-col" />}
    </div>
  );
}

/** Where a mail goes that is sent now, and so whether it will lie here. */
function what_lies_here(me: Me): string {
  if (!is_outbox_only(me)) return `Mail leaves through ${provider_name(me.provider)}. Only mail that was sent to the Outbox lies here; nobody else receives it.`;
  if (!is_admin(me)) return "Mail that is sent in your name stays here until a mail account is connected. Nobody else receives it.";
  return "Mail you send stays here until you connect an account. Nobody else receives it.";
}

/** The command that puts a mail here, also where others leave. */
function SendHere() {
  const { me } = use_session();
  return <Command text={curl_command(is_outbox_only(me) ? undefined : "outbox")} />;
}

function NoMail() {
  const { me } = use_session();
  return (
    <section class="card">
      <Empty title="No mail here yet.">
        {!is_admin(me) ? (
          <InYourName />
        ) : (
          <>
            <p>
              {is_outbox_only(me)
                ? "Paste the curl line that was printed where you started Pugmark, or this one with your API key."
                : "To try a mail without sending it to anybody, paste this line with your API key: it names the Outbox as its provider."}
            </p>
            <SendHere />
          </>
        )}
      </Empty>
    </section>
  );
}

export function Outbox({ route }: { route: Route }) {
  use_title("Outbox");
  const { me } = use_session();
  const list = use_outbox();
  const mails = list.mails ?? [];
  const empty = list.mails !== null && mails.length === 0;
  return (
    <>
      <Top title="Outbox" sub={what_lies_here(me)} />
      {empty && !route.id ? (
        <NoMail />
      ) : (
        <section class={route.id ? "card client has-mail" : "card client"} aria-label="Outbox">
          <nav class="box" aria-label="Mails">
            <Loading slow={list.slow} />
            {list.mails && is_admin(me) ? (
              <details class="raw another">
                <summary>
                  <Icon name="right" small />
                  {is_outbox_only(me) ? "Send another" : "Send one to the Outbox"}
                </summary>
                <SendHere />
              </details>
            ) : null}
            {list.problem ? <Failed what="The mails" problem={list.problem} retry={list.reload} /> : null}
            {mails.map((m) => (
              <Item key={m.id} m={m} here={m.id === route.id} />
            ))}
            {list.goes_on ? <ShowMore load={list.load_more} failed={list.problem !== null} /> : null}
          </nav>
          {route.id ? (
            <Reader key={route.id} id={route.id} />
          ) : (
            <div class="reader whole">
              <Empty title="Choose a mail.">
                <p>Opening it loads its images, as in any mail app, and that makes a real open. Its links make real clicks.</p>
              </Empty>
            </div>
          )}
        </section>
      )}
    </>
  );
}

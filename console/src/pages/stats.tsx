// SPDX-License-Identifier: Apache-2.0
// How is our mail doing? Four figures, what they are of, and who is behind the opens.
import type { ComponentChildren } from "preact";
import { query } from "../api";
import { Switch } from "../parts/choice";
import { FirstMail } from "../parts/first_mail";
import { MessageTable } from "../parts/message_table";
import { Top, use_title } from "../parts/page";
import { RangePicker } from "../parts/range_picker";
import { Empty, Failed, Loading } from "../parts/states";
import { Track } from "../parts/track";
import * as figures from "../figures";
import type { Delta, Mode } from "../figures";
import { count, counted, percent, share } from "../format";
import { range_of, type Range } from "../range";
import { use_resource } from "../resource";
import { go_with, type Route } from "../router";
import { use_session } from "../session";
import { value_of } from "../settings";
import type { Me, Message, Page, Summary, Tenant } from "../types";
import { browser_zone, differs_from_browser } from "../zones";

const MODES = [
  { value: "people", word: "People", key: "p" },
  { value: "strict", word: "Strict", key: "x" },
  { value: "all", word: "Everything", key: "e" },
] as const;

function Explain({ mode }: { mode: Mode }) {
  if (mode === "strict")
    return (
      <p class="explain">
        <b>Strict</b> counts only opens that came straight from a person’s own mail app. Gmail and Yahoo readers drop out, so the true rate is higher.
      </p>
    );
  if (mode === "all")
    return (
      <p class="explain">
        <b>Everything</b> counts every fetch, also by Apple privacy, scanners and link previews. Good for finding faults, not for judging a campaign.
      </p>
    );
  return (
    <p class="explain">
      <b>People</b> counts opens by people, and by the image proxies of Gmail and Yahoo that fetch when a person opens. Apple privacy and machines are
      left out.
    </p>
  );
}

interface CellProps {
  name: string;
  label: string;
  figure: string;
  unit?: string;
  delta: Delta | null;
  children: ComponentChildren;
}

function Cell({ name, label, figure, unit, delta, children }: CellProps) {
  const tone = delta?.good === true ? "good" : delta?.good === false ? "bad" : "";
  return (
    <div class="stat" data-card={name} role="group" aria-label={label}>
      <span class="t">{label}</span>
      <span class="v">
        {figure}
        {unit && figure !== "–" ? <span class="faint">{unit}</span> : null}
      </span>
      <span class="of">{children}</span>
      <span class="d">
        {delta ? (
          <>
            <span class={`strong ${tone}`}>{delta.text}</span> {delta.from}
          </>
        ) : null}
      </span>
    </div>
  );
}

function list_link(range: Range, status?: string): string {
  return `/messages${query({ from: range.from, to: range.to, status })}`;
}

interface AnonymousProps {
  what: "opens" | "clicks";
  total: number;
  unique: number;
  tenant: Tenant | null;
}

/** Why a rate is lower than the hits of people let expect. */
function Anonymous({ what, total, unique, tenant }: AnonymousProps) {
  if (figures.are_all_anonymous(total, unique))
    return (
      <span class="why" data-anonymous="all">
        {total === 1 ? `The only ${what.slice(0, -1)} is` : `All ${count(total)} ${what} are`} anonymous: counted, but for no mail, so in no rate.
      </span>
    );
  if (total === 0 || !tenant || value_of(tenant, what) !== "anonymous") return null;
  return (
    <span class="why" data-anonymous="some">
      {what === "opens" ? "Opens" : "Clicks"} of new mail are anonymous, which count in no rate.
    </span>
  );
}

interface StripProps {
  s: Summary;
  mode: Mode;
  range: Range;
  tenant: Tenant | null;
}

function Strip({ s, mode, range, tenant }: StripProps) {
  const was = range.key === "all" ? null : (s.previous ?? null);
  const of = (what: "opens" | "clicks", done: number) => {
    const { n, arrived, of_sent } = figures.base_of(s, what);
    const tracked = n < arrived ? ` with ${what === "opens" ? "tracked opens" : "tracked links"}` : "";
    if (n > 0) return `${count(done)} of ${count(n)} ${of_sent ? "sent" : "delivered"}${tracked}`;
    return s.delivered > 0 || s.in_flight > 0 ? `no mail tells whose ${what} they are` : `${count(done)} nothing delivered yet`;
  };
  const unreported = s.in_flight > 0 && s.delivered > 0 ? `, ${count(s.in_flight)} not reported on yet` : "";
  return (
    <div class="strip">
      <Cell name="sends" label="Sends" figure={count(s.sends)} delta={was && figures.growth(s.sends, was.sends)}>
        <a href={list_link(range)}>{s.delivered > 0 || s.sends === 0 ? `${count(s.delivered)} delivered` : "no delivery reports yet"}</a>
        {unreported}
      </Cell>
      <Cell
        name="opens"
        label="Open rate"
        figure={percent(figures.open_rate(s, mode))}
        unit="%"
        delta={was && figures.points(figures.open_rate(s, mode), figures.open_rate(was, mode), true)}
      >
        {of("opens", figures.opens_of(s, mode))}
        <Anonymous what="opens" total={s.opens_total} unique={s.opens_unique} tenant={tenant} />
      </Cell>
      <Cell
        name="clicks"
        label="Click rate"
        figure={percent(figures.click_rate(s, mode))}
        unit="%"
        delta={was && figures.points(figures.click_rate(s, mode), figures.click_rate(was, mode), true)}
      >
        {of("clicks", figures.clicks_of(s, mode))}
        <Anonymous what="clicks" total={s.clicks_total} unique={s.clicks_unique} tenant={tenant} />
      </Cell>
      <Cell
        name="failed"
        label="Failed or bounced"
        figure={percent(figures.fail_rate(s))}
        unit="%"
        delta={was && figures.points(figures.fail_rate(s), figures.fail_rate(was), false)}
      >
        <a href={list_link(range, "bounced")}>{count(s.bounced)} bounced</a>, <a href={list_link(range, "failed")}>{count(s.failed)} failed</a>
      </Cell>
    </div>
  );
}

/** Of how much of the mail that arrived nobody can tell, and why. */
function left_out_words(of_opens: number, of_clicks: number): string {
  const parts = [
    of_opens > 0 ? `${count(of_opens)} of which nobody can tell who opens them` : "",
    of_clicks > 0 ? `${count(of_clicks)} of which nobody can tell who clicks` : "",
  ].filter(Boolean);
  return parts.length ? `, but for ${parts.join(", and ")}: without HTML or links, or not tracked for each person` : "";
}

function BaseNote({ s, time_zone }: { s: Summary; time_zone: string }) {
  const { n, arrived, of_sent } = figures.base_of(s, "opens");
  const doubt =
    s.in_doubt > 0 ? (
      <>
        {" "}
        <a href="/messages?status=in_doubt">{counted(s.in_doubt, "mail is", "mails are")} in doubt</a>: the line broke before the answer came.
      </>
    ) : null;
  if (arrived === 0) return <footer>Rates need delivered mail; there is none yet.{doubt}</footer>;
  const what = of_sent
    ? `Rates are of ${counted(arrived, "sent mail", "sent mails")}, because no delivery reports arrive from this account`
    : `Rates are of ${counted(arrived, "delivered mail", "delivered mails")}`;
  const left_out = left_out_words(arrived - n, arrived - figures.base_of(s, "clicks").n);
  return (
    <footer>
      {what}
      {left_out}. An open or click counts once for each mail, for the day the mail was sent
      {differs_from_browser(time_zone) ? `, which is a day in ${time_zone}; times of day, here and elsewhere, are in ${browser_zone()}` : ""}.{doubt}
    </footer>
  );
}

function BehindCard({ s }: { s: Summary }) {
  const behind = figures.behind_opens(s);
  const total = behind.reduce((sum, b) => sum + b.n, 0);
  return (
    <section class="card mt" aria-labelledby="behind-h">
      <header class="line">
        <h2 id="behind-h" class="grow">
          Who is behind the opens
        </h2>
        <span class="small soft">
          MPP share <span class={figures.mpp_class(figures.mpp_share(s))}>{share(figures.mpp_share(s))}</span>
        </span>
      </header>
      {total > 0 ? (
        <div class="pad">
          <Track behind={behind} />
        </div>
      ) : (
        <p class="pad soft">No opens yet. Most people who open do so within a day.</p>
      )}
      <footer>
        Every fetch of an image, repeats included. <b>MPP share</b> is the part of opens that Apple’s mail privacy made by itself: grey under 25%,{" "}
        <span class="mpp mid">amber</span> from 25%, <span class="mpp high">bold amber</span> from 50%, a dash before the first open. Where it is
        high, trust the click rate.
      </footer>
    </section>
  );
}

function MachinesLine({ s }: { s: Summary }) {
  const parts = [
    s.clicks_machine > 0 ? `${counted(s.clicks_machine, "click", "clicks")} by machines were left out of the click rate` : "",
    s.unsubscribes > 0 ? `${counted(s.unsubscribes, "person", "people")} unsubscribed` : "",
    s.complaints > 0 ? `${counted(s.complaints, "mail was", "mails were")} marked as spam` : "",
  ].filter(Boolean);
  return parts.length ? <p class="aside">{parts.join(". ")}.</p> : null;
}

function empty_words(range: Range): string {
  if (range.key === "all") return "Nothing sent yet.";
  if (range.key === "custom") return "Nothing sent on these days.";
  return `Nothing sent in these ${range.key.slice(0, -1)} days.`;
}

function scope_words(me: Me): string {
  if (me.user.role !== "owner" && me.user.role !== "admin") return "What you sent";
  return me.tenant.name.toLowerCase() === "default" ? "Everything sent" : `Everything ${me.tenant.name} sent`;
}

/** Days are the tenant's, times of day the browser's: at the turn of a day a mail of "today" may be one of yesterday. */
function Days({ time_zone }: { time_zone: string }) {
  return <span title={`Times of day, here and elsewhere, are those of your browser: ${browser_zone()}.`}>Days in {time_zone}</span>;
}

/** The latest mails, whatever the range: the way from the figures to what is behind them. */
function Latest() {
  const latest = use_resource<Page<Message>>("/messages?limit=5");
  const rows = latest.data?.data ?? [];
  return (
    <section class="card mt" aria-labelledby="latest-h" aria-busy={latest.loading}>
      <Loading slow={latest.slow} />
      <header class="line">
        <h2 id="latest-h" class="grow">
          Latest mails
        </h2>
        <a class="small" href="/messages">
          All messages
        </a>
      </header>
      {latest.problem ? <Failed what="The messages" problem={latest.problem} retry={latest.reload} /> : null}
      {rows.length > 0 ? <MessageTable rows={rows} /> : null}
    </section>
  );
}

export function Stats({ route }: { route: Route }) {
  use_title("Stats");
  const { me } = use_session();
  const range = range_of(route.params, me.tenant.time_zone);
  const mode = figures.mode_of(route.params.get("count"));
  const compare = range.key === "all" ? null : "previous";
  const summary = use_resource<Summary>(`/stats/summary${query({ from: range.from, to: range.to, compare })}`);
  const tenant = use_resource<Tenant>(`/tenants/${encodeURIComponent(me.tenant.id)}`);
  const s = summary.data;
  return (
    <>
      <Top
        title="Stats"
        sub={
          <>
            {scope_words(me)}, {range.dates} · <Days time_zone={me.tenant.time_zone} />
          </>
        }
      >
        <Switch label="Which openers count" options={MODES} value={mode} choose={(value) => go_with({ count: value === "people" ? null : value })} />
        <RangePicker range={range} time_zone={me.tenant.time_zone} />
      </Top>
      <Explain mode={mode} />
      <section class={summary.stale ? "card is-stale" : "card"} aria-label="Summary" aria-busy={summary.loading}>
        <Loading slow={summary.slow} />
        {summary.problem ? <Failed what="These figures" problem={summary.problem} retry={summary.reload} /> : null}
        {s && s.sends === 0 ? (
          <Empty title={empty_words(range)}>
            <FirstMail />
          </Empty>
        ) : s ? (
          <>
            <Strip s={s} mode={mode} range={range} tenant={tenant.data} />
            <BaseNote s={s} time_zone={me.tenant.time_zone} />
          </>
        ) : summary.problem ? null : (
          <div class="strip blank" />
        )}
      </section>
      {s && s.sends > 0 ? (
        <>
          <BehindCard s={s} />
          <MachinesLine s={s} />
          <Latest />
        </>
      ) : null}
    </>
  );
}

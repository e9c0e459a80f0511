// SPDX-License-Identifier: Apache-2.0
// Who gets no mail, and why. The list is in the order of the addresses and can be long: an address is looked up whole,
// which also finds it where only its hash is kept. A row that was taken off stays where it is, so that nothing jumps.
import { useEffect, useRef, useState } from "preact/hooks";
import { AddSuppression } from "../parts/add_suppression";
import { Chips } from "../parts/choice";
import { LookUp } from "../parts/look_up";
import { Top, use_title } from "../parts/page";
import { RemoveSuppression } from "../parts/remove_suppression";
import { ForAdmins, SettingsTabs } from "../parts/settings_tabs";
import { ShowMore } from "../parts/show_more";
import { Empty, Failed, Loading } from "../parts/states";
import { day_time } from "../format";
import { Icon } from "../icons";
import { forget_pages, PAGE_ROWS, use_paged, type List } from "../paged";
import { go_with, type Route } from "../router";
import { is_admin, use_session } from "../session";
import { suppression_words } from "../suppression_words";
import type { Suppression } from "../types";

const LIST: List<Suppression> = { path: "/suppressions", key: (s) => s.address ?? `${s.reason} ${s.created_at}` };
const REASONS = [
  { value: "all", word: "All" },
  { value: "unsubscribed", word: "Unsubscribed" },
  { value: "complaint", word: "Complained" },
  { value: "hard_bounce", word: "Bounced" },
  { value: "manual", word: "By hand" },
  { value: "erased", word: "Erased" },
] as const;
type Reason = (typeof REASONS)[number]["value"];

/** What became of an address that was on the list. */
type Outcome = "by us" | "meanwhile";

function Why({ row, address }: { row: Suppression; address: string | null }) {
  const words = suppression_words(row.reason);
  return (
    <>
      <span class={`badge ${words.badge}`}>
        <Icon name={words.icon} />
        {words.word}
      </span>
      <small>
        {words.because}{" "}
        {row.message_id ? (
          <a href={`/messages/${encodeURIComponent(row.message_id)}`}>The mail</a>
        ) : address ? (
          <a href={`/audit?person=${encodeURIComponent(address)}`}>Who did it</a>
        ) : null}
      </small>
    </>
  );
}

/** Takes the place of the button, and its focus. */
function Gone({ outcome }: { outcome: Outcome }) {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <span ref={ref} class="soft small" tabIndex={-1}>
      {outcome === "by us" ? "Gets mail again" : "Was taken off meanwhile"}
    </span>
  );
}

interface RowProps {
  row: Suppression;
  /** Known where the list says it, or where it was asked for. */
  address: string | null;
  outcome: Outcome | undefined;
  remove: (address: string) => void;
}

function Row({ row, address, outcome, remove }: RowProps) {
  return (
    <tr data-suppression={address ?? ""}>
      <td class="two">
        <b class="addr">{address ?? "A person who was erased"}</b>
        {row.address ? null : <small>{address ? "Kept as a hash only" : "Kept as a hash only: look the address up to change it"}</small>}
      </td>
      <td class="two wide">
        <Why row={row} address={address} />
      </td>
      <td class="when" data-l="Since">
        {day_time(row.created_at)}
      </td>
      <td class="act">
        {outcome ? (
          <Gone outcome={outcome} />
        ) : address ? (
          <button class="btn s" type="button" aria-haspopup="dialog" aria-label={`Allow mail to ${address} again`} onClick={() => remove(address)}>
            Allow mail
          </button>
        ) : null}
      </td>
    </tr>
  );
}

interface TableProps {
  rows: Suppression[];
  /** The address that was looked up, which its row may not hold. */
  asked: string | null;
  outcomes: Record<string, Outcome>;
  remove: (row: Suppression, address: string) => void;
}

function Table({ rows, asked, outcomes, remove }: TableProps) {
  return (
    <table class="tbl fold held stopped">
      <caption class="sr">Addresses that get no mail, in their order, with why and since when</caption>
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Why</th>
          <th scope="col">Since</th>
          <th scope="col">
            <span class="sr">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => {
          const address = row.address ?? asked;
          return <Row key={address ?? `hash ${i}`} row={row} address={address} outcome={outcomes[address ?? ""]} remove={(a) => remove(row, a)} />;
        })}
      </tbody>
    </table>
  );
}

function Nothing({ asked, reason }: { asked: string | null; reason: Reason }) {
  if (asked)
    return (
      <Empty title={`${asked} is not on the list.`}>
        <p>
          Mail to it is sent. Only whole addresses are found. <a href="/suppressions">Show all</a>
        </p>
      </Empty>
    );
  if (reason !== "all")
    return (
      <Empty title="Nobody, for this reason.">
        <p>
          <a href="/suppressions">Show all</a>
        </p>
      </Empty>
    );
  return (
    <Empty title="Everybody gets mail.">
      <p>Who unsubscribes is put here by itself. You can put an address here yourself.</p>
    </Empty>
  );
}

interface Said {
  address: string;
  text: string;
}

function said_of(row: Suppression, is_new: boolean, typed: string): Said {
  const address = row.address ?? typed;
  if (is_new) return { address, text: "gets no more mail from now on." };
  return { address, text: `was on the list already: ${suppression_words(row.reason).word.toLowerCase()}, since ${day_time(row.created_at)}.` };
}

function SaidNote({ said }: { said: Said }) {
  return (
    <p class="note good mb" role="status">
      <Icon name="check" />
      <span class="grow addr">
        <b>{said.address}</b> {said.text}
      </span>
      <a href={`/suppressions?address=${encodeURIComponent(said.address)}`}>Show</a>
    </p>
  );
}

function use_suppressions(asked: string | null, reason: Reason) {
  const filter = asked ? { address: asked } : { reason: reason === "all" ? null : reason };
  const list = use_paged(LIST, filter);
  const [outcomes, set_outcomes] = useState<Record<string, Outcome>>({});
  const [removing, set_removing] = useState<{ row: Suppression; address: string } | null>(null);
  useEffect(() => set_outcomes({}), [asked, reason]);
  return {
    ...list,
    outcomes,
    removing,
    remove: (row: Suppression, address: string) => set_removing({ row, address }),
    keep: () => set_removing(null),
    read_again: () => {
      set_outcomes({});
      forget_pages(LIST);
      list.first.reload();
    },
    removed: (address: string, by_us: boolean) => {
      set_removing(null);
      forget_pages(LIST);
      set_outcomes((before) => ({ ...before, [address]: by_us ? "by us" : "meanwhile" }));
    },
  };
}

function TheList({ route }: { route: Route }) {
  const asked = route.params.get("address");
  const reason = (REASONS.find((r) => r.value === route.params.get("reason"))?.value ?? "all") as Reason;
  const [adding, set_adding] = useState(false);
  const [said, set_said] = useState<Said | null>(null);
  const list = use_suppressions(asked, reason);
  const { first, rows, next, removing } = list;
  function added(row: Suppression, is_new: boolean, typed: string) {
    set_adding(false);
    set_said(said_of(row, is_new, typed));
    list.read_again();
  }
  function removed(address: string, by_us: boolean) {
    set_said(null);
    list.removed(address, by_us);
  }
  return (
    <>
      <Top title="Suppressions" sub="Addresses that get no mail, whoever sends it. To find one, type the whole address.">
        <button class="btn primary" type="button" aria-haspopup="dialog" onClick={() => set_adding(true)}>
          <Icon name="plus" />
          Stop an address
        </button>
      </Top>
      {said ? <SaidNote said={said} /> : null}
      <div class="filters">
        <LookUp label="Address" value={asked ?? ""} look_up={(address) => go_with({ address: address || null, reason: null }, "push")} />
        {asked ? null : <Chips label="Why" options={REASONS} value={reason} choose={(v) => go_with({ reason: v === "all" ? null : v }, "push")} />}
      </div>
      <section class={first.stale ? "card is-stale" : "card"} aria-label="Suppressions" aria-busy={first.loading}>
        <Loading slow={first.slow} />
        {first.problem ? <Failed what="The list" problem={first.problem} retry={first.reload} /> : null}
        {rows.length > 0 ? (
          <Table rows={rows} asked={first.stale ? null : asked} outcomes={list.outcomes} remove={list.remove} />
        ) : first.data && !first.stale ? (
          <Nothing asked={asked} reason={reason} />
        ) : null}
        {next && rows.length > 0 ? <ShowMore load={() => void list.load_more()} failed={list.failed_more} rows={PAGE_ROWS} /> : null}
      </section>
      {adding ? <AddSuppression close={() => set_adding(false)} added={added} /> : null}
      {removing ? <RemoveSuppression {...removing} close={list.keep} removed={(by_us) => removed(removing.address, by_us)} /> : null}
    </>
  );
}

export function Suppressions({ route }: { route: Route }) {
  use_title("Suppressions");
  const { me } = use_session();
  if (!is_admin(me))
    return (
      <>
        <Top title="Suppressions" />
        <ForAdmins what="this list" />
      </>
    );
  return (
    <>
      <SettingsTabs here="suppressions" />
      <TheList route={route} />
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Who changed what, newest first. People are in it by a hash only, so what was done about one is asked for by name.
import { LookUp } from "../parts/look_up";
import { Top, use_title } from "../parts/page";
import { ForAdmins, SettingsTabs } from "../parts/settings_tabs";
import { ShowMore } from "../parts/show_more";
import { Empty, Failed, Loading } from "../parts/states";
import { AUDIT_ACTIONS, audit_sentence } from "../audit_words";
import { day_name, time } from "../format";
import { PAGE_ROWS, use_paged, type List } from "../paged";
import { use_resource } from "../resource";
import { go_with, type Route } from "../router";
import { is_admin, use_session } from "../session";
import type { AuditEntry, Page, Tenant } from "../types";

const LIST: List<AuditEntry> = { path: "/audit", key: (entry) => entry.id };

function Entry({ entry, asked }: { entry: AuditEntry; asked: string | null }) {
  const { who, did, lines, link } = audit_sentence(entry, asked);
  return (
    <li data-audit={entry.id}>
      <time dateTime={entry.at}>{time(entry.at)}</time>
      <div>
        <p>
          <b>{who}</b> {did}
          {link ? (
            <>
              . <a href={link.href}>{link.word}</a>
            </>
          ) : null}
        </p>
        {lines.length > 0 ? (
          <dl class="said">
            {lines.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt> <dd>{value}</dd>
              </div>
            ))}
          </dl>
        ) : null}
      </div>
    </li>
  );
}

/** A list for each day. */
function Days({ rows, asked }: { rows: AuditEntry[]; asked: string | null }) {
  const days: { name: string; rows: AuditEntry[] }[] = [];
  for (const entry of rows) {
    const name = day_name(entry.at);
    const last = days[days.length - 1];
    if (last?.name === name) last.rows.push(entry);
    else days.push({ name, rows: [entry] });
  }
  return (
    <>
      {days.map((day) => (
        <div key={day.rows[0]!.id} class="log-day">
          <h2>{day.name}</h2>
          <ol class="log">
            {day.rows.map((entry) => (
              <Entry key={entry.id} entry={entry} asked={asked} />
            ))}
          </ol>
        </div>
      ))}
    </>
  );
}

interface PickProps {
  label: string;
  value: string;
  options: { value: string; word: string }[];
  pick: (value: string) => void;
}

function Pick({ label, value, options, pick }: PickProps) {
  return (
    <select class="input s pick" aria-label={label} value={value} onChange={(e) => pick(e.currentTarget.value)}>
      {options.map((o) => (
        <option key={o.value} value={o.value}>
          {o.word}
        </option>
      ))}
    </select>
  );
}

/** Only who runs the installation is told of the others. */
function TenantPick({ value }: { value: string | null }) {
  const { me } = use_session();
  const tenants = use_resource<Page<Tenant>>("/tenants?limit=500").data?.data ?? [];
  if (tenants.length < 2) return null;
  const options = tenants.map((t) => ({ value: t.name, word: t.name }));
  const pick = (name: string) => go_with({ tenant: name === me.tenant.id ? null : name }, "push");
  return <Pick label="Tenant" value={value ?? me.tenant.id} options={options} pick={pick} />;
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <Empty title="Nothing like that was noted.">
        <p>
          A person is found by the whole address or id that the change was made with. <a href="/audit">Show everything</a>
        </p>
      </Empty>
    );
  return (
    <Empty title="Nothing was changed yet.">
      <p>Changes of settings and consent, exports, erasures, and what staff decides about unsubscribes and suppressions are noted here.</p>
    </Empty>
  );
}

function TheList({ route }: { route: Route }) {
  const action = route.params.get("action");
  const person = route.params.get("person");
  const tenant = route.params.get("tenant");
  const { first, rows, next, load_more, failed_more } = use_paged(LIST, { action, person, tenant });
  return (
    <>
      <Top title="Audit" sub="Who changed what, newest first. People stand in it as a code, never by name; look one up to see what was done about them." />
      <div class="filters">
        <LookUp label="Person’s address or id" value={person ?? ""} look_up={(text) => go_with({ person: text || null }, "push")} />
        <Pick
          label="What was done"
          value={action ?? ""}
          options={[{ value: "", word: "Everything" }, ...AUDIT_ACTIONS]}
          pick={(value) => go_with({ action: value || null }, "push")}
        />
        <TenantPick value={tenant} />
      </div>
      <section class={first.stale ? "card is-stale" : "card"} aria-label="Audit" aria-busy={first.loading}>
        <Loading slow={first.slow} />
        {first.problem ? <Failed what="The audit" problem={first.problem} retry={first.reload} /> : null}
        {rows.length > 0 ? (
          <Days rows={rows} asked={first.stale ? null : person} />
        ) : first.data && !first.stale ? (
          <Nothing filtered={Boolean(action || person || tenant)} />
        ) : null}
        {next && rows.length > 0 ? <ShowMore load={() => void load_more()} failed={failed_more} rows={PAGE_ROWS} /> : null}
      </section>
    </>
  );
}

export function Audit({ route }: { route: Route }) {
  use_title("Audit");
  const { me } = use_session();
  if (!is_admin(me))
    return (
      <>
        <Top title="Audit" />
        <ForAdmins what="the audit" />
      </>
    );
  return (
    <>
      <SettingsTabs here="audit" />
      <TheList route={route} />
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// What the tenant has set for itself: how far its mail is tracked, what is kept, how it is counted. What goes beyond the
// installation is not offered. Nothing changes before "Save", and only what was changed is sent.
import { useState } from "preact/hooks";
import { api_patch, Problem } from "../api";
import { Top, use_title } from "../parts/page";
import { Failed, Loading } from "../parts/states";
import { use_resource } from "../resource";
import { use_session } from "../session";
import type { SettingName, SettingValue, Tenant } from "../types";

interface Setting {
  name: SettingName;
  word: string;
  hint: string;
  /** Words of the choices, the strictest of a limited one last; none: a number. */
  choices?: Record<string, string>;
  /** The tenant may be stricter than the installation, not looser. */
  limited?: boolean;
  min?: number;
  max?: number;
}

const LEVELS = { full: "Full", anonymous: "Anonymous", off: "Off" };
const GROUPS: { title: string; settings: Setting[] }[] = [
  {
    title: "Tracking of new mail",
    settings: [
      { name: "opens", word: "Opens", hint: "Anonymous: counted for the campaign, not for the person.", choices: LEVELS, limited: true },
      { name: "clicks", word: "Clicks", hint: "Off: links stay as they were written.", choices: LEVELS, limited: true },
    ],
  },
  {
    title: "What is kept",
    settings: [
      {
        name: "keep_client",
        word: "Address and program of a reader",
        hint: "The judge sees both before; this is what stays.",
        choices: { full: "Whole", truncated: "Network only", none: "Nothing" },
        limited: true,
      },
      {
        name: "gpc",
        word: "Browsers that ask not to be tracked",
        hint: "Sec-GPC and DNT. Honoured: such a hit is anonymous at most.",
        choices: { ignore: "Ignored", honour: "Honoured" },
        limited: true,
      },
      { name: "events_days", word: "Days that events are kept", hint: "Counts and first times stay for ever.", limited: true, min: 1, max: 36500 },
    ],
  },
  {
    title: "Counting",
    settings: [
      {
        name: "headline_opens",
        word: "Opens in the headline",
        hint: "Strict leaves out image proxies, such as Gmail’s.",
        choices: { likely_human: "With proxies", strict: "Strict" },
      },
      { name: "dedupe_seconds", word: "Seconds in which a repeat does not count", hint: "The same address on the same link or pixel.", min: 1, max: 3600 },
      {
        name: "provider_dedupe_minutes",
        word: "Minutes between a provider’s report and our own hit",
        hint: "Within them both are one.",
        min: 1,
        max: 1440,
      },
      { name: "honeypot", word: "A link that only machines find", hint: "Put into new mail, to tell scanners.", choices: { off: "No", on: "Yes" } },
    ],
  },
];

type Draft = Partial<Record<SettingName, string>>;

function word_of(setting: Setting, value: SettingValue): string {
  return setting.choices?.[String(value)] ?? String(value);
}

/** The choices that the installation allows. */
function allowed(setting: Setting, installation: SettingValue): [string, string][] {
  const all = Object.entries(setting.choices ?? {});
  const from = setting.limited ? all.findIndex(([value]) => value === installation) : 0;
  return all.slice(Math.max(0, from));
}

interface FieldProps {
  setting: Setting;
  tenant: Tenant;
  value: string;
  locked: boolean;
  change: (value: string) => void;
}

function Field({ setting, tenant, value, locked, change }: FieldProps) {
  const id = `setting-${setting.name}`;
  const limit = tenant.installation[setting.name];
  const common = { id, disabled: locked, "aria-describedby": `${id}-hint` };
  return (
    <div class="setting">
      <label for={id}>{setting.word}</label>
      {setting.choices ? (
        <select {...common} class="input s" value={value} onChange={(e) => change(e.currentTarget.value)}>
          <option value="">As the installation: {word_of(setting, limit)}</option>
          {allowed(setting, limit).map(([choice, word]) => (
            <option key={choice} value={choice}>
              {word}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          class="input s"
          type="number"
          inputMode="numeric"
          min={setting.min}
          max={setting.limited ? Number(limit) : setting.max}
          placeholder={`As the installation: ${limit}`}
          value={value}
          onInput={(e) => change(e.currentTarget.value)}
        />
      )}
      <p class="hint" id={`${id}-hint`}>
        {setting.hint}
      </p>
    </div>
  );
}

function use_draft(path: string, tenant: Tenant | null, saved: (tenant: Tenant) => void) {
  const [draft, set_draft] = useState<Draft>({});
  const [said, set_said] = useState<{ good: boolean; text: string } | null>(null);
  const [busy, set_busy] = useState(false);
  const own = (name: SettingName) => String(tenant?.settings[name] ?? "");
  const changed = (Object.keys(draft) as SettingName[]).filter((name) => draft[name] !== own(name));
  const number = (name: SettingName) => typeof tenant?.installation[name] === "number";
  const sent = (name: SettingName) => (draft[name] === "" ? null : number(name) ? Number(draft[name]) : draft[name]);
  async function save() {
    set_busy(true);
    try {
      saved(await api_patch<Tenant>(path, { settings: Object.fromEntries(changed.map((name) => [name, sent(name)])) }));
      set_draft({});
      set_said({ good: true, text: "Saved. It holds from now on." });
    } catch (error) {
      set_said({ good: false, text: error instanceof Problem ? `Not saved. ${error.message}` : "Not saved. Try again." });
    }
    set_busy(false);
  }
  return {
    value: (name: SettingName) => draft[name] ?? own(name),
    change: (name: SettingName, value: string) => {
      set_said(null);
      set_draft((before) => ({ ...before, [name]: value }));
    },
    undo: () => set_draft({}),
    is_changed: changed.length > 0,
    busy,
    said,
    save,
  };
}

export function Privacy() {
  use_title("Tracking and privacy");
  const { me } = use_session();
  const path = `/tenants/${encodeURIComponent(me.tenant.id)}`;
  const tenant = use_resource<Tenant>(path);
  const draft = use_draft(path, tenant.data, (now) => tenant.change(() => now));
  const locked = me.user.role !== "owner" && me.user.role !== "admin";
  return (
    <>
      <Top
        title="Tracking and privacy"
        sub={`Settings of ${me.tenant.name}. What is not set is as the installation has it; where privacy is concerned they can be stricter than that, not looser.`}
      />
      <Loading slow={tenant.slow} />
      {tenant.problem ? <Failed what="The settings" problem={tenant.problem} retry={tenant.reload} /> : null}
      {locked ? <p class="note">Owners and admins change these.</p> : null}
      {tenant.data ? (
        <form
          class="settings"
          onSubmit={(e) => {
            e.preventDefault();
            void draft.save();
          }}
        >
          {GROUPS.map((group) => (
            <section key={group.title} class="card pad" aria-label={group.title}>
              <h2>{group.title}</h2>
              {group.settings.map((setting) => (
                <Field
                  key={setting.name}
                  setting={setting}
                  tenant={tenant.data!}
                  value={draft.value(setting.name)}
                  locked={locked || draft.busy}
                  change={(value) => draft.change(setting.name, value)}
                />
              ))}
            </section>
          ))}
          {draft.said ? (
            <p class={draft.said.good ? "note good" : "note amber"} role={draft.said.good ? "status" : "alert"}>
              {draft.said.text}
            </p>
          ) : null}
          {locked ? null : (
            <div class="btns">
              <button class="btn primary" disabled={!draft.is_changed || draft.busy}>
                Save
              </button>
              <button class="btn quiet" type="button" disabled={!draft.is_changed || draft.busy} onClick={draft.undo}>
                Undo
              </button>
            </div>
          )}
        </form>
      ) : null}
    </>
  );
}

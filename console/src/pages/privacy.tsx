// SPDX-License-Identifier: Apache-2.0
// What the tenant has set for itself: how far its mail is tracked, what is kept, how it is counted and by whose days. What
// goes beyond the installation is not offered. Nothing changes before "Save", and only what was changed is sent.
import { useState } from "preact/hooks";
import { api_patch, Problem } from "../api";
import { Top, use_title } from "../parts/page";
import { SettingsTabs } from "../parts/settings_tabs";
import { Failed, Loading } from "../parts/states";
import { use_resource } from "../resource";
import { is_admin, use_session } from "../session";
import { SETTING_GROUPS, TIME_ZONE, value_word, type Setting } from "../settings";
import type { SettingName, SettingValue, Tenant } from "../types";
import { zone_names } from "../zones";

type FieldName = SettingName | typeof TIME_ZONE.name;
type Draft = Partial<Record<FieldName, string>>;

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
          <option value="">As the installation: {value_word(setting, limit)}</option>
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

interface ZoneProps {
  value: string;
  locked: boolean;
  change: (value: string) => void;
}

/** Typed, with suggestions: there are four hundred, and people know theirs. */
function ZoneField({ value, locked, change }: ZoneProps) {
  return (
    <section class="card pad" aria-label="Days">
      <h2>Days</h2>
      <div class="setting">
        <label for="time-zone">{TIME_ZONE.word}</label>
        <input
          id="time-zone"
          class="input s"
          list="zone-names"
          required
          spellcheck={false}
          autocomplete="off"
          aria-describedby="time-zone-hint"
          disabled={locked}
          value={value}
          onInput={(e) => change(e.currentTarget.value)}
        />
        <datalist id="zone-names">
          {zone_names().map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <p class="hint" id="time-zone-hint">
          {TIME_ZONE.hint}
        </p>
      </div>
    </section>
  );
}

/** The body of the change: only what differs; null where the installation's is to hold again. */
function body_of(draft: Draft, changed: FieldName[], tenant: Tenant | null) {
  const names = changed.filter((name): name is SettingName => name !== TIME_ZONE.name);
  const is_number = (name: SettingName) => typeof tenant?.installation[name] === "number";
  const sent = (name: SettingName) => (draft[name] === "" ? null : is_number(name) ? Number(draft[name]) : draft[name]);
  return {
    ...(changed.includes(TIME_ZONE.name) ? { time_zone: draft.time_zone?.trim() } : {}),
    ...(names.length ? { settings: Object.fromEntries(names.map((name) => [name, sent(name)])) } : {}),
  };
}

function use_draft(path: string, tenant: Tenant | null, saved: (tenant: Tenant) => void) {
  const [draft, set_draft] = useState<Draft>({});
  const [said, set_said] = useState<{ good: boolean; text: string } | null>(null);
  const [busy, set_busy] = useState(false);
  const own = (name: FieldName) => String((name === TIME_ZONE.name ? tenant?.time_zone : tenant?.settings[name]) ?? "");
  const changed = (Object.keys(draft) as FieldName[]).filter((name) => draft[name] !== own(name));
  async function save() {
    set_busy(true);
    try {
      saved(await api_patch<Tenant>(path, body_of(draft, changed, tenant)));
      set_draft({});
      set_said({ good: true, text: "Saved. It holds from now on." });
    } catch (error) {
      set_said({ good: false, text: error instanceof Problem ? `Not saved. ${error.message}` : "Not saved. Try again." });
    }
    set_busy(false);
  }
  return {
    value: (name: FieldName) => draft[name] ?? own(name),
    change: (name: FieldName, value: string) => {
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
  const { me, changed } = use_session();
  const path = `/tenants/${encodeURIComponent(me.tenant.id)}`;
  const tenant = use_resource<Tenant>(path);
  const draft = use_draft(path, tenant.data, (now) => {
    tenant.change(() => now);
    changed({ ...me, tenant: { ...me.tenant, time_zone: now.time_zone } });
  });
  const locked = !is_admin(me);
  return (
    <>
      <SettingsTabs here="privacy" />
      <Top
        title="Tracking and privacy"
        sub={`Settings of the tenant ${me.tenant.name}. What is not set here is as the installation has it. For privacy you can be stricter than the installation, not looser.`}
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
          {SETTING_GROUPS.map((group) => (
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
          <ZoneField value={draft.value("time_zone")} locked={locked || draft.busy} change={(value) => draft.change("time_zone", value)} />
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

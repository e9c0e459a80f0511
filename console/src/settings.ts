// SPDX-License-Identifier: Apache-2.0
// The settings of a tenant in words, for the page that changes them and the one that says who did.
import type { SettingName, SettingValue, Tenant } from "./types";

export interface Setting {
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
export const SETTING_GROUPS: { title: string; settings: Setting[] }[] = [
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
        word: "IP address and program of a reader",
        hint: "Both are used to tell people from machines; this is what is kept afterwards.",
        choices: { full: "Whole", truncated: "Network only", none: "Nothing" },
        limited: true,
      },
      {
        name: "gpc",
        word: "Browsers that ask not to be tracked",
        hint: "By Sec-GPC or DNT. Honoured: their opens and clicks are anonymous at most.",
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
      { name: "dedupe_seconds", word: "Seconds in which a repeat does not count", hint: "The same IP address again on the same link or image.", min: 1, max: 3600 },
      {
        name: "provider_dedupe_minutes",
        word: "Minutes in which a provider’s report is a repeat",
        hint: "Of an open or click that Pugmark saw itself, before or after it.",
        min: 1,
        max: 1440,
      },
      { name: "honeypot", word: "A link that only machines find", hint: "Hidden in new mail: what follows it is a scanner.", choices: { off: "No", on: "Yes" } },
    ],
  },
];

/** No setting that an installation could have for it: every tenant has one of its own. */
export const TIME_ZONE = {
  name: "time_zone" as const,
  word: "Time zone of the days",
  hint: "Numbers are kept by days of this zone. A change holds for mail that leaves from then on; past days stay as they were counted.",
};

export function setting_named(name: string): Omit<Setting, "name"> | null {
  if (name === TIME_ZONE.name) return TIME_ZONE;
  return SETTING_GROUPS.flatMap((group) => group.settings).find((setting) => setting.name === name) ?? null;
}

/** What holds for the tenant: its own, else the installation's. */
export function value_of(tenant: Tenant, name: SettingName): SettingValue {
  return tenant.settings[name] ?? tenant.installation[name];
}

export function value_word(setting: Pick<Setting, "choices">, value: SettingValue): string {
  return setting.choices?.[String(value)] ?? String(value);
}

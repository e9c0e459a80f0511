// SPDX-License-Identifier: Apache-2.0
// Entries of the audit as sentences: somebody did something; what goes beyond a sentence stands in lines below it. What
// is not known here is shown as it was written.
import { setting_named, value_word } from "./settings";
import { suppression_words } from "./suppression_words";
import { role_name } from "./words";
import type { AuditEntry } from "./types";

export interface AuditSentence {
  who: string;
  /** Goes on after who. */
  did: string;
  lines: [name: string, value: string][];
  /** A page about it. */
  link: { href: string; word: string } | null;
}

type Deed = Pick<AuditSentence, "did"> & Partial<AuditSentence>;

export const AUDIT_ACTIONS = [
  { value: "tenant.changed", word: "Settings changed" },
  { value: "tenant.added", word: "Tenant added" },
  { value: "campaign.limited", word: "Campaign’s tracking limited" },
  { value: "consent.changed", word: "Consent changed" },
  { value: "contact.exported", word: "Person’s data exported" },
  { value: "contact.erased", word: "Person erased" },
  { value: "suppression.added", word: "Mail to an address stopped" },
  { value: "suppression.removed", word: "Mail to an address allowed" },
  { value: "unsubscribe.confirmed", word: "Held unsubscribe confirmed" },
  { value: "unsubscribe.dismissed", word: "Held unsubscribe dismissed" },
  { value: "user.added", word: "User added" },
  { value: "user.password_set", word: "Password set" },
  { value: "user.role_set", word: "Role changed" },
  { value: "user.removed", word: "User removed" },
  { value: "api_key.added", word: "API key added" },
  { value: "api_key.revoked", word: "API key revoked" },
  { value: "session.started", word: "Signed in" },
  { value: "session.ended", word: "Signed out" },
];

function actor_name(actor: string): string {
  if (actor.startsWith("user:")) return actor.slice(5);
  if (actor.startsWith("key:")) return `API key ${actor.slice(4)}`;
  return actor === "command line" ? "Command line" : actor;
}

function subject_of(entry: AuditEntry): string {
  return entry.subject.slice(entry.subject.indexOf(":") + 1);
}

function text_of(value: unknown): string {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function number_of(value: unknown, one: string, many: string): string {
  return `${text_of(value) || "0"} ${value === 1 ? one : many}`;
}

// ---- settings

interface Change {
  name: string;
  from: string | null;
  to: string | null;
}

function changes_of(entry: AuditEntry): Change[] {
  return Object.entries(entry.details ?? {}).map(([name, value]) => {
    const change = (value ?? {}) as Partial<Change>;
    return { name, from: change.from ?? null, to: change.to ?? null };
  });
}

function setting_word(name: string): string {
  return setting_named(name)?.word ?? name;
}

function setting_value(name: string, value: string | null): string {
  const setting = setting_named(name);
  return value === null ? "the installation’s" : setting ? value_word(setting, value) : value;
}

function settings_changed(entry: AuditEntry): Deed {
  const changes = changes_of(entry);
  const tenant = subject_of(entry);
  const only = changes.length === 1 ? changes[0]! : null;
  if (only) {
    const to = only.to === null ? "back to what the installation has" : `to ${setting_value(only.name, only.to)}`;
    return { did: `set “${setting_word(only.name)}” ${to}, for ${tenant}`, lines: [["Before", setting_value(only.name, only.from)]] };
  }
  return {
    did: changes.length ? `changed ${changes.length} settings of ${tenant}` : `changed settings of ${tenant}`,
    lines: changes.map((c) => [setting_word(c.name), `was ${setting_value(c.name, c.from)}, now ${setting_value(c.name, c.to)}`]),
  };
}

function tenant_added(entry: AuditEntry): Deed {
  const set = changes_of(entry).filter((c) => c.to !== null);
  return { did: `added the tenant ${subject_of(entry)}`, lines: set.map((c) => [setting_word(c.name), setting_value(c.name, c.to)]) };
}

// ---- people

/** Erasing a person takes away what was written about them. */
function lines_about(entry: AuditEntry, lines: [string, string][]): [string, string][] {
  return entry.details ? lines.filter(([, value]) => value) : [["Details", "went when the person was erased"]];
}

function suppression(entry: AuditEntry, person: string): Deed {
  const reason = text_of(entry.details?.["reason"]);
  const is_added = entry.action === "suppression.added";
  return {
    did: `${is_added ? "stopped mail to" : "allowed mail again to"} ${person}`,
    lines: lines_about(entry, [
      [is_added ? "As" : "Was there as", reason && suppression_words(reason).word],
      [is_added ? "Note" : "Because", text_of(entry.details?.["why"])],
    ]),
  };
}

function consent_words(details: Record<string, unknown> | null, start: string): string {
  return ["opens", "clicks"].map((name) => `${name} ${text_of(details?.[start + name]) || "as before"}`).join(", ");
}

function consent(entry: AuditEntry, person: string): Deed {
  return {
    did: `set the consent of ${person}`,
    lines: lines_about(entry, [
      ["Tracking", consent_words(entry.details, "consent_")],
      ["Given by", text_of(entry.details?.["consent_method"])],
    ]),
  };
}

function erased(entry: AuditEntry, person: string): Deed {
  const { messages, events } = entry.details ?? {};
  const lines: [string, string][] = [["Emptied", `${number_of(messages, "message", "messages")}, ${number_of(events, "event", "events")}`]];
  return { did: `erased ${person}`, lines: entry.details ? lines : [] };
}

function decided(entry: AuditEntry): Deed {
  const did = entry.action === "unsubscribe.confirmed" ? "confirmed a held unsubscribe" : "dismissed a held unsubscribe, so mail goes on";
  return { did, link: { href: `/messages/${encodeURIComponent(subject_of(entry))}`, word: "The mail" } };
}

// ---- accounts

function user_added(entry: AuditEntry): Deed {
  const role = text_of(entry.details?.["role"]);
  return { did: `added the user ${subject_of(entry)}`, lines: role ? [["Role", role_name(role)]] : [] };
}

function role_set(entry: AuditEntry): Deed {
  return { did: `made ${subject_of(entry)} ${role_name(text_of(entry.details?.["role"]))}` };
}

function key_added(entry: AuditEntry): Deed {
  const { name, prefix, scopes } = entry.details ?? {};
  const may: [string, string][] = Array.isArray(scopes) ? [["May", scopes.map(text_of).join(", ")]] : [];
  return { did: `added the API key “${text_of(name)}”`, lines: [["Begins with", text_of(prefix)], ...may] };
}

const DEEDS: Record<string, (entry: AuditEntry, person: string) => Deed> = {
  "tenant.changed": settings_changed,
  "tenant.added": tenant_added,
  "campaign.limited": (entry) => ({
    did: `limited how far the mail of the campaign ${subject_of(entry)} is tracked`,
    lines: [["At most", consent_words(entry.details, "")]],
  }),
  "consent.changed": consent,
  "contact.exported": (_entry, person) => ({ did: `exported what is kept of ${person}` }),
  "contact.erased": erased,
  "suppression.added": suppression,
  "suppression.removed": suppression,
  "unsubscribe.confirmed": decided,
  "unsubscribe.dismissed": decided,
  "user.added": user_added,
  "user.password_set": (entry) => ({ did: `set a new password for ${subject_of(entry)}, which ended all sessions` }),
  "user.role_set": role_set,
  "user.removed": (entry) => ({ did: `removed the user ${subject_of(entry)}, which ended all sessions` }),
  "api_key.added": key_added,
  "api_key.revoked": (entry) => ({ did: "revoked an API key", lines: [["Key", subject_of(entry)]] }),
  "session.started": () => ({ did: "signed in" }),
  "session.ended": () => ({ did: "signed out" }),
};

function unknown(entry: AuditEntry): Deed {
  return {
    did: `${entry.action} ${entry.subject}`,
    lines: Object.entries(entry.details ?? {}).map(([name, value]) => [name, text_of(value)]),
  };
}

/** The start of the hash that stands for a person: enough to tell one from another. */
function person_code(entry: AuditEntry): string {
  return entry.subject.match(/^person:sha256:([0-9a-f]{8})/)?.[1] ?? subject_of(entry);
}

/** `asked`: the name or address by which entries were asked for, which they do not hold themselves. */
export function audit_sentence(entry: AuditEntry, asked: string | null): AuditSentence {
  const person = asked ?? `person ${person_code(entry)}`;
  const deed = (DEEDS[entry.action] ?? unknown)(entry, person);
  return { who: actor_name(entry.actor), did: deed.did, lines: deed.lines ?? [], link: deed.link ?? null };
}

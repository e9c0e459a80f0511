// SPDX-License-Identifier: Apache-2.0
// What the API answers, as far as the console reads it. Unknown fields are ignored, so the server may add some.

export interface Me {
  user: { id: string; email: string; name: string | null; role: string };
  tenant: { id: string; name: string; time_zone: string };
  /** What mail leaves through that names no provider itself. */
  provider: string;
  first_run: boolean;
}

export interface Page<T> {
  data: T[];
  next: string | null;
}

export type Actor = "human" | "proxy_human" | "prefetch" | "scanner" | "link_preview" | "crawler" | "unknown";

export interface Summary {
  sends: number;
  delivered: number;
  in_flight: number;
  in_doubt: number;
  opens_total: number;
  opens_unique: number;
  opens_unique_strict: number;
  opens_unique_all: number;
  opens_mpp: number;
  opens_machine: number;
  opens_by_actor: Partial<Record<Actor, number>>;
  clicks_total: number;
  clicks_unique: number;
  clicks_unique_all: number;
  clicks_machine: number;
  unsubscribes: number;
  complaints: number;
  bounced: number;
  failed: number;
  open_rate: number | null;
  click_rate: number | null;
  mpp_share: number | null;
  /** Unique opens as the headline counts them: all of people, or the strict ones. */
  headline_opens: number;
  /** What the rates are of; delivered mail, or sent mail while nothing reports delivery. */
  rates_of: "delivered" | "sent";
  /** Both halves of every rate: of that mail, how many could be seen to be opened or clicked by a person, and how many were. */
  rated: {
    openable: number;
    opened: number;
    opened_strict: number;
    opened_all: number;
    clickable: number;
    clicked: number;
    clicked_all: number;
  };
  previous?: Summary | null;
}

export interface Event {
  id: string;
  type: string;
  occurred_at: string;
  message_id: string | null;
  is_unique?: boolean;
  is_duplicate?: boolean;
  contact?: { id: string | null; email: string | null; category?: string | null } | null;
  subject?: string | null;
  campaign_id?: string | null;
  template_id?: string | null;
  destination_url?: string | null;
  link_index?: number | null;
  actor?: string | null;
  reasons?: string[];
  confidence?: number | null;
  bot?: boolean;
  mpp?: boolean;
  rules?: string | null;
  settled?: boolean;
  client?: { name?: string | null; os?: string | null; device?: string | null } | null;
  ip?: string | null;
  user_agent?: string | null;
  provider?: string | null;
  esp_message_id?: string | null;
  bounce?: { class: string; code: string | null; reason: string | null } | null;
  /** The same for all hits of one burst. */
  group?: string | null;
  /** Of a correction: the verdict before, with the type and time of the event that it was about. */
  previous?: { type?: string; occurred_at?: string; actor?: string | null; is_duplicate?: boolean } | null;
}

/** A press of the unsubscribe button that a machine seems to have made. Its id is the message's. */
export interface HeldUnsubscribe {
  id: string;
  event_id: string;
  state: "waiting" | "confirmed" | "dismissed";
  held_at: string;
  confirms_at: string | null;
  decided_at: string | null;
  decided_by: string | null;
  to: Address;
  subject: string;
  campaign_id: string | null;
  seconds_after_delivery: number | null;
  actor: string;
  confidence: number;
  reasons: string[];
  ip: string | null;
  user_agent: string | null;
}

export interface HeldPage extends Page<HeldUnsubscribe> {
  waiting: number;
}

/** An address that gets no mail; null once its owner was erased, when only a hash is kept. */
export interface Suppression {
  address: string | null;
  reason: string;
  message_id: string | null;
  created_at: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  tenant: string;
  actor: string;
  action: string;
  subject: string;
  details: Record<string, unknown> | null;
}

export type SettingName =
  | "opens"
  | "clicks"
  | "keep_client"
  | "gpc"
  | "events_days"
  | "dedupe_seconds"
  | "provider_dedupe_minutes"
  | "headline_opens"
  | "honeypot";
export type SettingValue = string | number;

export interface Tenant {
  name: string;
  /** IANA name; whose days the numbers are kept in. */
  time_zone: string;
  /** What the tenant has set itself; null: as the installation. */
  settings: Record<SettingName, SettingValue | null>;
  installation: Record<SettingName, SettingValue>;
}

export interface Address {
  email: string;
  name: string | null;
}

export interface Message {
  id: string;
  status: string;
  created_at: string;
  send_at: string | null;
  sent_at: string | null;
  delivered_at: string | null;
  from: Address | null; // null when an instrumented mail did not say
  to: Address | null; // null when an instrumented mail goes to several
  subject: string;
  campaign_id: string | null;
  template_id: string | null;
  contact_id: string | null;
  stream: string | null;
  provider: string | null;
  tracked: { opens: string; clicks: string } | null;
  opens: number;
  opens_unique: number;
  clicks: number;
  clicks_unique: number;
  /** Opens by Apple's mail privacy; neither among the opens nor among the machine opens. */
  opens_mpp: number;
  machine_opens: number;
  machine_clicks: number;
  first_opened_at: string | null;
  first_clicked_at: string | null;
  error: string | null;
}

export interface Link {
  index: number;
  url: string;
  tracked_url: string | null;
  skipped: string | null;
}

export interface MessageDetail extends Message {
  attempts: number;
  links: Link[];
  timeline: Event[];
  /** Events behind those. */
  timeline_left_out?: number;
  headers?: Record<string, string> | null;
  has_html?: boolean;
  /** False once the body was pruned. */
  body_kept?: boolean;
  text: string | null;
}

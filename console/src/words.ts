// SPDX-License-Identifier: Apache-2.0
// Codes of the API put into words, apart from reasons (reason_words.ts); a code that has none is shown as it is, because a
// true code is better than an invented sentence.
import { duration, short_url } from "./format";
import { actor_noun, capital, reason_phrase, reason_sentence } from "./reason_words";
import type { Event, Me } from "./types";

// ---- who did it ------------------------------------------------------------------------------------------------------

export interface ActorWords {
  word: string;
  icon: "person" | "img" | "shield" | "scan" | "link" | "question";
  badge: string;
  pin: string;
  counts: boolean;
}

const ACTORS: Record<string, ActorWords> = {
  human: { word: "Person", icon: "person", badge: "b-human", pin: "human", counts: true },
  proxy_human: { word: "Image proxy", icon: "img", badge: "b-proxy", pin: "proxy", counts: true },
  apple: { word: "Apple privacy", icon: "shield", badge: "b-apple", pin: "apple", counts: false },
  prefetch: { word: "Prefetch", icon: "img", badge: "b-scan", pin: "scan", counts: false },
  scanner: { word: "Scanner", icon: "scan", badge: "b-scan", pin: "scan", counts: false },
  crawler: { word: "Crawler", icon: "scan", badge: "b-scan", pin: "scan", counts: false },
  link_preview: { word: "Link preview", icon: "link", badge: "b-preview", pin: "scan", counts: false },
  unknown: { word: "Not sure", icon: "question", badge: "b-unknown", pin: "scan", counts: false },
};

const UNKNOWN_ACTOR = ACTORS["unknown"]!;

/** Null for events that nobody caused by looking: queued, sent, bounced. */
export function actor_words(event: Event): ActorWords | null {
  if (!is_hit(event) || !event.actor) return null;
  if (event.mpp || (event.actor === "prefetch" && event.reasons?.includes("agent:apple_mpp"))) return ACTORS["apple"]!;
  return ACTORS[event.actor] ?? UNKNOWN_ACTOR;
}

/** The words for an actor alone, whatever it did. */
export function words_of_actor(actor: string): ActorWords {
  return ACTORS[actor] ?? UNKNOWN_ACTOR;
}

/** Opens and clicks: what somebody or something did with a mail. */
export function is_hit(event: Event): boolean {
  return event.type === "email.opened" || event.type === "email.clicked" || event.type === "event.corrected";
}

export function is_duplicate(event: Event): boolean {
  return event.is_duplicate || (event.reasons?.some((r) => r === "duplicate" || r.startsWith("duplicate:")) ?? false);
}

/** Whether the headline figures count this open or click. */
export function counts(event: Event): boolean {
  return (actor_words(event)?.counts ?? false) && !event.bot && !is_duplicate(event);
}

// ---- why -------------------------------------------------------------------------------------------------------------

/** All reasons in one line; the API's `why` with better apostrophes. */
export function reason_line(reasons: string[]): string {
  return reasons.map(reason_phrase).join(" · ");
}

/** What a program says of itself explains nothing. */
const SAYS_ITSELF = new Set(["browser", "mail_client", "agent:unrecognised"]);

/** Below an event: why it was judged as it was, in a sentence, else in phrases; empty when there is nothing to explain. */
export function why(event: Event): string {
  const reasons = event.reasons ?? [];
  const repeat = reasons.filter((r) => r.startsWith("duplicate"));
  const sentence = [...repeat, ...reasons].map(reason_sentence).find(Boolean);
  if (sentence || (is_hit(event) && counts(event))) return sentence ?? "";
  const phrases = reason_line(reasons.filter((r) => !SAYS_ITSELF.has(r)));
  return phrases && `${capital(phrases)}.`;
}

// ---- what happened ---------------------------------------------------------------------------------------------------

export interface Sentence {
  /** Opens the message of the event. */
  who: string;
  text: string;
  soft: string;
}

function in_mail(event: Event, word: string): string {
  if (event.subject) return `${word}${event.subject}`;
  return event.campaign_id ? `${word}a mail of ${event.campaign_id}` : "";
}

function fetched(event: Event): Sentence {
  const link = event.destination_url ? `: link fetched, ${short_url(event.destination_url)}` : ": link fetched";
  return { who: who_of(event), text: event.type === "email.clicked" ? link : ": image fetched", soft: in_mail(event, "in ") };
}

function bounced(event: Event): Sentence {
  const reason = event.bounce?.reason ?? "the mail came back";
  const after = event.bounce?.class === "hard" ? "Bounced for good." : "";
  return { who: who_of(event), text: `: ${reason.replace(/\.$/, "")}.`, soft: after };
}

/** Empty: for nobody. */
function was_taken_for(actor: string | null | undefined): string {
  if (!actor || actor === "unknown") return "";
  return `${ACTORS[actor]?.counts ? "counted as" : "taken for"} ${actor_noun(actor)}`;
}

function is_known_as(actor: string | null | undefined): string {
  return !actor || actor === "unknown" ? "nobody can tell who it was" : `known as ${actor_noun(actor)}`;
}

/** Of the event that was corrected. */
function corrected_hit(event: Event): "open" | "click" {
  return event.previous?.type === "email.opened" ? "open" : "click";
}

/** "Counted as a person at first, 2 minutes later known as a scanner." */
export function correction(event: Event): string {
  if (event.is_duplicate && event.previous?.is_duplicate === false) return "The mail provider had told of it before Pugmark saw it. It is counted once.";
  const before = was_taken_for(event.previous?.actor) || "nobody could tell who it was";
  const first = event.previous?.occurred_at;
  const later = first ? `${duration(Date.parse(event.occurred_at) - Date.parse(first))} later` : "later";
  return `${capital(before)} at first, ${later} ${is_known_as(event.actor)}.`;
}

function corrected(event: Event): Sentence {
  if (event.is_duplicate && event.previous?.is_duplicate === false) return plain(event, `: ${corrected_hit(event)} told by the provider, now seen by us, counted once`);
  const before = was_taken_for(event.previous?.actor);
  return plain(event, `: ${corrected_hit(event)} ${before ? `first ${before}, ` : ""}now ${is_known_as(event.actor)}`);
}

export function who_of(event: Event): string {
  return event.contact?.email ?? event.contact?.id ?? "Somebody";
}

const PLAIN: Record<string, string> = {
  "email.queued": ": mail queued",
  "email.sent": ": mail sent",
  "email.delivered": ": mail delivered",
  "email.deferred": ": put off by the other side",
  "email.complained": " marked the mail as spam",
  "email.unsubscribed": " unsubscribed",
  "email.unsubscribe_held": ": unsubscribe button pressed, it seems by a machine,",
  "email.failed": ": the mail could not be sent",
  "email.suppressed": ": not sent, the address is suppressed",
  "contact.scored": ": score changed",
  "contact.hot": " became a hot lead",
  "contact.consent": ": consent changed",
};

export function sentence(event: Event): Sentence {
  if (event.type === "event.corrected") return corrected(event);
  if (event.type === "email.bounced") return bounced(event);
  if (is_hit(event) && !(actor_words(event)?.counts ?? false)) return fetched(event);
  const again = event.is_unique === false ? " again" : "";
  if (event.type === "email.opened") return { who: who_of(event), text: ` opened${again}`, soft: in_mail(event, "") };
  if (event.type === "email.clicked") {
    const link = event.destination_url ? ` ${short_url(event.destination_url)}` : "";
    return { who: who_of(event), text: ` clicked${link}`, soft: in_mail(event, "in ") };
  }
  if (event.type === "email.sent" && event.provider === "outbox") return plain(event, ": mail put in the outbox");
  return plain(event, PLAIN[event.type] ?? `: ${event.type}`);
}

/** "x@example.com: mail sent, What sold near you"; "x@example.com unsubscribed in What sold near you". */
function plain(event: Event, text: string): Sentence {
  if (!text.startsWith(":")) return { who: who_of(event), text, soft: in_mail(event, "in ") };
  const soft = in_mail(event, "");
  return { who: who_of(event), text: soft ? `${text},` : text, soft };
}

/** The same for the page of the message, where nobody has to be told whose it is. */
export function deed(event: Event, mine: boolean): string {
  const by = mine ? " by you" : "";
  const again = event.is_unique === false ? " again" : "";
  const link = event.destination_url ? ` ${short_url(event.destination_url)}` : " a link";
  const counted_hit = actor_words(event)?.counts ?? false;
  switch (event.type) {
    case "email.opened":
      return counted_hit ? `Opened${by}${again}` : "Image fetched";
    case "email.clicked":
      return counted_hit ? `Clicked${link}` : `Fetched${link}`;
    case "email.queued":
      return "Queued";
    case "email.sent":
      return event.provider === "outbox" ? "Put in the outbox" : event.provider ? `Sent through ${provider_name(event.provider)}` : "Sent";
    case "email.bounced":
      return event.bounce?.class === "hard" ? "Bounced for good" : "Bounced";
    case "email.failed":
      return "Could not be sent";
    case "email.complained":
      return "Marked as spam";
    case "email.unsubscribe_held":
      return "Unsubscribe button pressed, it seems by a machine";
    case "email.suppressed":
      return "Not sent, the address is suppressed";
    case "event.corrected":
      return `${capital(corrected_hit(event))} corrected`;
    default: {
      const word = event.type.slice(event.type.indexOf(".") + 1);
      return word.charAt(0).toUpperCase() + word.slice(1);
    }
  }
}

/** What stands at the end of a row: the program, or that it does not count. */
export function source(event: Event): string {
  if (is_hit(event) && !counts(event)) return "not counted";
  if (event.bounce?.code) return event.bounce.code;
  if (is_hit(event)) return client_name(event);
  return event.provider ? provider_name(event.provider) : "";
}

export function client_name(event: Event): string {
  return [event.client?.name, event.client?.os].filter(Boolean).join(", ");
}

const TYPE_BADGES: Record<string, { word: string; badge: string; icon?: "warn" }> = {
  "email.queued": { word: "Queued", badge: "b-flat" },
  "email.sent": { word: "Sent", badge: "b-flat" },
  "email.delivered": { word: "Delivered", badge: "b-flat" },
  "email.deferred": { word: "Put off", badge: "b-flat" },
  "email.bounced": { word: "Bounced", badge: "b-bad", icon: "warn" },
  "email.complained": { word: "Complained", badge: "b-bad", icon: "warn" },
  "email.failed": { word: "Failed", badge: "b-bad", icon: "warn" },
  "email.unsubscribed": { word: "Unsubscribed", badge: "b-flat" },
  "email.unsubscribe_held": { word: "Held", badge: "b-warn", icon: "warn" },
  "email.suppressed": { word: "Suppressed", badge: "b-flat" },
  "contact.scored": { word: "Score", badge: "b-flat" },
  "contact.hot": { word: "Hot lead", badge: "b-ok" },
  "contact.consent": { word: "Consent", badge: "b-flat" },
};

export function type_badge(type: string): { word: string; badge: string; icon?: "warn" } {
  return TYPE_BADGES[type] ?? { word: type, badge: "b-flat" };
}

// ---- states of a message ---------------------------------------------------------------------------------------------

const STATES: Record<string, { word: string; badge: string; icon?: "check" | "warn" }> = {
  scheduled: { word: "Scheduled", badge: "b-flat" },
  queued: { word: "Queued", badge: "b-flat" },
  sending: { word: "Sending", badge: "b-flat" },
  sent: { word: "Sent", badge: "b-flat" },
  delivered: { word: "Delivered", badge: "b-ok", icon: "check" },
  deferred: { word: "Put off", badge: "b-warn" },
  bounced: { word: "Bounced", badge: "b-bad", icon: "warn" },
  complained: { word: "Complained", badge: "b-bad", icon: "warn" },
  failed: { word: "Failed", badge: "b-bad", icon: "warn" },
  suppressed: { word: "Suppressed", badge: "b-flat" },
  canceled: { word: "Canceled", badge: "b-flat" },
  in_doubt: { word: "In doubt", badge: "b-warn", icon: "warn" },
};

export function state_words(status: string): { word: string; badge: string; icon?: "check" | "warn" } {
  return STATES[status] ?? { word: status, badge: "b-flat" };
}

const PROVIDERS: Record<string, string> = {
  outbox: "Outbox",
  smtp: "SMTP",
  mailgun: "Mailgun",
  resend: "Resend",
  postmark: "Postmark",
  ses: "Amazon SES",
  sendgrid: "SendGrid",
  sparkpost: "SparkPost",
  mandrill: "Mandrill",
  brevo: "Brevo",
  mailjet: "Mailjet",
  mailersend: "MailerSend",
  smtp2go: "SMTP2GO",
};

export function provider_name(provider: string): string {
  return PROVIDERS[provider] ?? provider;
}

/** Nothing leaves for anybody, unless a mail names another provider itself. */
export function is_outbox_only(me: Me): boolean {
  return me.provider === "outbox";
}

const ROLES: Record<string, string> = { owner: "Owner", admin: "Admin", partner: "Partner", sales_rep: "Sales rep", member: "Member" };

export function role_name(role: string): string {
  return ROLES[role] ?? role;
}

const TRACKED: Record<string, string> = { full: "in full", anonymous: "counted, without the person", off: "off" };

export function tracking_words(tracked: { opens: string; clicks: string } | null): string {
  if (!tracked) return "Not known";
  const opens = TRACKED[tracked.opens] ?? tracked.opens;
  const clicks = TRACKED[tracked.clicks] ?? tracked.clicks;
  return opens === clicks ? `Opens and clicks ${opens}` : `Opens ${opens}, clicks ${clicks}`;
}

const SKIPPED: Record<string, string> = {
  duplicate_attribute: "left alone, the tag names its address twice",
  empty: "left alone, no address",
  fragment: "a place in the mail",
  template: "left alone, a template's address that nobody filled in",
  relative: "left alone, an address without a host",
  not_http: "not a web page",
  charset: "left alone, letters that cannot be read",
  bad_url: "left alone, not a valid address",
  no_track: "left alone, as the mail asks",
  own_link: "a link of Pugmark itself",
  unsubscribe: "unsubscribe is never tracked",
  visible_url: "left alone, the reader sees this address",
  amp: "left alone, part of AMP",
  refused: "left alone, as the sender's rules say",
  too_many_attributes: "left alone, its tag has thousands of attributes",
  clicks_off: "clicks are not tracked in this mail",
};

export function skipped_words(reason: string): string {
  return SKIPPED[reason] ?? reason;
}

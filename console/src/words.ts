// SPDX-License-Identifier: Apache-2.0
// Codes of the API put into words. Reason codes have one table here; a code that is not in it is shown as it is,
// because a true code is better than an invented sentence.
import { counted, short_url } from "./format";
import type { Event } from "./types";

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

function actor_noun(actor: string | null | undefined): string {
  const nouns: Record<string, string> = {
    human: "a person",
    proxy_human: "an image proxy",
    prefetch: "a prefetch",
    scanner: "a scanner",
    crawler: "a crawler",
    link_preview: "a link preview",
    unknown: "not sure",
  };
  return nouns[actor ?? ""] ?? actor ?? "not judged";
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

// ---- why: reason codes -----------------------------------------------------------------------------------------------

type Params = Record<string, string>;
interface ReasonWords {
  /** A phrase for the list of reasons. */
  short: (p: Params, value: string) => string;
  /** A sentence for the line below an event; most codes need none. */
  sentence?: (who: string, p: Params) => string;
}

const AGENTS: Record<string, ReasonWords> = {
  gmail_image_proxy: {
    short: () => "Google’s image proxy",
    sentence: (who) => `Gmail fetched the image through Google’s proxy when ${who} opened the mail.`,
  },
  gmail_prefetch: {
    short: () => "Gmail’s prefetch",
    sentence: (who) => `Gmail fetched the image ahead of time. Whether ${who} read the mail, nobody can know.`,
  },
  apple_mpp: {
    short: () => "Apple’s mail privacy",
    sentence: (who) => `Apple’s mail privacy fetched the image when the mail was downloaded. Whether ${who} read it then, nobody can know.`,
  },
  yahoo_image_proxy: {
    short: () => "Yahoo’s image proxy",
    sentence: (who) => `Yahoo fetched the image through its proxy when ${who} opened the mail.`,
  },
  bare_mozilla: {
    short: () => "a program that says nothing but Mozilla/5.0",
    sentence: () => "The program named itself Mozilla/5.0 and no more. Browsers that people click with say more.",
  },
  bare_webkit_early: {
    short: () => "loaded while the mail came in",
    sentence: (who) => `The image was loaded while the mail came in. Apple Mail and scanners look the same then; whether ${who} read it, nobody can know.`,
  },
  robot: { short: () => "a program that calls itself a robot", sentence: () => "The program says itself that it is a robot." },
  unrecognised: { short: () => "a program we do not know" },
  missing: {
    short: () => "no program name sent",
    sentence: () => "Whoever asked did not say which program it is. Mail apps and browsers always do.",
  },
};

/** How programs are called; any other goes by its code. */
const NAMES: Record<string, string> = {
  async_http_client: "AsyncHttpClient",
  apache_httpclient: "Apache HttpClient",
  barracuda_sentinel: "Barracuda Sentinel",
  bing_preview: "Bing preview",
  chrome_prefetch_proxy: "Chrome’s prefetch proxy",
  cloudfront: "Amazon CloudFront",
  discord: "Discord",
  facebook: "Facebook",
  fastmail: "Fastmail’s image proxy",
  google_safety: "Google’s link check",
  linkedin: "LinkedIn",
  mattermost: "Mattermost",
  microsoft_preview: "Microsoft’s link preview",
  mimecast: "Mimecast",
  office_existence_discovery: "Microsoft Office, looking for a folder",
  outlook_image_proxy: "Outlook’s image proxy",
  proofpoint: "Proofpoint",
  proton_image_proxy: "Proton’s image proxy",
  rambler_proxy: "Rambler’s image proxy",
  seznam_proxy: "Seznam’s image proxy",
  slack: "Slack",
  symantec: "Symantec",
  telegram: "Telegram",
  twitter: "Twitter",
  ukr_net_proxy: "Ukr.net’s image proxy",
  virustotal: "VirusTotal",
  whatsapp: "WhatsApp",
  yahoo_link_preview: "Yahoo’s link preview",
};

/** Whose networks, by the labels of the judge's tables. */
const NETWORKS: Record<string, string> = {
  amazon: "Amazon",
  barracuda: "Barracuda",
  barracuda_egd: "Barracuda",
  cisco: "Cisco",
  cisco_ironport: "Cisco",
  fortinet: "Fortinet",
  google: "Google",
  hornetsecurity: "Hornetsecurity",
  mcafee: "McAfee",
  microsoft: "Microsoft",
  microsoft_365_protection: "Microsoft’s mail protection",
  mimecast: "Mimecast",
  proofpoint: "Proofpoint",
  sophos: "Sophos",
  trellix: "Trellix",
  trend_micro: "Trend Micro",
};

const network_name = (value: string): string => NETWORKS[value] ?? value.replace(/_/g, " ");

const REASONS: Record<string, ReasonWords> = {
  network: {
    short: (_p, value) => `came from ${network_name(value)}, where nobody reads mail`,
    sentence: () => "The address belongs to a service that checks mail. Nobody reads mail there.",
  },
  network_probable: { short: (_p, value) => `came from ${network_name(value)} soon after delivery` },
  robot_list: {
    short: (_p, value) => `on the list of robots as ${value.replace(/_/g, " ")}`,
    sentence: () => "The program is on the public list of robots, or calls itself one.",
  },
  data_centre: { short: (_p, value) => `came from ${network_name(value)}’s data centres` },
  early: { short: (p) => `came ${counted(Number(p["seconds"] ?? 0), "second", "seconds")} after delivery` },
  no_sec_fetch: { short: () => "left out what this browser always sends" },
  no_accept_language: { short: () => "named no language" },
  impossible_agent: { short: () => "a browser that there cannot be" },
  old_agent: { short: (p) => (p["chrome"] ? `a very old browser, Chrome ${p["chrome"]}` : "a very old browser") },
  referer: { short: (_p, value) => (value === "rewritten_link" ? "led here by a link that mail protection had rewritten" : `came from ${value}`) },
  method: {
    short: (_p, value) => (value === "head" ? "asked for the head only" : `method ${value}`),
    sentence: () => "It asked for the head of the page only. Programs that check links do that; people’s browsers do not.",
  },
  duplicate: {
    short: (p) => (p["seconds"] ? `the same hit less than ${counted(Number(p["seconds"]), "second", "seconds")} before` : "the same hit just before"),
    sentence: (_who, p) =>
      p["seconds"]
        ? `The same hit came less than ${counted(Number(p["seconds"]), "second", "seconds")} before and was counted then.`
        : "The same hit came just before and was counted then.",
  },
  purpose: {
    short: (_p, value) => (value === "prefetch" ? "the browser said that it only loads ahead" : `purpose ${value}`),
    sentence: () => "The browser loaded the page ahead of time and said so.",
  },
  burst: {
    short: (p) =>
      !p["seconds"]
        ? `${counted(Number(p["links"]), "link", "links")} followed within 2 seconds`
        : p["links"] === p["of"]
          ? `all ${p["links"]} links in ${p["seconds"]} s`
          : `${p["links"]} links in ${p["seconds"]} s`,
    sentence: (_who, p) =>
      `${p["links"] === p["of"] ? `All ${p["links"]}` : p["links"]} links were followed within ${p["seconds"] ?? "2"} seconds. No person does that.`,
  },
  coverage: { short: (p) => `every one of ${p["of"]} links within a minute` },
  fan_out: {
    short: (p) => `${p["recipients"]} people of one company within a minute`,
    sentence: (_who, p) => `The same program came for ${p["recipients"]} people of one company within a minute of delivery.`,
  },
  burst_source: {
    short: () => "from where all links were followed at once",
    sentence: () => "It came from the same network and program that followed all links at once around then.",
  },
  burst_network: { short: () => "from the network that followed all links at once" },
  burst_agent: { short: () => "by a program like the one that followed all links at once" },
  near_burst: { short: () => "just before all links were followed at once" },
  no_open: { short: () => "nobody had opened the mail" },
  held: {
    short: (p, value) =>
      p["seconds"]
        ? `${counted(Number(p["seconds"]), "second", "seconds")} after delivery`
        : value === "confirmed"
          ? "confirmed by somebody of yours"
          : value === "expired"
            ? "nobody decided in time"
            : "before delivery was reported",
  },
  one_click: { short: () => "the mail app’s own unsubscribe button" },
  consent: { short: (_p, value) => (value === "anonymous" ? "counted without the person, as agreed" : `consent ${value}`) },
  mail_client: { short: () => "a mail app we know" },
  browser: { short: () => "an ordinary browser" },
};

function parse_reason(reason: string): { words: ReasonWords | null; params: Params; value: string } {
  const colon = reason.indexOf(":");
  const code = colon < 0 ? reason : reason.slice(0, colon);
  const value = colon < 0 ? "" : reason.slice(colon + 1);
  const params: Params = {};
  for (const part of value.split(",")) {
    const equals = part.indexOf("=");
    if (equals > 0) params[part.slice(0, equals)] = part.slice(equals + 1);
  }
  if (code === "agent" && value)
    return { words: AGENTS[value] ?? { short: () => NAMES[value] ?? `a program known as ${value.replace(/_/g, " ")}` }, params, value };
  return { words: REASONS[code] ?? null, params, value };
}

/** A reason code as a phrase; an unknown code as it is. */
export function reason_phrase(reason: string): string {
  const { words, params, value } = parse_reason(reason);
  return words ? words.short(params, value) : reason;
}

/** The sentence below an event: why it was judged as it was; empty when there is nothing to explain. */
export function why(event: Event): string {
  const who = "the reader";
  for (const reason of [...(event.reasons ?? [])].sort((a, b) => Number(b.startsWith("duplicate")) - Number(a.startsWith("duplicate")))) {
    const { words, params } = parse_reason(reason);
    if (words?.sentence) return words.sentence(who, params);
  }
  return "";
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
  const after = event.bounce?.class === "hard" ? "Gets no more mail." : "";
  return { who: who_of(event), text: `: ${reason.replace(/\.$/, "")}.`, soft: after };
}

function corrected(event: Event): Sentence {
  const text = `: corrected, first ${actor_noun(event.previous?.actor)}, now ${actor_noun(event.actor)}`;
  return { who: who_of(event), text, soft: in_mail(event, "in ") };
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
      return `Corrected: first ${actor_noun(event.previous?.actor)}, now ${actor_noun(event.actor)}`;
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

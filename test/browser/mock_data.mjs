// SPDX-License-Identifier: Apache-2.0
// Data of the mock: an estate agency's mail of one month, and a handful of mails with everything that can happen to one.

const MINUTE = 60000;
const HOUR = 60 * MINUTE;

function ago(ms) {
  return new Date(Date.now() - ms).toISOString();
}

function id_of(n) {
  return `01935a2e-7c40-7b1e-9d22-${String(n).padStart(12, "0")}`;
}

const FROM = { email: "lena@fernhill.example", name: "Lena" };

function mail(n, fields) {
  const sent = fields.sent_ms ?? n * HOUR;
  const { sent_ms: _sent, to, ...rest } = fields;
  return {
    id: id_of(n),
    status: "delivered",
    created_at: ago(sent + 2000),
    send_at: null,
    sent_at: ago(sent),
    delivered_at: ago(sent - 3000),
    from: FROM,
    to: { email: `${to.toLowerCase()}@example.com`, name: to },
    subject: "What is your home worth this autumn?",
    campaign_id: "autumn-valuations",
    template_id: "valuation-offer-b",
    contact_id: `crm-${n}`,
    stream: "transactional",
    provider: "mailgun",
    tracked: { opens: "full", clicks: "full" },
    opens: 0,
    opens_unique: 0,
    opens_mpp: 0,
    clicks: 0,
    clicks_unique: 0,
    machine_opens: 0,
    machine_clicks: 0,
    first_opened_at: null,
    first_clicked_at: null,
    error: null,
    ...rest,
  };
}

export function make_mails() {
  const outbox = { provider: "outbox", status: "sent", delivered_at: null, from: { email: "hello@fernhill.example", name: "Fernhill Estates" } };
  return [
    mail(1, { to: "You", subject: "Hello from Pugmark", sent_ms: 4 * MINUTE, ...outbox, campaign_id: null, template_id: "hello" }),
    mail(2, {
      to: "Ines",
      subject: "Viewing tomorrow at 11:00",
      sent_ms: 6 * MINUTE,
      ...outbox,
      opens: 1,
      opens_unique: 1,
      first_opened_at: ago(5 * MINUTE),
    }),
    mail(3, {
      to: "You",
      subject: "Your first API key works",
      sent_ms: 11 * MINUTE,
      ...outbox,
      campaign_id: null,
      opens: 2,
      opens_unique: 1,
      clicks: 1,
      clicks_unique: 1,
      first_opened_at: ago(10 * MINUTE),
    }),
    mail(4, { to: "Mateo", subject: "Viewing tomorrow at 11:00", sent_ms: 40 * MINUTE, opens: 1, opens_unique: 1, campaign_id: "viewing-reminders" }),
    mail(5, {
      to: "Felix",
      subject: "Rents in your street",
      sent_ms: 50 * MINUTE,
      status: "in_doubt",
      sent_at: null,
      delivered_at: null,
      error: "The line broke after the whole mail was handed over, before the other side answered.",
    }),
    mail(6, {
      to: "Bruno",
      subject: "What sold near you",
      sent_ms: 3 * HOUR,
      status: "bounced",
      delivered_at: null,
      error: "550 5.1.1 No such mailbox here",
    }),
    mail(7, {
      to: "Amara",
      subject: "Amara, what is your home worth this autumn?",
      sent_ms: 27 * HOUR,
      opens: 2,
      opens_unique: 1,
      clicks: 2,
      clicks_unique: 1,
      opens_mpp: 1,
      machine_opens: 1,
      machine_clicks: 1,
      first_opened_at: ago(23 * HOUR),
      first_clicked_at: ago(23 * HOUR - MINUTE),
    }),
    mail(8, { to: "Hana", subject: "Six new homes this week", sent_ms: 28 * HOUR, opens_mpp: 2, machine_opens: 2, machine_clicks: 4, campaign_id: "new-listings" }),
    mail(9, { to: "Noor", subject: "Your documents", sent_ms: 30 * HOUR, tracked: { opens: "off", clicks: "off" }, campaign_id: null }),
    mail(10, {
      to: "Jonas",
      subject: "14 Mill Lane: a new price",
      sent_ms: 31 * HOUR,
      opens: 3,
      opens_unique: 1,
      clicks: 1,
      clicks_unique: 1,
      campaign_id: "price-drop",
    }),
    ...Array.from({ length: 60 }, (_, i) =>
      mail(20 + i, {
        to: ["Priya", "Tomas", "Elin", "Oskar"][i % 4],
        subject: "Landlord update",
        sent_ms: (48 + i * 3) * HOUR,
        campaign_id: "landlord-updates",
        machine_opens: i % 3,
        opens: i % 2,
        opens_unique: i % 2,
      }),
    ),
  ];
}

function event(n, m, at_ms, fields) {
  return {
    id: `0193aaaa-0000-7000-8000-${String(n).padStart(12, "0")}`,
    type: "email.opened",
    occurred_at: ago(at_ms),
    tenant: "default",
    message_id: m.id,
    is_unique: true,
    contact: { id: m.contact_id, email: m.to.email, category: "seller" },
    subject: m.subject,
    campaign_id: m.campaign_id,
    template_id: m.template_id,
    actor: null,
    reasons: [],
    confidence: null,
    bot: false,
    mpp: false,
    rules: "2026-11-01",
    settled: true,
    client: null,
    ip: null,
    user_agent: null,
    provider: m.provider,
    bounce: null,
    ...fields,
  };
}

const HUMAN = {
  actor: "human",
  reasons: ["mail_client"],
  confidence: 0.95,
  client: { name: "Outlook", os: "Windows", device: "desktop" },
  ip: "198.51.100.0",
  user_agent: "Mozilla/5.0 (Windows NT 10.0) Outlook/16.0",
};
const BROWSER = {
  ...HUMAN,
  reasons: ["browser"],
  client: { name: "Edge", os: "Windows", device: "desktop" },
  user_agent: "Mozilla/5.0 (Windows NT 10.0) Edg/131",
};
const GMAIL = {
  actor: "proxy_human",
  reasons: ["agent:gmail_image_proxy"],
  confidence: 0.85,
  client: { name: "Gmail", os: null, device: null },
  user_agent: "Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
};
const APPLE = { actor: "prefetch", mpp: true, reasons: ["agent:apple_mpp"], confidence: 0.9, user_agent: "Mozilla/5.0" };
const HEAD = { actor: "scanner", bot: true, reasons: ["method:head"], confidence: 0.99, user_agent: "Link checker" };

const BURST = {
  actor: "scanner",
  bot: true,
  reasons: ["browser", "burst:links=4,of=4,seconds=0.6", "early:seconds=2", "no_open"],
  confidence: 0.99,
  group: "0193aaaa-0000-7000-8000-00000000b0b0",
  ip: "198.51.100.0",
  user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/79.0.3945.88 Safari/537.36",
};

/** A scanner follows all links at once, and two minutes later it is known as one. */
function swept(m, delivered_ms) {
  const link = (n) => ({ destination_url: `https://fernhill.example/homes/${n + 1}`, link_index: n });
  const open = { ...BURST, reasons: ["browser", "burst_source:seconds=-1"], group: null };
  const hits = [0, 1, 2, 3].map((n) => [delivered_ms - 2000 - n * 200, { type: "email.clicked", ...BURST, ...link(n) }]);
  hits.unshift([delivered_ms - 1000, { ...open, is_unique: false }]);
  const corrections = hits.map(([at, fields]) => {
    const previous = { type: fields.type ?? "email.opened", occurred_at: ago(at), actor: "human", reasons: ["browser"] };
    return [delivered_ms - 126000, { ...fields, type: "event.corrected", user_agent: null, ip: null, previous }];
  });
  return [...hits, ...corrections].map(([at, fields]) => [m, at, fields]);
}

const DAY = 24 * HOUR;

/** Presses of the unsubscribe button that machines made. */
export function make_held(mails) {
  const by = (n) => mails.find((m) => m.id === id_of(n));
  const held = (n, fields) => {
    const m = by(n);
    const at = Date.parse(m.delivered_at ?? m.sent_at) + 1000 * (fields.seconds_after_delivery ?? 0);
    return {
      id: m.id,
      event_id: `0193ffff-0000-7000-9000-${String(n).padStart(12, "0")}`,
      state: "waiting",
      held_at: new Date(at).toISOString(),
      confirms_at: fields.decided_by ? null : new Date(at + 7 * DAY).toISOString(),
      decided_at: fields.decided_by ? ago(HOUR) : null,
      decided_by: null,
      to: m.to,
      subject: m.subject,
      campaign_id: m.campaign_id,
      contact_id: m.contact_id,
      sender: null,
      seconds_after_delivery: null,
      actor: "scanner",
      confidence: 0.98,
      reasons: ["agent:proofpoint", `held:seconds=${fields.seconds_after_delivery ?? 0}`],
      ip: "203.0.113.0",
      user_agent: "Mozilla/5.0 (compatible; Proofpoint URL Defense)",
      ...fields,
    };
  };
  return [
    held(4, { seconds_after_delivery: 42 }),
    held(8, { seconds_after_delivery: 9, reasons: ["agent:barracuda_sentinel", "held:seconds=9"] }),
    held(7, { actor: "crawler", reasons: ["agent:robot", "held"], user_agent: "Check/1.0 (+https://gate.example/bot)" }),
    held(10, { state: "confirmed", seconds_after_delivery: 12, decided_by: "time" }),
    held(9, { state: "dismissed", seconds_after_delivery: 3, decided_by: "ruth@fernhill.example" }),
  ];
}

/** Addresses that get no mail, in the API's order; of an erased one there is a hash. */
export function make_suppressions() {
  const row = (key, reason, days, mail) => ({ key, reason, message_id: mail ? id_of(mail) : null, created_at: ago(days * DAY) });
  return [
    row("accounts@quarry-hill-conveyancing.example", "manual", 2),
    row("bruno@example.com", "hard_bounce", 0.2, 6),
    row("hash of carla@example.com", "erased", 31),
    row("noor@example.com", "unsubscribed", 1, 9),
    row("oskar@example.com", "complaint", 12),
    ...Array.from({ length: 60 }, (_, i) => row(`reader-${String(i).padStart(2, "0")}@example.com`, "unsubscribed", 40 + i)),
  ];
}

/** Newest first. */
export function make_audit(mails) {
  const person = (letter) => `person:sha256:${letter.repeat(64)}`;
  const ruth = "user:ruth@fernhill.example";
  const rows = [
    [0.4, ruth, "tenant.changed", "tenant:default", { honeypot: { from: null, to: "on" } }],
    [0.5, ruth, "suppression.removed", person("a"), { reason: "unsubscribed", why: "Asked for the price list again, by phone." }],
    [3, ruth, "unsubscribe.dismissed", `message:${mails[8]?.id}`, null],
    [26, "key:crm-sync", "consent.changed", person("b"), { consent_opens: "anonymous", consent_clicks: "full", consent_method: "form" }],
    [27, "key:crm-sync", "suppression.added", person("c"), { reason: "manual", why: null }],
    [30, "user:felix@fernhill.example", "contact.erased", person("d"), { messages: 12, events: 40 }],
    [31, "key:crm-sync", "suppression.added", person("d"), null],
    [49, ruth, "campaign.limited", "campaign:autumn-valuations", { opens: "anonymous", clicks: "full" }],
    [50, "command line", "tenant.changed", "tenant:default", { clicks: { from: "off", to: null }, events_days: { from: null, to: "90" }, opens: { from: "full", to: "anonymous" } }],
    [52, ruth, "contact.exported", person("e"), null],
    [90, "command line", "key.turned", "key:crm-sync", { reason: "yearly" }],
  ];
  for (let i = 0; i < 50; i++) rows.push([100 + 5 * i, "key:crm-sync", "suppression.added", person("f"), { reason: "hard_bounce", why: null }]);
  return rows.map(([hours, actor, action, subject, details], i) => ({
    id: `0193bbbb-0000-7000-8000-${String(i).padStart(12, "0")}`,
    at: ago(hours * HOUR),
    tenant: "default",
    actor,
    action,
    subject,
    details,
  }));
}

export function make_events(mails) {
  const by = (n) => mails.find((m) => m.id === id_of(n));
  const amara = by(7);
  const sent = 27 * HOUR;
  const link = (path, index) => ({ type: "email.clicked", destination_url: `https://fernhill.example/${path}`, link_index: index });
  const rows = [
    ...mails.slice(10).map((m) => [m, Date.now() - Date.parse(m.sent_at), { type: "email.sent" }]),
    [by(8), 28 * HOUR, { type: "email.sent" }],
    [by(8), 28 * HOUR - 3000, { type: "email.delivered" }],
    ...swept(by(8), 28 * HOUR - 3000),
    [amara, sent + 1000, { type: "email.queued" }],
    [amara, sent, { type: "email.sent" }],
    [amara, sent - 3000, { type: "email.delivered" }],
    [amara, sent - 25000, { ...HEAD, ...link("valuation", 0) }],
    [amara, sent - 130000, APPLE],
    [amara, sent - 140000, { actor: "unknown", reasons: ["agent:missing"], confidence: 0.5 }],
    [amara, 23 * HOUR, HUMAN],
    [amara, 23 * HOUR - 4000, { ...HUMAN, is_unique: false, bot: true, reasons: ["mail_client", "duplicate:seconds=5"] }],
    [amara, 23 * HOUR - 45000, { ...BROWSER, ...link("valuation", 0) }],
    [by(6), 3 * HOUR, { type: "email.sent" }],
    [by(6), 3 * HOUR - 2000, { type: "email.bounced", bounce: { class: "hard", code: "5.1.1", reason: "No such mailbox here" } }],
    [by(10), 2 * HOUR, { ...HUMAN, client: { name: "Apple Mail", os: "Mac", device: "desktop" } }],
    [by(9), 100 * MINUTE, { type: "email.unsubscribed" }],
    [amara, 75 * MINUTE, { ...HUMAN, is_unique: false }],
    [amara, 74 * MINUTE, { ...BROWSER, ...link("sold", 1) }],
    [by(5), 50 * MINUTE, { type: "email.queued" }],
    [by(4), 39 * MINUTE, GMAIL],
    [by(8), 33 * MINUTE, APPLE],
    [by(10), 30 * MINUTE, { ...HEAD, ...link("mill-lane", 0) }],
    [by(10), 29 * MINUTE, { actor: "link_preview", reasons: ["agent:slack"], confidence: 0.95, ...link("mill-lane", 0) }],
    [by(21), 20 * MINUTE, { ...GMAIL, reasons: ["agent:yahoo_image_proxy"], client: { name: "Yahoo", os: null, device: null } }],
    [by(3), 11 * MINUTE + 2000, { type: "email.queued" }],
    [by(3), 11 * MINUTE, { type: "email.sent" }],
    [by(3), 10 * MINUTE, BROWSER],
    [by(3), 9 * MINUTE, { ...BROWSER, is_unique: false }],
    [by(3), 8 * MINUTE, { ...BROWSER, ...link("start", 0) }],
    [by(2), 6 * MINUTE + 1000, { type: "email.queued" }],
    [by(2), 6 * MINUTE, { type: "email.sent" }],
    [by(2), 5 * MINUTE, BROWSER],
    [by(1), 4 * MINUTE + 1000, { type: "email.queued" }],
    [by(1), 4 * MINUTE, { type: "email.sent" }],
  ];
  return rows.map(([m, at, fields], i) => event(i + 1, m, at, fields)).sort((a, b) => (a.occurred_at < b.occurred_at ? -1 : 1));
}

/** Of what the rates are, where all mail is tracked by person. */
export function rated_of(s) {
  const n = s.rates_of === "sent" ? s.sends - s.bounced - s.failed - s.in_doubt : s.delivered;
  return {
    openable: n,
    opened: s.opens_unique,
    opened_strict: s.opens_unique_strict,
    opened_all: s.opens_unique_all,
    clickable: n,
    clicked: s.clicks_unique,
    clicked_all: s.clicks_unique_all,
  };
}

export const SUMMARIES = {
  month: {
    sends: 19410,
    delivered: 19035,
    in_flight: 3,
    in_doubt: 2,
    opens_total: 12266,
    opens_unique: 8547,
    opens_unique_strict: 5387,
    opens_unique_all: 12506,
    opens_mpp: 4783,
    opens_machine: 1401,
    opens_by_actor: { human: 7760, proxy_human: 4506, prefetch: 4910, scanner: 1105, link_preview: 102, crawler: 31, unknown: 36 },
    clicks_total: 2997,
    clicks_unique: 2170,
    clicks_unique_all: 2551,
    clicks_machine: 1204,
    unsubscribes: 41,
    complaints: 3,
    bounced: 301,
    failed: 69,
    open_rate: 0.44901497,
    click_rate: 0.11400053,
    mpp_share: 0.2805,
    headline_opens: 8547,
    rates_of: "delivered",
  },
  before: {
    sends: 17322,
    delivered: 16950,
    in_flight: 0,
    in_doubt: 0,
    opens_total: 10100,
    opens_unique: 7034,
    opens_unique_strict: 4356,
    opens_unique_all: 10577,
    opens_mpp: 4001,
    opens_machine: 1350,
    opens_by_actor: { human: 6500, proxy_human: 3600, prefetch: 4001 },
    clicks_total: 2600,
    clicks_unique: 1848,
    clicks_unique_all: 2271,
    clicks_machine: 1100,
    unsubscribes: 37,
    complaints: 2,
    bounced: 290,
    failed: 74,
    open_rate: 0.41498525,
    click_rate: 0.10902655,
    mpp_share: 0.2838,
    headline_opens: 7034,
    rates_of: "delivered",
  },
  week: {
    sends: 388,
    delivered: 0,
    in_flight: 12,
    in_doubt: 0,
    opens_total: 240,
    opens_unique: 194,
    opens_unique_strict: 97,
    opens_unique_all: 291,
    opens_mpp: 60,
    opens_machine: 9,
    opens_by_actor: { human: 150, proxy_human: 90, prefetch: 60, scanner: 9 },
    clicks_total: 50,
    clicks_unique: 40,
    clicks_unique_all: 44,
    clicks_machine: 6,
    unsubscribes: 0,
    complaints: 0,
    bounced: 0,
    failed: 2,
    open_rate: 0.5025906736,
    click_rate: 0.103626943,
    mpp_share: 0.2,
    headline_opens: 194,
    rates_of: "sent",
  },
  nothing: {
    sends: 0,
    delivered: 0,
    in_flight: 0,
    in_doubt: 0,
    opens_total: 0,
    opens_unique: 0,
    opens_unique_strict: 0,
    opens_unique_all: 0,
    opens_mpp: 0,
    opens_machine: 0,
    opens_by_actor: {},
    clicks_total: 0,
    clicks_unique: 0,
    clicks_unique_all: 0,
    clicks_machine: 0,
    unsubscribes: 0,
    complaints: 0,
    bounced: 0,
    failed: 0,
    open_rate: null,
    click_rate: null,
    mpp_share: null,
    headline_opens: 0,
    rates_of: "sent",
  },
};
for (const s of Object.values(SUMMARIES)) s.rated = rated_of(s);

/** As the program previews it: of what somebody got without pixel and with the links that were given. */
export function mail_html(m, base) {
  const link = (n, to) => (m.provider === "outbox" ? `${base}/c/${m.id}/${n}` : `https://fernhill.example/${to}`);
  return `<!doctype html><html><head><base target="_blank"><title>${m.subject}</title></head>
<body style="margin:0;background:#fff;color:#2a2723;font:15px/24px Georgia,'Liberation Serif',serif">
<div style="padding:24px 28px"><b>Fernhill Estates</b><h1 style="font-size:22px;line-height:28px">${m.subject}</h1>
<p>Eleven homes within a mile of yours changed hands since August. We walked through most of them, and we would be glad to tell you what that means for yours.</p>
<p><a id="first" href="${link(1, "valuation")}" style="display:inline-block;padding:10px 20px;border-radius:4px;background:#7a3e22;color:#fff;text-decoration:none">Book a free valuation</a></p>
<p>Then <a href="${link(2, "sold")}">see what sold near you</a>. This one is <a href="https://fernhill.example/privacy">left alone</a>.</p></div>
<div style="padding:16px 28px;background:#f6f2ea;font-size:12px">1 Market Row, Fernhill</div>
${m.provider === "outbox" ? `<img src="${base}/o/${m.id}.gif" width="1" height="1" alt="">` : ""}<script>top.location = "/stolen"</script></body></html>`;
}

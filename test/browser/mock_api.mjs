// SPDX-License-Identifier: Apache-2.0
// A server with believable data in place of the real one, for work on the console and for its tests. It answers the
// console's files under the console's own Content-Security-Policy, the API as far as the console reads it, and pixels
// and clicks of the mails it shows, which become live events. Started alone it serves until it is stopped:
//
//   node mock_api.mjs [--port N]
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { make_audit, make_events, make_held, make_mails, make_suppressions, mail_html, SUMMARIES } from "./mock_data.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const DIST = join(here, "../../console/dist");
const PIXEL = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain" };
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'";
export const USER = { email: "ruth@fernhill.example", password: "copper-otter-walks" };

/** Stricter than a fresh one, so that something is not allowed. */
const INSTALLATION = {
  opens: "full", clicks: "full", keep_client: "truncated", gpc: "honour", events_days: 365, dedupe_seconds: 5,
  provider_dedupe_minutes: 10, headline_opens: "likely_human", honeypot: "off",
};

function problem(res, status, title, detail, headers = {}) {
  res.writeHead(status, { "Content-Type": "application/problem+json", ...headers });
  res.end(JSON.stringify({ type: "about:blank", title, status, detail }));
}

function json(res, body, headers = {}, status = 200) {
  res.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers });
  res.end(JSON.stringify(body));
}

async function body_of(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || "{}");
}

export class MockApi {
  constructor({ empty = false, time_zone = "Europe/London" } = {}) {
    this.empty = empty;
    this.time_zone = time_zone;
    this.tries = 0;
    this.session = "session-1";
    this.mails = empty ? [] : make_mails();
    this.events = empty ? [] : make_events(this.mails); // oldest first
    this.held = empty ? [] : make_held(this.mails);
    this.suppressions = empty ? [] : make_suppressions();
    this.audit = empty ? [] : make_audit(this.mails);
    this.tenants = ["default"];
    this.settings = Object.fromEntries(Object.keys(INSTALLATION).map((name) => [name, null]));
    this.streams = new Set();
    this.requests = [];
    this.failing = new Map(); // path -> status, for error states
    this.refuse_streams = false;
    this.serial = 0;
    this.server = createServer((req, res) => {
      this.answer(req, res).catch((error) => problem(res, 500, "Mock failed", String(error)));
    });
  }

  async start(port = 0) {
    await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    return this.base;
  }

  async stop() {
    this.drop_streams();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** Cuts every live line, as a broken network does. */
  drop_streams() {
    for (const stream of this.streams) stream.res.destroy();
    this.streams.clear();
  }

  /** Makes an event happen now: it is kept, counted, and told to every live line. */
  emit(fields) {
    const mail = this.mails.find((m) => m.id === fields.message_id) ?? null;
    const event = {
      id: `0193ffff-0000-7000-8000-${String(++this.serial).padStart(12, "0")}`,
      occurred_at: new Date().toISOString(),
      tenant: "default",
      contact: mail ? { id: null, email: mail.to.email, category: null } : null,
      campaign_id: mail?.campaign_id ?? null,
      provider: mail?.provider ?? null,
      reasons: [],
      bot: false,
      mpp: false,
      is_unique: true,
      ...fields,
    };
    this.events.push(event);
    if (mail && event.actor === "human") this.count(mail, event);
    for (const stream of this.streams) this.tell(stream, event);
    return event;
  }

  count(mail, event) {
    if (event.type === "email.opened") {
      mail.opens += 1;
      mail.opens_unique = 1;
      mail.first_opened_at ??= event.occurred_at;
    } else if (event.type === "email.clicked") {
      mail.clicks += 1;
      mail.clicks_unique = 1;
      mail.first_clicked_at ??= event.occurred_at;
    }
  }

  tell(stream, event) {
    if (stream.message && event.message_id !== stream.message) return;
    stream.res.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  async answer(req, res) {
    const url = new URL(req.url, this.base);
    this.requests.push({ method: req.method, path: url.pathname, query: url.search, headers: req.headers });
    if (url.pathname.startsWith("/api/v1/")) return this.api(req, res, url.pathname.slice(7), url.searchParams);
    if (url.pathname.startsWith("/o/")) return this.pixel(res, url.pathname);
    if (url.pathname.startsWith("/c/")) return this.click(res, url.pathname);
    if (url.pathname === "/landing") {
      res.writeHead(200, { "Content-Type": "text/html" });
      return res.end("<title>Landing</title><p>The page behind the link.");
    }
    return this.file(req, res, url.pathname);
  }

  file(req, res, path) {
    const headers = { "Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff" };
    try {
      const bytes = readFileSync(join(DIST, normalize(path)));
      res.writeHead(200, { ...headers, "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
      return res.end(bytes);
    } catch {
      if (!(req.headers.accept ?? "").includes("text/html")) return problem(res, 404, "Not found");
      res.writeHead(200, { ...headers, "Content-Type": TYPES[".html"] });
      return res.end(readFileSync(join(DIST, "index.html")));
    }
  }

  pixel(res, path) {
    const id = path.slice(3).replace(/\.gif$/, "");
    const mail = this.mails.find((m) => m.id === id);
    res.writeHead(200, { "Content-Type": "image/gif", "Cache-Control": "no-store" });
    res.end(PIXEL);
    if (mail)
      this.emit({
        type: "email.opened",
        message_id: id,
        actor: "human",
        reasons: ["browser"],
        confidence: 0.9,
        is_unique: mail.opens === 0,
        client: { name: "Chrome", os: "Linux" },
      });
  }

  click(res, path) {
    const [, , id, index] = path.split("/");
    res.writeHead(302, { Location: "/landing" });
    res.end();
    const url = `https://fernhill.example/${index}`;
    this.emit({
      type: "email.clicked",
      message_id: id,
      actor: "human",
      reasons: ["browser"],
      confidence: 0.9,
      destination_url: url,
      link_index: Number(index) - 1,
      client: { name: "Chrome", os: "Linux" },
    });
  }

  signed_in(req) {
    return (req.headers.cookie ?? "").includes(`pugmark_session=${this.session}`);
  }

  async api(req, res, path, params) {
    const failing = this.failing.get(path);
    if (failing) return problem(res, failing, "Not available", "The store is busy.");
    if (path === "/session") return this.session_call(req, res);
    if (!this.signed_in(req)) return problem(res, 401, "Not signed in");
    if (path === "/me") return json(res, this.me());
    if (path === "/stats/summary") return json(res, this.summary(params));
    if (path === "/events") return this.list(res, [...this.events].reverse(), params);
    if (path === "/events/stream") return this.stream(req, res, params);
    if (path === "/messages") return this.list(res, this.filtered(params), params);
    if (path === "/unsubscribes/held") return this.held_list(res, params);
    if (path.startsWith("/unsubscribes/held/") && req.method === "POST") return this.decide(res, path);
    if (path === "/suppressions") return this.suppressions_call(req, res, params);
    if (path.startsWith("/suppressions/") && req.method === "DELETE") return this.unsuppress(res, path, params);
    if (path === "/audit") return this.audit_list(res, params);
    if (path === "/tenants") return json(res, { data: this.tenants.map((name) => ({ name })), next: null });
    if (path === "/tenants/default") return this.tenant_call(req, res);
    const [, , id, rest] = path.split("/");
    const mail = path.startsWith("/messages/") ? this.mails.find((m) => m.id === decodeURIComponent(id)) : null;
    if (mail && rest === "resolve" && req.method === "POST") return this.resolve(req, res, mail);
    if (mail && rest === "preview") return this.preview(res, mail);
    if (mail && !rest) return json(res, this.detail(mail));
    return problem(res, 404, "Not found", "There is nothing here.");
  }

  async session_call(req, res) {
    if (req.method === "DELETE") {
      this.session = `session-${++this.serial + 1}`;
      res.writeHead(204, { "Set-Cookie": "pugmark_session=; Max-Age=0; Path=/" });
      return res.end();
    }
    const { email, password } = await body_of(req);
    if (email === USER.email && password === USER.password) {
      this.tries = 0;
      return json(res, this.me(), { "Set-Cookie": `pugmark_session=${this.session}; HttpOnly; SameSite=Lax; Path=/` });
    }
    if (++this.tries > 5) return problem(res, 429, "Too many tries", null, { "Retry-After": "30" });
    return problem(res, 401, "Not signed in", "Address or password is not right.");
  }

  me() {
    return {
      user: { id: "u-1", email: USER.email, name: "Ruth", role: this.role ?? "owner" },
      tenant: { id: "default", name: this.empty ? "Default" : "Fernhill Estates", time_zone: this.time_zone },
      base_url: "https://links.fernhill.example",
      provider: this.provider ?? "outbox",
      first_run: this.empty,
    };
  }

  summary(params) {
    if (this.empty) return { ...SUMMARIES.nothing, previous: params.get("compare") ? SUMMARIES.nothing : null };
    const days = (Date.parse(params.get("to")) - Date.parse(params.get("from"))) / 86400000 + 1;
    const now = days <= 7 ? SUMMARIES.week : SUMMARIES.month;
    return { ...now, previous: params.get("compare") ? SUMMARIES.before : null };
  }

  filtered(params) {
    const status = params.get("status");
    const provider = params.get("provider");
    const q = (params.get("q") ?? "").toLowerCase();
    const [from, to] = [params.get("from"), params.get("to")];
    const wanted = (m) =>
      (!status || m.status === status) &&
      (!provider || m.provider === provider) &&
      (!from || m.created_at >= from) &&
      (!to || m.created_at.slice(0, to.length) <= to) &&
      (!q || m.subject.toLowerCase().includes(q) || m.to.email.includes(q));
    return this.mails.filter(wanted);
  }

  list(res, all, params) {
    const from = Number(params.get("cursor") ?? 0);
    const limit = Number(params.get("limit") ?? 50);
    const data = all.slice(from, from + limit);
    return json(res, { data, next: from + limit < all.length ? String(from + limit) : null });
  }

  async tenant_call(req, res) {
    if (req.method === "PATCH") {
      const { settings, time_zone } = await body_of(req);
      if (time_zone && !time_zone.includes("/")) return problem(res, 422, "Invalid", `there is no time zone '${time_zone}' here`);
      this.time_zone = time_zone ?? this.time_zone;
      Object.assign(this.settings, settings);
    }
    return json(res, { name: "default", time_zone: this.time_zone, settings: this.settings, installation: INSTALLATION });
  }

  /** By a key that the reader does not see, as of one whose owner was erased. */
  suppressed(address) {
    return this.suppressions.find((s) => s.key === address.toLowerCase() || s.key === `hash of ${address.toLowerCase()}`);
  }

  async suppressions_call(req, res, params) {
    const shown = ({ key, ...row }) => ({ address: key.startsWith("hash") ? null : key, ...row });
    if (req.method === "POST") {
      const { address, reason } = await body_of(req);
      if (!/.@./.test(address)) return problem(res, 422, "Invalid", "The body has problems.");
      const there = this.suppressed(address);
      const row = there ?? { key: address.toLowerCase(), reason, message_id: null, created_at: new Date().toISOString() };
      if (!there) this.suppressions.push(row);
      return json(res, shown(row), {}, there ? 200 : 201);
    }
    const [address, reason] = [params.get("address"), params.get("reason")];
    const found = address ? [this.suppressed(address)].filter(Boolean) : this.suppressions.filter((s) => !reason || s.reason === reason);
    return this.list(res, found.map(shown), params);
  }

  unsuppress(res, path, params) {
    const row = this.suppressed(decodeURIComponent(path.split("/")[2]));
    if (!row) return problem(res, 404, "Not found", "the address is not suppressed");
    if (!["manual", "hard_bounce"].includes(row.reason) && !params.get("why")) return problem(res, 422, "Invalid", "it goes only with the query parameter 'why'");
    this.suppressions = this.suppressions.filter((s) => s !== row);
    return json(res, { address: row.key, reason: row.reason });
  }

  audit_list(res, params) {
    const { action, person } = Object.fromEntries(params);
    // The person whose hash begins with the letter that the name begins with.
    const wanted = (e) => (!action || e.action === action) && (!person || e.subject.startsWith(`person:sha256:${person[0]}`));
    return this.list(res, this.audit.filter(wanted), params);
  }

  held_list(res, params) {
    const data = this.held.filter((h) => h.state === (params.get("state") ?? "waiting"));
    const limit = Number(params.get("limit") ?? 50);
    const waiting = this.held.filter((h) => h.state === "waiting").length;
    return json(res, { data: data.slice(0, limit), next: data.length > limit ? data[limit - 1].id : null, waiting });
  }

  decide(res, path) {
    const [, , , id, verb] = path.split("/");
    const held = this.held.find((h) => h.id === id);
    if (!held) return problem(res, 404, "Not found", "no unsubscribe of this message was held");
    if (held.state !== "waiting") return problem(res, 409, "Conflict", "no unsubscribe of this message is waiting");
    const state = verb === "confirm" ? "confirmed" : "dismissed";
    Object.assign(held, { state, confirms_at: null, decided_at: new Date().toISOString(), decided_by: USER.email });
    return json(res, held);
  }

  /** A mail that is sent again stays in doubt until its new attempt has an outcome. */
  async resolve(req, res, mail) {
    const { as } = await body_of(req);
    this.resolved = as;
    if (mail.status !== "in_doubt") return problem(res, 409, "Conflict", `the message is not in doubt; it is ${mail.status}`);
    if (as === "sent") Object.assign(mail, { status: "sent", sent_at: new Date().toISOString(), error: null });
    if (as === "failed") mail.status = "failed";
    return json(res, mail);
  }

  detail(mail) {
    const timeline = this.events.filter((e) => e.message_id === mail.id);
    const links = [
      { index: 0, url: "https://fernhill.example/valuation", tracked_url: `${this.base}/c/${mail.id}/1`, skipped: null },
      { index: 1, url: "https://fernhill.example/sold", tracked_url: `${this.base}/c/${mail.id}/2`, skipped: null },
      { index: 2, url: "https://fernhill.example/privacy", tracked_url: null, skipped: "no_track" },
    ];
    const headers = { "Message-ID": `<${mail.id}@fernhill.example>`, "Reply-To": mail.from.email, "X-Campaign": mail.campaign_id ?? "none" };
    return {
      ...mail,
      attempts: mail.attempts ?? 1,
      has_html: true,
      links,
      timeline,
      headers,
      text: "Eleven homes within a mile of yours changed hands since August.\n\nBook a free valuation: https://fernhill.example/valuation",
    };
  }

  preview(res, mail) {
    res.writeHead(200, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy":
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'",
    });
    res.end(mail_html(mail, this.base));
  }

  stream(req, res, params) {
    if (this.refuse_streams) return problem(res, 503, "Not available", "The line is busy.");
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    res.write("retry: 200\n: hello\n\n");
    const stream = { res, message: params.get("message") };
    const last = req.headers["last-event-id"];
    const at = last ? this.events.findIndex((e) => e.id === last) : -1;
    if (at >= 0) for (const event of this.events.slice(at + 1)) this.tell(stream, event);
    this.streams.add(stream);
    res.on("close", () => this.streams.delete(stream));
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const at = process.argv.indexOf("--port");
  const mock = new MockApi({ empty: process.argv.includes("--empty") });
  console.log(await mock.start(at >= 0 ? Number(process.argv[at + 1]) : 0), USER.email, USER.password);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two questions that must not be mixed up: "is it alive" (restart it when not) and "is it ready" (send it no traffic
 * when not). A full disk or a store that is away makes it unready and never dead: a restart would not help, and
 * redirects go on.
 *
 * Everything is read from counters in memory. A probe that asked the store would be the first thing to time out when
 * the store is slow, and would have the whole server taken out for it. The writer asks the store every second; when it
 * has heard nothing for some of them, the store is as good as away, though no call has failed yet. */
#include "web/edge/health.h"

#include "codec/url/query.h"
#include "codec/url/url.h"
#include "engine/apply/apply.h"
#include "engine/dispatch/dispatch.h"
#include "engine/judge/network_watch.h"
#include "engine/keys/key_watch.h"
#include "engine/ledger/writer.h"
#include "engine/tenant/tenant_policy.h"
#include "engine/upkeep/retention.h"
#include "engine/upkeep/store_watch.h"
#include "web/sign_in/host_names.h"

enum { TEXT_MAX = 16384, WHY_MAX = 200 };
static const int64_t SILENCE_MAX_US = 5000000;

static void answer_text(struct http_request *request, unsigned status, struct slice body)
{
	static const struct http_header headers[] = {
	    {{"Content-Type", 12}, {"text/plain; charset=utf-8", 25}},
	    {{"Cache-Control", 13}, {"no-store", 8}},
	};
	http_answer(request, status, headers, sizeof headers / sizeof headers[0], body);
}

static void append_writer_reasons(const struct writer *writer, struct buf *b)
{
	char why[WHY_MAX];
	int64_t silence_us = writer_silence_us(writer);
	if (writer_is_failing(writer, why, sizeof why))
		buf_printf(b, "store: %s\n", why);
	else if (silence_us > SILENCE_MAX_US)
		buf_printf(b, "store: no answer for %lld seconds\n", (long long)(silence_us / 1000000));
	if (!writer_caught_up(writer))
		buf_append_cstr(b, "store: still applying what the journal held at the start\n");
}

/* One reason a line; nothing at all means ready. */
static void append_reasons(const struct health_parts *s, struct buf *b)
{
	char why[WHY_MAX];
	enum journal_health journal = journal_health(s->journal);
	if (journal != JOURNAL_HEALTHY) {
		journal_health_text(s->journal, why, sizeof why);
		buf_printf(b, "journal %s: %s\n", journal == JOURNAL_FULL ? "full" : "failed", why);
	}
	if (s->writer)
		append_writer_reasons(s->writer, b);
	const char *objection = store_watch_objection(s->store_watch);
	if (objection)
		buf_printf(b, "store: %s\n", objection);
}

/* What the judge knows of networks; no reason to send nobody here. */
static void append_lists(const struct health_parts *s, struct buf *b)
{
	for (int which = 0; s->networks && which < NETWORK_LIST_COUNT; which++) {
		struct network_watch_figures f = network_watch_figures(s->networks, (enum network_list)which);
		if (!f.is_configured)
			continue;
		buf_printf(b, "list %s: %llu rows", network_list_name((enum network_list)which),
			   (unsigned long long)f.rows);
		if (f.read_us) {
			buf_append_cstr(b, ", read ");
			time_append_rfc3339(b, f.read_us);
		}
		buf_append_cstr(b, f.is_refused ? "; the file as it is now cannot be used\n" : "\n");
	}
}

/* Nor is this, but somebody has to do something about it. */
static void append_zones(const struct health_parts *s, struct buf *b)
{
	size_t count = tenant_policies_without_zone(s->policies);
	if (count)
		buf_printf(b,
			   "time zones: %zu tenants are counted in UTC, because this machine's zone data lacks theirs; "
			   "install or upgrade tzdata and restart\n",
			   count);
}

/* Others are not ready for a new key, or this server is not: links that are out are good here all the same. */
static void append_keys(const struct health_parts *s, struct buf *b)
{
	char why[WHY_MAX];
	if (s->key_watch && key_watch_objects(s->key_watch, why, sizeof why))
		buf_printf(b, "keys: %s\n", why);
}

/* It has happened, and to send requests elsewhere brings nothing back; but it is told of until the next start. */
static void append_losses(const struct health_parts *s, struct buf *b)
{
	struct journal_losses l = journal_losses(s->journal);
	if (l.count)
		buf_printf(b,
			   "journal: %llu acknowledged records (%llu to %llu) were missing at the start and are lost\n",
			   (unsigned long long)l.count, (unsigned long long)l.first, (unsigned long long)l.last);
	if (l.applied_count)
		buf_printf(b, "journal: %llu records that were applied are damaged; nothing is lost\n",
			   (unsigned long long)l.applied_count);
	if (journal_failures(s->journal))
		buf_printf(b, "journal: %llu writes or syncs failed since the start\n",
			   (unsigned long long)journal_failures(s->journal));
}

static void append_remarks(const struct health_parts *s, struct buf *b)
{
	append_losses(s, b);
	append_lists(s, b);
	append_zones(s, b);
	append_keys(s, b);
}

/* A proxy on this machine makes the whole world come from here: its headers tell, and the name that it passes on, by
 * which also a page tells itself that has made its own name lead here. */
static bool tells_all(const struct health *h, const struct http_request *request)
{
	return h->tells_all ||
	       (http_request_is_from_here(request) && host_is_loopback(http_request_header(request, SLICE("host"))));
}

static void answer_ready(const struct health *h, struct http_request *request)
{
	struct buf b;
	buf_init(&b, TEXT_MAX);
	append_reasons(&h->parts, &b);
	unsigned status = b.n == 0 ? 200 : 503;
	bool is_bare = !tells_all(h, request);
	if (is_bare)
		buf_clear(&b);
	if (b.n == 0)
		buf_append_cstr(&b, status == 200 ? "ready\n" : "not ready\n");
	/* After the decision: operators should know it, but the server can still take requests. */
	if (!is_bare)
		append_remarks(&h->parts, &b);
	answer_text(request, status, buf_slice(&b));
	buf_done(&b);
}

static void metric(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	buf_printf(b, "# HELP pugmark_%s %s\n# TYPE pugmark_%s %s\npugmark_%s %llu\n", name, help, name, type, name,
		   (unsigned long long)value);
}

static void metric_seconds(struct buf *b, const char *name, const char *help, int64_t us)
{
	buf_printf(b, "# HELP pugmark_%s %s\n# TYPE pugmark_%s gauge\npugmark_%s %.3f\n", name, help, name, name,
		   (double)us / 1e6);
}

static uint64_t sum(const struct health *h, size_t offset)
{
	uint64_t total = 0;
	for (size_t i = 0; i < h->counters_count; i++) {
		const void *at = (const char *)&h->counters[i] + offset;
		total += atomic_load_explicit((const _Atomic uint64_t *)at, memory_order_relaxed);
	}
	return total;
}

static void append_edge_metrics(const struct health *h, struct buf *b)
{
	static const struct {
		size_t offset;
		const char *name, *help;
	} rows[] = {
	    {offsetof(struct tracker_counters, opens), "opens_answered_total", "Pixels answered, whoever asked."},
	    {offsetof(struct tracker_counters, clicks), "clicks_answered_total", "Redirects answered, whoever asked."},
	    {offsetof(struct tracker_counters, unsubscribes), "unsubscribes_answered_total",
	     "Unsubscribe requests answered."},
	    {offsetof(struct tracker_counters, bad_tokens), "bad_tokens_total",
	     "Tracking paths with a token that is not ours."},
	    {offsetof(struct tracker_counters, early), "answered_early_total",
	     "Hits answered before the disk was done."},
	    {offsetof(struct tracker_counters, alone), "answered_alone_total",
	     "Hits answered before a second machine had them (journal.answer_after = applied)."},
	    {offsetof(struct tracker_counters, lost), "hits_lost_total", "Hits answered that could not be kept."},
	    {offsetof(struct tracker_counters, summed), "hits_summed_total",
	     "Hits beyond what one network may do with one mail, kept as a number."},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		metric(b, rows[i].name, "counter", rows[i].help, sum(h, rows[i].offset));
}

/* The server is NULL for the moment in which it starts; a scrape in it sees zeros and not an error. */
static void append_http_metrics(const struct health *h, struct buf *b)
{
	struct http_counters c = {0};
	if (h->server)
		http_server_counters(h->server, &c);
	metric(b, "http_connections_total", "counter", "Connections accepted.", c.accepted);
	metric(b, "http_refused_total", "counter", "Connections refused by a limit.", c.refused);
	metric(b, "http_requests_total", "counter", "Requests answered.", c.requests);
	metric(b, "http_bad_requests_total", "counter", "Requests that were not HTTP.", c.bad_requests);
	metric(b, "http_timeouts_total", "counter", "Clients cut off for being slow.", c.timeouts);
	metric(b, "http_connections_open", "gauge", "Connections open now.", c.open_now);
	metric(b, "http_evicted_total", "counter", "Connections closed to make room for new ones.", c.evicted);
	struct byte_budget_counts budget = byte_budget_counts(h->parts.budget);
	metric(b, "http_memory_bytes", "gauge", "Bytes that requests and unread answers hold.", budget.taken);
	metric(b, "http_memory_max_bytes", "gauge", "Bytes that they may hold (server.memory_mb).", budget.max);
	metric(b, "http_memory_refused_total", "counter", "Times that there was no room for more.", budget.refused);
}

static void append_retention_metrics(const struct health_parts *s, struct buf *b)
{
	if (!s->retention)
		return;
	struct retention_figures r = retention_figures(s->retention);
	metric(b, "events_pruned_total", "counter", "Events past their time that went.", r.events);
	metric(b, "events_pruning", "gauge", "1 while old events are looked for.", r.is_running);
	metric(b, "events_pruned_timestamp_seconds", "gauge", "When all of a day were through last; 0: not yet.",
	       (uint64_t)(r.finished_us / 1000000));
}

static void append_list_metrics(const struct health_parts *s, struct buf *b)
{
	static const struct {
		const char *rows, *read, *refused;
	} names[NETWORK_LIST_COUNT] = {
	    [NETWORK_LIST_EGRESS] = {"judge_apple_egress_rows", "judge_apple_egress_read_timestamp_seconds",
				     "judge_apple_egress_refused"},
	    [NETWORK_LIST_SYSTEMS] = {"judge_asn_rows", "judge_asn_read_timestamp_seconds", "judge_asn_refused"},
	};
	for (int which = 0; s->networks && which < NETWORK_LIST_COUNT; which++) {
		struct network_watch_figures f = network_watch_figures(s->networks, (enum network_list)which);
		if (!f.is_configured)
			continue;
		metric(b, names[which].rows, "gauge", "Ranges of addresses of the list that is in use.", f.rows);
		metric(b, names[which].read, "gauge", "When it was read; 0: it was not.",
		       (uint64_t)(f.read_us / 1000000));
		metric(b, names[which].refused, "gauge", "1 while its file cannot be used.", f.is_refused);
	}
}

static void append_skip_metrics(const struct health_parts *s, struct buf *b)
{
	buf_append_cstr(
	    b, "# HELP pugmark_records_skipped_total Records of the journal that were passed over, by reason.\n"
	       "# TYPE pugmark_records_skipped_total counter\n");
	for (int i = 0; i < APPLY_SKIP_COUNT; i++)
		buf_printf(b, "pugmark_records_skipped_total{reason=\"%s\"} %llu\n",
			   apply_skip_name((enum apply_skip)i),
			   (unsigned long long)apply_skipped(s->apply, (enum apply_skip)i));
}

static void append_writer_metrics(const struct health_parts *s, struct buf *b)
{
	uint64_t durable = journal_durable_sequence(s->journal);
	uint64_t applied = writer_applied_sequence(s->writer);
	metric(b, "journal_lag_records", "gauge", "Records not applied yet.",
	       durable > applied ? durable - applied : 0);
	metric_seconds(b, "journal_lag_seconds", "How long the record has waited that is applied next.",
		       writer_lag_us(s->writer));
	metric_seconds(b, "store_silence_seconds", "How long the store has not answered who writes it.",
		       writer_silence_us(s->writer));
	metric_seconds(b, "timers_late_seconds", "By how much the earliest work that is due is late.",
		       writer_timers_late_us(s->writer));
	append_skip_metrics(s, b);
}

static void append_loss_metrics(const struct health_parts *s, struct buf *b)
{
	struct journal_losses l = journal_losses(s->journal);
	metric(b, "journal_lost_records", "gauge", "Acknowledged and not applied, and not there at the last start.",
	       l.count);
	metric(b, "journal_damaged_applied_records", "gauge", "Not there any more, and applied before.",
	       l.applied_count);
	metric(b, "journal_failures_total", "counter", "Writes and syncs of the journal that failed.",
	       journal_failures(s->journal));
}

static void append_engine_metrics(const struct health_parts *s, struct buf *b)
{
	uint64_t durable = journal_durable_sequence(s->journal);
	metric(b, "journal_sequence", "counter", "Last durable record.", durable);
	metric(b, "journal_healthy", "gauge", "1 while records can be kept.",
	       journal_health(s->journal) == JOURNAL_HEALTHY);
	append_loss_metrics(s, b);
	if (s->writer)
		append_writer_metrics(s, b);
	append_retention_metrics(s, b);
	append_list_metrics(s, b);
	metric(b, "tenants_without_zone", "gauge", "Tenants counted in UTC because the zone data lacks their zone.",
	       tenant_policies_without_zone(s->policies));
	if (!s->dispatcher)
		return;
	struct dispatch_figures d;
	dispatch_figures(s->dispatcher, &d);
	metric(b, "mails_sent_total", "counter", "Mails the other side took.", d.sent);
	metric(b, "mails_failed_total", "counter", "Mails refused for good.", d.failed);
	metric(b, "mails_deferred_total", "counter", "Tries put off.", d.deferred);
	metric(b, "mails_uncertain_total", "counter", "Mails nobody can know about.", d.uncertain);
	metric(b, "mails_in_flight", "gauge", "Mails with a provider now, of sending.concurrency at most.",
	       d.in_flight);
}

static void answer_metrics(const struct health *h, struct http_request *request)
{
	if (!tells_all(h, request)) {
		answer_text(request, 404, SLICE("not found\n"));
		return;
	}
	struct buf b;
	buf_init(&b, TEXT_MAX);
	append_edge_metrics(h, &b);
	append_http_metrics(h, &b);
	append_engine_metrics(&h->parts, &b);
	answer_text(request, 200, buf_slice(&b));
	buf_done(&b);
}

/* Verified tracking domains of tenants come with their own screen; until then the installation's own host is the one.
 */
static void answer_tls_ask(const struct health *h, struct http_request *request)
{
	struct slice domain = SLICE_EMPTY;
	struct slice own = url_host(slice_from_cstr(h->parts.base_url));
	enum status status =
	    query_find(http_request_query(request), SLICE("domain"), http_request_arena(request), &domain);
	bool known = status == STATUS_OK && domain.n && slice_equal_nocase(domain, own);
	answer_text(request, known ? 200 : 404, known ? SLICE("known\n") : SLICE("not a tracking domain\n"));
}

/* HEAD, too: some load balancers probe with it. */
bool health_handle(const struct health *h, struct http_request *request)
{
	struct slice path = http_request_path(request);
	enum http_method method = http_request_method(request);
	if (method != HTTP_GET && method != HTTP_HEAD)
		return false;
	if (slice_equal(path, SLICE("/healthz")))
		answer_text(request, 200, SLICE("alive\n"));
	else if (slice_equal(path, SLICE("/readyz")))
		answer_ready(h, request);
	else if (slice_equal(path, SLICE("/metrics")))
		answer_metrics(h, request);
	else if (slice_equal(path, SLICE("/internal/tls-ask")))
		answer_tls_ask(h, request);
	else
		return false;
	return true;
}

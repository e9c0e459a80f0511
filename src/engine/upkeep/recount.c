/* SPDX-License-Identifier: Apache-2.0 */
/* The rules are those of effects.h, written a second time on purpose, as the tests have them (world_sums.c): what only
 * repeats the code that counted would find no mistake of it. */
#include "engine/upkeep/recount.h"

#include "engine/upkeep/recount_sums.h"
#include "store/house/accounts.h"
#include "store/mail/message_list.h"
#include <stddef.h>

enum { MESSAGES_AT_ONCE = 200, EVENTS_AT_ONCE = 500 };

/* What the events of one message add up to. */
struct tally {
	struct message_counters counters;
	uint64_t unique_opens, unique_clicks, strict_opens, any_opens, any_clicks, unsubscribed, sent;
	bool has_first_event;
	/* The time that is kept was that of an event of its kind. */
	bool saw_first_open, saw_first_strict, saw_first_any, saw_first_click, saw_first_click_any;
};

struct counting {
	const struct recount_config *config;
	struct store_session *session;
	struct recount_sums *sums; /* of the tenant under way */
	struct stats_exact_since since;
	struct recount_progress progress;
};

/* ---- Events */

static void tally_open(struct counting *c, struct tally *t, const struct message *m, const struct event *e)
{
	static const struct {
		enum statistic stat;
		size_t offset;
	} AS[ACTOR_COUNT] = {
	    [ACTOR_UNKNOWN] = {STAT_OPENS_UNKNOWN, offsetof(struct message_counters, opens_unknown)},
	    [ACTOR_HUMAN] = {STAT_OPENS_HUMAN, offsetof(struct message_counters, opens_human)},
	    [ACTOR_PROXY_HUMAN] = {STAT_OPENS_PROXY, offsetof(struct message_counters, opens_proxy)},
	    [ACTOR_PREFETCH] = {STAT_OPENS_PREFETCH, offsetof(struct message_counters, opens_prefetch)},
	    [ACTOR_SCANNER] = {STAT_OPENS_SCANNER, offsetof(struct message_counters, opens_scanner)},
	    [ACTOR_LINK_PREVIEW] = {STAT_OPENS_PREVIEW, offsetof(struct message_counters, opens_preview)},
	    [ACTOR_CRAWLER] = {STAT_OPENS_CRAWLER, offsetof(struct message_counters, opens_crawler)},
	};
	bool is_mpp = e->actor == ACTOR_PREFETCH && event_is_mpp(e);
	recount_sums_daily(c->sums, m, is_mpp ? STAT_OPENS_MPP : AS[e->actor].stat);
	recount_sums_quarter(c->sums, m, e, QUARTER_HOURLY_OPENS);
	if (is_mpp)
		recount_sums_quarter(c->sums, m, e, QUARTER_HOURLY_OPENS_MPP);
	if (event_is_anonymous(e))
		return;
	if (is_mpp)
		t->counters.opens_mpp++;
	else
		(*(uint32_t *)(void *)((char *)&t->counters + AS[e->actor].offset))++;
	t->any_opens++;
	t->strict_opens += e->actor == ACTOR_HUMAN;
	t->unique_opens += e->is_unique;
	t->saw_first_any |= e->occurred_us == m->counters.first_open_any_us;
	t->saw_first_strict |= e->actor == ACTOR_HUMAN && e->occurred_us == m->counters.first_open_strict_us;
	t->saw_first_open |= e->is_unique && e->occurred_us == m->counters.first_open_us;
}

static void tally_click(struct counting *c, struct tally *t, const struct message *m, const struct event *e)
{
	bool is_person = actor_is_counted(e->actor);
	recount_sums_daily(c->sums, m, is_person ? STAT_CLICKS_HUMAN : STAT_CLICKS_MACHINE);
	recount_sums_quarter(c->sums, m, e, QUARTER_HOURLY_CLICKS);
	if (event_is_anonymous(e))
		return;
	t->counters.clicks_human += is_person;
	t->counters.clicks_machine += !is_person;
	t->any_clicks++;
	t->unique_clicks += e->is_unique;
	t->saw_first_click_any |= e->occurred_us == m->counters.first_click_any_us;
	t->saw_first_click |= e->is_unique && e->occurred_us == m->counters.first_click_us;
}

static void tally_event(struct counting *c, struct tally *t, const struct message *m, const struct event *e)
{
	bool is_acceptance = e->type == EVENT_QUEUED || e->type == EVENT_SENT || e->type == EVENT_SUPPRESSED;
	c->progress.events++;
	t->has_first_event |= is_acceptance && e->occurred_us == m->created_us;
	if (e->is_duplicate)
		return;
	switch (e->type) {
	case EVENT_OPEN: tally_open(c, t, m, e); return;
	case EVENT_CLICK: tally_click(c, t, m, e); return;
	case EVENT_UNSUBSCRIBED: t->unsubscribed++; return;
	case EVENT_SENT:
		t->sent++;
		recount_sums_quarter(c->sums, m, e, QUARTER_HOURLY_SENDS);
		return;
	default: return;
	}
}

static enum status tally_events(struct counting *c, struct tally *t, const struct message *m, struct err *err)
{
	struct event_filter filter = {.tenant = m->tenant,
				      .message = m->id,
				      .has_anonymous = true,
				      .oldest_first = true,
				      .limit = EVENTS_AT_ONCE};
	for (;;) {
		struct arena *arena = arena_new();
		struct event *events = NULL;
		size_t n = 0;
		enum status status = store_event_list(c->session, &filter, arena, &events, &n, err);
		for (size_t i = 0; i < n; i++)
			tally_event(c, t, m, &events[i]);
		if (n)
			filter.after_position = events[n - 1].position;
		arena_free(&arena);
		if (status != STATUS_OK || n < EVENTS_AT_ONCE)
			return status;
	}
}

/* ---- A message */

static void differ(struct counting *c, const struct message *m, const char *what, int64_t kept, int64_t counted)
{
	const struct recount_difference d = {
	    .tenant = m->tenant, .message = m->id, .what = what, .kept = kept, .counted = counted};
	c->progress.differences++;
	c->config->differs(c->config->user, &d);
}

static void compare_counters(struct counting *c, const struct message *m, const struct tally *t, bool is_whole)
{
	static const struct {
		const char *name;
		size_t offset;
	} COUNTERS[] = {
#define COUNTER(name) {#name, offsetof(struct message_counters, name)}
	    COUNTER(opens_human),   COUNTER(opens_proxy),    COUNTER(opens_mpp),     COUNTER(opens_prefetch),
	    COUNTER(opens_scanner), COUNTER(opens_preview),  COUNTER(opens_crawler), COUNTER(opens_unknown),
	    COUNTER(clicks_human),  COUNTER(clicks_machine),
	};
	for (size_t i = 0; i < sizeof COUNTERS / sizeof COUNTERS[0]; i++) {
		uint32_t kept = *(const uint32_t *)(const void *)((const char *)&m->counters + COUNTERS[i].offset);
		uint32_t counted = *(const uint32_t *)(const void *)((const char *)&t->counters + COUNTERS[i].offset);
		if (is_whole ? kept != counted : kept < counted)
			differ(c, m, COUNTERS[i].name, kept, counted);
	}
}

/* A time is there when there was such a hit, and is that of one. */
static void compare_firsts(struct counting *c, const struct message *m, const struct tally *t, bool is_whole)
{
	const struct message_counters *k = &m->counters;
	const struct {
		const char *name;
		int64_t kept_us;
		bool there_was, saw_it;
	} firsts[] = {
	    {"first_open_at", k->first_open_us, t->unique_opens > 0, t->saw_first_open},
	    {"first_open_strict_at", k->first_open_strict_us, t->strict_opens > 0, t->saw_first_strict},
	    {"first_open_any_at", k->first_open_any_us, t->any_opens > 0, t->saw_first_any},
	    {"first_click_at", k->first_click_us, t->unique_clicks > 0, t->saw_first_click},
	    {"first_click_any_at", k->first_click_any_us, t->any_clicks > 0, t->saw_first_click_any},
	};
	for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
		bool is_good = !firsts[i].kept_us ? !firsts[i].there_was : firsts[i].saw_it || !is_whole;
		if (!is_good)
			differ(c, m, firsts[i].name, firsts[i].kept_us, firsts[i].there_was);
	}
	if (is_whole ? (k->unsubscribed_us != 0) != (t->unsubscribed > 0) : !k->unsubscribed_us && t->unsubscribed)
		differ(c, m, "unsubscribed_at", k->unsubscribed_us, (int64_t)t->unsubscribed);
	if (!m->sent_us && t->sent)
		differ(c, m, "sent_at", m->sent_us, (int64_t)t->sent);
}

static void count_state(struct counting *c, const struct message *m)
{
	enum statistic stat;
	switch (m->state) {
	case MESSAGE_IN_DOUBT: stat = STAT_IN_DOUBT; break;
	case MESSAGE_SENT: stat = STAT_IN_FLIGHT; break;
	case MESSAGE_DELIVERED:
	case MESSAGE_COMPLAINED: stat = STAT_DELIVERED; break;
	case MESSAGE_BOUNCED: stat = STAT_BOUNCED; break;
	case MESSAGE_FAILED: stat = STAT_FAILED; break;
	default: return;
	}
	recount_sums_daily(c->sums, m, stat);
	recount_sums_daily(c->sums, m, STAT_SENDS);
}

/* Which are numbers of messages and not of hits. */
static void count_uniques(struct counting *c, const struct message *m)
{
	const struct message_counters *k = &m->counters;
	const struct {
		int64_t time_us;
		enum statistic stat;
	} uniques[] = {
	    {k->first_open_us, STAT_OPENS_UNIQUE},           {k->first_open_strict_us, STAT_OPENS_UNIQUE_STRICT},
	    {k->first_open_any_us, STAT_OPENS_UNIQUE_ALL},   {k->first_click_us, STAT_CLICKS_UNIQUE},
	    {k->first_click_any_us, STAT_CLICKS_UNIQUE_ALL}, {k->unsubscribed_us, STAT_UNSUBSCRIBES},
	};
	for (size_t i = 0; i < sizeof uniques / sizeof uniques[0]; i++)
		if (uniques[i].time_us)
			recount_sums_daily(c->sums, m, uniques[i].stat);
}

/* What rates are of, and what they are. */
static void count_rated(struct counting *c, const struct message *m)
{
	const struct message_counters *k = &m->counters;
	bool is_delivered = m->state == MESSAGE_DELIVERED || m->state == MESSAGE_COMPLAINED;
	int first = is_delivered ? STAT_OPENABLE_DELIVERED : STAT_OPENABLE_IN_FLIGHT;
	const bool opens[] = {true, k->first_open_us != 0, k->first_open_strict_us != 0, k->first_open_any_us != 0};
	const bool clicks[] = {true, k->first_click_us != 0, k->first_click_any_us != 0};
	if (!is_delivered && m->state != MESSAGE_SENT)
		return;
	for (int i = 0; m->measures_opens && i < 4; i++)
		if (opens[i])
			recount_sums_daily(c->sums, m, (enum statistic)(first + i));
	for (int i = 0; m->measures_clicks && i < 3; i++)
		if (clicks[i])
			recount_sums_daily(c->sums, m, (enum statistic)(first + 4 + i));
}

static enum status count_message(struct counting *c, const struct message *m, struct err *err)
{
	struct tally t = {0};
	enum status status = tally_events(c, &t, m, err);
	if (status != STATUS_OK)
		return status;
	bool is_whole = t.has_first_event || c->config->is_unpruned;
	c->progress.messages++;
	c->progress.pruned += !is_whole;
	if (!is_whole)
		recount_sums_pruned(c->sums, m);
	compare_counters(c, m, &t, is_whole);
	compare_firsts(c, m, &t, is_whole);
	count_state(c, m);
	count_uniques(c, m);
	count_rated(c, m);
	return STATUS_OK;
}

/* ---- All of them */

/* STATUS_END: that was the last page. */
static enum status count_page(struct counting *c, struct message_filter *filter, struct err *err)
{
	struct arena *arena = arena_new();
	struct message *page = NULL;
	size_t n = 0;
	enum status status = store_message_list(c->session, filter, arena, &page, &n, err);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		status = count_message(c, &page[i], err);
	if (n)
		filter->before = page[n - 1].id;
	arena_free(&arena);
	if (status == STATUS_OK && c->config->step && !c->config->step(c->config->user, &c->progress))
		return err_set(err, STATUS_AGAIN, "given up");
	return status == STATUS_OK && n < MESSAGES_AT_ONCE ? STATUS_END : status;
}

static enum status count_tenant(struct counting *c, uint32_t tenant, struct err *err)
{
	struct message_filter filter = {.tenant = tenant, .limit = MESSAGES_AT_ONCE};
	enum status status = STATUS_OK;
	c->sums = recount_sums_new(tenant, &c->since);
	while (status == STATUS_OK)
		status = count_page(c, &filter, err);
	if (status == STATUS_END)
		status = recount_sums_compare(c->sums, c->session, c->config, &c->progress, err);
	recount_sums_free(&c->sums);
	return status;
}

static enum status count_all(struct counting *c, struct err *err)
{
	struct arena *arena = arena_new();
	struct tenant *tenants = NULL;
	size_t n = 0;
	enum status status = store_stats_exact_since(c->session, &c->since, err);
	if (status == STATUS_OK)
		status = store_tenant_list(c->session, arena, &tenants, &n, err);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		status = count_tenant(c, tenants[i].id, err);
	arena_free(&arena);
	return status;
}

enum status recount_run(const struct recount_config *config, struct recount_progress *ret, struct err *err)
{
	struct counting c = {.config = config};
	enum status status = store_session_open(config->store, STORE_READ, &c.session, err);
	if (status == STATUS_OK)
		status = store_begin(c.session, err);
	if (status == STATUS_OK) {
		status = count_all(&c, err);
		store_rollback(c.session);
	}
	store_session_close(&c.session);
	*ret = c.progress;
	return status;
}

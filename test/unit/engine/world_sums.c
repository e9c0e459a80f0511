/* SPDX-License-Identifier: Apache-2.0 */
/* Everything is counted a second time here, by rules written a second time on purpose: from the rows of email_events
 * and the states of messages, never from a counter. */
#include "world.h"

#include "base/map.h"
#include "engine/upkeep/recount.h"
#include "store/mail/message_list.h"
#include "store/people/suppressions.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define QUARTER_US INT64_C(900000000) /* a quarter of an hour */

struct sums {
	struct world *world;
	int64_t values[STAT_COUNT];
	int64_t opens[ACTOR_COUNT], clicks[ACTOR_COUNT], opens_mpp, sends; /* as stats_quarter_hourly has them */
	/* The same numbers times their quarters of an hour and days: only where each stands in its own row these are
	 * right. */
	int64_t opens_quarters, clicks_quarters, mpp_quarters, sends_quarters;
	int64_t day_values[STAT_COUNT], days[STAT_COUNT];
};

/* What the events of one message add up to. */
struct recount {
	struct message_counters c;
	int64_t sent, delivered, failed, unsubscribed, unique_opens, unique_clicks;
	int64_t strict_opens, any_opens, any_clicks, last_us;
};

static bool has_reason(const struct event *e, const char *reason)
{
	return slice_contains(e->reasons, slice_from_cstr(reason));
}

static void recount_open(struct sums *s, struct recount *r, const struct event *e, bool is_person)
{
	bool is_mpp = has_reason(e, "agent:apple_mpp") || has_reason(e, "provider_says:mpp");
	static const enum statistic STATS[ACTOR_COUNT] = {
	    [ACTOR_UNKNOWN] = STAT_OPENS_UNKNOWN,   [ACTOR_HUMAN] = STAT_OPENS_HUMAN,
	    [ACTOR_PROXY_HUMAN] = STAT_OPENS_PROXY, [ACTOR_PREFETCH] = STAT_OPENS_PREFETCH,
	    [ACTOR_SCANNER] = STAT_OPENS_SCANNER,   [ACTOR_LINK_PREVIEW] = STAT_OPENS_PREVIEW,
	    [ACTOR_CRAWLER] = STAT_OPENS_CRAWLER,
	};
	uint32_t *const counters[ACTOR_COUNT] = {
	    [ACTOR_UNKNOWN] = &r->c.opens_unknown,   [ACTOR_HUMAN] = &r->c.opens_human,
	    [ACTOR_PROXY_HUMAN] = &r->c.opens_proxy, [ACTOR_PREFETCH] = &r->c.opens_prefetch,
	    [ACTOR_SCANNER] = &r->c.opens_scanner,   [ACTOR_LINK_PREVIEW] = &r->c.opens_preview,
	    [ACTOR_CRAWLER] = &r->c.opens_crawler,
	};
	s->values[is_mpp ? STAT_OPENS_MPP : STATS[e->actor]]++;
	s->opens[e->actor]++;
	s->opens_quarters += e->occurred_us / QUARTER_US;
	s->opens_mpp += is_mpp;
	s->mpp_quarters += is_mpp ? e->occurred_us / QUARTER_US : 0;
	if (!is_person)
		return;
	(*(is_mpp ? &r->c.opens_mpp : counters[e->actor]))++;
	r->any_opens++;
	r->strict_opens += e->actor == ACTOR_HUMAN;
	r->unique_opens += e->is_unique;
}

static void recount_click(struct sums *s, struct recount *r, const struct event *e, bool is_person)
{
	s->values[e->bot_filtered ? STAT_CLICKS_MACHINE : STAT_CLICKS_HUMAN]++;
	s->clicks[e->actor]++;
	s->clicks_quarters += e->occurred_us / QUARTER_US;
	if (!is_person)
		return;
	if (e->bot_filtered)
		r->c.clicks_machine++;
	else
		r->c.clicks_human++;
	r->any_clicks++;
	r->unique_clicks += e->is_unique;
}

static void note_last(struct recount *r, const struct event *e, bool is_person)
{
	if (is_person && !e->bot_filtered && r->last_us < e->occurred_us)
		r->last_us = e->occurred_us;
}

static void recount_event(struct sums *s, struct recount *r, const struct event *e)
{
	bool is_person = !has_reason(e, "consent:anonymous");
	if (e->is_duplicate) {
		assert_false(e->is_unique);
		return;
	}
	if (e->type == EVENT_OPEN || e->type == EVENT_CLICK)
		note_last(r, e, is_person);
	switch (e->type) {
	case EVENT_OPEN: recount_open(s, r, e, is_person); return;
	case EVENT_CLICK: recount_click(s, r, e, is_person); return;
	case EVENT_UNSUBSCRIBED: r->unsubscribed++; return;
	case EVENT_SENT:
		r->sent++;
		s->sends_quarters += e->occurred_us / QUARTER_US;
		return;
	case EVENT_DELIVERED: r->delivered++; return;
	case EVENT_FAILED: r->failed++; return;
	default: return;
	}
}

/* When the last one turns out to be a machine, the one before may be gone; first times never are. */
static void check_last_activity(const struct message *m, int64_t want_us, bool is_pruned)
{
	const struct message_counters *c = &m->counters;
	if (!is_pruned)
		assert_true(c->last_activity_us == want_us);
	assert_true(c->last_activity_us <= want_us);
	assert_true(c->last_activity_us >= c->first_open_us && c->last_activity_us >= c->first_click_us);
}

static void check_counters(const struct message *m, const struct recount *r)
{
	const struct message_counters *got = &m->counters;
	const struct message_counters *want = &r->c;
	assert_int_equal(got->opens_human, want->opens_human);
	assert_int_equal(got->opens_proxy, want->opens_proxy);
	assert_int_equal(got->opens_mpp, want->opens_mpp);
	assert_int_equal(got->opens_prefetch, want->opens_prefetch);
	assert_int_equal(got->opens_scanner, want->opens_scanner);
	assert_int_equal(got->opens_preview, want->opens_preview);
	assert_int_equal(got->opens_crawler, want->opens_crawler);
	assert_int_equal(got->opens_unknown, want->opens_unknown);
	assert_int_equal(got->clicks_human, want->clicks_human);
	assert_int_equal(got->clicks_machine, want->clicks_machine);
	assert_int_equal(got->first_open_us != 0, want->opens_human + want->opens_proxy > 0);
	assert_int_equal(got->first_open_us != 0, r->unique_opens);
	assert_int_equal(got->first_open_strict_us != 0, r->strict_opens > 0);
	assert_int_equal(got->first_open_any_us != 0, r->any_opens > 0);
	assert_int_equal(got->first_click_us != 0, r->unique_clicks);
	assert_int_equal(got->first_click_any_us != 0, r->any_clicks > 0);
	assert_int_equal(got->unsubscribed_us != 0, r->unsubscribed > 0);
	assert_int_equal(m->sent_us != 0, r->sent);
	assert_int_equal(m->delivered_us != 0, r->delivered);
	assert_int_equal(m->state == MESSAGE_FAILED, r->failed);
}

/* Who pressed the button gets no mail, and nobody is on the list for that who did not. Of the erased only a hash may be
 * left. */
static void check_suppression(struct world *w, const struct message *m, bool is_unsubscribed)
{
	struct suppression_list found = {0};
	struct err err = {0};
	if (!m->to_email.n)
		return;
	if (store_suppression_list_of(w->session, w->tenant, m->to_email, w->arena, &found, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_true(!is_unsubscribed || found.count == 1);
	if (found.count && uuid_equal(found.items[0].message, m->id))
		assert_int_equal(slice_equal(found.items[0].reason, SLICE("unsubscribed")), is_unsubscribed);
}

static void recount_state(struct sums *s, const struct message *m)
{
	switch (m->state) {
	case MESSAGE_IN_DOUBT: s->values[STAT_IN_DOUBT]++; break;
	case MESSAGE_SENT: s->values[STAT_IN_FLIGHT]++; break;
	case MESSAGE_DELIVERED: s->values[STAT_DELIVERED]++; break;
	case MESSAGE_FAILED: s->values[STAT_FAILED]++; break;
	default: return;
	}
	s->values[STAT_SENDS]++;
}

/* What a rate is of, and what it is. */
static void recount_rated(struct sums *s, const struct message *m)
{
	const struct message_counters *c = &m->counters;
	int at = m->state == MESSAGE_DELIVERED ? STAT_OPENABLE_DELIVERED : STAT_OPENABLE_IN_FLIGHT;
	if (m->state != MESSAGE_DELIVERED && m->state != MESSAGE_SENT)
		return;
	const bool stands[] = {true, c->first_open_us != 0,  c->first_open_strict_us != 0, c->first_open_any_us != 0,
			       true, c->first_click_us != 0, c->first_click_any_us != 0};
	for (int i = 0; i < 7; i++)
		s->values[at + i] += stands[i] && (i < 4 ? m->measures_opens : m->measures_clicks);
	assert_true(s->values[STAT_OPENED_ALL_DELIVERED] <= s->values[STAT_OPENABLE_DELIVERED]);
}

static void recount_message(struct sums *s, const struct message *m, const struct event *events, size_t count)
{
	struct recount r = {0};
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(events[i].message, m->id))
			recount_event(s, &r, &events[i]);
	check_counters(m, &r);
	check_suppression(s->world, m, r.unsubscribed > 0);
	check_last_activity(m, r.last_us, world_is_pruned(s->world, m->id));
	recount_state(s, m);
	recount_rated(s, m);
	s->values[STAT_OPENS_UNIQUE] += m->counters.first_open_us != 0;
	s->values[STAT_OPENS_UNIQUE_STRICT] += m->counters.first_open_strict_us != 0;
	s->values[STAT_OPENS_UNIQUE_ALL] += m->counters.first_open_any_us != 0;
	s->values[STAT_CLICKS_UNIQUE] += m->counters.first_click_us != 0;
	s->values[STAT_CLICKS_UNIQUE_ALL] += m->counters.first_click_any_us != 0;
	s->values[STAT_UNSUBSCRIBES] += m->counters.unsubscribed_us != 0;
	s->sends += m->sent_us != 0;
	for (int i = 0; i < STAT_COUNT; i++) { /* what this message added */
		s->days[i] += (s->values[i] - s->day_values[i]) * m->cohort_day;
		s->day_values[i] = s->values[i];
	}
}

static void compare_stats(struct sums *s, struct slice campaign)
{
	int64_t values[STAT_COUNT];
	struct err err = {0};
	struct stats_query query = {
	    .tenant = s->world->tenant, .from_day = 0, .to_day = 100000, .campaign_id = campaign};
	if (store_stats_sum(s->world->session, &query, values, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < STAT_COUNT; i++)
		if (values[i] != s->values[i])
			fail_msg("%s of campaign '%.*s': kept %lld, counted again %lld", stat_name((enum statistic)i),
				 SLICE_FMT(campaign), (long long)values[i], (long long)s->values[i]);
}

static void compare_quarters(struct world *w, const char *kind, int actor, int64_t want)
{
	char sql[160];
	(void)snprintf(sql, sizeof sql,
		       "SELECT coalesce(sum(value), 0) FROM stats_quarter_hourly WHERE kind = '%s' AND actor = %d",
		       kind, actor);
	int64_t kept = world_sql(w, sql);
	if (kept != want)
		fail_msg("%s by quarter of an hour, actor %d: kept %lld, counted again %lld", kind, actor,
			 (long long)kept, (long long)want);
}

static void compare_number(struct world *w, const char *what, const char *sql, int64_t want)
{
	int64_t kept = world_sql(w, sql);
	if (kept != want)
		fail_msg("%s: kept %lld, counted again %lld", what, (long long)kept, (long long)want);
}

/* Each number in the row of its own quarter of an hour and day, and no row of anything else. */
static void compare_places(struct sums *s)
{
#define QUARTERS(kind) "SELECT coalesce(sum(value * quarter), 0) FROM stats_quarter_hourly WHERE kind = '" kind "'"
	compare_number(s->world, "quarters of opens", QUARTERS("opens"), s->opens_quarters);
	compare_number(s->world, "quarters of Apple's opens", QUARTERS("opens_mpp"), s->mpp_quarters);
	compare_number(s->world, "quarters of clicks", QUARTERS("clicks"), s->clicks_quarters);
	compare_number(s->world, "quarters of sends", QUARTERS("sends"), s->sends_quarters);
	char sql[4096];
	size_t n = (size_t)snprintf(sql, sizeof sql, "SELECT coalesce(sum(day * (0");
	int64_t want = 0;
	for (int i = 0; i < STAT_COUNT; i++) {
		n += (size_t)snprintf(sql + n, sizeof sql - n, " + %d * %s", 1 + i * i, stat_name((enum statistic)i));
		want += (1 + i * i) * s->days[i];
	}
	(void)snprintf(sql + n, sizeof sql - n, ")), 0) FROM stats_daily");
	compare_number(s->world, "days of sending", sql, want);
}

/* Of one campaign, or of all when its p is NULL. */
static void check_campaign(struct world *w, struct slice campaign, const struct event *events, size_t event_count)
{
	struct sums s = {.world = w};
	struct uuid before = {{0}};
	for (;;) {
		struct message *page = NULL;
		size_t count = 0;
		struct err err = {0};
		struct message_filter filter = {
		    .tenant = w->tenant, .campaign_id = campaign, .before = before, .limit = 500};
		if (store_message_list(w->session, &filter, w->arena, &page, &count, &err) != STATUS_OK)
			fail_msg("%s", err.text);
		for (size_t i = 0; i < count; i++)
			recount_message(&s, &page[i], events, event_count);
		if (count < 500)
			break;
		before = page[count - 1].id;
	}
	compare_stats(&s, campaign);
	if (campaign.p)
		return;
	compare_places(&s);
	compare_quarters(w, "opens_mpp", ACTOR_PREFETCH, s.opens_mpp);
	compare_quarters(w, "sends", 0, s.sends);
	for (int actor = 0; actor < ACTOR_COUNT; actor++) {
		compare_quarters(w, "opens", actor, s.opens[actor]);
		compare_quarters(w, "clicks", actor, s.clicks[actor]);
	}
}

static const struct event *find_event(const struct event *events, size_t count, struct uuid id)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(events[i].id, id))
			return &events[i];
	return NULL;
}

/* Whoever follows events and believes corrections must end with what the store says. */
static void check_corrections(const struct event *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (events[i].type != EVENT_CORRECTED)
			continue;
		bool is_last = true;
		for (size_t k = i + 1; k < count; k++)
			is_last &= !uuid_equal(events[k].corrects, events[i].corrects);
		const struct event *e = find_event(events, count, events[i].corrects);
		assert_non_null(e);
		assert_true(e->position < events[i].position && events[i].previous.n > 0);
		if (!is_last)
			continue;
		assert_int_equal(e->actor, events[i].actor);
		assert_int_equal(e->is_unique, events[i].is_unique);
		assert_int_equal(e->bot_filtered, events[i].bot_filtered);
		assert_int_equal(e->is_duplicate, events[i].is_duplicate);
		assert_true(slice_equal(e->reasons, events[i].reasons));
	}
}

/* In the order in which they were written. */
static int by_position(const void *a, const void *b)
{
	const struct event *x = a;
	const struct event *y = b;
	return x->position < y->position ? -1 : x->position > y->position;
}

static size_t all_that_counted(struct world *w, const struct event **ret)
{
	const struct event *there;
	size_t count = world_all_events(w, &there);
	struct event *all = arena_alloc_array(w->arena, count + w->pruned_count + 1, sizeof *all);
	for (size_t i = 0; i < count; i++)
		all[i] = there[i];
	for (size_t i = 0; i < w->pruned_count; i++)
		all[count + i] = w->pruned[i];
	qsort(all, count + w->pruned_count, sizeof *all, by_position);
	*ret = all;
	return count + w->pruned_count;
}

/* What `pugmark verify` finds by rules of its own: nothing. As long as all is there: here hits come from before their
 * message, so that its first event does not tell whether others were pruned. */
static void no_difference(void *user, const struct recount_difference *d)
{
	(void)user;
	fail_msg("recount: %s of day %d: kept %lld, counted %lld", d->what, d->day, (long long)d->kept,
		 (long long)d->counted);
}

static void check_recount(struct world *w)
{
	struct err err = {0};
	struct recount_progress counted;
	const struct recount_config config = {.store = w->store, .is_unpruned = true, .differs = no_difference};
	if (w->pruned_count)
		return;
	if (recount_run(&config, &counted, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_true(counted.messages > 0);
}

void world_check_sums(struct world *w)
{
	check_recount(w);
	const struct event *events;
	size_t count = all_that_counted(w, &events);
	check_campaign(w, (struct slice){NULL, 0}, events, count);
	check_campaign(w, SLICE("spring"), events, count);
	check_corrections(events, count);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/feed/event_json.h"
#include "hit_rows.h"
#include "store/mail/links.h"
#include "store/people/contacts.h"
#include "store/people/suppressions.h"

#include "store/people/consents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int setup(void **state)
{
	return world_set_up(state, 1);
}

static void test_a_click_becomes_one_whole_event(void **state)
{
	struct world *w = *state;
	const struct event *e;
	apply_rows(w, &(struct hit_row)CLICK_AT(0, 3, BY_MAIL_CLIENT), 1);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->type, EVENT_CLICK);
	assert_true(uuid_equal(e->id, uuid_of_record(WORLD_NOW_US, journal_node(w->journal), 1)));
	assert_true(e->occurred_us == WORLD_NOW_US);
	assert_true(e->is_unique);
	assert_false(e->is_duplicate || e->bot_filtered);
	assert_int_equal(e->actor, ACTOR_HUMAN);
	assert_true(slice_equal(e->reasons, SLICE("mail_client")));
	assert_true(slice_equal(e->destination_url, SLICE("https://example.com/sale")));
	assert_int_equal(e->link_index, 3);
	assert_true(slice_equal(e->ip, SLICE("203.0.113.7")));
	assert_int_equal(world_sql(w, "SELECT signals FROM email_events"), 0x901); /* HTTPS, and no more */
	assert_true(slice_equal(e->contact_email, SLICE("c0@example.com")));
	assert_true(slice_equal(e->campaign_id, SLICE("spring")));
	assert_true(slice_equal(e->provider, SLICE("outbox")));
	const struct message *m = world_message(w, 0);
	assert_int_equal(m->counters.clicks_human, 1);
	assert_true(m->counters.first_click_us == WORLD_NOW_US && m->counters.last_activity_us == WORLD_NOW_US);
}

static void test_the_token_of_an_event_is_the_one_that_was_sent(void **state)
{
	struct world *w = *state;
	struct link_token_sealer *sealer = link_token_sealer_new(w->keys);
	char room[LINK_TOKEN_TEXT_MAX];
	char text_room[LINK_TOKEN_TEXT_MAX + 1];
	struct buf text;
	struct link_token token;
	uint8_t key_id;
	const struct event *e;
	apply_rows(w, &(struct hit_row)CLICK_AT(0, 3, BY_MAIL_CLIENT), 1);
	assert_int_equal(world_events(w, 0, &e), 1);
	buf_init_fixed(&text, text_room, sizeof text_room);
	event_token_append(&text, e, sealer);
	assert_int_equal(link_token_open(sealer, buf_slice(&text), room, &token, &key_id), STATUS_OK);
	assert_int_equal(key_id, 7);
	assert_int_equal(token.kind, LINK_TOKEN_CLICK);
	assert_int_equal(token.link_index, 3);
	assert_true(slice_equal(token.destination, SLICE("https://example.com/sale")));
	link_token_sealer_free(&sealer);
}

static void test_unique_means_the_first_by_a_person_or_an_image_proxy(void **state)
{
	static const struct hit_row ROWS[] = {
	    OPEN_AT(0, .agent = APPLE),
	    OPEN_AT(10 * SECOND, .agent = GMAIL),
	    OPEN_AT(20 * SECOND, BY_MAIL_CLIENT),
	    OPEN_AT(30 * SECOND, BY_MAIL_CLIENT),
	};
	static const bool WANT[] = {false, true, false, false};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	assert_int_equal(world_events(w, 0, &e), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(e[i].is_unique, WANT[i]);
	const struct message_counters *c = &world_message(w, 0)->counters;
	assert_true(c->first_open_any_us == WORLD_NOW_US);
	assert_true(c->first_open_us == WORLD_NOW_US + 10 * SECOND);
	assert_true(c->first_open_strict_us == WORLD_NOW_US + 20 * SECOND);
	assert_int_equal(c->opens_mpp, 1);
	assert_int_equal(c->opens_prefetch, 0);
	assert_int_equal(c->opens_proxy, 1);
	assert_int_equal(c->opens_human, 2);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_STRICT), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_ALL), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_MPP), 1);
}

static void test_a_machine_click_is_kept_and_not_in_the_headline(void **state)
{
	static const struct hit_row ROWS[] = {CLICK_AT(0, 3, .agent = SLICE("python-requests/2.28")),
					      CLICK_AT(10 * SECOND, 3, BY_MAIL_CLIENT)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].bot_filtered && !e[0].is_unique);
	assert_true(!e[1].bot_filtered && e[1].is_unique);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 1);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 1);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 1);
}

static void test_a_repeat_is_a_number_on_the_row_it_repeats(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(0, BY_MAIL_CLIENT), OPEN_AT(2 * SECOND, BY_MAIL_CLIENT),
					      OPEN_AT(20 * SECOND, BY_MAIL_CLIENT)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_int_equal(e[0].repeats, 1);
	assert_true(e[0].last_repeat_us == WORLD_NOW_US + 2 * SECOND);
	assert_true(slice_equal(e[0].reasons, SLICE("mail_client")));
	assert_true(e[1].repeats == 0 && e[1].last_repeat_us == 0);
	assert_false(e[0].is_duplicate || e[1].is_duplicate);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 2);
}

/* A token called again and again; in several transactions, and over a start. */
static void test_a_storm_of_repeats_makes_one_row(void **state)
{
	enum { HITS = 3000 };
	struct world *w = *state;
	const struct event *e;
	for (int part = 0; part < 3; part++) {
		struct world_feed *feed = world_feed_open(w);
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		for (int i = 0; i < HITS; i++)
			world_put_hit(feed, WORLD_NOW_US + (part * HITS + i) * 1000, &hit);
		world_feed_close(&feed);
		world_apply_all(w);
		world_reopen(w);
	}
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->repeats, 3 * HITS - 1);
	assert_true(e->last_repeat_us == WORLD_NOW_US + (3 * HITS - 1) * 1000);
	assert_int_equal(world_message(w, 0)->counters.clicks_human, 1);
	assert_int_equal(world_message(w, 0)->counters.recent_count, 1);
}

/* Whoever comes by all links twice in a moment: eight of them are remembered. */
static void test_the_last_eight_hits_of_a_message_are_remembered(void **state)
{
	enum { LINKS = RECENT_HITS_MAX + 1 };
	struct world *w = *state;
	const struct event *e;
	struct world_feed *feed = world_feed_open(w);
	for (uint32_t i = 0; i < 2 * LINKS; i++) {
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		hit.link_index = i < LINKS ? i : 2 * LINKS - 1 - i;
		world_put_hit(feed, WORLD_NOW_US + i, &hit);
	}
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), LINKS + 1); /* the first link's hit had been forgotten */
	assert_int_equal(e[0].repeats, 0);
	for (int i = 1; i < LINKS; i++)
		assert_int_equal(e[i].repeats, 1);
	assert_int_equal(world_message(w, 0)->counters.recent_count, RECENT_HITS_MAX);
}

static void put_summed(struct world *w, enum hit_kind kind, int64_t after_us, uint32_t summed)
{
	struct hit_record hit = world_hit(w, 0, kind);
	hit.summed = summed;
	hit.link_index = (uint32_t)after_us; /* whichever it is of, and from wherever it comes */
	memcpy(hit.client.bytes, &after_us, sizeof after_us);
	world_apply_hit(w, WORLD_NOW_US + after_us, &hit);
}

/* However many come, from wherever, on whatever links: a row an hour, with their number, which moves no other. */
static void test_hits_that_come_too_often_are_one_row_an_hour_and_none_is_lost(void **state)
{
	enum { HITS = 100 };
	struct world *w = *state;
	const struct event *e;
	static const struct hit_row READ = OPEN_AT(0, BY_MAIL_CLIENT);
	int64_t hour_us = (WORLD_NOW_US / (3600 * SECOND) + 1) * 3600 * SECOND - WORLD_NOW_US;
	apply_rows(w, &READ, 1);
	for (int64_t i = 0; i < HITS; i++) {
		put_summed(w, HIT_CLICK, hour_us + i * 20 * SECOND, 1 + (uint32_t)i);
		put_summed(w, HIT_OPEN, hour_us + i * 20 * SECOND + 1, 1);
		if (i == HITS / 2)
			world_reopen(w);
	}
	put_summed(w, HIT_CLICK, hour_us + 3600 * SECOND, 7);
	assert_int_equal(world_events(w, 0, &e), 4);
	assert_int_equal(e[1].type, EVENT_CLICK);
	assert_int_equal(e[1].repeats + 1, HITS * (HITS + 1) / 2);
	assert_true(e[1].last_repeat_us == WORLD_NOW_US + hour_us + (HITS - 1) * 20 * SECOND);
	assert_int_equal(e[2].type, EVENT_OPEN);
	assert_int_equal(e[2].repeats + 1, HITS);
	assert_int_equal(e[3].repeats + 1, 7);
	assert_true(e[1].is_duplicate && e[2].is_duplicate && e[3].is_duplicate && !e[0].is_duplicate);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 1);
	assert_int_equal(world_message(w, 0)->counters.clicks_human, 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 0);
}

/* Whoever comes by nine links in turn must not push the sum out. */
static void test_a_sum_stays_when_more_than_eight_hits_are_to_be_remembered(void **state)
{
	struct world *w = *state;
	put_summed(w, HIT_CLICK, 0, 5);
	for (uint32_t i = 1; i < 40; i++) {
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		hit.link_index = i;
		world_apply_hit(w, WORLD_NOW_US + i, &hit);
	}
	put_summed(w, HIT_CLICK, SECOND, 5);
	assert_int_equal(world_sql(w, "SELECT repeats FROM events WHERE repeats > 0"), 9);
	assert_int_equal(world_message(w, 0)->counters.recent_count, RECENT_HITS_MAX);
}

/* The row does not have the address, and cannot be asked for it without the keys of links. */
static void test_repeats_are_known_where_no_address_is_kept(void **state)
{
	static const struct hit_row FIRST = OPEN_AT(0, BY_MAIL_CLIENT);
	static const struct hit_row AGAIN = OPEN_AT(3 * SECOND, BY_MAIL_CLIENT);
	struct world *w = *state;
	const struct event *e;
	struct tenant_policy policy = tenant_policy_default();
	policy.keep_client = KEEP_CLIENT_NONE;
	world_set_policy(w, &policy);
	apply_rows(w, &FIRST, 1);
	uint64_t key = world_message(w, 0)->counters.recent[0].key;
	world_reopen(w);
	apply_rows(w, &AGAIN, 1);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_true(e->repeats == 1 && e->ip.n == 0);
	static const uint8_t OTHER[LINK_TOKEN_KEY_SIZE] = {3, 2, 1};
	link_token_keys_set(w->keys, 7, OTHER);
	struct hit_row much_later = OPEN_AT(60 * SECOND, BY_MAIL_CLIENT);
	apply_rows(w, &much_later, 1);
	assert_true(world_message(w, 0)->counters.recent[0].key != key);
}

/* One household, one address: the phone's prefetch comes first, the reader a second later. */
static void test_a_machine_does_not_hide_the_person_behind_it(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(0, .agent = APPLE), OPEN_AT(SECOND, BY_MAIL_CLIENT),
					      OPEN_AT(2 * SECOND, .agent = APPLE)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].repeats == 1 && e[1].repeats == 0);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 1);
	assert_int_equal(world_message(w, 0)->counters.opens_mpp, 1);
}

static void test_repeats_are_known_after_a_restart(void **state)
{
	static const struct hit_row FIRST = OPEN_AT(0, BY_MAIL_CLIENT);
	static const struct hit_row SECOND_PUT = OPEN_AT(3 * SECOND, BY_MAIL_CLIENT);
	struct world *w = *state;
	const struct event *e;
	apply_rows(w, &FIRST, 1);
	world_reopen(w);
	apply_rows(w, &SECOND_PUT, 1);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->repeats, 1);
}

static void apply_one(struct world *w, int64_t after_us, const char *ip)
{
	struct hit_record hit = world_hit(w, 0, HIT_CLICK);
	assert_true(ip_address_parse(slice_from_cstr(ip), &hit.client));
	world_apply_hit(w, WORLD_NOW_US + after_us, &hit);
}

/* Each hit prolongs the window, so the chain must hold through the starts between them. */
static void test_a_chain_of_repeats_goes_on_through_restarts_and_ends_behind_the_border(void **state)
{
	static const int64_t AFTER[] = {0, 4 * SECOND, 9 * SECOND, 14 * SECOND + 1};
	struct world *w = *state;
	const struct event *e;
	for (size_t i = 0; i < 4; i++) {
		apply_one(w, AFTER[i], "2001:db8::7");
		world_reopen(w);
	}
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].repeats == 2 && e[0].last_repeat_us == WORLD_NOW_US + 9 * SECOND && e[1].repeats == 0);
	assert_int_equal(world_message(w, 0)->counters.clicks_human, 2);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 2);
}

static void test_another_address_message_link_or_the_pixel_is_no_repeat(void **state)
{
	struct world *w = *state;
	world_add_message(w, 2, false);
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hits[] = {world_hit(w, 0, HIT_CLICK), world_hit(w, 0, HIT_CLICK), world_hit(w, 0, HIT_CLICK),
				    world_hit(w, 2, HIT_CLICK), world_hit(w, 0, HIT_OPEN)};
	assert_true(ip_address_parse(SLICE("203.0.113.8"), &hits[1].client));
	hits[2].link_index = 4;
	for (size_t i = 0; i < sizeof hits / sizeof hits[0]; i++)
		world_put_hit(feed, WORLD_NOW_US + (int64_t)i, &hits[i]);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM events WHERE repeats > 0"), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 4);
}

static void test_of_two_hits_that_come_in_the_wrong_order_one_counts(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(300 * MS, BY_MAIL_CLIENT), OPEN_AT(0, BY_MAIL_CLIENT)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_true(e->is_unique && e->repeats == 1 && e->last_repeat_us == e->occurred_us);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 1);
}

static void test_how_long_a_repeat_is_one_can_be_set(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct tenant_policy policy = tenant_policy_default();
	policy.dedupe_seconds = 30;
	world_set_policy(w, &policy);
	apply_one(w, 0, "203.0.113.7");
	apply_one(w, 30 * SECOND, "203.0.113.7");
	apply_one(w, 60 * SECOND + 1, "203.0.113.7");
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].repeats == 1 && e[1].repeats == 0);
}

static void test_a_repeat_is_not_in_the_view_that_counts(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(0, BY_MAIL_CLIENT), OPEN_AT(5 * SECOND, BY_MAIL_CLIENT),
					      OPEN_AT(10 * SECOND + 1, BY_MAIL_CLIENT)};
	struct world *w = *state;
	APPLY(w, ROWS);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events"), 2);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events_counted"), 2);
}

static void test_head_counts_nothing(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, 0, HIT_CLICK);
	hit.is_head = true;
	world_put_hit(feed, WORLD_NOW_US, &hit);
	hit.is_head = false;
	world_put_hit(feed, WORLD_NOW_US + SECOND, &hit);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->repeats, 0);
}

static void put_with_consent(struct world *w, enum link_token_consent consent, enum hit_kind kind)
{
	struct hit_record hit = world_hit(w, 0, kind);
	hit.consent = consent;
	world_apply_hit(w, WORLD_NOW_US, &hit);
}

static void expect_anonymous(struct world *w)
{
	const struct event *e;
	assert_int_equal(world_events(w, 0, &e), 0); /* asking for the message does not find it */
	assert_int_equal(world_all_events(w, &e), 1);
	assert_int_equal(e->ip.n, 0);
	assert_int_equal(e->user_agent.n, 0);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events WHERE signals IS NOT NULL"), 0);
	assert_false(e->is_unique);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 0);
	assert_true(world_message(w, 0)->counters.first_open_any_us == 0);
	assert_true(world_message(w, 0)->counters.last_activity_us == 0);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 1);
}

static void test_anonymous_counts_for_the_campaign_and_not_for_the_person(void **state)
{
	put_with_consent(*state, LINK_TOKEN_CONSENT_ANONYMOUS, HIT_OPEN);
	expect_anonymous(*state);
}

static void test_a_browser_that_opts_out_is_counted_and_not_known(void **state)
{
	struct world *w = *state;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	hit.opts_out = true;
	world_apply_hit(w, WORLD_NOW_US, &hit);
	expect_anonymous(w);
}

static void test_off_keeps_nothing(void **state)
{
	struct world *w = *state;
	const struct event *e;
	put_with_consent(w, LINK_TOKEN_CONSENT_OFF, HIT_OPEN);
	assert_int_equal(world_events(w, 0, &e), 0);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 0);
}

static void set_consent(struct world *w, enum consent opens, enum consent clicks)
{
	struct err err = {0};
	struct contact_consent consent = {.id = SLICE("c0@example.com"), .opens = opens, .clicks = clicks};
	assert_int_equal(store_contact_set_consent(w->session, w->tenant, &consent, WORLD_NOW_US, &err), STATUS_OK);
}

static void test_consent_that_was_withdrawn_since_holds_for_old_mail(void **state)
{
	struct world *w = *state;
	const struct event *e;
	set_consent(w, CONSENT_OFF, CONSENT_FULL);
	put_with_consent(w, LINK_TOKEN_CONSENT_FULL, HIT_OPEN);
	assert_int_equal(world_events(w, 0, &e), 0);
	put_with_consent(w, LINK_TOKEN_CONSENT_FULL, HIT_CLICK);
	assert_int_equal(world_events(w, 0, &e), 1);
}

static void test_consent_that_was_restricted_since_makes_hits_anonymous(void **state)
{
	set_consent(*state, CONSENT_ANONYMOUS, CONSENT_FULL);
	put_with_consent(*state, LINK_TOKEN_CONSENT_FULL, HIT_OPEN);
	expect_anonymous(*state);
}

static void test_stop_tracking_is_kept_with_its_proof_once(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct consent_record *list;
	size_t count;
	struct err err = {0};
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, 0, HIT_UNSUBSCRIBE);
	hit.stop_tracking = true;
	world_put_hit(feed, WORLD_NOW_US, &hit);
	world_put_hit(feed, WORLD_NOW_US + SECOND, &hit);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->type, EVENT_CONSENT);
	assert_true(slice_equal(e->contact_id, SLICE("c0@example.com")));
	assert_true(slice_contains(e->metadata, SLICE("consent_opens")));
	assert_int_equal(store_consent_list(w->session, &(struct contact_key){w->tenant, SLICE("c0@example.com")},
					    w->arena, &list, &count, &err),
			 STATUS_OK);
	assert_int_equal(count, 1);
	assert_true(uuid_equal(list[0].id, e->id));
	assert_int_equal(list[0].what.opens + list[0].what.clicks, CONSENT_OFF);
	assert_true(slice_equal(list[0].decided_by, SLICE("contact")));
	assert_true(list[0].created_us == WORLD_NOW_US);
}

static void test_unsubscribing_twice_is_one_event_and_one_suppression(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct slice reason;
	struct err err = {0};
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, 0, HIT_UNSUBSCRIBE);
	hit.one_click = true;
	hit.consent = LINK_TOKEN_CONSENT_OFF; /* no tracking is no reason not to let go */
	world_put_hit(feed, WORLD_NOW_US, &hit);
	world_put_hit(feed, WORLD_NOW_US + SECOND, &hit);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->type, EVENT_UNSUBSCRIBED);
	assert_true(e->is_unique && !e->bot_filtered);
	assert_true(slice_equal(e->reasons, SLICE("one_click")));
	assert_int_equal(e->ip.n, 0);
	assert_int_equal(
	    store_suppression_find(w->session, w->tenant, SLICE("c0@example.com"), w->arena, &reason, &err), STATUS_OK);
	assert_true(slice_equal(reason, SLICE("unsubscribed")));
	assert_true(world_message(w, 0)->counters.unsubscribed_us == WORLD_NOW_US);
	assert_int_equal(world_stat(w, STAT_UNSUBSCRIBES), 1);
}

static void test_stopping_tracking_keeps_the_mail_and_drops_the_hits_behind(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct slice reason;
	struct err err = {0};
	struct world_feed *feed = world_feed_open(w);
	struct hit_record open = world_hit(w, 0, HIT_OPEN);
	struct hit_record stop = world_hit(w, 0, HIT_UNSUBSCRIBE);
	stop.stop_tracking = true;
	world_put_hit(feed, WORLD_NOW_US, &open);
	world_put_hit(feed, WORLD_NOW_US + 10 * SECOND, &stop);
	world_put_hit(feed, WORLD_NOW_US + 20 * SECOND, &open);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 2); /* nothing of the second open */
	assert_int_equal(e[0].type, EVENT_OPEN);
	assert_int_equal(e[1].type, EVENT_CONSENT);
	assert_int_equal(
	    store_suppression_find(w->session, w->tenant, SLICE("c0@example.com"), w->arena, &reason, &err),
	    STATUS_NOT_FOUND);
}

static void test_records_that_cannot_be_applied_are_passed_over(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct world_feed *feed = world_feed_open(w);
	struct hit_record stray = world_hit(w, 99, HIT_OPEN);
	struct hit_record foreign = world_hit(w, 0, HIT_OPEN);
	struct hit_record good = world_hit(w, 0, HIT_OPEN);
	struct hit_record noisy = world_hit(w, 0, HIT_CLICK);
	foreign.tenant += 1;
	noisy.user_agent = SLICE("Mozilla\xff\x00\xc3 Firefox/1");
	world_put_bytes(feed, RECORD_HIT, WORLD_NOW_US, SLICE("garbage"));
	world_put_bytes(feed, 77, WORLD_NOW_US, SLICE("from the future"));
	world_put_bytes(feed, RECORD_INTENT, WORLD_NOW_US, SLICE(""));
	world_put_bytes(feed, RECORD_OUTCOME, WORLD_NOW_US, SLICE("x"));
	world_put_hit(feed, WORLD_NOW_US, &stray);
	world_put_hit(feed, WORLD_NOW_US, &foreign);
	world_put_hit(feed, WORLD_NOW_US, &noisy);
	world_put_hit(feed, WORLD_NOW_US, &good);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 2);
}

static void test_a_long_destination_is_found_in_the_store(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct err err = {0};
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, 0, HIT_CLICK);
	assert_int_equal(store_link_put(w->session, w->tenant, SLICE("0123456789abcdef"),
					SLICE("https://long.example/"), WORLD_NOW_US, &err),
			 STATUS_OK);
	hit.destination_is_stored = true;
	hit.destination = SLICE("0123456789abcdef");
	world_put_hit(feed, WORLD_NOW_US, &hit);
	hit.destination = SLICE("fedcba9876543210");
	hit.link_index = 4;
	world_put_hit(feed, WORLD_NOW_US, &hit);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(slice_equal(e[0].destination_url, SLICE("https://long.example/")));
	assert_int_equal(e[1].destination_url.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down_counted)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_click_becomes_one_whole_event),
	    TEST(test_the_token_of_an_event_is_the_one_that_was_sent),
	    TEST(test_unique_means_the_first_by_a_person_or_an_image_proxy),
	    TEST(test_a_machine_click_is_kept_and_not_in_the_headline),
	    TEST(test_a_repeat_is_a_number_on_the_row_it_repeats),
	    TEST(test_a_storm_of_repeats_makes_one_row),
	    TEST(test_the_last_eight_hits_of_a_message_are_remembered),
	    TEST(test_hits_that_come_too_often_are_one_row_an_hour_and_none_is_lost),
	    TEST(test_a_sum_stays_when_more_than_eight_hits_are_to_be_remembered),
	    TEST(test_repeats_are_known_where_no_address_is_kept),
	    TEST(test_a_machine_does_not_hide_the_person_behind_it),
	    TEST(test_repeats_are_known_after_a_restart),
	    TEST(test_a_chain_of_repeats_goes_on_through_restarts_and_ends_behind_the_border),
	    TEST(test_another_address_message_link_or_the_pixel_is_no_repeat),
	    TEST(test_of_two_hits_that_come_in_the_wrong_order_one_counts),
	    TEST(test_how_long_a_repeat_is_one_can_be_set),
	    TEST(test_a_repeat_is_not_in_the_view_that_counts),
	    TEST(test_head_counts_nothing),
	    TEST(test_anonymous_counts_for_the_campaign_and_not_for_the_person),
	    TEST(test_a_browser_that_opts_out_is_counted_and_not_known),
	    TEST(test_off_keeps_nothing),
	    TEST(test_consent_that_was_withdrawn_since_holds_for_old_mail),
	    TEST(test_stop_tracking_is_kept_with_its_proof_once),
	    TEST(test_consent_that_was_restricted_since_makes_hits_anonymous),
	    TEST(test_unsubscribing_twice_is_one_event_and_one_suppression),
	    TEST(test_stopping_tracking_keeps_the_mail_and_drops_the_hits_behind),
	    TEST(test_records_that_cannot_be_applied_are_passed_over),
	    TEST(test_a_long_destination_is_found_in_the_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider tells of opens and clicks, alone and beside what we saw. Every test ends by counting all sums again.
 */
#include "engine/ledger/writer.h"
#include "store/mail/bodies.h"
#include "world.h"

#include "engine/mail/mail_body.h"
#include "engine/mail/message_options.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define LATER (WORLD_NOW_US + 3000 * SECOND)
#define CHROME                                                                                                         \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "     \
	      "Safari/537.36")

static int setup(void **state)
{
	return world_set_up(state, 2);
}

/* ---- A report alone */

static void test_a_report_becomes_an_ordinary_click(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->type, EVENT_CLICK);
	assert_true(e->occurred_us == WORLD_NOW_US && e->is_unique && !e->is_duplicate && !e->settled);
	assert_int_equal(e->actor, ACTOR_HUMAN);
	assert_true(slice_equal(e->reasons, SLICE("provider:sendgrid mail_client")));
	assert_true(slice_equal(e->provider, SLICE("sendgrid")));
	assert_true(slice_equal(e->destination_url, SLICE("https://example.com/sale")));
	assert_int_equal(e->link_index, 3);
	assert_true(slice_equal(e->ip, SLICE("203.0.113.7")));
	assert_true(slice_equal(e->contact_email, SLICE("c0@example.com")));
	assert_int_equal(world_message(w, 0)->counters.clicks_human, 1);
	world_settle(w, LATER);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

static void test_who_it_was_is_judged_by_what_is_known(void **state)
{
	static const struct {
		const char *name;
		enum hit_kind kind;
		struct slice user_agent;
		enum provider_sign sign;
		enum actor actor;
		enum statistic stat;
		const char *reasons;
	} CASES[] = {
	    {"nothing known",
	     HIT_OPEN,
	     {0},
	     PROVIDER_SIGN_NONE,
	     ACTOR_UNKNOWN,
	     STAT_OPENS_UNKNOWN,
	     "provider:sendgrid"},
	    {"a machine, it says",
	     HIT_OPEN,
	     {0},
	     PROVIDER_SIGN_MACHINE,
	     ACTOR_SCANNER,
	     STAT_OPENS_SCANNER,
	     "provider:sendgrid provider_says:machine"},
	    {"Apple, it says",
	     HIT_OPEN,
	     {0},
	     PROVIDER_SIGN_MPP,
	     ACTOR_PREFETCH,
	     STAT_OPENS_MPP,
	     "provider:sendgrid provider_says:mpp"},
	    {"Apple, we both say", HIT_OPEN, APPLE, PROVIDER_SIGN_MPP, ACTOR_PREFETCH, STAT_OPENS_MPP,
	     "provider:sendgrid provider_says:mpp agent:apple_mpp"},
	    {"Apple, we say", HIT_OPEN, APPLE, PROVIDER_SIGN_NONE, ACTOR_PREFETCH, STAT_OPENS_MPP,
	     "provider:sendgrid agent:apple_mpp"},
	    {"a proxy that it takes for a machine", HIT_OPEN, GMAIL, PROVIDER_SIGN_MACHINE, ACTOR_PROXY_HUMAN,
	     STAT_OPENS_PROXY, "provider:sendgrid provider_says:machine agent:gmail_image_proxy"},
	    {"a browser that it takes for a machine", HIT_CLICK, CHROME, PROVIDER_SIGN_MACHINE, ACTOR_SCANNER,
	     STAT_CLICKS_MACHINE, "provider:sendgrid provider_says:machine browser"},
	    {"Apple never clicks", HIT_CLICK, CHROME, PROVIDER_SIGN_MPP, ACTOR_SCANNER, STAT_CLICKS_MACHINE,
	     "provider:sendgrid provider_says:machine browser"},
	};
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct world *w = *state;
		const struct event *e;
		struct provider_hit_record report = world_report(w, 0, CASES[i].kind);
		report.user_agent = CASES[i].user_agent;
		report.sign = CASES[i].sign;
		world_apply_report(w, LATER, &report);
		assert_int_equal(world_hits(w, &e), 1);
		if (e->actor != CASES[i].actor || !slice_equal(e->reasons, slice_from_cstr(CASES[i].reasons)) ||
		    world_stat(w, CASES[i].stat) != 1)
			fail_msg("%s: %s, %.*s", CASES[i].name, actor_name(e->actor), SLICE_FMT(e->reasons));
		assert_int_equal(world_tear_down_counted(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static void test_reports_settle_like_hits(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct world_feed *feed = world_feed_open(w);
	for (uint32_t i = 0; i < 3; i++) {
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		hit.link_index = i;
		struct provider_hit_record report = world_report_of(w, &hit);
		report.user_agent = CHROME;
		report.occurred_us = WORLD_NOW_US + i * SECOND / 2;
		if (i == 0) /* left alone by us, tracked by the provider */
			report.url = SLICE("https://example.com/terms");
		world_put_report(feed, LATER, &report);
	}
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 3);
	world_settle(w, LATER + 1000 * SECOND);
	assert_int_equal(world_hits(w, &e), 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(e[i].settled && slice_starts_with(e[i].reasons, SLICE("provider:sendgrid browser burst:")));
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 3);
}

static void test_a_time_that_cannot_be_is_the_time_it_was_told(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	report.occurred_us = LATER + 1;
	world_apply_report(w, LATER, &report);
	report = world_report(w, 1, HIT_OPEN);
	report.occurred_us = 0;
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_hits(w, &e), 2);
	assert_true(e[0].occurred_us == LATER && e[1].occurred_us == LATER);
}

/* ---- At least once */

static void test_a_report_that_is_delivered_again_is_no_second_one(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	struct world_feed *feed = world_feed_open(w);
	world_put_report(feed, LATER, &report);
	world_put_report(feed, LATER + SECOND, &report);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_hits(w, &e), 1);
	world_apply_report(w, LATER, &report);
	world_reopen(w);
	report.occurred_us += 60 * SECOND; /* told otherwise, but by the same name */
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_hits(w, &e), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 1);
}

static void test_a_report_without_a_name_is_known_by_what_it_says(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	report.event_id = SLICE_EMPTY;
	world_apply_report(w, LATER, &report);
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_hits(w, &e), 1);
	report.occurred_us += 60 * SECOND;
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_hits(w, &e), 2);
	assert_int_equal(world_counted(w), 2);
}

static void test_a_provider_that_tells_of_one_open_twice_in_a_moment_is_counted_once(void **state)
{
	struct world *w = *state;
	const struct event *e;
	for (int i = 0; i < 3; i++) {
		struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
		report.occurred_us += i * 4 * SECOND;
		world_apply_report(w, LATER, &report);
	}
	assert_int_equal(world_hits(w, &e), 3);
	assert_true(!e[0].is_duplicate && e[1].is_duplicate && e[2].is_duplicate);
	assert_true(slice_contains(e[1].reasons, SLICE("duplicate:seconds=5")));
}

static void test_so_is_one_whose_client_is_not_kept(void **state)
{
	static const int64_t AFTER[] = {0, 4 * SECOND, 20 * SECOND};
	struct world *w = *state;
	const struct event *e;
	struct tenant_policy policy = tenant_policy_default();
	policy.keep_client = KEEP_CLIENT_NONE;
	world_set_policy(w, &policy);
	for (size_t i = 0; i < 3; i++) {
		struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
		report.occurred_us += AFTER[i];
		world_apply_report(w, LATER, &report);
	}
	assert_int_equal(world_hits(w, &e), 3);
	assert_true(!e[0].is_duplicate && e[1].is_duplicate && !e[2].is_duplicate);
	assert_true(!e[0].ip.n && !e[0].user_agent.n);
}

/* ---- Which message */

static void test_a_message_is_found_by_what_the_provider_calls_it(void **state)
{
	static const struct {
		const char *provider, *remote_id;
		uint32_t other_tenant;
		bool is_found;
	} CASES[] = {
	    {"sendgrid", "r-1", 0, true},  {"sendgrid", "r-2", 0, false}, {"mailgun", "r-1", 0, false},
	    {"sendgrid", "r-1", 7, false}, {"mailgun", "r-3", 0, true}, /* sent through a server by smtp */
	};
	struct world *w = *state;
	const struct event *e;
	(void)world_sql(w, "UPDATE messages SET provider = 'sendgrid', remote_id = 'r-1' WHERE campaign_id IS NOT NULL "
			   "RETURNING 1");
	(void)world_sql(
	    w, "UPDATE messages SET provider = 'smtp', remote_id = 'r-3' WHERE campaign_id IS NULL RETURNING 1");
	size_t want = 0;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
		report.message = (struct uuid){{0}};
		report.tenant = CASES[i].other_tenant;
		report.provider = slice_from_cstr(CASES[i].provider);
		report.remote_id = slice_from_cstr(CASES[i].remote_id);
		world_apply_report(w, LATER, &report);
		want += CASES[i].is_found;
		if (world_hits(w, &e) != want)
			fail_msg("case %zu", i);
	}
}

static void test_a_message_whose_name_is_not_saved_yet_is_found(void **state)
{
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 2, true);
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	uint64_t lease = world_lease(w, 2);
	struct intent_record intent = {.message = world_message_id(2), .lease = lease, .attempt = 1};
	struct outcome_record outcome = {.message = world_message_id(2),
					 .lease = lease,
					 .attempt = 1,
					 .outcome = OUTCOME_SENT,
					 .remote_id = SLICE("r-9")};
	struct provider_hit_record report = world_report(w, 2, HIT_OPEN);
	(void)world_sql(w, "UPDATE messages SET provider = 'sendgrid' WHERE state = 'queued' RETURNING 1");
	struct world_feed *feed = world_feed_open(w);
	buf_init_fixed(&b, room, sizeof room);
	record_put_intent(&b, &intent);
	world_put_bytes(feed, RECORD_INTENT, WORLD_NOW_US, buf_slice(&b));
	buf_clear(&b);
	record_put_outcome(&b, &outcome);
	world_put_bytes(feed, RECORD_OUTCOME, WORLD_NOW_US, buf_slice(&b));
	report.message = (struct uuid){{0}};
	report.remote_id = SLICE("r-9");
	world_put_report(feed, LATER, &report);
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_hits(w, &e), 1);
	assert_true(uuid_equal(e->message, world_message_id(2)));
	assert_true(slice_equal(e->remote_id, SLICE("r-9")));
}

static void test_reports_that_are_about_nothing_of_ours_are_passed_over(void **state)
{
	struct world *w = *state;
	struct world_feed *feed = world_feed_open(w);
	struct provider_hit_record stray = world_report(w, 99, HIT_OPEN);
	struct provider_hit_record foreign = world_report(w, 0, HIT_OPEN);
	struct provider_hit_record nameless = world_report(w, 0, HIT_OPEN);
	struct provider_hit_record good = world_report(w, 0, HIT_OPEN);
	foreign.tenant += 1;
	nameless.message = (struct uuid){{0}};
	world_put_bytes(feed, RECORD_PROVIDER_HIT, WORLD_NOW_US, SLICE("garbage"));
	world_put_report(feed, LATER, &stray);
	world_put_report(feed, LATER, &foreign);
	world_put_report(feed, LATER, &nameless);
	world_put_report(feed, LATER, &good);
	world_feed_close(&feed);
	struct writer *writer = world_start_writer(w);
	while (!writer_caught_up(writer))
		sched_yield();
	assert_int_equal(apply_skipped(w->apply, APPLY_SKIP_NO_MESSAGE), 3);
	assert_int_equal(apply_skipped(w->apply, APPLY_SKIP_MALFORMED), 1);
	writer_stop(&writer);
	assert_int_equal(world_counted(w), 1);
}

/* ---- Which link */

static void give_body(struct world *w, const char *html)
{
	char sql[4096];
	struct err err = {0};
	struct slice content;
	struct slice id;
	struct mail_body body = {.html = slice_from_cstr(html)};
	struct message_options options = {.base_url = SLICE("https://t.agency.example")};
	mail_body_encode(&body, w->arena, &content, &id);
	assert_int_equal(store_body_put(w->session, w->tenant, id, content, WORLD_NOW_US, &err), STATUS_OK);
	struct slice json = message_options_encode(&options, w->arena);
	struct buf hex;
	buf_init_in_arena(&hex, 100, w->arena);
	for (size_t i = 0; i < id.n; i++)
		buf_printf(&hex, "%02x", (unsigned)(unsigned char)id.p[i]);
	(void)snprintf(sql, sizeof sql, "UPDATE messages SET options = '%.*s', body_id = X'%.*s' RETURNING 1",
		       SLICE_FMT(json), SLICE_FMT(buf_slice(&hex)));
	(void)world_sql(w, sql);
}

static void test_a_url_that_stands_in_the_mail_once_has_the_number_of_its_link(void **state)
{
	static const struct {
		const char *url;
		int32_t index;
	} CASES[] = {
	    {"https://example.com/a", 0},
	    {"https://example.com/b", -1}, /* twice */
	    {"https://example.com/c", 3},
	    {"https://example.com/d", -1}, /* not there */
	};
	struct world *w = *state;
	const struct event *e;
	give_body(w, "<a href=https://example.com/a>a</a><a href=https://example.com/b>b</a>"
		     "<a href=https://example.com/b>b</a><a href=https://example.com/c>c</a>");
	for (size_t i = 0; i < 4; i++) {
		struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
		report.url = slice_from_cstr(CASES[i].url);
		world_apply_report(w, LATER, &report);
		assert_int_equal(world_hits(w, &e), i + 1);
		assert_int_equal(e[i].link_index, CASES[i].index);
		assert_true(slice_equal(e[i].destination_url, report.url));
	}
}

static void test_a_click_on_the_unsubscribe_link_is_none(void **state)
{
	struct world *w = *state;
	struct link_token_sealer *sealer = link_token_sealer_new(w->keys);
	struct link_token token = {.kind = LINK_TOKEN_UNSUBSCRIBE,
				   .consent = LINK_TOKEN_CONSENT_FULL,
				   .tenant = w->tenant,
				   .message = world_message_id(0)};
	struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
	struct buf url;
	buf_init_in_arena(&url, 4096, w->arena);
	buf_append(&url, SLICE("https://t.agency.example/u/"));
	assert_int_equal(link_token_seal(sealer, 7, &token, &url), STATUS_OK);
	buf_append(&url, SLICE("?x=1"));
	report.url = buf_slice(&url);
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_counted(w), 0);
	link_token_sealer_free(&sealer);
}

static void test_the_link_of_another_mail_says_nothing(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
	report.url = world_report(w, 1, HIT_CLICK).url;
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_hits(w, &e), 1);
	assert_true(e->link_index == -1 && e->destination_url.n == 0);
}

/* ---- Consent */

static void set_tracking(struct world *w, const char *consent)
{
	char sql[200];
	(void)snprintf(sql, sizeof sql, "UPDATE messages SET track_opens = '%s' RETURNING 1", consent);
	(void)world_sql(w, sql);
}

static void test_what_was_not_agreed_to_is_not_kept_whoever_tracks_it(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	set_tracking(w, "off");
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_all_events(w, &e), 0);
}

static void test_an_anonymous_report_names_nobody_and_gives_way_too(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	set_tracking(w, "anonymous");
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_all_events(w, &e), 1);
	assert_true(e->ip.n == 0 && e->user_agent.n == 0 && e->remote_id.n == 0 && !e->is_unique);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 0);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 1);
	hit.consent = LINK_TOKEN_CONSENT_ANONYMOUS;
	world_apply_hit(w, WORLD_NOW_US, &hit);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 1);
}

static void test_a_browser_that_opts_out_takes_the_report_with_it(void **state)
{
	struct world *w = *state;
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 1);
	hit.opts_out = true;
	world_apply_hit(w, WORLD_NOW_US, &hit);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 0);
	assert_true(world_message(w, 0)->counters.first_open_any_us == 0);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_ALL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down_counted)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_report_becomes_an_ordinary_click),
	    TEST(test_who_it_was_is_judged_by_what_is_known),
	    TEST(test_reports_settle_like_hits),
	    TEST(test_a_time_that_cannot_be_is_the_time_it_was_told),
	    TEST(test_a_report_that_is_delivered_again_is_no_second_one),
	    TEST(test_a_report_without_a_name_is_known_by_what_it_says),
	    TEST(test_a_provider_that_tells_of_one_open_twice_in_a_moment_is_counted_once),
	    TEST(test_so_is_one_whose_client_is_not_kept),
	    TEST(test_a_message_is_found_by_what_the_provider_calls_it),
	    TEST(test_a_message_whose_name_is_not_saved_yet_is_found),
	    TEST(test_reports_that_are_about_nothing_of_ours_are_passed_over),
	    TEST(test_a_url_that_stands_in_the_mail_once_has_the_number_of_its_link),
	    TEST(test_a_click_on_the_unsubscribe_link_is_none),
	    TEST(test_the_link_of_another_mail_says_nothing),
	    TEST(test_what_was_not_agreed_to_is_not_kept_whoever_tracks_it),
	    TEST(test_an_anonymous_report_names_nobody_and_gives_way_too),
	    TEST(test_a_browser_that_opts_out_takes_the_report_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

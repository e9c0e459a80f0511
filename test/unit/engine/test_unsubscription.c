/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply/unsubscription.h"
#include "engine/ledger/writer.h"
#include "store/people/suppressions.h"

#include "store/people/held_unsubscribes.h"
#include "world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SANDBOX SLICE("Mozilla/5.0 (compatible; Proofpoint URL Defense)")
#define FETCHER SLICE("curl/8.5.0")

static int setup(void **state)
{
	return world_set_up(state, 1);
}

static struct hit_record press_by(struct world *w, struct slice agent)
{
	struct hit_record hit = world_hit(w, 0, HIT_UNSUBSCRIBE);
	hit.user_agent = agent;
	return hit;
}

static void apply_press(struct world *w, struct slice agent)
{
	struct hit_record hit = press_by(w, agent);
	world_apply_hit(w, WORLD_NOW_US, &hit);
}

static bool is_suppressed(struct world *w)
{
	struct slice reason;
	struct err err = {0};
	return store_suppression_find(w->session, w->tenant, SLICE("c0@example.com"), w->arena, &reason, &err) ==
	       STATUS_OK;
}

static const struct held_unsubscribe *held(struct world *w)
{
	struct held_unsubscribe *list;
	size_t count;
	struct err err = {0};
	struct held_filter f = {.tenant = w->tenant, .message = world_message_id(0), .limit = 10};
	assert_int_equal(store_held_unsubscribe_list(w->session, &f, w->arena, &list, &count, &err), STATUS_OK);
	assert_in_range(count, 0, 1);
	return count ? list : NULL;
}

static void expect_taken(struct world *w)
{
	assert_true(is_suppressed(w));
	assert_true(world_message(w, 0)->counters.unsubscribed_us > 0);
	assert_int_equal(world_stat(w, STAT_UNSUBSCRIBES), 1);
}

static void expect_untouched(struct world *w)
{
	assert_false(is_suppressed(w));
	assert_true(world_message(w, 0)->counters.unsubscribed_us == 0);
	assert_int_equal(world_stat(w, STAT_UNSUBSCRIBES), 0);
}

static void test_only_a_machine_inside_the_window_is_doubted(void **state)
{
	static const struct {
		enum actor actor;
		int64_t sent_us, delivered_us;
		int64_t at_us;
		bool is_doubtful;
	} cases[] = {
	    {ACTOR_SCANNER, 100 * SECOND, 200 * SECOND, 200 * SECOND, true},
	    {ACTOR_SCANNER, 100 * SECOND, 200 * SECOND, 799 * SECOND, true},
	    {ACTOR_SCANNER, 100 * SECOND, 200 * SECOND, 800 * SECOND, false},
	    {ACTOR_SCANNER, 100 * SECOND, 0, 699 * SECOND, true},
	    {ACTOR_SCANNER, 100 * SECOND, 0, 700 * SECOND, false},
	    {ACTOR_SCANNER, 100 * SECOND, 200 * SECOND, 50 * SECOND, true}, /* before delivery was reported */
	    {ACTOR_SCANNER, 0, 0, 5000 * SECOND, true},
	    {ACTOR_CRAWLER, 100 * SECOND, 0, 101 * SECOND, true},
	    {ACTOR_LINK_PREVIEW, 100 * SECOND, 0, 101 * SECOND, true},
	    {ACTOR_PREFETCH, 100 * SECOND, 0, 101 * SECOND, true},
	    {ACTOR_HUMAN, 100 * SECOND, 0, 101 * SECOND, false},
	    {ACTOR_PROXY_HUMAN, 100 * SECOND, 0, 101 * SECOND, false},
	    {ACTOR_UNKNOWN, 100 * SECOND, 0, 101 * SECOND, false},
	    {ACTOR_HUMAN, 0, 0, 5000 * SECOND, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct message m = {.sent_us = cases[i].sent_us, .delivered_us = cases[i].delivered_us};
		struct verdict verdict = {.actor = cases[i].actor};
		if (unsubscription_is_doubtful(&m, &verdict, cases[i].at_us) != cases[i].is_doubtful)
			fail_msg("case %zu", i);
	}
}

static void test_a_sandboxs_press_changes_nothing_and_is_kept_with_its_reason(void **state)
{
	struct world *w = *state;
	const struct event *e;
	apply_press(w, SANDBOX);
	expect_untouched(w);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->type, EVENT_UNSUBSCRIBE_HELD);
	assert_int_equal(e->actor, ACTOR_SCANNER);
	assert_true(e->bot_filtered && !e->is_unique);
	assert_true(slice_equal(e->reasons, SLICE("agent:proofpoint held")));
	const struct held_unsubscribe *h = held(w);
	assert_non_null(h);
	assert_int_equal(h->state, HELD_WAITING);
	assert_true(h->held_us == WORLD_NOW_US);
	assert_true(uuid_equal(h->event, e->id));
	assert_true(slice_equal(h->to_email, SLICE("c0@example.com")));
	assert_true(slice_equal(h->user_agent, SANDBOX));
	assert_int_equal(h->actor, ACTOR_SCANNER);
}

static void test_a_second_press_of_a_machine_is_the_same_one(void **state)
{
	struct world *w = *state;
	const struct event *e;
	apply_press(w, SANDBOX);
	apply_press(w, FETCHER);
	apply_press(w, SANDBOX);
	expect_untouched(w);
	assert_int_equal(world_events(w, 0, &e), 1);
}

static void test_one_click_counts_whoever_sends_it(void **state)
{
	struct world *w = *state;
	struct hit_record hit = press_by(w, FETCHER);
	hit.one_click = true;
	world_apply_hit(w, WORLD_NOW_US, &hit);
	expect_taken(w);
	assert_null(held(w));
}

static void expect_confirmed_by(struct world *w, const char *by, size_t event_count)
{
	const struct event *e;
	expect_taken(w);
	assert_int_equal(world_events(w, 0, &e), event_count);
	assert_int_equal(e[event_count - 1].type, EVENT_UNSUBSCRIBED);
	assert_true(e[event_count - 1].is_unique && !e[event_count - 1].bot_filtered);
	assert_int_equal(held(w)->state, HELD_CONFIRMED);
	assert_true(slice_equal(held(w)->decided_by, slice_from_cstr(by)));
}

static void test_a_persons_press_behind_it_confirms_it(void **state)
{
	struct world *w = *state;
	struct hit_record person = world_hit(w, 0, HIT_UNSUBSCRIBE);
	apply_press(w, SANDBOX);
	assert_true(ip_address_parse(SLICE("198.51.100.9"), &person.client));
	world_apply_hit(w, WORLD_NOW_US + 60 * SECOND, &person);
	expect_confirmed_by(*state, "recipient", 2);
	apply_press(w, SANDBOX); /* nothing is left to doubt */
	expect_confirmed_by(*state, "recipient", 2);
}

static void test_a_persons_open_behind_it_does_not_confirm_it(void **state)
{
	struct world *w = *state;
	struct hit_record open = world_hit(w, 0, HIT_OPEN);
	struct hit_record click = world_hit(w, 0, HIT_CLICK);
	apply_press(w, SANDBOX);
	world_apply_hit(w, WORLD_NOW_US + 60 * SECOND, &open);
	world_apply_hit(w, WORLD_NOW_US + 70 * SECOND, &click);
	expect_untouched(w);
	assert_int_equal(held(w)->state, HELD_WAITING);
}

/* Clicks on `links` links, one every `gap_us`, and then a press, all of them by one browser; `press_ip` presses. */
struct visit {
	uint32_t links;
	int64_t gap_us;
	const char *press_ip;
	bool is_one_batch;
	bool sees_all; /* and follows the link that no person sees, first */
};

static void go_through(struct world *w, const struct visit *visit)
{
	int64_t at_us = WORLD_NOW_US;
	struct world_feed *feed = world_feed_open(w);
	struct hit_record press = world_hit(w, 0, HIT_UNSUBSCRIBE);
	for (uint32_t i = 0; i < visit->links; i++, at_us += visit->gap_us) {
		struct hit_record click = world_hit(w, 0, HIT_CLICK);
		click.link_index = visit->sees_all && i == 0 ? LINK_TOKEN_HONEYPOT : i;
		world_put_hit(feed, at_us, &click);
	}
	if (!visit->is_one_batch) {
		world_feed_close(&feed);
		world_apply_all(w);
		feed = world_feed_open(w);
	}
	assert_true(ip_address_parse(slice_from_cstr(visit->press_ip), &press.client));
	world_put_hit(feed, at_us, &press);
	world_feed_close(&feed);
	world_apply_all(w);
}

static void expect_held(struct world *w, struct slice reasons)
{
	const struct event *e;
	expect_untouched(w);
	size_t n = world_events(w, 0, &e);
	assert_int_equal(e[n - 1].type, EVENT_UNSUBSCRIBE_HELD);
	assert_int_equal(e[n - 1].actor, ACTOR_SCANNER);
	assert_true(slice_equal(e[n - 1].reasons, reasons));
}

static void expect_burst_held(struct world *w)
{
	expect_held(w, SLICE("mail_client burst:links=9 held"));
}

static void test_a_press_behind_a_link_that_no_person_sees_is_held(void **state)
{
	go_through(*state, &(struct visit){1, 5 * SECOND, "203.0.113.7", true, true});
	expect_held(*state, SLICE("mail_client honeypot_source held"));
}

static void test_a_press_of_somebody_else_behind_it_is_taken(void **state)
{
	go_through(*state, &(struct visit){1, 5 * SECOND, "198.51.100.7", false, true});
	expect_taken(*state);
}

static void test_a_press_behind_a_burst_of_links_is_held(void **state)
{
	go_through(*state, &(struct visit){9, SECOND / 10, "203.0.113.7", true});
	expect_burst_held(*state);
}

static void test_a_burst_that_was_written_before_is_seen_and_the_network_counts_not_the_address(void **state)
{
	go_through(*state, &(struct visit){9, SECOND / 10, "203.0.113.99", false});
	expect_burst_held(*state);
}

static void test_another_network_behind_a_burst_is_somebody_else(void **state)
{
	go_through(*state, &(struct visit){9, SECOND / 10, "198.51.100.7", true});
	expect_taken(*state);
}

static void test_a_person_may_follow_links_and_then_leave(void **state)
{
	go_through(*state, &(struct visit){9, 3 * SECOND, "203.0.113.7", true});
	expect_taken(*state);
}

static void test_two_links_are_no_burst(void **state)
{
	go_through(*state, &(struct visit){2, SECOND / 10, "203.0.113.7", true});
	expect_taken(*state);
}

static void test_a_hold_can_be_switched_off(void **state)
{
	struct world *w = *state;
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = press_by(w, SANDBOX);
	world_put_hit(feed, WORLD_NOW_US, &hit);
	world_feed_close(&feed);
	w->counts_every_press = true;
	world_apply_all(w);
	expect_taken(w);
	assert_null(held(w));
}

/* ---- Decisions */

static enum status say(struct world *w, uint32_t tenant, bool is_confirmed)
{
	struct err err = {0};
	struct writer *writer = world_start_writer(w);
	struct sending sending = {.writer = writer, .clock = clock_system()};
	struct unsubscription_decision decision = {tenant, world_message_id(0), is_confirmed, SLICE("ann@example.com")};
	enum status status = unsubscription_decide(&sending, &decision, &err);
	writer_stop(&writer);
	return status;
}

static void test_a_person_may_confirm_it_once(void **state)
{
	struct world *w = *state;
	assert_int_equal(say(w, w->tenant, true), STATUS_CONFLICT);
	apply_press(w, SANDBOX);
	assert_int_equal(say(w, w->tenant + 1, true), STATUS_NOT_FOUND);
	expect_untouched(w);
	assert_int_equal(say(w, w->tenant, true), STATUS_OK);
	expect_confirmed_by(w, "ann@example.com", 2);
	assert_int_equal(say(w, w->tenant, true), STATUS_CONFLICT);
	assert_int_equal(say(w, w->tenant, false), STATUS_CONFLICT);
	expect_confirmed_by(w, "ann@example.com", 2);
}

static void test_what_was_dismissed_stays_so_until_the_recipient_presses(void **state)
{
	struct world *w = *state;
	struct hit_record person = world_hit(w, 0, HIT_UNSUBSCRIBE);
	apply_press(w, SANDBOX);
	assert_int_equal(say(w, w->tenant, false), STATUS_OK);
	apply_press(w, SANDBOX);
	expect_untouched(w);
	assert_int_equal(held(w)->state, HELD_DISMISSED);
	assert_true(slice_equal(held(w)->decided_by, SLICE("ann@example.com")));
	world_apply_hit(w, WORLD_NOW_US + 60 * SECOND, &person);
	expect_confirmed_by(w, "recipient", 2);
}

/* ---- Lifted again */

static void lift(struct world *w)
{
	struct err err = {0};
	assert_int_equal(store_suppression_remove(w->session, w->tenant, SLICE("c0@example.com"), &err), STATUS_OK);
	assert_false(is_suppressed(w));
}

static void test_whoever_was_let_in_again_can_leave_again(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct hit_record person = world_hit(w, 0, HIT_UNSUBSCRIBE);
	for (size_t times = 1; times <= 3; times++) {
		world_apply_hit(w, WORLD_NOW_US + (int64_t)times * 60 * SECOND, &person);
		expect_taken(w);
		assert_int_equal(world_events(w, 0, &e), times);
		assert_int_equal(e[times - 1].type, EVENT_UNSUBSCRIBED);
		assert_int_equal(e[times - 1].is_unique, times == 1);
		assert_true(world_message(w, 0)->counters.unsubscribed_us == e[times - 1].occurred_us);
		/* What repeats it says nothing new. */
		world_apply_hit(w, WORLD_NOW_US + (int64_t)(times * 60 + 30) * SECOND, &person);
		assert_int_equal(world_events(w, 0, &e), times);
		if (times < 3)
			lift(w);
	}
}

static void test_a_sandboxs_press_is_held_again_once_it_was_lifted(void **state)
{
	struct world *w = *state;
	const struct event *e;
	apply_press(w, SANDBOX);
	assert_int_equal(say(w, w->tenant, true), STATUS_OK);
	lift(w);
	apply_press(w, SANDBOX);
	assert_false(is_suppressed(w));
	assert_int_equal(world_events(w, 0, &e), 3);
	assert_int_equal(e[2].type, EVENT_UNSUBSCRIBE_HELD);
	assert_int_equal(held(w)->state, HELD_WAITING);
	assert_int_equal(held(w)->decided_by.n, 0);
	assert_int_equal(say(w, w->tenant, true), STATUS_OK);
	expect_taken(w);
}

struct due {
	struct writer_command command;
	int64_t before_us;
	size_t count;
};

static enum status run_due(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct due *due = (struct due *)(void *)command;
	return unsubscription_confirm_due(batch, due->before_us, &due->count, err);
}

static size_t confirm_due(struct world *w, int64_t before_us)
{
	struct err err = {0};
	struct due due = {.command = {.run = run_due}, .before_us = before_us};
	struct writer *writer = world_start_writer(w);
	assert_int_equal(writer_submit_and_wait(writer, &due.command, &err), STATUS_OK);
	writer_stop(&writer);
	return due.count;
}

static void test_time_confirms_what_nobody_decided_about(void **state)
{
	struct world *w = *state;
	apply_press(w, SANDBOX);
	assert_int_equal(confirm_due(w, WORLD_NOW_US), 0);
	expect_untouched(w);
	assert_int_equal(confirm_due(w, WORLD_NOW_US + 1), 1);
	expect_confirmed_by(w, "time", 2);
	assert_int_equal(confirm_due(w, WORLD_NOW_US + 1), 0);
	expect_confirmed_by(w, "time", 2);
}

static void test_time_does_not_confirm_what_was_dismissed(void **state)
{
	struct world *w = *state;
	struct hit_record other = press_by(w, SANDBOX);
	other.message = world_message_id(1);
	world_add_message(w, 1, false);
	apply_press(w, SANDBOX);
	assert_int_equal(say(w, w->tenant, false), STATUS_OK);
	world_apply_hit(w, WORLD_NOW_US, &other);
	assert_int_equal(confirm_due(w, WORLD_NOW_US + 1), 1);
	assert_false(is_suppressed(w));
	assert_true(world_message(w, 0)->counters.unsubscribed_us == 0);
	assert_true(world_message(w, 1)->counters.unsubscribed_us > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down_counted)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_only_a_machine_inside_the_window_is_doubted),
	    TEST(test_a_sandboxs_press_changes_nothing_and_is_kept_with_its_reason),
	    TEST(test_a_second_press_of_a_machine_is_the_same_one),
	    TEST(test_one_click_counts_whoever_sends_it),
	    TEST(test_a_persons_press_behind_it_confirms_it),
	    TEST(test_a_persons_open_behind_it_does_not_confirm_it),
	    TEST(test_a_press_behind_a_burst_of_links_is_held),
	    TEST(test_a_press_behind_a_link_that_no_person_sees_is_held),
	    TEST(test_a_press_of_somebody_else_behind_it_is_taken),
	    TEST(test_a_burst_that_was_written_before_is_seen_and_the_network_counts_not_the_address),
	    TEST(test_another_network_behind_a_burst_is_somebody_else),
	    TEST(test_a_person_may_follow_links_and_then_leave),
	    TEST(test_two_links_are_no_burst),
	    TEST(test_a_hold_can_be_switched_off),
	    TEST(test_a_person_may_confirm_it_once),
	    TEST(test_what_was_dismissed_stays_so_until_the_recipient_presses),
	    TEST(test_whoever_was_let_in_again_can_leave_again),
	    TEST(test_a_sandboxs_press_is_held_again_once_it_was_lifted),
	    TEST(test_time_confirms_what_nobody_decided_about),
	    TEST(test_time_does_not_confirm_what_was_dismissed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

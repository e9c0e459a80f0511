/* SPDX-License-Identifier: Apache-2.0 */
/* A look costs a reading of all hits of a message, so most hits wait for none. These tests are about that no verdict is
 * lost by it: a look that everybody is given in the end changes nothing. */
#include "base/random.h"
#include "codec/judge/behaviour.h"
#include "engine/judge/settle.h"
#include "hit_rows.h"
#include "store/events/settling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define LATER (WORLD_NOW_US + 4000 * SECOND)
#define CHROME                                                                                                         \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "     \
	      "Safari/537.36")
#define OLD_CHROME                                                                                                     \
	SLICE("Mozilla/5.0 (Linux; Android 6.0; Nexus 5 Build/MRA58N) AppleWebKit/537.36 (KHTML, like Gecko) "         \
	      "Chrome/57.0.2987.133 Mobile Safari/537.36")
#define LIBRARY SLICE("python-requests/2.31.0")
#define GMAIL SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")

enum { MESSAGES = 40, CROWDED = 8, HITS = 500, LINKS = 3, RUNS = 6 };

static int setup(void **state)
{
	static struct world w;
	world_open(&w);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	world_check_sums(*state);
	world_close(*state);
	return 0;
}

static void add_event(struct world *w, const struct message *m, enum event_type type)
{
	static uint32_t count;
	struct event event = {.id = uuid_of_record(m->delivered_us, 9, ++count),
			      .tenant = m->tenant,
			      .type = type,
			      .occurred_us = m->delivered_us,
			      .message = m->id,
			      .link_index = -1};
	world_add_event(w, &event);
}

/* An hour ago, so that no hit comes soon after. */
static void add_delivered(struct world *w, uint32_t n)
{
	struct err err;
	world_add_message(w, n, false);
	struct message m = *world_message(w, n);
	m.sent_us = m.delivered_us = WORLD_NOW_US - 3600 * SECOND;
	assert_int_equal(store_message_save_delivery(w->session, &m, &err), STATUS_OK);
	add_event(w, &m, EVENT_SENT);
	add_event(w, &m, EVENT_DELIVERED);
}

static int64_t looks_waiting(struct world *w)
{
	return world_sql(w, "SELECT count(*) FROM timers WHERE substr(key, 1, 14) <> zeroblob(14)");
}

/* ---- One kind of hit after the other */

#define BY_BROWSER .agent = CHROME, .has_fetch_headers = true
#define BY_LIBRARY .agent = LIBRARY, .has_fetch_headers = true

static void test_an_open_and_a_click_long_after_delivery_wait_for_none(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(SECOND, BY_BROWSER), CLICK_AT(9 * SECOND, 1, BY_BROWSER)};
	struct world *w = *state;
	add_delivered(w, 0);
	APPLY(w, ROWS);
	assert_int_equal(looks_waiting(w), 0);
}

static void test_they_count_as_settled_when_their_step_has_passed(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(SECOND, BY_BROWSER)};
	struct world *w = *state;
	const struct event *e;
	add_delivered(w, 0);
	APPLY(w, ROWS);
	world_settle(w, WORLD_NOW_US + 120 * SECOND);
	assert_int_equal(world_hits(w, &e), 1);
	assert_false(e->settled);
	world_settle(w, WORLD_NOW_US + 131 * SECOND);
	assert_int_equal(world_hits(w, &e), 1);
	assert_true(e->settled);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

static void test_the_second_click_asks_for_a_look(void **state)
{
	static const struct hit_row FIRST[] = {CLICK_AT(SECOND, 1, BY_BROWSER)};
	static const struct hit_row SECOND_ONE[] = {CLICK_AT(11 * SECOND, 2, BY_BROWSER)};
	struct world *w = *state;
	add_delivered(w, 0);
	APPLY(w, FIRST);
	assert_int_equal(looks_waiting(w), 0);
	APPLY(w, SECOND_ONE);
	assert_int_equal(looks_waiting(w), 1);
}

static void test_the_second_click_of_one_batch_asks_too(void **state)
{
	static const struct hit_row BOTH[] = {CLICK_AT(SECOND, 1, BY_BROWSER), CLICK_AT(2 * SECOND, 2, BY_BROWSER)};
	struct world *w = *state;
	add_delivered(w, 0);
	APPLY(w, BOTH);
	assert_int_equal(looks_waiting(w), 1);
}

/* What says itself that it is none takes part in a burst with what does not. */
static void test_a_machines_click_behind_a_persons_asks_for_a_look_at_both(void **state)
{
	static const struct hit_row BOTH[] = {CLICK_AT(SECOND, 1, BY_BROWSER), CLICK_AT(1500 * MS, 2, BY_LIBRARY),
					      CLICK_AT(2 * SECOND, 3, BY_LIBRARY)};
	struct world *w = *state;
	const struct event *e;
	add_delivered(w, 0);
	APPLY(w, BOTH);
	world_settle(w, LATER);
	assert_int_equal(world_hits(w, &e), 3);
	assert_int_equal(e[0].actor, ACTOR_SCANNER);
}

/* It leaves no first time. */
static void test_a_click_without_the_person_asks_for_a_look(void **state)
{
	static const struct hit_row ROWS[] = {CLICK_AT(SECOND, 1, BY_BROWSER, ANONYMOUSLY)};
	struct world *w = *state;
	add_delivered(w, 0);
	APPLY(w, ROWS);
	assert_int_equal(looks_waiting(w), 1);
}

static void test_a_hit_on_mail_that_nobody_knows_delivered_asks_for_a_look(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(SECOND, BY_BROWSER)};
	struct world *w = *state;
	world_add_message(w, 0, false);
	APPLY(w, ROWS);
	assert_int_equal(looks_waiting(w), 1);
}

/* ---- Late: the look that would have seen it is over */

/* The machine's clock is days ahead of these hits. */
static void test_a_hit_of_a_server_that_was_behind_asks_for_a_look(void **state)
{
	static const struct hit_row OPEN[] = {OPEN_AT(SECOND, BY_BROWSER)};
	static const struct hit_row CLICK[] = {CLICK_AT(29 * SECOND, 1, BY_BROWSER)};
	struct world *w = *state;
	w->is_shared = true;
	add_delivered(w, 0);
	APPLY(w, OPEN);
	assert_int_equal(looks_waiting(w), 1);
	APPLY(w, CLICK);
	assert_int_equal(looks_waiting(w), 2);
	w->is_shared = false;
}

static void wait_for_looks(struct world *w, int64_t want)
{
	while (world_sql(w, "SELECT count(*) FROM timers") != want)
		(void)usleep(10000);
}

static void put_one(struct world *w, struct world_feed *feed, const struct hit_row *row)
{
	struct hit_record hit = hit_of_row(w, row);
	world_put_hit(feed, WORLD_NOW_US + row->after_us, &hit);
}

static void test_a_hit_behind_a_clock_that_ran_ahead_asks_for_a_look(void **state)
{
	static const struct hit_row BURST[] = {CLICK_AT(SECOND, 1, BY_BROWSER), CLICK_AT(1100 * MS, 2, BY_BROWSER)};
	static const struct hit_row OPEN = OPEN_AT(9 * SECOND, BY_BROWSER);
	struct world *w = *state;
	_Atomic int64_t now_us = WORLD_NOW_US + 2 * SECOND;
	struct clock clock = WORLD_CLOCK_AT((int64_t *)(void *)&now_us);
	add_delivered(w, 0);
	w->clock = &clock;
	struct writer *writer = world_start_writer(w);
	struct world_feed *feed = world_feed_open(w);
	for (size_t i = 0; i < 2; i++)
		put_one(w, feed, &BURST[i]);
	world_feed_sync(feed);
	wait_for_looks(w, 2);
	atomic_store(&now_us, WORLD_NOW_US + 140 * SECOND);
	wait_for_looks(w, 0);
	atomic_store(&now_us, WORLD_NOW_US + 10 * SECOND);
	put_one(w, feed, &OPEN);
	world_feed_close(&feed);
	writer_stop(&writer);
	w->clock = NULL;
	assert_int_equal(looks_waiting(w), 1);
}

/* ---- All kinds, mixed */

enum looks { LOOKS_DUE, LOOKS_ONCE, LOOKS_ALWAYS };

/* Hits come in crowds: most soon after the one before, on the same mail. */
struct traffic {
	struct prng random;
	int64_t time_us;
	uint32_t mail, mails;
	enum looks looks;
};

static struct hit_record next_hit(struct world *w, struct traffic *t)
{
	static const int64_t APART_MS[] = {100, 700, 1500, 4000, 9000, 40000, 100000, 400000};
	static const struct slice AGENTS[] = {CHROME, CHROME, CHROME, OLD_CHROME, LIBRARY, GMAIL, GMAIL};
	char address[32];
	t->time_us += (int64_t)prng_below(&t->random, (uint64_t)APART_MS[prng_below(&t->random, 8)]) * 1000 / 4;
	if (prng_below(&t->random, 3) == 0)
		t->mail = (uint32_t)prng_below(&t->random, t->mails);
	struct hit_record hit = world_hit(w, t->mail, prng_below(&t->random, 3) ? HIT_CLICK : HIT_OPEN);
	hit.user_agent = AGENTS[prng_below(&t->random, 7)];
	hit.has_sec_fetch = prng_below(&t->random, 2);
	hit.consent = prng_below(&t->random, 8) ? LINK_TOKEN_CONSENT_FULL : LINK_TOKEN_CONSENT_ANONYMOUS;
	hit.link_index = hit.kind == HIT_CLICK ? 1 + (uint32_t)prng_below(&t->random, LINKS) : 0;
	if (hit.kind == HIT_CLICK && prng_below(&t->random, 20) == 0) {
		hit.link_index = LINK_TOKEN_HONEYPOT;
		hit.destination = SLICE_EMPTY;
	}
	(void)snprintf(address, sizeof address, "192.0.%u.%u", 1 + (unsigned)prng_below(&t->random, 3),
		       1 + (unsigned)prng_below(&t->random, 2));
	assert_true(ip_address_parse(slice_from_cstr(address), &hit.client));
	return hit;
}

static void look_at_all(struct world *w, uint32_t mails)
{
	struct err err;
	for (uint32_t n = 0; n < mails; n++) {
		struct uuid id = world_message_id(n);
		struct timer timer = settling_timer(WORLD_NOW_US, &id);
		assert_int_equal(store_timer_add(w->session, &timer, &err), STATUS_OK);
	}
	world_settle(w, WORLD_NOW_US + 200 * SECOND);
}

/* In pieces, and what is looked at between them. */
static void apply_traffic(struct world *w, struct traffic *t)
{
	for (size_t done = 0; done < HITS;) {
		struct world_feed *feed = world_feed_open(w);
		size_t piece = 1 + prng_below(&t->random, 40);
		for (size_t i = 0; i < piece && done < HITS; i++, done++) {
			struct hit_record hit = next_hit(w, t);
			world_put_hit(feed, t->time_us, &hit);
		}
		world_feed_close(&feed);
		world_apply_all(w);
		if (t->looks == LOOKS_ALWAYS)
			look_at_all(w, t->mails);
		if (t->looks != LOOKS_ONCE)
			world_settle(w, t->time_us);
	}
	if (t->looks != LOOKS_ONCE)
		world_settle(w, t->time_us + 1000 * SECOND);
}

static int64_t corrections(struct world *w)
{
	return world_sql(w, "SELECT count(*) FROM email_events WHERE event_type = 'corrected'");
}

static void open_with_traffic(struct world *w, uint64_t run, uint32_t mails, enum looks looks)
{
	struct traffic traffic = {.time_us = WORLD_NOW_US, .mails = mails, .looks = looks};
	prng_init(&traffic.random, 7 + run);
	world_open(w);
	for (uint32_t n = 0; n < mails; n++)
		add_delivered(w, n);
	assert_int_equal(world_sql(w, "UPDATE messages SET link_count = 3 RETURNING 1"), 1); /* LINKS */
	apply_traffic(w, &traffic);
}

static void test_whom_nobody_looked_at_again_no_look_would_have_changed(void **state)
{
	int64_t corrected = 0;
	for (uint64_t run = 0; run < RUNS; run++) {
		struct world w;
		open_with_traffic(&w, run, MESSAGES, LOOKS_DUE);
		int64_t before = corrections(&w);
		corrected += before;
		look_at_all(&w, MESSAGES);
		assert_int_equal(corrections(&w), before);
		world_check_sums(&w);
		world_close(&w);
	}
	(void)state;
	assert_true(corrected > 0);
}

/* Of all hits, in their order. */
static void find_actors(uint64_t run, enum looks looks, enum actor ret[HITS])
{
	const struct event *e;
	struct world w;
	open_with_traffic(&w, run, CROWDED, looks);
	if (looks == LOOKS_ONCE) {
		assert_int_equal(world_sql(&w, "DELETE FROM timers RETURNING 1"), 1);
		look_at_all(&w, CROWDED);
	}
	size_t count = world_hits(&w, &e);
	assert_true(count <= HITS);
	for (size_t i = 0; i < HITS; i++)
		ret[i] = i < count ? e[i].actor : ACTOR_COUNT;
	world_check_sums(&w);
	world_close(&w);
}

/* The rules alone: test_behaviour_again.c, with thousands of histories. These are those of the first sixteen in which a
 * look had once seen what an earlier one had made of a hit. */
static void test_verdicts_do_not_tell_how_often_somebody_looked(void **state)
{
	static const uint64_t SHOWN[] = {6, 10, 12, 13};
	(void)state;
	for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++) {
		enum actor due[HITS], once[HITS], always[HITS];
		find_actors(SHOWN[i], LOOKS_DUE, due);
		find_actors(SHOWN[i], LOOKS_ONCE, once);
		find_actors(SHOWN[i], LOOKS_ALWAYS, always);
		assert_memory_equal(once, due, sizeof once);
		assert_memory_equal(once, always, sizeof once);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_an_open_and_a_click_long_after_delivery_wait_for_none),
	    TEST(test_they_count_as_settled_when_their_step_has_passed),
	    TEST(test_the_second_click_asks_for_a_look),
	    TEST(test_the_second_click_of_one_batch_asks_too),
	    TEST(test_a_machines_click_behind_a_persons_asks_for_a_look_at_both),
	    TEST(test_a_click_without_the_person_asks_for_a_look),
	    TEST(test_a_hit_on_mail_that_nobody_knows_delivered_asks_for_a_look),
	    TEST(test_a_hit_of_a_server_that_was_behind_asks_for_a_look),
	    TEST(test_a_hit_behind_a_clock_that_ran_ahead_asks_for_a_look),
	    cmocka_unit_test(test_whom_nobody_looked_at_again_no_look_would_have_changed),
	    cmocka_unit_test(test_verdicts_do_not_tell_how_often_somebody_looked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

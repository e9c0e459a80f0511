/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judge/settle.h"
#include "hit_rows.h"
#include "store/events/settling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LATER (WORLD_NOW_US + 1000 * SECOND)
#define CHROME                                                                                                         \
	SLICE("Mozilla/5.0 (Linux; Android 6.0; Nexus 5 Build/MRA58N) AppleWebKit/537.36 (KHTML, like Gecko) "         \
	      "Chrome/57.0.2987.133 Mobile Safari/537.36")

#define PERSON "192.0.2.77"
#define SCANNER "198.51.100.9"
#define BY_SCANNER .ip = SCANNER, .agent = CHROME
#define BY_READER .ip = PERSON, BY_MAIL_CLIENT
#define BY_OLD_BROWSER .ip = PERSON, .agent = CHROME

/* A scanner: the pixel, then three links within 300 ms. */
#define A_SWEEP(...)                                                                                                   \
	{                                                                                                              \
		OPEN_AT(9 * SECOND, __VA_ARGS__), CLICK_AT(42 * SECOND, 1, __VA_ARGS__),                               \
		    CLICK_AT(42150 * MS, 2, __VA_ARGS__), CLICK_AT(42300 * MS, 3, __VA_ARGS__)                         \
	}
static const struct hit_row SWEEP[] = A_SWEEP(BY_SCANNER);

static size_t events_of_type(struct world *w, enum event_type type, const struct event **ret)
{
	const struct event *all;
	size_t total = world_all_events(w, &all);
	struct event *found = arena_alloc_array(w->arena, total + 1, sizeof *found);
	size_t n = 0;
	for (size_t i = 0; i < total; i++)
		if (all[i].type == type)
			found[n++] = all[i];
	*ret = found;
	return n;
}

static int setup(void **state)
{
	return world_set_up(state, 2);
}

static void test_hits_are_counted_at_once_and_provisional(void **state)
{
	struct world *w = *state;
	const struct event *e;
	APPLY(w, SWEEP);
	assert_int_equal(world_events(w, 0, &e), 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(e[i].actor == ACTOR_HUMAN && !e[i].settled);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 3);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 2);
	world_check_sums(w);
}

static void test_machines_that_say_so_are_settled_at_once(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	hit.user_agent = SLICE("Mozilla/5.0");
	world_apply_hit(w, WORLD_NOW_US, &hit);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_true(e->settled);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

/* The honeypot's hit is written as what it is; a reader just before it is taken back. */
static void test_a_honeypot_takes_the_hits_around_it_along(void **state)
{
	static const struct hit_row ROWS[] = {
	    OPEN_AT(300 * SECOND, .ip = "192.0.2.5", .agent = CHROME), CLICK_AT(310 * SECOND, 1, BY_SCANNER),
	    CLICK_AT(312 * SECOND, LINK_TOKEN_HONEYPOT, BY_SCANNER),
	    CLICK_AT(312100 * MS, LINK_TOKEN_HONEYPOT, BY_SCANNER), CLICK_AT(372 * SECOND, 1, BY_READER)};
	static const char *const REASONS[] = {"browser ", "honeypot_source:seconds=-2", "honeypot", "mail_client"};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 2);
	world_settle(w, LATER);
	size_t n = world_events(w, 0, &e);
	assert_true(n >= 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(e[i].settled);
		assert_int_equal(e[i].actor == ACTOR_HUMAN, i == 0 || i == 3); /* 12 s before is too long before */
		assert_true(slice_contains(e[i].reasons, slice_from_cstr(REASONS[i])));
	}
	assert_true(e[2].type == EVENT_CLICK && e[2].link_index == -1 && !e[2].destination_url.n && e[2].bot_filtered);
	assert_true(e[2].repeats == 1 && e[3].is_unique);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 1);
	assert_int_equal(world_message(w, 0)->counters.clicks_human, 1);
}

/* Nothing provisional was there when it came, and what was there had settled. */
static void test_a_late_honeypot_is_looked_at_too(void **state)
{
	static const struct hit_row FIRST[] = {CLICK_AT(300 * SECOND, 1, BY_SCANNER)};
	static const struct hit_row LAST[] = {CLICK_AT(419 * SECOND, LINK_TOKEN_HONEYPOT, BY_SCANNER)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, FIRST);
	world_settle(w, WORLD_NOW_US + 420 * SECOND);
	APPLY(w, LAST);
	world_settle(w, LATER);
	assert_true(world_events(w, 0, &e) >= 2);
	assert_int_equal(e[0].actor, ACTOR_SCANNER);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

static void test_nothing_settles_before_its_time(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(9 * SECOND, BY_READER), CLICK_AT(42 * SECOND, 1, BY_READER)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, ROWS);
	world_settle(w, WORLD_NOW_US + 129 * SECOND);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_false(e[0].settled);
	world_settle(w, WORLD_NOW_US + 145 * SECOND);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].settled && !e[1].settled);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 1);
}

static void test_a_sweep_is_taken_back_with_all_that_was_counted(void **state)
{
	struct world *w = *state;
	const struct event *e;
	APPLY(w, SWEEP);
	world_settle(w, LATER);
	assert_int_equal(world_events(w, 0, &e), 8);
	for (size_t i = 0; i < 4; i++)
		assert_true(e[i].actor == ACTOR_SCANNER && e[i].settled && e[i].bot_filtered && !e[i].is_unique);
	assert_true(slice_contains(e[0].reasons, SLICE("browser old_agent:chrome=57 burst_source:seconds=-33")));
	assert_true(slice_contains(e[1].reasons, SLICE("old_agent:chrome=57 burst:links=3,seconds=0.3")));
	const struct message_counters *c = &world_message(w, 0)->counters;
	assert_int_equal(c->opens_human, 0);
	assert_int_equal(c->opens_scanner, 1);
	assert_int_equal(c->clicks_human, 0);
	assert_int_equal(c->clicks_machine, 3);
	assert_true(c->first_open_us == 0 && c->first_open_strict_us == 0 && c->first_click_us == 0);
	assert_true(c->first_open_any_us != 0 && c->last_activity_us == 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 3);
	assert_int_equal(world_stat(w, STAT_OPENS_SCANNER), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE_ALL), 1);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

static void test_a_correction_says_what_was_said_before(void **state)
{
	struct world *w = *state;
	const struct event *c;
	APPLY(w, SWEEP);
	world_settle(w, LATER);
	assert_int_equal(events_of_type(w, EVENT_CORRECTED, &c), 4);
	assert_true(c[1].occurred_us == LATER && uuid_equal(c[1].message, world_message_id(0)));
	assert_int_equal(c[1].actor, ACTOR_SCANNER);
	assert_int_equal(c[1].link_index, 1);
	assert_true(slice_contains(c[1].previous, SLICE("\"type\":\"email.clicked\"")));
	assert_true(slice_contains(c[1].previous, SLICE("\"occurred_at\":\"2026-11-21T06:00:42.000Z\"")));
	assert_true(slice_contains(c[1].previous, SLICE("\"actor\":\"human\"")));
	assert_true(slice_contains(c[1].previous, SLICE("\"is_unique\":true")));
}

static void test_settling_twice_changes_nothing(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct hit_row again = OPEN_AT(3600 * SECOND, BY_READER);
	APPLY(w, SWEEP);
	world_settle(w, LATER);
	apply_rows(w, &again, 1);
	world_settle(w, LATER + 7200 * SECOND);
	assert_int_equal(world_events(w, 0, &e), 9);
	assert_int_equal(world_message(w, 0)->counters.clicks_machine, 3);
}

static void test_a_person_who_comes_after_the_scanner_is_the_first(void **state)
{
	static const struct hit_row PEOPLE[] = {OPEN_AT(3600 * SECOND, BY_READER),
						CLICK_AT(3660 * SECOND, 2, BY_SCANNER)};
	struct world *w = *state;
	const struct event *e;
	APPLY(w, SWEEP);
	world_settle(w, LATER);
	APPLY(w, PEOPLE);
	world_settle(w, LATER + 7200 * SECOND);
	assert_int_equal(world_events(w, 0, &e), 10);
	assert_true(e[8].is_unique && e[8].settled && e[8].actor == ACTOR_HUMAN);
	assert_true(e[9].is_unique && e[9].settled &&
		    e[9].actor == ACTOR_HUMAN); /* by the gateway's isolation browser */
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
}

static void test_a_person_who_came_before_it_settled_moves_up(void **state)
{
	static const struct hit_row PERSON_TOO[] = {OPEN_AT(100 * SECOND, BY_READER),
						    CLICK_AT(110 * SECOND, 2, BY_OLD_BROWSER)};
	struct world *w = *state;
	const struct event *e;
	const struct event *c;
	APPLY(w, SWEEP);
	APPLY(w, PERSON_TOO);
	assert_int_equal(world_events(w, 0, &e), 6);
	assert_true(e[0].is_unique && e[1].is_unique && !e[4].is_unique && !e[5].is_unique);
	world_settle(w, LATER);
	assert_true(world_events(w, 0, &e) == 12);
	assert_true(!e[0].is_unique && !e[1].is_unique && e[4].is_unique && e[5].is_unique);
	assert_int_equal(events_of_type(w, EVENT_CORRECTED, &c), 6);
	assert_true(uuid_equal(c[4].corrects, e[4].id) && c[4].is_unique && c[4].actor == ACTOR_HUMAN);
	const struct message_counters *counters = &world_message(w, 0)->counters;
	assert_true(counters->first_open_us == WORLD_NOW_US + 100 * SECOND);
	assert_true(counters->first_open_strict_us == WORLD_NOW_US + 100 * SECOND);
	assert_true(counters->first_click_us == WORLD_NOW_US + 110 * SECOND);
	assert_true(counters->last_activity_us == WORLD_NOW_US + 110 * SECOND);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_STRICT), 1);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 1);
}

static void test_double_clicks_and_offices_stay_people(void **state)
{
	static const struct hit_row ROWS[] = {
	    OPEN_AT(300 * SECOND, BY_READER),
	    CLICK_AT(301 * SECOND, 1, BY_OLD_BROWSER),
	    CLICK_AT(301200 * MS, 1, BY_OLD_BROWSER),
	    CLICK_AT(301900 * MS, 2, BY_OLD_BROWSER),
	    CLICK_AT(330 * SECOND, 3, .ip = "192.0.2.78", .agent = CHROME),
	};
	static const struct hit_row ANOTHER_MAIL[] = {
	    OPEN_AT(300 * SECOND, BY_READER, ON(1)),
	    CLICK_AT(301 * SECOND, 1, BY_OLD_BROWSER, ON(1)),
	    CLICK_AT(301200 * MS, 1, BY_OLD_BROWSER, ON(1)),
	};
	struct world *w = *state;
	const struct event *c;
	APPLY(w, ROWS);
	APPLY(w, ANOTHER_MAIL);
	world_settle(w, LATER);
	assert_int_equal(events_of_type(w, EVENT_CORRECTED, &c), 0);
	assert_int_equal(world_message(w, 0)->counters.clicks_human, 3); /* and a repeat */
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

static void test_a_hit_of_a_burst_that_came_twice_is_corrected_once(void **state)
{
	static const struct hit_row REPEAT = CLICK_AT(42400 * MS, 3, BY_SCANNER);
	struct world *w = *state;
	const struct event *e;
	APPLY(w, SWEEP);
	apply_rows(w, &REPEAT, 1);
	world_settle(w, LATER);
	assert_true(world_events(w, 0, &e) > 3);
	assert_true(e[3].repeats == 1 && e[3].actor == ACTOR_SCANNER);
	assert_int_equal(world_message(w, 0)->counters.clicks_machine, 3);
}

static void test_what_is_counted_without_the_person_is_corrected_without_the_person(void **state)
{
	static const struct hit_row NAMELESS[] = A_SWEEP(BY_SCANNER, ANONYMOUSLY);
	struct world *w = *state;
	const struct event *c;
	APPLY(w, NAMELESS);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 3);
	world_settle(w, LATER);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 3);
	assert_int_equal(events_of_type(w, EVENT_CORRECTED, &c), 3);
	assert_true(slice_contains(c[0].reasons, SLICE("consent:anonymous")));
	assert_int_equal(world_message(w, 0)->counters.clicks_machine, 0);
}

static void test_an_image_proxy_before_a_sweep_stays_the_reader(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	hit.user_agent = GMAIL;
	world_apply_hit(w, WORLD_NOW_US + 5 * SECOND, &hit);
	APPLY(w, SWEEP);
	world_settle(w, LATER);
	assert_true(world_events(w, 0, &e) > 5);
	assert_true(e[0].actor == ACTOR_PROXY_HUMAN && e[0].is_unique && e[0].settled);
	assert_true(world_message(w, 0)->counters.first_open_strict_us == 0);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_STRICT), 0);
}

/* Six mails of one company, delivered now; each of its people is looked up `gap_us` after the one before. */
static void fan_out(struct world *w, int64_t first_us, int64_t gap_us, struct slice agent)
{
	for (uint32_t n = 2; n < 6; n++)
		world_add_message(w, n, false);
	(void)world_sql(w, "UPDATE messages SET sent_at = 1795240800000000 RETURNING 1");
	for (uint32_t n = 0; n < 6; n++) {
		int64_t at_us = first_us + n * gap_us;
		struct hit_row rows[] = {
		    OPEN_AT(at_us, .ip = SCANNER, .agent = agent, ON(n)),
		    CLICK_AT(at_us + 500 * MS, 1, .ip = SCANNER, .agent = agent, ON(n)),
		};
		APPLY(w, rows);
	}
	(void)world_sql(w, "UPDATE messages SET sent_at = NULL RETURNING 1");
}

static void settle_sent(struct world *w)
{
	(void)world_sql(w, "UPDATE messages SET sent_at = 1795240800000000 RETURNING 1");
	world_settle(w, LATER);
	(void)world_sql(w, "UPDATE messages SET sent_at = NULL RETURNING 1"); /* no event of it, so no sums */
}

static void test_who_walks_through_a_company_after_delivery_is_a_scanner(void **state)
{
	struct world *w = *state;
	fan_out(w, 2 * SECOND, 2 * SECOND, CHROME);
	settle_sent(w);
	assert_int_equal(world_stat(w, STAT_OPENS_SCANNER), 6);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 6);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE) + world_stat(w, STAT_CLICKS_UNIQUE), 0);
}

static void test_an_office_that_reads_its_mail_stays_an_office(void **state)
{
	struct world *w = *state;
	fan_out(w, 10 * MINUTE, 4 * SECOND, CHROME);
	settle_sent(w);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 6);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 6);
}

static void test_an_office_with_mail_clients_may_read_at_once(void **state)
{
	struct world *w = *state;
	fan_out(w, 2 * SECOND, 4 * SECOND, SLICE_EMPTY);
	settle_sent(w);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 6);
}

/* ---- Late */

struct lateness {
	bool remembers;    /* what apply noted is still there */
	bool is_shared;    /* half of it was noted by the apply of another machine */
	bool are_gone;     /* which is not there any more when they are looked at */
	uint32_t per_life; /* timers until the next start */
};

/* Settles what is due, so many timers with one settler and the next with a new one, as if the program had been started
 * again in between; each of them remembers of `fan_out` (NULL: nothing). */
static void settle_in_lives(struct world *w, struct fan_out *fan_out, const struct lateness *how)
{
	struct timer_take some = {TIMER_SETTLE, LATER + 3600 * SECOND, how->per_life};
	struct timer_list due = {0};
	struct err err = {0};
	struct batch *batch = batch_new(w->session);
	do {
		struct fan_out *nothing = fan_out_new();
		struct settler *settler =
		    settler_new(&(struct settler_config){fan_out ? fan_out : nothing, how->is_shared});
		if (how->are_gone)
			settler_note_neighbours(settler, NEIGHBOURS_GONE, WORLD_NOW_US + 60 * SECOND);
		batch_reset(batch, LATER);
		assert_int_equal(store_begin(w->session, &err), STATUS_OK);
		assert_int_equal(store_timer_take(w->session, &some, w->arena, &due, &err), STATUS_OK);
		for (size_t i = 0; i < due.n; i++)
			assert_int_equal(settler_settle(settler, batch, &due.at[i], &err), STATUS_OK);
		assert_int_equal(batch_finish(batch, &err), STATUS_OK);
		assert_int_equal(store_commit(w->session, &err), STATUS_OK);
		settler_free(&settler);
		fan_out_free(&nothing);
	} while (due.n);
	batch_free(&batch);
}

/* What apply would still remember if the six mails were settled in time. */
static struct fan_out *memory_of(const struct event *hits, size_t count)
{
	struct fan_out *memory = fan_out_new();
	fan_out_begin(memory, WORLD_NOW_US - 3600 * SECOND);
	for (size_t i = 0; i < count; i++) {
		struct ip_address client;
		assert_true(ip_address_parse(hits[i].ip, &client));
		struct fan_out_hit hit = {
		    .tenant = hits[i].tenant,
		    .recipient = hits[i].contact_email,
		    .source = behaviour_source_of(&client, hits[i].user_agent),
		    .time_us = hits[i].occurred_us,
		};
		fan_out_note(memory, &hit);
	}
	return memory;
}

/* Who made the hits of a walk through a company, and why, one a line; in a world of its own. */
static void judge_a_walk(const struct lateness *how, struct buf *verdicts)
{
	struct world w;
	const struct event *hits;
	world_open(&w);
	for (uint32_t n = 0; n < 2; n++)
		world_add_message(&w, n, false);
	fan_out(&w, 2 * SECOND, 2 * SECOND, CHROME);
	(void)world_sql(&w, "UPDATE messages SET sent_at = 1795240800000000 RETURNING 1");
	size_t count = world_hits(&w, &hits);
	struct fan_out *memory = how->remembers ? memory_of(hits, how->is_shared ? count / 2 : count) : NULL;
	settle_in_lives(&w, memory, how);
	fan_out_free(&memory);
	count = world_hits(&w, &hits);
	assert_int_equal(count, 12);
	for (size_t i = 0; i < count; i++)
		buf_printf(verdicts, "%d %.*s\n", hits[i].actor, SLICE_FMT(hits[i].reasons));
	world_close(&w);
}

static void test_a_late_look_comes_to_what_one_in_time_would_have(void **state)
{
	static const struct lateness IN_TIME = {true, false, false, 1000};
	static const struct lateness OTHERS[] = {{false, false, false, 1000}, {false, false, false, 3},
						 {false, false, false, 1},    {true, true, false, 1000},
						 {false, true, false, 1},     {true, true, true, 1000}};
	struct buf want;
	(void)state;
	buf_init(&want, 65536);
	judge_a_walk(&IN_TIME, &want);
	assert_true(slice_contains(buf_slice(&want), SLICE("fan_out:recipients=6")));
	for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
		struct buf got;
		buf_init(&got, 65536);
		judge_a_walk(&OTHERS[i], &got);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		buf_done(&got);
	}
	buf_done(&want);
}

static void test_a_crowd_that_came_later_does_not_hide_a_sweep_from_a_late_look(void **state)
{
	enum { CROWD = 700 };
	static struct hit_row crowd[CROWD];
	struct world *w = *state;
	APPLY(w, SWEEP);
	for (int i = 0; i < CROWD; i++)
		crowd[i] = (struct hit_row)OPEN_AT(10 * MINUTE + i * 6 * SECOND, BY_READER);
	apply_rows(w, crowd, CROWD);
	settle_in_lives(w, NULL, &(struct lateness){.per_life = 1000});
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 3);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), CROWD);
}

static void test_hits_of_the_future_settle_too(void **state)
{
	static const struct hit_row AHEAD = OPEN_AT(400 * DAY, BY_READER);
	struct world *w = *state;
	const struct event *e;
	apply_rows(w, &AHEAD, 1);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_false(e->settled);
	world_settle(w, WORLD_NOW_US + INT64_C(399) * 86400 * SECOND);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_true(e->settled);
}

static void test_a_message_that_is_gone_is_no_hindrance(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	struct uuid nobody = {{9}};
	struct timer gone = settling_timer(WORLD_NOW_US, &nobody);
	APPLY(w, SWEEP);
	assert_int_equal(store_timer_add(w->session, &gone, &err), STATUS_OK);
	world_settle(w, LATER);
	assert_int_equal(world_message(w, 0)->counters.clicks_machine, 3);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM timers"), 0);
}

static void test_a_scanner_after_the_events_of_a_reader_were_pruned_leaves_when_he_read(void **state)
{
	static const struct hit_row READER[] = {OPEN_AT(0, BY_READER)};
	struct world *w = *state;
	APPLY(w, READER);
	world_settle(w, LATER);
	world_prune(w, WORLD_NOW_US + SECOND);
	APPLY(w, SWEEP);
	world_settle(w, LATER);
	assert_int_equal(world_message(w, 0)->counters.clicks_machine, 3);
	assert_true(world_message(w, 0)->counters.first_open_us == WORLD_NOW_US);
	assert_true(world_message(w, 0)->counters.last_activity_us == WORLD_NOW_US);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down_counted)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_hits_are_counted_at_once_and_provisional),
	    TEST(test_machines_that_say_so_are_settled_at_once),
	    TEST(test_a_honeypot_takes_the_hits_around_it_along),
	    TEST(test_a_late_honeypot_is_looked_at_too),
	    TEST(test_nothing_settles_before_its_time),
	    TEST(test_a_sweep_is_taken_back_with_all_that_was_counted),
	    TEST(test_a_correction_says_what_was_said_before),
	    TEST(test_settling_twice_changes_nothing),
	    TEST(test_a_person_who_comes_after_the_scanner_is_the_first),
	    TEST(test_a_person_who_came_before_it_settled_moves_up),
	    TEST(test_double_clicks_and_offices_stay_people),
	    TEST(test_a_hit_of_a_burst_that_came_twice_is_corrected_once),
	    TEST(test_what_is_counted_without_the_person_is_corrected_without_the_person),
	    TEST(test_an_image_proxy_before_a_sweep_stays_the_reader),
	    TEST(test_who_walks_through_a_company_after_delivery_is_a_scanner),
	    TEST(test_an_office_that_reads_its_mail_stays_an_office),
	    TEST(test_an_office_with_mail_clients_may_read_at_once),
	    TEST(test_a_late_look_comes_to_what_one_in_time_would_have),
	    TEST(test_a_crowd_that_came_later_does_not_hide_a_sweep_from_a_late_look),
	    TEST(test_hits_of_the_future_settle_too),
	    TEST(test_a_message_that_is_gone_is_no_hindrance),
	    TEST(test_a_scanner_after_the_events_of_a_reader_were_pruned_leaves_when_he_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

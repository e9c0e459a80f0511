/* SPDX-License-Identifier: Apache-2.0 */
/* History is made by applying and settling hits; what older rules thought of them is written over it by corrections, so
 * that sums hold before as they must hold behind. */
#include "hit_rows.h"

#include "codec/judge/known_network.h"
#include "engine/judge/correction.h"
#include "engine/judge/rejudge.h"
#include "engine/judge/second_look.h"
#include "store/people/contacts.h"
#include "store/people/erasure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define LATER (WORLD_NOW_US + 100000 * SECOND)
#define OLD_CHROME                                                                                                     \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 " \
	      "Safari/537.36")
#define CHROME                                                                                                         \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "     \
	      "Safari/537.36")

static int64_t told_now_us = LATER;
static const struct clock told_clock = WORLD_CLOCK_AT(&told_now_us);

static int setup(void **state)
{
	return world_set_up(state, 6);
}

/* ---- History */

#define SCANNER_IP "198.51.100.9"
#define PERSON_IP "192.0.2.77"
#define BY(address, name) .ip = (address), .agent = name, .has_fetch_headers = true
#define BY_SCANNER BY(SCANNER_IP, OLD_CHROME)
#define BY_READER BY(PERSON_IP, {0})
#define BY_BROWSER BY(PERSON_IP, CHROME)

static void happen(struct world *w, const struct hit_row *rows, size_t count)
{
	apply_rows(w, rows, count);
	world_settle(w, LATER);
}
#define HAPPEN(w, rows) happen(w, rows, sizeof(rows) / sizeof(rows)[0])

static const struct hit_row SWEEP[] = {
    OPEN_AT(9 * SECOND, BY_SCANNER),
    CLICK_AT(42 * SECOND, 1, BY_SCANNER),
    CLICK_AT(42150 * MS, 2, BY_SCANNER),
    CLICK_AT(42300 * MS, 3, BY_SCANNER),
};
/* Two who read message 0, one after the other. */
static const struct hit_row READERS[] = {
    OPEN_AT(3600 * SECOND, BY_READER),
    CLICK_AT(3660 * SECOND, 1, BY_BROWSER),
    OPEN_AT(7200 * SECOND, BY("192.0.2.5", {0})),
    CLICK_AT(7260 * SECOND, 1, BY("192.0.2.5", CHROME)),
};

struct old_verdict {
	enum actor actor;
	const char *reasons;
};

/* What older rules said of the nth hit of a message, counted by time. */
static void say(struct world *w, uint32_t message, size_t n, struct old_verdict old)
{
	struct batch *batch = batch_new(w->session);
	struct correction c = {.batch = batch};
	struct event_hits hits = {0};
	struct err err = {0};
	batch_reset(batch, LATER);
	assert_int_equal(store_begin(w->session, &err), STATUS_OK);
	assert_int_equal(batch_message(batch, world_message_id(message), &c.message, &err), STATUS_OK);
	assert_int_equal(second_look_read(w->session, world_message_id(message), 100, w->arena, &hits, &err),
			 STATUS_OK);
	assert_true(n < hits.n);
	struct event after = hits.at[n];
	after.actor = old.actor;
	after.reasons = slice_from_cstr(old.reasons);
	after.rules = SLICE("2020-01-01");
	assert_int_equal(correction_change(&c, &hits.at[n], &after, &err), STATUS_OK);
	assert_int_equal(correction_finish(&c, &err), STATUS_OK);
	assert_int_equal(batch_finish(batch, &err), STATUS_OK);
	assert_int_equal(store_commit(w->session, &err), STATUS_OK);
	batch_free(&batch);
	world_check_sums(w);
}

static const struct old_verdict PERSON = {ACTOR_HUMAN, "browser"};
static const struct old_verdict SCANNER = {ACTOR_SCANNER, "robot_list:nonsense"};

static void say_of_all(struct world *w, uint32_t message, size_t count, struct old_verdict old)
{
	for (size_t i = 0; i < count; i++)
		say(w, message, i, old);
}

/* ---- Judging it again */

/* `w`'s sums may be wrong. */
static struct rejudge_report pass(struct world *w, bool applies, int64_t since_us)
{
	struct err err = {0};
	struct rejudge *rejudge = NULL;
	struct writer *writer = applies ? world_start_writer(w) : NULL;
	struct rejudge_config config = {
	    .store = w->store, .writer = writer, .clock = &told_clock, .since_us = since_us};
	enum status status = rejudge_begin(&config, &rejudge, &err);
	while (status == STATUS_OK)
		status = rejudge_step(rejudge, &err);
	if (status != STATUS_END)
		fail_msg("%s", err.text);
	struct rejudge_report report = *rejudge_report(rejudge);
	assert_int_equal(rejudge_progress(rejudge).hits, report.hits);
	rejudge_free(&rejudge);
	writer_stop(&writer);
	rejudge_report_sort(&report);
	return report;
}

static struct rejudge_report run(struct world *w, bool applies, int64_t since_us)
{
	struct rejudge_report report = pass(w, applies, since_us);
	world_check_sums(w);
	return report;
}

static struct rejudge_report rejudge_all(struct world *w)
{
	return run(w, true, WORLD_NOW_US);
}

static int64_t last_position(struct world *w)
{
	return world_sql(w, "SELECT MAX(position) FROM events");
}

/* A second run must find nothing; so must one without writing behind it. */
static void expect_nothing_more(struct world *w)
{
	int64_t position = last_position(w);
	assert_int_equal(run(w, false, WORLD_NOW_US).changed, 0);
	assert_int_equal(rejudge_all(w).changed, 0);
	assert_int_equal(last_position(w), position);
}

/* The nth hit of a message by time. */
static struct event hit(struct world *w, uint32_t message, size_t n)
{
	struct event_hits hits = {0};
	struct err err = {0};
	assert_int_equal(second_look_read(w->session, world_message_id(message), 2000, w->arena, &hits, &err),
			 STATUS_OK);
	assert_true(n < hits.n);
	return hits.at[n];
}

static void test_people_of_older_rules_become_the_scanner_they_are(void **state)
{
	struct world *w = *state;
	HAPPEN(w, SWEEP);
	say_of_all(w, 0, 4, PERSON);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 1);
	struct rejudge_report report = rejudge_all(w);
	assert_true(report.messages == 1 && report.hits == 4 && report.changed == 4);
	assert_int_equal(report.opens[ACTOR_HUMAN][ACTOR_SCANNER], 1);
	assert_int_equal(report.clicks[ACTOR_HUMAN][ACTOR_SCANNER], 3);
	assert_true(report.before.opens == 1 && report.before.clicks == 3);
	assert_true(report.before.opens_unique == 1 && report.before.clicks_unique == 1);
	assert_true(report.after.opens == 0 && report.after.clicks == 0);
	assert_true(report.after.opens_unique == 0 && report.after.clicks_unique == 0);
	assert_string_equal(report.reasons[0].name, "frozen_agent");
	assert_true(report.reasons[0].came == 4 && report.reasons[0].went == 0);
	assert_string_equal(report.reasons[1].name, "burst");
	for (size_t i = 0; i < 4; i++)
		assert_true(hit(w, 0, i).actor == ACTOR_SCANNER && hit(w, 0, i).settled);
	assert_true(slice_contains(hit(w, 0, 1).reasons, SLICE(" burst:links=3,seconds=0.3 group:")));
	assert_true(slice_equal(hit(w, 0, 1).rules, SLICE(VERDICT_RULES)));
	const struct message_counters *c = &world_message(w, 0)->counters;
	assert_true(c->first_open_us == 0 && c->first_click_us == 0 && c->last_activity_us == 0);
	expect_nothing_more(w);
}

static void test_a_machine_of_older_rules_may_be_a_person(void **state)
{
	struct world *w = *state;
	const struct event *e;
	HAPPEN(w, READERS);
	say_of_all(w, 0, 4, SCANNER);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 0);
	struct rejudge_report report = rejudge_all(w);
	assert_int_equal(report.changed, 4);
	assert_int_equal(report.opens[ACTOR_SCANNER][ACTOR_HUMAN], 2);
	assert_true(report.before.opens_unique == 0 && report.after.opens_unique == 1);
	assert_true(hit(w, 0, 0).is_unique && hit(w, 0, 1).is_unique);
	assert_false(hit(w, 0, 2).is_unique || hit(w, 0, 3).is_unique);
	assert_true(slice_equal(hit(w, 0, 0).reasons, SLICE("mail_client")));
	const struct message_counters *c = &world_message(w, 0)->counters;
	assert_true(c->first_open_us == WORLD_NOW_US + 3600 * SECOND && c->first_open_strict_us == c->first_open_us);
	assert_true(c->last_activity_us == WORLD_NOW_US + 7260 * SECOND);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_STRICT), 1);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 1);
	size_t count = world_all_events(w, &e);
	size_t corrections = 0;
	for (size_t i = 0; i < count; i++)
		corrections += uuid_equal(e[i].corrects, hit(w, 0, 0).id);
	assert_int_equal(corrections, 2); /* to what older rules said, and back */
	assert_true(e[count - 1].type == EVENT_CORRECTED && e[count - 1].previous.n > 0);
	expect_nothing_more(w);
}

static void test_who_is_first_moves_both_ways(void **state)
{
	struct world *w = *state;
	HAPPEN(w, READERS);
	say(w, 0, 0, SCANNER);
	say(w, 0, 1, SCANNER);
	assert_true(hit(w, 0, 2).is_unique && hit(w, 0, 3).is_unique);
	struct rejudge_report report = rejudge_all(w);
	assert_int_equal(report.changed, 2);
	assert_true(report.before.opens_unique == 1 && report.after.opens_unique == 1);
	assert_true(hit(w, 0, 0).is_unique && hit(w, 0, 1).is_unique);
	assert_false(hit(w, 0, 2).is_unique || hit(w, 0, 3).is_unique);
	assert_true(world_message(w, 0)->counters.first_click_us == WORLD_NOW_US + 3660 * SECOND);

	static const struct hit_row MACHINES[] = {OPEN_AT(SECOND, BY(SCANNER_IP, APPLE), ON(1)),
						  OPEN_AT(9000 * SECOND, BY_READER, ON(1))};
	HAPPEN(w, MACHINES);
	say(w, 1, 0, PERSON);
	assert_true(hit(w, 1, 0).is_unique && !hit(w, 1, 1).is_unique);
	report = rejudge_all(w);
	assert_int_equal(report.opens[ACTOR_HUMAN][ACTOR_PREFETCH], 1);
	assert_true(!hit(w, 1, 0).is_unique && hit(w, 1, 1).is_unique);
	assert_int_equal(world_message(w, 1)->counters.opens_mpp, 1);
	assert_true(world_message(w, 1)->counters.first_open_us == WORLD_NOW_US + 9000 * SECOND);
	expect_nothing_more(w);
}

static void test_an_image_proxy_and_a_person_are_told_apart_in_the_strict_number(void **state)
{
	static const struct hit_row PROXY[] = {OPEN_AT(9 * SECOND, BY(SCANNER_IP, GMAIL))};
	struct world *w = *state;
	HAPPEN(w, PROXY);
	say(w, 0, 0, PERSON);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_STRICT), 1);
	assert_int_equal(rejudge_all(w).changed, 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_STRICT), 0);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_true(hit(w, 0, 0).is_unique);
}

static void test_without_a_writer_it_only_says_what_would_change(void **state)
{
	struct world *w = *state;
	HAPPEN(w, SWEEP);
	say_of_all(w, 0, 4, PERSON);
	int64_t position = last_position(w);
	struct rejudge_report would = run(w, false, WORLD_NOW_US);
	assert_int_equal(would.changed, 4);
	assert_int_equal(last_position(w), position);
	assert_true(hit(w, 0, 0).actor == ACTOR_HUMAN && hit(w, 0, 0).is_unique);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 3);
	struct rejudge_report did = rejudge_all(w);
	assert_memory_equal(&would, &did, sizeof did);
}

static void test_what_was_judged_and_settled_by_these_rules_stays(void **state)
{
	static const struct hit_row MORE[] = {
	    OPEN_AT(9 * SECOND, BY(SCANNER_IP, APPLE), ON(1)),
	    OPEN_AT(20 * SECOND, BY(SCANNER_IP, GMAIL), ON(1)),
	    CLICK_AT(42300 * MS, 3, BY_BROWSER, ON(1), .purpose = SLICE("prefetch")),
	    CLICK_AT(42400 * MS, 3, BY_BROWSER, ON(1)),
	    CLICK_AT(42500 * MS, 3, BY_BROWSER, ON(1)),
	    OPEN_AT(42500 * MS, BY(PERSON_IP, SLICE("curl/7.88.1")), ON(2)),
	    CLICK_AT(45 * SECOND, 1, BY(PERSON_IP, OLD_CHROME), ON(2), ANONYMOUSLY),
	    OPEN_AT(42500 * MS, BY(PERSON_IP, SLICE("NoSuchThing")), ON(3)),
	    CLICK_AT(42500 * MS, LINK_TOKEN_HONEYPOT, BY_BROWSER, ON(4)),
	    CLICK_AT(43500 * MS, 1, BY_BROWSER, ON(4)),
	};
	struct world *w = *state;
	HAPPEN(w, SWEEP);
	HAPPEN(w, READERS);
	HAPPEN(w, MORE);
	struct rejudge_report report = rejudge_all(w);
	assert_true(report.messages == 5 && report.hits == 16 && report.changed == 0);
	assert_int_equal(hit(w, 4, 1).actor, ACTOR_SCANNER); /* by the honeypot */
	assert_int_equal(report.left[LEFT_NOT_KEPT], 1);
	assert_int_equal(report.reason_count, 0);
}

static void test_repeats_stay_repeats_and_change_no_number(void **state)
{
	static const struct hit_row ONCE[] = {OPEN_AT(9 * SECOND, BY_READER)};
	struct world *w = *state;
	HAPPEN(w, ONCE);
	struct event repeat = hit(w, 0, 0); /* older stores have a row for each */
	repeat.id.bytes[15] ^= 1;
	repeat.occurred_us += SECOND;
	repeat.is_duplicate = true;
	world_add_event(w, &repeat);
	say(w, 0, 1, (struct old_verdict){ACTOR_SCANNER, "robot_list:nonsense duplicate:seconds=5"});
	struct rejudge_report report = rejudge_all(w);
	assert_true(report.changed == 1 && report.after.opens == 1);
	repeat = hit(w, 0, 1);
	assert_true(repeat.is_duplicate && !repeat.is_unique && repeat.actor == ACTOR_HUMAN);
	assert_true(slice_equal(repeat.reasons, SLICE("mail_client duplicate:seconds=5")));
	assert_int_equal(world_message(w, 0)->counters.opens_human, 1);
}

static void test_hits_before_the_time_stay_and_are_evidence(void **state)
{
	struct world *w = *state;
	HAPPEN(w, SWEEP);
	say_of_all(w, 0, 4, PERSON);
	struct rejudge_report report = run(w, true, WORLD_NOW_US + 42200 * 1000);
	assert_true(report.hits == 1 && report.changed == 1);
	assert_true(hit(w, 0, 2).actor == ACTOR_HUMAN && hit(w, 0, 3).actor == ACTOR_SCANNER);
	assert_true(report.before.clicks == 1 && report.after.clicks == 0);
	assert_true(report.before.clicks_unique == 1 && report.after.clicks_unique == 1);
	assert_int_equal(run(w, true, LATER + SECOND).hits, 0);
}

static void test_messages_with_pruned_events_are_left_alone(void **state)
{
	struct world *w = *state;
	HAPPEN(w, READERS);
	say_of_all(w, 0, 4, SCANNER);
	(void)world_sql(w, "DELETE FROM events WHERE position = (SELECT MIN(position) FROM events) RETURNING 1");
	struct rejudge_report report = pass(w, true, WORLD_NOW_US);
	assert_true(report.messages == 0 && report.changed == 0);
	assert_int_equal(report.left[LEFT_INCOMPLETE], 3);
	assert_int_equal(hit(w, 0, 0).actor, ACTOR_SCANNER);
}

static void test_rows_without_signals_are_judged_by_what_their_reasons_say(void **state)
{
	static const struct hit_row ROWS[] = {
	    CLICK_AT(42300 * MS, 3, BY_BROWSER, .purpose = SLICE("prefetch")),
	    OPEN_AT(52300 * MS, BY(SCANNER_IP, APPLE)),
	    OPEN_AT(99 * SECOND, BY_READER),
	};
	struct world *w = *state;
	HAPPEN(w, ROWS);
	(void)world_sql(w, "UPDATE events SET signals = NULL RETURNING 1");
	assert_int_equal(rejudge_all(w).changed, 0);
	assert_int_equal(hit(w, 0, 0).actor, ACTOR_PREFETCH);
	say(w, 0, 2, SCANNER);
	assert_int_equal(rejudge_all(w).changed, 1);
	assert_int_equal(hit(w, 0, 2).actor, ACTOR_HUMAN);
}

static void test_hits_of_nobody_are_left_alone(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(9 * SECOND, BY_READER, ANONYMOUSLY),
					      OPEN_AT(99 * SECOND, BY_READER), OPEN_AT(9 * SECOND, BY_READER, ON(1))};
	struct world *w = *state;
	struct err err = {0};
	struct contact_key key = {w->tenant, SLICE("c1@example.com")};
	struct erasure_counts counts = {0};
	HAPPEN(w, ROWS);
	say(w, 0, 0, (struct old_verdict){ACTOR_SCANNER, "robot_list:nonsense consent:anonymous"});
	say(w, 0, 1, SCANNER);
	say(w, 1, 0, SCANNER);
	(void)world_sql(
	    w,
	    "UPDATE events SET address = NULL, agent = NULL, signals = NULL WHERE position IN (SELECT position FROM "
	    "email_events WHERE reasons = 'robot_list:nonsense' AND message_id = (SELECT message_id FROM email_events "
	    "WHERE reasons LIKE '%anonymous%' LIMIT 1)) RETURNING 1");
	assert_int_equal(store_contact_erase(w->session, &key, &counts, &err), STATUS_OK);
	struct rejudge_report report = rejudge_all(w);
	assert_true(report.changed == 0 && report.hits == 0);
	assert_int_equal(report.left[LEFT_NOT_KEPT], 2);
	assert_int_equal(report.left[LEFT_ERASED], 1);
}

static void test_a_network_that_was_shortened_takes_no_verdict_back(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(9 * SECOND, BY("192.0.2.0", CHROME)),
					      OPEN_AT(99 * SECOND, BY("192.0.2.1", CHROME))};
	static const struct old_verdict BY_NETWORK = {ACTOR_SCANNER, "network:somebody"};
	struct world *w = *state;
	HAPPEN(w, ROWS);
	say(w, 0, 0, BY_NETWORK);
	say(w, 0, 1, BY_NETWORK);
	struct rejudge_report report = rejudge_all(w);
	assert_true(report.changed == 1 && report.left[LEFT_NOT_KEPT] == 1);
	assert_true(hit(w, 0, 0).actor == ACTOR_SCANNER && hit(w, 0, 1).actor == ACTOR_HUMAN);
	expect_nothing_more(w);
}

static void test_too_many_hits_of_a_message_are_left_alone(void **state)
{
	enum { HITS = BEHAVIOUR_HITS_MAX + 1 };
	struct world *w = *state;
	struct hit_row *rows = arena_alloc_array(w->arena, HITS, sizeof *rows);
	for (int i = 0; i < HITS; i++)
		rows[i] = (struct hit_row)OPEN_AT(i * 10 * SECOND, BY_READER);
	happen(w, rows, HITS);
	say(w, 0, 1, SCANNER);
	struct rejudge_report report = rejudge_all(w);
	assert_true(report.messages == 0 && report.changed == 0);
	assert_int_equal(report.left[LEFT_CROWDED], HITS);
}

/* Five and more of one company, one after the other, seconds after delivery. */
static void test_fan_out_is_seen_in_history(void **state)
{
	struct world *w = *state;
	for (uint32_t n = 0; n < 6; n++) {
		struct hit_row rows[] = {OPEN_AT((2 + 2 * n) * SECOND, BY_SCANNER, ON(n)),
					 CLICK_AT((2500 + 2000 * n) * MS, 1, BY_SCANNER, ON(n))};
		HAPPEN(w, rows);
	}
	assert_int_equal(world_stat(w, STAT_OPENS_SCANNER), 0);
	(void)world_sql(w, "UPDATE messages SET sent_at = 1795240800000000 RETURNING 1"); /* was not known */
	assert_int_equal(pass(w, true, WORLD_NOW_US).changed, 12);
	assert_int_equal(pass(w, true, WORLD_NOW_US).changed, 0);
	(void)world_sql(w, "UPDATE messages SET sent_at = NULL RETURNING 1"); /* no event of it, so no sums */
	assert_int_equal(world_stat(w, STAT_OPENS_SCANNER), 6);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 6);
	assert_true(slice_contains(hit(w, 5, 0).reasons, SLICE("fan_out:recipients=6")));
}

static void test_fan_out_that_settling_saw_is_seen_again(void **state)
{
	struct world *w = *state;
	struct hit_row rows[12];
	(void)world_sql(w, "UPDATE messages SET sent_at = 1795240800000000 RETURNING 1");
	for (uint32_t n = 0; n < 6; n++) {
		rows[2 * n] = (struct hit_row)OPEN_AT((2 + 2 * n) * SECOND, BY_SCANNER, ON(n));
		rows[2 * n + 1] = (struct hit_row)CLICK_AT((2500 + 2000 * n) * MS, 1, BY_SCANNER, ON(n));
	}
	HAPPEN(w, rows);
	assert_int_equal(world_stat(w, STAT_OPENS_SCANNER), 6);
	struct rejudge_report report = pass(w, true, WORLD_NOW_US);
	assert_true(report.hits == 12 && report.changed == 0);
	(void)world_sql(w, "UPDATE messages SET sent_at = NULL RETURNING 1");
}

static bool end_at_once(void *user, const struct rejudge_progress *progress)
{
	*(uint32_t *)user = progress->per_mille;
	return false;
}

static void test_a_pass_that_was_ended_is_made_whole_by_the_next(void **state)
{
	enum { MESSAGES = 70 }; /* more than one step */
	struct world *w = *state;
	struct hit_row rows[MESSAGES];
	uint32_t per_mille = 0;
	for (uint32_t n = 0; n < MESSAGES; n++) {
		if (n >= 6)
			world_add_message(w, n, false);
		rows[n] = (struct hit_row)OPEN_AT((9 + 10 * n) * SECOND, BY_READER, ON(n));
	}
	HAPPEN(w, rows);
	for (uint32_t n = 0; n < MESSAGES; n++)
		say(w, n, 0, SCANNER);
	struct err err = {0};
	struct rejudge_report report;
	struct rejudge_watch watch = {end_at_once, &per_mille};
	struct writer *writer = world_start_writer(w);
	struct rejudge_config config = {
	    .store = w->store, .writer = writer, .clock = &told_clock, .since_us = WORLD_NOW_US};
	assert_int_equal(rejudge_run(&config, &watch, &report, &err), STATUS_AGAIN);
	writer_stop(&writer);
	assert_true(report.changed > 0 && report.changed < MESSAGES && per_mille > 0);
	world_check_sums(w);
	struct rejudge_report rest = rejudge_all(w);
	assert_int_equal(rest.changed, MESSAGES - report.changed);
	expect_nothing_more(w);
}

static void test_an_operators_lists_are_used(void **state)
{
	static const struct hit_row ROWS[] = {OPEN_AT(9 * SECOND, BY(SCANNER_IP, APPLE)),
					      OPEN_AT(99 * SECOND, BY(PERSON_IP, APPLE))};
	struct world *w = *state;
	struct err err = {0};
	struct rejudge *rejudge = NULL;
	struct network_lists *lists = network_lists_new();
	HAPPEN(w, ROWS);
	assert_int_equal(network_lists_read_egress(lists, SLICE("192.0.2.0/24,US,US-CA,Cupertino,\n"), &err),
			 STATUS_OK);
	struct rejudge_config config = {
	    .store = w->store, .clock = &told_clock, .lists = lists, .since_us = WORLD_NOW_US};
	assert_int_equal(rejudge_begin(&config, &rejudge, &err), STATUS_OK);
	while (rejudge_step(rejudge, &err) == STATUS_OK)
		;
	assert_int_equal(rejudge_report(rejudge)->opens[ACTOR_PREFETCH][ACTOR_SCANNER], 1);
	assert_int_equal(rejudge_report(rejudge)->opens[ACTOR_PREFETCH][ACTOR_PREFETCH], 1);
	rejudge_free(&rejudge);
	network_lists_free(&lists);
}

static void test_a_damaged_row_hinders_its_own_message_only(void **state)
{
	static const struct hit_row OTHER[] = {OPEN_AT(9 * SECOND, BY_READER, ON(1))};
	struct world *w = *state;
	HAPPEN(w, SWEEP);
	HAPPEN(w, OTHER);
	say(w, 1, 0, SCANNER);
	(void)world_sql(w, "UPDATE events SET flags = flags | (15 << 16) WHERE position = 2 RETURNING 1");
	struct rejudge_report report = pass(w, true, WORLD_NOW_US);
	assert_int_equal(report.left[LEFT_UNREADABLE], 4);
	assert_int_equal(report.opens[ACTOR_SCANNER][ACTOR_HUMAN], 1);
	assert_true(hit(w, 1, 0).is_unique);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down_counted)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_people_of_older_rules_become_the_scanner_they_are),
	    TEST(test_a_machine_of_older_rules_may_be_a_person),
	    TEST(test_who_is_first_moves_both_ways),
	    TEST(test_an_image_proxy_and_a_person_are_told_apart_in_the_strict_number),
	    TEST(test_without_a_writer_it_only_says_what_would_change),
	    TEST(test_what_was_judged_and_settled_by_these_rules_stays),
	    TEST(test_repeats_stay_repeats_and_change_no_number),
	    TEST(test_hits_before_the_time_stay_and_are_evidence),
	    cmocka_unit_test_setup_teardown(test_messages_with_pruned_events_are_left_alone, setup, world_tear_down),
	    TEST(test_rows_without_signals_are_judged_by_what_their_reasons_say),
	    TEST(test_hits_of_nobody_are_left_alone),
	    TEST(test_a_network_that_was_shortened_takes_no_verdict_back),
	    TEST(test_too_many_hits_of_a_message_are_left_alone),
	    TEST(test_fan_out_is_seen_in_history),
	    TEST(test_fan_out_that_settling_saw_is_seen_again),
	    TEST(test_a_pass_that_was_ended_is_made_whole_by_the_next),
	    TEST(test_an_operators_lists_are_used),
	    cmocka_unit_test_setup_teardown(test_a_damaged_row_hinders_its_own_message_only, setup, world_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

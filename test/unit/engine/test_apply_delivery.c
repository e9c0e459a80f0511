/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "store/mail/queue.h"
#include "store/mail/queue_admin.h"
#include "store/mail/queue_claim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void put_intent(struct world_feed *feed, int64_t time_us, const struct intent_record *intent)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	record_put_intent(&b, intent);
	world_put_bytes(feed, RECORD_INTENT, time_us, buf_slice(&b));
}

static void put_outcome(struct world_feed *feed, int64_t time_us, const struct outcome_record *outcome)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	record_put_outcome(&b, outcome);
	world_put_bytes(feed, RECORD_OUTCOME, time_us, buf_slice(&b));
}

enum step { END, INTENT, SENT, DELIVERED, RETRY, FAILED, UNCERTAIN };

static const enum outcome OUTCOMES[] = {
    [SENT] = OUTCOME_SENT,     [DELIVERED] = OUTCOME_DELIVERED, [RETRY] = OUTCOME_RETRY,
    [FAILED] = OUTCOME_FAILED, [UNCERTAIN] = OUTCOME_UNCERTAIN,
};

static void put_step(struct world_feed *feed, uint64_t lease, int64_t time_us, enum step step)
{
	struct intent_record intent = {.message = world_message_id(0), .lease = lease, .attempt = 1};
	struct outcome_record outcome = {.message = world_message_id(0),
					 .lease = lease,
					 .attempt = 1,
					 .reply_code = step == FAILED  ? 550
						       : step == RETRY ? 451
								       : 250,
					 .reply = step == FAILED ? SLICE("5.1.1 no such user") : SLICE("4.3.0 later"),
					 .remote_id = SLICE("r-1"),
					 .next_due_us = step == RETRY ? WORLD_NOW_US + 60 * SECOND : 0};
	if (step == INTENT) {
		put_intent(feed, time_us, &intent);
		return;
	}
	outcome.outcome = OUTCOMES[step];
	put_outcome(feed, time_us, &outcome);
}

/* What a message and its numbers are after the steps. */
struct want {
	const char *name;
	enum step steps[6];
	enum message_state state;
	int sent, delivered, deferred, failed; /* events */
	int in_flight, in_doubt;               /* statistics; the others follow from the events */
};

static const struct want TABLE[] = {
    {"an intent alone", {INTENT}, MESSAGE_SENDING, 0, 0, 0, 0, 0, 0},
    {"sent", {INTENT, SENT}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"delivered at once", {INTENT, DELIVERED}, MESSAGE_DELIVERED, 1, 1, 0, 0, 0, 0},
    {"sent, then delivered", {INTENT, SENT, DELIVERED}, MESSAGE_DELIVERED, 1, 1, 0, 0, 0, 0},
    {"sent is not told twice", {INTENT, SENT, SENT}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"deferred", {INTENT, RETRY}, MESSAGE_DEFERRED, 0, 0, 1, 0, 0, 0},
    {"deferred before an intent", {RETRY}, MESSAGE_DEFERRED, 0, 0, 1, 0, 0, 0},
    {"deferred, then under way again", {INTENT, RETRY, INTENT}, MESSAGE_SENDING, 0, 0, 1, 0, 0, 0},
    {"deferred, then sent", {INTENT, RETRY, INTENT, SENT}, MESSAGE_SENT, 1, 0, 1, 0, 1, 0},
    {"refused", {INTENT, FAILED}, MESSAGE_FAILED, 0, 0, 0, 1, 0, 0},
    {"refused before an intent", {FAILED}, MESSAGE_FAILED, 0, 0, 0, 1, 0, 0},
    {"in doubt", {INTENT, UNCERTAIN}, MESSAGE_IN_DOUBT, 0, 0, 0, 0, 0, 1},
    {"in doubt twice", {INTENT, UNCERTAIN, UNCERTAIN}, MESSAGE_IN_DOUBT, 0, 0, 0, 0, 0, 1},
    {"in doubt, then sent after all", {INTENT, UNCERTAIN, SENT}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"in doubt, then refused", {INTENT, UNCERTAIN, FAILED}, MESSAGE_FAILED, 0, 0, 0, 1, 0, 0},
    {"in doubt, then tried again", {INTENT, UNCERTAIN, RETRY, INTENT, SENT}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"sent is not taken back by a refusal", {INTENT, SENT, FAILED}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"sent is not put in doubt", {INTENT, SENT, UNCERTAIN}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"sent does not go back to sending", {INTENT, SENT, INTENT}, MESSAGE_SENT, 1, 0, 0, 0, 1, 0},
    {"delivered does not go back to sent", {INTENT, DELIVERED, SENT}, MESSAGE_DELIVERED, 1, 1, 0, 0, 0, 0},
};

static int count_events(struct world *w, enum event_type type)
{
	const struct event *e;
	int found = 0;
	size_t count = world_events(w, 0, &e);
	for (size_t i = 0; i < count; i++)
		found += e[i].type == type;
	return found;
}

static void expect(const char *name, const char *what, int64_t got, int64_t want)
{
	if (got != want)
		fail_msg("%s: %s: got %lld, want %lld", name, what, (long long)got, (long long)want);
}

static void check_row(struct world *w, const struct want *want)
{
	const struct message *m = world_message(w, 0);
	expect(want->name, "state", m->state, want->state);
	expect(want->name, "sent events", count_events(w, EVENT_SENT), want->sent);
	expect(want->name, "delivered events", count_events(w, EVENT_DELIVERED), want->delivered);
	expect(want->name, "deferred events", count_events(w, EVENT_DEFERRED), want->deferred);
	expect(want->name, "failed events", count_events(w, EVENT_FAILED), want->failed);
	expect(want->name, "in flight", world_stat(w, STAT_IN_FLIGHT), want->in_flight);
	expect(want->name, "in doubt", world_stat(w, STAT_IN_DOUBT), want->in_doubt);
	expect(want->name, "sends", world_stat(w, STAT_SENDS),
	       want->in_flight + want->in_doubt + want->delivered + want->failed);
	expect(want->name, "cohort", m->cohort_day, WORLD_NOW_US / (86400 * SECOND));
	world_check_sums(w);
}

static void test_the_table_of_delivery(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
		struct world w;
		world_open(&w);
		world_add_message(&w, 0, true);
		uint64_t lease = world_lease(&w, 0);
		struct world_feed *feed = world_feed_open(&w);
		for (int step = 0; TABLE[i].steps[step] != END; step++)
			put_step(feed, lease, WORLD_NOW_US + step * SECOND, TABLE[i].steps[step]);
		world_feed_close(&feed);
		world_apply_all(&w);
		check_row(&w, &TABLE[i]);
		world_close(&w);
	}
}

static void apply_steps(struct world *w, uint64_t lease, const enum step *steps)
{
	struct world_feed *feed = world_feed_open(w);
	for (int i = 0; steps[i] != END; i++)
		put_step(feed, lease, WORLD_NOW_US + i * SECOND, steps[i]);
	world_feed_close(&feed);
	world_apply_all(w);
}

static int setup(void **state)
{
	(void)world_set_up(state, 0);
	world_add_message(*state, 0, true);
	return 0;
}

static struct queue_figures figures(struct world *w)
{
	struct queue_figures f;
	struct err err = {0};
	assert_int_equal(store_queue_count(w->session, &(struct queue_of){.tenant = w->tenant}, WORLD_NOW_US, &f, &err),
			 STATUS_OK);
	return f;
}

static void test_the_queue_follows_the_outcomes(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, RETRY, END});
	int64_t due_us = 0;
	struct err err = {0};
	assert_int_equal(store_queue_next_due(w->session, &due_us, &err), STATUS_OK);
	assert_true(due_us == WORLD_NOW_US + 60 * SECOND);
	assert_true(slice_equal(world_message(w, 0)->error, SLICE("4.3.0 later")));
}

static void test_a_sent_message_leaves_the_queue(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, SENT, END});
	assert_int_equal(world_sql(w, "SELECT count(*) FROM send_queue"), 0);
	const struct message *m = world_message(w, 0);
	assert_true(slice_equal(m->remote_id, SLICE("r-1")));
	assert_true(m->sent_us == WORLD_NOW_US + SECOND);
	assert_int_equal(m->attempts, 1);
}

static void test_a_message_in_doubt_is_held(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, UNCERTAIN, END});
	assert_int_equal(figures(w).in_doubt, 1);
}

static void test_an_outcome_of_an_older_attempt_changes_no_queue_row(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	(void)world_sql(w, "UPDATE send_queue SET attempt = 2 RETURNING 1");
	apply_steps(w, lease, (const enum step[]){SENT, END});
	assert_int_equal(world_sql(w, "SELECT count(*) FROM send_queue"), 1);
	assert_int_equal(world_message(w, 0)->state, MESSAGE_SENT);
}

/* What another machine does with the row of one that it takes for dead. */
static void hold_as_another(struct world *w)
{
	struct err err = {0};
	assert_int_equal(store_queue_hold(w->session, world_message_id(0), 1, WORLD_NOW_US, &err), STATUS_OK);
	assert_int_equal(figures(w).in_doubt, 1);
}

static void test_a_late_outcome_takes_the_held_row_along(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, END});
	hold_as_another(w);
	apply_steps(w, lease, (const enum step[]){SENT, END});
	assert_int_equal(world_message(w, 0)->state, MESSAGE_SENT);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM send_queue"), 0);
	world_check_sums(w);
}

static void test_a_late_refusal_has_the_held_row_tried_again(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, END});
	hold_as_another(w);
	apply_steps(w, lease, (const enum step[]){RETRY, END});
	assert_int_equal(figures(w).in_doubt, 0);
	assert_int_equal(figures(w).deferred, 1);
}

/* More than one step of one row within a transaction: the batch must not mix them up. */
static void test_steps_of_one_row_in_one_batch_keep_their_order(void **state)
{
	struct world *w = *state;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, UNCERTAIN, RETRY, FAILED, END});
	assert_int_equal(world_sql(w, "SELECT count(*) FROM send_queue"), 0);
	assert_int_equal(world_message(w, 0)->state, MESSAGE_FAILED);
}

static void test_two_events_of_one_record_have_ids_of_their_own(void **state)
{
	struct world *w = *state;
	const struct event *e;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, DELIVERED, END});
	struct uuid id = uuid_of_record(WORLD_NOW_US + SECOND, journal_node(w->journal), 2);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].type == EVENT_SENT && uuid_equal(e[0].id, id));
	assert_true(e[1].type == EVENT_DELIVERED && uuid_equal(e[1].id, uuid_derived(id, 2)));
}

static void test_a_refusal_tells_class_code_and_words(void **state)
{
	struct world *w = *state;
	const struct event *e;
	uint64_t lease = world_lease(w, 0);
	apply_steps(w, lease, (const enum step[]){INTENT, FAILED, END});
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_true(slice_equal(e->bounce_class, SLICE("hard")));
	assert_true(slice_equal(e->bounce_code, SLICE("5.1.1")));
	assert_true(slice_equal(e->bounce_reason, SLICE("5.1.1 no such user")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_table_of_delivery),
	    TEST(test_the_queue_follows_the_outcomes),
	    TEST(test_a_sent_message_leaves_the_queue),
	    TEST(test_a_message_in_doubt_is_held),
	    TEST(test_an_outcome_of_an_older_attempt_changes_no_queue_row),
	    TEST(test_a_late_outcome_takes_the_held_row_along),
	    TEST(test_a_late_refusal_has_the_held_row_tried_again),
	    TEST(test_steps_of_one_row_in_one_batch_keep_their_order),
	    TEST(test_two_events_of_one_record_have_ids_of_their_own),
	    TEST(test_a_refusal_tells_class_code_and_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

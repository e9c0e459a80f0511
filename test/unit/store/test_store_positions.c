/* SPDX-License-Identifier: Apache-2.0 */
/* Positions of events that several writers take side by side, and the horizon behind which followers stay. */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 60, PER_ROUND = 7 };

struct writer {
	struct store *store;
	unsigned first;
	enum status status;
	struct err err;
	atomic_int *running;
};

/* In two calls, with a part between them that is taken back; of every third round nothing is left. */
static enum status write_round(struct store_session *s, struct writer *w, unsigned round, bool is_kept)
{
	struct event batch[PER_ROUND], lost = event_of(w->first + 5000 + round, 1, EVENT_OPEN);
	for (unsigned i = 0; i < PER_ROUND; i++)
		batch[i] = event_of(w->first + round * PER_ROUND + i, 1, EVENT_OPEN);
	enum status status = store_begin(s, &w->err);
	if (status == STATUS_OK)
		status = store_event_add(s, batch, 3, &w->err);
	if (status == STATUS_OK)
		status = store_savepoint(s, &w->err);
	if (status == STATUS_OK)
		status = store_event_add(s, &lost, 1, &w->err);
	if (status == STATUS_OK)
		status = store_savepoint_undo(s, &w->err);
	if (status == STATUS_OK)
		status = store_event_add(s, batch + 3, PER_ROUND - 3, &w->err);
	if (status == STATUS_OK && is_kept)
		return store_commit(s, &w->err);
	store_rollback(s);
	return status;
}

static void *write_events(void *arg)
{
	struct writer *w = arg;
	struct store_session *s = NULL;
	w->status = store_session_open(w->store, STORE_WRITE, &s, &w->err);
	for (unsigned i = 0; w->status == STATUS_OK && i < ROUNDS; i++) {
		if (i % 3 == 0)
			w->status = write_round(s, w, i, false);
		if (w->status == STATUS_OK)
			w->status = write_round(s, w, i, true);
	}
	store_session_close(&s);
	(void)atomic_fetch_sub(w->running, 1);
	return NULL;
}

static size_t read_on(struct fixture *f, struct event_filter *filter)
{
	struct event *got = NULL;
	OK(f, store_event_horizon(f->reader, &filter->horizon, &f->err));
	size_t n = fixture_events(f, *filter, &got);
	for (size_t i = 0; i < n; i++) {
		assert_true(got[i].position > filter->after_position && got[i].position <= filter->horizon);
		filter->after_position = got[i].position;
	}
	arena_reset(f->arena);
	return n;
}

/* Goes on where it stopped, as the live stream does, until nobody writes any more and there is nothing left. */
static size_t follow(struct fixture *f, const atomic_int *running)
{
	struct event_filter filter = {.oldest_first = true, .has_horizon = true};
	size_t seen = 0, n;
	bool is_last;
	do {
		is_last = atomic_load(running) == 0;
		n = read_on(f, &filter);
		seen += n;
	} while (!is_last || n);
	return seen;
}

static void test_a_follower_misses_nothing_of_two_writers(void **state)
{
	struct fixture *f = *state;
	atomic_int running = 2;
	struct writer w[2] = {{.store = f->store, .first = 0, .running = &running},
			      {.store = f->store, .first = 10000, .running = &running}};
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_events, &w[i]), 0);
	size_t seen = follow(f, &running);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 2; i++) {
		f->err = w[i].err;
		OK(f, w[i].status);
	}
	assert_int_equal(seen, 2 * ROUNDS * PER_ROUND);
}

static uint64_t horizon_of(struct fixture *f)
{
	uint64_t horizon = 0;
	OK(f, store_event_horizon(f->reader, &horizon, &f->err));
	return horizon;
}

static struct event added(struct fixture *f, struct store_session *s, unsigned n)
{
	struct event e = event_of(n, 1, EVENT_OPEN);
	OK(f, store_event_add(s, &e, 1, &f->err));
	return e;
}

/* Which knows the texts of these events, as the first does: for new ones they would wait for each other. */
static struct store_session *second_writer(struct fixture *f)
{
	struct store_session *other = NULL;
	fixture_mail(f, 1);
	OK(f, store_session_open(f->store, STORE_WRITE, &other, &f->err));
	(void)added(f, other, 998);
	(void)added(f, f->s, 999);
	return other;
}

static void test_the_horizon_waits_for_whoever_has_lower_positions(void **state)
{
	struct fixture *f = *state;
	struct store_session *other = NULL;
	if (!f->postgres) /* one writes after the other */
		return;
	other = second_writer(f);
	uint64_t before = horizon_of(f);
	OK(f, store_begin(other, &f->err));
	struct event slow = added(f, other, 1);
	struct event quick = added(f, f->s, 2);
	assert_true(quick.position > slow.position);
	assert_int_equal(horizon_of(f), before);
	OK(f, store_savepoint(other, &f->err));
	(void)added(f, other, 3);
	OK(f, store_savepoint_undo(other, &f->err));
	assert_int_equal(horizon_of(f), before);
	OK(f, store_commit(other, &f->err));
	assert_true(horizon_of(f) >= quick.position);
	/* Who gives up holds nobody back either. */
	OK(f, store_begin(other, &f->err));
	slow = added(f, other, 4);
	quick = added(f, f->s, 5);
	assert_true(horizon_of(f) < slow.position);
	store_rollback(other);
	assert_true(horizon_of(f) >= quick.position);
	store_session_close(&other);
}

/* Left after the sequence was read and before the marks were: as if the sequence still stood where it was then. */
static void test_a_mark_above_the_sequence_holds_nothing_back(void **state)
{
	struct fixture *f = *state;
	if (!f->postgres)
		return;
	struct store_session *other = second_writer(f);
	uint64_t before = horizon_of(f);
	char sql[80];
	OK(f, store_begin(other, &f->err));
	(void)added(f, other, 1);
	for (uint64_t n = 1; n <= before; n++) {
		(void)snprintf(sql, sizeof sql, "SELECT setval('event_positions', %llu)",
			       (unsigned long long)(before - n));
		(void)fixture_query(f, sql);
		assert_int_equal(horizon_of(f), before - n);
	}
	store_rollback(other);
	store_session_close(&other);
}

static void test_a_thousand_calls_leave_one_mark(void **state)
{
	struct fixture *f = *state;
	if (!f->postgres)
		return;
	fixture_mail(f, 1);
	OK(f, store_begin(f->s, &f->err));
	for (unsigned i = 0; i < 1000; i++)
		(void)added(f, f->s, i);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'"), "1");
	OK(f, store_commit(f->s, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

/* Both add the same minutes, in another order; neither knows of the other until it commits. */
static void test_writers_of_the_same_minutes_do_not_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	struct store_session *other = NULL;
	if (!f->postgres)
		return;
	other = second_writer(f);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_begin(other, &f->err));
	for (unsigned i = 0; i < 4; i++) {
		(void)added(f, i % 2 ? f->s : other, i * 60000000);
		(void)added(f, i % 2 ? other : f->s, (3 - i) * 60000000 + 1);
	}
	OK(f, store_commit(f->s, &f->err));
	OK(f, store_commit(other, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM event_minutes"), "4");
	struct event_filter hour = {.from_us = noon_us, .to_us = noon_us + 3600 * second_us};
	struct event *got = NULL;
	assert_int_equal(fixture_events(f, hour, &got), 8 + 2);
	store_session_close(&other);
}

static void test_who_added_events_finds_them_by_their_time_before_the_commit(void **state)
{
	struct fixture *f = *state;
	struct event *got = NULL, found, e = event_of(1, 1, EVENT_OPEN);
	size_t n = 0;
	struct event_filter hour = {.tenant = 3, .from_us = noon_us, .to_us = noon_us + 3600 * second_us, .limit = 9};
	fixture_mail(f, 1);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	OK(f, store_event_list(f->s, &hour, f->arena, &got, &n, &f->err));
	assert_int_equal(n, 1);
	OK(f, store_event_find(f->s, 3, e.id, f->arena, &found, &f->err));
	store_rollback(f->s);
	OK(f, store_event_list(f->s, &hour, f->arena, &got, &n, &f->err));
	assert_int_equal(n, 0);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM event_minutes"), "0");
}

int main(void)
{
	const struct CMUnitTest store_positions[] = {
	    FIXTURE_TEST(test_a_follower_misses_nothing_of_two_writers),
	    FIXTURE_TEST(test_the_horizon_waits_for_whoever_has_lower_positions),
	    FIXTURE_TEST(test_a_mark_above_the_sequence_holds_nothing_back),
	    FIXTURE_TEST(test_a_thousand_calls_leave_one_mark),
	    FIXTURE_TEST(test_writers_of_the_same_minutes_do_not_wait_for_each_other),
	    FIXTURE_TEST(test_who_added_events_finds_them_by_their_time_before_the_commit),
	};
	return FIXTURE_RUN(store_positions);
}

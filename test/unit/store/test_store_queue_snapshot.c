/* SPDX-License-Identifier: Apache-2.0 */
/* T18 of the exam: a queue that is emptied while somebody's transaction stays open on PostgreSQL (a dump, a forgotten
 * session). Until it ends no version of a row that left the queue can be cleared away, so every look for what is due
 * walks over all that has left since. What has to hold whatever that costs: each row is claimed once, none is passed
 * over, and with the transaction the cost goes as well.
 *
 * The cost is told in entries of the index that one claim read, which do not depend on what else the machine does, and
 * in milliseconds, which do and are only printed. */
#include "store_fixture.h"

#include "../../harness/exam.h"
#include "base/clock.h"
#include "store/mail/queue.h"
#include "store/mail/queue_claim.h"
#include <libpq-fe.h>
#include <stdlib.h>

enum { ROWS = 5000, LIMIT = 500, TENANTS = 3, VACUUM_EVERY = 20, CLAIMS_MAX = 10000 };
static const int64_t lease_us = INT64_C(120000000);

struct drain {
	struct fixture *f;
	uint64_t rows, claimed;
	size_t vacuum_every; /* claims; 0: never */
	size_t claims;
	int64_t took_us[CLAIMS_MAX]; /* each claim, in order; sorted by say_times */
};

static void fill(struct fixture *f, uint64_t rows)
{
	char sql[400];
	(void)snprintf(
	    sql, sizeof sql,
	    "INSERT INTO send_queue (message_id, tenant_id, provider, stream, state, due_at, attempt) "
	    "SELECT gen_random_uuid(), 1 + n %% %d, 'smtp', 'bulk', 'waiting', '2020-01-01'::timestamptz + n "
	    "* interval '1 microsecond', 0 FROM generate_series(1, %llu) n",
	    TENANTS, (unsigned long long)rows);
	fixture_sql(f, sql);
	fixture_sql(f, "VACUUM ANALYZE send_queue");
}

static PGconn *hold_snapshot(struct fixture *f)
{
	PGconn *pg = PQconnectdb(f->url);
	PGresult *result = PQexec(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT COUNT(*) FROM send_queue");
	assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
	PQclear(result);
	return pg;
}

/* Entries that looks for what is due have read so far, of sessions that have told. */
static uint64_t entries_read(struct fixture *f)
{
	uint64_t n = 0;
	const char *text = fixture_query(f, "SELECT SUM(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE "
					    "indexrelname IN ('send_queue_waiting', 'send_queue_leased')");
	assert_true(slice_to_u64(slice_from_cstr(text), INT64_MAX, &n));
	return n;
}

/* As a deliverer does: claims, asks when the next is due, intends, tells the outcome. */
static size_t claim_some(struct drain *d, struct queue_entry **ret)
{
	struct fixture *f = d->f;
	size_t count = 0;
	int64_t next_us;
	int64_t began_us = clock_monotonic_us(clock_system());
	struct queue_claim wanted = {.now_us = noon_us, .lease_until_us = noon_us + lease_us, .limit = LIMIT};
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_queue_claim(f->s, &wanted, f->arena, ret, &count, &f->err));
	OK(f, store_queue_next_due(f->s, &next_us, &f->err));
	OK(f, store_commit(f->s, &f->err));
	assert_true(d->claims < CLAIMS_MAX);
	d->took_us[d->claims++] = clock_monotonic_us(clock_system()) - began_us;
	return count;
}

static void send_them(struct drain *d, const struct queue_entry *entries, size_t count)
{
	struct fixture *f = d->f;
	struct queue_intent intents[LIMIT];
	struct queue_outcome outcomes[LIMIT];
	bool taken[LIMIT];
	assert_true(count <= LIMIT);
	for (size_t i = 0; i < count; i++) {
		const struct queue_entry *e = &entries[i];
		assert_int_equal(e->attempt, 1);
		intents[i] = (struct queue_intent){e->message, e->lease, e->attempt};
		outcomes[i] = (struct queue_outcome){
		    .message = e->message, .attempt = e->attempt, .time_us = noon_us, .ending = QUEUE_FINISHED};
	}
	OK(f, store_queue_intents(f->s, intents, count, noon_us, taken, &f->err));
	for (size_t i = 0; i < count; i++)
		assert_true(taken[i]);
	OK(f, store_queue_end_attempts(f->s, outcomes, count, &f->err));
	d->claimed += count;
}

static void drain(struct drain *d)
{
	size_t count;
	do {
		struct queue_entry *entries = NULL;
		arena_reset(d->f->arena);
		count = claim_some(d, &entries);
		send_them(d, entries, count);
		if (d->vacuum_every && d->claims % d->vacuum_every == 0)
			fixture_sql(d->f, "VACUUM send_queue");
	} while (count > 0);
	assert_int_equal(d->claimed, d->rows);
	assert_string_equal(fixture_query(d->f, "SELECT COUNT(*) FROM send_queue"), "0");
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* Of a tenth of the claims. */
static void say_times(int64_t *took_us, size_t count, const char *which)
{
	qsort(took_us, count, sizeof *took_us, by_size);
	print_message("  %s tenth of the claims: median %.1f ms, p99 %.1f ms\n", which,
		      (double)took_us[count / 2] / 1e3, (double)took_us[(count * 99 + 99) / 100 - 1] / 1e3);
}

static void say(struct drain *d, const char *beside)
{
	size_t tenth = d->claims / 10;
	print_message("%llu rows, %d a claim, %s:\n", (unsigned long long)d->rows, LIMIT, beside);
	say_times(d->took_us, tenth, "first");
	say_times(d->took_us + d->claims - 1 - tenth, tenth, "last");
}

/* A session tells what it read at the latest when it ends. */
static uint64_t cost_of_a_look(struct fixture *f)
{
	int64_t next_us;
	uint64_t before;
	store_session_close(&f->s);
	OK(f, store_session_open(f->store, STORE_WRITE, &f->s, &f->err));
	fixture_sql(f, "SELECT pg_stat_clear_snapshot()");
	before = entries_read(f);
	OK(f, store_queue_next_due(f->s, &next_us, &f->err));
	store_session_close(&f->s);
	OK(f, store_session_open(f->store, STORE_WRITE, &f->s, &f->err));
	return entries_read(f) - before;
}

/* Before and after the transaction ends. */
static void compare_looks(struct fixture *f, PGconn **other)
{
	uint64_t held = cost_of_a_look(f), over;
	PQfinish(*other);
	*other = NULL;
	fixture_sql(f, "VACUUM send_queue");
	over = cost_of_a_look(f);
	print_message("  a look for what is due reads %llu entries, after the transaction's end %llu\n",
		      (unsigned long long)held, (unsigned long long)over);
	assert_int_equal(over, 0);
}

static void drain_new_queue(struct fixture *f, size_t vacuum_every, bool is_held, const char *beside)
{
	struct drain *d = calloc(1, sizeof *d);
	PGconn *other = NULL;
	assert_non_null(d);
	d->f = f;
	d->rows = exam_rounds(ROWS);
	d->vacuum_every = vacuum_every;
	fill(f, d->rows);
	if (is_held)
		other = hold_snapshot(f);
	drain(d);
	say(d, beside);
	if (is_held)
		compare_looks(f, &other);
	free(d);
}

static void test_a_queue_is_emptied_once(void **state)
{
	struct fixture *f = *state;
	if (f->postgres)
		drain_new_queue(f, 0, false, "never vacuumed");
}

static void test_a_queue_is_emptied_once_while_it_is_vacuumed(void **state)
{
	struct fixture *f = *state;
	if (f->postgres)
		drain_new_queue(f, VACUUM_EVERY, false, "vacuumed all along");
}

static void test_a_queue_is_emptied_once_beside_a_transaction_that_stays_open(void **state)
{
	struct fixture *f = *state;
	if (f->postgres)
		drain_new_queue(f, 0, true, "beside an open transaction, never vacuumed");
}

static void test_vacuum_loses_nothing_of_a_queue_beside_a_transaction_that_stays_open(void **state)
{
	struct fixture *f = *state;
	if (f->postgres)
		drain_new_queue(f, VACUUM_EVERY, true, "beside an open transaction, vacuumed all along");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(test_a_queue_is_emptied_once),
	    FIXTURE_TEST(test_a_queue_is_emptied_once_while_it_is_vacuumed),
	    FIXTURE_TEST(test_a_queue_is_emptied_once_beside_a_transaction_that_stays_open),
	    FIXTURE_TEST(test_vacuum_loses_nothing_of_a_queue_beside_a_transaction_that_stays_open),
	};

	return FIXTURE_RUN(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is particular to compact rows: texts as numbers, ids that are computed, months, repeats. */
#include "store_fixture.h"

#include "store/events/events.h"

static struct event_walk walk_of(uint32_t tenant, int64_t before_us, uint32_t limit)
{
	return (struct event_walk){
	    .tenant = tenant, .before_us = before_us, .through_position = INT64_MAX, .limit = limit};
}

/* ---- Dictionaries */

static void test_texts_are_kept_once_and_come_back(void **state)
{
	struct fixture *f = *state;
	enum { COUNT = 40 };
	struct event e[COUNT], *got = NULL;
	char agents[COUNT][24];
	fixture_mail(f, 1);
	for (unsigned i = 0; i < COUNT; i++) { /* more than one look-up has room for, and each twice */
		(void)snprintf(agents[i], sizeof agents[i], "agent %u", i / 2);
		e[i] = opened_by(i, 1, slice_from_cstr(agents[i]), TEXT("c"));
		e[i].provider = TEXT("smtp");
		e[i].destination_url = TEXT("https://x.example/");
	}
	OK(f, store_event_add(f->s, e, COUNT / 2, &f->err));
	OK(f, store_event_add(f->s, e + COUNT / 2, COUNT / 2, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM dictionary"), "22");
	assert_int_equal(fixture_events(f, (struct event_filter){.oldest_first = true}, &got), COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		EXPECT_TEXT(got[i].user_agent, agents[i]);
}

static void test_a_text_of_a_transaction_that_was_taken_back_is_none(void **state)
{
	struct fixture *f = *state;
	struct event got, e = opened_by(1, 1, TEXT("agent"), TEXT("c"));
	fixture_mail(f, 1);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	store_rollback(f->s);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_savepoint(f->s, &f->err));
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	OK(f, store_savepoint_undo(f->s, &f->err));
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	OK(f, store_commit(f->s, &f->err));
	OK(f, store_event_find(f->reader, 3, e.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.user_agent, "agent");
}

/* Ten thousand agents of one sender: memory has two generations of 8,192, the table what his events have. */
static void test_a_flood_of_agents_goes_with_its_events(void **state)
{
	struct fixture *f = *state;
	enum { COUNT = 20000 };
	struct event *e = arena_alloc_array(f->arena, COUNT, sizeof *e), got;
	struct event_walk walk = walk_of(3, noon_us + 86400 * second_us, COUNT);
	struct event_walked walked;
	fixture_mail(f, 1);
	for (unsigned i = 0; i < COUNT; i++)
		e[i] = opened_by(i, 1, arena_printf(f->arena, "agent %u", i), TEXT("c"));
	OK(f, store_event_add(f->s, e, COUNT, &f->err));
	for (unsigned i = 0; i < COUNT; i += 4999) {
		OK(f, store_event_find(f->reader, 3, e[i].id, f->arena, &got, &f->err));
		EXPECT_TEXT(got.user_agent, arena_cstr(f->arena, e[i].user_agent));
	}
	struct event later;
	for (unsigned i = 0; i < 1024; i++) { /* until none of the flood is in their chunk of positions */
		later = opened_by(COUNT + i, 1, TEXT("agent 7"), TEXT("c"));
		later.occurred_us += 2 * 86400 * second_us;
		e[i] = later;
	}
	OK(f, store_event_add(f->s, e, 1024, &f->err));
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(walked.count, COUNT);
	walk.after_position = COUNT;
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err)); /* numbers in turn, from the first again */
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM dictionary"), "1");
	OK(f, store_event_find(f->reader, 3, later.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.user_agent, "agent 7");
}

static void test_repeats_are_counted_on_the_row(void **state)
{
	struct fixture *f = *state;
	struct event got, e = event_of(1, 1, EVENT_OPEN);
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	OK(f, store_event_find(f->reader, 3, e.id, f->arena, &got, &f->err));
	assert_true(got.repeats == 0 && got.last_repeat_us == 0);
	OK(f, store_event_repeat(f->s, 3, e.position, 2, noon_us + 9, &f->err));
	OK(f, store_event_repeat(f->s, 3, e.position, 1, noon_us + 5, &f->err));
	OK(f, store_event_find(f->reader, 3, e.id, f->arena, &got, &f->err));
	assert_int_equal(got.repeats, 3);
	assert_true(got.last_repeat_us == noon_us + 9);
}

/* Both kinds of ids: of a record of a journal, which no index has, and of its own. */
static void test_an_event_is_found_by_its_id_among_those_of_its_minute(void **state)
{
	struct fixture *f = *state;
	enum { COUNT = 3000 };
	struct event *e = arena_alloc_array(f->arena, COUNT, sizeof *e), got;
	bool is_known = true;
	for (unsigned i = 0; i < COUNT; i++) {
		e[i] = event_of(i, 1, EVENT_OPEN);
		e[i].occurred_us = noon_us + i * 40000;
		e[i].id = uuid_of_record(e[i].occurred_us, 40000, UINT64_C(1) << 57 | i);
		e[i].has_own_id = i % 3 == 0;
	}
	OK(f, store_event_add(f->s, e, COUNT, &f->err));
	for (unsigned i = 0; i < COUNT; i += 271) {
		OK(f, store_event_find(f->reader, 3, e[i].id, f->arena, &got, &f->err));
		assert_true(got.position == i + 1 && uuid_equal(got.id, e[i].id));
		OK(f, store_event_is_known(f->s, 3, e[i].id, &is_known, &f->err));
		assert_int_equal(is_known, i % 3 == 0);
	}
	char sql[200], id[UUID_TEXT_SIZE];
	uuid_format(e[1].id, id);
	(void)snprintf(sql, sizeof sql, "SELECT position FROM email_events WHERE id = '%s'", id);
	assert_string_equal(fixture_query(f, sql), "2");
}

/* PostgreSQL alone has tables of months. */
static void test_months_that_are_past_go_as_a_whole(void **state)
{
	struct fixture *f = *state;
	struct event *got = NULL;
	uint64_t count = 0;
	for (unsigned i = 0; i < 6; i++) {
		struct event e = event_of(i, 1, EVENT_BOUNCED);
		e.occurred_us = noon_us + i * 20 * 86400 * second_us; /* 2026-09-21 and on */
		e.bounce_class = TEXT("hard");
		fixture_add_event(f, e);
	}
	OK(f, store_event_drop_months(f->s, noon_us + 60 * 86400 * second_us, &count, &f->err)); /* 2026-11-20 */
	assert_int_equal(count, f->postgres ? 3 : 0); /* 09-21, 10-11, 10-31 */
	assert_int_equal(fixture_events(f, (struct event_filter){.limit = 10}, &got), f->postgres ? 3 : 6);
	if (!f->postgres)
		return;
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM event_details"), "3");
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM event_minutes"), "3");
	struct event late = event_of(9, 1, EVENT_OPEN); /* a month that has just gone comes again */
	fixture_add_event(f, late);
	assert_int_equal(fixture_events(f, (struct event_filter){.limit = 10}, &got), 4);
}

int main(void)
{
	const struct CMUnitTest store_event_rows[] = {
	    FIXTURE_TEST(test_texts_are_kept_once_and_come_back),
	    FIXTURE_TEST(test_a_text_of_a_transaction_that_was_taken_back_is_none),
	    FIXTURE_TEST(test_a_flood_of_agents_goes_with_its_events),
	    FIXTURE_TEST(test_repeats_are_counted_on_the_row),
	    FIXTURE_TEST(test_an_event_is_found_by_its_id_among_those_of_its_minute),
	    FIXTURE_TEST(test_months_that_are_past_go_as_a_whole),
	};
	return FIXTURE_RUN(store_event_rows);
}

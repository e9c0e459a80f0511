/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/events/hits.h"
#include "store/mail/messages.h"

static void test_hits_of_a_message_come_newest_first(void **state)
{
	struct fixture *f = *state;
	struct event_hits list = {0};
	fixture_add_hits(f);
	OK(f, store_event_hits(f->s, id_of(1), 100, f->arena, &list, &f->err));
	struct event *hits = list.at;
	assert_int_equal(list.n, 6);
	assert_true(uuid_equal(hits[5].id, id_of(1001)) && uuid_equal(hits[0].id, id_of(1006)));
	assert_true(hits[1].judged && hits[1].actor == ACTOR_HUMAN && hits[1].link_index == 5);
	EXPECT_TEXT(hits[1].ip, "203.0.113.7");
	EXPECT_TEXT(hits[1].user_agent, "agent");
	assert_true(hits[0].signals == 0x101 && hits[1].signals == 0x7fff && hits[2].signals == 0);
	assert_string_equal(fixture_query(f, "SELECT count(*) FROM email_events WHERE signals IS NULL"), "5");
	OK(f, store_event_hits(f->s, id_of(1), 2, f->arena, &list, &f->err));
	assert_int_equal(list.n, 2);
	struct hits_until then = {id_of(1), noon_us + 4 * second_us, 2};
	OK(f, store_event_hits_until(f->s, &then, f->arena, &list, &f->err));
	assert_int_equal(list.n, 2);
	assert_true(uuid_equal(list.at[0].id, id_of(1004)) && uuid_equal(list.at[1].id, id_of(1003)));
}

static void test_the_first_that_counts_is_found(void **state)
{
	struct fixture *f = *state;
	struct event e;
	int64_t last = 0;
	EXPECT(f, STATUS_NOT_FOUND, store_event_first_counted(f->s, id_of(1), FIRST_OPEN, f->arena, &e, &f->err));
	OK(f, store_event_last_counted(f->s, id_of(1), &last, &f->err));
	assert_int_equal(last, 0);
	fixture_add_hits(f);
	OK(f, store_event_first_counted(f->s, id_of(1), FIRST_OPEN, f->arena, &e, &f->err));
	assert_true(uuid_equal(e.id, id_of(1003)));
	OK(f, store_event_first_counted(f->s, id_of(1), FIRST_OPEN_STRICT, f->arena, &e, &f->err));
	assert_true(uuid_equal(e.id, id_of(1004)));
	OK(f, store_event_first_counted(f->s, id_of(1), FIRST_CLICK, f->arena, &e, &f->err));
	assert_true(uuid_equal(e.id, id_of(1005)));
	OK(f, store_event_last_counted(f->s, id_of(1), &last, &f->err));
	assert_true(last == noon_us + 5 * second_us);
}

static void test_the_first_of_anybody_may_be_a_machine(void **state)
{
	struct fixture *f = *state;
	struct event e;
	struct event visits[] = {hit_of(11, EVENT_OPEN, ACTOR_SCANNER), hit_of(12, EVENT_OPEN, ACTOR_SCANNER),
				 hit_of(13, EVENT_CLICK, ACTOR_SCANNER)};
	visits[0].is_duplicate = true;
	EXPECT(f, STATUS_NOT_FOUND, store_event_first_counted(f->s, id_of(1), FIRST_OPEN_ANY, f->arena, &e, &f->err));
	fixture_mail(f, 1);
	OK(f, store_event_add(f->s, visits, 3, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_event_first_counted(f->s, id_of(1), FIRST_OPEN, f->arena, &e, &f->err));
	OK(f, store_event_first_counted(f->s, id_of(1), FIRST_OPEN_ANY, f->arena, &e, &f->err));
	assert_true(uuid_equal(e.id, id_of(1012)));
	OK(f, store_event_first_counted(f->s, id_of(1), FIRST_CLICK_ANY, f->arena, &e, &f->err));
	assert_true(uuid_equal(e.id, id_of(1013)));
}

static void test_hits_of_many_messages_are_those_of_each(void **state)
{
	struct fixture *f = *state;
	struct event e[2] = {hit_of(3, EVENT_OPEN, ACTOR_HUMAN), hit_of(4, EVENT_CLICK, ACTOR_HUMAN)};
	struct event_hits one, many[3];
	struct message m;
	uint64_t numbers[3] = {0, 0, 999999};
	fixture_add_hits(f);
	fixture_mail(f, 2);
	for (unsigned i = 0; i < 2; i++) {
		e[i].id = id_of(2000 + i);
		e[i].message = id_of(2);
	}
	OK(f, store_event_add(f->s, e, 2, &f->err));
	for (unsigned i = 0; i < 2; i++) {
		OK(f, store_message_find(f->s, 0, id_of(2 - i), f->arena, &m, &f->err));
		numbers[i] = m.number;
	}
	struct hits_wanted wanted = {numbers, 3, 2};
	OK(f, store_event_hits_of_many(f->s, &wanted, f->arena, many, &f->err));
	assert_int_equal(many[2].n, 0);
	for (unsigned i = 0; i < 2; i++) {
		OK(f, store_event_hits(f->s, id_of(2 - i), 2, f->arena, &one, &f->err));
		assert_int_equal(many[i].n, 2);
		assert_int_equal(one.n, 2);
		for (unsigned k = 0; k < 2; k++)
			assert_true(uuid_equal(many[i].at[k].id, one.at[k].id) &&
				    many[i].at[k].position == one.at[k].position &&
				    slice_equal(many[i].at[k].user_agent, one.at[k].user_agent));
	}
}

static void test_visits_of_a_minute_are_read_whoever_they_were(void **state)
{
	struct fixture *f = *state;
	struct past_visits visits = {0};
	struct visit_walk walk = {.minute = noon_us / EVENT_MINUTE_US};
	uint64_t next = 7;
	struct message m = message_of(1);
	m.sent_us = noon_us;
	fixture_add_message(f, m);
	fixture_add_hits(f);
	OK(f, store_event_visits(f->s, &walk, f->arena, &visits, &next, &f->err));
	assert_int_equal(next, 0);
	assert_int_equal(visits.n, 6);
	assert_true(visits.at[1].tenant == 3 && visits.at[1].delivered_us == noon_us && !visits.at[1].is_click);
	EXPECT_TEXT(visits.at[1].recipient, "c@y");
	EXPECT_TEXT(visits.at[1].ip, "203.0.113.7");
	EXPECT_TEXT(visits.at[1].user_agent, "agent");
	assert_true(visits.at[1].time_us == noon_us + 2 * second_us && visits.at[3].position == 4);
	assert_true(visits.at[4].signals == 0x7fff && visits.at[4].is_click);
	assert_true(visits.at[5].signals == 0x101 && visits.at[5].delivered_us == noon_us);
	EXPECT_TEXT(visits.at[5].reasons, "browser");
}

/* Message 1 at noon + 1 to 6 s, message 2 at + 3 s, twice at the same time. */
static void test_messages_are_found_by_their_first_hit_since_a_time(void **state)
{
	struct fixture *f = *state;
	struct first_visits found = {0};
	uint64_t count = 0;
	struct event e[2] = {hit_of(3, EVENT_OPEN, ACTOR_HUMAN), hit_of(3, EVENT_OPEN, ACTOR_HUMAN)};
	for (unsigned i = 0; i < 2; i++) {
		e[i].id = id_of(2000 + i);
		e[i].message = id_of(2);
	}
	fixture_add_hits(f);
	fixture_mail(f, 2);
	OK(f, store_event_add(f->s, e, 2, &f->err));
	struct hit_walk walk = {.after_us = noon_us, .until_us = noon_us + 60 * second_us, .limit = 10};
	OK(f, store_event_first_visits(f->s, &walk, noon_us, f->arena, &found, &f->err));
	assert_int_equal(found.n, 2);
	assert_true(uuid_equal(found.at[0].message, id_of(1)) && found.at[0].time_us == noon_us + second_us);
	assert_true(uuid_equal(found.at[1].message, id_of(2)) && found.at[1].position == 8);
	walk.after_us = noon_us + 4 * second_us;
	OK(f, store_event_first_visits(f->s, &walk, walk.after_us, f->arena, &found, &f->err));
	assert_int_equal(found.n, 1);
	assert_true(found.at[0].time_us == noon_us + 4 * second_us);
	walk.after_us = found.at[0].time_us;
	walk.after_position = found.at[0].position;
	OK(f, store_event_first_visits(f->s, &walk, noon_us + 4 * second_us, f->arena, &found, &f->err));
	assert_int_equal(found.n, 0);
	OK(f, store_event_hits_since(f->s, id_of(1), noon_us + 4 * second_us, &count, &f->err));
	assert_int_equal(count, 3);
}

/* Hits of three minutes in turn, so that every chunk of positions holds some of each. */
enum { MANY = 9000, MINUTES = 3 };
static void add_many_hits(struct fixture *f)
{
	struct event *e = arena_alloc_array(f->arena, MANY, sizeof *e);
	fixture_mail(f, 1);
	for (unsigned i = 0; i < MANY; i++)
		e[i] = hit_of(1 + i % MINUTES * 60, EVENT_OPEN, ACTOR_HUMAN);
	for (unsigned i = 0; i < MANY; i++)
		e[i].id = id_of(1000 + i);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_event_add(f->s, e, MANY, &f->err));
	OK(f, store_commit(f->s, &f->err));
}

static void test_a_walk_over_several_minutes_meets_each_visit_once(void **state)
{
	struct fixture *f = *state;
	size_t met = 0, pages = 0;
	int64_t minute = 0;
	add_many_hits(f);
	for (OK(f, store_event_next_minute(f->s, 0, &minute, &f->err)); minute;
	     OK(f, store_event_next_minute(f->s, minute + 1, &minute, &f->err))) {
		struct visit_walk walk = {.minute = minute};
		uint64_t last = 0;
		do {
			struct past_visits visits = {0};
			OK(f, store_event_visits(f->s, &walk, f->arena, &visits, &walk.chunk, &f->err));
			for (size_t i = 0; i < visits.n; i++, met++) {
				assert_int_equal(visits.at[i].time_us / EVENT_MINUTE_US, minute);
				assert_true(visits.at[i].position > last);
				last = visits.at[i].position;
			}
			pages++;
		} while (walk.chunk);
	}
	assert_int_equal(met, MANY);
	assert_true(pages > MINUTES);
}

/* As above, by time. */
static void test_a_walk_over_first_visits_meets_each_message_once(void **state)
{
	struct fixture *f = *state;
	struct event e[9];
	fixture_mail(f, 1);
	for (unsigned i = 0; i < 9; i++)
		e[i] = hit_of(1 + (i * 4 % 9) * 25, EVENT_OPEN, ACTOR_HUMAN); /* in no order, 25 s apart */
	OK(f, store_event_add(f->s, e, 9, &f->err));
	struct first_visits found = {0};
	struct hit_walk walk = {.after_us = noon_us, .until_us = noon_us + 1000 * second_us, .limit = 4};
	OK(f, store_event_first_visits(f->s, &walk, noon_us, f->arena, &found, &f->err));
	assert_int_equal(found.n, 1);
}

static void test_who_is_marked_as_first_is_found(void **state)
{
	struct fixture *f = *state;
	struct event e;
	fixture_add_hits(f);
	EXPECT(f, STATUS_NOT_FOUND, store_event_first_counted(f->s, id_of(1), HOLDER_OPEN, f->arena, &e, &f->err));
	OK(f, store_event_find(f->s, 3, id_of(1004), f->arena, &e, &f->err));
	e.is_unique = true;
	OK(f, store_event_judge(f->s, &e, &f->err));
	OK(f, store_event_first_counted(f->s, id_of(1), HOLDER_OPEN, f->arena, &e, &f->err));
	assert_true(uuid_equal(e.id, id_of(1004)));
	EXPECT(f, STATUS_NOT_FOUND, store_event_first_counted(f->s, id_of(1), HOLDER_CLICK, f->arena, &e, &f->err));
}

static void test_a_correction_keeps_its_place_among_other_events(void **state)
{
	struct fixture *f = *state;
	struct event e[40];
	struct event got;
	for (unsigned i = 0; i < 40; i++)
		e[i] = hit_of(i, EVENT_OPEN, ACTOR_HUMAN);
	for (unsigned i = 5; i < 40; i += 17) {
		e[i].type = EVENT_CORRECTED;
		e[i].corrects = id_of(1000);
		e[i].previous = TEXT("{\"actor\":\"human\"}");
	}
	OK(f, store_event_add(f->s, e, 40, &f->err));
	for (unsigned i = 0; i < 40; i++) {
		OK(f, store_event_find(f->reader, 3, id_of(1000 + i), f->arena, &got, &f->err));
		assert_int_equal(got.position, i + 1);
		assert_int_equal(got.type, e[i].type);
		EXPECT_TEXT(got.previous, e[i].type == EVENT_CORRECTED ? "{\"actor\":\"human\"}" : "");
		assert_true(uuid_equal(got.corrects, e[i].corrects));
	}
}

static void test_the_number_of_links_comes_back(void **state)
{
	struct fixture *f = *state;
	struct message got, m = message_of(1);
	m.link_count = 9;
	OK(f, store_message_add(f->s, &m, &f->err));
	OK(f, store_message_find(f->s, 3, m.id, f->arena, &got, &f->err));
	assert_int_equal(got.link_count, 9);
}

int main(void)
{
	const struct CMUnitTest store_hits[] = {
	    FIXTURE_TEST(test_hits_of_a_message_come_newest_first),
	    FIXTURE_TEST(test_the_first_that_counts_is_found),
	    FIXTURE_TEST(test_the_first_of_anybody_may_be_a_machine),
	    FIXTURE_TEST(test_visits_of_a_minute_are_read_whoever_they_were),
	    FIXTURE_TEST(test_hits_of_many_messages_are_those_of_each),
	    FIXTURE_TEST(test_messages_are_found_by_their_first_hit_since_a_time),
	    FIXTURE_TEST(test_a_walk_over_several_minutes_meets_each_visit_once),
	    FIXTURE_TEST(test_a_walk_over_first_visits_meets_each_message_once),
	    FIXTURE_TEST(test_who_is_marked_as_first_is_found),
	    FIXTURE_TEST(test_a_correction_keeps_its_place_among_other_events),
	    FIXTURE_TEST(test_the_number_of_links_comes_back),
	};
	return FIXTURE_RUN(store_hits);
}

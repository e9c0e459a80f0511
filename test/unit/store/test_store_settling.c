/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/events/hits.h"
#include "store/events/settling.h"

static void add_due(struct fixture *f, int64_t occurred_us, unsigned message)
{
	struct uuid id = id_of(message);
	struct timer timer = settling_timer(occurred_us, &id);
	OK(f, store_timer_add(f->s, &timer, &f->err));
}

static size_t take(struct fixture *f, int64_t until_us)
{
	struct timer_list list = {0};
	struct timer_take due = {TIMER_SETTLE, until_us, 10};
	OK(f, store_timer_take(f->s, &due, f->arena, &list, &f->err));
	return list.n;
}

static void test_the_timer_of_a_hit_names_its_message(void **state)
{
	struct uuid id = id_of(7);
	struct uuid got = {{0}};
	struct timer timer = settling_timer(noon_us, &id);
	(void)state;
	assert_true(timer.due_us == settling_due_us(noon_us) && timer.due_us > noon_us);
	assert_true(settling_message_of(&timer, &got) && uuid_equal(got, id));
	timer.key.n--;
	assert_false(settling_message_of(&timer, &got));
}

static size_t count_settled(struct fixture *f)
{
	struct event_filter filter = {.tenant = 3, .message = id_of(1), .limit = 10};
	struct event *events = NULL;
	size_t count = 0;
	size_t settled = 0;
	OK(f, store_event_list(f->s, &filter, f->arena, &events, &count, &f->err));
	for (size_t i = 0; i < count; i++)
		settled += events[i].settled;
	return settled;
}

static void test_hits_are_settled_when_nothing_as_old_waits(void **state)
{
	struct fixture *f = *state;
	struct event fresh = hit_of(64, EVENT_OPEN, ACTOR_HUMAN); /* a minute after the others */
	struct event found;
	fixture_add_hits(f);
	OK(f, store_event_add(f->s, &fresh, 1, &f->err));
	add_due(f, noon_us, 2); /* of some other message */
	add_due(f, fresh.occurred_us, 1);
	assert_int_equal(count_settled(f), 0);
	assert_int_equal(take(f, settling_due_us(noon_us)), 1);
	assert_int_equal(count_settled(f), 5); /* one is nobody's, and so not listed with the message */
	OK(f, store_event_find(f->s, 3, fresh.id, f->arena, &found, &f->err));
	assert_false(found.settled);
	assert_int_equal(take(f, settling_due_us(fresh.occurred_us)), 1);
	OK(f, store_event_find(f->s, 3, fresh.id, f->arena, &found, &f->err));
	assert_true(found.settled);
	assert_int_equal(count_settled(f), 6);
}

int main(void)
{
	const struct CMUnitTest store_settling[] = {
	    FIXTURE_TEST(test_the_timer_of_a_hit_names_its_message),
	    FIXTURE_TEST(test_hits_are_settled_when_nothing_as_old_waits),
	};
	return FIXTURE_RUN(store_settling);
}

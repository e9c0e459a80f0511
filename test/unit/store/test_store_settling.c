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

static struct event hit(unsigned n, enum event_type type, enum actor actor)
{
	return (struct event){
	    .id = id_of(1000 + n),
	    .tenant = 3,
	    .type = type,
	    .occurred_us = noon_us + n * second_us,
	    .message = id_of(1),
	    .judged = true,
	    .actor = actor,
	    .bot_filtered = !actor_is_counted(actor),
	    .reasons = TEXT("browser"),
	    .ip = TEXT("203.0.113.7"),
	    .user_agent = TEXT("agent"),
	    .signals = n == 5   ? 0x7fff
		       : n == 6 ? 0x101
				: 0,
	    .link_index = type == EVENT_CLICK ? (int32_t)n : -1,
	    .sequence_position = -1,
	};
}

/* In this order: an anonymous open, a duplicate, a proxy's, a person's, a click. */
static void add_hits(struct fixture *f)
{
	struct event e[6] = {
	    hit(1, EVENT_OPEN, ACTOR_HUMAN), hit(2, EVENT_OPEN, ACTOR_HUMAN),  hit(3, EVENT_OPEN, ACTOR_PROXY_HUMAN),
	    hit(4, EVENT_OPEN, ACTOR_HUMAN), hit(5, EVENT_CLICK, ACTOR_HUMAN), hit(6, EVENT_CLICK, ACTOR_SCANNER),
	};
	struct event other = hit(7, EVENT_DELIVERED, ACTOR_UNKNOWN);
	other.judged = false;
	e[0].reasons = TEXT("browser consent:anonymous");
	e[1].is_duplicate = true;
	fixture_mail(f, 1);
	OK(f, store_event_add(f->s, e, 6, &f->err));
	OK(f, store_event_add(f->s, &other, 1, &f->err));
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
	struct event fresh = hit(64, EVENT_OPEN, ACTOR_HUMAN); /* a minute after the others */
	struct event found;
	add_hits(f);
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

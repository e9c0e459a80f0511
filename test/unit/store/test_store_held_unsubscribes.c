/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/people/held_unsubscribes.h"

static void add_message(struct fixture *f, unsigned n, uint32_t tenant, const char *sender)
{
	struct message m = message_of(n);
	m.tenant = tenant;
	m.state = MESSAGE_SENT;
	m.sent_us = noon_us + second_us;
	m.to_email = TEXT("to@example.com");
	m.subject = TEXT("Hello");
	m.sender = slice_from_cstr(sender);
	fixture_add_message(f, m);
}

static bool add(struct fixture *f, unsigned n, uint32_t tenant)
{
	bool was_added = false;
	struct held_unsubscribe held = {
	    .message = id_of(n), .tenant = tenant, .event = id_of(1000 + n), .held_us = noon_us + n * second_us};
	OK(f, store_held_unsubscribe_add(f->s, &held, &was_added, &f->err));
	return was_added;
}

static enum status decide(struct fixture *f, unsigned n, enum held_state state)
{
	struct held_decision decision = {id_of(n), state, TEXT("ann@example.com"), noon_us + 100 * second_us, false};
	return store_held_unsubscribe_decide(f->s, &decision, &f->err);
}

static struct held_unsubscribe *list(struct fixture *f, struct held_filter filter, size_t want)
{
	struct held_unsubscribe *found = NULL;
	size_t n = 0;
	filter.limit = filter.limit ? filter.limit : 10;
	OK(f, store_held_unsubscribe_list(f->reader, &filter, f->arena, &found, &n, &f->err));
	assert_int_equal(n, want);
	return found;
}

static void test_every_state_has_a_name(void **state)
{
	enum held_state got;
	(void)state;
	for (enum held_state i = HELD_WAITING; i <= HELD_DISMISSED; i++)
		assert_true(held_state_parse(slice_from_cstr(held_state_name(i)), &got) && got == i);
	assert_false(held_state_parse(TEXT("held"), &got));
}

static void test_a_message_is_held_once(void **state)
{
	struct fixture *f = *state;
	add_message(f, 1, 3, "");
	assert_true(add(f, 1, 3));
	assert_false(add(f, 1, 3));
	OK(f, decide(f, 1, HELD_DISMISSED));
	assert_false(add(f, 1, 3));
	EXPECT(f, STATUS_NOT_FOUND, decide(f, 1, HELD_CONFIRMED));
	struct held_unsubscribe h = *list(f, (struct held_filter){.tenant = 3, .message = id_of(1)}, 1);
	assert_int_equal(h.state, HELD_DISMISSED);
	assert_true(h.held_us == noon_us + second_us);
	assert_true(h.decided_us == noon_us + 100 * second_us);
	EXPECT_TEXT(h.decided_by, "ann@example.com");
	EXPECT_TEXT(h.to_email, "to@example.com");
	EXPECT_TEXT(h.subject, "Hello");
	assert_true(h.sent_us == noon_us + second_us);
	assert_int_equal(h.actor, ACTOR_UNKNOWN); /* its event is not there */
}

static void test_only_the_recipient_overrides_a_dismissal(void **state)
{
	struct fixture *f = *state;
	struct held_decision own = {id_of(1), HELD_CONFIRMED, TEXT("recipient"), noon_us, true};
	add_message(f, 1, 3, "");
	assert_true(add(f, 1, 3));
	OK(f, decide(f, 1, HELD_DISMISSED));
	EXPECT(f, STATUS_NOT_FOUND, decide(f, 1, HELD_CONFIRMED));
	OK(f, store_held_unsubscribe_decide(f->s, &own, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_held_unsubscribe_decide(f->s, &own, &f->err));
	(void)list(f, (struct held_filter){.tenant = 3, .state = HELD_CONFIRMED}, 1);
}

static void test_the_list_is_of_one_tenant_one_sender_and_one_state(void **state)
{
	struct fixture *f = *state;
	uint64_t waiting = 0;
	for (unsigned n = 1; n <= 6; n++) {
		add_message(f, n, n == 6 ? 4 : 3, n % 2 ? "ann" : "bob");
		assert_true(add(f, n, n == 6 ? 4 : 3));
	}
	OK(f, decide(f, 5, HELD_CONFIRMED));
	struct held_unsubscribe *h = list(f, (struct held_filter){.tenant = 3}, 4);
	assert_true(uuid_equal(h[0].message, id_of(4)) && uuid_equal(h[3].message, id_of(1)));
	h = list(f, (struct held_filter){.tenant = 3, .before = id_of(4), .limit = 2}, 2);
	assert_true(uuid_equal(h[0].message, id_of(3)) && uuid_equal(h[1].message, id_of(2)));
	(void)list(f, (struct held_filter){.tenant = 3, .sender = TEXT("ann")}, 2);
	(void)list(f, (struct held_filter){.tenant = 3, .state = HELD_CONFIRMED}, 1);
	(void)list(f, (struct held_filter){.tenant = 4}, 1);
	(void)list(f, (struct held_filter){.tenant = 4, .message = id_of(1)}, 0);
	OK(f, store_held_unsubscribe_count(f->reader, 3, SLICE_EMPTY, &waiting, &f->err));
	assert_int_equal(waiting, 4);
	OK(f, store_held_unsubscribe_count(f->reader, 3, TEXT("bob"), &waiting, &f->err));
	assert_int_equal(waiting, 2);
}

static void test_what_waits_too_long_is_found_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct uuid *due = NULL;
	size_t n = 0;
	for (unsigned i = 1; i <= 4; i++) {
		add_message(f, i, 3, "");
		assert_true(add(f, i, 3));
	}
	OK(f, decide(f, 1, HELD_CONFIRMED));
	OK(f, store_held_unsubscribe_due(f->s, &(struct held_due){noon_us + 4 * second_us, 10}, f->arena, &due, &n,
					 &f->err));
	assert_int_equal(n, 2);
	assert_true(uuid_equal(due[0], id_of(2)) && uuid_equal(due[1], id_of(3)));
	OK(f, store_held_unsubscribe_due(f->s, &(struct held_due){noon_us + 40 * second_us, 1}, f->arena, &due, &n,
					 &f->err));
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest store_held_unsubscribes[] = {
	    FIXTURE_TEST(test_every_state_has_a_name),
	    FIXTURE_TEST(test_a_message_is_held_once),
	    FIXTURE_TEST(test_only_the_recipient_overrides_a_dismissal),
	    FIXTURE_TEST(test_the_list_is_of_one_tenant_one_sender_and_one_state),
	    FIXTURE_TEST(test_what_waits_too_long_is_found_oldest_first),
	};
	return FIXTURE_RUN(store_held_unsubscribes);
}

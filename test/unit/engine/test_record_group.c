/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a group fall into two halves by message: each record into one, in order, and whole messages. */
#include "engine/ledger/record_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { NODE = 1, MESSAGES = 16 };

/* The payload is the id; an empty one names no message. */
static bool message_of(const struct journal_record *record, struct uuid *ret)
{
	if (record->payload.n != sizeof ret->bytes)
		return false;
	memcpy(ret->bytes, record->payload.p, sizeof ret->bytes);
	return true;
}

struct fixture {
	struct record_group *group, *of_neighbour;
	struct arena *arena;
	uint64_t sequence;
};

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){record_group_new(NODE, message_of), record_group_new(NODE + 1, message_of), arena_new(),
			     0};
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	record_group_free(&f->group);
	record_group_free(&f->of_neighbour);
	arena_free(&f->arena);
	return 0;
}

static void add(struct fixture *f, struct slice payload)
{
	struct journal_record record = {.sequence = ++f->sequence, .type = 1, .payload = payload};
	record_group_add(f->group, &record);
	record_group_add(f->of_neighbour, &record);
}

/* Only some bytes of an id differ between messages, wherever they stand. */
static struct uuid id_of(uint8_t n, size_t at)
{
	struct uuid id = {{0x01, 0x92, 0, 0, 0, 0, 0x70, 0, 0x80}};
	id.bytes[at] = n;
	return id;
}

static void add_hits(struct fixture *f, size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++) {
		struct uuid id = id_of((uint8_t)(i % MESSAGES), at);
		add(f, slice_of(id.bytes, sizeof id.bytes));
	}
}

static void test_each_record_is_in_one_half_in_order_and_messages_are_whole(void **state)
{
	struct fixture *f = *state;
	int half_of_message[MESSAGES];
	size_t seen = 0;
	memset(half_of_message, -1, sizeof half_of_message);
	add_hits(f, 1000, 12);
	for (int half = RECORD_HALF_FIRST; half <= RECORD_HALF_SECOND; half++) {
		struct record_part part = record_group_part(f->group, (enum record_half)half, f->arena);
		uint64_t last = 0;
		assert_int_equal(part.message_count, part.count);
		for (size_t i = 0; i < part.count; i++, seen++) {
			uint8_t message = (uint8_t)part.records[i].payload.p[12];
			assert_true(part.records[i].sequence > last);
			last = part.records[i].sequence;
			assert_true(half_of_message[message] == -1 || half_of_message[message] == half);
			half_of_message[message] = half;
		}
	}
	assert_int_equal(seen, 1000);
	assert_int_equal(record_group_part(f->group, RECORD_HALVES, f->arena).count, 1000);
	assert_int_equal(record_group_last(f->group), 1000);
	assert_int_equal(record_group_first(f->group)->sequence, 1);
}

static void test_wherever_ids_differ_the_halves_are_equal_and_the_neighbours_the_other_way_round(void **state)
{
	struct fixture *f = *state;
	for (size_t at = 9; at < 16; at++) {
		record_group_clear(f->group);
		record_group_clear(f->of_neighbour);
		add_hits(f, 320, at);
		struct record_part first = record_group_part(f->group, RECORD_HALF_FIRST, f->arena);
		struct record_part second = record_group_part(f->of_neighbour, RECORD_HALF_SECOND, f->arena);
		assert_int_equal(first.count, 160);
		assert_int_equal(second.count, 160);
		for (size_t i = 0; i < 160; i++)
			assert_int_equal(first.records[i].sequence, second.records[i].sequence);
	}
}

static void test_what_is_worth_two_transactions(void **state)
{
	struct fixture *f = *state;
	struct uuid one = id_of(1, 15);
	add_hits(f, 100, 15);
	assert_false(record_group_is_divisible(f->group)); /* too few */
	add_hits(f, 400, 15);
	assert_true(record_group_is_divisible(f->group));
	add(f, SLICE_EMPTY);
	assert_false(record_group_is_divisible(f->group)); /* one names no message */
	assert_int_equal(record_group_part(f->group, RECORD_HALVES, f->arena).message_count, 500);
	record_group_clear(f->group);
	assert_int_equal(record_group_count(f->group), 0);
	for (unsigned i = 0; i < 500; i++)
		add(f, slice_of(one.bytes, sizeof one.bytes));
	assert_false(record_group_is_divisible(f->group)); /* one message has them all */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_each_record_is_in_one_half_in_order_and_messages_are_whole, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(
		test_wherever_ids_differ_the_halves_are_equal_and_the_neighbours_the_other_way_round, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_worth_two_transactions, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

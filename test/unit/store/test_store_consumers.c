/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/house/consumers.h"

static enum status move(struct fixture *f, const char *name, uint64_t from, uint64_t to)
{
	struct consumer_move m = {slice_from_cstr(name), from, to, noon_us + (int64_t)to};
	return store_consumer_move(f->s, &m, &f->err);
}

static uint64_t position_of(struct fixture *f, const char *name)
{
	uint64_t position = 0;
	OK(f, store_consumer_read(f->reader, slice_from_cstr(name), &position, &f->err));
	return position;
}

static void test_a_consumer_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	uint64_t position = 9;
	EXPECT(f, STATUS_NOT_FOUND, store_consumer_read(f->s, TEXT("warehouse"), &position, &f->err));
	assert_int_equal(position, 9);
	OK(f, store_consumer_add(f->s, TEXT("warehouse"), 7, noon_us, &f->err));
	assert_int_equal(position_of(f, "warehouse"), 7);
	OK(f, move(f, "warehouse", 7, 7));
	OK(f, move(f, "warehouse", 7, 4000000000));
	assert_true(position_of(f, "warehouse") == 4000000000);
}

static void test_who_does_not_stand_there_does_not_move_it(void **state)
{
	struct fixture *f = *state;
	OK(f, store_consumer_add(f->s, TEXT("a"), 5, noon_us, &f->err));
	EXPECT(f, STATUS_CONFLICT, move(f, "a", 4, 6));
	EXPECT(f, STATUS_CONFLICT, move(f, "a", 5, 4));
	EXPECT(f, STATUS_CONFLICT, move(f, "b", 0, 1));
	assert_int_equal(position_of(f, "a"), 5);
}

static void test_a_name_is_given_once(void **state)
{
	struct fixture *f = *state;
	char name[CONSUMER_NAME_MAX + 1];
	memset(name, 'x', sizeof name);
	OK(f, store_consumer_add(f->s, TEXT("a"), 0, noon_us, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_consumer_add(f->s, TEXT("a"), 3, noon_us, &f->err));
	assert_int_equal(position_of(f, "a"), 0);
	EXPECT(f, STATUS_BAD_INPUT, store_consumer_add(f->s, SLICE_EMPTY, 0, noon_us, &f->err));
	EXPECT(f, STATUS_BAD_INPUT, store_consumer_add(f->s, slice_of(name, sizeof name), 0, noon_us, &f->err));
	OK(f, store_consumer_add(f->s, slice_of(name, CONSUMER_NAME_MAX), 0, noon_us, &f->err));
}

static void test_they_are_listed_with_the_furthest_behind_first(void **state)
{
	struct fixture *f = *state;
	struct consumer_list list = {0};
	OK(f, store_consumer_list(f->reader, f->arena, &list, &f->err));
	assert_int_equal(list.n, 0);
	OK(f, store_consumer_add(f->s, TEXT("quick"), 0, noon_us, &f->err));
	OK(f, store_consumer_add(f->s, TEXT("slow"), 3, noon_us, &f->err));
	OK(f, move(f, "quick", 0, 50));
	OK(f, store_consumer_list(f->reader, f->arena, &list, &f->err));
	assert_int_equal(list.n, 2);
	EXPECT_TEXT(list.at[0].name, "slow");
	assert_true(list.at[0].position == 3 && list.at[0].moved_us == noon_us);
	assert_true(list.at[1].position == 50 && list.at[1].moved_us == noon_us + 50);
	OK(f, store_consumer_remove(f->s, TEXT("slow"), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_consumer_remove(f->s, TEXT("slow"), &f->err));
}

int main(void)
{
	const struct CMUnitTest store_consumers[] = {
	    FIXTURE_TEST(test_a_consumer_goes_on_where_it_was),
	    FIXTURE_TEST(test_who_does_not_stand_there_does_not_move_it),
	    FIXTURE_TEST(test_a_name_is_given_once),
	    FIXTURE_TEST(test_they_are_listed_with_the_furthest_behind_first),
	};
	return FIXTURE_RUN(store_consumers);
}

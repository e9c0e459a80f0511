/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/house/timers.h"

enum { OTHER_KIND = 77 };

static struct timer timer(int64_t after_us, const char *key)
{
	return (struct timer){noon_us + after_us, TIMER_SETTLE, slice_from_cstr(key)};
}

static void add(struct fixture *f, int64_t after_us, const char *key)
{
	struct timer t = timer(after_us, key);
	OK(f, store_timer_add(f->s, &t, &f->err));
}

static size_t take(struct fixture *f, int64_t until_us, uint32_t limit, const struct timer **ret)
{
	struct timer_list list = {0};
	struct timer_take what = {TIMER_SETTLE, noon_us + until_us, limit};
	OK(f, store_timer_take(f->s, &what, f->arena, &list, &f->err));
	*ret = list.at;
	return list.n;
}

static int64_t next_of(struct fixture *f, int kind)
{
	int64_t next_us = 1;
	OK(f, store_timer_next(f->s, (enum timer_kind)kind, &next_us, &f->err));
	return next_us ? next_us - noon_us : -1;
}

static void test_what_is_due_is_taken_once_and_the_earliest_first(void **state)
{
	struct fixture *f = *state;
	const struct timer *due = NULL;
	assert_int_equal(next_of(f, TIMER_SETTLE), -1);
	add(f, 20, "b");
	add(f, 10, "c");
	add(f, 10, "a");
	add(f, 30, "a");
	assert_int_equal(next_of(f, TIMER_SETTLE), 10);
	assert_int_equal(take(f, 9, 10, &due), 0);
	assert_int_equal(take(f, 25, 10, &due), 3);
	assert_true(due[0].due_us == noon_us + 10 && due[0].kind == TIMER_SETTLE);
	EXPECT_TEXT(due[0].key, "a");
	EXPECT_TEXT(due[1].key, "c");
	EXPECT_TEXT(due[2].key, "b");
	assert_int_equal(take(f, 25, 10, &due), 0);
	assert_int_equal(take(f, 30, 10, &due), 1);
}

static void test_a_limit_leaves_the_later_ones(void **state)
{
	struct fixture *f = *state;
	const struct timer *due = NULL;
	add(f, 30, "c");
	add(f, 10, "a");
	add(f, 20, "b");
	assert_int_equal(take(f, 40, 2, &due), 2);
	EXPECT_TEXT(due[1].key, "b");
	assert_int_equal(next_of(f, TIMER_SETTLE), 30);
}

static void test_the_same_work_at_the_same_time_is_one_row(void **state)
{
	struct fixture *f = *state;
	const struct timer *due = NULL;
	for (int i = 0; i < 5; i++)
		add(f, 10, "a");
	assert_string_equal(fixture_query(f, "SELECT count(*) FROM timers"), "1");
	assert_int_equal(take(f, 10, 10, &due), 1);
}

static void test_a_list_is_added_as_one_by_one_would_be(void **state)
{
	struct fixture *f = *state;
	const struct timer *due = NULL;
	struct timer other = timer(5, "a");
	other.kind = (enum timer_kind)OTHER_KIND;
	const struct timer rows[] = {timer(20, "b"), other, timer(10, "a"), timer(10, "c"), timer(20, "b")};
	const struct timer *all[] = {&rows[0], &rows[1], &rows[2], &rows[3], &rows[4]};
	add(f, 10, "c"); /* is there already */
	OK(f, store_timer_add_all(f->s, all, 5, &f->err));
	OK(f, store_timer_add_all(f->s, all, 0, &f->err));
	assert_int_equal(next_of(f, OTHER_KIND), 5);
	assert_int_equal(take(f, 100, 10, &due), 3);
	EXPECT_TEXT(due[0].key, "a");
	EXPECT_TEXT(due[1].key, "c");
	EXPECT_TEXT(due[2].key, "b");
	assert_true(due[2].due_us == noon_us + 20);
}

static void test_a_list_with_a_wrong_key_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct timer rows[] = {timer(10, "a"), timer(20, "")};
	const struct timer *all[] = {&rows[0], &rows[1]};
	OK(f, store_begin(f->s, &f->err));
	EXPECT(f, STATUS_BAD_INPUT, store_timer_add_all(f->s, all, 2, &f->err));
	store_rollback(f->s);
	assert_int_equal(next_of(f, TIMER_SETTLE), -1);
}

static void test_kinds_do_not_see_each_other(void **state)
{
	struct fixture *f = *state;
	const struct timer *due = NULL;
	struct timer other = timer(5, "a");
	other.kind = (enum timer_kind)OTHER_KIND;
	OK(f, store_timer_add(f->s, &other, &f->err));
	add(f, 10, "a");
	assert_int_equal(next_of(f, TIMER_SETTLE), 10);
	assert_int_equal(next_of(f, OTHER_KIND), 5);
	assert_int_equal(take(f, 100, 10, &due), 1);
	assert_int_equal(next_of(f, OTHER_KIND), 5);
}

static void test_a_rollback_puts_back_what_was_taken(void **state)
{
	struct fixture *f = *state;
	const struct timer *due = NULL;
	add(f, 0, "a");
	OK(f, store_begin(f->s, &f->err));
	assert_int_equal(take(f, 0, 10, &due), 1);
	store_rollback(f->s);
	assert_int_equal(take(f, 0, 10, &due), 1);
}

static void test_cancelling_takes_one_and_minds_no_absence(void **state)
{
	struct fixture *f = *state;
	struct timer t = timer(10, "a");
	add(f, 10, "a");
	add(f, 10, "b");
	add(f, 20, "a");
	for (int i = 0; i < 2; i++)
		OK(f, store_timer_cancel(f->s, &t, &f->err));
	assert_string_equal(fixture_query(f, "SELECT count(*) FROM timers"), "2");
}

static void test_a_key_is_any_bytes_within_bounds(void **state)
{
	struct fixture *f = *state;
	char bytes[TIMER_KEY_MAX + 1] = {'\0', '\xff', 'x'};
	const struct timer *due = NULL;
	struct timer t = {noon_us, TIMER_SETTLE, {bytes, TIMER_KEY_MAX}};
	OK(f, store_timer_add(f->s, &t, &f->err));
	assert_int_equal(take(f, 0, 1, &due), 1);
	assert_true(slice_equal(due->key, t.key));
	t.key.n = TIMER_KEY_MAX + 1;
	EXPECT(f, STATUS_BAD_INPUT, store_timer_add(f->s, &t, &f->err));
	t.key.n = 0;
	EXPECT(f, STATUS_BAD_INPUT, store_timer_add(f->s, &t, &f->err));
}

static void test_two_machines_never_take_the_same(void **state)
{
	struct fixture *f = *state;
	struct store_session *other = NULL;
	const struct timer *due = NULL;
	struct timer_list list = {0};
	struct timer_take rest = {TIMER_SETTLE, noon_us + 100, 10};
	if (!f->postgres)
		return; /* one process has an SQLite store to itself */
	for (int i = 0; i < 4; i++)
		add(f, i, "a");
	OK(f, store_session_open(f->store, STORE_WRITE, &other, &f->err));
	OK(f, store_begin(f->s, &f->err));
	assert_int_equal(take(f, 100, 3, &due), 3);
	OK(f, store_timer_take(other, &rest, f->arena, &list, &f->err));
	assert_int_equal(list.n, 1);
	assert_true(list.at[0].due_us == noon_us + 3);
	OK(f, store_commit(f->s, &f->err));
	store_session_close(&other);
	assert_string_equal(fixture_query(f, "SELECT count(*) FROM timers"), "0");
}

int main(void)
{
	const struct CMUnitTest store_timers[] = {
	    FIXTURE_TEST(test_what_is_due_is_taken_once_and_the_earliest_first),
	    FIXTURE_TEST(test_a_limit_leaves_the_later_ones),
	    FIXTURE_TEST(test_the_same_work_at_the_same_time_is_one_row),
	    FIXTURE_TEST(test_a_list_is_added_as_one_by_one_would_be),
	    FIXTURE_TEST(test_a_list_with_a_wrong_key_is_refused),
	    FIXTURE_TEST(test_kinds_do_not_see_each_other),
	    FIXTURE_TEST(test_a_rollback_puts_back_what_was_taken),
	    FIXTURE_TEST(test_cancelling_takes_one_and_minds_no_absence),
	    FIXTURE_TEST(test_a_key_is_any_bytes_within_bounds),
	    FIXTURE_TEST(test_two_machines_never_take_the_same),
	};
	return FIXTURE_RUN(store_timers);
}

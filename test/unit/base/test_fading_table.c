/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/fading_table.h"
#include "base/random.h"

static void put(struct fading_table *t, uint64_t key, int64_t until_us, int64_t now_us)
{
	struct fading *f = fading_table_place(t, key, now_us);
	f->until_us = until_us;
	f->count++;
}

static void test_what_matters_is_found_and_what_does_not_is_new(void **state)
{
	struct fading_table *t = fading_table_new(64);

	(void)state;
	assert_null(fading_table_find(t, 7, 0));
	put(t, 7, 100, 0);
	put(t, 7, 100, 99);
	assert_int_equal(fading_table_find(t, 7, 99)->count, 2);
	assert_null(fading_table_find(t, 7, 100));
	put(t, 7, 200, 100);
	assert_int_equal(fading_table_find(t, 7, 150)->count, 1);
	fading_table_remove(t, 7);
	fading_table_remove(t, 7);
	assert_null(fading_table_find(t, 7, 150));
	fading_table_free(&t);
	assert_null(t);
	fading_table_free(&t);
}

static void test_key_of_nothing_but_zeros_is_one_like_others(void **state)
{
	struct fading_table *t = fading_table_new(8);

	(void)state;
	assert_null(fading_table_find(t, 0, 0));
	put(t, 0, 100, 0);
	assert_int_equal(fading_table_find(t, 0, 1)->count, 1);
	fading_table_free(&t);
}

static void test_full_set_gives_the_place_that_matters_least(void **state)
{
	struct fading_table *t = fading_table_new(8);

	(void)state;
	for (uint64_t key = 1; key <= 8; key++)
		put(t, key, 1000 - (int64_t)key, 0);
	put(t, 9, 5000, 0);
	assert_null(fading_table_find(t, 8, 1));
	for (uint64_t key = 1; key <= 7; key++)
		assert_non_null(fading_table_find(t, key, 1));
	fading_table_free(&t);
}

static void test_flood_of_new_keys_forgets_nobody_who_matters_more(void **state)
{
	struct fading_table *t = fading_table_new(1024);
	struct prng random;

	(void)state;
	prng_init(&random, 20261130);
	put(t, 42, 1000000, 0);
	for (int i = 0; i < 100000; i++)
		put(t, prng_next(&random), 1000, 0);
	assert_non_null(fading_table_find(t, 42, 1));
	fading_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_matters_is_found_and_what_does_not_is_new),
	    cmocka_unit_test(test_key_of_nothing_but_zeros_is_one_like_others),
	    cmocka_unit_test(test_full_set_gives_the_place_that_matters_least),
	    cmocka_unit_test(test_flood_of_new_keys_forgets_nobody_who_matters_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* map: against a plain array that does the same slowly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/random.h"

enum { KEYS = 500, STEPS = 60000, KEY_MAX = 96 };

struct model {
	void *value[KEYS];
	size_t count;
};

static struct slice key_of(size_t i, char room[KEY_MAX])
{
	struct buf b;
	buf_init_fixed(&b, room, KEY_MAX);
	for (size_t n = i % 80; n; n--) /* of all lengths, some a prefix of others */
		buf_append_byte(&b, 'k');
	buf_append_u64(&b, i);
	return buf_slice(&b);
}

static void expect_all(const struct map *map, const struct model *model)
{
	size_t cursor = 0, seen = 0;
	struct slice key;
	void *value;
	char room[KEY_MAX];
	assert_int_equal(map_count(map), model->count);
	while (map_next(map, &cursor, &key, &value)) {
		size_t i = (size_t)((void **)value - model->value);
		assert_true(i < KEYS && model->value[i] == value);
		assert_true(slice_equal(key, key_of(i, room)));
		seen++;
	}
	assert_int_equal(seen, model->count);
}

static void test_map_agrees_with_a_slow_model_over_many_steps(void **state)
{
	struct map *map = map_new();
	static struct model model;
	struct prng g;

	(void)state;
	prng_init(&g, 1);
	for (size_t step = 0; step < STEPS; step++) {
		char room[KEY_MAX];
		size_t i = prng_below(&g, KEYS);
		struct slice key = key_of(i, room);
		bool is_there = model.value[i] != NULL;
		assert_ptr_equal(map_get(map, key), model.value[i]);
		if (prng_below(&g, 2)) {
			assert_ptr_equal(map_put(map, key, &model.value[i]), model.value[i]);
			model.value[i] = &model.value[i];
			model.count += !is_there;
		} else {
			assert_ptr_equal(map_remove(map, key), model.value[i]);
			model.value[i] = NULL;
			model.count -= is_there;
		}
		memset(room, '!', sizeof room); /* keys are copied */
		if (step % 1000 == 0)
			expect_all(map, &model);
		/* Now of a table that is full, now of one that hardly is. */
		if (prng_below(&g, 3000) == 0 || (step % 7000 > 6900 && model.count > 10)) {
			map_clear(map);
			model = (struct model){.count = 0};
			expect_all(map, &model);
		}
	}
	expect_all(map, &model);
	map_free(&map);
	assert_null(map);
	map_free(&map);
}

static void test_map_keys_may_hold_any_byte_and_none(void **state)
{
	struct map *map = map_new();
	int a, b, c;

	(void)state;
	assert_null(map_put(map, SLICE(""), &a));
	assert_null(map_put(map, SLICE("\0"), &b));
	assert_null(map_put(map, SLICE("\0\0"), &c));
	assert_ptr_equal(map_get(map, SLICE("")), &a);
	assert_ptr_equal(map_get(map, SLICE("\0")), &b);
	assert_ptr_equal(map_get(map, SLICE("\0\0")), &c);
	assert_ptr_equal(map_put(map, SLICE(""), &b), &a);
	assert_int_equal(map_count(map), 3);
	assert_null(map_remove(map, SLICE("x")));
	map_free(&map);
}

static void test_map_clear_forgets_everything_and_serves_on(void **state)
{
	struct map *map = map_new();
	size_t cursor = 0;
	char room[KEY_MAX];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		(void)map_put(map, key_of(i, room), map);
	map_clear(map);
	assert_int_equal(map_count(map), 0);
	assert_false(map_next(map, &cursor, NULL, NULL));
	assert_null(map_get(map, key_of(5, room)));
	assert_null(map_put(map, key_of(5, room), map));
	assert_ptr_equal(map_get(map, key_of(5, room)), map);
	map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_map_agrees_with_a_slow_model_over_many_steps),
	    cmocka_unit_test(test_map_keys_may_hold_any_byte_and_none),
	    cmocka_unit_test(test_map_clear_forgets_everything_and_serves_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

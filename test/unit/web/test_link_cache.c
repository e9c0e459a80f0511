/* SPDX-License-Identifier: Apache-2.0 */
#include "web/edge/link_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { URL_BYTES = 3000, CACHE_BYTES = 20 * URL_BYTES };

struct world {
	struct link_cache *cache;
	struct arena *arena;
};

static int setup(void **state)
{
	static struct world w;
	w = (struct world){link_cache_new(CACHE_BYTES), arena_new()};
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	link_cache_free(&w->cache);
	arena_free(&w->arena);
	return 0;
}

static struct slice key_of(const struct world *w, uint32_t n)
{
	return arena_printf(w->arena, "key-%012u", n);
}

static struct slice url_of(const struct world *w, uint32_t n)
{
	return arena_printf(w->arena, "https://example.com/%0*u", URL_BYTES - 20, n);
}

static void put(struct world *w, uint32_t n)
{
	link_cache_put(w->cache, 1, key_of(w, n), url_of(w, n));
}

static bool has(struct world *w, uint32_t n)
{
	struct slice url = link_cache_find(w->cache, 1, key_of(w, n), w->arena);
	if (url.n && !slice_equal(url, url_of(w, n)))
		fail_msg("another URL than that of %u", n);
	return url.n > 0;
}

static void test_what_was_put_is_found(void **state)
{
	struct world *w = *state;
	assert_false(has(w, 1));
	put(w, 1);
	put(w, 1);
	put(w, 2);
	assert_true(has(w, 1) && has(w, 2) && !has(w, 3));
}

static void test_tenants_are_apart(void **state)
{
	struct world *w = *state;
	put(w, 1);
	assert_int_equal(link_cache_find(w->cache, 2, key_of(w, 1), w->arena).n, 0);
}

static void test_what_is_asked_for_stays_and_the_rest_goes(void **state)
{
	struct world *w = *state;
	for (uint32_t n = 0; n < 200; n++) {
		put(w, n);
		assert_true(has(w, 0));
	}
	uint32_t kept = 0;
	for (uint32_t n = 1; n < 200; n++)
		kept += link_cache_find(w->cache, 1, key_of(w, n), w->arena).n > 0;
	assert_in_range(kept, 9, 20);
	assert_true(has(w, 199));
	assert_false(has(w, 1));
}

static void test_one_that_is_larger_than_all_room_is_kept_alone(void **state)
{
	struct world *w = *state;
	struct link_cache *small = link_cache_new(100);
	link_cache_put(small, 1, key_of(w, 1), url_of(w, 1));
	assert_true(link_cache_find(small, 1, key_of(w, 1), w->arena).n > 0);
	link_cache_put(small, 1, key_of(w, 2), url_of(w, 2));
	link_cache_put(small, 1, key_of(w, 3), url_of(w, 3));
	assert_int_equal(link_cache_find(small, 1, key_of(w, 1), w->arena).n, 0);
	link_cache_free(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_was_put_is_found),
	    TEST(test_tenants_are_apart),
	    TEST(test_what_is_asked_for_stays_and_the_rest_goes),
	    TEST(test_one_that_is_larger_than_all_room_is_kept_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "engine/accounts/password.h"

#include <string.h>
#include <time.h>

static void test_password_is_right_only_for_its_own_hash(void **state)
{
	struct arena *arena = arena_new();
	struct slice hash = password_hash(SLICE("correct horse"), arena);

	(void)state;
	assert_true(slice_starts_with(hash, SLICE("$argon2id$v=19$m=19456,t=2,p=1$")));
	assert_true(password_is_right(SLICE("correct horse"), hash));
	assert_false(password_is_right(SLICE("correct horse "), hash));
	assert_false(password_is_right(SLICE("Correct horse"), hash));
	assert_false(password_is_right(SLICE(""), hash));
	assert_false(slice_equal(hash, password_hash(SLICE("correct horse"), arena))); /* salted */
	arena_free(&arena);
}

static void test_password_is_wrong_for_what_is_no_hash(void **state)
{
	static const char *const hashes[] = {"x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$YWJj$",
					     "correct horse"};
	static char long_text[4096];

	(void)state;
	memset(long_text, 'h', sizeof long_text);
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		assert_false(password_is_right(SLICE("correct horse"), slice_from_cstr(hashes[i])));
	assert_false(password_is_right(SLICE("correct horse"), slice_of(long_text, sizeof long_text)));
}

static void test_password_of_any_byte_up_to_its_maximum(void **state)
{
	static char text[PASSWORD_MAX + 1];
	struct arena *arena = arena_new();

	(void)state;
	memset(text, 0, sizeof text);
	struct slice longest = slice_of(text, PASSWORD_MAX);
	struct slice hash = password_hash(longest, arena);
	assert_true(password_is_right(longest, hash));
	assert_false(password_is_right(slice_of(text, PASSWORD_MAX - 1), hash));
	assert_int_equal(password_hash(slice_of(text, PASSWORD_MAX + 1), arena).n, 0);
	assert_false(password_is_right(slice_of(text, PASSWORD_MAX + 1), hash));
	arena_free(&arena);
}

static int64_t processor_us(void)
{
	struct timespec t;
	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Processor time of the best of three, which a busy machine does not stretch. */
static int64_t cost_us(struct slice hash)
{
	int64_t best = INT64_MAX;
	for (int i = 0; i < 3; i++) {
		int64_t before = processor_us();
		assert_false(password_is_right(SLICE("wrong"), hash));
		int64_t cost = processor_us() - before;
		best = cost < best ? cost : best;
	}
	return best;
}

/* A hash that libsodium cannot read is refused in a thousandth of the work; then the time would tell who is known. */
static void test_password_of_an_unknown_user_costs_as_much_work(void **state)
{
	struct arena *arena = arena_new();
	int64_t known = cost_us(password_hash(SLICE("correct horse"), arena));
	int64_t unknown = cost_us(SLICE_EMPTY);

	(void)state;
	assert_true(unknown > known / 4);
	assert_true(unknown < known * 4);
	arena_free(&arena);
}

static void test_password_of_an_unknown_user_is_never_right(void **state)
{
	(void)state;
	assert_false(password_is_right(SLICE(""), SLICE_EMPTY));
	assert_false(password_is_right(SLICE("nobody"), (struct slice){NULL, 0}));
}

static void test_password_generated_is_long_plain_and_new_each_time(void **state)
{
	struct arena *arena = arena_new();
	unsigned seen[256] = {0}, kinds = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct slice a = password_generate(arena), b = password_generate(arena);
		assert_int_equal(a.n, 20);
		assert_false(slice_equal(a, b));
		for (size_t k = 0; k < a.n; k++) {
			assert_non_null(strchr("abcdefghjkmnpqrstuvwxyz23456789", a.p[k]));
			kinds += seen[(unsigned char)a.p[k]]++ == 0;
		}
	}
	assert_int_equal(kinds, 31);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_password_is_right_only_for_its_own_hash),
	    cmocka_unit_test(test_password_is_wrong_for_what_is_no_hash),
	    cmocka_unit_test(test_password_of_any_byte_up_to_its_maximum),
	    cmocka_unit_test(test_password_of_an_unknown_user_costs_as_much_work),
	    cmocka_unit_test(test_password_of_an_unknown_user_is_never_right),
	    cmocka_unit_test(test_password_generated_is_long_plain_and_new_each_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

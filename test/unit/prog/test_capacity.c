/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/serve/capacity.h"
#include "prog/serve/config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static void test_memory_goes_with_bodies(void **state)
{
	static const struct {
		int64_t body_mb, memory_mb;
		size_t want_mb; /* 0: refused */
	} cases[] = {{1, 0, 160},  {40, 0, 160}, {100, 0, 400},   {40, 160, 160},
		     {40, 159, 0}, {1, 4, 4},    {64, 1000, 1000}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config config = {.loops = 1, .body_mb = cases[i].body_mb, .memory_mb = cases[i].memory_mb};
		struct capacity capacity = {0};
		struct err err = {0};
		enum status status = capacity_find(&config, &capacity, &err);
		assert_int_equal(status, cases[i].want_mb ? STATUS_OK : STATUS_BAD_INPUT);
		/* A machine with a limit of its own gives less. */
		if (status == STATUS_OK)
			assert_true(capacity.request_bytes > 0 && capacity.request_bytes <= cases[i].want_mb << 20);
		else
			assert_non_null(strstr(err.text, "it takes 160"));
	}
}

static uint32_t connections_with(int64_t configured, rlim_t descriptors)
{
	struct rlimit limit = {descriptors < 300 ? descriptors : 300, descriptors};
	struct config config = {
	    .loops = 2, .connections = configured, .sending_concurrency = 20, .body_mb = 1, .memory_mb = 4};
	struct capacity capacity = {0};
	struct err err = {0};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(capacity_find(&config, &capacity, &err), STATUS_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, descriptors); /* raised to what is allowed */
	return capacity.connections;
}

/* From more to fewer: a hard limit that was lowered cannot be raised again by everybody. */
static void test_connections_fit_the_descriptors(void **state)
{
	struct rlimit before;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	if (before.rlim_max < 4000)
		skip();
	assert_int_equal(connections_with(1000, 4000), 1000);
	assert_int_equal(connections_with(0, 4000), 4000 - 128 - 2 * 64 - 20);
	assert_int_equal(connections_with(4000, 4000), 4000 - 128 - 2 * 64 - 20);
	assert_int_equal(connections_with(0, 400), 400 - 128 - 2 * 64 - 20);
	assert_int_equal(connections_with(0, 100), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_goes_with_bodies),
	    cmocka_unit_test(test_connections_fit_the_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/serve/installation.h"

static void test_listen_address_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {{"127.0.0.1:8420", "127.0.0.1", 8420},
		     {"[::1]:80", "::1", 80},
		     {"::1:80", "::1", 80},
		     {"localhost:0", "localhost", 0},
		     {"0.0.0.0:65535", "0.0.0.0", 65535}};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *host = NULL;
		uint16_t port = 1;
		struct err err;
		assert_int_equal(parse_listen(cases[i].text, arena, &host, &port, &err), STATUS_OK);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
	arena_free(&arena);
}

static void test_listen_address_that_is_none_is_refused(void **state)
{
	static const char *const cases[] = {"",      "8420",    "127.0.0.1", "127.0.0.1:", ":80",
					    "[]:80", "a:65536", "a:-1",      "a:80 ",      "a:http"};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *host = "untouched";
		uint16_t port = 1;
		struct err err;
		if (parse_listen(cases[i], arena, &host, &port, &err) != STATUS_BAD_INPUT)
			fail_msg("'%s' was accepted", cases[i]);
		assert_string_equal(host, "untouched");
		assert_int_equal(port, 1);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_listen_address_is_taken_apart),
	    cmocka_unit_test(test_listen_address_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

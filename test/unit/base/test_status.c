/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/status.h"

#include <errno.h>
#include <string.h>

static void test_status_every_value_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = STATUS_OK; i <= STATUS_REFUSED_PERM; i++)
		for (int k = STATUS_OK; k < i; k++)
			assert_string_not_equal(status_name((enum status)i), status_name((enum status)k));
	assert_string_equal(status_name(STATUS_TOO_BIG), "too_big");
	assert_string_equal(status_name((enum status)99), "unknown");
	for (int i = STATUS_OK; i <= STATUS_REFUSED_PERM; i++)
		assert_string_not_equal(status_name((enum status)i), "unknown");
}

static void test_status_text_that_does_not_fit_is_cut(void **state)
{
	char text[300];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof text);
	text[299] = 0;
	assert_int_equal(err_set(&err, STATUS_CORRUPT, "%s", text), STATUS_CORRUPT);
	assert_int_equal(err.status, STATUS_CORRUPT);
	assert_int_equal(err.os_errno, 0);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_int_equal(err_set_errno(&err, EACCES, "%s", text), STATUS_IO);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void test_status_of_a_failed_system_call_says_its_words(void **state)
{
	static const struct {
		int os_errno;
		enum status status;
		const char *text;
	} cases[] = {{ENOENT, STATUS_IO, "cannot open x: No such file or directory"},
		     {ENOSPC, STATUS_FULL, "cannot open x: No space left on device"},
		     {EDQUOT, STATUS_FULL, "cannot open x: Disk quota exceeded"},
		     {99999, STATUS_IO, "cannot open x: unknown error"}};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(err_set_errno(&err, cases[i].os_errno, "cannot open %s", "x"), cases[i].status);
		assert_int_equal(err.status, cases[i].status);
		assert_int_equal(err.os_errno, cases[i].os_errno);
		assert_string_equal(err.text, cases[i].text);
	}
}

static void test_status_is_returned_also_when_nobody_wants_the_words(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, STATUS_CONFLICT, "x"), STATUS_CONFLICT);
	assert_int_equal(err_set_errno(NULL, ENOSPC, "x"), STATUS_FULL);
	assert_int_equal(err_set_errno(NULL, EIO, "x"), STATUS_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_every_value_has_a_name_of_its_own),
	    cmocka_unit_test(test_status_text_that_does_not_fit_is_cut),
	    cmocka_unit_test(test_status_of_a_failed_system_call_says_its_words),
	    cmocka_unit_test(test_status_is_returned_also_when_nobody_wants_the_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

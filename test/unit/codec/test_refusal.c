/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/mail/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_refusals_are_told_apart(void **state)
{
	static const struct {
		uint32_t reply_code;
		const char *words, *class, *code;
	} CASES[] = {
	    {550, "5.1.1 The email account that you tried to reach does not exist", "hard", "5.1.1"},
	    {550, "550-5.1.1 user unknown", "hard", "5.1.1"},
	    {550, "No such user here", "hard", ""},
	    {552, "5.2.2 mailbox full", "soft", "5.2.2"},
	    {550, "5.2.1 mailbox disabled", "hard", "5.2.1"},
	    {421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", "block", "4.7.0"},
	    {550, "5.7.1 Message rejected due to local policy", "block", "5.7.1"},
	    {554, "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "block", ""},
	    {550, "host 5.1.2.3 says no", "hard", ""},
	    {451, "4.3.0 try later", "soft", "4.3.0"},
	    {451, "try later", "soft", ""},
	    {0, "could not connect", "soft", ""},
	    {0, "", "soft", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct refusal got;
		refusal_parse(CASES[i].reply_code, slice_from_cstr(CASES[i].words), &got);
		if (strcmp(refusal_class_name(got.class), CASES[i].class) != 0 ||
		    !slice_equal(got.enhanced_code, slice_from_cstr(CASES[i].code)))
			fail_msg("%u %s: got %s, %.*s", CASES[i].reply_code, CASES[i].words,
				 refusal_class_name(got.class), SLICE_FMT(got.enhanced_code));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals_are_told_apart)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/mail/mail_address.h"

static void test_mail_address_normalises_what_is_in_use(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"ann@example.com", "ann@example.com"},
	    {" Ann.Lee+tag@EXAMPLE.Com\r\n", "Ann.Lee+tag@example.com"},
	    {"\"ann\"@example.com", "ann@example.com"},
	    {"\"an\\n\"@example.com", "ann@example.com"},
	    {"\"a..b\"@example.com", "\"a..b\"@example.com"},
	    {"a@m\xc3\xbcnchen.de", "a@xn--mnchen-3ya.de"},
	    {"a@M\xc3\x9cNCHEN.example", "a@xn--mnchen-3ya.example"},
	    {"a@\xef\xbd\x85xample.com", "a@example.com"},
	    {"\"a@b\"@example.com", "\"a@b\"@example.com"},
	    {"\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com"},
	    {"o'neil/x=y@sub.example.co.uk", "o'neil/x=y@sub.example.co.uk"},
	    {"a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"},
	    {"me@localhost", "me@localhost"},
	    {"a@1und1.de", "a@1und1.de"},
	};
	struct arena *arena = arena_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice got = SLICE_EMPTY;
		struct slice again = SLICE_EMPTY;
		struct err err = {0};
		if (mail_address_normalise(slice_from_cstr(cases[i][0]), arena, &got, &err) != STATUS_OK)
			fail_msg("%s: %s", cases[i][0], err.text);
		assert_string_equal(got.p, cases[i][1]);
		assert_int_equal(mail_address_check(got, NULL), STATUS_OK);
		assert_int_equal(mail_address_normalise(got, arena, &again, NULL), STATUS_OK);
		assert_true(slice_equal(got, again));
	}
	arena_free(&arena);
}

static void test_mail_address_refuses_with_words(void **state)
{
	(void)state;
	static const char *const cases[] = {
	    "",
	    " ",
	    "ann",
	    "@example.com",
	    "ann@",
	    "ann@@example.com",
	    "a b@example.com",
	    ".a@example.com",
	    "a.@example.com",
	    "a..b@example.com",
	    "a@example..com",
	    "a@.example.com",
	    "a@example.com.",
	    "a@-example.com",
	    "a@example-.com",
	    "a@exa_mple.com",
	    "a@[127.0.0.1]",
	    "a@127.0.0.1",
	    "\"a b\"@example.com",
	    "\"a<b\"@example.com",
	    "\"a>b\"@example.com",
	    "a@\xef\xbc\xbb"
	    "127.0.0.1]",
	    "a@\xff.example",
	    "a@m\xc3\xbcnchen_.de",
	    "j\xc3\xb6rg@example.com",
	    "a\r\nBcc: b@example.com",
	    "a@example.com\nb",
	    "a@b>,<c@d.example",
	    "\"a@example.com",
	    "\"a\"b\"@example.com",
	    "Ann <ann@example.com>",
	    "a@b@example.com",
	    "a\tb@example.com",
	    "\"\r\n\"@example.com",
	    "1234567890123456789012345678901234567890123456789012345678901234x@example.com",
	    "a@1234567890123456789012345678901234567890123456789012345678901234.example",
	};
	struct arena *arena = arena_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice got = SLICE("untouched");
		struct err err = {0};
		enum status status = mail_address_normalise(slice_from_cstr(cases[i]), arena, &got, &err);
		if (status != STATUS_BAD_INPUT && status != STATUS_TOO_BIG)
			fail_msg("taken: %s", cases[i]);
		assert_true(err.text[0]);
		assert_true(slice_equal(got, SLICE("untouched")));
	}
	assert_int_equal(mail_address_check(slice_of("a\0b@example.com", 15), NULL), STATUS_BAD_INPUT);
	assert_int_equal(mail_address_check(SLICE(" a@example.com"), NULL), STATUS_BAD_INPUT);
	assert_int_equal(mail_address_check(SLICE("a@m\xc3\xbcnchen.de"), NULL), STATUS_BAD_INPUT);
	arena_free(&arena);
}

static void test_mail_address_is_limited_to_254_bytes(void **state)
{
	(void)state;
	char text[MAIL_ADDRESS_MAX + 1];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 50 == 49 ? '.' : 'a';
	text[10] = '@';
	text[sizeof text - 1] = text[sizeof text - 2] = 'a';
	assert_int_equal(mail_address_check(slice_of(text, sizeof text - 1), NULL), STATUS_OK);
	assert_int_equal(mail_address_check(slice_of(text, sizeof text), NULL), STATUS_TOO_BIG);
}

static void test_mail_address_domain_is_behind_the_last_at(void **state)
{
	(void)state;
	assert_true(slice_equal(mail_address_domain(SLICE("\"a@b\"@example.com")), SLICE("example.com")));
	assert_int_equal(mail_address_domain(SLICE("nobody")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mail_address_normalises_what_is_in_use),
	    cmocka_unit_test(test_mail_address_refuses_with_words),
	    cmocka_unit_test(test_mail_address_is_limited_to_254_bytes),
	    cmocka_unit_test(test_mail_address_domain_is_behind_the_last_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

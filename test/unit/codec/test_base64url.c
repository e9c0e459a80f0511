/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/base64url.h"

#include <string.h>

static void test_base64url_writes_the_vectors_of_rfc_4648_without_padding(void **state)
{
	static const struct {
		struct slice bytes;
		const char *text;
	} cases[] = {{{"", 0}, ""},
		     {{"f", 1}, "Zg"},
		     {{"fo", 2}, "Zm8"},
		     {{"foo", 3}, "Zm9v"},
		     {{"foob", 4}, "Zm9vYg"},
		     {{"fooba", 5}, "Zm9vYmE"},
		     {{"foobar", 6}, "Zm9vYmFy"},
		     {{"\xfb\xff\xfe", 3}, "-__-"},
		     {{"\0\0\0", 3}, "AAAA"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[32];
		unsigned char bytes[16];
		size_t n = 99;
		struct buf b;
		buf_init_fixed(&b, text, sizeof text);
		base64url_append(&b, cases[i].bytes);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(b.n, base64url_size(cases[i].bytes.n));
		assert_int_equal(base64url_decode(buf_slice(&b), bytes, sizeof bytes, &n), STATUS_OK);
		assert_true(slice_equal(slice_of(bytes, n), cases[i].bytes));
	}
}

static void test_base64url_refuses_every_other_spelling(void **state)
{
	static const char *const cases[] = {"A",    "Zg==",   "Zh",    "Zm9", "Zm9vYmF=", "Zm+v", "Zm/v",
					    "Zm v", "Zm9v\n", "AAAAA", "Zg=", "=",        "Z\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char bytes[16];
		size_t n = 99;
		if (base64url_decode(slice_from_cstr(cases[i]), bytes, sizeof bytes, &n) != STATUS_BAD_INPUT)
			fail_msg("'%s' was accepted", cases[i]);
		assert_int_equal(n, 99);
	}
}

static void test_base64url_no_two_texts_give_the_same_bytes(void **state)
{
	unsigned char seen[256] = {0};

	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			const char text[2] = {(char)a, (char)b};
			unsigned char byte;
			size_t n;
			if (base64url_decode(slice_of(text, 2), &byte, 1, &n) == STATUS_OK)
				seen[byte]++;
		}
	for (int i = 0; i < 256; i++)
		assert_int_equal(seen[i], 1);
}

static void test_base64url_never_writes_past_the_room(void **state)
{
	unsigned char bytes[4] = {9, 9, 9, 9};
	size_t n = 99;
	char text[6];
	struct buf b;

	(void)state;
	assert_int_equal(base64url_decode(SLICE("Zm9v"), bytes, 2, &n), STATUS_TOO_BIG);
	assert_int_equal(base64url_decode(SLICE("Zm9vYg"), bytes, 3, &n), STATUS_TOO_BIG);
	assert_int_equal(n, 99);
	assert_int_equal(base64url_decode(SLICE("Zm9v"), bytes, 3, &n), STATUS_OK);
	assert_int_equal(bytes[3], 9);
	buf_init_fixed(&b, text, sizeof text);
	base64url_append(&b, SLICE("foob")); /* six characters and the NUL */
	assert_true(buf_failed(&b));
	assert_int_equal(b.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_base64url_writes_the_vectors_of_rfc_4648_without_padding),
	    cmocka_unit_test(test_base64url_refuses_every_other_spelling),
	    cmocka_unit_test(test_base64url_no_two_texts_give_the_same_bytes),
	    cmocka_unit_test(test_base64url_never_writes_past_the_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

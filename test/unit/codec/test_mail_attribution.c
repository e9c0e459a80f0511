/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a raw message: walked, looked up, and those of ours taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/mail/mail_attribution.h"

static void check(const char *message, const char *left, const char *const (*items)[2], size_t count)
{
	struct arena *arena = arena_new();
	struct mail_attribution got;
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(mail_attribution_take(slice_from_cstr(message), arena, &out, &got), STATUS_OK);
	assert_string_equal(buf_cstr(&out), left);
	assert_int_equal(got.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(slice_equal(got.items[i].name, slice_from_cstr(items[i][0])));
		assert_true(slice_equal(got.items[i].value, slice_from_cstr(items[i][1])));
	}
	buf_done(&out);
	arena_free(&arena);
}

static void test_attribution_is_taken_out_and_every_other_byte_stays(void **state)
{
	(void)state;
	static const char *const one[][2] = {{"Campaign", "spring"}};
	static const char *const folded[][2] = {{"Metadata", "{\"a\": 1}"}, {"AGENT", "Zoë"}};
	check("X-Pugmark-Campaign: spring\r\nTo: a\r\n\r\nbody\r\n", "To: a\r\n\r\nbody\r\n", one, 1);
	check("To: a\nx-pugmark-Campaign:spring\n\nX-Pugmark-Campaign: body\n", "To: a\n\nX-Pugmark-Campaign: body\n",
	      one, 1);
	check("To: a\r\n b\r\nX-Pugmark-Metadata: {\"a\":\r\n\t1}\r\nX-PUGMARK-AGENT : =?utf-8?q?Zo=C3=AB?=\r\nCc: "
	      "c\r\n\r\n",
	      "To: a\r\n b\r\nCc: c\r\n\r\n", folded, 2);
}

static void test_attribution_is_found_in_broken_messages(void **state)
{
	(void)state;
	static const char *const one[][2] = {{"Campaign", "spring"}};
	check("From me Mon\nno header at all\nX-Pugmark-Campaign: spring", "From me Mon\nno header at all\n", one, 1);
	check("X-Pugmark-Campaign: spring\n", "", one, 1);
	check("", "", NULL, 0);
	check("\r\nX-Pugmark-Campaign: spring\r\n", "\r\nX-Pugmark-Campaign: spring\r\n", NULL, 0);
	check("X-Pugmarked: a\r\nX-Pug: b\r\n\r\n", "X-Pugmarked: a\r\nX-Pug: b\r\n\r\n", NULL, 0);
}

static void test_attribution_says_when_the_room_is_full(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct mail_attribution got;
	struct buf out;
	buf_init(&out, 4);
	assert_int_equal(mail_attribution_take(SLICE("To: a\r\n\r\n"), arena, &out, &got), STATUS_TOO_BIG);
	buf_done(&out);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_attribution_is_taken_out_and_every_other_byte_stays),
	    cmocka_unit_test(test_attribution_is_found_in_broken_messages),
	    cmocka_unit_test(test_attribution_says_when_the_room_is_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/smtp_reply.h"

static void test_smtp_reply_takes_what_servers_say(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		enum status want;
		int code;
		const char *words;
		size_t left;
	} cases[] = {
	    {"250 ok\r\n", STATUS_OK, 250, "ok", 0},
	    {"250 ok\n", STATUS_OK, 250, "ok", 0},
	    {"250\r\n", STATUS_OK, 250, "", 0},
	    {"250-a\r\n250-b\r\n250 c\r\n354 d\r\n", STATUS_OK, 250, "a b c", 7},
	    {"250-a\r\n250 b", STATUS_AGAIN, 250, "a", 5},
	    {"25", STATUS_AGAIN, 0, "", 2},
	    {"550 5.1.1 \x1b[1mno\tbody\x7f \xff\r\n", STATUS_OK, 550, "5.1.1  [1mno body  \xef\xbf\xbd", 0},
	    {"hello\r\n", STATUS_CORRUPT, 0, "", 0},
	    {"99 ok\r\n", STATUS_CORRUPT, 0, "", 0},
	    {"650 ok\r\n", STATUS_CORRUPT, 0, "", 0},
	    {"250ok\r\n", STATUS_CORRUPT, 0, "", 0},
	    {"\r\n", STATUS_CORRUPT, 0, "", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct smtp_reply reply;
		struct slice input = slice_from_cstr(cases[i].input);
		smtp_reply_clear(&reply);
		assert_int_equal(smtp_reply_take(&input, &reply), cases[i].want);
		if (cases[i].want == STATUS_CORRUPT)
			continue;
		assert_int_equal(reply.code, cases[i].code);
		assert_string_equal(reply.words, cases[i].words);
		assert_int_equal(input.n, cases[i].left);
	}
}

static void test_smtp_reply_is_bounded(void **state)
{
	(void)state;
	struct smtp_reply reply;
	struct buf input;
	buf_init(&input, 1 << 20);
	for (int i = 0; i < 200; i++)
		buf_append_cstr(&input, "250-words and words \xc3\xa9\xc3\xa9\xc3\xa9\r\n");
	buf_append_cstr(&input, "250 end\r\n");
	struct slice rest = buf_slice(&input);
	smtp_reply_clear(&reply);
	assert_int_equal(smtp_reply_take(&rest, &reply), STATUS_OK);
	assert_true(reply.words_size <= SMTP_REPLY_WORDS_MAX);
	buf_clear(&input);
	for (int i = 0; i < SMTP_REPLY_LINE_MAX; i++)
		buf_append_byte(&input, '2');
	rest = buf_slice(&input);
	assert_int_equal(smtp_reply_take(&rest, &reply), STATUS_CORRUPT);
	buf_done(&input);
}

static void test_smtp_reply_finds_the_queue_id_of_known_servers(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"2.0.0 Ok: queued as 4XyZ1abc", "4XyZ1abc"},
	    {"OK id=1tXyZ0-0001Ab-2c", "1tXyZ0-0001Ab-2c"},
	    {"Ok 010001929f0c0000-0192f0c0-0000-7000-8000-000000000001-000000",
	     "010001929f0c0000-0192f0c0-0000-7000-8000-000000000001-000000"},
	    {"2.0.0 Ok", ""},
	    {"Ok thanks", ""},
	    {"queued as", ""},
	    {"queued as \"x\"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(
		    slice_equal(smtp_reply_queue_id(slice_from_cstr(cases[i][0])), slice_from_cstr(cases[i][1])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_smtp_reply_takes_what_servers_say),
	    cmocka_unit_test(test_smtp_reply_is_bounded),
	    cmocka_unit_test(test_smtp_reply_finds_the_queue_id_of_known_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "milter/milter_mail.h"

enum { SIZE_MAX_HERE = 4096 };

/* "Name:value" */
static void add_headers(struct milter_mail *mail, const char *const *headers)
{
	for (; *headers; headers++) {
		struct slice value = slice_from_cstr(*headers);
		struct slice name = slice_cut(&value, ':');
		milter_mail_add_header(mail, name, value);
	}
}

static const char *const some_headers[] = {
    "From: Ann <ann@example.com>",   "X-Pugmark-Campaign: one", "Received: a\n\tb",        "Received:c",
    "X-Pugmark-Recipient: forged@x", "x-pugmark-campaign: two", "Content-Type: text/html", NULL};

static struct milter_mail *some_mail(void)
{
	struct milter_mail *mail = milter_mail_new(SIZE_MAX_HERE);
	milter_mail_set_sender(mail, SLICE("<bounce@example.com>"));
	milter_mail_add_recipient(mail, SLICE("<r@example.com>"));
	milter_mail_add_recipient(mail, SLICE("s@example.com"));
	milter_mail_add_recipient(mail, SLICE("evil@example.com\r\nX: y"));
	add_headers(mail, some_headers);
	milter_mail_add_body(mail, SLICE("<p>bo"));
	milter_mail_add_body(mail, SLICE("dy</p>\r\n"));
	return mail;
}

#define ANSWER_HEAD "From: Ann <ann@example.com>\r\nReceived: a\r\n\tb\r\nReceived:c\r\nContent-Type: text/html\r\n"

static void test_a_mail_is_put_together_byte_by_byte(void **state)
{
	(void)state;
	struct milter_mail *mail = some_mail();
	struct slice message = milter_mail_message(mail);
	const char *want =
	    "X-Pugmark-Recipient: <r@example.com>\r\nX-Pugmark-Recipient: <s@example.com>\r\n"
	    "From: Ann <ann@example.com>\r\nX-Pugmark-Campaign: one\r\nReceived: a\r\n\tb\r\nReceived:c\r\n"
	    "x-pugmark-campaign: two\r\nContent-Type: text/html\r\n\r\n<p>body</p>\r\n";
	assert_string_equal(message.p, want);
	assert_true(slice_equal(milter_mail_sender(mail), SLICE("bounce@example.com")));
	assert_true(slice_equal(milter_mail_from(mail), SLICE("ann@example.com")));
	milter_mail_free(&mail);
	assert_null(mail);
}

static void test_removals_count_each_name_in_any_case(void **state)
{
	(void)state;
	struct milter_mail *mail = some_mail();
	size_t count;
	const struct milter_removal *removals = milter_mail_removals(mail, &count);
	assert_true(milter_mail_has_attribution(mail));
	assert_int_equal(count, 2);
	assert_string_equal(removals[0].name, "X-Pugmark-Campaign");
	assert_int_equal(removals[0].count, 2);
	assert_string_equal(removals[1].name, "X-Pugmark-Recipient");
	assert_int_equal(removals[1].count, 1);
	milter_mail_clear(mail);
	(void)milter_mail_removals(mail, &count);
	assert_int_equal(count, 0);
	assert_false(milter_mail_has_attribution(mail));
	milter_mail_free(&mail);
}

static void compare(const char *answer, enum status want, struct milter_mail **ret_mail, struct milter_edits *ret)
{
	struct err err = {0};
	*ret_mail = some_mail();
	assert_int_equal(milter_mail_compare(*ret_mail, slice_from_cstr(answer), ret, &err), want);
}

static void test_the_same_mail_needs_no_edit(void **state)
{
	(void)state;
	struct milter_mail *mail;
	struct milter_edits edits;
	compare(ANSWER_HEAD "\r\n<p>body</p>\r\n", STATUS_OK, &mail, &edits);
	assert_int_equal(edits.header_count, 0);
	assert_false(edits.has_body);
	milter_mail_free(&mail);
}

static void test_changed_and_new_headers_and_the_body_are_edits(void **state)
{
	(void)state;
	struct milter_mail *mail;
	struct milter_edits edits;
	compare("From: Ann <ann@example.com>\r\nReceived: a\r\n\tb\r\nReceived: new\r\n\tfold\r\nContent-Type: "
		"text/html\r\n"
		"List-Unsubscribe: <u>\r\n\r\n<p>other</p>\r\n",
		STATUS_OK, &mail, &edits);
	assert_int_equal(edits.header_count, 2);
	assert_string_equal(edits.headers[0].name, "Received");
	assert_int_equal(edits.headers[0].occurrence, 2);
	assert_string_equal(edits.headers[0].value, " new\n\tfold");
	assert_string_equal(edits.headers[1].name, "List-Unsubscribe");
	assert_int_equal(edits.headers[1].occurrence, 0);
	assert_string_equal(edits.headers[1].value, " <u>");
	assert_true(edits.has_body);
	assert_true(slice_equal(edits.body, SLICE("<p>other</p>\r\n")));
	milter_mail_free(&mail);
}

static void test_an_answer_of_another_mail_is_refused(void **state)
{
	(void)state;
	static const char *const answers[] = {
	    "",
	    "\r\n<p>body</p>\r\n",
	    "From: Ann <ann@example.com>\r\n\r\nx",
	    "Subject: x\r\n" ANSWER_HEAD "\r\n",
	    "no header\r\n" ANSWER_HEAD "\r\n",
	    ANSWER_HEAD "no header\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct milter_mail *mail;
		struct milter_edits edits;
		compare(answers[i], STATUS_CORRUPT, &mail, &edits);
		milter_mail_free(&mail);
	}
}

static void test_a_mail_past_the_limit_keeps_its_headers_only(void **state)
{
	(void)state;
	struct milter_mail *mail = some_mail();
	char chunk[1000];
	memset(chunk, 'x', sizeof chunk);
	for (int i = 0; i < 8; i++)
		milter_mail_add_body(mail, slice_of(chunk, sizeof chunk));
	assert_true(milter_mail_is_too_big(mail));
	assert_true(milter_mail_has_attribution(mail));
	milter_mail_clear(mail);
	assert_false(milter_mail_is_too_big(mail));
	milter_mail_free(&mail);
}

static void test_a_flood_of_headers_is_counted_and_not_kept(void **state)
{
	(void)state;
	struct milter_mail *mail = milter_mail_new(64 * 1024 * 1024);
	char value[4096];
	char name[32];
	size_t count;
	memset(value, 'x', sizeof value);
	for (int i = 0; i < 4000; i++) {
		struct buf b;
		buf_init_fixed(&b, name, sizeof name);
		buf_printf(&b, "X-Pugmark-%d", i % 2000);
		milter_mail_add_header(mail, buf_slice(&b), slice_of(value, sizeof value));
	}
	const struct milter_removal *removals = milter_mail_removals(mail, &count);
	assert_int_equal(count, 2000);
	assert_int_equal(removals[1999].count, 2);
	assert_true(milter_mail_is_too_big(mail));
	milter_mail_free(&mail);
}

static void test_html_is_seen_in_headers_and_parts(void **state)
{
	(void)state;
	struct milter_mail *mail = some_mail();
	assert_true(milter_mail_mentions_html(mail));
	milter_mail_clear(mail);
	milter_mail_add_body(mail, SLICE("plain"));
	assert_false(milter_mail_mentions_html(mail));
	milter_mail_add_body(mail, SLICE("--b\r\nContent-Type: TEXT/HTML\r\n"));
	assert_true(milter_mail_mentions_html(mail));
	milter_mail_free(&mail);
}

static void test_mail_with_the_id_that_pugmark_gives_is_its_own(void **state)
{
	(void)state;
	static const char *const own[] = {"x-pugmark-id: 0192a6f0-0000-7000-8000-000000000000", NULL};
	static const char *const other[] = {"X-Pugmark-Id: 17", NULL};
	struct milter_mail *mail = milter_mail_new(SIZE_MAX_HERE);
	add_headers(mail, other);
	assert_false(milter_mail_is_own(mail));
	add_headers(mail, own);
	assert_true(milter_mail_is_own(mail));
	milter_mail_clear(mail);
	assert_false(milter_mail_is_own(mail));
	milter_mail_free(&mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_mail_is_put_together_byte_by_byte),
	    cmocka_unit_test(test_removals_count_each_name_in_any_case),
	    cmocka_unit_test(test_the_same_mail_needs_no_edit),
	    cmocka_unit_test(test_changed_and_new_headers_and_the_body_are_edits),
	    cmocka_unit_test(test_an_answer_of_another_mail_is_refused),
	    cmocka_unit_test(test_a_mail_past_the_limit_keeps_its_headers_only),
	    cmocka_unit_test(test_html_is_seen_in_headers_and_parts),
	    cmocka_unit_test(test_mail_with_the_id_that_pugmark_gives_is_its_own),
	    cmocka_unit_test(test_a_flood_of_headers_is_counted_and_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

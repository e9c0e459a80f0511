/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mail/mail_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct mail_attachment attachments[] = {
    {SLICE("f.txt"), SLICE("text/plain"), SLICE("a\0b"), SLICE_EMPTY},
    {SLICE_EMPTY, SLICE("image/png"), SLICE("png"), SLICE("logo")},
};
static const struct mail_body body = {SLICE("<p>"), SLICE("text"), attachments, 2};

static void test_a_body_reads_back(void **state)
{
	struct arena *arena = arena_new();
	struct slice content, id;
	struct mail_body got;
	struct err err;
	(void)state;
	mail_body_encode(&body, arena, &content, &id);
	assert_int_equal(id.n, MAIL_BODY_ID_SIZE);
	assert_int_equal(mail_body_decode(content, arena, &got, &err), STATUS_OK);
	assert_true(slice_equal(got.html, body.html) && slice_equal(got.text, body.text));
	assert_int_equal(got.attachment_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(slice_equal(got.attachments[i].filename, attachments[i].filename));
		assert_true(slice_equal(got.attachments[i].content_type, attachments[i].content_type));
		assert_true(slice_equal(got.attachments[i].bytes, attachments[i].bytes));
		assert_true(slice_equal(got.attachments[i].cid, attachments[i].cid));
	}
	arena_free(&arena);
}

static void test_the_same_content_has_the_same_id_and_another_has_not(void **state)
{
	struct arena *arena = arena_new();
	struct mail_body other = body;
	struct slice content, first, second, third;
	(void)state;
	other.text = SLICE("Text");
	mail_body_encode(&body, arena, &content, &first);
	mail_body_encode(&body, arena, &content, &second);
	mail_body_encode(&other, arena, &content, &third);
	assert_true(slice_equal(first, second));
	assert_false(slice_equal(first, third));
	arena_free(&arena);
}

static void test_cut_or_changed_content_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct slice content, id;
	struct mail_body got = {0};
	struct err err;
	(void)state;
	mail_body_encode(&body, arena, &content, &id);
	for (size_t n = 0; n < content.n; n++)
		assert_int_equal(mail_body_decode(slice_sub(content, 0, n), arena, &got, &err), STATUS_CORRUPT);
	char *changed = arena_cstr(arena, content);
	changed[0] = 9;
	assert_int_equal(mail_body_decode(slice_of(changed, content.n), arena, &got, &err), STATUS_CORRUPT);
	assert_int_equal(got.html.n, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_body_reads_back),
	    cmocka_unit_test(test_the_same_content_has_the_same_id_and_another_has_not),
	    cmocka_unit_test(test_cut_or_changed_content_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static struct pugmark_result *instrument(struct pugmark_instrumenter *instrumenter, const char *mail)
{
	struct pugmark_result *result;
	assert_ok(pugmark_instrument_mime(instrumenter, mail, PUGMARK_CSTR, &result));
	return result;
}

static void test_mime_changes_the_html_parts_and_no_byte_outside_them(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	struct pugmark_result *result = instrument(instrumenter, fixture_mail);
	(void)state;
	assert_int_equal(result->part_count, 3);
	assert_int_equal(result->parts[0]->skip, PUGMARK_PART_NOT_SKIPPED);
	assert_int_equal(result->parts[1]->skip, PUGMARK_PART_SIGNED);
	assert_string_equal(pugmark_part_skip_name(result->parts[1]->skip), "signed");
	assert_string_equal(pugmark_part_skip_name(PUGMARK_PART_NOT_SKIPPED), "");
	assert_int_equal(result->parts[2]->skip, PUGMARK_PART_NOT_SKIPPED);
	assert_text(result->parts[0]->charset, "utf-8");
	assert_true(result->has_signature);
	assert_true(result->has_text);
	assert_true(result->has_pixel);
	assert_int_equal(result->link_count, 2);
	assert_int_equal(result->tracked_count, 2);
	assert_text(result->links[0]->url, "https://example.com/first?a=1&b=2");
	assert_int_equal(result->links[0]->part, 0);
	assert_text(result->links[1]->url, "https://example.com/second");
	assert_int_equal(result->links[1]->part, 2);
	assert_int_equal(result->links[1]->index, 1);
	for (size_t i = 0; i < 2; i++) {
		const struct pugmark_part *part = result->parts[result->links[i]->part];
		assert_non_null(strstr(part->html.bytes, result->links[i]->tracked_url.bytes));
	}
	assert_int_equal(result->parts[0]->pixel_at, -1);
	assert_true(result->parts[2]->pixel_at >= 0);
	size_t head = result->parts[0]->start;
	size_t tail = strlen(fixture_mail) - result->parts[2]->end;
	assert_memory_equal(result->output.bytes, fixture_mail, head);
	assert_memory_equal(result->output.bytes + result->output.size - tail,
			    fixture_mail + strlen(fixture_mail) - tail, tail);
	size_t between = result->parts[2]->start - result->parts[0]->end;
	char *middle = strndup(fixture_mail + result->parts[0]->end, between);
	assert_non_null(strstr(result->output.bytes, middle));
	free(middle);
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

static void test_mime_twice_is_mime_once(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	struct pugmark_result *once = instrument(instrumenter, fixture_mail);
	struct pugmark_result *twice = instrument(instrumenter, once->output.bytes);
	(void)state;
	assert_text(twice->output, once->output.bytes);
	assert_int_equal(twice->tracked_count, 0);
	pugmark_result_free(once);
	pugmark_result_free(twice);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

static void test_mime_without_html_comes_out_as_it_went_in(void **state)
{
	static const char *const mails[] = {"", "no message at all", "Subject: x\n\nhttps://example.com/\n"};
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	(void)state;
	for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++) {
		struct pugmark_result *result = instrument(instrumenter, mails[i]);
		assert_text(result->output, mails[i]);
		assert_int_equal(result->part_count, 0);
		assert_int_equal(result->link_count, 0);
		pugmark_result_free(result);
	}
	struct pugmark_result *result = NULL;
	assert_status(pugmark_instrument_mime(instrumenter, NULL, 3, &result), PUGMARK_MISUSE);
	assert_status(pugmark_instrument_mime(instrumenter, "", 0, NULL), PUGMARK_MISUSE);
	assert_ok(pugmark_instrumenter_set_output_max(instrumenter, 100));
	assert_status(pugmark_instrument_mime(instrumenter, fixture_mail, PUGMARK_CSTR, &result), PUGMARK_TOO_BIG);
	assert_null(result);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

static void test_mime_result_needs_no_input(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	char *mail = strdup("Subject: x\nContent-Type: text/html; charset=\"latin1\"\n\n<a href=/x>left alone</a>\n");
	(void)state;
	assert_ok(pugmark_instrumenter_set_pixel_place(instrumenter, PUGMARK_PIXEL_OFF));
	struct pugmark_result *result = instrument(instrumenter, mail);
	free(mail);
	assert_text(result->parts[0]->charset, "latin1");
	assert_text(result->parts[0]->html, "<a href=/x>left alone</a>\n");
	assert_text(result->links[0]->text, "left alone");
	assert_text(result->links[0]->url, "/x");
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mime_changes_the_html_parts_and_no_byte_outside_them),
	    cmocka_unit_test(test_mime_twice_is_mime_once),
	    cmocka_unit_test(test_mime_without_html_comes_out_as_it_went_in),
	    cmocka_unit_test(test_mime_result_needs_no_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

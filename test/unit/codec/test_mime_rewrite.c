/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a message are rewritten, and what is said of it: see mime_run.h for the links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mime_run.h"
#include <stdio.h>

/* The first html part is left alone for that reason and nothing changes. */
static void check_skip(const char *message, enum mime_skip want)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct run run;
	run_start(&run, &options, slice_from_cstr(message));
	assert_true(run.report.html_count > 0);
	assert_string_equal(mime_skip_name(run.report.htmls[0].skip), mime_skip_name(want));
	assert_int_equal(run.report.link_count, 0);
	run_end(&run);
	check_pixel(message, NULL);
}

/* ---- charsets ---- */

static void test_charsets_are_never_changed(void **state)
{
	(void)state;
	/* Shift_JIS: 0x5c is the second byte of a character. */
	check_links("Content-Type: text/html; charset=Shift_JIS\n\n\x95\x5c" LINK "\x83\x5c",
		    "Content-Type: text/html; charset=Shift_JIS\n\n\x95\x5c" TRACKED("0") "\x83\x5c");
	/* ISO-2022-JP: the < and " inside the escapes are parts of characters. */
	check_links("Content-Type: text/html; charset=iso-2022-jp\n\n\x1b$B<\"<a\x1b(B" LINK "\x1b$B%F\x1b(B",
		    "Content-Type: text/html; charset=iso-2022-jp\n\n\x1b$B<\"<a\x1b(B" TRACKED("0") "\x1b$B%F\x1b(B");
	check_links("Content-Type: text/html; charset=iso-2022-jp\nContent-Transfer-Encoding: quoted-printable\n\n"
		    "=1B$B<\"<a=1B(B<a href=3D\"http://e.com/\">",
		    "Content-Type: text/html; charset=iso-2022-jp\nContent-Transfer-Encoding: quoted-printable\n\n"
		    "=1B$B<\"<a=1B(B<a href=3D\"https://t.co/0\">");
}

static void test_what_cannot_be_cut_passes_through_and_is_reported(void **state)
{
	(void)state;
	/* "<p>" in UTF-16LE. */
	const char *message =
	    "Content-Type: text/html; charset=utf-16le\nContent-Transfer-Encoding: base64\n\nPABwAD4A\n";
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct run run;
	check_pixel(message, NULL);
	run_start(&run, &options, slice_from_cstr(message));
	assert_int_equal(run.report.htmls[0].skip, MIME_NOT_SKIPPED);
	assert_true(run.report.warnings & HTML_WARN_PASSED_THROUGH);
	assert_false(run.report.has_pixel);
	run_end(&run);
}

/* ---- what is left alone ---- */

#define WITHIN(type) "Content-Type: " type "; boundary=b\r\n\r\n--b\r\n" HTML "\r\n" LINK "\r\n--b--\r\n"

static void test_parts_that_must_not_change_are_left_alone(void **state)
{
	(void)state;
	check_skip(WITHIN("multipart/signed"), MIME_SKIP_SIGNED);
	check_skip(WITHIN("multipart/encrypted"), MIME_SKIP_ENCRYPTED);
	check_skip(WITHIN("multipart/report"), MIME_SKIP_EMBEDDED);
	check_skip("Content-Type: message/rfc822\r\n\r\n" HTML "\r\n" LINK, MIME_SKIP_EMBEDDED);
	check_skip("Content-Disposition: attachment; filename=x.html\r\n" HTML "\r\n" LINK, MIME_SKIP_ATTACHED);
	check_skip("Content-Disposition: attachment\r\n" WITHIN("multipart/mixed"), MIME_SKIP_ATTACHED);
	check_skip("Content-Type: text/html; name=x.html\r\n\r\n" LINK, MIME_SKIP_ATTACHED);
	check_skip("Content-Type: text/x-amp-html\r\n\r\n" LINK, MIME_SKIP_AMP);
	check_skip(HTML "Content-Transfer-Encoding: x-uuencode\r\n\r\n" LINK, MIME_SKIP_ENCODING);
	check_skip(HTML "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n" LINK,
		   MIME_SKIP_ENCODING);
}

static void test_broken_parts_are_left_alone(void **state)
{
	(void)state;
	check_skip("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" HTML "\r\n" LINK, MIME_SKIP_BROKEN);
	check_skip("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/related; "
		   "boundary=i\n\n--i\n" HTML "\n" LINK "\n--o--\n",
		   MIME_SKIP_BROKEN);
	check_skip(QP "<a href=\"http://e.com/\">", MIME_SKIP_BROKEN);
	check_skip(QP "<a href=3D\"http://e.com/\">=4", MIME_SKIP_BROKEN);
	check_skip(QP "<a href=3D\"http://e.com/\">==\r\n", MIME_SKIP_BROKEN);
	check_skip(BASE64 "PGEgaHJlZj0iaHR0cDovL2UuY29tIj4=\r\nSent from my list\r\n", MIME_SKIP_BROKEN);
	check_skip(BASE64 "PGEgaHJlZj0iaHR0cDovL2UuY29tIj4=PHA+", MIME_SKIP_BROKEN);
	check_skip(BASE64 "PGEgaHJlZj0iaHR0cDovL2UuY29tIj4x\r\nP", MIME_SKIP_BROKEN);
	check_skip(BASE64 "PGEgaHJlZj0iaHR0cDovL2UuY29tIj4===", MIME_SKIP_BROKEN);
}

static void test_other_parts_are_no_html(void **state)
{
	(void)state;
	check_pixel("Subject: x\r\n\r\n" LINK, NULL);
	check_pixel("Content-Type: text/plain\r\n\r\n" LINK, NULL);
	check_pixel("Content-Type: text/calendar\r\n\r\n" LINK, NULL);
	check_pixel("Content-Type: application/xhtml+xml\r\n\r\n" LINK, NULL);
	check_pixel("Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n" LINK, NULL);
	check_pixel("Content-Type: application/pkcs7-mime\r\n\r\n" LINK, NULL);
	check_pixel("Content-Type: text/rfc822-headers\r\n\r\n" LINK, NULL);
	check_pixel("", NULL);
	check_pixel("\r\n\r\n", NULL);
}

static void test_everything_around_a_changed_part_stays(void **state)
{
	(void)state;
#define AROUND(one, two, pixel)                                                                                        \
	"Received: x\nContent-Type: MULTIPART/mixed;\r\n boundary=\"o\" (x)\r\nX:y\n\npre\n--o \t\r\n"                 \
	"Content-Type: multipart/alternative; boundary=oo\n\r\n--oo\n\n" LINK "\r\n--oo\nCONTENT-type:text/HTML\n\n"   \
	"--oo-\n" one "\n\n--oo\r\nContent-Type: text/x-amp-html\n\n" LINK "\n--oo--\r\n\r\n--o\n"                     \
	"Content-Type: text/html\nContent-Disposition: attachment\n\n" LINK "\n--o\nContent-Type: message/rfc822\n\n"  \
	"Content-Type: text/html\n\n" LINK "\n--o\n" HTML "\n" two pixel "\n--o--\nepilogue " LINK
	check_pixel(AROUND(LINK, LINK, ""), AROUND(TRACKED("0"), TRACKED("1"), PIXEL));
}

/* ---- the pixel ---- */

#define TWO(type, one, two)                                                                                            \
	"Content-Type: " type "; boundary=b\r\n\r\n--b\r\n" HTML "\r\n" one "\r\n--b\r\n" HTML "\r\n" two              \
	"\r\n--b--\r\n"

static void test_there_is_one_pixel_in_the_last_part_that_takes_one(void **state)
{
	(void)state;
	check_pixel(TWO("multipart/alternative", "<p>", "<p>"), TWO("multipart/alternative", "<p>", "<p>" PIXEL));
	check_pixel(TWO("multipart/mixed", "<p>", "<p>"), TWO("multipart/mixed", "<p>", "<p>" PIXEL));
	check_pixel(TWO("multipart/related", "<p>", "<p>"), TWO("multipart/related", "<p>", "<p>" PIXEL));
	/* The last one ends inside a comment, is AMP, is empty. */
	check_pixel(TWO("multipart/mixed", "<p>", "<!-- "), TWO("multipart/mixed", "<p>" PIXEL, "<!-- "));
	check_pixel(TWO("multipart/mixed", "<p>", "<html amp4email><p>"),
		    TWO("multipart/mixed", "<p>" PIXEL, "<html amp4email><p>"));
	check_pixel("Content-Type: multipart/mixed; boundary=b\n\n--b\n" HTML "\n<p>\n--b\n" HTML "\n--b--\n",
		    "Content-Type: multipart/mixed; boundary=b\n\n--b\n" HTML "\n<p>" PIXEL "\n--b\n" HTML "\n--b--\n");
}

static void test_a_pixel_that_is_there_is_enough(void **state)
{
	(void)state;
	check_pixel(TWO("multipart/mixed", PIXEL, "<p>"), NULL);
	check_pixel(TWO("multipart/mixed", "<p>", PIXEL), NULL);
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct run run;
	run_start(&run, &options, SLICE(TWO("multipart/mixed", PIXEL, "<p>")));
	assert_true(run.report.warnings & HTML_WARN_PIXEL_PRESENT);
	assert_false(run.report.has_pixel);
	run_end(&run);
}

static void test_an_empty_part_stays_empty(void **state)
{
	(void)state;
	check_pixel(HTML "\r\n", NULL);
	check_pixel(HTML, NULL);
	check_pixel(BASE64 "\r\n\r\n", NULL);
	check_pixel("Content-Type: multipart/mixed; boundary=b\n\n--b\n" HTML "\n--b--\n", NULL);
}

static void test_nowhere_to_put_the_pixel_is_reported(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct run run;
	run_start(&run, &options, SLICE(TWO("multipart/mixed", "<!--", "<!--")));
	assert_true(run.report.warnings & HTML_WARN_NO_PIXEL);
	assert_false(run.report.has_pixel);
	run_end(&run);
}

/* ---- the report ---- */

static void test_links_are_numbered_through_all_parts(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	options.first_link_index = 7;
	run_start(&run, &options, SLICE(TWO("multipart/mixed", LINK "<a href=x>" LINK, LINK)));
	assert_int_equal(run.report.link_count, 4);
	assert_int_equal(run.report.tracked_count, 3);
	assert_int_equal(run.report.html_count, 2);
	assert_int_equal(run.report.htmls[0].report.links[2].index, 9);
	assert_int_equal(run.report.htmls[1].report.links[0].index, 10);
	assert_true(slice_contains(buf_slice(&run.out), SLICE(TRACKED("10"))));
	run_end(&run);
}

static void test_the_report_says_what_a_mail_has(void **state)
{
	(void)state;
	static const struct {
		const char *message;
		bool has_signature;
		bool has_text;
	} cases[] = {
	    {HTML "\r\n<p>", false, false},
	    {"dkim-signature: v=1\r\n" HTML "\r\n<p>", true, false},
	    {"ARC-Seal: i=1\r\nSubject: x\r\n\r\nx", true, true},
	    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nDKIM-Signature: x\n\nx\n--b--\n", false, true},
	    {"Content-Type: text/plain; name=x\n\nx", false, false},
	    {"Content-Type: message/rfc822\n\nSubject: x\n\nx", false, false},
	    {"Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n", false, true},
	    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n", false, true},
	};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;
		run_start(&run, &options, slice_from_cstr(cases[i].message));
		assert_int_equal(run.report.has_signature, cases[i].has_signature);
		assert_int_equal(run.report.has_text, cases[i].has_text);
		run_end(&run);
	}
}

static void test_a_change_that_would_not_survive_is_not_made(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct run run;
	struct slice message = SLICE(TWO("multipart/mixed", LINK, "<p>"));
	/* It ends the part too early. */
	options.pixel = SLICE("<img src='https://t.co/o/p'>\r\n--b--\r\n");
	run_start(&run, &options, message);
	assert_string_equal(buf_cstr(&run.out) + 4, TWO("multipart/mixed", TRACKED("0"), "<p>"));
	assert_int_equal(run.report.htmls[1].skip, MIME_SKIP_UNCHANGEABLE);
	assert_false(run.report.has_pixel);
	assert_true(run.report.warnings & HTML_WARN_NO_PIXEL);
	assert_int_equal(run.report.tracked_count, 1);
	run_end(&run);
	/* It makes another part: nobody knows which one is at fault. */
	options.pixel = SLICE("<img src='https://t.co/o/p'>\r\n--b\r\n");
	run_start(&run, &options, message);
	assert_true(slice_equal(slice_from(buf_slice(&run.out), 4), message));
	assert_int_equal(run.report.htmls[0].skip, MIME_SKIP_UNCHANGEABLE);
	assert_int_equal(run.report.tracked_count, 0);
	run_end(&run);
}

static void test_headers_without_an_end_are_not_made_longer_by_encoding(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	struct buf message;
	buf_init(&message, ROOM);
	/* The line with DEL ends the headers; encoded it would be one of them. */
	buf_append_cstr(&message, "Content-Type: text/html\r\nX\x7fY: z\r\n" LINK);
	for (int i = 0; i < 20; i++)
		buf_append_cstr(&message, SEVENTY);
	run_start(&run, &options, buf_slice(&message));
	assert_int_equal(run.report.htmls[0].skip, MIME_SKIP_UNCHANGEABLE);
	assert_true(slice_equal(slice_from(buf_slice(&run.out), 4), buf_slice(&message)));
	run_end(&run);
	buf_done(&message);
}

static void test_output_that_does_not_fit_is_too_big(void **state)
{
	(void)state;
	static const char *const messages[] = {HTML "\r\n" LINK, QP "<a href=3D\"http://e.com/\">",
					       BASE64 "PHA+YTwvcD4="};
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	for (size_t i = 0; i < 3; i++)
		for (size_t max = 0;; max++) {
			struct mime_report report = {.bytes_in = 12345};
			struct arena *arena = arena_new();
			struct buf out;
			buf_init(&out, max);
			enum status status = mime_rewrite(&options, slice_from_cstr(messages[i]), arena, &out, &report);
			assert_true(status == STATUS_OK || (status == STATUS_TOO_BIG && report.bytes_in == 12345));
			assert_true(out.n <= max);
			buf_done(&out);
			arena_free(&arena);
			assert_true(max < 1000);
			if (status == STATUS_OK)
				break;
		}
}

static void test_each_skip_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(mime_skip_name(MIME_NOT_SKIPPED), "");
	for (int i = MIME_SKIP_SIGNED; i <= MIME_SKIP_UNCHANGEABLE; i++)
		assert_true(strlen(mime_skip_name((enum mime_skip)i)) > 2);
	assert_string_equal(mime_skip_name((enum mime_skip)99), "");
}

/* ---- bounds ---- */

/* Memory, and so work that leaves a trace, stays within a few times of the input. */
static void check_bounded(const char *begin, const char *each)
{
	enum { SIZE = 10 << 20, TIMES = 24 };
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct run run;
	struct buf message;
	buf_init(&message, ROOM);
	buf_append_cstr(&message, begin);
	while (message.n < SIZE)
		buf_append_cstr(&message, each);
	run_start(&run, &options, buf_slice(&message));
	assert_true(run.out.n <= 4 * message.n);
	assert_true(arena_used(run.arena) <= TIMES * message.n + 64 * run.report.link_count * sizeof(struct html_link));
	run_end(&run);
	buf_done(&message);
}

static void test_hostile_messages_are_bounded(void **state)
{
	(void)state;
	check_bounded("Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: text/html\n\n<p>\n");
	check_bounded(QP, "<a href=3Dhttp://e.com>");
	check_bounded(QP, "=\r\n");
	check_bounded(QP, "<p>                      ");
	check_bounded(BASE64, "PGEgaHJlZj1odHRwOi8vZS5j\r\n");
	check_bounded(BASE64, "    \r\n");
	check_bounded(HTML "\r\n", "<a href=http://e.com>");
	check_bounded(HTML, "X: y\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_charsets_are_never_changed),
	    cmocka_unit_test(test_what_cannot_be_cut_passes_through_and_is_reported),
	    cmocka_unit_test(test_parts_that_must_not_change_are_left_alone),
	    cmocka_unit_test(test_broken_parts_are_left_alone),
	    cmocka_unit_test(test_other_parts_are_no_html),
	    cmocka_unit_test(test_everything_around_a_changed_part_stays),
	    cmocka_unit_test(test_there_is_one_pixel_in_the_last_part_that_takes_one),
	    cmocka_unit_test(test_a_pixel_that_is_there_is_enough),
	    cmocka_unit_test(test_an_empty_part_stays_empty),
	    cmocka_unit_test(test_nowhere_to_put_the_pixel_is_reported),
	    cmocka_unit_test(test_links_are_numbered_through_all_parts),
	    cmocka_unit_test(test_the_report_says_what_a_mail_has),
	    cmocka_unit_test(test_a_change_that_would_not_survive_is_not_made),
	    cmocka_unit_test(test_headers_without_an_end_are_not_made_longer_by_encoding),
	    cmocka_unit_test(test_output_that_does_not_fit_is_too_big),
	    cmocka_unit_test(test_each_skip_has_a_name),
	    cmocka_unit_test(test_hostile_messages_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

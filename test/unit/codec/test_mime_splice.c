/* SPDX-License-Identifier: Apache-2.0 */
/* mime_splice_qp and mime_splice_base64, by what they do to a message: see mime_run.h for the links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mime_run.h"
#include <stdio.h>

static void check_long(const char *message, const char *want)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.track = track_long;
	check_with(options, message, want);
}

/* ---- quoted-printable ---- */

static void test_quoted_printable_keeps_all_raw_bytes_but_the_values(void **state)
{
	(void)state;
	check_links(QP "<p>caf=c3=A9=20=\r\n\r\n=\nodd  \r\n<a hre=\r\nf=3d\"http://e.com/?a=3db\">=78</a>\t\r\n\r\n",
		    QP "<p>caf=c3=A9=20=\r\n\r\n=\nodd  \r\n<a hre=\r\nf=3d\"https://t.co/0\">=78</a>\t\r\n\r\n");
	check_links(QP "<a href=3D'http://e.com/'>\xe9\xff</a>", QP "<a href=3D'https://t.co/0'>\xe9\xff</a>");
	check_links(QP "<a =\r\n  =\t \r\nhref=3Dhttp://e.com>", QP "<a =\r\n  =\t \r\nhref=3Dhttps://t.co/0>");
	check_links(QP "<a href=\r\n=\r\n=3D\"=\r\nhttp://e.com/=\r\n\">",
		    QP "<a href=\r\n=\r\n=3D\"=\r\nhttps://t.co/0=\r\n\">");
}

static void test_quoted_printable_soft_breaks_inside_a_value_vanish(void **state)
{
	(void)state;
	check_links(QP "<a href=3D\"http://e.=\r\ncom/=  \r\na=\nb=3D\"><a href=3D\"http:=\r\n//f.com\">",
		    QP "<a href=3D\"https://t.co/0\"><a href=3D\"https://t.co/1\">");
	/* A line end in a value, with blanks in front that are dropped. */
	check_links(QP "<a href=3D\"http://e.com/  \r\na\">", QP "<a href=3D\"https://t.co/0\">");
	check_links(QP "<a href=3D\"  \r\nhttp://e.com/\r\n\">", QP "<a href=3D\"https://t.co/0\">");
}

static void test_quoted_printable_lines_stay_within_76_characters(void **state)
{
	(void)state;
	check_long(QP "<p><a href=3D\"http://e.com/\">x</a>\r\n",
		   QP "<p><a href=3D\"https://t.co/123456789012345678901234567890123456789012345678=\r\n"
		      "9012345678901234567890\">x</a>\r\n");
	/* In the style of the part. */
	check_long(QP "<p><a href=3D\"http://e.com/\">x</a>\n",
		   QP "<p><a href=3D\"https://t.co/123456789012345678901234567890123456789012345678=\n"
		      "9012345678901234567890\">x</a>\n");
	/* What stands behind moves when it does not fit, soft break and all, and stays when it does. */
	check_links(QP "<a href=3D\"http://e.c\">12345678901234567890123456789012345678901234567890=\r\nx",
		    QP "<a href=3D\"https://t.co/0=\r\n\">12345678901234567890123456789012345678901234567890=\r\nx");
	check_links(QP "<a href=3D\"http://e.com/\">123456789012345678901234567890123456789012345678=\r\nx",
		    QP "<a href=3D\"https://t.co/0\">123456789012345678901234567890123456789012345678=\r\nx");
	check_links(QP "<a href=3D\"http://e.com/\">1234567890123456789012345678901234567890123456789\r\nx",
		    QP "<a href=3D\"https://t.co/0\">1234567890123456789012345678901234567890123456789\r\nx");
	check_links(QP "<a href=3D\"http://e.com/\">12345678901234567890123456789012345678901234567890\r\nx",
		    QP "<a href=3D\"https://t.co/0=\r\n\">12345678901234567890123456789012345678901234567890\r\nx");
}

static void test_quoted_printable_lines_that_were_too_long_are_left_alone(void **state)
{
	(void)state;
	check_links(QP SEVENTY SEVENTY "\r\n<a href=3D\"http://e.com/\">" SEVENTY SEVENTY "\r\n",
		    QP SEVENTY SEVENTY "\r\n<a href=3D\"https://t.co/0=\r\n\">" SEVENTY SEVENTY "\r\n");
}

static void test_quoted_printable_pixel_is_encoded_where_it_stands(void **state)
{
	(void)state;
	check_pixel(QP "<p></BODY></html>\r\n", QP "<p>" PIXEL_QP "</BODY></html>\r\n");
	check_pixel(QP "<p></bod=\r\ny></html>\r\n", QP "<p>" PIXEL_QP "</bod=\r\ny></html>\r\n");
	check_pixel(QP "<p>=\r\n</body></html>\r\n", QP "<p>=\r\n" PIXEL_QP "</body></html>\r\n");
	/* At the end: in front of what a decoder drops and of a soft break without a line. */
	check_pixel(QP "<p>", QP "<p>" PIXEL_QP);
	check_pixel(QP "<p>\r\n", QP "<p>\r\n" PIXEL_QP);
	check_pixel(QP "<p> \t ", QP "<p>" PIXEL_QP " \t ");
	check_pixel(QP "<p>=", QP "<p>" PIXEL_QP "=");
	check_pixel(QP "<p>=\r\n", QP "<p>=\r\n" PIXEL_QP);
	check_pixel(QP "<p>= \r\n  ", QP "<p>= \r\n" PIXEL_QP "  ");
	struct html_rewrite_options top = options_with(HTML_PIXEL_TOP);
	check_with(top, QP "<body>  \r\nx</body>", QP "<body>" PIXEL_QP "  \r\nx</body>");
}

static void test_quoted_printable_pixel_behind_a_full_line_moves_its_last_token(void **state)
{
	(void)state;
	struct html_rewrite_options top = options_with(HTML_PIXEL_TOP);
	check_with(top, QP SEVENTY "<body>\r\nx</body>", QP SEVENTY "<body=\r\n>" PIXEL_QP "\r\nx</body>");
	check_with(top, QP "12345678901234567890123456789012345678901234567890123456789012345678<body=3E\r\nx</body>",
		   QP "12345678901234567890123456789012345678901234567890123456789012345678<body=\r\n=3E" PIXEL_QP
		      "\r\nx</body>");
	check_with(top, QP "123" SEVENTY "<body>\r\nx</body>", QP "123" SEVENTY "<body>=\r\n" PIXEL_QP "\r\nx</body>");
}

static void test_mistakable_bytes_at_the_start_of_a_line_are_encoded(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_TOP);
	/* Where the pixel is broken depends on what stands in front of it. */
	options.pixel = SLICE("<img src='https://t.co/o/p' title='123456789012345.--From'>");
	check_with(options, QP "123456789012345<body>x",
		   QP "123456789012345<body><img src=3D'https://t.co/o/p' title=3D'123456789012345=\r\n=2E--From'>x");
	check_with(options, QP "12345678901234<body>x",
		   QP "12345678901234<body><img src=3D'https://t.co/o/p' title=3D'123456789012345.=\r\n=2D-From'>x");
	check_with(options, QP "123456789012<body>x",
		   QP "123456789012<body><img src=3D'https://t.co/o/p' title=3D'123456789012345.--=\r\n=46rom'>x");
	check_with(options, QP "1234567890123<body>x",
		   QP "1234567890123<body><img src=3D'https://t.co/o/p' title=3D'123456789012345.-=\r\n=2DFrom'>x");
	check_with(options, QP "123456789012345678<body>x",
		   QP "123456789012345678<body><img src=3D'https://t.co/o/p' title=3D'123456789012=\r\n345.--From'>x");
}

/* ---- base64 ---- */

static void test_base64_changes_from_the_first_change_on(void **state)
{
	(void)state;
	/* "<p>a</p>" LINK, then " 0123456789" */
	check_links(BASE64 "PHA+YTwvcD48YSBocmVm\r\nPSJodHRwOi8vZS5jb20v\r\nIj54PC9hPiAwMTIzNDU2\r\nNzg5\r\n",
		    BASE64 "PHA+YTwvcD48YSBocmVm\r\nPSJodHRwczovL3QuY28v\r\nMCI+eDwvYT4gMDEyMzQ1\r\nNjc4OQ==\r\n");
	check_pixel(BASE64 "PHA+YTwvcD4=", BASE64 "PHA+YTwvcD48aW1nIHNyYz0iaHR0cHM6Ly90LmNvL28vcCI+");
	check_pixel(BASE64 "PHA+YTwvcD4=\r\n\r\n", BASE64 "PHA+YTwvcD48aW1nIHNyYz0iaHR0cHM6Ly90LmNvL28vcCI+\r\n\r\n");
}

static void test_base64_keeps_its_line_width_and_line_ends(void **state)
{
	(void)state;
	/* <p>abc */
	check_pixel(BASE64 "PHA+\nYWJj\n",
		    BASE64 "PHA+\nYWJj\nPGlt\nZyBz\ncmM9\nImh0\ndHBz\nOi8v\ndC5j\nby9v\nL3Ai\nPg==\n");
	check_pixel(BASE64 "PHA+Y\r\nWJj",
		    BASE64 "PHA+Y\r\nWJjPG\r\nltZyB\r\nzcmM9\r\nImh0d\r\nHBzOi\r\n8vdC5\r\njby9v\r\nL3AiP\r\ng==");
	/* Odd white space in front of the change stays. */
	check_pixel(BASE64 "P H A+\r\n\r\n YWJj",
		    BASE64 "P H A+\r\n\r\n YWJjP\r\nGltZyB\r\nzcmM9I\r\nmh0dHB\r\nzOi8vd\r\nC5jby9\r\nvL3AiP\r\ng==");
	/* One line is no width; more than 76 are kept, more than 998 are not. */
	check_pixel(BASE64 "PHA+YWJj\r\n", BASE64 "PHA+YWJjPGltZyBzcmM9Imh0dHBzOi8vdC5jby9vL3AiPg==\r\n");
	check_pixel(BASE64 "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw\r\n",
		    BASE64 "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw\r\n"
			   "PGltZyBzcmM9Imh0dHBzOi8vdC5jby9vL3AiPg==\r\n");
}

static void test_base64_without_its_padding_gets_it_with_a_change(void **state)
{
	(void)state;
	check_pixel(BASE64 "PHA+YTwvcD4", BASE64 "PHA+YTwvcD48aW1nIHNyYz0iaHR0cHM6Ly90LmNvL28vcCI+");
	check_links(BASE64 "PHA+YTwvcD4", NULL);
}

/* ---- 7bit, 8bit, binary ---- */

static void test_plain_parts_are_spliced(void **state)
{
	(void)state;
	check_links(HTML "\r\n" LINK "\n\r" LINK "\r\r\n\n", HTML "\r\n" TRACKED("0") "\n\r" TRACKED("1") "\r\r\n\n");
	check_links("content-type:text/html\ncontent-transfer-encoding:8BIT\n\n\xe9\xff" LINK "\xfe",
		    "content-type:text/html\ncontent-transfer-encoding:8BIT\n\n\xe9\xff" TRACKED("0") "\xfe");
	check_pixel(HTML "\r\n<p>\r\n\r\n", HTML "\r\n<p>\r\n\r\n" PIXEL);
	check_links("From x@y Sat Nov 21\n" HTML "\n" LINK, "From x@y Sat Nov 21\n" HTML "\n" TRACKED("0"));
}

/* A line of 989 bytes and what follows. */
static struct slice long_line(struct buf *b, const char *start, const char *end)
{
	buf_init(b, 4096);
	buf_append_cstr(b, start);
	for (int i = 0; i < 13; i++)
		buf_append_cstr(b, SEVENTY);
	buf_append_cstr(b, "12345678901234567890123456789012345678901234567890" LINK);
	buf_append_cstr(b, end);
	return buf_slice(b);
}

/* The part becomes quoted-printable: how it begins and ends, and no line passes 76. That it decodes to the same is what
 * run_start checks. */
static void check_becomes_qp(const char *start, const char *want_start, const char *end, const char *want_end)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	struct buf message;
	options.track = track_long;
	run_start(&run, &options, long_line(&message, start, end));
	struct slice out = slice_from(buf_slice(&run.out), 4);
	assert_true(run.report.htmls[0].becomes_quoted_printable);
	if (!slice_starts_with(out, slice_from_cstr(want_start)) || !slice_ends_with(out, slice_from_cstr(want_end)))
		fail_msg("%.*s", SLICE_FMT(out));
	assert_int_equal(slice_contains(out, SLICE("\r")), slice_contains(buf_slice(&message), SLICE("\r")));
	for (struct slice rest = out; rest.n;) {
		size_t n = slice_index(rest, '\n');
		assert_true(n <= 77);
		rest = slice_from(rest, n + 1);
	}
	run_end(&run);
	buf_done(&message);
}

static void test_a_line_beyond_998_bytes_makes_the_part_quoted_printable(void **state)
{
	(void)state;
	static const char said[] = "Content-Transfer-Encoding: quoted-printable\r\n";
	char head[500];
	(void)snprintf(head, sizeof(head), "A: b\r\n" HTML "%sX: y\r\n\r\n1234567890", said);
	check_becomes_qp("A: b\r\n" HTML "X: y\r\n\r\n", head, "", "x</a>");
	check_becomes_qp("A: b\r\n" HTML "content-transfer-encoding:   8bit (yes)  \r\nX: y\r\n\r\n",
			 "A: b\r\n" HTML "content-transfer-encoding:   quoted-printable  \r\nX: y\r\n\r\n1", "",
			 "x</a>");
	check_becomes_qp("Content-Transfer-Encoding:\r\n" HTML "\r\n",
			 "Content-Transfer-Encoding: quoted-printable\r\n" HTML "\r\n1", "", "x</a>");
	check_becomes_qp("Content-Type: text/html;\n charset=utf-8\n\n",
			 "Content-Type: text/html;\n charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n1",
			 "\n", "\">x</a>\n");
	/* What would be lost or mistaken on the way is encoded, and line ends are as they were. */
	check_becomes_qp(
	    HTML "\r\n.\r\nFrom me\r\n--x \t\r\n\xe9=\r\r\n\n",
	    HTML "Content-Transfer-Encoding: quoted-printable\r\n\r\n=2E\r\n=46rom me\r\n=2D-x =09\r\n=E9=3D=0D\r\n\n1",
	    " ", "</a>=20");
}

static void test_998_bytes_are_not_too_many(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	struct buf message;
	/* 990 bytes with the tracked link. */
	run_start(&run, &options, long_line(&message, HTML "\r\n", "12345678\r\n"));
	assert_false(run.report.htmls[0].becomes_quoted_printable);
	assert_int_equal(run.report.htmls[0].rewritten.n, 1000);
	run_end(&run);
	buf_done(&message);
	run_start(&run, &options, long_line(&message, HTML "\r\n", "123456789\r\n"));
	assert_true(run.report.htmls[0].becomes_quoted_printable);
	run_end(&run);
	buf_done(&message);
}

static void test_a_binary_part_is_spliced_at_any_length(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	struct buf message;
	options.track = track_long;
	run_start(&run, &options, long_line(&message, HTML "Content-Transfer-Encoding: binary\r\n\r\n", ""));
	assert_false(run.report.htmls[0].becomes_quoted_printable);
	assert_int_equal(run.report.tracked_count, 1);
	run_end(&run);
	buf_done(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quoted_printable_keeps_all_raw_bytes_but_the_values),
	    cmocka_unit_test(test_quoted_printable_soft_breaks_inside_a_value_vanish),
	    cmocka_unit_test(test_quoted_printable_lines_stay_within_76_characters),
	    cmocka_unit_test(test_quoted_printable_lines_that_were_too_long_are_left_alone),
	    cmocka_unit_test(test_quoted_printable_pixel_is_encoded_where_it_stands),
	    cmocka_unit_test(test_quoted_printable_pixel_behind_a_full_line_moves_its_last_token),
	    cmocka_unit_test(test_mistakable_bytes_at_the_start_of_a_line_are_encoded),
	    cmocka_unit_test(test_base64_changes_from_the_first_change_on),
	    cmocka_unit_test(test_base64_keeps_its_line_width_and_line_ends),
	    cmocka_unit_test(test_base64_without_its_padding_gets_it_with_a_change),
	    cmocka_unit_test(test_plain_parts_are_spliced),
	    cmocka_unit_test(test_a_line_beyond_998_bytes_makes_the_part_quoted_printable),
	    cmocka_unit_test(test_998_bytes_are_not_too_many),
	    cmocka_unit_test(test_a_binary_part_is_spliced_at_any_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

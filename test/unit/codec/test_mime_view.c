/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/mime/mime_view.h"

static void check(const char *message, const char *html, const char *text)
{
	struct arena *arena = arena_new();
	struct mime_view view;
	mime_view_read(slice_from_cstr(message), arena, &view);
	if (!slice_equal(view.html, slice_from_cstr(html)) || !slice_equal(view.text, slice_from_cstr(text)))
		fail_msg("in:\n%s\nhtml \"%.*s\" text \"%.*s\"", message, SLICE_FMT(view.html), SLICE_FMT(view.text));
	arena_free(&arena);
}

static void test_a_view_is_utf8_without_transfer_encoding(void **state)
{
	(void)state;
	check("", "", "");
	check("no header at all", "", "no header at all");
	check("Subject: a\n\nb\n", "", "b\n");
	check("Content-Type: TEXT/HTML; charset=\"ISO-8859-1\"\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n"
	      "<p>=E9=80 =\r\nx  \r\n=zz=",
	      "<p>\xc3\xa9\xe2\x82\xac x\r\n=zz", "");
	check("Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\n!eA==\r\n", "<b>x", "");
	check("Content-Type: text/html; charset=utf-8\n\n\xff", "\xef\xbf\xbd", "");
	check("Content-Type: text/html\nContent-Transfer-Encoding: x-uuencode\n\nx", "", "");
}

static void test_a_view_is_the_first_inline_part_of_each_type(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: "
	      "attachment\n\nno\n--b\n\none\n--b\n\ntwo\n"
	      "--b\nContent-Type: text/html\n\n<p>\n--b\nContent-Type: text/html\n\n<b>\n--b--\n",
	      "<p>", "one");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: "
	      "x\n\nno\n--b\n\nyes\n--b--",
	      "", "yes");
	/* Without an end, and with a line that looks like one. */
	check("Content-Type: multipart/alternative; boundary=b\r\n\r\npre\r\n--b\r\n\r\ntext\r\n--bb\r\n--b  \r\n"
	      "Content-Type: text/html\r\n\r\n<p>",
	      "<p>", "text\r\n--bb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_view_is_utf8_without_transfer_encoding),
	    cmocka_unit_test(test_a_view_is_the_first_inline_part_of_each_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "codec/mail_parse.h"
#include "codec/utf8.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static void check(const char *message, struct mail_view want)
{
	struct mail_view got;
	struct arena *arena = arena_new();
	mail_parse(slice_from_cstr(message), arena, &got);
	if (!slice_equal(got.subject, want.subject) || !slice_equal(got.html, want.html) ||
	    !slice_equal(got.text, want.text) || got.part_count != want.part_count)
		fail_msg("in:\n%s\nsubject \"%.*s\" html \"%.*s\" text \"%.*s\" parts %zu", message,
			 SLICE_FMT(got.subject), SLICE_FMT(got.html), SLICE_FMT(got.text), got.part_count);
	for (size_t i = 0; i < want.part_count; i++) {
		assert_true(slice_equal(got.parts[i].filename, want.parts[i].filename));
		assert_true(slice_equal(got.parts[i].content_type, want.parts[i].content_type));
		assert_true(slice_equal(got.parts[i].bytes, want.parts[i].bytes));
	}
	arena_free(&arena);
}

static void test_mail_parse_reads_whole_and_broken_mails(void **state)
{
	(void)state;
	check("", (struct mail_view){0});
	check("no header at all", (struct mail_view){0});
	check("Subject: a\n\nb\n", (struct mail_view){.subject = SLICE("a"), .text = SLICE("b\n")});
	check("Subject: a\r\n b\r\n\tc\r\n\r\n", (struct mail_view){.subject = SLICE("a b c")});
	check("From x@y Sat Nov 21\r\nSubject: =?UTF-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?IQ==?= x "
	      "=?iso-8859-1?Q?=E9?=\r\n\r\n",
	      (struct mail_view){.subject = SLICE("Gr\xc3\xbc\xc3\x9f"
						  "e! x \xc3\xa9")});
	check("Subject: =?utf-8?Q?a=0D=0AX?= =?bad? =?utf-8?X?y?=\r\n\r\n",
	      (struct mail_view){.subject = SLICE("a  X =?bad? =?utf-8?X?y?=")});
	check("Content-Type: TEXT/HTML; charset=\"ISO-8859-1\"\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n"
	      "<p>=E9=80 =\r\nx  \r\n=zz=",
	      (struct mail_view){.html = SLICE("<p>\xc3\xa9\xe2\x82\xac x\r\n=zz")});
	check("Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\n!eA==\r\n",
	      (struct mail_view){.html = SLICE("<b>x")});
	/* No closing delimiter, a look-alike, preamble and epilogue. */
	check("Content-Type: multipart/alternative; boundary=b\r\n\r\npre\r\n--b\r\n\r\ntext\r\n--bb\r\n--b  \r\n"
	      "Content-Type: text/html\r\n\r\n<p>",
	      (struct mail_view){.text = SLICE("text\r\n--bb"), .html = SLICE("<p>")});
	check("Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b\n\nx\n--a b--\nepilogue\n--a b\n\ny",
	      (struct mail_view){.text = SLICE("x")});
	check("Content-Type: multipart/mixed\r\n\r\nno boundary",
	      (struct mail_view){.part_count = 1,
				 .parts = (struct mail_view_part[]){
				     {.content_type = SLICE("multipart/mixed"), .bytes = SLICE("no boundary")}}});
}

static void test_mail_parse_lists_attachments_with_their_names(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n"
	      "Content-Disposition: attachment; filename*0*=utf-8''%C3%A4; filename*1=\"b.html\"; "
	      "filename=old\r\n\r\n<p>\r\n"
	      "--b\r\nContent-Type: Image/PNG; name=\"=?utf-8?Q?=C3=A4.png?=\"\r\nContent-Transfer-Encoding: "
	      "base64\r\n\r\nAAEC\r\n"
	      "--b--\r\n",
	      (struct mail_view){
		  .part_count = 2,
		  .parts = (struct mail_view_part[]){
		      {.content_type = SLICE("text/html"),
		       .filename = SLICE("\xc3\xa4"
					 "b.html"),
		       .bytes = SLICE("<p>")},
		      {.content_type = SLICE("image/png"), .filename = SLICE("\xc3\xa4.png"), .bytes = SLICE("\0\1\2")},
		  }});
}

static void test_mail_parse_is_bounded_in_depth_and_number(void **state)
{
	(void)state;
	struct buf b;
	struct mail_view view;
	struct arena *arena = arena_new();
	buf_init(&b, 16 << 20);
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	mail_parse(buf_slice(&b), arena, &view);
	buf_clear(&b);
	buf_append_cstr(&b, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 5000; i++)
		buf_append_cstr(&b, "--b\r\nContent-Type: image/gif\r\n\r\n");
	mail_parse(buf_slice(&b), arena, &view);
	assert_true(view.part_count <= MAIL_PARSE_PARTS_MAX);
	buf_clear(&b);
	for (int i = 0; i < 5000; i++)
		buf_append_cstr(&b, "X: y\r\n");
	mail_parse(buf_slice(&b), arena, &view);
	assert_int_equal(view.header_count, MAIL_PARSE_HEADERS_MAX);
	buf_done(&b);
	arena_free(&arena);
}

static void parse_file(const char *path)
{
	struct buf b;
	struct mail_view view;
	struct arena *arena = arena_new();
	FILE *file = fopen(path, "r");
	buf_init(&b, 64 << 20);
	assert_non_null(file);
	for (char *to; (to = buf_reserve(&b, 65536));) {
		size_t n = fread(to, 1, 65536, file);
		buf_commit(&b, n);
		if (n == 0)
			break;
	}
	(void)fclose(file);
	mail_parse(buf_slice(&b), arena, &view);
	assert_true(utf8_is_valid(view.subject) && utf8_is_valid(view.html) && utf8_is_valid(view.text));
	buf_done(&b);
	arena_free(&arena);
}

static void test_mail_parse_takes_every_mail_of_the_corpus(void **state)
{
	(void)state;
	const char *corpus = getenv("PUGMARK_CORPUS");
	char path[1000];
	int count = 0;
	(void)snprintf(path, sizeof path, "%s/eml", corpus ? corpus : CORPUS);
	DIR *directory = opendir(path);
	if (!directory) {
		print_message("SKIP: no corpus at %s\n", path);
		skip();
	}
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (!strstr(entry->d_name, ".eml"))
			continue;
		(void)snprintf(path, sizeof path, "%s/eml/%s", corpus ? corpus : CORPUS, entry->d_name);
		parse_file(path);
		count++;
	}
	closedir(directory);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mail_parse_reads_whole_and_broken_mails),
	    cmocka_unit_test(test_mail_parse_lists_attachments_with_their_names),
	    cmocka_unit_test(test_mail_parse_is_bounded_in_depth_and_number),
	    cmocka_unit_test(test_mail_parse_takes_every_mail_of_the_corpus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

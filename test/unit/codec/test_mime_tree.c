/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/mime/mime_tree.h"
#include <stdio.h>

enum { ROOM = 32 << 20 };

static const char *encoding_name(enum mime_encoding encoding)
{
	static const char *const names[] = {"7bit", "8bit", "binary", "qp", "base64", "unknown"};
	return names[encoding];
}

/* One line a part: "parent.child type;charset encoding flags |body|"; a multipart shows its boundary. */
static void show(struct slice message, const struct mime_tree *tree, struct buf *to)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct mime_part *p = &tree->parts[i];
		struct slice shown = p->is_multipart ? p->boundary : slice_sub(message, p->body, p->end);
		buf_printf(to, "%d.%u %.*s;%.*s %s%s%s |%.*s|\n", (int)p->parent, (unsigned)p->child_number,
			   SLICE_FMT(p->type), SLICE_FMT(p->charset), encoding_name(p->encoding),
			   p->is_attachment ? " attached" : "", p->is_multipart && !p->is_closed ? " open" : "",
			   SLICE_FMT(shown));
	}
}

/* What holds for every message. */
static void assert_sound(struct slice message, const struct mime_tree *tree)
{
	assert_true(tree->count >= 1 && tree->count <= MIME_PARTS_MAX);
	for (size_t i = 0; i < tree->count; i++) {
		const struct mime_part *p = &tree->parts[i];
		assert_true(p->start <= p->body && p->body <= p->end && p->end <= message.n);
		assert_true(i == 0 ? p->parent == MIME_NO_PARENT : p->parent >= 0 && p->parent < (int32_t)i);
		if (i > 0) {
			assert_true(p->start >= tree->parts[p->parent].body);
			assert_true(p->start >= tree->parts[i - 1].start);
		}
	}
}

static void check(const char *message, const char *want)
{
	struct slice text = slice_from_cstr(message);
	struct arena *arena = arena_new();
	struct mime_tree tree;
	struct buf got;
	buf_init(&got, ROOM);
	mime_tree_read(text, arena, &tree);
	assert_sound(text, &tree);
	show(text, &tree, &got);
	if (strcmp(buf_cstr(&got), want) != 0)
		fail_msg("in:\n%s\ngot:\n%swant:\n%s", message, buf_cstr(&got), want);
	buf_done(&got);
	arena_free(&arena);
}

static void test_a_message_without_mime_headers_is_plain_text(void **state)
{
	(void)state;
	check("", "-1.0 text/plain; 7bit ||\n");
	check("\r\n", "-1.0 text/plain; 7bit ||\n");
	check("no header at all", "-1.0 text/plain; 7bit |no header at all|\n");
	check("Subject: a\n\nb\n", "-1.0 text/plain; 7bit |b\n|\n");
	check("Subject: a\r\n b\r\n\r\n<a href=x>\r\n", "-1.0 text/plain; 7bit |<a href=x>\r\n|\n");
	check("Subject: no body", "-1.0 text/plain; 7bit ||\n");
}

static void test_a_from_line_of_a_mailbox_is_no_header(void **state)
{
	(void)state;
	check("From x@y Sat Nov 21 2026\nContent-Type: text/html\n\nb", "-1.0 text/html; 7bit |b|\n");
	check("From x", "-1.0 text/plain; 7bit ||\n");
	check("From: x\nContent-Type: text/html\n\nb", "-1.0 text/html; 7bit |b|\n");
}

static void test_headers_end_at_the_first_line_that_is_none(void **state)
{
	(void)state;
	check("A: b\nContent-Type: text/html\nnot a header\n\nb", "-1.0 text/html; 7bit |not a header\n\nb|\n");
	check("A: b\nname of two: x\nContent-Type: text/html\n\nb",
	      "-1.0 text/plain; 7bit |name of two: x\nContent-Type: text/html\n\nb|\n");
	check("Content-Type : text/html\n\nb", "-1.0 text/html; 7bit |b|\n");
	check(": x\nContent-Type: text/html\n\nb", "-1.0 text/plain; 7bit |: x\nContent-Type: text/html\n\nb|\n");
}

static void test_type_charset_and_encoding_are_read_as_they_are_met(void **state)
{
	(void)state;
	check("content-type:TEXT/Html;CHARSET=UTF-8\n\nb", "-1.0 text/html;UTF-8 7bit |b|\n");
	check("Content-Type: text/html;\r\n\tcharset=\"iso-8859-1\";\r\n format=flowed\r\n\r\nb",
	      "-1.0 text/html;iso-8859-1 7bit |b|\n");
	check("Content-Type: text/html; charset='x'\n\nb", "-1.0 text/html;'x' 7bit |b|\n");
	check("Content-Type: text/html (a (nested) \\) comment); (c) charset=(d)utf-8 (e)\n\nb",
	      "-1.0 text/html;utf-8 7bit |b|\n");
	check("Content-Type: text/html; x=\"(\"; charset=utf-8\n\nb", "-1.0 text/html;utf-8 7bit |b|\n");
	check("Content-Type: text/html; x=(; charset=utf-8\n\nb", "-1.0 text/html;utf-8 7bit |b|\n");
	check("Content-Type: text/html; charset*=us-ascii'en'utf%2D8\n\nb", "-1.0 text/html;utf-8 7bit |b|\n");
	check("Content-Type: text\n\nb", "-1.0 text/plain; 7bit |b|\n");
	check("Content-Type: /html\n\nb", "-1.0 text/plain; 7bit |b|\n");
	check("Content-Type: text/x y\n\nb", "-1.0 text/plain; 7bit |b|\n");
	check("Content-Type: text/html\nContent-Type: text/plain; charset=x\n\nb", "-1.0 text/html; 7bit |b|\n");
	check("Content-Transfer-Encoding: Quoted-Printable\n\nb", "-1.0 text/plain; qp |b|\n");
	check("Content-Transfer-Encoding: (x) base64 (y);\n\nb", "-1.0 text/plain; base64 |b|\n");
	check("Content-Transfer-Encoding: BINARY\n\nb", "-1.0 text/plain; binary |b|\n");
	check("Content-Transfer-Encoding: 8bit\n\nb", "-1.0 text/plain; 8bit |b|\n");
	check("Content-Transfer-Encoding:\n\nb", "-1.0 text/plain; 7bit |b|\n");
	check("Content-Transfer-Encoding: x-uuencode\n\nb", "-1.0 text/plain; unknown |b|\n");
	check("Content-Transfer-Encoding: 8 bit\n\nb", "-1.0 text/plain; unknown |b|\n");
}

static void test_two_encodings_that_differ_are_none(void **state)
{
	(void)state;
	check("Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: BASE64\n\nb",
	      "-1.0 text/plain; base64 |b|\n");
	check("Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nb",
	      "-1.0 text/plain; unknown |b|\n");
}

static void test_a_disposition_or_a_file_name_makes_an_attachment(void **state)
{
	(void)state;
	check("Content-Disposition: attachment\n\nb", "-1.0 text/plain; 7bit attached |b|\n");
	check("Content-Disposition: inline; filename=x\n\nb", "-1.0 text/plain; 7bit |b|\n");
	check("Content-Disposition: who-knows\n\nb", "-1.0 text/plain; 7bit attached |b|\n");
	check("Content-Type: text/html; name=x\n\nb", "-1.0 text/html; 7bit attached |b|\n");
	check("Content-Type: text/html; name*0*=utf-8''x\n\nb", "-1.0 text/html; 7bit attached |b|\n");
	check("Content-Disposition: ; filename=x\n\nb", "-1.0 text/plain; 7bit attached |b|\n");
}

static void test_parts_end_before_the_line_end_of_the_boundary(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=\"a b\"\r\n\r\npre\r\n--a b\r\n\r\none\r\n\r\n--a b  \r\n"
	      "Content-Type: text/html\r\n\r\ntwo\r\n--a b--\r\nepilogue\r\n--a b\r\nno part",
	      "-1.0 multipart/mixed; 7bit |a b|\n0.0 text/plain; 7bit |one\r\n|\n0.1 text/html; 7bit |two|\n");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\r\n\r\ntwo\r\n--b\n\nthree\r\n\n--b--",
	      "-1.0 multipart/mixed; 7bit |b|\n0.0 text/plain; 7bit |one|\n0.1 text/plain; 7bit |two|\n"
	      "0.2 text/plain; 7bit |three\r\n|\n");
	/* Nothing between headers and boundary. */
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nA: b\n--b\nA: b\n\n--b--\n",
	      "-1.0 multipart/mixed; 7bit |b|\n0.0 text/plain; 7bit ||\n0.1 text/plain; 7bit ||\n"
	      "0.2 text/plain; 7bit ||\n0.3 text/plain; 7bit ||\n");
}

static void test_lines_that_look_like_a_boundary_are_none(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--bb\n -- b\n --b\n--b-\n--b "
	      "x\n--b--x\n--B\nx--b\n--\n--b--",
	      "-1.0 multipart/mixed; 7bit |b|\n0.0 text/plain; 7bit |--bb\n -- b\n --b\n--b-\n--b "
	      "x\n--b--x\n--B\nx--b\n--|\n");
	/* One boundary begins with the other. */
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/related; boundary=b-\n\n"
	      "--b-\n\none\n--b---\n--b\n\ntwo\n--b--\n",
	      "-1.0 multipart/mixed; 7bit |b|\n0.0 multipart/related; 7bit |b-|\n1.0 text/plain; 7bit |one|\n"
	      "0.1 text/plain; 7bit |two|\n");
}

static void test_boundary_parameters_come_in_all_forms(void **state)
{
	(void)state;
	const char *forms[] = {
	    "boundary=\"b'()+_,-./:=?b\"",
	    "boundary=\"b'()+_,-.\\/:=?b\"",
	    "boundary*0=\"b'()+_,\"; boundary*1=\"-./:=?b\"",
	    "boundary*=us-ascii''b%27%28%29+_,-./:=?b",
	    "boundary=wrong; boundary*0*=''b%27%28%29+_,; boundary*1=\"-./:=?b\"",
	    "x=\"boundary=no\"; BOUNDARY = \"b'()+_,-./:=?b\" (comment)",
	    "charset=x;\r\n\tboundary=\"b'()+_,-./:=?b\"",
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char message[500];
		(void)snprintf(
		    message, sizeof(message),
		    "Content-Type: multipart/x; %s\r\n\r\n--b'()+_,-./:=?b\r\n\r\nx\r\n--b'()+_,-./:=?b--\r\n",
		    forms[i]);
		struct arena *arena = arena_new();
		struct mime_tree tree;
		mime_tree_read(slice_from_cstr(message), arena, &tree);
		if (tree.count != 2 || !tree.parts[0].is_closed)
			fail_msg("%s", message);
		arena_free(&arena);
	}
	check("Content-Type: multipart/mixed; boundary=\"=?utf-8?Q?b?=\"\n\n--=?utf-8?Q?b?=\n\nx\n--=?utf-8?Q?b?=--",
	      "-1.0 multipart/mixed; 7bit |=?utf-8?Q?b?=|\n0.0 text/plain; 7bit |x|\n");
	check("Content-Type: multipart/mixed; boundary=\"\xe9\"\n\n--\xe9\n\nx\n--\xe9--",
	      "-1.0 multipart/mixed; 7bit |\xe9|\n0.0 text/plain; 7bit |x|\n");
}

static void test_a_multipart_without_a_boundary_is_a_leaf(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed\n\n--\n\nx", "-1.0 multipart/mixed; 7bit |--\n\nx|\n");
	check("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx", "-1.0 multipart/mixed; 7bit |--\n\nx|\n");
}

static void test_an_outer_boundary_ends_what_was_left_open(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; "
	      "boundary=i\n\n--i\n\none\n"
	      "--o\n\ntwo\n--o--\n",
	      "-1.0 multipart/mixed; 7bit |o|\n0.0 multipart/alternative; 7bit open |i|\n1.0 text/plain; 7bit |one|\n"
	      "0.1 text/plain; 7bit |two|\n");
	check("Content-Type: multipart/mixed; boundary=o\n\n--o\n\none\ntwo",
	      "-1.0 multipart/mixed; 7bit open |o|\n0.0 text/plain; 7bit |one\ntwo|\n");
	check("Content-Type: multipart/mixed; boundary=o\n\nno part", "-1.0 multipart/mixed; 7bit open |o|\n");
	/* Behind its end an inner boundary means nothing, the outer one does. */
	check("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; "
	      "boundary=i\n\n--i\n\none\n"
	      "--i--\n--i\n\nx\n--o--\n",
	      "-1.0 multipart/mixed; 7bit |o|\n0.0 multipart/alternative; 7bit |i|\n1.0 text/plain; 7bit |one|\n");
}

static void test_a_nested_multipart_needs_no_empty_line(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=o:o\n\n--o:o\nContent-Type: multipart/alternative; "
	      "boundary=i:i\n--i:i\n"
	      "Content-Type: text/html\n\none\n--i:i--\n--o:o--\n",
	      "-1.0 multipart/mixed; 7bit |o:o|\n0.0 multipart/alternative; 7bit |i:i|\n1.0 text/html; 7bit |one|\n");
}

static void test_messages_inside_messages_are_opened(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n"
	      "Subject: in\nContent-Type: text/html\n\n<p>\n--o--\n",
	      "-1.0 multipart/mixed; 7bit |o|\n"
	      "0.0 message/rfc822; 7bit |Subject: in\nContent-Type: text/html\n\n<p>|\n1.0 text/html; 7bit |<p>|\n");
	check("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4KCg==\n",
	      "-1.0 message/rfc822; base64 |U3ViamVjdDogaW4KCg==\n|\n");
	check("Content-Type: multipart/digest; boundary=o\n\n--o\n\nA: b\n\none\n--o\nContent-Type: "
	      "text/plain\n\ntwo\n--o--\n",
	      "-1.0 multipart/digest; 7bit |o|\n0.0 message/rfc822; 7bit |A: b\n\none|\n1.0 text/plain; 7bit |one|\n"
	      "0.1 text/plain; 7bit |two|\n");
}

static void test_headers_are_found_where_they_stand(void **state)
{
	(void)state;
	struct slice message =
	    SLICE("From x\nA: 1\r\nsubject:  two\r\n three \r\nSubject: no\r\nEmpty:\r\n\r\nB: 2\r\n");
	struct arena *arena = arena_new();
	struct mime_tree tree;
	struct header_line header;
	mime_tree_read(message, arena, &tree);
	assert_true(slice_equal(mime_header_find(message, tree.parts, SLICE("SUBJECT")), SLICE("two\r\n three")));
	assert_int_equal(mime_header_find(message, tree.parts, SLICE("B")).n, 0);
	size_t at = tree.parts[0].start;
	size_t count = 0;
	size_t bytes = 0;
	for (; mime_header_next(message, tree.parts, &at, &header); count++)
		bytes += header.line.n;
	assert_int_equal(count, 4);
	assert_int_equal(tree.parts[0].start, 7);
	assert_int_equal(tree.parts[0].start + bytes + 2, tree.parts[0].body);
	assert_true(slice_equal(header.name, SLICE("Empty")));
	assert_int_equal(header.value.n, 0);
	assert_true(header.value.p > message.p && header.value.p < message.p + message.n);
	arena_free(&arena);
}

static void test_bodies_are_decoded_as_mail_clients_do(void **state)
{
	(void)state;
	static const struct {
		const char *message;
		const char *want; /* NULL: not known */
	} cases[] = {
	    {"\n=41", "=41"},
	    {"Content-Transfer-Encoding: 8bit\n\n\xe9", "\xe9"},
	    {"Content-Transfer-Encoding: quoted-printable\n\n<p>=E9=80 =\r\nx  \r\n=zz=", "<p>\xe9\x80 x\r\n=zz"},
	    {"Content-Transfer-Encoding: base64\n\nPGI+\r\n!eA==\r\n", "<b>x"},
	    {"Content-Transfer-Encoding: x-gzip64\n\nPGI+", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice message = slice_from_cstr(cases[i].message);
		struct arena *arena = arena_new();
		struct mime_tree tree;
		struct buf got;
		buf_init(&got, ROOM);
		mime_tree_read(message, arena, &tree);
		assert_int_equal(mime_body_decode(message, tree.parts, &got), cases[i].want != NULL);
		assert_string_equal(buf_cstr(&got), cases[i].want ? cases[i].want : "");
		buf_done(&got);
		arena_free(&arena);
	}
}

static void test_a_part_knows_what_it_is_within(void **state)
{
	(void)state;
	struct slice message =
	    SLICE("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/signed; boundary=i\n\n"
		  "--i\n\none\n--i--\n--o\n\ntwo\n--o--\n");
	struct arena *arena = arena_new();
	struct mime_tree tree;
	mime_tree_read(message, arena, &tree);
	assert_int_equal(tree.count, 4);
	assert_true(mime_part_is_within(&tree, 1, SLICE("multipart/signed")));
	assert_true(mime_part_is_within(&tree, 2, SLICE("multipart/signed")));
	assert_false(mime_part_is_within(&tree, 3, SLICE("multipart/signed")));
	assert_true(mime_part_is_within(&tree, 3, SLICE("multipart/mixed")));
	arena_free(&arena);
}

/* ---- bounds ---- */

/* Reads `count` repetitions of a text behind a beginning; the memory used must not pass a few times the input. */
static struct mime_tree read_many(struct arena *arena, const char *begin, const char *each, size_t bytes)
{
	struct mime_tree tree;
	struct buf b;
	buf_init(&b, ROOM);
	buf_append_cstr(&b, begin);
	while (b.n < bytes)
		buf_append_cstr(&b, each);
	size_t before = arena_used(arena);
	mime_tree_read(buf_slice(&b), arena, &tree);
	assert_sound(buf_slice(&b), &tree);
	assert_true(arena_used(arena) - before <= 2 * b.n + MIME_PARTS_MAX * 1024);
	buf_done(&b);
	return tree;
}

static void test_hostile_messages_are_bounded_in_parts_depth_and_memory(void **state)
{
	(void)state;
	enum { TEN_MB = 10 << 20 };
	static const char head[] = "Content-Type: multipart/mixed; boundary=b\n\n";
	struct arena *arena = arena_new();
	struct mime_tree tree = read_many(arena, head, "--b\n\n", TEN_MB);
	assert_int_equal(tree.count, MIME_PARTS_MAX);
	assert_true(tree.is_cut);
	tree = read_many(arena, head, "--b\nContent-Type: multipart/mixed; boundary=b\n\n", TEN_MB);
	assert_true(tree.is_cut && tree.count <= MIME_PARTS_MAX);
	tree = read_many(arena, head, "--b--\n", TEN_MB);
	assert_int_equal(tree.count, 1);
	tree = read_many(arena, "", "X: y\n", TEN_MB);
	assert_int_equal(tree.count, 1);
	tree = read_many(arena, "Content-Type: text/html;", " (", TEN_MB);
	assert_int_equal(tree.count, 1);
	tree = read_many(arena, "Content-Type: multipart/mixed; boundary=\"", "((((\\\"", TEN_MB);
	assert_int_equal(tree.count, 1);
	tree = read_many(arena, "", "Content-Type: message/rfc822\n\n", TEN_MB);
	assert_int_equal(tree.count, MIME_DEPTH_MAX + 1);
	assert_true(tree.is_cut);
	tree = read_many(arena, head, "-", TEN_MB);
	assert_int_equal(tree.count, 1);
	arena_free(&arena);
}

static void test_what_lies_too_deep_is_one_opaque_part(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct mime_tree tree;
	struct buf b;
	buf_init(&b, ROOM);
	for (int i = 0; i < MIME_DEPTH_MAX + 2; i++)
		buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	buf_append_cstr(&b, "\ndeep\n");
	for (int i = MIME_DEPTH_MAX + 1; i >= 0; i--)
		buf_printf(&b, "--b%d--\n", i);
	mime_tree_read(buf_slice(&b), arena, &tree);
	assert_sound(buf_slice(&b), &tree);
	assert_int_equal(tree.count, MIME_DEPTH_MAX + 1);
	assert_true(tree.is_cut);
	assert_false(tree.parts[MIME_DEPTH_MAX].is_multipart);
	for (int i = 0; i < MIME_DEPTH_MAX; i++)
		assert_true(tree.parts[i].is_closed);
	buf_done(&b);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_message_without_mime_headers_is_plain_text),
	    cmocka_unit_test(test_a_from_line_of_a_mailbox_is_no_header),
	    cmocka_unit_test(test_headers_end_at_the_first_line_that_is_none),
	    cmocka_unit_test(test_type_charset_and_encoding_are_read_as_they_are_met),
	    cmocka_unit_test(test_two_encodings_that_differ_are_none),
	    cmocka_unit_test(test_a_disposition_or_a_file_name_makes_an_attachment),
	    cmocka_unit_test(test_parts_end_before_the_line_end_of_the_boundary),
	    cmocka_unit_test(test_lines_that_look_like_a_boundary_are_none),
	    cmocka_unit_test(test_boundary_parameters_come_in_all_forms),
	    cmocka_unit_test(test_a_multipart_without_a_boundary_is_a_leaf),
	    cmocka_unit_test(test_an_outer_boundary_ends_what_was_left_open),
	    cmocka_unit_test(test_a_nested_multipart_needs_no_empty_line),
	    cmocka_unit_test(test_messages_inside_messages_are_opened),
	    cmocka_unit_test(test_headers_are_found_where_they_stand),
	    cmocka_unit_test(test_bodies_are_decoded_as_mail_clients_do),
	    cmocka_unit_test(test_a_part_knows_what_it_is_within),
	    cmocka_unit_test(test_hostile_messages_are_bounded_in_parts_depth_and_memory),
	    cmocka_unit_test(test_what_lies_too_deep_is_one_opaque_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

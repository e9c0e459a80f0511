/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "codec/html/html_namespace.h"
#include <stdio.h>

enum { ROOM = 65536 };

static void append_attributes(const struct html_tokenizer *tokenizer, const struct html_token *tag, struct buf *to)
{
	static const char *const quotes[] = {"", "=", "='", "=\""};
	struct html_attributes attributes = html_attributes_of(tokenizer, tag);
	struct html_attribute attribute;
	while (html_attribute_next(&attributes, &attribute))
		buf_printf(to, " %.*s%s%.*s", SLICE_FMT(attribute.name), quotes[attribute.quote],
			   SLICE_FMT(attribute.value));
}

/* One short word a token: T(text) S(tag attributes) E(tag) C(comment) D(doctype) X(cdata). */
static void append_token(const struct html_tokenizer *tokenizer, const struct html_token *token, struct buf *to)
{
	static const char letters[] = "?TSECDX";
	bool is_tag = token->type == HTML_START_TAG || token->type == HTML_END_TAG;
	buf_append_byte(to, letters[token->type]);
	buf_append_byte(to, '(');
	buf_append(to, is_tag ? token->name : token->data);
	if (token->type == HTML_START_TAG)
		append_attributes(tokenizer, token, to);
	if (token->is_self_closing)
		buf_append_cstr(to, " /");
	buf_append_byte(to, ')');
}

static void assert_tokens(const char *html, bool follow, const char *want)
{
	struct buf got;
	buf_init(&got, ROOM);
	struct html_tokenizer tokenizer;
	struct html_namespace space;
	struct html_token token;
	html_tokenizer_init(&tokenizer, slice_from_cstr(html));
	html_namespace_init(&space);
	size_t end = 0;
	while (html_token_next(&tokenizer, &token)) {
		assert_true(token.start >= end && token.end >= token.start);
		end = token.end;
		append_token(&tokenizer, &token, &got);
		if (follow && (token.type == HTML_START_TAG || token.type == HTML_END_TAG))
			html_namespace_follow(&space, &tokenizer, &token);
	}
	assert_int_equal(token.type, HTML_END_OF_INPUT);
	assert_string_equal(buf_cstr(&got), want);
	buf_done(&got);
}

struct token_case {
	const char *html;
	const char *want;
};

static void assert_cases(const struct token_case *cases, size_t count, bool follow)
{
	for (size_t i = 0; i < count; i++)
		assert_tokens(cases[i].html, follow, cases[i].want);
}
#define ASSERT_CASES(cases, follow) assert_cases(cases, sizeof(cases) / sizeof((cases)[0]), follow)

static void test_tags_are_opened_by_a_letter_only(void **state)
{
	(void)state;
	static const struct token_case cases[] = {
	    {"a<b>c</b>d", "T(a)S(b)T(c)E(b)T(d)"},
	    {"1 < 2 <3 <-", "T(1 < 2 <3 <-)"},
	    {"<", "T(<)"},
	    {"</", "T(</)"},
	    {"a</>b", "T(a)T(b)"},
	    {"</ x>y", "C( x)T(y)"},
	    {"<A-b:c>", "S(A-b:c)"},
	};
	ASSERT_CASES(cases, false);
}

static void test_attributes_follow_the_states_of_the_standard(void **state)
{
	(void)state;
	static const struct token_case cases[] = {
	    {"<a b>", "S(a b)"},
	    {"<a b=c/>", "S(a b=c/)"},
	    {"<a b='c\">' d>", "S(a b='c\"> d)"},
	    {"<a\n b \t=\r\n \"c\"\n>", "S(a b=\"c)"},
	    {"<a/b=\"c\"/>", "S(a b=\"c /)"},
	    {"<a b=\"c\"d='e'f>", "S(a b=\"c d='e f)"},
	    {"<a =b=c>", "S(a =b=c)"},
	    {"<a b= >", "S(a b=)"},
	    {"<a b=>x", "S(a b=)T(x)"},
	    {"<a b=c\"'<=`>", "S(a b=c\"'<=`)"},
	    {"<a / b / >", "S(a b)"},
	    {"<br/>", "S(br /)"},
	    {"<a b b=2 B=3>", "S(a b b=2 B=3)"},
	    {"</a b=c />", "E(a /)"},
	};
	ASSERT_CASES(cases, false);
}

static void test_a_tag_that_the_input_ends_in_is_dropped(void **state)
{
	(void)state;
	static const char *const cuts[] = {"<a",      "<a ",      "<a b", "<a b ", "<a b=", "<a b=c",
					   "<a b='c", "<a b='c'", "<a/",  "</a",   "</a "};
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		assert_tokens(cuts[i], false, "");
		struct html_tokenizer tokenizer;
		struct html_token token;
		html_tokenizer_init(&tokenizer, slice_from_cstr(cuts[i]));
		assert_false(html_token_next(&tokenizer, &token));
		assert_true(tokenizer.is_cut);
	}
}

static void test_comments_end_where_browsers_end_them(void **state)
{
	(void)state;
	static const struct token_case cases[] = {
	    {"<!--a-->b", "C(a)T(b)"},
	    {"<!--a--!>b", "C(a)T(b)"},
	    {"<!-->b", "C()T(b)"},
	    {"<!--->b", "C()T(b)"},
	    {"<!---->b", "C()T(b)"},
	    {"<!--a>-- >b--->c", "C(a>-- >b-)T(c)"},
	    {"<!--a<!--b-->c-->", "C(a<!--b)T(c-->)"},
	    {"<!--a", "C(a)"},
	    {"<!--a--", "C(a)"},
	    {"<!--a--!", "C(a)"},
	    {"<!x>y", "C(x)T(y)"},
	    {"<?xml a=\">\"?>y", "C(?xml a=\")T(\"?>y)"},
	    {"<![if !mso]>y", "C([if !mso])T(y)"},
	    {"<!DOCTYPE x \"a>b\">", "D( x \"a)T(b\">)"},
	    {"<![CDATA[a>b]]>", "C([CDATA[a)T(b]]>)"},
	};
	ASSERT_CASES(cases, false);
}

static void test_raw_text_ends_only_at_its_own_end_tag(void **state)
{
	(void)state;
	static const struct token_case cases[] = {
	    {"<style><a></styl></STYLE >x", "S(style)T(<a></styl>)E(STYLE)T(x)"},
	    {"<title><b></titles></title>", "S(title)T(<b></titles>)E(title)"},
	    {"<textarea></body>", "S(textarea)T(</body>)"},
	    {"<xmp><a></xmp/>", "S(xmp)T(<a>)E(xmp /)"},
	    {"<plaintext><a></plaintext>", "S(plaintext)T(<a></plaintext>)"},
	    {"<noscript><a></noscript>", "S(noscript)S(a)E(noscript)"},
	    {"<iframe></iframe><p>", "S(iframe)E(iframe)S(p)"},
	};
	ASSERT_CASES(cases, true);
}

static void test_scripts_know_the_escaped_and_the_double_escaped_state(void **state)
{
	(void)state;
	static const struct token_case cases[] = {
	    {"<script>a<b></script>x", "S(script)T(a<b>)E(script)T(x)"},
	    {"<script><!--</script>x", "S(script)T(<!--)E(script)T(x)"},
	    {"<script><!--<script></script></script>x", "S(script)T(<!--<script></script>)E(script)T(x)"},
	    {"<script><!--<script>--></script>x", "S(script)T(<!--<script>-->)E(script)T(x)"},
	    {"<script><!--><script></script>x", "S(script)T(<!--><script>)E(script)T(x)"},
	    {"<script><!--<scripty></script>x", "S(script)T(<!--<scripty>)E(script)T(x)"},
	    {"<script><!--<script></script>x", "S(script)T(<!--<script></script>x)"},
	};
	ASSERT_CASES(cases, true);
}

static void test_svg_and_math_switch_raw_text_off_and_cdata_on(void **state)
{
	(void)state;
	static const struct token_case cases[] = {
	    {"<svg><style><a></style></svg><style><b></style>",
	     "S(svg)S(style)S(a)E(style)E(svg)S(style)T(<b>)E(style)"},
	    {"<svg><![CDATA[<a>]]></svg><![CDATA[<a>]]>", "S(svg)X(<a>)E(svg)C([CDATA[<a)T(]]>)"},
	    {"<svg/><style><a></style>", "S(svg /)S(style)T(<a>)E(style)"},
	    {"<svg><title><style><a></style></title><style><a>",
	     "S(svg)S(title)S(style)T(<a>)E(style)E(title)S(style)S(a)"},
	    {"<svg><foreignObject><style><a>", "S(svg)S(foreignObject)S(style)T(<a>)"},
	    {"<svg><p><style><a>", "S(svg)S(p)S(style)T(<a>)"},
	    {"<svg><font><style><a>", "S(svg)S(font)S(style)S(a)"},
	    {"<svg><font size=1><style><a>", "S(svg)S(font size=1)S(style)T(<a>)"},
	    {"<td><svg></td><style><a>", "S(td)S(svg)E(td)S(style)T(<a>)"},
	    {"<math><mi><style><a></style></mi><style><a>", "S(math)S(mi)S(style)T(<a>)E(style)E(mi)S(style)S(a)"},
	    {"<math><annotation-xml><style><a>", "S(math)S(annotation-xml)S(style)S(a)"},
	    {"<math><annotation-xml encoding='TEXT/html'><style><a>",
	     "S(math)S(annotation-xml encoding='TEXT/html)S(style)T(<a>)"},
	    {"<svg><svg></svg><style><a>", "S(svg)S(svg)E(svg)S(style)S(a)"},
	};
	ASSERT_CASES(cases, true);
}

static void test_text_can_be_passed_over(void **state)
{
	(void)state;
	struct html_tokenizer tokenizer;
	struct html_token token;
	html_tokenizer_init(&tokenizer, SLICE("a < b<i>c</i>d"));
	tokenizer.skips_text = true;
	assert_true(html_token_next(&tokenizer, &token));
	assert_int_equal(token.type, HTML_START_TAG);
	assert_int_equal(token.start, 5);
	assert_true(html_token_next(&tokenizer, &token));
	assert_int_equal(token.type, HTML_END_TAG);
	assert_false(html_token_next(&tokenizer, &token));
	assert_false(tokenizer.is_cut);
}

static void test_deep_nesting_is_bounded_and_closes_again(void **state)
{
	(void)state;
	struct buf html;
	buf_init(&html, ROOM);
	for (int i = 0; i < 1000; i++)
		buf_append_cstr(&html, "<svg>");
	for (int i = 0; i < 1000; i++)
		buf_append_cstr(&html, "</svg>");
	buf_append_cstr(&html, "<style><a>");
	struct html_tokenizer tokenizer;
	struct html_namespace space;
	struct html_token token;
	enum html_token_type last = HTML_END_OF_INPUT;
	html_tokenizer_init(&tokenizer, buf_slice(&html));
	html_namespace_init(&space);
	while (html_token_next(&tokenizer, &token)) {
		last = token.type;
		if (token.type == HTML_START_TAG || token.type == HTML_END_TAG)
			html_namespace_follow(&space, &tokenizer, &token);
	}
	assert_int_equal(last, HTML_TEXT);
	buf_done(&html);
}

/* ---- the sieve ---- */

/* Holds `a` and names that begin with `st`. */
static const struct html_sieve sieve = {
    {['a' & 31] = 1U << ' ' % 32 | 1U << '>' % 32 | 1U << '/' % 32, ['s' & 31] = 1U << 't' % 32}};

static bool sieve_lets_through(struct slice input, const struct html_token *token)
{
	if (token->type == HTML_TEXT)
		return false;
	if (token->type != HTML_START_TAG && token->type != HTML_END_TAG)
		return true;
	unsigned int first = (unsigned char)token->name.p[0] & 31;
	size_t second_at = (size_t)(token->name.p - input.p) + 1;
	return sieve.seconds[first] >> ((unsigned char)input.p[second_at] & 31) & 1;
}

/* With the sieve the tokens are those of the whole list that it lets through, at the same places. */
static void assert_sieved(struct slice input)
{
	struct html_tokenizer whole;
	struct html_tokenizer sieved;
	struct html_token want;
	struct html_token got;
	html_tokenizer_init(&whole, input);
	html_tokenizer_init(&sieved, input);
	sieved.sieve = &sieve;
	sieved.skips_text = true;
	while (html_token_next(&whole, &want)) {
		if (!sieve_lets_through(input, &want))
			continue;
		do /* it may let more through */
			assert_true(html_token_next(&sieved, &got));
		while (got.start < want.start);
		assert_int_equal(got.type, want.type);
		assert_int_equal(got.start, want.start);
		assert_int_equal(got.end, want.end);
		assert_int_equal(got.attributes_start, want.attributes_start);
		assert_int_equal(got.is_self_closing, want.is_self_closing);
		assert_true(slice_equal(got.name, want.name) && slice_equal(got.data, want.data));
	}
	while (html_token_next(&sieved, &got))
		assert_false(sieve_lets_through(input, &got));
	assert_int_equal(sieved.is_cut, whole.is_cut);
}

static void test_a_sieve_passes_over_tags_and_nothing_else(void **state)
{
	(void)state;
	static const char *const inputs[] = {
	    "<p><a href=x>y</a><strong>z</strong></p>",
	    "<td title=\"<a>\"><a>",
	    "<td title='<a>' x=<a><a>",
	    "<td title = \"<a>\" ><a>",
	    "<td=\"x><a>\">",
	    "<td =\"x><a>\">",
	    "<td \"=\"x><a>\">",
	    "<td a==\"x><a>\"><a>",
	    "<td a=\"b\"=\"x><a>\"><a>",
	    "<td /=\"x><a>\"><a>",
	    "<td a=\"b\"c=\"<a>\"><a>",
	    "<td a=b\"c=\"<a>\"><a>",
	    "<td a=\n\t'<a>'/><a/>",
	    "< a><a>",
	    "<a",
	    "<td a=\"<a>",
	    "<td a=",
	    "x</",
	    "x</a",
	    "x</td",
	    "<!-- <a> --><a><!doctype \"><a>\"><?><a>",
	    "</><a></ a><a>",
	    "",
	};
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		assert_sieved(slice_from_cstr(inputs[i]));
}

/* The input's end and the border of a window may fall anywhere. */
static void test_a_sieve_does_the_same_wherever_windows_end(void **state)
{
	(void)state;
	static const char tags[] = "<td a=\"<a>\" b='>' c=d><a href=\"x\">y</a></td>";
	struct buf html;
	buf_init(&html, 4 * HTML_MARKS_WINDOW);
	for (size_t i = 0; i + 1 < sizeof(tags); i++) {
		buf_clear(&html);
		for (size_t n = 0; n < HTML_MARKS_WINDOW - i; n++)
			buf_append_byte(&html, '.');
		buf_append_cstr(&html, tags);
		assert_sieved(buf_slice(&html));
		assert_sieved(slice_sub(buf_slice(&html), 0, HTML_MARKS_WINDOW));
		assert_sieved(slice_sub(buf_slice(&html), 0, HTML_MARKS_WINDOW + 1));
	}
	buf_done(&html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tags_are_opened_by_a_letter_only),
	    cmocka_unit_test(test_attributes_follow_the_states_of_the_standard),
	    cmocka_unit_test(test_a_tag_that_the_input_ends_in_is_dropped),
	    cmocka_unit_test(test_comments_end_where_browsers_end_them),
	    cmocka_unit_test(test_raw_text_ends_only_at_its_own_end_tag),
	    cmocka_unit_test(test_scripts_know_the_escaped_and_the_double_escaped_state),
	    cmocka_unit_test(test_svg_and_math_switch_raw_text_off_and_cdata_on),
	    cmocka_unit_test(test_text_can_be_passed_over),
	    cmocka_unit_test(test_deep_nesting_is_bounded_and_closes_again),
	    cmocka_unit_test(test_a_sieve_passes_over_tags_and_nothing_else),
	    cmocka_unit_test(test_a_sieve_does_the_same_wherever_windows_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* lint: each code is found where it belongs, and not in the near miss beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/lint/lint.h"
#include "codec/lint/lint_json.h"
#include "codec/lint/lint_mail.h"
#include "harness/corpus.h"

static struct lint_options default_options(void)
{
	return (struct lint_options){.base_url = SLICE("https://t.example"), .pixel_place = HTML_PIXEL_BOTTOM};
}

static struct lint_report judge(const struct lint_options *options, struct slice input, bool is_mail,
				struct arena *arena)
{
	struct lint_report report = {0};
	enum status status =
	    is_mail ? lint_mail(options, input, arena, &report) : lint_html(options, input, arena, &report);
	assert_int_equal(status, STATUS_OK);
	return report;
}

static const struct lint_finding *find(const struct lint_report *report, enum lint_code code)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].code == code)
			return &report->findings[i];
	return NULL;
}

/* ---- a case a code ---- */

struct lint_case {
	enum lint_code code;
	const char *bad;
	uint32_t line; /* where it is in `bad`; 0: of the whole */
	uint32_t column;
	const char *fine; /* the near miss */
};

#define OK_LINK "<a href=\"https://e.example/\">Go</a>"

static const struct lint_case html_cases[] = {
    {LINT_BAD_URL, "<a href=\"http://\">x</a>", 1, 10, "<a href=\"http://e.example\">x</a>"},
    {LINT_RELATIVE_LINK, "<p>\n <a href=\"/shop\">x</a>", 2, 11, "<a href=\"mailto:a@e.example\">x</a>"},
    {LINT_RELATIVE_LINK, "<a href=\"//cdn.example/x\">x</a>", 1, 10, "<a href=\"#x\">x</a><p id=x>"},
    {LINT_SCRIPT_LINK, "<a href=\"JavaScript:go()\">x</a>", 1, 10, "<a href=\"tel:+4412345\">x</a>"},
    {LINT_LOCAL_LINK, "<a href=\"http://localhost:3000/\">x</a>", 1, 10, "<a href=\"http://localhost.example/\">x</a>"},
    {LINT_LOCAL_LINK, "<a href=\"http://192.168.1.9/\">x</a>", 1, 10, "<a href=\"http://192.169.1.9/\">x</a>"},
    {LINT_LOCAL_LINK, "<a href=\"http://intranet/\">x</a>", 1, 10, "<a href=\"http://[2001:db8::1]/\">x</a>"},
    {LINT_PHISHING_TEXT, "<a href=\"https://evil.example/\">www.bank.com</a>", 1, 10,
     "<a href=\"https://login.bank.com/\">www.bank.com</a>"},
    {LINT_PHISHING_TEXT, "<a href=\"https://bank.com.evil.example/\"><b>https://bank.com/in</b></a>", 1, 10,
     "<a href=\"https://evil.example/\">Node.js, ASP.net and report.pdf</a>"},
    {LINT_PHISHING_TEXT, "<a href=\"https://b.co.uk/\">a.co.uk</a>", 1, 10,
     "<a href=\"https://shop.a.co.uk/\">www.a.co.uk/shop</a>"},
    {LINT_PHISHING_TEXT, "<a href=\"https://e.example/\">bank.com</a>", 1, 10,
     "<a href=\"https://e.example/\">a@bank.com</a>"},
    {LINT_TEMPLATE_LINK, "<a href=\"https://e.example/{{x}}\">x</a>", 1, 10,
     "<a href=\"https://e.example/%20x\">x</a>"},
    {LINT_TEMPLATE_LINK, "<a href=\"[Unsubscribe]\">x</a>", 1, 10, OK_LINK},
    {LINT_PLACEHOLDER_LINK, "<a href=\"\">x</a>", 1, 10, "<a name=\"x\">x</a>"},
    {LINT_PLACEHOLDER_LINK, "<a href=\"#\">x</a>", 1, 10, "<a href=\"#top\">x</a>"},
    {LINT_VISIBLE_URL, "<a href=\"https://e.example/\">https://e.example/</a>", 1, 10,
     "<a href=\"https://e.example/\" data-no-track>https://e.example/</a>"},
    {LINT_VISIBLE_URL, "<a href=\"https://e.com/\">www.e.com</a>", 1, 10,
     "<a href=\"https://t.example/\">https://t.example/</a>"},
    {LINT_HTTP_LINK, OK_LINK "<a href=\"http://e.example/\">x</a>", 1, 45,
     "<a href=\"http://e.example/\">x</a><a href=\"http://f.example/\">x</a>"},
    {LINT_IP_LINK, "<a href=\"http://203.0.113.9/\">x</a>", 1, 10, "<a href=\"http://203.0.113.9.example/\">x</a>"},
    {LINT_IP_LINK, "<a href=\"http://3405803785/\">x</a>", 1, 10, "<a href=\"https://360.example/\">x</a>"},
    {LINT_SHORTENED_LINK, "<a href=\"https://bit.ly/abc\">x</a>", 1, 10, "<a href=\"https://habit.ly/abc\">x</a>"},
    {LINT_USERINFO_LINK, "<a href=\"https://bank.com@evil.example/\">x</a>", 1, 10,
     "<a href=\"https://e.example/@user\">x</a>"},
    {LINT_EMPTY_LINK, "<a href=\"https://e.example/\"> &nbsp; </a>", 1, 1,
     "<a href=\"https://e.example/\"><img src=\"cid:x\" alt=\"Go\"></a>"},
    {LINT_EMPTY_LINK, "<a href=\"https://e.example/\"><img src=\"cid:x\" alt=\"\"></a>", 1, 1,
     "<a href=\"https://e.example/\" aria-label=\"Go\"></a>"},
    {LINT_MISSING_ANCHOR, "<a href=\"#a\">x</a><p id=b>", 1, 10, "<a href=\"#a\">x</a><a name=\"a\"></a>"},
    {LINT_TRACKED_UNSUBSCRIBE, "<a href=\"https://e.example/u\">Unsubscribe</a>", 1, 10,
     "<a data-no-track href=\"https://e.example/u\">Unsubscribe</a>"},
    {LINT_CUT, "<body><p>x\n<!-- " OK_LINK, 2, 1, "<body><p>x\n<!-- x -->" OK_LINK},
    {LINT_CUT, "<p>x<style>p{}", 1, 5, "<p>x<style>p{}</style>"},
    {LINT_CUT, "<p>x<img src=", 1, 5, "<p>x < y"},
    {LINT_NESTED_LINK, "<a href=\"https://e.example/\">x " OK_LINK "</a>", 1, 1, OK_LINK OK_LINK "</a>"},
    {LINT_UNCLOSED_LINK, OK_LINK "<a href=\"https://e.example/\">x", 1, 36, OK_LINK},
    {LINT_UNCLOSED_LINK, "<a href=\"https://e.example/\">x " OK_LINK OK_LINK, 1, 1, "<a name=x>" OK_LINK},
    {LINT_UNCLOSED_LINK, "<table><tr><td><a href=\"https://e.example/\">x</td><td>" OK_LINK, 1, 16,
     "<table><tr><td><a href=\"https://e.example/\"><table><tr><td>x</td></tr></table></a></td></table>"},
    {LINT_DUPLICATE_HREF, "<a href=\"https://e.example/\" href=\"https://f.example/\">x</a>", 1, 36,
     "<a href=\"https://e.example/\" data-href=\"https://f.example/\">x</a>"},
    {LINT_NO_PIXEL, "<p>x</p><!-- ", 0, 0, "<body><p>x</p><!-- "},
    {LINT_PIXEL_PRESENT, "<img src=\"https://t.example/o/x.gif\" alt=\"\">", 0, 0,
     "<img src=\"https://t.example/logo.gif\" alt=\"\">"},
    {LINT_ACTIVE_CONTENT, "<p><script>x</script>", 1, 4, "<script type=\"application/ld+json\">{}</script>"},
    {LINT_ACTIVE_CONTENT, "<form><input></form>", 1, 1, "<!-- <form> -->"},
    {LINT_BODY_END, "<body>x", 0, 0, "<p>x"},
    {LINT_BODY_END, "<body>x</body>y</body>", 0, 0, "<body>x</body><!-- </body> -->"},
    {LINT_RELATIVE_IMAGE, "<img src=\"images/a.png\" alt=\"\">", 1, 1, "<img src=\"cid:a\" alt=\"\">"},
    {LINT_TEMPLATE_IMAGE, "<img src=\"https://e.example/*|LOGO|*\" alt=\"\">", 1, 1,
     "<img src=\"https://e.example/*LOGO*\" alt=\"\">"},
    {LINT_DATA_IMAGE, "<img src=\"data:image/png;base64,AA\" alt=\"\">", 1, 1, "<img src=\"cid:data\" alt=\"\">"},
    {LINT_NO_ALT, "<img src=\"cid:a\">", 1, 1, "<img src=\"cid:a\" alt>"},
    {LINT_NO_ALT, "<img src=\"cid:a\" width=10>", 1, 1, "<img src=\"cid:a\" width=1 height=1>"},
    {LINT_HTTP_IMAGE, "<img src=\"http://e.example/a.png\" alt=\"\">", 1, 1,
     "<img src=\"https://e.example/a.png\" alt=\"\">"},
    {LINT_IMAGE_ONLY, "<a href=\"https://e.example/\"><img src=\"cid:a\" alt=\"A long text is here.\"></a>", 0, 0,
     "<p>Twenty characters of text<img src=\"cid:a\" alt=\"\">" OK_LINK},
    {LINT_IMAGE_ONLY, "<img src=\"cid:a\" alt=\"\"><img src=\"cid:b\" alt=\"\">", 0, 0,
     "<p>Hi<img src=\"cid:a\" alt=\"\">"},
    {LINT_TEMPLATE_TEXT, "<p>Hi {{ name }}", 1, 7, "<p>Hi { name }"},
    {LINT_TEMPLATE_TEXT, "<p>Hi %recipient.name%", 1, 7, "<p>50%off%, 5% and 6%"},
    {LINT_TEMPLATE_TEXT, "<p>Hi *|FNAME|*", 1, 7, "<p>Hi *FNAME* | x"},
    {LINT_TEMPLATE_TEXT, "<p>Hi <%= name %>", 1, 7, "<p>Hi <b>%</b>"},
    {LINT_TEMPLATE_TEXT, "<p>Hi ${name}", 1, 7, "<p>Hi ${5}, $7 {x}"},
    {LINT_TEMPLATE_TEXT, "<p>Hi [[name]]", 1, 7, "<p>see [[1]]<style>.a{{x}}</style>"},
    {LINT_UNSAFE_CHARSET, "\xff\xfe<\x01", 0, 0, "\xef\xbb\xbf<p>x"},
    {LINT_UNKNOWN_CHARSET, "<meta charset=x-own><a href=\"https://e.example/\xa4\xa4\">x</a>", 1, 30,
     "<meta charset=big5><a href=\"https://e.example/\xa4\xa4\">\xa4\xa4</a>"},
    {LINT_WRONG_BYTES, "<p>caf\xe9", 1, 7, "<meta charset=iso-8859-1><p>caf\xe9"},
};

static void check_case(const struct lint_case *c, const struct lint_options *options, bool is_mail)
{
	struct arena *arena = arena_new();
	print_message("%s: %s\n", lint_code_name(c->code), c->bad);
	struct lint_report report = judge(options, slice_from_cstr(c->bad), is_mail, arena);
	const struct lint_finding *found = find(&report, c->code);
	assert_non_null(found);
	assert_int_equal(found->place.line, c->line);
	assert_int_equal(found->place.column, c->column);
	report = judge(options, slice_from_cstr(c->fine), is_mail, arena);
	assert_null(find(&report, c->code));
	arena_free(&arena);
}

static void test_html_findings_and_their_near_misses(void **state)
{
	(void)state;
	struct lint_options options = default_options();
	for (size_t i = 0; i < sizeof html_cases / sizeof html_cases[0]; i++)
		check_case(&html_cases[i], &options, false);
}

#define HEAD "From: a@e.example\r\nTo: b@e.example\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
#define HTML_HEAD HEAD "Content-Type: text/html; charset=utf-8\r\n"
#define BODY "\r\n<p>Hello and welcome to all of you</p>" OK_LINK "\r\n"
#define TEXT_AND_HTML(text, more)                                                                                      \
	HEAD more "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n" text                            \
		  "\r\n--b\r\nContent-Type: text/html\r\n" BODY "--b--\r\n"
#define UNSUBSCRIBE "List-Unsubscribe: <https://e.example/u>, <mailto:u@e.example>\r\n"
#define ONE_CLICK "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"

static const struct lint_case mail_cases[] = {
    {LINT_BIDI_CONTROL, "Subject: =?utf-8?Q?invoice=E2=80=AEfdp.exe?=\r\n\r\nx", 1, 1,
     "Subject: =?utf-8?Q?=D7=A9=E2=80=8F!?=\r\n\r\nx"},
    {LINT_TEMPLATE_SUBJECT, "Subject: Hi {{name}}\r\n\r\nx", 1, 1, "Subject: Hi {name}\r\n\r\nx"},
    {LINT_TEMPLATE_SUBJECT, "From: a@e.example\r\nSubject: =?utf-8?Q?Hi_=7B=7Bname=7D=7D?=\r\n\r\nx", 2, 1,
     "Subject: =?utf-8?Q?Hi_=7Bname=7D?=\r\n\r\nx"},
    {LINT_NO_SUBJECT, "From: a@e.example\r\nSubject: \r\n\r\nx", 2, 1, HEAD "\r\nx"},
    {LINT_NO_SUBJECT, "From: a@e.example\r\n\r\nx", 0, 0, HEAD "\r\nx"},
    {LINT_NO_HTML, HEAD "\r\nx", 0, 0, HTML_HEAD BODY},
    {LINT_NO_TEXT_PART, HTML_HEAD BODY, 0, 0, TEXT_AND_HTML("Hello", "")},
    {LINT_NO_CHARSET, HEAD "Content-Type: text/html\r\n\r\n<p>caf\xc3\xa9", 0, 0, HTML_HEAD "\r\n<p>caf\xc3\xa9"},
    {LINT_NO_ONE_CLICK, HEAD UNSUBSCRIBE "\r\nx", 5, 1, HEAD UNSUBSCRIBE ONE_CLICK "\r\nx"},
    {LINT_NO_ONE_CLICK, HEAD UNSUBSCRIBE "\r\nx", 5, 1, HEAD "List-Post: <mailto:l@e.example>\r\n" UNSUBSCRIBE "\r\nx"},
    {LINT_BAD_LIST_UNSUBSCRIBE, HEAD "List-Unsubscribe: https://e.example/u\r\n\r\nx", 5, 1, HEAD UNSUBSCRIBE "\r\nx"},
    {LINT_BAD_LIST_UNSUBSCRIBE, HEAD "List-Unsubscribe: <mailto:u@e.example>\r\n" ONE_CLICK "\r\nx", 5, 1,
     HEAD UNSUBSCRIBE ONE_CLICK "\r\nx"},
    {LINT_BAD_LIST_UNSUBSCRIBE, HEAD UNSUBSCRIBE "List-Unsubscribe-Post: yes\r\n\r\nx", 6, 1,
     HEAD "List-Unsubscribe: <mailto:u@e.example>\r\n\r\nx"},
    {LINT_BAD_LIST_UNSUBSCRIBE, HEAD "List-Unsubscribe: <https://e.example/{{u}}>\r\n\r\nx", 5, 1,
     HEAD UNSUBSCRIBE "\r\nx"},
    {LINT_NO_UNSUBSCRIBE_LINK, HEAD UNSUBSCRIBE ONE_CLICK "\r\nx", 0, 0,
     HEAD UNSUBSCRIBE ONE_CLICK "\r\nTo unsubscribe go to https://e.example/u"},
    {LINT_NO_LIST_UNSUBSCRIBE, HEAD "X-Campaign: c\r\n\r\nx", 0, 0, HEAD "Precedence: bulk\r\n\r\nx"},
    {LINT_SIGNED_ALREADY, "DKIM-Signature: v=1; a=x\r\n" HTML_HEAD BODY, 1, 1,
     "DKIM-Signature: v=1; a=x\r\n" HEAD "\r\nx"},
    {LINT_PART_LEFT_ALONE,
     HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n"
	  "Content-Disposition: attachment; filename=a.html\r\n" BODY "--b--\r\n",
     0, 0, TEXT_AND_HTML("Hello", "")},
    {LINT_TEMPLATE_TEXT, TEXT_AND_HTML("Dear friend,\r\nor {{name}}", ""), 2, 4, TEXT_AND_HTML("Hello", "")},
    {LINT_TRACKED_UNSUBSCRIBE, HTML_HEAD "\r\n<a href=\"https://e.example/u\">Unsubscribe</a>", 1, 10,
     HTML_HEAD UNSUBSCRIBE "\r\n<a href=\"https://e.example/u\">Unsubscribe</a>"},
};

static void test_mail_findings_and_their_near_misses(void **state)
{
	(void)state;
	struct lint_options options = default_options();
	for (size_t i = 0; i < sizeof mail_cases / sizeof mail_cases[0]; i++)
		check_case(&mail_cases[i], &options, true);
}

/* ---- those that need size, or options ---- */

static struct slice repeated(const char *unit, size_t count, struct buf *to)
{
	for (size_t i = 0; i < count; i++)
		buf_append_cstr(to, unit);
	return buf_slice(to);
}

static void expect_sized(const char *unit, size_t count, enum lint_code code, bool is_found)
{
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct buf html;
	buf_init(&html, 1 << 24);
	struct lint_report report = judge(&options, repeated(unit, count, &html), false, arena);
	assert_int_equal(find(&report, code) != NULL, is_found);
	buf_done(&html);
	arena_free(&arena);
}

static void test_sizes_are_judged_after_rewriting(void **state)
{
	(void)state;
	expect_sized("<p>1234567</p>\n", 100 * 1024 / 15, LINT_GMAIL_CLIP, false);
	expect_sized("<p>1234567</p>\n", 100 * 1024 / 15, LINT_NEAR_CLIP, true);
	expect_sized("<p>1234567</p>\n", 50 * 1024 / 15, LINT_NEAR_CLIP, false);
	expect_sized("<p>1234567</p>\n", 103 * 1024 / 15, LINT_GMAIL_CLIP, true);
	expect_sized("<p>1234567</p>\n", 103 * 1024 / 15, LINT_NEAR_CLIP, false);
	/* 60 KB before, and more than 102 KB after */
	expect_sized("<a href=\"https://e.example/\">x</a>\n", 60 * 1024 / 35, LINT_GMAIL_CLIP, true);
	expect_sized("<a href=\"https://e.example/\">x</a>\n", 100, LINT_MANY_LINKS, false);
	expect_sized("<a href=\"https://e.example/\">x</a>\n", 101, LINT_MANY_LINKS, true);
	expect_sized("<a href=\"mailto:a@e.example\">x</a>\n", 101, LINT_MANY_LINKS, false);
}

static void test_long_lines_of_a_mail(void **state)
{
	(void)state;
	for (size_t n = 998; n <= 999; n++) {
		struct arena *arena = arena_new();
		struct lint_options options = default_options();
		struct buf mail;
		buf_init(&mail, 65536);
		buf_append_cstr(&mail, HEAD "\r\n");
		(void)repeated("x", n, &mail);
		buf_append_cstr(&mail, "\r\nshort\r\n");
		struct lint_report report = judge(&options, buf_slice(&mail), true, arena);
		const struct lint_finding *found = find(&report, LINT_LONG_LINE);
		assert_int_equal(found != NULL, n > 998);
		assert_true(!found || (found->place.line == 6 && found->severity == LINT_WARNING));
		buf_done(&mail);
		arena_free(&arena);
	}
}

/* A quarter of a megabyte of what begins something and ends nothing is looked at once: whoever goes through it again at
 * each byte needs minutes. */
static void test_beginnings_without_an_end_take_no_time(void **state)
{
	static const char *const begins[] = {"[",  "{",   "%",        "#",   "$",         "<",   "*",  "[[",
					     "{{", "${",  "*|",       "<%",  "%a",        "##a", "[a", "&",
					     "&#", "<!-", "<!--",     "<a ", "\"",        "<a=", "=?", "http://",
					     "@",  "a@",  "<script>", "</",  "<![CDATA[", "%5b"};
	(void)state;
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
		struct arena *arena = arena_new();
		struct lint_options options = default_options();
		struct buf mail;
		buf_init(&mail, 8 << 20);
		buf_append_cstr(&mail, "<p>");
		(void)repeated(begins[i], (1 << 18) / strlen(begins[i]), &mail);
		(void)judge(&options, buf_slice(&mail), false, arena);
		buf_done(&mail);
		buf_init(&mail, 8 << 20);
		buf_append_cstr(&mail, HEAD "\r\n");
		(void)repeated(begins[i], (1 << 18) / strlen(begins[i]), &mail);
		(void)judge(&options, buf_slice(&mail), true, arena);
		buf_done(&mail);
		arena_free(&arena);
	}
}

static void test_bulk_mail_must_let_people_go(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct slice mail = SLICE(HTML_HEAD BODY);
	struct lint_report report = judge(&options, mail, true, arena);
	assert_null(find(&report, LINT_NO_LIST_UNSUBSCRIBE));
	assert_null(find(&report, LINT_NO_UNSUBSCRIBE_LINK));
	options.kind = LINT_BULK;
	report = judge(&options, mail, true, arena);
	assert_int_equal(find(&report, LINT_NO_LIST_UNSUBSCRIBE)->severity, LINT_ERROR);
	assert_int_equal(find(&report, LINT_NO_UNSUBSCRIBE_LINK)->severity, LINT_ERROR);
	report = judge(&options, SLICE(OK_LINK), false, arena);
	assert_int_equal(find(&report, LINT_NO_UNSUBSCRIBE_LINK)->severity, LINT_ERROR);
	report = judge(&options, SLICE("<a href=\"https://e.example/u\">Hier abmelden</a>"), false, arena);
	assert_null(find(&report, LINT_NO_UNSUBSCRIBE_LINK));
	options.kind = LINT_TRANSACTIONAL;
	report = judge(&options, SLICE(HEAD UNSUBSCRIBE "\r\nx"), true, arena);
	assert_null(find(&report, LINT_NO_ONE_CLICK));
	assert_null(find(&report, LINT_NO_UNSUBSCRIBE_LINK));
	arena_free(&arena);
}

static void test_templates_may_have_merge_tags(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct slice html =
	    SLICE("<p>Hi {{name}}, <img src=\"{{logo}}\" alt=\"\"><a href=\"{{url}}\">a text that is long enough</a>"
		  "<a href=\"[Unsubscribe]\">out</a>");
	assert_int_equal(judge(&options, html, false, arena).finding_count, 4);
	options.is_template = true;
	assert_int_equal(judge(&options, html, false, arena).finding_count, 0);
	struct slice mail = SLICE("Subject: Hi {{name}}\r\nList-Unsubscribe: <{{u}}>\r\n" ONE_CLICK
				  "\r\nDear {{name}}, unsubscribe at {{u}}");
	assert_int_equal(judge(&options, mail, true, arena).counts[LINT_ERROR], 0);
	arena_free(&arena);
}

/* ---- the rest of the report ---- */

static void test_links_have_their_whole_text_and_fate(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct slice html = SLICE(
	    "<p>\xc3\xa9 <a href=\"https://e.example/a\">Shop\n <b>the&nbsp;sale</b> &amp; more</a>\n"
	    "<a href=\"mailto:a@e.example\"><img src=\"cid:x\" alt=\"\"></a>\n"
	    "<!--[if mso]><v:rect href=\"https://e.example/v\"><center>VML &amp; co</center></v:rect><![endif]-->");
	struct lint_report report = judge(&options, html, false, arena);
	assert_int_equal(report.link_count, 3);
	assert_int_equal(report.tracked_count, 2);
	assert_true(slice_equal(report.links[0].text, SLICE("Shop the sale & more")));
	assert_int_equal(report.links[0].place.column, 15); /* in characters */
	assert_int_equal(report.links[0].place.offset, 15);
	assert_int_equal(report.links[1].link.skip, HTML_SKIP_NOT_HTTP);
	assert_true(report.links[1].has_image);
	assert_true(slice_equal(report.links[2].text, SLICE("VML & co")));
	assert_int_equal(report.links[2].place.line, 4);
	assert_true(report.has_pixel);
	assert_true(report.bytes_out > report.bytes_in);
	assert_int_equal(report.bytes_in, html.n);
	arena_free(&arena);
}

static void test_findings_come_worst_first_and_are_counted(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct slice html = SLICE("<a href=\"#\">a</a><a href=\"/b\">b</a><a href=\"#\">c</a><a href=\"/d\">d</a>"
				  "<img src=\"http://e.example/i\" alt=\"x\">a text that is long enough");
	struct lint_report report = judge(&options, html, false, arena);
	assert_int_equal(report.finding_count, 5);
	assert_int_equal(report.counts[LINT_ERROR], 2);
	assert_int_equal(report.counts[LINT_WARNING], 2);
	assert_int_equal(report.counts[LINT_NOTE], 1);
	assert_int_equal(report.findings[0].code, LINT_RELATIVE_LINK);
	assert_true(report.findings[0].place.offset < report.findings[1].place.offset);
	assert_int_equal(report.findings[4].severity, LINT_NOTE);
	arena_free(&arena);
}

static void test_findings_are_bounded(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct buf html;
	buf_init(&html, 1 << 20);
	struct lint_report report = judge(&options, repeated("<a href=/>x</a>", 1500, &html), false, arena);
	assert_int_equal(report.link_count, 1500);
	assert_int_equal(report.finding_count, LINT_FINDINGS_MAX);
	assert_int_equal(report.omitted_count, 500);
	assert_int_equal(report.counts[LINT_ERROR], 1500);
	buf_done(&html);
	arena_free(&arena);
}

static void test_parts_are_numbered_as_in_imap(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct lint_report report = judge(&options, SLICE(TEXT_AND_HTML("Hello", "")), true, arena);
	assert_int_equal(report.part_count, 1);
	assert_true(slice_equal(report.parts[0].part, SLICE("2")));
	assert_true(slice_equal(report.links[0].place.part, SLICE("2")));
	report = judge(&options, SLICE(HTML_HEAD BODY), true, arena);
	assert_true(slice_equal(report.parts[0].part, SLICE("1")));
	struct slice nested =
	    SLICE(HEAD "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; "
		       "boundary=b\r\n"
		       "\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n" BODY "--b--\r\n--a--\r\n");
	report = judge(&options, nested, true, arena);
	assert_true(slice_equal(report.parts[0].part, SLICE("1.2")));
	arena_free(&arena);
}

static void test_mail_is_told_from_html(void **state)
{
	(void)state;
	assert_true(lint_is_mail(SLICE(HEAD "\r\nx")));
	assert_true(lint_is_mail(SLICE("X-First: 1\nReceived: from x\n\nx")));
	assert_true(lint_is_mail(SLICE("From a@e.example Sat Nov 21 2026\nSubject: x\n\nx")));
	assert_false(lint_is_mail(SLICE("<p>Subject: x</p>")));
	assert_false(lint_is_mail(SLICE("<!doctype html>\nSubject: x\n")));
	assert_false(lint_is_mail(SLICE("Note: this is a text.\n\nSubject: x")));
	assert_false(lint_is_mail(SLICE("")));
}

static void test_every_code_has_words_and_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < LINT_CODE_COUNT; i++) {
		enum lint_code code = (enum lint_code)i;
		assert_string_not_equal(lint_code_name(code), "unknown");
		/* what is wrong, and what to do */
		assert_true(strlen(lint_code_text(code)) > 20);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(lint_code_name(code), lint_code_name((enum lint_code)k));
	}
}

static void test_json_says_the_same(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct lint_report report = judge(&options, SLICE("<a href=\"/b\">b</a>"), false, arena);
	struct buf text;
	buf_init(&text, 65536);
	struct json_text w = json_text_on(&text);
	lint_put_json(&w, &report);
	assert_true(
	    slice_contains(buf_slice(&text), SLICE("\"severity\":\"error\",\"code\":\"relative_link\",\"part\":null,"
						   "\"offset\":9,\"line\":1,\"column\":10,")));
	assert_true(
	    slice_contains(buf_slice(&text), SLICE("\"tracked\":false,\"skipped\":\"relative\",\"why\":\"no full "
						   "address\"")));
	buf_done(&text);
	arena_free(&arena);
}

/* ---- the corpus ---- */

struct corpus_counts {
	size_t files;
	size_t clean; /* without errors */
	bool is_mail; /* what is counted */
};

static void judge_file(void *user, const char *name, struct slice input)
{
	struct corpus_counts *counts = user;
	struct arena *arena = arena_new();
	struct lint_options options = default_options();
	struct lint_report report = judge(&options, input, counts->is_mail, arena);
	struct buf json;
	(void)name;
	buf_init(&json, 1 << 28);
	struct json_text w = json_text_on(&json);
	lint_put_json(&w, &report);
	assert_false(buf_failed(&json));
	counts->clean += report.counts[LINT_ERROR] == 0;
	for (size_t i = 0; i < report.finding_count; i++) {
		const struct lint_place *place = &report.findings[i].place;
		assert_true(place->line == 0 || place->column > 0);
	}
	buf_done(&json);
	arena_free(&arena);
}

static struct corpus_counts judge_folder(const char *name, bool is_mail)
{
	struct corpus_counts counts = {.is_mail = is_mail};
	char folder[CORPUS_PATH_ROOM];
	corpus_need(name, folder);
	counts.files = corpus_each_file(folder, judge_file, &counts);
	return counts;
}

/* Many of the corpus are templates; a good half of what people sent has no errors, or the linter cries wolf. */
static void test_corpus_of_html(void **state)
{
	(void)state;
	struct corpus_counts counts = judge_folder("html", false);
	print_message("%zu of %zu without errors\n", counts.clean, counts.files);
	assert_true(counts.clean * 100 > counts.files * 35);
}

static void test_corpus_of_mails(void **state)
{
	(void)state;
	struct corpus_counts counts = judge_folder("eml", true);
	print_message("%zu of %zu without errors\n", counts.clean, counts.files);
	assert_true(counts.clean * 100 > counts.files * 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_html_findings_and_their_near_misses),
	    cmocka_unit_test(test_mail_findings_and_their_near_misses),
	    cmocka_unit_test(test_sizes_are_judged_after_rewriting),
	    cmocka_unit_test(test_long_lines_of_a_mail),
	    cmocka_unit_test(test_beginnings_without_an_end_take_no_time),
	    cmocka_unit_test(test_bulk_mail_must_let_people_go),
	    cmocka_unit_test(test_templates_may_have_merge_tags),
	    cmocka_unit_test(test_links_have_their_whole_text_and_fate),
	    cmocka_unit_test(test_findings_come_worst_first_and_are_counted),
	    cmocka_unit_test(test_findings_are_bounded),
	    cmocka_unit_test(test_parts_are_numbered_as_in_imap),
	    cmocka_unit_test(test_mail_is_told_from_html),
	    cmocka_unit_test(test_every_code_has_words_and_a_name_of_its_own),
	    cmocka_unit_test(test_json_says_the_same),
	    cmocka_unit_test(test_corpus_of_html),
	    cmocka_unit_test(test_corpus_of_mails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

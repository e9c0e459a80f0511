/* SPDX-License-Identifier: Apache-2.0 */
/* One test for each decision of the rewriting policy, on documents of a line. Wanted outputs are written out whole: T0,
 * T1… is what a link of that index becomes, PX the pixel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/html_rewrite.h"
#include "html_splice.h"
#include <stdio.h>

enum { ROOM = 64 << 20 };

static const struct slice own_host = {"t.example", 9};
static const struct slice pixel = {"PX", 2};

struct run {
	struct arena *arena;
	struct buf out;
	struct html_report report;
};

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_printf(to, "T%u", (unsigned int)link->index);
	return true;
}

static struct html_rewrite_options options_with(enum html_pixel_place place)
{
	return (struct html_rewrite_options){
	    .charset = SLICE_EMPTY,
	    .policy = {.own_hosts = &own_host, .own_host_count = 1},
	    .track = track,
	    .pixel = pixel,
	    .pixel_place = place,
	    .vml = true,
	};
}

static void run_start(struct run *run, const struct html_rewrite_options *options, struct slice html)
{
	run->arena = arena_new();
	buf_init(&run->out, ROOM);
	assert_int_equal(html_rewrite(options, html, run->arena, &run->out, &run->report), STATUS_OK);
	assert_int_equal(run->report.bytes_in, html.n);
	assert_int_equal(run->report.bytes_out, run->out.n);
	assert_true(html_is_spliced(html, &run->report, options->pixel, buf_slice(&run->out)));
}

static void run_end(struct run *run)
{
	arena_free(&run->arena);
	buf_done(&run->out);
}

static void assert_rewritten_with(const struct html_rewrite_options *options, const char *html, const char *want)
{
	struct run run;
	run_start(&run, options, slice_from_cstr(html));
	assert_string_equal(buf_cstr(&run.out), want);
	run_end(&run);
}

/* Without a pixel; a NULL `want` says that nothing changes. */
struct rewrite_case {
	const char *html;
	const char *want;
};

static void assert_rewrites(const struct rewrite_case *cases, size_t count)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < count; i++)
		assert_rewritten_with(&options, cases[i].html, cases[i].want ? cases[i].want : cases[i].html);
}
#define ASSERT_REWRITES(cases) assert_rewrites(cases, sizeof(cases) / sizeof((cases)[0]))

/* The first link of `html` is skipped for that reason and nothing changes. */
static void assert_skipped(const struct html_rewrite_options *options, const char *html, enum html_skip want)
{
	struct run run;
	run_start(&run, options, slice_from_cstr(html));
	assert_true(run.report.link_count > 0);
	assert_string_equal(html_skip_name(run.report.links[0].skip), html_skip_name(want));
	assert_string_equal(buf_cstr(&run.out), html);
	run_end(&run);
}

struct skip_case {
	const char *value;
	enum html_skip want;
};

static void assert_values_skipped(const struct skip_case *cases, size_t count)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < count; i++) {
		char html[256];
		snprintf(html, sizeof(html), "<a href=\"%s\">x</a>", cases[i].value);
		assert_skipped(&options, html, cases[i].want);
	}
}

/* ---- what is a link, and where its value is ---- */

static void test_rewrite_tracks_anchors_and_areas_only(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com\">x</a>", "<a href=\"T0\">x</a>"},
	    {"<map><area href=\"http://e.com/\"></map>", "<map><area href=\"T0\"></map>"},
	    {"<link href=\"https://e.com\"><base href=\"https://e.com\">", NULL},
	    {"<button formaction=\"https://e.com\" href=\"https://e.com\">", NULL},
	    {"<form action=\"https://e.com\"><img src=\"https://e.com\"><abbr href=\"https://e.com\">", NULL},
	    {"<a ping=\"https://e.com\" data-href=\"https://e.com\">", NULL},
	    {"</a href=\"https://e.com\">", NULL},
	    {"href=\"https://e.com\" https://e.com", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_rewrite_keeps_quotes_case_and_white_space(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=https://e.com/a/>x", "<a href=T0>x"},
	    {"<a href='https://e.com/\"'>x", "<a href='T0'>x"},
	    {"<A\n  HREF \t=\r\n \"HTTPS://e.com\"\n>", "<A\n  HREF \t=\r\n \"T0\"\n>"},
	    {"<a/href=\"https://e.com\"/>", "<a/href=\"T0\"/>"},
	    {"<a class=\"x\"href=\"https://e.com\"title=\"y\">", "<a class=\"x\"href=\"T0\"title=\"y\">"},
	    {"<a title='href=\"https://no\"' href=\"https://e.com\">", "<a title='href=\"https://no\"' href=\"T0\">"},
	    {"<a href=\" https://e.com \n\">", "<a href=\"T0\">"},
	    {"<a href=\"https://e.com/o'brien?[f]=a|b\">", "<a href=\"T0\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_rewrite_takes_the_first_of_two_hrefs(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://1\" href=\"https://2\">", "<a href=\"T0\" href=\"https://2\">"},
	    {"<a href HREF=\"https://2\">", NULL},
	};
	ASSERT_REWRITES(cases);
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	run_start(&run, &options, SLICE("<a href=\"https://1\" href=\"https://2\">"));
	assert_int_equal(run.report.link_count, 2);
	assert_int_equal(run.report.links[1].skip, HTML_SKIP_DUPLICATE_ATTRIBUTE);
	assert_int_equal(run.report.tracked_count, 1);
	run_end(&run);
}

static void test_rewrite_replaces_each_occurrence_by_itself(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com/a\"><a href=\"https://e.com/a\"><a href=\"https://e.com/a/b\">",
	     "<a href=\"T0\"><a href=\"T1\"><a href=\"T2\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_rewrite_leaves_comments_and_raw_text_alone(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<!-- <a href=\"https://no\"> --><a href=\"https://e.com\">",
	     "<!-- <a href=\"https://no\"> --><a href=\"T0\">"},
	    {"<!--x--!><a href=\"https://e.com\">", "<!--x--!><a href=\"T0\">"},
	    {"<?xml <a href=\"https://no\"?>", NULL},
	    {"<style><a href=\"https://no\"></style>", NULL},
	    {"<script>'<a href=\"https://no\">'</script>", NULL},
	    {"<script><!--<script><a href=\"https://no\"></script><a href=\"https://no\">--></script>", NULL},
	    {"<title><a href=\"https://no\"></title><textarea><a href=\"https://no\"></textarea>", NULL},
	    {"<xmp><a href=\"https://no\"></xmp><iframe><a href=\"https://no\"></iframe>", NULL},
	    {"<plaintext></plaintext><a href=\"https://no\">", NULL},
	    {"<noscript><a href=\"https://e.com\"></noscript>", "<noscript><a href=\"T0\"></noscript>"},
	    {"<template><a href=\"https://e.com\"></template>", "<template><a href=\"T0\"></template>"},
	    {"<![CDATA[<a href=\"https://no\">]]>", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_rewrite_knows_svg(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<svg><a href=\"https://e.com\" xlink:href=\"https://no\">",
	     "<svg><a href=\"T0\" xlink:href=\"https://no\">"},
	    {"<svg><style><a href=\"https://e.com\"></style></svg>", "<svg><style><a href=\"T0\"></style></svg>"},
	    {"<svg><![CDATA[<a href=\"https://no\">]]></svg>", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_rewrite_looks_into_conditional_comments_when_asked(void **state)
{
	(void)state;
	const char *html = "<!--[if mso]><v:roundrect href=\"https://e.com\"><a href=https://e.com>x</a><![endif]-->"
			   "<!--[if !mso]><!--><a href=\"https://e.com\">x</a><!--<![endif]-->"
			   "<!-- if <v:rect href=\"https://no\"> --><v:rect href=\"https://no\">";
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	assert_rewritten_with(&options, html,
			      "<!--[if mso]><v:roundrect href=\"T0\"><a href=T1>x</a><![endif]-->"
			      "<!--[if !mso]><!--><a href=\"T2\">x</a><!--<![endif]-->"
			      "<!-- if <v:rect href=\"https://no\"> --><v:rect href=\"https://no\">");
	options.vml = false;
	assert_rewritten_with(&options, html,
			      "<!--[if mso]><v:roundrect href=\"https://e.com\"><a href=https://e.com>x</a><![endif]-->"
			      "<!--[if !mso]><!--><a href=\"T0\">x</a><!--<![endif]-->"
			      "<!-- if <v:rect href=\"https://no\"> --><v:rect href=\"https://no\">");
	options.vml = true;
	assert_rewritten_with(&options, "<!--[if mso]><a href=\"https://cut\">",
			      "<!--[if mso]><a href=\"https://cut\">");
}

static void test_rewrite_does_not_touch_a_tag_that_the_input_ends_in(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com\"", NULL},
	    {"<a href=\"https://e.com", NULL},
	    {"<a href=https://e.com", NULL},
	};
	ASSERT_REWRITES(cases);
}

/* ---- what is left alone ---- */

static void test_rewrite_leaves_values_that_are_no_web_address(void **state)
{
	(void)state;
	static const struct skip_case cases[] = {
	    {"", HTML_SKIP_EMPTY},
	    {" \n", HTML_SKIP_EMPTY},
	    {"#top", HTML_SKIP_FRAGMENT},
	    {"page.html", HTML_SKIP_RELATIVE},
	    {"//e.com/x", HTML_SKIP_RELATIVE},
	    {"www.e.com", HTML_SKIP_RELATIVE},
	    {"mailto:a@e.com", HTML_SKIP_NOT_HTTP},
	    {"tel:+1", HTML_SKIP_NOT_HTTP},
	    {"sms:+1", HTML_SKIP_NOT_HTTP},
	    {"cid:a@b", HTML_SKIP_NOT_HTTP},
	    {"data:text/html,x", HTML_SKIP_NOT_HTTP},
	    {"javascript:alert(1)", HTML_SKIP_NOT_HTTP},
	    {"&#106;avascript:alert(1)", HTML_SKIP_NOT_HTTP},
	    {"java\tscript:alert(1)", HTML_SKIP_NOT_HTTP},
	    {"ftp://e.com", HTML_SKIP_NOT_HTTP},
	    {"https+notrack://e.com", HTML_SKIP_NOT_HTTP},
	    {"http://", HTML_SKIP_BAD_URL},
	    {"https:///e.com", HTML_SKIP_BAD_URL},
	    {"https:e.com", HTML_SKIP_BAD_URL},
	    {"https://e.com\\@evil.com", HTML_SKIP_BAD_URL},
	};
	assert_values_skipped(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_rewrite_leaves_merge_tags_whole_or_inside(void **state)
{
	(void)state;
	static const struct skip_case cases[] = {
	    {"{{unsubscribe}}", HTML_SKIP_TEMPLATE},
	    {"{{ TrackLink ", HTML_SKIP_TEMPLATE},
	    {"{% url x %}", HTML_SKIP_TEMPLATE},
	    {"{unsubscribe_url}", HTML_SKIP_TEMPLATE},
	    {"*|UNSUB|*", HTML_SKIP_TEMPLATE},
	    {"%recipient.link%", HTML_SKIP_TEMPLATE},
	    {"%%unsub_center_url%%", HTML_SKIP_TEMPLATE},
	    {"<%= url %>", HTML_SKIP_TEMPLATE},
	    {"[[url]]", HTML_SKIP_TEMPLATE},
	    {"${url}", HTML_SKIP_TEMPLATE},
	    {"##unsub##", HTML_SKIP_TEMPLATE},
	    {"https://e.com/u/{{id}}?t=1", HTML_SKIP_TEMPLATE},
	    {"https://e.com/?t=*|T|*", HTML_SKIP_TEMPLATE},
	    {"https://e.com/%facebook%/x", HTML_SKIP_TEMPLATE},
	    {"https://e.com/%7B%7Bid%7D%7D", HTML_SKIP_TEMPLATE},
	};
	assert_values_skipped(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_rewrite_does_not_take_data_for_merge_tags(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com/%20%C3%BC%abcd%20\">", "<a href=\"T0\">"},
	    {"<a href=\"https://e.com/?f[0]=a&f[1]=b:2|c,d!$*(x)~\">", "<a href=\"T0\">"},
	    {"<a href=\"https://e.com/{3F2504E0-4F89-11D3-9A0C-0305E82C3301}/\">", "<a href=\"T0\">"},
	    {"<a href=\"https://e.com/#a#b\">", "<a href=\"T0\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_rewrite_honours_opt_outs_before_and_behind_the_href(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	static const char *const attributes[] = {
	    "data-no-track",
	    "clicktracking=off",
	    "disable-tracking=true",
	    "ses:no-track",
	    "data-pm-no-track",
	    "DATA-MT-NO-TRACK",
	    "mautic:disable-tracking=true",
	    "data-mautic-disable-tracking='true'",
	};
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		char html[256];
		snprintf(html, sizeof(html), "<a href=\"https://e.com\" %s>", attributes[i]);
		assert_skipped(&options, html, HTML_SKIP_NO_TRACK);
		snprintf(html, sizeof(html), "<a %s href=\"https://e.com\">", attributes[i]);
		assert_skipped(&options, html, HTML_SKIP_NO_TRACK);
	}
	assert_rewritten_with(&options, "<a href=\"https://e.com\" clicktracking=on>",
			      "<a href=\"T0\" clicktracking=on>");
}

static void test_rewrite_leaves_own_and_unsubscribe_links(void **state)
{
	(void)state;
	static const struct slice unsubscribe = {"https://e.com/u?a=1&b=2", 23};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.policy.unsubscribe_urls = &unsubscribe;
	options.policy.unsubscribe_url_count = 1;
	assert_skipped(&options, "<a href=\"https://T.example/c/x\">", HTML_SKIP_OWN_LINK);
	assert_skipped(&options, "<a href=\"https://e.com/u?a=1&amp;b=2\">", HTML_SKIP_UNSUBSCRIBE);
	assert_rewritten_with(&options, "<a href=\"https://e.com/?u=https://t.example/c/x\">", "<a href=\"T0\">");
}

static void test_rewrite_can_leave_links_whose_text_is_an_address(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	const char *html = "<a href=\"https://e.com\"><b> www.e.com</b></a>";
	struct run run;
	run_start(&run, &options, slice_from_cstr(html));
	assert_int_equal(run.report.warnings, HTML_WARN_VISIBLE_URL);
	assert_true(slice_equal(run.report.links[0].text, SLICE("www.e.com")));
	assert_int_equal(run.report.tracked_count, 1);
	run_end(&run);
	options.skip_visible_urls = true;
	assert_skipped(&options, html, HTML_SKIP_VISIBLE_URL);
}

/* ---- the URL ---- */

static void assert_url(struct slice charset, const char *value, const char *want_url, const char *want_destination)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.charset = charset;
	struct buf html;
	buf_init(&html, ROOM);
	buf_printf(&html, "<a href=\"%s\">", value);
	struct run run;
	run_start(&run, &options, buf_slice(&html));
	assert_int_equal(run.report.tracked_count, 1);
	assert_true(slice_equal(run.report.links[0].url, slice_from_cstr(want_url)));
	assert_true(slice_equal(run.report.links[0].destination, slice_from_cstr(want_destination)));
	run_end(&run);
	buf_done(&html);
}

static void test_url_is_decoded_once_by_the_attribute_rule(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		const char *want;
	} cases[] = {
	    {"https://e.com/?a=1&amp;b=2", "https://e.com/?a=1&b=2"},
	    {"https://e.com/?a=1&#38;b&#x26;c&#038;d", "https://e.com/?a=1&b&c&d"},
	    {"https://e.com/?a&amp;amp;b", "https://e.com/?a&amp;b"},
	    {"https://e.com/?a=1&copy=3&para=4&lt=5", "https://e.com/?a=1&copy=3&para=4&lt=5"},
	    {"&#104;ttps&colon;//e.com/a", "https://e.com/a"},
	    {"ht\ttps://e.com/a\r\n", "https://e.com/a"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_url(SLICE_EMPTY, cases[i].value, cases[i].want, cases[i].want);
}

static void test_url_is_utf8_and_its_destination_ascii(void **state)
{
	(void)state;
	assert_url(SLICE("iso-8859-1"), "https://m\xfcller.example/", "https://m\xc3\xbcller.example/",
		   "https://m%C3%BCller.example/");
	assert_url(SLICE("utf-8"), "https://e.com/\xc3\xbc?x y", "https://e.com/\xc3\xbc?x y",
		   "https://e.com/%C3%BC?x%20y");
	assert_url(SLICE("Windows-1252"), "https://e.com/\x80", "https://e.com/\xe2\x82\xac",
		   "https://e.com/%E2%82%AC");
	/* Said to be UTF-8 and is not: read as what it most likely is. */
	assert_url(SLICE("utf-8"), "https://e.com/\xfc", "https://e.com/\xc3\xbc", "https://e.com/%C3%BC");
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.charset = SLICE("big5");
	assert_skipped(&options, "<a href=\"https://e.com/\xa5\x5c\">", HTML_SKIP_CHARSET);
	assert_rewritten_with(&options, "\xa5\x5c<a href=\"https://e.com\">", "\xa5\x5c<a href=\"T0\">");
}

static void test_url_gets_the_parameters_it_does_not_have(void **state)
{
	(void)state;
	static const struct url_parameter parameters[] = {{{"utm_source", 10}, {"x", 1}},
							  {{"utm_medium", 10}, {"y", 1}}};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.policy.parameters = parameters;
	options.policy.parameter_count = 2;
	struct run run;
	run_start(&run, &options, SLICE("<a href=\"https://e.com/?utm_source=z#f\">"));
	assert_true(slice_equal(run.report.links[0].url, SLICE("https://e.com/?utm_source=z#f")));
	assert_true(slice_equal(run.report.links[0].destination, SLICE("https://e.com/?utm_source=z&utm_medium=y#f")));
	run_end(&run);
}

static void test_url_may_be_long_and_not_too_long(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t extra = 0; extra < 2; extra++) {
		struct buf html;
		struct run run;
		buf_init(&html, ROOM);
		buf_append_cstr(&html, "<a href=\"https://e.com/");
		while (html.n < URL_MAX + extra + 9)
			buf_append_byte(&html, 'x');
		buf_append_cstr(&html, "\">");
		run_start(&run, &options, buf_slice(&html));
		assert_int_equal(run.report.links[0].skip, extra ? HTML_SKIP_BAD_URL : HTML_NOT_SKIPPED);
		run_end(&run);
		buf_done(&html);
	}
}

/* ---- the pixel ---- */

static void test_pixel_goes_before_the_last_body_end_tag(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	static const struct rewrite_case cases[] = {
	    {"<body>x</body></html>", "<body>xPX</body></html>"},
	    {"<body>x</BODY >y</body>z", "<body>x</BODY >yPX</body>z"},
	    {"<body>x</body><!-- </body> --></html>", "<body>xPX</body><!-- </body> --></html>"},
	    {"<body><script>'</body>'</script></body>", "<body><script>'</body>'</script>PX</body>"},
	    {"<body>x</html>", "<body>xPX</html>"},
	    {"<p>x", "<p>xPX"},
	    {"", "PX"},
	    {"<html><frameset></frameset></html>", "<html><frameset></frameset></html>PX"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_rewritten_with(&options, cases[i].html, cases[i].want);
}

static void test_pixel_is_not_put_where_it_would_be_swallowed(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	static const struct rewrite_case cases[] = {
	    {"<body class='x'>y<!-- cut </body>", "<body class='x'>PXy<!-- cut </body>"},
	    {"<body>y<textarea></body>", "<body>PXy<textarea></body>"},
	    {"<body>y<style>", "<body>PXy<style>"},
	    {"<body>y<plaintext>", "<body>PXy<plaintext>"},
	    {"<body>y<a href='", "<body>PXy<a href='"},
	    {"<body>y</", "<body>PXy</"},
	    {"<body>y</body><a href='", "<body>yPX</body><a href='"},
	    {"y<!-- cut", "y<!-- cut"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_rewritten_with(&options, cases[i].html, cases[i].want);
	struct run run;
	run_start(&run, &options, SLICE("y<!-- cut"));
	assert_int_equal(run.report.warnings, HTML_WARN_NO_PIXEL | HTML_WARN_CUT);
	assert_int_equal(run.report.pixel_at, HTML_NOWHERE);
	run_end(&run);
}

static void test_pixel_can_go_to_the_top_or_nowhere(void **state)
{
	(void)state;
	struct html_rewrite_options top = options_with(HTML_PIXEL_TOP);
	assert_rewritten_with(&top, "<html><body a='>'>x</body>", "<html><body a='>'>PXx</body>");
	assert_rewritten_with(&top, "<head></head>x</html>", "<head></head>PXx</html>");
	assert_rewritten_with(&top, "x", "xPX");
	struct html_rewrite_options off = options_with(HTML_PIXEL_OFF);
	assert_rewritten_with(&off, "<body>x</body>", "<body>x</body>");
}

static void test_pixel_and_links_are_not_added_twice(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	const char *html =
	    "<body><a href=\"https://t.example/c/A\">x</a><img src=\"https://t.example/o/A.gif\"></body>";
	struct run run;
	run_start(&run, &options, slice_from_cstr(html));
	assert_string_equal(buf_cstr(&run.out), html);
	assert_int_equal(run.report.warnings, HTML_WARN_PIXEL_PRESENT);
	run_end(&run);
}

/* ---- whole documents ---- */

static void test_encodings_that_cannot_be_cut_pass_through(void **state)
{
	(void)state;
	static const char *const charsets[] = {"UTF-16LE",      "utf-32",      "UTF-7",
					       "ISO-2022-JP-2", "ISO-2022-KR", "hz-gb-2312"};
	const char *html = "<body><a href=\"https://e.com\">x</a></body>";
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		options.charset = slice_from_cstr(charsets[i]);
		struct run run;
		run_start(&run, &options, slice_from_cstr(html));
		assert_string_equal(buf_cstr(&run.out), html);
		assert_int_equal(run.report.warnings, HTML_WARN_PASSED_THROUGH);
		run_end(&run);
	}
}

/* The kanji between the escape sequences are `<a href="` and `">` when read as bytes. */
static void test_japanese_double_byte_runs_are_not_taken_for_markup(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.charset = SLICE("ISO-2022-JP");
	assert_rewritten_with(&options,
			      "\x1b$B<a href=\"https://e.com\">\x1b(B<a href=\"https://e.com\">\x1b$B<!$X\x1b(B</a>",
			      "\x1b$B<a href=\"https://e.com\">\x1b(B<a href=\"T0\">\x1b$B<!$X\x1b(B</a>");
	assert_rewritten_with(&options, "\x1b(I<!--\x1b(J<a href='https://e.com'>", "\x1b(I<!--\x1b(J<a href='T0'>");
	assert_skipped(&options, "<a href=\"https://e.com/\x1b$B<!\x1b(B\">x</a>", HTML_SKIP_CHARSET);
	assert_rewritten_with(&options, "<a href='https://e.com'>\x1b$B<!", "<a href='https://e.com'>\x1b$B<!");
}

static void test_charset_comes_from_the_header_then_the_mark_then_the_document(void **state)
{
	(void)state;
	static const struct {
		struct slice declared;
		struct slice html;
		const char *want;
	} cases[] = {
	    {{"", 0}, {"<p>", 3}, "utf-8"},
	    {{"", 0}, {"<meta charset=big5>", 19}, "big5"},
	    {{"koi8-r", 6}, {"<meta charset=big5>", 19}, "koi8-r"},
	    {{"", 0}, {"\xef\xbb\xbf<meta charset=big5>", 22}, "utf-8"},
	    {{"utf-8", 5}, {"\xff\xfe<\0", 4}, "utf-16le"},
	    {{"", 0}, {"<\0a\0", 4}, "utf-16le"},
	    {{"", 0}, {"<meta charset=\"utf-16\">", 23}, "utf-8"},
	    {{"", 0}, {"<meta content='text/html; charset = iso-2022-jp'>", 49}, "iso-2022-jp"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct html_charset_guess guess = html_charset_of(cases[i].declared, cases[i].html);
		assert_true(slice_equal(guess.name, slice_from_cstr(cases[i].want)));
	}
}

static void test_amp_mail_is_left_alone(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	assert_skipped(&options, "<html amp4email><body><a href=\"https://e.com\"></body>", HTML_SKIP_AMP);
	assert_skipped(&options,
		       "<html \xe2\x9a\xa1"
		       "4email><body><a href=\"https://e.com\"></body>",
		       HTML_SKIP_AMP);
}

static void test_bytes_that_are_no_text_are_kept(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	static const char html[] = "\xef\xbb\xbf\0\xff\r\n<a hr\0ef=\"https://no\" href=\"https://e.com/a\0b\">\0\xc3";
	struct run run;
	run_start(&run, &options, slice_of(html, sizeof(html) - 1));
	assert_int_equal(run.report.tracked_count, 1);
	assert_true(slice_equal(run.report.links[0].destination, SLICE("https://e.com/a%EF%BF%BDb")));
	run_end(&run);
}

static void test_identity_gives_the_input_back(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	options.identity = true;
	options.track = NULL;
	const char *html = "<body><a href=' https://e.com/?a&amp;b '>x</a></body>";
	struct run run;
	run_start(&run, &options, slice_from_cstr(html));
	assert_string_equal(buf_cstr(&run.out), html);
	assert_int_equal(run.report.tracked_count, 1);
	run_end(&run);
}

static bool track_badly(void *user, const struct html_link *link, struct buf *to)
{
	static const char *const urls[] = {"https://t.example/?x", "x\" onclick=\"", "x y", "x>", "x&y", ""};
	(void)user;
	buf_append_cstr(to, urls[link->index]);
	return true;
}

static void test_tracked_urls_with_other_characters_are_refused(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.track = track_badly;
	const char *html = "<a href=https://1><a href=https://2><a href=https://3>"
			   "<a href=https://4><a href=https://5><a href=https://6>";
	struct run run;
	run_start(&run, &options, slice_from_cstr(html));
	assert_string_equal(buf_cstr(&run.out), html);
	assert_int_equal(run.report.warnings, HTML_WARN_REFUSED);
	assert_int_equal(run.report.links[5].skip, HTML_SKIP_REFUSED);
	run_end(&run);
}

static void test_an_output_that_does_not_fit_is_said(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct arena *arena = arena_new();
	struct html_report report = {.link_count = 99};
	struct buf out;
	buf_init(&out, 10);
	assert_int_equal(html_rewrite(&options, SLICE("<a href=\"https://e.com\">x</a>"), arena, &out, &report),
			 STATUS_TOO_BIG);
	assert_int_equal(report.link_count, 99);
	buf_done(&out);
	arena_free(&arena);
}

static void test_many_links_and_a_large_mail_are_warned_of_not_cut(void **state)
{
	(void)state;
	enum { LINKS = 20000 };
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct buf html;
	buf_init(&html, ROOM);
	for (int i = 0; i < LINKS; i++)
		buf_printf(&html, "<p>x <a href=\"https://e.com/%d\">l</a></p>", i);
	struct run run;
	run_start(&run, &options, buf_slice(&html));
	assert_int_equal(run.report.tracked_count, LINKS);
	assert_int_equal(run.report.warnings, HTML_WARN_CLIP);
	run_end(&run);
	buf_done(&html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rewrite_tracks_anchors_and_areas_only),
	    cmocka_unit_test(test_rewrite_keeps_quotes_case_and_white_space),
	    cmocka_unit_test(test_rewrite_takes_the_first_of_two_hrefs),
	    cmocka_unit_test(test_rewrite_replaces_each_occurrence_by_itself),
	    cmocka_unit_test(test_rewrite_leaves_comments_and_raw_text_alone),
	    cmocka_unit_test(test_rewrite_knows_svg),
	    cmocka_unit_test(test_rewrite_looks_into_conditional_comments_when_asked),
	    cmocka_unit_test(test_rewrite_does_not_touch_a_tag_that_the_input_ends_in),
	    cmocka_unit_test(test_rewrite_leaves_values_that_are_no_web_address),
	    cmocka_unit_test(test_rewrite_leaves_merge_tags_whole_or_inside),
	    cmocka_unit_test(test_rewrite_does_not_take_data_for_merge_tags),
	    cmocka_unit_test(test_rewrite_honours_opt_outs_before_and_behind_the_href),
	    cmocka_unit_test(test_rewrite_leaves_own_and_unsubscribe_links),
	    cmocka_unit_test(test_rewrite_can_leave_links_whose_text_is_an_address),
	    cmocka_unit_test(test_url_is_decoded_once_by_the_attribute_rule),
	    cmocka_unit_test(test_url_is_utf8_and_its_destination_ascii),
	    cmocka_unit_test(test_url_gets_the_parameters_it_does_not_have),
	    cmocka_unit_test(test_url_may_be_long_and_not_too_long),
	    cmocka_unit_test(test_pixel_goes_before_the_last_body_end_tag),
	    cmocka_unit_test(test_pixel_is_not_put_where_it_would_be_swallowed),
	    cmocka_unit_test(test_pixel_can_go_to_the_top_or_nowhere),
	    cmocka_unit_test(test_pixel_and_links_are_not_added_twice),
	    cmocka_unit_test(test_encodings_that_cannot_be_cut_pass_through),
	    cmocka_unit_test(test_japanese_double_byte_runs_are_not_taken_for_markup),
	    cmocka_unit_test(test_charset_comes_from_the_header_then_the_mark_then_the_document),
	    cmocka_unit_test(test_amp_mail_is_left_alone),
	    cmocka_unit_test(test_bytes_that_are_no_text_are_kept),
	    cmocka_unit_test(test_identity_gives_the_input_back),
	    cmocka_unit_test(test_tracked_urls_with_other_characters_are_refused),
	    cmocka_unit_test(test_an_output_that_does_not_fit_is_said),
	    cmocka_unit_test(test_many_links_and_a_large_mail_are_warned_of_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

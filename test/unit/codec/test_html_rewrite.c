/* SPDX-License-Identifier: Apache-2.0 */
/* One test for each decision about which links are tracked, on documents of a line. Wanted outputs are written out
 * whole. */
#include "rewrite_run.h"

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

/* An <a> with so many attributes besides its href, which comes first. */
static void assert_attributes(size_t count, bool is_tracked)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	struct buf html;
	buf_init(&html, 1 << 20);
	buf_append_cstr(&html, "<a href=\"https://e.com/\"");
	for (size_t i = 0; i < count; i++)
		buf_append_cstr(&html, " x=1");
	buf_append_cstr(&html, ">");
	run_start(&run, &options, buf_slice(&html));
	assert_int_equal(run.report.link_count, 1);
	assert_int_equal(run.report.links[0].skip, is_tracked ? HTML_NOT_SKIPPED : HTML_SKIP_TOO_MANY_ATTRIBUTES);
	run_end(&run);
	buf_done(&html);
}

static void test_a_tag_with_more_attributes_than_are_looked_at_is_left_alone(void **state)
{
	(void)state;
	assert_attributes(HTML_ATTRIBUTES_MAX - 2, true);
	assert_attributes(HTML_ATTRIBUTES_MAX - 1, false);
	assert_attributes(4 * HTML_ATTRIBUTES_MAX, false);
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
	    cmocka_unit_test(test_a_tag_with_more_attributes_than_are_looked_at_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

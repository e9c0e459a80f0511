/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that senders and trackers of mail are known to get wrong: who objects to tracking, and what is markup at all.
 */
#include "rewrite_run.h"

/* ---- who objects ---- */

static void test_merge_tags_are_left_and_reported(void **state)
{
	(void)state;
	static const struct skip_case cases[] = {
	    {"{{ url }}", HTML_SKIP_TEMPLATE},
	    {"*|ARCHIVE|*", HTML_SKIP_TEMPLATE},
	    {"%recipient.url%", HTML_SKIP_TEMPLATE},
	    {"<%= url %>", HTML_SKIP_TEMPLATE},
	    {"[[url]]", HTML_SKIP_TEMPLATE},
	    {"${url}", HTML_SKIP_TEMPLATE},
	    {"https://{{host}}/", HTML_SKIP_TEMPLATE},
	    {"https://e.com/?id=*|UNIQID|*", HTML_SKIP_TEMPLATE},
	    {"https://e.com/%%id%%", HTML_SKIP_TEMPLATE},
	    {"#{{id}}", HTML_SKIP_TEMPLATE},
	};
	assert_values_skipped(cases, sizeof(cases) / sizeof(cases[0]));
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	run_start(&run, &options, SLICE("<a href=\"https://e.com/{{id}}\">"));
	assert_int_equal(run.report.warnings, HTML_WARN_TEMPLATE);
	run_end(&run);
}

static void test_unsubscribe_links_are_left(void **state)
{
	(void)state;
	static const struct slice unsubscribe[] = {{"https://e.com/other", 19}, {"https://e.com/u?a=1&b=2", 23}};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.policy.unsubscribe_urls = unsubscribe;
	options.policy.unsubscribe_url_count = 2;
	assert_skipped(&options, "<a href=\"https://e.com/u?a=1&amp;b=2\">", HTML_SKIP_UNSUBSCRIBE);
	assert_skipped(&options, "<a href=\" https://e.com/other\n\">", HTML_SKIP_UNSUBSCRIBE);
	assert_rewritten_with(&options, "<a href=\"https://e.com/u?a=1&amp;b=3\">", "<a href=\"T0\">");
	assert_skipped(&options, "<a data-no-track href=\"https://e.com/u?a=1&amp;b=3\">", HTML_SKIP_NO_TRACK);
}

/* `attribute` frees a link from before and from behind its href, in any case, and stays where it is. */
static void assert_opts_out(const char *attribute)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	static const char *const forms[] = {
	    "<a %s href=\"https://e.com\">x</a>",
	    "<a class=\"x\" href=\"https://e.com\" %s>x</a>",
	    "<area href=https://e.com id=y %s alt>",
	    "<!--[if mso]><v:rect %s href='https://e.com'><![endif]-->",
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct buf html;
		buf_init(&html, ROOM);
		struct slice form = slice_from_cstr(forms[i]);
		size_t at = slice_index(form, '%');
		buf_append(&html, slice_sub(form, 0, at));
		buf_append_cstr(&html, attribute);
		buf_append(&html, slice_from(form, at + 2));
		assert_skipped(&options, buf_cstr(&html), HTML_SKIP_NO_TRACK);
		buf_done(&html);
	}
}

static void test_our_own_opt_out_is_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("data-no-track");
	assert_opts_out("DATA-NO-TRACK=\"\"");
	assert_opts_out("data-no-track='yes'");
}

static void test_sendgrids_opt_out_is_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("clicktracking=off");
	assert_opts_out("clicktracking=\"off\"");
	assert_opts_out("ClickTracking='OFF'");
}

static void test_mailguns_opt_out_is_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("disable-tracking=true");
	assert_opts_out("disable-tracking=\"true\"");
}

static void test_amazons_opt_out_is_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("ses:no-track");
	assert_opts_out("ses:no-track=\"\"");
}

static void test_postmarks_opt_out_is_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("data-pm-no-track");
}

static void test_mailtraps_opt_out_is_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("data-mt-no-track");
}

static void test_mautics_opt_outs_are_honoured_and_not_stripped(void **state)
{
	(void)state;
	assert_opts_out("mautic:disable-tracking=\"true\"");
	assert_opts_out("data-mautic-disable-tracking=\"true\"");
}

static void test_what_only_looks_like_an_opt_out_is_none(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a clicktracking=on href=\"https://e.com\">", "<a clicktracking=on href=\"T0\">"},
	    {"<a clicktracking href=\"https://e.com\">", "<a clicktracking href=\"T0\">"},
	    {"<a disable-tracking=false href=\"https://e.com\">", "<a disable-tracking=false href=\"T0\">"},
	    {"<a title=\"data-no-track\" href=\"https://e.com\">", "<a title=\"data-no-track\" href=\"T0\">"},
	    {"<a data-no-tracking href=\"https://e.com\">", "<a data-no-tracking href=\"T0\">"},
	    {"<p data-no-track><a href=\"https://e.com\">", "<p data-no-track><a href=\"T0\">"},
	    {"<a data-no-track href=\"https://1\"><a href=\"https://2\">",
	     "<a data-no-track href=\"https://1\"><a href=\"T1\">"},
	};
	ASSERT_REWRITES(cases);
}

static bool track_on_own_host(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_printf(to, "https://t.example/c/%u", (unsigned int)link->index);
	return true;
}

static void assert_second_pass_changes_nothing(struct slice html, const struct html_rewrite_options *given)
{
	struct html_rewrite_options options = *given;
	struct run first;
	struct run second;
	options.track = track_on_own_host;
	options.pixel = SLICE("<img src=\"https://t.example/o/x.gif\">");
	run_start(&first, &options, html);
	assert_true(first.report.tracked_count > 0);
	run_start(&second, &options, buf_slice(&first.out));
	assert_string_equal(buf_cstr(&second.out), buf_cstr(&first.out));
	assert_int_equal(second.report.tracked_count, 0);
	run_end(&second);
	run_end(&first);
}

static void test_a_second_pass_changes_nothing(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	assert_second_pass_changes_nothing(
	    SLICE("<body><a href=https://e.com>x</a><a href='HTTPS://T.example/c/x'></body>"), &options);
	assert_second_pass_changes_nothing(SLICE("<!--[if mso]><v:rect href=\"https://e.com\"><![endif]-->"), &options);
	assert_second_pass_changes_nothing(SLICE("<a href=https://e.com>x"), &options);
	options.pixel_place = HTML_PIXEL_TOP;
	assert_second_pass_changes_nothing(SLICE("<head></head><a href=https://e.com>x"), &options);
}

/* Where the `<meta>` stands that names the encoding must not depend on how long the links in front of it are: it counts
 * when it is in front of all links, however far down, and behind one it does not. */
static void test_a_second_pass_finds_the_same_encoding(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_TOP);
	struct buf html;
	buf_init(&html, ROOM);
	for (size_t padding = 900; padding < 1100; padding++) {
		buf_clear(&html);
		buf_append_cstr(&html, "<head></head><!--[if mso]><v:rect href=https://e.com/1><![endif]-->");
		for (size_t i = 0; i < padding; i++)
			buf_append_byte(&html, ' ');
		buf_append_cstr(&html, "<a href=https://1><meta charset=big5><a href=\"https://e.com/\xa5\x5c\">");
		assert_second_pass_changes_nothing(buf_slice(&html), &options);
	}
	buf_clear(&html);
	buf_append_cstr(&html, "<head><style>");
	for (size_t i = 0; i < 2000; i++)
		buf_append_byte(&html, ' ');
	buf_append_cstr(
	    &html,
	    "</style><!-- <meta charset=utf-8> --><meta charset=big5></head><a href=\"https://e.com/\xa5\xff\">");
	struct run run;
	run_start(&run, &options, buf_slice(&html));
	assert_int_equal(run.report.links[0].skip, HTML_SKIP_CHARSET);
	run_end(&run);
	buf_done(&html);
}

/* ---- what is markup ---- */

static void test_the_same_url_twice_is_two_links(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com/\"><a href=\"https://e.com/\">https://e.com/<a href=\"https://e.com/a\">",
	     "<a href=\"T0\"><a href=\"T1\">https://e.com/<a href=\"T2\">"},
	    {"<a href=\"https://e.com/a\"><a href=\"https://e.com/\">", "<a href=\"T0\"><a href=\"T1\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_raw_text_is_not_markup(void **state)
{
	(void)state;
	static const char *const elements[] = {"style",  "script",  "textarea", "title",    "xmp",
					       "iframe", "noembed", "noframes", "plaintext"};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		char html[200];
		char want[200];
		bool is_plaintext = i == 8; /* which nothing ends */
		snprintf(html, sizeof(html), "<%s><a href=\"https://no\"></%sx></%s ><a href=\"https://e.com\">",
			 elements[i], elements[i], elements[i]);
		snprintf(want, sizeof(want), "<%s><a href=\"https://no\"></%sx></%s ><a href=\"%s\">", elements[i],
			 elements[i], elements[i], is_plaintext ? "https://e.com" : "T0");
		assert_rewritten_with(&options, html, want);
	}
	static const struct rewrite_case cases[] = {
	    {"<STYLE>a{}</Style/><a href=\"https://e.com\">", "<STYLE>a{}</Style/><a href=\"T0\">"},
	    {"<style/><a href=\"https://no\">", NULL}, /* an HTML element does not close itself */
	    {"<script><!--<script></script><a href=\"https://no\">--></script><a href=\"https://e.com\">",
	     "<script><!--<script></script><a href=\"https://no\">--></script><a href=\"T0\">"},
	    {"<script></ script></style></scrip></script><a href=\"https://e.com\">",
	     "<script></ script></style></scrip></script><a href=\"T0\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_noscript_is_markup(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<noscript><a href=\"https://e.com\">x</a></noscript>", "<noscript><a href=\"T0\">x</a></noscript>"},
	    {"<head><noscript><style><a href=\"https://no\"></style></noscript>", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_svg_has_links_and_its_style_is_markup(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<svg><a href=\"https://e.com\"><text>x</text></a></svg>", "<svg><a href=\"T0\"><text>x</text></a></svg>"},
	    {"<svg><a xlink:href=\"https://no\"></a></svg>", NULL},
	    {"<svg><style><a href=\"https://e.com\"></style></svg><style><a href=\"https://no\"></style>",
	     "<svg><style><a href=\"T0\"></style></svg><style><a href=\"https://no\"></style>"},
	    {"<svg><title><a href=\"https://e.com\"></title></svg><title><a href=\"https://no\"></title>",
	     "<svg><title><a href=\"T0\"></title></svg><title><a href=\"https://no\"></title>"},
	    {"<svg><foreignObject><style><a href=\"https://no\"></style></foreignObject><style><a "
	     "href=\"https://e.com\">",
	     "<svg><foreignObject><style><a href=\"https://no\"></style></foreignObject><style><a href=\"T0\">"},
	    {"<svg/><style><a href=\"https://no\"></style>", NULL},
	    {"<svg><p><style><a href=\"https://no\"></style>", NULL}, /* p ends svg */
	    {"<math><mi><style><a href=\"https://no\"></style></mi><style><a href=\"https://e.com\">",
	     "<math><mi><style><a href=\"https://no\"></style></mi><style><a href=\"T0\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_cdata_outside_svg_ends_at_the_first_angle_bracket(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<![CDATA[<a href=\"https://no\">]]><a href=\"https://e.com\">",
	     "<![CDATA[<a href=\"https://no\">]]><a href=\"T0\">"},
	    {"<![CDATA[ > <a href=\"https://e.com\"> ]]>", "<![CDATA[ > <a href=\"T0\"> ]]>"},
	    {"<svg><![CDATA[ > <a href=\"https://no\"> ]] > ]]><a href=\"https://e.com\">",
	     "<svg><![CDATA[ > <a href=\"https://no\"> ]] > ]]><a href=\"T0\">"},
	};
	ASSERT_REWRITES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_merge_tags_are_left_and_reported),
	    cmocka_unit_test(test_unsubscribe_links_are_left),
	    cmocka_unit_test(test_our_own_opt_out_is_honoured_and_not_stripped),
	    cmocka_unit_test(test_sendgrids_opt_out_is_honoured_and_not_stripped),
	    cmocka_unit_test(test_mailguns_opt_out_is_honoured_and_not_stripped),
	    cmocka_unit_test(test_amazons_opt_out_is_honoured_and_not_stripped),
	    cmocka_unit_test(test_postmarks_opt_out_is_honoured_and_not_stripped),
	    cmocka_unit_test(test_mailtraps_opt_out_is_honoured_and_not_stripped),
	    cmocka_unit_test(test_mautics_opt_outs_are_honoured_and_not_stripped),
	    cmocka_unit_test(test_what_only_looks_like_an_opt_out_is_none),
	    cmocka_unit_test(test_a_second_pass_changes_nothing),
	    cmocka_unit_test(test_a_second_pass_finds_the_same_encoding),
	    cmocka_unit_test(test_the_same_url_twice_is_two_links),
	    cmocka_unit_test(test_raw_text_is_not_markup),
	    cmocka_unit_test(test_noscript_is_markup),
	    cmocka_unit_test(test_svg_has_links_and_its_style_is_markup),
	    cmocka_unit_test(test_cdata_outside_svg_ends_at_the_first_angle_bracket),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

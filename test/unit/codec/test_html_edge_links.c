/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that senders and trackers of mail are known to get wrong: what is a link, and how it is written. What is left
 * alone is in test_html_edge_skipped.c, documents and pixels are in test_html_edge_document.c. The rewriter's own rules
 * have their tests in test_html_rewrite.c; those here hold it against what other programs do. */
#include "rewrite_run.h"

/* ---- what is a link ---- */

static void test_anchors_and_areas_are_rewritten(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com\">x</a>", "<a href=\"T0\">x</a>"},
	    {"<map name=m><area shape=rect href=\"http://e.com/\"></map>",
	     "<map name=m><area shape=rect href=\"T0\"></map>"},
	    {"<a href=\"https://1\"><a href=\"mailto:x@e.com\"><a href=\"https://2\">",
	     "<a href=\"T0\"><a href=\"mailto:x@e.com\"><a href=\"T2\">"},
	    {"<abbr href=\"https://e.com\"><article href=\"https://e.com\"><areas href=\"https://e.com\">", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_vml_in_conditional_comments_is_rewritten_unless_switched_off(void **state)
{
	(void)state;
	static const char html[] = "<!--[if mso]><v:roundrect xmlns:v=\"urn:x\" href=\"https://e.com/\" arcsize=\"8%\">"
				   "<w:anchorlock/><center>Buy</center></v:roundrect><![endif]-->"
				   "<![if !mso]><a href=\"https://e.com/\">Buy</a><![endif]>"
				   "<!--[IF gte mso 9]><v:rect href='https://e.com/2' fill><![endif]-->";
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	assert_rewritten_with(&options, html,
			      "<!--[if mso]><v:roundrect xmlns:v=\"urn:x\" href=\"T0\" arcsize=\"8%\">"
			      "<w:anchorlock/><center>Buy</center></v:roundrect><![endif]-->"
			      "<![if !mso]><a href=\"T1\">Buy</a><![endif]>"
			      "<!--[IF gte mso 9]><v:rect href='T2' fill><![endif]-->");
	options.vml = false;
	assert_rewritten_with(&options, html,
			      "<!--[if mso]><v:roundrect xmlns:v=\"urn:x\" href=\"https://e.com/\" arcsize=\"8%\">"
			      "<w:anchorlock/><center>Buy</center></v:roundrect><![endif]-->"
			      "<![if !mso]><a href=\"T0\">Buy</a><![endif]>"
			      "<!--[IF gte mso 9]><v:rect href='https://e.com/2' fill><![endif]-->");
}

static bool track_with_dashes(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	(void)link;
	buf_append_cstr(to, "https://t.example/c/x--");
	return true;
}

/* A token may end in dashes, and an unquoted value in `>`; together they would end the comment. */
static void test_a_tracked_url_does_not_end_the_comment_that_it_is_in(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	options.track = track_with_dashes;
	assert_skipped(&options, "<!--[if mso]><a href=https://e.com>x</a><![endif]-->", HTML_SKIP_REFUSED);
	assert_rewritten_with(&options, "<!--[if mso]><a href='https://e.com'>x</a><![endif]-->",
			      "<!--[if mso]><a href='https://t.example/c/x--'>x</a><![endif]-->");
	assert_rewritten_with(&options, "<!--[if mso]><a href=https://e.com class=y>x</a><![endif]-->",
			      "<!--[if mso]><a href=https://t.example/c/x-- class=y>x</a><![endif]-->");
	assert_rewritten_with(&options, "<a href=https://e.com>x</a>", "<a href=https://t.example/c/x-->x</a>");
}

static void test_plain_comments_are_never_touched(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<!-- <a href=\"https://no\">x</a> -->", NULL},
	    {"<!---><a href=\"https://e.com\">-->", "<!---><a href=\"T0\">-->"},
	    {"<!--><a href=\"https://e.com\">-->", "<!--><a href=\"T0\">-->"},
	    {"<!-- a <!-- b --><a href=\"https://e.com\">", "<!-- a <!-- b --><a href=\"T0\">"},
	    {"<!-- - -- > <a href=\"https://no\"> --!><a href=\"https://e.com\">",
	     "<!-- - -- > <a href=\"https://no\"> --!><a href=\"T0\">"},
	    {"<!-- if mso --><!--if][<a href=\"https://no\">-->", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_other_elements_and_attributes_are_never_touched(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<link rel=stylesheet href=\"https://fonts.example/css\">", NULL},
	    {"<base href=\"https://e.com/\">", NULL},
	    {"<button href=\"https://e.com\" formaction=\"https://e.com\">", NULL},
	    {"<form action=\"https://e.com\"><input formaction=\"https://e.com\"></form>", NULL},
	    {"<img src=\"https://e.com/i.png\" longdesc=\"https://e.com\">", NULL},
	    {"<a ping=\"https://e.com\" data-href=\"https://e.com\" hrefx=\"https://e.com\" "
	     "xlink:href=\"https://e.com\">",
	     NULL},
	    {"<td background=\"https://e.com\"><blockquote cite=\"https://e.com\"><iframe src=\"https://e.com\">",
	     NULL},
	    {"<v:roundrect href=\"https://e.com\">", NULL}, /* outside a comment it is an unknown element */
	};
	ASSERT_REWRITES(cases);
}

/* ---- what has no web address ---- */

static void test_addresses_without_a_scheme_are_left_and_counted(void **state)
{
	(void)state;
	static const struct skip_case cases[] = {
	    {"", HTML_SKIP_EMPTY},
	    {"#", HTML_SKIP_FRAGMENT},
	    {"#top", HTML_SKIP_FRAGMENT},
	    {"/page", HTML_SKIP_RELATIVE},
	    {"?a=b", HTML_SKIP_RELATIVE},
	    {"../x.html", HTML_SKIP_RELATIVE},
	    {"//e.com/x", HTML_SKIP_RELATIVE},
	    {"www.e.com/x", HTML_SKIP_RELATIVE},
	    {"e.com", HTML_SKIP_RELATIVE},
	    {"e.com:80/x", HTML_SKIP_NOT_HTTP},
	    {":https://e.com", HTML_SKIP_RELATIVE},
	};
	assert_values_skipped(cases, sizeof(cases) / sizeof(cases[0]));
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	run_start(&run, &options, SLICE("<a href><a href=\"\"><a href=\"#a\"><a href=\"b\"><a href=https://e.com>"));
	assert_int_equal(run.report.link_count, 5);
	assert_int_equal(run.report.tracked_count, 1);
	run_end(&run);
}

static void test_other_schemes_are_left(void **state)
{
	(void)state;
	static const struct skip_case cases[] = {
	    {"mailto:a@e.com?subject=https://e.com", HTML_SKIP_NOT_HTTP},
	    {"MAILTO:a@e.com", HTML_SKIP_NOT_HTTP},
	    {"tel:+49-1", HTML_SKIP_NOT_HTTP},
	    {"sms:+1", HTML_SKIP_NOT_HTTP},
	    {"cid:part1@e.com", HTML_SKIP_NOT_HTTP},
	    {"data:text/html,https://e.com", HTML_SKIP_NOT_HTTP},
	    {"javascript:location='https://e.com'", HTML_SKIP_NOT_HTTP},
	    {"  &#74;avascript&colon;x", HTML_SKIP_NOT_HTTP},
	    {"ftp://e.com/f", HTML_SKIP_NOT_HTTP},
	    {"intent://e.com#Intent;scheme=https;end", HTML_SKIP_NOT_HTTP},
	    {"myapp://open", HTML_SKIP_NOT_HTTP},
	    {"https+notrack://e.com", HTML_SKIP_NOT_HTTP},
	    {"view-source:https://e.com", HTML_SKIP_NOT_HTTP},
	};
	assert_values_skipped(cases, sizeof(cases) / sizeof(cases[0]));
}

/* ---- how it is written ---- */

static void test_unquoted_values_stay_unquoted(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=https://e.com/a/>x</a>", "<a href=T0>x</a>"},
	    {"<a href=https://e.com/?a=b'\"<c target=_blank>", "<a href=T0 target=_blank>"},
	    {"<a href=https://e.com\tclass=x>", "<a href=T0\tclass=x>"},
	    {"<a href= https://e.com>", "<a href= T0>"},
	};
	ASSERT_REWRITES(cases);
}

static void test_single_quotes_stay_single(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href='https://e.com/?q=\"x\"'>", "<a href='T0'>"},
	    {"<a title=\"it's\" href='https://e.com' alt=\"'\">", "<a title=\"it's\" href='T0' alt=\"'\">"},
	};
	ASSERT_REWRITES(cases);
}

static void test_white_space_in_tags_is_kept(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a\n   href\t=\r\n\"https://e.com\"   class = 'x'\n>", "<a\n   href\t=\r\n\"T0\"   class = 'x'\n>"},
	    {"<a\fhref=\"https://e.com\">", "<a\fhref=\"T0\">"},
	    {"<a/ / href=\"https://e.com\"/ >", "<a/ / href=\"T0\"/ >"},
	    {"< a href=\"https://no\">", NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_case_does_not_matter_and_is_kept(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<A HREF=\"HTTPS://E.COM/A\">X</A>", "<A HREF=\"T0\">X</A>"},
	    {"<ArEa hReF=hTTp://e.com>", "<ArEa hReF=T0>"},
	};
	ASSERT_REWRITES(cases);
}

static void test_the_first_of_two_hrefs_counts(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://1\" class=x HREF='https://2'>", "<a href=\"T0\" class=x HREF='https://2'>"},
	    {"<a href=\"#x\" href=\"https://2\">", NULL},
	    {"<a href href=\"https://2\">", NULL},
	};
	ASSERT_REWRITES(cases);
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	run_start(&run, &options, SLICE("<a href=\"#x\" href=\"https://2\">"));
	assert_int_equal(run.report.links[0].skip, HTML_SKIP_FRAGMENT);
	assert_int_equal(run.report.links[1].skip, HTML_SKIP_DUPLICATE_ATTRIBUTE);
	run_end(&run);
}

/* ---- the URL in the value ---- */

static void assert_stored(const char *value, const char *want)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct buf html;
	struct buf got;
	struct run run;
	buf_init(&html, ROOM);
	buf_printf(&html, "<a href=\"%s\">", value);
	run_start(&run, &options, buf_slice(&html));
	assert_string_equal(buf_cstr(&run.out), "<a href=\"T0\">");
	buf_init(&got, ROOM);
	buf_append(&got, run.report.links[0].destination);
	assert_string_equal(buf_cstr(&got), want);
	buf_done(&got);
	run_end(&run);
	buf_done(&html);
}

static void test_references_are_decoded_once(void **state)
{
	(void)state;
	assert_stored("https://e.com/?a=1&amp;b=2&#38;c=3&#038;d=4&#x26;e=5&AMP;f",
		      "https://e.com/?a=1&b=2&c=3&d=4&e=5&f");
	assert_stored("https://e.com/?q=&amp;amp;amp;", "https://e.com/?q=&amp;amp;");
	assert_stored("https://e.com/?q=&amp;lt;b&amp;gt;", "https://e.com/?q=&lt;b&gt;");
	assert_stored("https&#58;//e.com&#x2f;a", "https://e.com/a");
}

static void test_names_without_a_semicolon_follow_the_attribute_rule(void **state)
{
	(void)state;
	assert_stored("https://e.com/?a=1&copy=2&para=3&lt=4&reg=5&notit=6",
		      "https://e.com/?a=1&copy=2&para=3&lt=4&reg=5&notit=6");
	assert_stored("https://e.com/?a&ampb&amp", "https://e.com/?a&ampb&");
	assert_stored("https://e.com/?a&copy,", "https://e.com/?a%C2%A9,");
	assert_stored("https://e.com/?a&copy;=2", "https://e.com/?a%C2%A9=2");
	assert_stored("https://e.com/?a&unknown;b&;", "https://e.com/?a&unknown;b&;");
}

static void test_line_breaks_in_a_url_are_no_part_of_it(void **state)
{
	(void)state;
	assert_stored("\r\n https://e.com/a\r\n\tb?c\nd ", "https://e.com/ab?cd");
	assert_stored("htt\nps:/\t/e.c\rom/", "https://e.com/");
	assert_stored("https://e.com/&#10;a&Tab;b&NewLine;", "https://e.com/ab");
	assert_stored("https://e.com/a b", "https://e.com/a%20b");
}

static void test_odd_characters_do_not_cut_a_url(void **state)
{
	(void)state;
	assert_stored("https://e.com/o'brien?f[0]=a&f[1]=b|c,d!e$f*g@h(i);j~k",
		      "https://e.com/o'brien?f[0]=a&f[1]=b|c,d!e$f*g@h(i);j~k");
	assert_stored("https://e.com?href=https://e.com/?href=x", "https://e.com?href=https://e.com/?href=x");
	assert_stored("https://e.com/<b>^{1", "https://e.com/%3Cb%3E^{1");
	assert_stored("https://e.com/%20%20", "https://e.com/%20%20");
	assert_stored("https://e.com/%zz", "https://e.com/%zz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_anchors_and_areas_are_rewritten),
	    cmocka_unit_test(test_vml_in_conditional_comments_is_rewritten_unless_switched_off),
	    cmocka_unit_test(test_a_tracked_url_does_not_end_the_comment_that_it_is_in),
	    cmocka_unit_test(test_plain_comments_are_never_touched),
	    cmocka_unit_test(test_other_elements_and_attributes_are_never_touched),
	    cmocka_unit_test(test_addresses_without_a_scheme_are_left_and_counted),
	    cmocka_unit_test(test_other_schemes_are_left),
	    cmocka_unit_test(test_unquoted_values_stay_unquoted),
	    cmocka_unit_test(test_single_quotes_stay_single),
	    cmocka_unit_test(test_white_space_in_tags_is_kept),
	    cmocka_unit_test(test_case_does_not_matter_and_is_kept),
	    cmocka_unit_test(test_the_first_of_two_hrefs_counts),
	    cmocka_unit_test(test_references_are_decoded_once),
	    cmocka_unit_test(test_names_without_a_semicolon_follow_the_attribute_rule),
	    cmocka_unit_test(test_line_breaks_in_a_url_are_no_part_of_it),
	    cmocka_unit_test(test_odd_characters_do_not_cut_a_url),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

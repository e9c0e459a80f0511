/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that senders and trackers of mail are known to get wrong: the pixel, the URL, the document as a whole; and the
 * faults that other programs were reported to have, by their names there. Those that are about MIME (Postal #171 and
 * #2675, MailTrackerBlocker #76) have their tests in test_mime_rewrite.c. */
#include "rewrite_run.h"

/* ---- the pixel ---- */

static void test_one_pixel_goes_before_the_last_real_body_end_tag(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<body>a</body>b</body>c", "<body>a</body>bPX</body>c"},
	    {"<body>a</BODY\n>b", "<body>aPX</BODY\n>b"},
	    {"<body>a</body x='>'></html>", "<body>aPX</body x='>'></html>"},
	    {"<body>a</body><!--</body>--><style></body></style><p title='</body>'>",
	     "<body>aPX</body><!--</body>--><style></body></style><p title='</body>'>"},
	    {"<!--[if mso]></body><![endif]-->a", "<!--[if mso]></body><![endif]-->aPX"},
	    {"<body>a</bodyx></ body>", "<body>a</bodyx></ body>PX"},
	};
	ASSERT_PIXELS(HTML_PIXEL_BOTTOM, cases);
}

static void test_without_a_body_end_tag_the_pixel_goes_before_html_ends_or_last(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<html><p>a</html>\r\n", "<html><p>aPX</html>\r\n"},
	    {"a</HTML>b</html>c", "a</HTML>bPX</html>c"},
	    {"a", "aPX"},
	    {"a<!-- b -->", "a<!-- b -->PX"},
	    {"a<", "a<PX"}, /* a lone `<` is text */
	};
	ASSERT_PIXELS(HTML_PIXEL_BOTTOM, cases);
}

static void test_a_mail_that_ends_inside_something_gets_its_pixel_in_front(void **state)
{
	(void)state;
	static const char *const ends[] = {
	    "<!-- a",       "<!-- a --",
	    "<!",           "<!DOCTYPE a",
	    "<?php",        "</",
	    "</ a",         "<style>a",
	    "<script><!--", "<title>",
	    "<textarea>a",  "<xmp>",
	    "<iframe>",     "<noembed>",
	    "<noframes>",   "<plaintext>",
	    "<p",           "<p class",
	    "<p class='a",  "<p class=",
	    "</p",          "<button class=\"x\"",
	    "</xyz",        "<svg><![CDATA[a]]",
	    "<z<!DOCTYPE'",
	};
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char html[100];
		char want[100];
		struct run run;
		snprintf(html, sizeof(html), "<body id='>'>a%s", ends[i]);
		snprintf(want, sizeof(want), "<body id='>'>PXa%s", ends[i]);
		assert_rewritten_with(&options, html, want);
		snprintf(html, sizeof(html), "a</body>b%s", ends[i]);
		snprintf(want, sizeof(want), "aPX</body>b%s", ends[i]);
		assert_rewritten_with(&options, html, want);
		snprintf(html, sizeof(html), "a%s", ends[i]);
		run_start(&run, &options, slice_from_cstr(html));
		assert_string_equal(buf_cstr(&run.out), html);
		assert_int_equal(run.report.warnings, HTML_WARN_NO_PIXEL | HTML_WARN_CUT);
		run_end(&run);
	}
}

static void test_a_pixel_at_the_top_survives_gmails_limit(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_TOP);
	struct buf html;
	struct run run;
	buf_init(&html, ROOM);
	buf_append_cstr(&html, "<html><head></head><BODY bgcolor=white>");
	while (html.n < HTML_GMAIL_CLIP - 2)
		buf_append_byte(&html, 'x');
	for (int more = 0; more < 2; more++) {
		run_start(&run, &options, buf_slice(&html));
		assert_int_equal(run.report.pixel_at, 39);
		assert_int_equal(run.report.warnings, more ? HTML_WARN_CLIP : 0);
		assert_int_equal(run.report.bytes_out, run.report.bytes_in + 2);
		run_end(&run);
		buf_append_byte(&html, 'x');
	}
	buf_done(&html);
}

/* ---- the URL ---- */

static void test_there_is_no_limit_of_links_and_a_high_one_of_length(void **state)
{
	(void)state;
	enum { LINKS = 3000 };
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct buf html;
	struct run run;
	buf_init(&html, ROOM);
	for (int i = 0; i < LINKS; i++) {
		buf_append_cstr(&html, "<a href=\"https://e.com/?q=");
		for (int j = 0; j < i; j++)
			buf_append_byte(&html, 'x');
		buf_append_cstr(&html, "\">x</a>");
	}
	run_start(&run, &options, buf_slice(&html));
	assert_int_equal(run.report.tracked_count, LINKS);
	assert_int_equal(run.report.links[LINKS - 1].destination.n, 17 + LINKS - 1);
	run_end(&run);
	buf_done(&html);
}

static void test_text_that_looks_like_another_url_is_reported_or_left(void **state)
{
	(void)state;
	static const char *const texts[] = {"https://bank.example/", " <b>HTTP://bank.example", "\n www.bank.example"};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char html[100];
		struct run run;
		snprintf(html, sizeof(html), "<a href=\"https://e.com\">%s</a>", texts[i]);
		options.skip_visible_urls = false;
		run_start(&run, &options, slice_from_cstr(html));
		assert_int_equal(run.report.warnings, HTML_WARN_VISIBLE_URL);
		assert_int_equal(run.report.tracked_count, 1);
		run_end(&run);
		options.skip_visible_urls = true;
		assert_skipped(&options, html, HTML_SKIP_VISIBLE_URL);
	}
	assert_rewritten_with(&options, "<a href=\"https://e.com\">x</a> https://bank.example",
			      "<a href=\"T0\">x</a> https://bank.example");
}

static void test_links_that_open_an_app_can_be_left(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	assert_skipped(&options, "<a data-no-track href=\"https://app.example/open/1\">", HTML_SKIP_NO_TRACK);
	assert_skipped(&options, "<a href=\"example-app://open/1\">", HTML_SKIP_NOT_HTTP);
}

static void assert_destination(const char *charset, const char *value, const char *want)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct buf html;
	struct buf got;
	struct run run;
	options.charset = slice_from_cstr(charset);
	buf_init(&html, ROOM);
	buf_printf(&html, "<a href=\"%s\">", value);
	run_start(&run, &options, buf_slice(&html));
	buf_init(&got, ROOM);
	buf_append(&got, run.report.links[0].destination);
	assert_string_equal(buf_cstr(&got), want);
	buf_done(&got);
	run_end(&run);
	buf_done(&html);
}

static void test_hosts_are_stored_as_punycode_and_paths_as_utf8(void **state)
{
	(void)state;
	assert_destination("utf-8", "https://m\xc3\xbcller.example/\xc3\xbc?\xc3\xbc",
			   "https://xn--mller-kva.example/%C3%BC?%C3%BC");
	assert_destination("iso-8859-1", "https://m\xfcller.example/\xfc", "https://xn--mller-kva.example/%C3%BC");
	assert_destination("utf-8", "https://m&uuml;ller.example/&#252;", "https://xn--mller-kva.example/%C3%BC");
	assert_destination("utf-8", "https://m%C3%BCller.example/%fc", "https://xn--mller-kva.example/%fc");
	assert_destination("utf-8", "https://xn--mller-kva.example/", "https://xn--mller-kva.example/");
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	static const struct slice idn_host = {"xn--mller-kva.example", 21};
	options.policy.own_hosts = &idn_host;
	assert_skipped(&options, "<a href=\"https://m\xc3\xbcller.example/c/x\">", HTML_SKIP_OWN_LINK);
	assert_skipped(&options, "<a href=\"https://m%C3%BCller.example/c/x\">", HTML_SKIP_OWN_LINK);
}

static void test_a_host_that_no_browser_looks_up_is_left_and_reported(void **state)
{
	(void)state;
	static const char *const values[] = {"https://e\xe2\x84\x80.example/", "https://xn--\xc3\xbc.example/",
					     "https://e%2Fx.example/", "https://e%zz.example/"};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char html[100];
		struct run run;
		snprintf(html, sizeof(html), "<a href=\"%s\">", values[i]);
		run_start(&run, &options, slice_from_cstr(html));
		assert_string_equal(buf_cstr(&run.out), html);
		assert_int_equal(run.report.links[0].skip, HTML_SKIP_BAD_URL);
		assert_int_equal(run.report.links[0].fault, URL_BAD_HOST);
		assert_int_equal(run.report.warnings, HTML_WARN_BAD_URL);
		run_end(&run);
	}
}

/* ---- the document ---- */

static void test_encodings_that_cannot_be_read_as_bytes_pass_through_and_are_reported(void **state)
{
	(void)state;
	static const struct slice documents[] = {
	    {"\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0h\0t\0t\0p\0:\0/\0/\0x\0>\0", 36},
	    {"\xfe\xff\0<\0a\0>", 8},
	    {"<\0a\0>\0", 6},
	    {"\0\0\0<\0\0\0a", 8},
	};
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct run run;
		run_start(&run, &options, documents[i]);
		assert_true(slice_equal(buf_slice(&run.out), documents[i]));
		assert_int_equal(run.report.warnings, HTML_WARN_PASSED_THROUGH);
		run_end(&run);
	}
	static const char *const charsets[] = {"utf-16", "UTF-32LE", "utf-7", "iso-2022-kr", "HZ-GB-2312", "ebcdic-us"};
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		struct run run;
		options.charset = slice_from_cstr(charsets[i]);
		run_start(&run, &options, SLICE("<a href=\"https://e.com\">"));
		assert_int_equal(run.report.link_count, 0);
		assert_int_equal(run.report.warnings, HTML_WARN_PASSED_THROUGH);
		run_end(&run);
	}
}

static void test_marks_nuls_bad_utf8_and_line_ends_are_kept(void **state)
{
	(void)state;
	static const char before[] = "\xef\xbb\xbf<p\0 \0=\0>\0\xff\xc3\r\n\r\n\n\r<a hr\0ef=\"https://no\" \0 href=\"";
	static const char after[] = "\"\0>\xe2\x82\r\r\n</a\0></p>\0";
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct buf html;
	struct buf want;
	struct run run;
	buf_init(&html, ROOM);
	buf_init(&want, ROOM);
	buf_append_bytes(&html, before, sizeof(before) - 1);
	buf_append_cstr(&html, "https://e.com/\xff");
	buf_append_bytes(&html, after, sizeof(after) - 1);
	buf_append_bytes(&want, before, sizeof(before) - 1);
	buf_append_cstr(&want, "T0");
	buf_append_bytes(&want, after, sizeof(after) - 1);
	run_start(&run, &options, buf_slice(&html));
	assert_true(slice_equal(buf_slice(&run.out), buf_slice(&want)));
	run_end(&run);
	buf_done(&html);
	buf_done(&want);
}

static void test_amp_is_left_alone(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	const char *html = "<!doctype html><html lang=en AMP4EMAIL><body><a href=\"https://e.com\">x</a></body></html>";
	struct run run;
	run_start(&run, &options, slice_from_cstr(html));
	assert_string_equal(buf_cstr(&run.out), html);
	assert_int_equal(run.report.warnings, HTML_WARN_AMP);
	run_end(&run);
	/* Only links count in a conditional comment. */
	static const struct rewrite_case cases[] = {
	    {"<!--[if mso]><html amp4email><a href=\"https://e.com\"><![endif]-->",
	     "<!--[if mso]><html amp4email><a href=\"T0\"><![endif]-->PX"},
	    {"<!--[if mso]><frameset><a href=\"https://e.com\"><![endif]-->a</html>",
	     "<!--[if mso]><frameset><a href=\"T0\"><![endif]-->aPX</html>"},
	};
	ASSERT_PIXELS(HTML_PIXEL_BOTTOM, cases);
}

static void test_there_is_no_size_cliff(void **state)
{
	(void)state;
	enum { TAG = 130 * 1024, BODY = 10 << 20 };
	struct html_rewrite_options options = options_with(HTML_PIXEL_BOTTOM);
	struct buf html;
	struct run run;
	buf_init(&html, ROOM);
	buf_append_cstr(&html, "<a title=\"");
	while (html.n < TAG)
		buf_append_cstr(&html, "> ' = <b ");
	buf_append_cstr(&html, "\" href=\"https://e.com/1\">");
	while (html.n < BODY)
		buf_append_cstr(&html, "one line without an end ");
	buf_append_cstr(&html, "<a href=\"https://e.com/2\"></body>");
	run_start(&run, &options, buf_slice(&html));
	assert_int_equal(run.report.tracked_count, 2);
	assert_int_equal(run.report.pixel_at, html.n - 7);
	run_end(&run);
	buf_done(&html);
}

/* ---- where readers differ ---- */

static void test_raw_text_in_a_select_or_behind_a_frameset_is_left_alone_and_reported(void **state)
{
	(void)state;
	static const struct {
		const char *html;
		bool is_ambiguous;
	} cases[] = {
	    {"<select><style><a href=\"https://no\"></style></select>", true},
	    {"<select><option><title><a href=\"https://no\"></title></select>", true},
	    {"<select><plaintext><a href=\"https://no\">", true},
	    {"<frameset><xmp><a href=\"https://no\"></xmp></frameset>", true},
	    {"<frameset></frameset><style><a href=\"https://no\"></style>", true},
	    {"<select><option>x</select><style><a href=\"https://no\"></style>", false},
	    {"<select><script>'<a href=\"https://no\">'</script></select>", false},
	    {"<select><textarea></textarea><style><a href=\"https://no\"></style>", false},
	    {"<select><select><style><a href=\"https://no\"></style>", false},
	    {"<frameset><noframes><a href=\"https://no\"></noframes></frameset>", false},
	    {"<style></style><select></select><svg><select></svg><style></style>", false},
	};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;
		run_start(&run, &options, slice_from_cstr(cases[i].html));
		assert_string_equal(buf_cstr(&run.out), cases[i].html);
		assert_int_equal(run.report.warnings & HTML_WARN_AMBIGUOUS,
				 cases[i].is_ambiguous ? HTML_WARN_AMBIGUOUS : 0);
		run_end(&run);
	}
}

/* ---- faults of others ---- */

static void test_postal_1192_and_2816_no_character_is_changed_or_lost(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<p>\xa0\x80\xff&nbsp;\xc2\xad\x07<a href=\"https://e.com\">\xe4</a>",
	     "<p>\xa0\x80\xff&nbsp;\xc2\xad\x07<a href=\"T0\">\xe4</a>"},
	};
	ASSERT_REWRITES(cases);
}

static void test_mautic_9408_a_tag_over_several_lines_is_tracked(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a\n   class=\"b\"\n   href=\"https://e.com\"\n   target=\"_blank\"\n >",
	     "<a\n   class=\"b\"\n   href=\"T0\"\n   target=\"_blank\"\n >"},
	};
	ASSERT_REWRITES(cases);
}

static void test_mautic_6011_and_16043_field_tokens_and_mail_addresses_are_left(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"{contactfield=website}\"><a href=\"https://e.com/{contactfield=id}\"><a href=\"mailto:{x}\">",
	     NULL},
	};
	ASSERT_REWRITES(cases);
}

static void test_mautic_11991_and_2316_the_pixel_can_be_at_the_top(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {{"<body>x</body>", "<body>PXx</body>"}};
	ASSERT_PIXELS(HTML_PIXEL_TOP, cases);
}

static void test_listmonk_2499_and_2593_brackets_and_quotes_in_a_url_are_part_of_it(void **state)
{
	(void)state;
	assert_destination("", "https://e.com/?f[0]=a&amp;f[1]=b", "https://e.com/?f[0]=a&f[1]=b");
	assert_destination("", "https://e.com/?q=&quot;x&quot;&amp;y='z'", "https://e.com/?q=%22x%22&y='z'");
}

static void test_sendgrid_4787_3416_and_1841_apostrophes_inner_hrefs_and_spaces_do_not_matter(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=\"https://e.com/it's\">", "<a href=\"T0\">"},
	    {"<a href=\"https://e.com/?x=href='https://e.com'\">", "<a href=\"T0\">"},
	    {"<a href = \"https://e.com\" >", "<a href = \"T0\" >"},
	};
	ASSERT_REWRITES(cases);
}

static void test_easy_digital_downloads_6413_numeric_ampersands_do_not_stay_in_the_link(void **state)
{
	(void)state;
	assert_destination("", "https://e.com/?a=1&#038;b=2", "https://e.com/?a=1&b=2");
}

static void test_juice_382_mosaico_170_and_jsx_email_403_office_blocks_keep_every_byte(void **state)
{
	(void)state;
	static const char html[] = "<!--[if (gte mso 9)|(IE)]><table width=600><tr><td><![endif]-->x<![endif]/-->"
				   "<!--[if !mso]><!-- --> y <!-- <![endif]--><!--[if gte mso 9]><xml>"
				   "<o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->";
	static const struct rewrite_case cases[] = {{html, NULL}};
	ASSERT_REWRITES(cases);
}

static void test_preside_cms_904_references_in_text_stay_written_as_they_are(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"&zwnj;&nbsp;&#8203;&copy &lt;a href=\"https://no\"&gt;<a href=\"https://e.com\" "
	     "title=\"&eacute;&#x27;\">",
	     "&zwnj;&nbsp;&#8203;&copy &lt;a href=\"https://no\"&gt;<a href=\"T0\" title=\"&eacute;&#x27;\">"},
	};
	ASSERT_REWRITES(cases);
}

/* Quoted-printable that nobody decoded is no HTML: the value is `3D"https://…`, which leads nowhere. */
static void test_leadminer_2644_undecoded_quoted_printable_is_left_alone(void **state)
{
	(void)state;
	static const struct rewrite_case cases[] = {
	    {"<a href=3D\"https://e.com/?a=3Db\" class=3D\"x\">", NULL},
	    {"<a href=3D\"https://e.c=\r\nom/\">", NULL},
	};
	ASSERT_REWRITES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_pixel_goes_before_the_last_real_body_end_tag),
	    cmocka_unit_test(test_without_a_body_end_tag_the_pixel_goes_before_html_ends_or_last),
	    cmocka_unit_test(test_a_mail_that_ends_inside_something_gets_its_pixel_in_front),
	    cmocka_unit_test(test_a_pixel_at_the_top_survives_gmails_limit),
	    cmocka_unit_test(test_there_is_no_limit_of_links_and_a_high_one_of_length),
	    cmocka_unit_test(test_text_that_looks_like_another_url_is_reported_or_left),
	    cmocka_unit_test(test_links_that_open_an_app_can_be_left),
	    cmocka_unit_test(test_hosts_are_stored_as_punycode_and_paths_as_utf8),
	    cmocka_unit_test(test_a_host_that_no_browser_looks_up_is_left_and_reported),
	    cmocka_unit_test(test_encodings_that_cannot_be_read_as_bytes_pass_through_and_are_reported),
	    cmocka_unit_test(test_marks_nuls_bad_utf8_and_line_ends_are_kept),
	    cmocka_unit_test(test_amp_is_left_alone),
	    cmocka_unit_test(test_there_is_no_size_cliff),
	    cmocka_unit_test(test_raw_text_in_a_select_or_behind_a_frameset_is_left_alone_and_reported),
	    cmocka_unit_test(test_postal_1192_and_2816_no_character_is_changed_or_lost),
	    cmocka_unit_test(test_mautic_9408_a_tag_over_several_lines_is_tracked),
	    cmocka_unit_test(test_mautic_6011_and_16043_field_tokens_and_mail_addresses_are_left),
	    cmocka_unit_test(test_mautic_11991_and_2316_the_pixel_can_be_at_the_top),
	    cmocka_unit_test(test_listmonk_2499_and_2593_brackets_and_quotes_in_a_url_are_part_of_it),
	    cmocka_unit_test(test_sendgrid_4787_3416_and_1841_apostrophes_inner_hrefs_and_spaces_do_not_matter),
	    cmocka_unit_test(test_easy_digital_downloads_6413_numeric_ampersands_do_not_stay_in_the_link),
	    cmocka_unit_test(test_juice_382_mosaico_170_and_jsx_email_403_office_blocks_keep_every_byte),
	    cmocka_unit_test(test_preside_cms_904_references_in_text_stay_written_as_they_are),
	    cmocka_unit_test(test_leadminer_2644_undecoded_quoted_printable_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

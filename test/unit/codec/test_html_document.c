/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the URL of a link, of the pixel and of a document as a whole. */
#include "rewrite_run.h"

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
		   "https://xn--mller-kva.example/");
	assert_url(SLICE("utf-8"), "https://e.com/\xc3\xbc?x y", "https://e.com/\xc3\xbc?x y",
		   "https://e.com/%C3%BC?x%20y");
	assert_url(SLICE("Windows-1252"), "https://e.com/\x80", "https://e.com/\xe2\x82\xac",
		   "https://e.com/%E2%82%AC");
	/* Said to be UTF-8 and is not: read as what it most likely is. */
	assert_url(SLICE("utf-8"), "https://e.com/\xfc", "https://e.com/\xc3\xbc", "https://e.com/%C3%BC");
}

/* Their trail bytes are a backslash, a bar, a bracket and digits here. */
static void test_url_of_every_charset_is_decoded(void **state)
{
	(void)state;
	static const struct {
		struct slice charset;
		const char *value;
		const char *want_url;
		const char *want_destination;
	} cases[] = {
	    {SLICE("Shift_JIS"), "https://e.com/\x95\x5c\x83\x7c\x83\x5b",
	     "https://e.com/\xe8\xa1\xa8\xe3\x83\x9d\xe3\x82\xbc", "https://e.com/%E8%A1%A8%E3%83%9D%E3%82%BC"},
	    {SLICE("gb18030"), "https://e.com/\x81\x7c?\x82\x35\x87\x38", "https://e.com/\xe4\xba\x85?\xe4\xb6\xb5",
	     "https://e.com/%E4%BA%85?%E4%B6%B5"},
	    {SLICE("gb2312"), "https://e.com/\xba\xba", "https://e.com/\xe6\xb1\x89", "https://e.com/%E6%B1%89"},
	    {SLICE("big5"), "https://e.com/\xa5\x5c?a=1&amp;b=\xa5\x5c",
	     "https://e.com/\xe5\x8a\x9f?a=1&b=\xe5\x8a\x9f", "https://e.com/%E5%8A%9F?a=1&b=%E5%8A%9F"},
	    {SLICE("ks_c_5601-1987"), "https://\xb0\xa1.example/", "https://\xea\xb0\x80.example/",
	     "https://xn--o39a.example/"},
	    {SLICE("koi8-r"), "https://e.com/\xc1&#1073;", "https://e.com/\xd0\xb0\xd0\xb1",
	     "https://e.com/%D0%B0%D0%B1"},
	    {SLICE("windows-1251"), "https://e.com/\xe0", "https://e.com/\xd0\xb0", "https://e.com/%D0%B0"},
	    {SLICE("iso-8859-15"), "https://e.com/\xa4", "https://e.com/\xe2\x82\xac", "https://e.com/%E2%82%AC"},
	    {SLICE("iso-2022-jp"), "https://e.com/\x1b$B<!\x1b(B?a=1&amp;b", "https://e.com/\xe6\xac\xa1?a=1&b",
	     "https://e.com/%E6%AC%A1?a=1&b"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_url(cases[i].charset, cases[i].value, cases[i].want_url, cases[i].want_destination);
}

static void test_url_that_cannot_be_decoded_is_left_alone(void **state)
{
	(void)state;
	static const struct {
		struct slice charset;
		const char *html;
	} cases[] = {
	    {SLICE("klingon"), "<a href=\"https://e.com/\xa5\">"},
	    {SLICE("Shift_JIS"), "<a href=\"https://e.com/\x95\">"},
	    {SLICE("big5"), "<a href=\"https://e.com/\xff\xff\">"},
	    {SLICE("iso-2022-jp"), "<a href=\"https://e.com/\x1b$B~~\x1b(B\">"},
	};
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		options.charset = cases[i].charset;
		assert_skipped(&options, cases[i].html, HTML_SKIP_CHARSET);
	}
}

/* One decoder serves all values of a document; each must get its own. */
static void test_url_gets_the_characters_of_its_own_value(void **state)
{
	(void)state;
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	struct run run;
	options.charset = SLICE("Shift_JIS");
	run_start(&run, &options,
		  SLICE("\x95\x5c<a href='https://e.com/1'>\x95\x5c</a><a href='https://e.com/\x95\x5c' data-no-track>"
			"<a href='https://e.com/\x95'><a href=https://e.com/\x83\x5c href='https://e.com/\x95\x5c'>"
			"<!--[if mso]><a href=\"https://e.com/\x83\x7c\"><![endif]-->"));
	assert_int_equal(run.report.link_count, 6);
	assert_true(slice_equal(run.report.links[0].url, SLICE("https://e.com/1")));
	assert_true(slice_equal(run.report.links[0].text, SLICE("\x95\x5c")));
	assert_true(slice_equal(run.report.links[1].url, SLICE("https://e.com/\xe8\xa1\xa8")));
	assert_int_equal(run.report.links[1].skip, HTML_SKIP_NO_TRACK);
	assert_int_equal(run.report.links[2].skip, HTML_SKIP_CHARSET);
	assert_true(slice_equal(run.report.links[3].destination, SLICE("https://e.com/%E3%82%BD")));
	assert_int_equal(run.report.links[4].skip, HTML_SKIP_DUPLICATE_ATTRIBUTE);
	assert_true(slice_equal(run.report.links[5].destination, SLICE("https://e.com/%E3%83%9D")));
	assert_int_equal(run.report.tracked_count, 3);
	run_end(&run);
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
	ASSERT_PIXELS(HTML_PIXEL_BOTTOM, cases);
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
	ASSERT_PIXELS(HTML_PIXEL_BOTTOM, cases);
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
	assert_rewritten_with(&options, "<a href=\"https://e.com/\x1b$B<!\x1b(B\">x</a>", "<a href=\"T0\">x</a>");
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
	    cmocka_unit_test(test_url_is_decoded_once_by_the_attribute_rule),
	    cmocka_unit_test(test_url_is_utf8_and_its_destination_ascii),
	    cmocka_unit_test(test_url_of_every_charset_is_decoded),
	    cmocka_unit_test(test_url_that_cannot_be_decoded_is_left_alone),
	    cmocka_unit_test(test_url_gets_the_characters_of_its_own_value),
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

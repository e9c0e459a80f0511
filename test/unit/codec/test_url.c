/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/url/url.h"
#include <stdio.h>

enum { ROOM = 4 * URL_MAX };

struct check_case {
	const char *url;
	enum url_fault want;
};

static void assert_checks(const struct check_case *cases, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		enum url_fault got = url_check_redirect(slice_from_cstr(cases[i].url));
		if (got == cases[i].want)
			continue;
		printf("%s: want %s, got %s\n", cases[i].url, url_fault_text(cases[i].want), url_fault_text(got));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}
#define ASSERT_CHECKS(cases) assert_checks(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_check_redirect_allows_http_addresses(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
	    {"http://e.com", URL_OK},
	    {"HTTPS://E.com/a?b=c#d", URL_OK},
	    {"https://u:p@e.com:8443/a;b?c#d", URL_OK},
	    {"http://[2001:db8::1]:8080/a", URL_OK},
	    {"https://e.com/s?f[0]=a&f[1]=b:2|c,d!$*(x)~", URL_OK},
	    {"https://e.com/?u=https://o.com//x@y", URL_OK},
	    {"https://m%C3%BCller.example/", URL_OK},
	    {"https://e.com:/", URL_OK},
	    {"https://e.com./", URL_OK},
	    {"https://a_b.e.com?x", URL_OK},
	};
	ASSERT_CHECKS(cases);
}

static void test_check_redirect_refuses_what_is_not_an_http_address(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
	    {"", URL_NOT_HTTP},
	    {"//evil.com", URL_NOT_HTTP},
	    {"/path", URL_NOT_HTTP},
	    {"javascript:alert(1)", URL_NOT_HTTP},
	    {"data:text/html,x", URL_NOT_HTTP},
	    {"ftp://e.com/", URL_NOT_HTTP},
	    {"httpss://e.com/", URL_NOT_HTTP},
	    {"https:e.com", URL_NO_SLASHES},
	    {"https:/e.com", URL_NO_SLASHES},
	    {"https:", URL_NO_SLASHES},
	    {"http://", URL_BAD_HOST},
	    {"https:///evil.com", URL_BAD_HOST},
	    {"https://?x", URL_BAD_HOST},
	    {"https://u@/x", URL_BAD_HOST},
	    {"https://:80/", URL_BAD_HOST},
	    {"https://.e.com/", URL_BAD_HOST},
	    {"https://e..com/", URL_BAD_HOST},
	    {"https://e.com%2F.evil.com/", URL_BAD_HOST},
	    {"https://e.com%00/", URL_BAD_HOST},
	    {"https://e,com/", URL_BAD_HOST},
	    {"https://[::1/", URL_BAD_HOST},
	    {"https://[evil]/", URL_BAD_HOST},
	    {"https://[::1]x/", URL_BAD_PORT},
	    {"https://e.com:65536/", URL_BAD_PORT},
	    {"https://e.com:8o/", URL_BAD_PORT},
	    {"https://a@b@evil.com/", URL_BAD_USERINFO},
	};
	ASSERT_CHECKS(cases);
}

static void test_check_redirect_refuses_bytes_that_split_headers_or_fool_parsers(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
	    {"https://e.com/\r\nSet-Cookie: x", URL_BAD_BYTE},
	    {"https://e.com/a b", URL_BAD_BYTE},
	    {"https://e.com\\@evil.com/", URL_BAD_BYTE},
	    {"https:\\\\evil.com", URL_BAD_BYTE},
	    {"ht\ttps://e.com", URL_BAD_BYTE},
	    {"https://e.com/\x7f", URL_BAD_BYTE},
	    {"https://m\xc3\xbcller.example/", URL_BAD_BYTE},
	    {"https://e.com/\"><script>", URL_BAD_BYTE},
	    {" https://e.com/", URL_BAD_BYTE},
	};
	ASSERT_CHECKS(cases);
	assert_int_equal(url_check_redirect(slice_of("https://e.com/\0x", 16)), URL_BAD_BYTE);
}

static void test_check_redirect_allows_the_longest_url_and_no_more(void **state)
{
	(void)state;
	struct buf url;
	buf_init(&url, ROOM);
	buf_append_cstr(&url, "https://e.com/");
	while (url.n < URL_MAX)
		buf_append_byte(&url, 'x');
	assert_int_equal(url_check_redirect(buf_slice(&url)), URL_OK);
	buf_append_byte(&url, 'x');
	assert_int_equal(url_check_redirect(buf_slice(&url)), URL_TOO_LONG);
	buf_done(&url);
}

static void test_destination_encodes_what_a_header_cannot_carry(void **state)
{
	(void)state;
	static const struct {
		const char *written;
		const char *want; /* NULL: refused */
	} cases[] = {
	    {"https://e.com/a", "https://e.com/a"},
	    {"https://e.com/a  ?b=1", "https://e.com/a%20%20?b=1"},
	    {"ht\ttps://e.com/\r\na", "https://e.com/a"},
	    {"https://m\xc3\xbcller.example/\xc3\xa4?q=\xe2\x82\xac",
	     "https://xn--mller-kva.example/%C3%A4?q=%E2%82%AC"},
	    {"https://e.com/\"<>`", "https://e.com/%22%3C%3E%60"},
	    {"https://e.com/a\\b?c\\d#e\\f", "https://e.com/a/b?c%5Cd#e%5Cf"},
	    {"https://e.com/%20%zz", "https://e.com/%20%zz"},
	    {"https://e.com\\evil", NULL},
	    {"https:\\\\e.com/", NULL},
	    {"https://e com/", NULL},
	    {"javascript:alert(1)", NULL},
	};
	struct buf to;
	buf_init(&to, ROOM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&to);
		buf_append_cstr(&to, "before ");
		enum url_fault fault = url_destination(slice_from_cstr(cases[i].written), &to);
		assert_int_equal(fault == URL_OK, cases[i].want != NULL);
		assert_string_equal(buf_cstr(&to) + 7, cases[i].want ? cases[i].want : "");
		if (fault == URL_OK)
			assert_int_equal(url_check_redirect(slice_from(buf_slice(&to), 7)), URL_OK);
	}
	buf_done(&to);
}

struct destination_case {
	const char *written;
	const char *want; /* NULL: no valid host */
};

static void assert_destinations(const struct destination_case *cases, size_t count)
{
	struct buf to;
	buf_init(&to, ROOM);
	for (size_t i = 0; i < count; i++) {
		buf_clear(&to);
		enum url_fault fault = url_destination(slice_from_cstr(cases[i].written), &to);
		if (fault != (cases[i].want ? URL_OK : URL_BAD_HOST))
			printf("%s: %s\n", cases[i].written, url_fault_text(fault));
		assert_int_equal(fault, cases[i].want ? URL_OK : URL_BAD_HOST);
		assert_string_equal(buf_cstr(&to), cases[i].want ? cases[i].want : "");
	}
	buf_done(&to);
}
#define ASSERT_DESTINATIONS(cases) assert_destinations(cases, sizeof(cases) / sizeof((cases)[0]))

/* What `new URL(…).hostname` says in a browser. */
static void test_destination_has_the_host_that_a_browser_looks_up(void **state)
{
	(void)state;
	static const struct destination_case cases[] = {
	    {"https://m\xc3\xbcller.example", "https://xn--mller-kva.example"},
	    {"https://M\xc3\x9cLLER.Example/A", "https://xn--mller-kva.example/A"},
	    {"https://u:p@b\xc3\xbc"
	     "cher.example:8443?q#f",
	     "https://u:p@xn--bcher-kva.example:8443?q#f"},
	    {"https://b\xc3\xbc"
	     "cher.example./",
	     "https://xn--bcher-kva.example./"},
	    {"https://fa\xc3\x9f.de/", "https://xn--fa-hia.de/"}, /* non-transitional: not fass.de */
	    {"https://\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x80\x82\xef\xbd\x8a\xef\xbd\x90/",
	     "https://xn--wgv71a119e.jp/"}, /* an ideographic full stop and full-width letters */
	    {"https://e\xcc\x81t\xc3\xa9.example/", "https://xn--t-9fab.example/"}, /* composed first */
	    {"https://ex\xc2\xad"
	     "ample.com/",
	     "https://example.com/"}, /* a soft hyphen is nothing */
	    {"https://m\xc3\xbcnchen.xn--mller-kva/", "https://xn--mnchen-3ya.xn--mller-kva/"},
	    {"https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "https://127.0.0.1/"},
	};
	ASSERT_DESTINATIONS(cases);
}

static void test_destination_takes_percent_signs_out_of_the_host(void **state)
{
	(void)state;
	static const struct destination_case cases[] = {
	    {"https://m%C3%BCller.example/%C3%BC", "https://xn--mller-kva.example/%C3%BC"},
	    {"https://E%58ample.com/", "https://example.com/"},
	    {"https://e.com%2Fevil.com/", NULL},
	    {"https://e.com%40evil.com/", NULL},
	    {"https://e.com%00.evil.com/", NULL},
	    {"https://e%20com/", NULL},
	    {"https://e%25com/", NULL},
	    {"https://e%zzcom/", NULL},
	    {"https://m%FCller.example/", NULL}, /* not UTF-8 */
	};
	ASSERT_DESTINATIONS(cases);
}

static void test_destination_leaves_ascii_hosts_as_they_are(void **state)
{
	(void)state;
	static const struct destination_case cases[] = {
	    {"https://E.Com/", "https://E.Com/"},
	    {"https://E.Com/\xc3\xbc", "https://E.Com/%C3%BC"},
	    {"https://xn--mller-kva.example/", "https://xn--mller-kva.example/"},
	    {"https://xn--zzzzzz.example/", "https://xn--zzzzzz.example/"}, /* no punycode, and not our business */
	    {"https://a_b--c.e.com/", "https://a_b--c.e.com/"},
	    {"https://[2001:DB8::1]/\xc3\xbc", "https://[2001:DB8::1]/%C3%BC"},
	};
	ASSERT_DESTINATIONS(cases);
}

static void test_destination_refuses_names_that_no_browser_looks_up(void **state)
{
	(void)state;
	static const struct destination_case cases[] = {
	    {"https://a\xe2\x84\x80"
	     "b.example/",
	     NULL},                                        /* U+2100 becomes a/c */
	    {"https://e.com\xef\xbc\x8f.evil.com/", NULL}, /* a full-width slash */
	    {"https://e.com\xef\xbc\xa0"
	     "evil.com/",
	     NULL}, /* a full-width @ */
	    {"https://a\xe2\x80\x8d"
	     "b.example/",
	     NULL}, /* a joiner that joins nothing */
	    {"https://xn--\xc3\xbc.example/", NULL},
	    {"https://\xd7\x90"
	     "a.example/",
	     NULL}, /* Hebrew and Latin in one label */
	    {"https://\xc3\xbc..example/", NULL},
	    {"https://\xe3\x80\x82\xc3\xbc/", NULL},
	    {"https://\xc2\xad/", NULL}, /* nothing is left */
	    {"https://\xff.example/", NULL},
	};
	ASSERT_DESTINATIONS(cases);
}

/* IDNA 2008 has no emoji; browsers do. */
static void test_destination_leaves_characters_that_only_browsers_know_percent_encoded(void **state)
{
	(void)state;
	static const struct destination_case cases[] = {
	    {"https://\xf0\x9f\x92\xa9.la/", "https://%F0%9F%92%A9.la/"},
	};
	ASSERT_DESTINATIONS(cases);
}

static void test_destination_refuses_a_name_of_any_length_without_harm(void **state)
{
	(void)state;
	struct buf written;
	struct buf to;
	buf_init(&written, ROOM);
	buf_init(&to, ROOM);
	enum { LONGEST = 57 }; /* a label has room for 63 letters: `xn--td` and one for each */
	for (size_t letters = 50; letters < 5000; letters += 7) {
		buf_clear(&written);
		buf_append_cstr(&written, "https://");
		for (size_t i = 0; i < letters; i++)
			buf_append_cstr(&written, "\xc3\xbc");
		buf_append_cstr(&written, ".example/");
		assert_int_equal(url_destination(buf_slice(&written), &to) == URL_OK, letters <= LONGEST);
		buf_clear(&to);
	}
	buf_done(&written);
	buf_done(&to);
}

/* Links that were sent before hosts became punycode are still followed. */
static void test_check_redirect_still_allows_percent_encoded_hosts(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
	    {"https://m%C3%BCller.example/a", URL_OK},
	    {"https://m%FCller.example/", URL_OK},
	    {"https://%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%80%82%EF%BD%8A%EF%BD%90/", URL_OK},
	    {"https://%F0%9F%92%A9.la/", URL_OK},
	};
	ASSERT_CHECKS(cases);
}

static void test_trim_takes_control_characters_and_spaces_off(void **state)
{
	(void)state;
	assert_true(slice_equal(url_trim(slice_of(" \0\t\n https://e.com \x1f\r", 22)), SLICE("https://e.com")));
	assert_int_equal(url_trim(SLICE(" \t ")).n, 0);
}

static void test_host_is_found_behind_userinfo_and_before_the_port(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		const char *authority;
		const char *host;
	} cases[] = {
	    {"https://e.com/a", "e.com", "e.com"},
	    {"https://u:p@e.com:8443/a@b", "e.com:8443", "e.com"},
	    {"http://[::1]:80?x", "[::1]:80", "[::1]"},
	    {"https://e.com#@o.com", "e.com", "e.com"},
	    {"mailto:a@e.com", "", ""},
	    {"https:e.com", "", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice url = slice_from_cstr(cases[i].url);
		assert_true(slice_equal(url_authority(url), slice_from_cstr(cases[i].authority)));
		assert_true(slice_equal(url_host(url), slice_from_cstr(cases[i].host)));
	}
}

static void test_own_host_matches_with_and_without_port(void **state)
{
	(void)state;
	struct slice url = SLICE("https://Track.Example.net:8443/c/x");
	assert_true(url_is_on_host(url, SLICE("track.example.net")));
	assert_true(url_is_on_host(url, SLICE("track.example.net:8443")));
	assert_false(url_is_on_host(url, SLICE("track.example.net:443")));
	assert_false(url_is_on_host(url, SLICE("example.net")));
	assert_false(url_is_on_host(url, SLICE("")));
	assert_false(url_is_on_host(SLICE("https://o.com/?u=https://track.example.net/"), SLICE("track.example.net")));
}

static void test_parameters_are_added_before_the_fragment_and_never_twice(void **state)
{
	(void)state;
	static const struct url_parameter parameters[] = {
	    {{"utm_source", 10}, {"news letter", 11}},
	    {{"utm_medium", 10}, {"e&mail", 6}},
	};
	static const struct {
		const char *url;
		const char *want;
	} cases[] = {
	    {"https://e.com/", "https://e.com/?utm_source=news%20letter&utm_medium=e%26mail"},
	    {"https://e.com/?a=1#f", "https://e.com/?a=1&utm_source=news%20letter&utm_medium=e%26mail#f"},
	    {"https://e.com/?", "https://e.com/?utm_source=news%20letter&utm_medium=e%26mail"},
	    {"https://e.com/?a&", "https://e.com/?a&utm_source=news%20letter&utm_medium=e%26mail"},
	    {"https://e.com/?utm_source=x", "https://e.com/?utm_source=x&utm_medium=e%26mail"},
	    {"https://e.com/?utm_source=x&utm_medium#?y", "https://e.com/?utm_source=x&utm_medium#?y"},
	    {"https://e.com/#?utm_source=x",
	     "https://e.com/?utm_source=news%20letter&utm_medium=e%26mail#?utm_source=x"},
	};
	struct buf to;
	buf_init(&to, ROOM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&to);
		url_append_with_parameters(slice_from_cstr(cases[i].url), parameters, 2, &to);
		assert_string_equal(buf_cstr(&to), cases[i].want);
	}
	buf_done(&to);
}

/* The vectors of a sender that has appended parameters for years; `q` is ours, `test=1` was there. */
static void assert_appended(const char *url, const char *want)
{
	static const struct url_parameter q = {{"utm_source", 10}, {"x", 1}};
	struct buf to;
	buf_init(&to, ROOM);
	url_append_with_parameters(slice_from_cstr(url), &q, 1, &to);
	assert_string_equal(buf_cstr(&to), want);
	buf_done(&to);
}

static void test_parameter_is_appended_to_a_url_without_a_query(void **state)
{
	(void)state;
	assert_appended("https://e.com/u", "https://e.com/u?utm_source=x");
}

static void test_parameter_is_appended_to_an_empty_query(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?", "https://e.com/u?utm_source=x");
}

static void test_parameter_is_appended_to_a_query(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?test=1", "https://e.com/u?test=1&utm_source=x");
}

static void test_parameter_is_appended_behind_a_last_ampersand(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?test=1&", "https://e.com/u?test=1&utm_source=x");
}

static void test_parameter_is_appended_before_the_fragment_of_a_query(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?test=1#anchor", "https://e.com/u?test=1&utm_source=x#anchor");
}

static void test_parameter_is_appended_between_a_last_ampersand_and_the_fragment(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?test=1&#anchor", "https://e.com/u?test=1&utm_source=x#anchor");
}

static void test_parameter_is_appended_between_an_empty_query_and_the_fragment(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?#anchor", "https://e.com/u?utm_source=x#anchor");
}

static void test_parameter_is_appended_before_the_fragment_of_a_url_without_a_query(void **state)
{
	(void)state;
	assert_appended("https://e.com/u#anchor", "https://e.com/u?utm_source=x#anchor");
}

static void test_parameter_that_is_there_is_never_overwritten(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?utm_source=mine&b=1", "https://e.com/u?utm_source=mine&b=1");
	assert_appended("https://e.com/u?a=1&utm_source=mine#f", "https://e.com/u?a=1&utm_source=mine#f");
	assert_appended("https://e.com/u?utm_source=", "https://e.com/u?utm_source=");
	assert_appended("https://e.com/u?utm_source", "https://e.com/u?utm_source");
	/* … and these are not it */
	assert_appended("https://e.com/u?xutm_source=1", "https://e.com/u?xutm_source=1&utm_source=x");
	assert_appended("https://e.com/u?a=utm_source=1", "https://e.com/u?a=utm_source=1&utm_source=x");
	assert_appended("https://e.com/utm_source=1", "https://e.com/utm_source=1?utm_source=x");
}

static void test_parameters_that_are_there_keep_their_bytes(void **state)
{
	(void)state;
	assert_appended("https://e.com/u?f[0]=a&f[0]=b&&c=%20+%2b;d=~!$'()*,&e==&%zz",
			"https://e.com/u?f[0]=a&f[0]=b&&c=%20+%2b;d=~!$'()*,&e==&%zz&utm_source=x");
	assert_appended("https://e.com/a?b?c", "https://e.com/a?b?c&utm_source=x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check_redirect_allows_http_addresses),
	    cmocka_unit_test(test_check_redirect_refuses_what_is_not_an_http_address),
	    cmocka_unit_test(test_check_redirect_refuses_bytes_that_split_headers_or_fool_parsers),
	    cmocka_unit_test(test_check_redirect_allows_the_longest_url_and_no_more),
	    cmocka_unit_test(test_destination_encodes_what_a_header_cannot_carry),
	    cmocka_unit_test(test_destination_has_the_host_that_a_browser_looks_up),
	    cmocka_unit_test(test_destination_takes_percent_signs_out_of_the_host),
	    cmocka_unit_test(test_destination_leaves_ascii_hosts_as_they_are),
	    cmocka_unit_test(test_destination_refuses_names_that_no_browser_looks_up),
	    cmocka_unit_test(test_destination_leaves_characters_that_only_browsers_know_percent_encoded),
	    cmocka_unit_test(test_destination_refuses_a_name_of_any_length_without_harm),
	    cmocka_unit_test(test_check_redirect_still_allows_percent_encoded_hosts),
	    cmocka_unit_test(test_trim_takes_control_characters_and_spaces_off),
	    cmocka_unit_test(test_host_is_found_behind_userinfo_and_before_the_port),
	    cmocka_unit_test(test_own_host_matches_with_and_without_port),
	    cmocka_unit_test(test_parameters_are_added_before_the_fragment_and_never_twice),
	    cmocka_unit_test(test_parameter_is_appended_to_a_url_without_a_query),
	    cmocka_unit_test(test_parameter_is_appended_to_an_empty_query),
	    cmocka_unit_test(test_parameter_is_appended_to_a_query),
	    cmocka_unit_test(test_parameter_is_appended_behind_a_last_ampersand),
	    cmocka_unit_test(test_parameter_is_appended_before_the_fragment_of_a_query),
	    cmocka_unit_test(test_parameter_is_appended_between_a_last_ampersand_and_the_fragment),
	    cmocka_unit_test(test_parameter_is_appended_between_an_empty_query_and_the_fragment),
	    cmocka_unit_test(test_parameter_is_appended_before_the_fragment_of_a_url_without_a_query),
	    cmocka_unit_test(test_parameter_that_is_there_is_never_overwritten),
	    cmocka_unit_test(test_parameters_that_are_there_keep_their_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/url.h"
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
	    {"https://m\xc3\xbcller.example/\xc3\xa4?q=\xe2\x82\xac", "https://m%C3%BCller.example/%C3%A4?q=%E2%82%AC"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check_redirect_allows_http_addresses),
	    cmocka_unit_test(test_check_redirect_refuses_what_is_not_an_http_address),
	    cmocka_unit_test(test_check_redirect_refuses_bytes_that_split_headers_or_fool_parsers),
	    cmocka_unit_test(test_check_redirect_allows_the_longest_url_and_no_more),
	    cmocka_unit_test(test_destination_encodes_what_a_header_cannot_carry),
	    cmocka_unit_test(test_trim_takes_control_characters_and_spaces_off),
	    cmocka_unit_test(test_host_is_found_behind_userinfo_and_before_the_port),
	    cmocka_unit_test(test_own_host_matches_with_and_without_port),
	    cmocka_unit_test(test_parameters_are_added_before_the_fragment_and_never_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

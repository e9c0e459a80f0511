/* SPDX-License-Identifier: Apache-2.0 */
#include "net/proxy_protocol.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\0\2\7\x7f\0\0\1\1\2\3\4"
#define V6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\2\3\4"

static const struct {
	struct slice bytes;
	enum proxy_protocol_result result;
	bool has_source, is_tls;
	const char *source;
} cases[] = {
    {SLICE(SIGNATURE "\x21\x11\0\x0c" V4), PROXY_PROTOCOL_WHOLE, true, false, "192.0.2.7"},
    {SLICE(SIGNATURE "\x21\x12\0\x0c" V4), PROXY_PROTOCOL_WHOLE, true, false, "192.0.2.7"},
    {SLICE(SIGNATURE "\x21\x21\0\x24" V6), PROXY_PROTOCOL_WHOLE, true, false, "2001:db8::7"},
    {SLICE(SIGNATURE "\x21\x11\0\x0f" V4 "\4\0\0"), PROXY_PROTOCOL_WHOLE, true, false, "192.0.2.7"},
    {SLICE(SIGNATURE "\x21\x11\0\x14" V4 "\x20\0\5\1\0\0\0\0"), PROXY_PROTOCOL_WHOLE, true, true, "192.0.2.7"},
    {SLICE(SIGNATURE "\x21\x11\0\x14" V4 "\x20\0\5\0\0\0\0\0"), PROXY_PROTOCOL_WHOLE, true, false, "192.0.2.7"},
    {SLICE(SIGNATURE "\x21\0\0\0"), PROXY_PROTOCOL_WHOLE, false, false, NULL},
    {SLICE(SIGNATURE "\x20\0\0\0"), PROXY_PROTOCOL_WHOLE, false, false, NULL},
    {SLICE(SIGNATURE "\x20\x11\0\x0c" V4), PROXY_PROTOCOL_WHOLE, false, false, NULL},
    {SLICE(SIGNATURE "\x11\x11\0\x0c" V4), PROXY_PROTOCOL_BAD, false, false, NULL}, /* version 1 */
    {SLICE(SIGNATURE "\x22\x11\0\x0c" V4), PROXY_PROTOCOL_BAD, false, false, NULL}, /* command */
    {SLICE(SIGNATURE "\x21\x41\0\x0c" V4), PROXY_PROTOCOL_BAD, false, false, NULL}, /* family */
    {SLICE(SIGNATURE "\x21\x13\0\x0c" V4), PROXY_PROTOCOL_BAD, false, false, NULL}, /* transport */
    {SLICE(SIGNATURE "\x21\x11\0\x0b" V4), PROXY_PROTOCOL_BAD, false, false, NULL}, /* too short for it */
    {SLICE(SIGNATURE "\x21\x21\0\x0c" V4), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE(SIGNATURE "\x21\x11\0\x0e" V4 "\4\0"), PROXY_PROTOCOL_BAD, false, false, NULL}, /* half a triple */
    {SLICE(SIGNATURE "\x21\x11\0\x0f" V4 "\4\0\1"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE(SIGNATURE "\x21\x11\x10\0"), PROXY_PROTOCOL_BAD, false, false, NULL}, /* longer than we read */
    {SLICE("GET / HTTP/1.1\r\n"), PROXY_PROTOCOL_NONE, false, false, NULL},
    {SLICE("\r\nGET / HTTP/1.1\r\n"), PROXY_PROTOCOL_NONE, false, false, NULL},
    {SLICE("PROXY TCP4 192.0.2.7 5.6.7.8 1 65535\r\n"), PROXY_PROTOCOL_WHOLE, true, false, "192.0.2.7"},
    {SLICE("PROXY TCP6 2001:db8::7 ::1 1 2\r\n"), PROXY_PROTOCOL_WHOLE, true, false, "2001:db8::7"},
    {SLICE("PROXY UNKNOWN\r\n"), PROXY_PROTOCOL_WHOLE, false, false, NULL},
    {SLICE("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), PROXY_PROTOCOL_WHOLE, false, false, NULL},
    {SLICE("PROXY TCP4 192.0.2.7 5.6.7.8 1 65536\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY TCP4 192.0.2.7 5.6.7.8 1 2 3\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY TCP4 192.0.2.7 5.6.7.8 1\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY TCP4 192.0.2.7  5.6.7.8 1 2\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY TCP4 2001:db8::7 ::1 1 2\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY TCP6 192.0.2.7 5.6.7.8 1 2\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY UDP4 192.0.2.7 5.6.7.8 1 2\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY tcp4 192.0.2.7 5.6.7.8 1 2\r\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY TCP4 192.0.2.7 5.6.7.8 1 2\n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY \n"), PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXY UNKNOWN "
	   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"),
     PROXY_PROTOCOL_BAD, false, false, NULL},
    {SLICE("PROXYX TCP4 192.0.2.7 5.6.7.8 1 2\r\n"), PROXY_PROTOCOL_NONE, false, false, NULL},
    {SLICE("PUT / HTTP/1.1\r\n"), PROXY_PROTOCOL_NONE, false, false, NULL},
    {SLICE("\r\n\r\n\0\r\nQUIT\r"), PROXY_PROTOCOL_NONE, false, false, NULL},
};

static void test_headers_are_read_whole_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct proxy_protocol got = {0};
		struct ip_address want;
		enum proxy_protocol_result result = proxy_protocol_read(cases[i].bytes, &got);
		if (result != cases[i].result || got.has_source != cases[i].has_source || got.is_tls != cases[i].is_tls)
			fail_msg("case %zu: got %d %d %d", i, result, got.has_source, got.is_tls);
		if (result == PROXY_PROTOCOL_WHOLE)
			assert_int_equal(got.size, cases[i].bytes.n);
		if (cases[i].source) {
			assert_true(ip_address_parse(slice_from_cstr(cases[i].source), &want));
			assert_true(ip_address_equal(&want, &got.source));
		}
	}
}

static void test_the_front_of_a_header_asks_for_more_and_what_follows_is_left(void **state)
{
	struct slice whole = SLICE(SIGNATURE "\x21\x11\0\x0c" V4 "GET /");
	struct proxy_protocol got = {0};
	(void)state;
	for (size_t n = 0; n < whole.n - 5; n++)
		assert_int_equal(proxy_protocol_read(slice_sub(whole, 0, n), &got), PROXY_PROTOCOL_MORE);
	assert_int_equal(proxy_protocol_read(whole, &got), PROXY_PROTOCOL_WHOLE);
	assert_int_equal(got.size, whole.n - 5);
}

static void test_the_front_of_a_line_asks_for_more_and_what_follows_is_left(void **state)
{
	struct slice whole = SLICE("PROXY TCP4 192.0.2.7 5.6.7.8 1 2\r\nGET /");
	struct proxy_protocol got = {0};
	(void)state;
	for (size_t n = 0; n < whole.n - 5; n++)
		assert_int_equal(proxy_protocol_read(slice_sub(whole, 0, n), &got), PROXY_PROTOCOL_MORE);
	assert_int_equal(proxy_protocol_read(whole, &got), PROXY_PROTOCOL_WHOLE);
	assert_int_equal(got.size, whole.n - 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers_are_read_whole_or_refused),
	    cmocka_unit_test(test_the_front_of_a_line_asks_for_more_and_what_follows_is_left),
	    cmocka_unit_test(test_the_front_of_a_header_asks_for_more_and_what_follows_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

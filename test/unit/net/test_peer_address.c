/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "loopback.h"
#include "net/http_server.h"
#include "net/peer_address.h"

static struct ip_address_range ranges[2];
static const struct trusted_proxies trusted = {ranges, 2};

static int setup(void **state)
{
	(void)state;
	assert_true(ip_address_range_parse(SLICE("10.0.0.0/8"), &ranges[0]));
	assert_true(ip_address_range_parse(SLICE("2001:db8:ff::/48"), &ranges[1]));
	return 0;
}

/* `lines` are separated by '|'. */
static struct header_lines lines_of(const char *text)
{
	struct header_lines lines = {0};
	struct slice rest = slice_from_cstr(text);
	while (rest.n > 0)
		lines.lines[lines.count++] = slice_cut(&rest, '|');
	return lines;
}

static void test_the_walk_stops_at_the_first_address_that_is_not_trusted(void **state)
{
	static const struct {
		const char *peer, *x_forwarded_for, *forwarded, *proto, *want;
		bool https;
	} cases[] = {
	    {"192.0.2.1", "", "", "", "192.0.2.1", false},
	    {"192.0.2.1", "203.0.113.9", "for=203.0.113.9", "https", "192.0.2.1", false},
	    {"10.0.0.1", "", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "203.0.113.9", "", "https", "203.0.113.9", true},
	    {"10.0.0.1", "203.0.113.9", "", "http", "203.0.113.9", false},
	    {"10.0.0.1", "203.0.113.9", "", "https, http", "203.0.113.9", false},
	    {"10.0.0.1", "203.0.113.9", "", "HTTPS", "203.0.113.9", true},
	    {"10.0.0.1", "1.2.3.4, 203.0.113.9", "", "", "203.0.113.9", false},
	    {"10.0.0.1", "1.2.3.4, 203.0.113.9, 10.9.9.9", "", "", "203.0.113.9", false},
	    {"10.0.0.1", "1.2.3.4, 10.1.1.1,203.0.113.9 ,10.9.9.9", "", "", "203.0.113.9", false},
	    {"10.0.0.1", "10.1.1.1, 10.2.2.2", "", "", "10.1.1.1", false},
	    {"10.0.0.1", "1.2.3.4|203.0.113.9|10.2.2.2", "", "", "203.0.113.9", false},
	    {"10.0.0.1", "203.0.113.9:4711", "", "", "203.0.113.9", false},
	    {"10.0.0.1", "[2001:db8::7]:4711", "", "", "2001:db8::7", false},
	    {"10.0.0.1", "[2001:db8::7]", "", "", "2001:db8::7", false},
	    {"10.0.0.1", "2001:db8::7", "", "", "2001:db8::7", false},
	    {"10.0.0.1", "2001:db8::7, 2001:db8:ff::1", "", "", "2001:db8::7", false},
	    {"2001:db8:ff::2", "::ffff:203.0.113.9", "", "", "203.0.113.9", false},
	    /* what is no address ends the walk at the last proxy that is known */
	    {"10.0.0.1", "unknown", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "1.2.3.4, unknown, 10.2.2.2", "", "", "10.2.2.2", false},
	    {"10.0.0.1", "1.2.3.4,", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "203.0.113.9:", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "203.0.113.9:99999", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "203.0.113.09", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "[203.0.113.9]", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "[2001:db8::7", "", "", "10.0.0.1", false},
	    {"10.0.0.1", "1.2.3.4 5.6.7.8", "", "", "10.0.0.1", false},
	    /* RFC 7239 */
	    {"10.0.0.1", "", "for=203.0.113.9", "", "203.0.113.9", false},
	    {"10.0.0.1", "", "For=203.0.113.9;Proto=https;by=10.0.0.1", "", "203.0.113.9", true},
	    {"10.0.0.1", "", "for=\"[2001:db8::7]:4711\"", "", "2001:db8::7", false},
	    {"10.0.0.1", "", "for=1.2.3.4;proto=https, for=203.0.113.9;proto=http", "", "203.0.113.9", false},
	    {"10.0.0.1", "", "for=203.0.113.9;proto=https, for=10.2.2.2;proto=http", "", "203.0.113.9", true},
	    {"10.0.0.1", "", "for=203.0.113.9;host=\"a,b;for=1.1.1.1\"", "", "203.0.113.9", false},
	    {"10.0.0.1", "", "for=1.2.3.4, for=_hidden", "", "10.0.0.1", false},
	    {"10.0.0.1", "", "for=1.2.3.4|for=203.0.113.9", "", "203.0.113.9", false},
	    {"10.0.0.1", "", "by=10.0.0.1;proto=https", "", "10.0.0.1", true},
	    /* both: X-Forwarded-For is what counts */
	    {"10.0.0.1", "203.0.113.9", "for=1.2.3.4;proto=https", "", "203.0.113.9", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer_address peer = {0};
		struct forwarding_headers headers = {.x_forwarded_for = lines_of(cases[i].x_forwarded_for),
						     .forwarded = lines_of(cases[i].forwarded),
						     .x_forwarded_proto = slice_from_cstr(cases[i].proto)};
		struct buf got;
		char text[64];
		assert_true(ip_address_parse(slice_from_cstr(cases[i].peer), &peer.address));
		struct peer_address found = peer_address_find(&peer, &trusted, &headers);
		buf_init_fixed(&got, text, sizeof text);
		ip_address_append(&got, &found.address);
		if (strcmp(text, cases[i].want) != 0 || found.is_https != cases[i].https)
			fail_msg("case %zu: got %s %d", i, text, found.is_https);
	}
}

static void handle(void *user, struct http_request *request)
{
	struct buf b;
	(void)user;
	buf_init(&b, 100);
	ip_address_append(&b, http_request_client(request));
	buf_append_cstr(&b, http_request_is_https(request) ? " https" : "");
	buf_append_cstr(&b, http_request_is_from_here(request) ? " from here" : "");
	http_answer(request, 200, NULL, 0, buf_slice(&b));
	buf_done(&b);
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* Through the server: the headers and the PROXY header of one connection, from one of two addresses, of which
 * 127.0.0.2 is a trusted proxy. Whatever says that there is somebody behind the connection, it is not from here. */
static void test_only_a_trusted_proxy_speaks_for_others(void **state)
{
	static const struct {
		uint32_t last_byte;
		struct slice before;
		const char *header;
		int status;
		const char *want;
	} cases[] = {
	    {1, SLICE(""), "", 200, "127.0.0.1 from here"},
	    {2, SLICE(""), "Accept: */*\r\nVia-What: x\r\n", 200, "127.0.0.2 from here"},
	    {1, SLICE(""), "X-Forwarded-For: 127.0.0.1\r\n", 200, "127.0.0.1"},
	    {2, SLICE(""), "X-Forwarded-For: 127.0.0.1\r\n", 200, "127.0.0.1"},
	    {1, SLICE(""), "x-forwarded-server: a\r\n", 200, "127.0.0.1"},
	    {1, SLICE(""), "FORWARDED: for=127.0.0.1\r\n", 200, "127.0.0.1"},
	    {1, SLICE(""), "X-Real-Ip: 127.0.0.1\r\n", 200, "127.0.0.1"},
	    {1, SLICE(""), "Via: 1.1 a\r\n", 200, "127.0.0.1"},
	    {2, SLICE(SIGNATURE "\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\1\2\3\4"), "", 200, "127.0.0.1"},
	    {1, SLICE(""), "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", 200, "127.0.0.1"},
	    {2, SLICE(""), "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", 200, "192.0.2.7 https"},
	    {2, SLICE(""), "X-Forwarded-For: 192.0.2.6\r\nx-forwarded-for: 192.0.2.7\r\n", 200, "192.0.2.7"},
	    {2, SLICE(""), "Forwarded: for=192.0.2.7;proto=https\r\n", 200, "192.0.2.7 https"},
	    {1, SLICE(SIGNATURE "\x21\x11\0\x0c\xc0\0\2\7\x7f\0\0\1\1\2\3\4"), "", 400, NULL},
	    {2, SLICE(SIGNATURE "\x21\x11\0\x0c\xc0\0\2\7\x7f\0\0\1\1\2\3\4"), "", 200, "192.0.2.7"},
	    {2, SLICE(SIGNATURE "\x21\x11\0\x0c\xc0\0\2\7\x7f\0\0\1\1\2\3\4"), "X-Forwarded-For: 1.2.3.4\r\n", 200,
	     "192.0.2.7"},
	    {2, SLICE(SIGNATURE "\x21\x11\0\x0c\x7f\0\0\2\x7f\0\0\1\1\2\3\4"), "X-Forwarded-For: 1.2.3.4\r\n", 200,
	     "1.2.3.4"},
	    {2, SLICE(SIGNATURE "\x20\0\0\0"), "", 200, "127.0.0.2"},
	    {2, SLICE(SIGNATURE "\x21\x11\0\x14\xc0\0\2\7\x7f\0\0\1\1\2\3\4\x20\0\5\1\0\0\0\0"), "", 200,
	     "192.0.2.7 https"},
	    {2, SLICE(SIGNATURE "\x11\x11\0\x0c\xc0\0\2\7\x7f\0\0\1\1\2\3\4"), "", 400, NULL},
	    {2, SLICE(SIGNATURE "\x21\x11\xff\xff\xc0\0\2\7\x7f\0\0\1\1\2\3\4"), "", 400, NULL},
	};
	struct ip_address_range proxy;
	struct http_server_config config = {
	    .address = "127.0.0.1", .loops = 1, .handle = handle, .trusted_proxies = &proxy, .trusted_proxy_count = 1};
	struct http_server *server;
	struct err err;
	(void)state;
	assert_true(ip_address_range_parse(SLICE("127.0.0.2"), &proxy));
	assert_int_equal(http_server_start(&config, &server, &err), STATUS_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char request[300];
		int fd = loopback_connect_from(INADDR_LOOPBACK - 1 + cases[i].last_byte, http_server_port(server));
		for (size_t at = 0; at < cases[i].before.n; at++)
			loopback_send(fd, slice_sub(cases[i].before, at, at + 1));
		snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", cases[i].header);
		loopback_say(fd, request);
		char *answer = loopback_read_answer(fd);
		if (loopback_status(answer) != cases[i].status ||
		    (cases[i].want && strcmp(loopback_body(answer), cases[i].want) != 0))
			fail_msg("case %zu: got %s", i, answer);
		free(answer);
		close(fd);
	}
	http_server_stop(&server, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_walk_stops_at_the_first_address_that_is_not_trusted),
	    cmocka_unit_test(test_only_a_trusted_proxy_speaks_for_others),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}

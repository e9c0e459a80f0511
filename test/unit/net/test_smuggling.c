/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that two readers could cut in different places. Each case carries a second request where the other reader
 * would see one; whatever the server makes of the first, the handler must never see "/smuggled", and the answer must be
 * the one refusal, after which the connection closes. */
#include "loopback.h"
#include "net/http_server.h"
#include <stdatomic.h>

#define HOST "Host: a\r\n"
#define HIDDEN "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST /first HTTP/1.1\r\n" HOST
#define GET "GET /first HTTP/1.1\r\n" HOST
/* A chunked body with an end, and the hidden request behind it. */
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define END "0\r\n\r\n" HIDDEN
#define TE(value) POST "Transfer-Encoding:" value "\r\n\r\n" END
#define TE_NAME(name) POST name " chunked\r\n\r\n" END
#define CL(value) POST "Content-Length:" value "\r\n\r\nhello" HIDDEN
#define CL_NAME(name) POST name " 5\r\n\r\nhello" HIDDEN
#define BOTH(first, second) POST first "\r\n" second "\r\n\r\n" END
#define HEADER(line) GET line "\r\n" HIDDEN
#define CASE(text)                                                                                                     \
	{                                                                                                              \
#text,                                                                                                 \
		{                                                                                                      \
			text, sizeof(text) - 1                                                                         \
		}                                                                                                      \
	}

struct shape {
	const char *name;
	struct slice bytes;
};

static const struct shape shapes[] = {
    /* Content-Length and Transfer-Encoding together, in any order and spelling */
    CASE(BOTH("Content-Length: 5", "Transfer-Encoding: chunked")),
    CASE(BOTH("Transfer-Encoding: chunked", "Content-Length: 5")),
    CASE(BOTH("Content-Length: 0", "Transfer-Encoding: chunked")),
    CASE(BOTH("Transfer-Encoding: chunked", "Content-Length: 0")),
    CASE(BOTH("content-length: 5", "transfer-encoding: chunked")),
    CASE(BOTH("CONTENT-LENGTH: 5", "TRANSFER-ENCODING: CHUNKED")),
    CASE(BOTH("Content-Length: 5", "Transfer-Encoding: identity")),
    CASE(BOTH("Content-Length: 5", "Transfer-Encoding:")),
    CASE(BOTH("Content-Length:", "Transfer-Encoding: chunked")),
    CASE(BOTH("Content-Length: x", "Transfer-Encoding: chunked")),
    /* Content-Length twice */
    CASE(BOTH("Content-Length: 5", "Content-Length: 5")),
    CASE(BOTH("Content-Length: 5", "Content-Length: 0")),
    CASE(BOTH("Content-Length: 0", "Content-Length: 5")),
    CASE(BOTH("Content-Length: 5", "content-length: 6")),
    CASE(BOTH("Content-Length: 0", "Content-Length: 0")),
    CASE(BOTH("Content-Length: 5", "X: y\r\nContent-Length: 5")),
    /* Content-Length that is no plain number */
    CASE(CL(" 5, 5")),
    CASE(CL(" 5,5")),
    CASE(CL(" 5, 0")),
    CASE(CL(" +5")),
    CASE(CL(" -5")),
    CASE(CL(" -0")),
    CASE(CL(" 0x5")),
    CASE(CL(" 5 5")),
    CASE(CL(" 5\t5")),
    CASE(CL(" 5x")),
    CASE(CL(" 5;")),
    CASE(CL(" 5.0")),
    CASE(CL(" 5e0")),
    CASE(CL(" \"5\"")),
    CASE(CL("")),
    CASE(CL(" ")),
    CASE(CL(" five")),
    CASE(CL(" 18446744073709551621")),
    CASE(CL(" 18446744073709551615")),
    CASE(CL(" 99999999999999999999999999")),
    CASE(CL(" 5\v")),
    CASE(CL(" 5\f")),
    CASE(CL(" \v5")),
    CASE(CL(" 5\x00")),
    CASE(CL(" 5\x85")),
    CASE(CL(" \xd9\xa5")),
    /* Content-Length under names that somebody else may take for it */
    CASE(CL_NAME("Content-Length :")),
    CASE(CL_NAME("Content-Length\t:")),
    CASE(CL_NAME(" Content-Length:")),
    CASE(CL_NAME("\tContent-Length:")),
    CASE(CL_NAME("Content_Length:")),
    CASE(CL_NAME("Content Length:")),
    CASE(CL_NAME("Content-Length\x00:")),
    CASE(CL_NAME("\x00"
		 "Content-Length:")),
    CASE(CL_NAME("Content-Length\v:")),
    CASE(CL_NAME("Content-\r\nLength:")),
    CASE(CL_NAME("Content-Length\r\n:")),
    CASE(CL_NAME("Content-Length\x80:")),
    CASE(CL_NAME("X: y\rContent-Length:")),
    CASE(CL_NAME("X: y\nContent-Length:")),
    CASE(CL_NAME("X: y\n\rContent-Length:")),
    CASE(CL_NAME("X: y\x00Content-Length:")),
    /* Transfer-Encoding other than exactly "chunked" */
    CASE(TE(" identity")),
    CASE(TE(" chunked, identity")),
    CASE(TE(" identity, chunked")),
    CASE(TE(" gzip, chunked")),
    CASE(TE(" chunked, chunked")),
    CASE(TE(" chunked,")),
    CASE(TE(" ,chunked")),
    CASE(TE(" xchunked")),
    CASE(TE(" chunkedx")),
    CASE(TE(" chunk")),
    CASE(TE(" cow")),
    CASE(TE(" \"chunked\"")),
    CASE(TE(" 'chunked'")),
    CASE(TE(" chunked;q=1")),
    CASE(TE(" chunked; foo")),
    CASE(TE(" \vchunked")),
    CASE(TE(" \fchunked")),
    CASE(TE(" chunked\v")),
    CASE(TE(" chunked\x00")),
    CASE(TE(" \x00"
	    "chunked")),
    CASE(TE(" chunked\x80")),
    CASE(TE(" \xef\xbb\xbf"
	    "chunked")),
    CASE(TE(" chunKed x")),
    CASE(TE("")),
    CASE(TE(" ")),
    CASE(TE("\r\n chunked")),
    CASE(TE("\r\n\tchunked")),
    CASE(TE(" chunked\r\n ,identity")),
    CASE(TE("\n chunked")),
    CASE(TE("\r chunked")),
    CASE(TE(" chunked\r")),
    CASE(TE(" chunked\rX: y")),
    CASE(TE(" chunked\nX: y")),
    CASE(TE(" chunked\r\r")),
    CASE(TE(" chunked\r\nTransfer-Encoding: chunked")),
    CASE(TE(" chunked\r\nTransfer-Encoding: identity")),
    CASE(TE(" identity\r\nTransfer-Encoding: chunked")),
    CASE(TE(" chunked\r\ntransfer-encoding: cow")),
    /* Transfer-Encoding under names that somebody else may take for it */
    CASE(TE_NAME("Transfer-Encoding :")),
    CASE(TE_NAME("Transfer-Encoding\t:")),
    CASE(TE_NAME(" Transfer-Encoding:")),
    CASE(TE_NAME("\tTransfer-Encoding:")),
    CASE(TE_NAME("Transfer_Encoding:")),
    CASE(TE_NAME("transfer_encoding:")),
    CASE(TE_NAME("Transfer Encoding:")),
    CASE(TE_NAME("Transfer-Encoding\x00:")),
    CASE(TE_NAME("Transfer-Encoding\v:")),
    CASE(TE_NAME("Transfer-\r\nEncoding:")),
    CASE(TE_NAME("Transfer-Encoding\r\n:")),
    CASE(TE_NAME("X: y\rTransfer-Encoding:")),
    CASE(TE_NAME("X: y\nTransfer-Encoding:")),
    CASE(TE_NAME("X: y\r\n\rTransfer-Encoding:")),
    CASE(TE_NAME("X: y\x00Transfer-Encoding:")),
    CASE(TE_NAME("\"Transfer-Encoding\":")),
    CASE(TE_NAME("Transfer-Encoding\xa0:")),
    /* HTTP/1.0 and older or newer versions */
    CASE("POST /first HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" END),
    CASE("POST /first HTTP/1.0\r\n" HOST "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" END),
    CASE("POST /first HTTP/1.0\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" END),
    CASE("GET /first HTTP/0.9\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.2\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/2.0\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1x\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/11\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.10\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/01.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first http/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP /1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\r\n" HIDDEN),
    CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" HIDDEN),
    /* request lines */
    CASE("GET  /first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first  HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1 \r\n" HOST "\r\n" HIDDEN),
    CASE(" GET /first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET\t/first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\tHTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /fi rst HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\x00 HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\x01 HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\x7f HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first\x80 HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first#x HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\n" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r" HOST "\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\r\n" HOST "\r\n" HIDDEN),
    CASE("GE\x00T /first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("get /first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("UNKNOWN /first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("GET\r\n /first HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n" HIDDEN),
    CASE("\n" GET "\r\n" HIDDEN),
    CASE("\r" GET "\r\n" HIDDEN),
    CASE("\r\n\r\n\r\n" GET "\r\n" HIDDEN),
    CASE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" HIDDEN),
    CASE("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" HIDDEN),
    CASE("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02" HIDDEN),
    /* Host */
    CASE("GET /first HTTP/1.1\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nX: y\r\n\r\n" HIDDEN),
    CASE(HEADER("Host: a\r\n")),
    CASE(HEADER("host: b\r\n")),
    CASE("GET /first HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost : a\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a, b\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a b\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a/b\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: u@a\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a\\b\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a\x80\r\n\r\n" HIDDEN),
    CASE("GET http://b/first HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN),
    CASE("GET http://u@a/first HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN),
    CASE("GET http:///first HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN),
    CASE("GET ftp://a/first HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN),
    /* header lines */
    CASE(HEADER("X: y\r\n z\r\n")),
    CASE(HEADER("X: y\r\n\tz\r\n")),
    CASE(HEADER("X: y\n")),
    CASE(HEADER("X: y\r")),
    CASE(HEADER("X: y\rZ\r\n")),
    CASE(HEADER("X: y\x00\r\n")),
    CASE(HEADER("X: y\x01\r\n")),
    CASE(HEADER("X: y\x7f\r\n")),
    CASE(HEADER("X y: z\r\n")),
    CASE(HEADER("X\x00: y\r\n")),
    CASE(HEADER("X(: y\r\n")),
    CASE(HEADER("X: y\r\n: z\r\n")),
    CASE(HEADER(": y\r\n")),
    CASE(HEADER("Xy\r\n")),
    CASE(HEADER("X\xc3\xa4: y\r\n")),
    CASE("GET /first HTTP/1.1\r\n Host: a\r\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a\n\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a\r\n\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a\n\r\n" HIDDEN),
    CASE("GET /first HTTP/1.1\r\nHost: a\r\n\r\r\n" HIDDEN),
    /* chunks */
    CASE(CHUNKED "x\r\n" END),
    CASE(CHUNKED "\r\n" END),
    CASE(CHUNKED " 5\r\nhello\r\n" END),
    CASE(CHUNKED "5 \r\nhello\r\n" END),
    CASE(CHUNKED "+5\r\nhello\r\n" END),
    CASE(CHUNKED "-5\r\nhello\r\n" END),
    CASE(CHUNKED "0x5\r\nhello\r\n" END),
    CASE(CHUNKED "5g\r\nhello\r\n" END),
    CASE(CHUNKED "5\nhello\r\n" END),
    CASE(CHUNKED "5\rhello\r\n" END),
    CASE(CHUNKED "5\r\r\nhello\r\n" END),
    CASE(CHUNKED "5\r\nhello\n" END),
    CASE(CHUNKED "5\r\nhello\r" END),
    CASE(CHUNKED "5\r\nhello" END),
    CASE(CHUNKED "5\r\nhelloX\r\n" END),
    CASE(CHUNKED "4\r\nhello\r\n" END),
    CASE(CHUNKED "6\r\nhello\r\n" END),
    CASE(CHUNKED "5\x00\r\nhello\r\n" END),
    CASE(CHUNKED "000000005\r\nhello\r\n" END),
    CASE(CHUNKED "100000000\r\nhello\r\n" END),
    CASE(CHUNKED "10000000000000005\r\nhello\r\n" END),
    CASE(CHUNKED "fffffffffffffffff\r\nhello\r\n" END),
    CASE(CHUNKED "5;\r\nhello\r\n" END),
    CASE(CHUNKED "5; x\r\nhello\r\n" END),
    CASE(CHUNKED "5;x=\r\nhello\r\n" END),
    CASE(CHUNKED "5;x=\"y\r\nhello\r\n" END),
    CASE(CHUNKED "5;x=\"y\"z\r\nhello\r\n" END),
    CASE(CHUNKED "5;x\ny\r\nhello\r\n" END),
    CASE(CHUNKED "5;x\ry\r\nhello\r\n" END),
    CASE(CHUNKED "5;x=\"\n\"\r\nhello\r\n" END),
    CASE(CHUNKED "5;x\x00\r\nhello\r\n" END),
    CASE(CHUNKED "5,x\r\nhello\r\n" END),
    CASE(CHUNKED "5;;x\r\nhello\r\n" END),
    CASE(CHUNKED "0\n\r\n" HIDDEN),
    CASE(CHUNKED "0\r\n\n" HIDDEN),
    CASE(CHUNKED "0\r\n\rX" HIDDEN),
    CASE(CHUNKED "0\r\nX\r\n\r\n" HIDDEN),
    CASE(CHUNKED "0\r\nX: y\n\r\n" HIDDEN),
    CASE(CHUNKED "0\r\n X: y\r\n\r\n" HIDDEN),
    CASE(CHUNKED "0\r\nX : y\r\n\r\n" HIDDEN),
    CASE(CHUNKED "0\r\nX: y\x00\r\n\r\n" HIDDEN),
    CASE(CHUNKED "0\r\n: y\r\n\r\n" HIDDEN),
};

struct seen {
	_Atomic int first, smuggled;
};

static void handle(void *user, struct http_request *request)
{
	struct seen *seen = user;
	if (slice_equal(http_request_path(request), SLICE("/smuggled")))
		seen->smuggled++;
	else
		seen->first++;
	http_answer(request, 200, NULL, 0, SLICE_EMPTY);
}

static void *loop_start(void *user, struct http_loop *loop)
{
	(void)loop;
	return user;
}

static struct http_server *start(struct seen *seen)
{
	struct http_server_config config = {
	    .address = "127.0.0.1", .loops = 1, .loop_start = loop_start, .handle = handle, .user = seen};
	struct http_server *server;
	struct err err;
	assert_int_equal(http_server_start(&config, &server, &err), STATUS_OK);
	return server;
}

static void send_in_pieces(int fd, struct slice bytes, size_t piece)
{
	for (size_t at = 0; at < bytes.n; at += piece)
		if (!loopback_send(fd, slice_sub(bytes, at, at + piece)))
			break; /* refused already */
}

static void check(uint16_t port, struct seen *seen, const struct shape *shape, size_t piece)
{
	*seen = (struct seen){0};
	int fd = loopback_connect(port);
	send_in_pieces(fd, shape->bytes, piece);
	shutdown(fd, SHUT_WR);
	char *all = loopback_read_all(fd);
	int status = loopback_status(all);
	if (seen->smuggled || seen->first || (status != 400 && status != 505) ||
	    loopback_count(all, "HTTP/1.1 ") != 1 || !strstr(all, "\r\nConnection: close\r\n"))
		fail_msg("%s: handled %d + %d, got %s", shape->name, seen->first, seen->smuggled, all);
	free(all);
	close(fd);
}

static void test_no_shape_of_smuggling_reaches_the_handler(void **state)
{
	struct seen seen;
	struct http_server *server = start(&seen);
	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		check(http_server_port(server), &seen, &shapes[i], SIZE_MAX / 2);
		check(http_server_port(server), &seen, &shapes[i], 1);
	}
	print_message("%zu shapes\n", sizeof shapes / sizeof *shapes);
	http_server_stop(&server, 10000);
}

/* The refusals above mean something only if their harmless relatives get through. */
static void test_lawful_relatives_are_two_requests(void **state)
{
	static const struct shape lawful[] = {
	    CASE(CL(" 5")),
	    CASE(CL("5")),
	    CASE(CL(" 05 ")),
	    CASE(CL("\t5 ")),
	    CASE(TE(" chunked")),
	    CASE(TE("Chunked ")),
	    CASE(CHUNKED "5\r\nhello\r\n" END),
	    CASE(CHUNKED "5;x\r\nhello\r\n" END),
	    CASE(CHUNKED "5;x=y;z=\"\\\"\"\r\nhello\r\n" END),
	    CASE(CHUNKED "00000005\r\nhello\r\n" END),
	    CASE(CHUNKED "0\r\nX: y\r\n\r\n" HIDDEN),
	    CASE(HEADER("X:\r\n")),
	    CASE(HEADER("X: \x80\r\n")),
	    CASE(HEADER("X_y: z\r\n")),
	    CASE(HEADER("Upgrade: h2c\r\nConnection: Upgrade\r\n")),
	    CASE("\r\n" GET "\r\n" HIDDEN),
	    CASE("GET /first HTTP/1.1\r\nHost:\r\n\r\n" HIDDEN),
	    CASE("GET /first HTTP/1.1\r\nHost: [::1]:80\r\n\r\n" HIDDEN),
	    CASE("GET /first?a=b%20c&d='() HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN),
	};
	struct seen seen;
	struct http_server *server = start(&seen);
	(void)state;
	for (size_t i = 0; i < sizeof lawful / sizeof *lawful; i++) {
		seen = (struct seen){0};
		int fd = loopback_connect(http_server_port(server));
		loopback_send(fd, lawful[i].bytes);
		shutdown(fd, SHUT_WR);
		char *all = loopback_read_all(fd);
		if (seen.first != 1 || seen.smuggled != 1 || loopback_count(all, "HTTP/1.1 200 ") != 2)
			fail_msg("%s: handled %d + %d, got %s", lawful[i].name, seen.first, seen.smuggled, all);
		free(all);
		close(fd);
	}
	http_server_stop(&server, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_shape_of_smuggling_reaches_the_handler),
	    cmocka_unit_test(test_lawful_relatives_are_two_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

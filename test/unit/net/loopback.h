/* SPDX-License-Identifier: Apache-2.0 */
/* loopback: a plain client on a socket, for the tests of the HTTP server. Everything ends by an event; the long timeout
 * of the sockets only keeps a broken server from hanging the test. */
#ifndef PUGMARK_TEST_NET_LOOPBACK_H
#define PUGMARK_TEST_NET_LOOPBACK_H

#include "base/slice.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOPBACK_TIMEOUT_S = 30 };

static inline int loopback_connect_from(uint32_t source, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct timeval timeout = {.tv_sec = LOOPBACK_TIMEOUT_S};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr = htonl(source);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static inline int loopback_connect(uint16_t port)
{
	return loopback_connect_from(INADDR_LOOPBACK, port);
}

/* False when the server has closed. */
static inline bool loopback_send(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		s = slice_from(s, (size_t)n);
	}
	return true;
}

static inline bool loopback_say(int fd, const char *text)
{
	return loopback_send(fd, slice_from_cstr(text));
}

/* Reads until `end` was seen `times` times, or the server closes; what came, with a NUL behind it. The caller frees. */
static inline char *loopback_read_until(int fd, const char *end, int times)
{
	size_t room = 65536, n = 0;
	char *text = malloc(room + 1);
	assert_non_null(text);
	text[0] = 0;
	while (times > 0) {
		if (n == room) {
			room *= 2;
			text = realloc(text, room + 1);
			assert_non_null(text);
		}
		/* Byte by byte, so that nothing behind the end is taken. */
		ssize_t got = recv(fd, text + n, 1, 0);
		if (got <= 0)
			break;
		n++;
		text[n] = 0;
		size_t length = strlen(end);
		if (n >= length && memcmp(text + n - length, end, length) == 0)
			times--;
	}
	return text;
}

/* Everything until the server closes. The caller frees. */
static inline char *loopback_read_all(int fd)
{
	size_t room = 65536, n = 0;
	char *text = malloc(room + 1);
	assert_non_null(text);
	for (;;) {
		if (n == room) {
			room *= 2;
			text = realloc(text, room + 1);
			assert_non_null(text);
		}
		ssize_t got = recv(fd, text + n, room - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	text[n] = 0;
	return text;
}

/* One whole answer: head and body by its Content-Length. The caller frees. */
static inline char *loopback_read_answer(int fd)
{
	char *head = loopback_read_until(fd, "\r\n\r\n", 1);
	const char *length = strcasestr(head, "\r\nContent-Length: ");
	size_t n = strlen(head), body = length ? strtoul(length + 18, NULL, 10) : 0;
	head = realloc(head, n + body + 1);
	assert_non_null(head);
	for (size_t at = 0; at < body;) {
		ssize_t got = recv(fd, head + n + at, body - at, 0);
		if (got <= 0)
			break;
		at += (size_t)got;
		head[n + at] = 0;
	}
	head[n + body] = 0;
	return head;
}

static inline int loopback_status(const char *answer)
{
	return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static inline const char *loopback_body(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");
	return end ? end + 4 : "";
}

static inline int loopback_count(const char *text, const char *what)
{
	int n = 0;
	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

#endif

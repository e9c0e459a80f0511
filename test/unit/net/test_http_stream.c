/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "loopback.h"
#include "net/http_stream.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

struct fixture {
	struct http_server *server;
	struct http_stream *stream; /* loop thread only */
	_Atomic int open, closed, full;
	_Atomic int parts; /* of the long answer that were asked for */
	int parts_wanted;  /* after which it ends; below 0: it is cut off after so many */
	struct byte_budget *budget;
};

static void on_closed(void *user, struct http_stream *stream)
{
	struct fixture *f = user;
	if (f->stream == stream)
		f->stream = NULL;
	f->closed++;
}

static void fill(struct fixture *f)
{
	static char block[65536];
	memset(block, 'b', sizeof block);
	for (int i = 0; i < 1000 && !f->full; i++)
		f->full = http_stream_write(f->stream, slice_of(block, sizeof block)) == STATUS_FULL;
	http_stream_close(f->stream);
}

enum { PART = 100000 };

/* Part k is 100,000 times the same letter. */
static struct slice part(int k)
{
	static char bytes[PART];
	memset(bytes, 'a' + k % 26, sizeof bytes);
	return slice_of(bytes, sizeof bytes);
}

static void on_drained(void *user, struct http_stream *stream)
{
	struct fixture *f = user;
	int k = f->parts++;
	if (k == f->parts_wanted)
		http_stream_end(stream);
	else if (k == -f->parts_wanted)
		http_stream_close(stream);
	else
		assert_int_equal(http_stream_write(stream, part(k)), STATUS_OK);
}

static void open_long(struct fixture *f, struct http_request *request)
{
	struct http_header type = {SLICE("Content-Type"), SLICE("application/x-ndjson")};
	struct http_stream_owner owner = {on_closed, on_drained, f};
	f->stream = http_answer_long(request, 200, &type, 1, &owner);
	f->open++;
}

/* /stream opens one, /long a long answer; the others act on it. */
static void handle(void *user, struct http_request *request)
{
	struct fixture *f = user;
	struct slice path = http_request_path(request);
	if (slice_equal(path, SLICE("/stream"))) {
		struct http_header type = {SLICE("Content-Type"), SLICE("text/event-stream")};
		f->stream = http_answer_stream(request, 200, &type, 1, on_closed, f);
		assert_int_equal(http_stream_write(f->stream, SLICE("data: hello\n\n")), STATUS_OK);
		f->open++;
		return;
	}
	if (slice_equal(path, SLICE("/long"))) {
		open_long(f, request);
		return;
	}
	if (slice_equal(path, SLICE("/write")) && f->stream)
		assert_int_equal(http_stream_write(f->stream, http_request_query(request)), STATUS_OK);
	if (slice_equal(path, SLICE("/close")) && f->stream) {
		http_stream_close(f->stream);
		assert_int_equal(http_stream_write(f->stream, SLICE("late")), STATUS_END);
	}
	if (slice_equal(path, SLICE("/fill")) && f->stream)
		fill(f);
	http_answer(request, 200, NULL, 0, SLICE_EMPTY);
}

static void *loop_start(void *user, struct http_loop *loop)
{
	(void)loop;
	return user;
}

static void start_with(struct fixture *f, int parts_wanted, struct byte_budget *budget)
{
	struct http_server_config config = {.address = "127.0.0.1",
					    .loops = 1,
					    .loop_start = loop_start,
					    .handle = handle,
					    .user = f,
					    .budget = budget};
	struct err err;
	config.limits.write_timeout_ms = 300;
	*f = (struct fixture){.parts_wanted = parts_wanted, .budget = budget};
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
}

static void start(struct fixture *f)
{
	start_with(f, 0, NULL);
}

static int get(const struct fixture *f, const char *path)
{
	char request[200];
	int fd = loopback_connect(http_server_port(f->server));
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	loopback_say(fd, request);
	return fd;
}

static void act(const struct fixture *f, const char *path)
{
	int fd = get(f, path);
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), 200);
	free(answer);
	close(fd);
}

static void wait_until_closed(struct fixture *f)
{
	while (!f->closed)
		usleep(1000);
}

static void test_a_stream_carries_what_is_written_until_it_is_closed(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = get(&f, "/stream");
	char *head = loopback_read_until(fd, "\r\n\r\n", 1);
	assert_int_equal(loopback_status(head), 200);
	assert_non_null(strstr(head, "Content-Type: text/event-stream\r\n"));
	assert_null(strstr(head, "Content-Length"));
	char *hello = loopback_read_until(fd, "\n\n", 1);
	assert_string_equal(hello, "data: hello\n\n");
	act(&f, "/write?one");
	char *one = loopback_read_until(fd, "one", 1);
	assert_string_equal(one, "one");
	loopback_say(fd, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n"); /* nobody reads what follows a stream */
	act(&f, "/write?two");
	act(&f, "/close");
	char *rest = loopback_read_all(fd);
	assert_string_equal(rest, "two");
	wait_until_closed(&f);
	assert_int_equal(f.closed, 1);
	free(head);
	free(hello);
	free(one);
	free(rest);
	close(fd);
	http_server_stop(&f.server, 1000);
	assert_int_equal(f.closed, 1);
}

static void test_a_client_that_goes_away_closes_its_stream(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = get(&f, "/stream");
	char *head = loopback_read_until(fd, "\n\n", 1);
	close(fd);
	wait_until_closed(&f);
	free(head);
	http_server_stop(&f.server, 1000);
	assert_int_equal(f.closed, 1);
}

static void test_a_stream_whose_client_does_not_read_fills_up_and_is_cut_off(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = get(&f, "/stream");
	while (!f.open)
		usleep(1000);
	act(&f, "/fill");
	assert_int_equal(f.full, 1);
	wait_until_closed(&f); /* by the write timeout */
	close(fd);
	http_server_stop(&f.server, 1000);
}

static void test_all_that_was_written_before_the_close_arrives(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = get(&f, "/stream");
	while (!f.open)
		usleep(1000);
	act(&f, "/fill");
	char *all = loopback_read_all(fd);
	assert_true(strlen(all) > (1 << 20) - 65536);
	free(all);
	close(fd);
	http_server_stop(&f.server, 1000);
	assert_int_equal(f.closed, 1);
}

static void test_a_stop_ends_streams(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = get(&f, "/stream");
	while (!f.open)
		usleep(1000);
	http_server_stop(&f.server, 30000);
	assert_int_equal(f.closed, 1);
	char *all = loopback_read_all(fd);
	assert_string_equal(loopback_body(all), "data: hello\n\n");
	free(all);
	close(fd);
}

static void test_head_of_a_stream_is_its_headers(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = loopback_connect(http_server_port(f.server));
	loopback_say(fd, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	char *all = loopback_read_all(fd);
	assert_int_equal(loopback_status(all), 200);
	assert_string_equal(loopback_body(all), "");
	wait_until_closed(&f);
	free(all);
	close(fd);
	http_server_stop(&f.server, 1000);
}

/* ---- Long answers */

static int ask(const struct fixture *f, const char *line)
{
	char request[200];
	int fd = loopback_connect(http_server_port(f->server));
	snprintf(request, sizeof request, "%s\r\nHost: a\r\n\r\n", line);
	loopback_say(fd, request);
	return fd;
}

/* Takes one chunk off the front of *at; its bytes, of which there are none in the last one. */
static struct slice next_chunk(const char **at)
{
	char *end;
	size_t n = strtoul(*at, &end, 16);
	assert_memory_equal(end, "\r\n", 2);
	assert_memory_equal(end + 2 + n, "\r\n", 2);
	*at = end + 4 + n;
	return slice_of(end + 2, n);
}

static void test_a_long_answer_comes_in_chunks_and_says_that_it_is_whole(void **state)
{
	struct fixture f;
	(void)state;
	start_with(&f, 60, NULL);
	int fd = ask(&f, "GET /long HTTP/1.1");
	char *all = loopback_read_all(fd);
	const char *at = loopback_body(all);
	assert_non_null(strstr(all, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_non_null(strstr(all, "\r\nConnection: close\r\n"));
	for (int k = 0; k < 60; k++)
		assert_true(slice_equal(next_chunk(&at), part(k)));
	assert_int_equal(next_chunk(&at).n, 0);
	assert_string_equal(at, "");
	wait_until_closed(&f);
	assert_int_equal(f.parts, 61);
	free(all);
	close(fd);
	http_server_stop(&f.server, 1000);
	assert_int_equal(f.closed, 1);
}

/* How the connection ends after all that is there was read: 0, or an errno. */
static int read_end(int fd, size_t *ret_n)
{
	static char bytes[65536];
	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);
		if (n <= 0)
			return n == 0 ? 0 : errno;
		*ret_n += (size_t)n;
	}
}

static void test_to_http_1_0_it_ends_with_the_connection(void **state)
{
	struct fixture f;
	size_t n = 0;
	(void)state;
	start_with(&f, 30, NULL);
	int fd = ask(&f, "GET /long HTTP/1.0");
	char *head = loopback_read_until(fd, "\r\n\r\n", 1);
	assert_null(strstr(head, "Transfer-Encoding"));
	assert_int_equal(read_end(fd, &n), 0);
	assert_int_equal(n, 30 * PART);
	free(head);
	close(fd);
	http_server_stop(&f.server, 1000);
}

static void test_one_that_is_cut_off_ends_with_an_error(void **state)
{
	static const char *const lines[] = {"GET /long HTTP/1.1", "GET /long HTTP/1.0"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		size_t n = 0;
		start_with(&f, -3, NULL);
		int fd = ask(&f, lines[i]);
		assert_int_equal(read_end(fd, &n), ECONNRESET);
		wait_until_closed(&f);
		close(fd);
		http_server_stop(&f.server, 1000);
		assert_int_equal(f.closed, 1);
	}
}

static void test_head_of_a_long_answer_is_its_headers(void **state)
{
	struct fixture f;
	(void)state;
	start_with(&f, 30, NULL);
	int fd = ask(&f, "HEAD /long HTTP/1.1");
	char *all = loopback_read_all(fd);
	assert_non_null(strstr(all, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_string_equal(loopback_body(all), "");
	wait_until_closed(&f);
	assert_int_equal(f.parts, 0);
	free(all);
	close(fd);
	http_server_stop(&f.server, 1000);
}

/* The kernel takes some megabytes for a client that does not read; nothing is made beyond that. */
static void test_it_is_made_no_faster_than_it_is_read_and_ends_without_a_reader(void **state)
{
	struct fixture f;
	size_t n = 0;
	struct byte_budget *budget = byte_budget_new(1 << 20);
	(void)state;
	start_with(&f, 10000, budget);
	int fd = ask(&f, "GET /long HTTP/1.1");
	wait_until_closed(&f); /* by the write timeout */
	assert_true(f.parts < 1000);
	assert_int_equal(byte_budget_counts(budget).taken, 0);
	assert_int_equal(read_end(fd, &n), ECONNRESET);
	close(fd);
	http_server_stop(&f.server, 1000);
	assert_int_equal(f.closed, 1);
	byte_budget_free(&budget);
}

static void test_it_goes_on_when_others_have_taken_the_budget(void **state)
{
	struct fixture f;
	size_t n = 0;
	struct byte_budget *budget = byte_budget_new(1 << 20);
	(void)state;
	byte_budget_take_anyway(budget, 1 << 20);
	start_with(&f, 30, budget);
	int fd = ask(&f, "GET /long HTTP/1.0");
	assert_int_equal(read_end(fd, &n), 0);
	assert_true(n > 30 * PART);
	close(fd);
	http_server_stop(&f.server, 1000);
	assert_int_equal(byte_budget_counts(budget).taken, 1 << 20);
	byte_budget_free(&budget);
}

static void test_a_client_that_leaves_ends_it(void **state)
{
	struct fixture f;
	(void)state;
	start_with(&f, 10000, NULL);
	int fd = ask(&f, "GET /long HTTP/1.1");
	char *head = loopback_read_until(fd, "\r\n\r\n", 1);
	close(fd);
	wait_until_closed(&f);
	assert_true(f.parts < 1000);
	free(head);
	http_server_stop(&f.server, 1000);
	assert_int_equal(f.closed, 1);
}

struct reader {
	int fd, end;
	size_t n;
};

static void *read_in_peace(void *self)
{
	struct reader *reader = self;
	reader->end = read_end(reader->fd, &reader->n);
	return NULL;
}

static void test_a_stop_lets_it_come_to_its_end(void **state)
{
	struct fixture f;
	pthread_t thread;
	(void)state;
	start_with(&f, 300, NULL);
	struct reader reader = {.fd = ask(&f, "GET /long HTTP/1.0")};
	while (!f.open)
		usleep(1000);
	assert_int_equal(pthread_create(&thread, NULL, read_in_peace, &reader), 0);
	http_server_stop(&f.server, 30000);
	assert_int_equal(f.closed, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(reader.end, 0);
	assert_true(reader.n > 300 * PART);
	close(reader.fd);
}

static void test_a_stop_that_cannot_wait_cuts_it_off(void **state)
{
	struct fixture f;
	size_t n = 0;
	(void)state;
	start_with(&f, 1000, NULL);
	int fd = ask(&f, "GET /long HTTP/1.0");
	while (!f.open)
		usleep(1000);
	http_server_stop(&f.server, 0);
	assert_int_equal(f.closed, 1);
	assert_int_equal(read_end(fd, &n), ECONNRESET);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_stream_carries_what_is_written_until_it_is_closed),
	    cmocka_unit_test(test_a_client_that_goes_away_closes_its_stream),
	    cmocka_unit_test(test_a_stream_whose_client_does_not_read_fills_up_and_is_cut_off),
	    cmocka_unit_test(test_all_that_was_written_before_the_close_arrives),
	    cmocka_unit_test(test_a_stop_ends_streams),
	    cmocka_unit_test(test_head_of_a_stream_is_its_headers),
	    cmocka_unit_test(test_a_long_answer_comes_in_chunks_and_says_that_it_is_whole),
	    cmocka_unit_test(test_to_http_1_0_it_ends_with_the_connection),
	    cmocka_unit_test(test_one_that_is_cut_off_ends_with_an_error),
	    cmocka_unit_test(test_head_of_a_long_answer_is_its_headers),
	    cmocka_unit_test(test_it_is_made_no_faster_than_it_is_read_and_ends_without_a_reader),
	    cmocka_unit_test(test_it_goes_on_when_others_have_taken_the_budget),
	    cmocka_unit_test(test_a_client_that_leaves_ends_it),
	    cmocka_unit_test(test_a_stop_lets_it_come_to_its_end),
	    cmocka_unit_test(test_a_stop_that_cannot_wait_cuts_it_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

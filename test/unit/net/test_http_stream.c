/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "loopback.h"
#include "net/http_server.h"
#include <stdatomic.h>

struct fixture {
	struct http_server *server;
	struct http_stream *stream; /* loop thread only */
	_Atomic int open, closed, full;
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

/* /stream opens one; the others act on it. */
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

static void start(struct fixture *f)
{
	struct http_server_config config = {
	    .address = "127.0.0.1", .loops = 1, .loop_start = loop_start, .handle = handle, .user = f};
	struct err err;
	config.limits.write_timeout_ms = 300;
	*f = (struct fixture){0};
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_stream_carries_what_is_written_until_it_is_closed),
	    cmocka_unit_test(test_a_client_that_goes_away_closes_its_stream),
	    cmocka_unit_test(test_a_stream_whose_client_does_not_read_fills_up_and_is_cut_off),
	    cmocka_unit_test(test_all_that_was_written_before_the_close_arrives),
	    cmocka_unit_test(test_a_stop_ends_streams),
	    cmocka_unit_test(test_head_of_a_stream_is_its_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

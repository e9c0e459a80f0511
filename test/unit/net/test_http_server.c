/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/mem.h"
#include "loopback.h"
#include "net/http_server.h"
#include <pthread.h>
#include <stdatomic.h>

static const char gif[] = "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 5\r\n\r\nGIF89";
enum { GIF_HEAD = sizeof gif - 1 - 5, LATE_MAX = 64 };

/* One loop; what the handler does is said by the path. */
struct fixture {
	struct http_server *server;
	struct http_request *late[LATE_MAX]; /* loop thread only */
	size_t late_count;
	_Atomic int handled, gone, turns, starts, stops, waiting;
};

static void answer_text(struct http_request *request, struct slice body)
{
	struct http_header type = {SLICE("Content-Type"), SLICE("text/plain")};
	http_answer(request, 200, &type, 1, body);
}

/* Tells a request back, from its slices. */
static void tell(struct http_request *request)
{
	struct buf b;
	struct slice name = http_request_header(request, SLICE("X-NAME"));
	buf_init(&b, 64 << 20);
	buf_printf(&b, "%d|%.*s|%.*s|%.*s|", http_request_method(request), SLICE_FMT(http_request_path(request)),
		   SLICE_FMT(http_request_query(request)), (int)name.n, name.p ? name.p : "");
	buf_append(&b, http_request_body(request));
	answer_text(request, buf_slice(&b));
	buf_done(&b);
}

static void on_gone(void *user, struct http_request *request)
{
	struct fixture *f = user;
	(void)request;
	f->gone++;
}

static void release(struct fixture *f)
{
	size_t n = f->late_count;
	f->late_count = 0;
	f->waiting = 0;
	while (n-- > 0) /* the last first: the order on the wire must not depend on it */
		tell(f->late[n]);
}

static void handle(void *user, struct http_request *request)
{
	struct fixture *f = user;
	struct slice path = http_request_path(request);
	f->handled++;
	if (slice_equal(path, SLICE("/gif"))) {
		http_answer_static(request, slice_of(gif, sizeof gif - 1), GIF_HEAD);
	} else if (slice_equal(path, SLICE("/whole"))) {
		char *text = mem_copy(slice_of(gif, sizeof gif - 1));
		http_answer_whole(request, slice_from_cstr(text), GIF_HEAD);
		memset(text, 'x', strlen(text));
		mem_free(text);
	} else if (slice_starts_with(path, SLICE("/late"))) {
		http_request_on_gone(request, on_gone, f);
		f->late[f->late_count++] = request;
		f->waiting = (int)f->late_count;
	} else if (slice_equal(path, SLICE("/forget"))) {
		http_request_release_input(request);
		f->late[f->late_count++] = request;
		f->waiting = (int)f->late_count;
	} else if (slice_equal(path, SLICE("/release"))) {
		tell(request);
		release(f);
	} else if (slice_equal(path, SLICE("/empty"))) {
		http_answer(request, 204, NULL, 0, SLICE("never sent"));
	} else if (slice_equal(path, SLICE("/arena"))) {
		answer_text(request, arena_printf(http_request_arena(request), "%d", 42));
	} else {
		tell(request);
	}
}

static void *loop_start(void *user, struct http_loop *loop)
{
	struct fixture *f = user;
	assert_non_null(http_loop_uv(loop));
	f->starts++;
	return f;
}

static void loop_stop(void *user, struct http_loop *loop, void *loop_user)
{
	struct fixture *f = loop_user;
	(void)loop;
	assert_ptr_equal(user, loop_user);
	f->stops++;
}

static void loop_turn(void *loop_user)
{
	struct fixture *f = loop_user;
	f->turns++;
}

static struct http_server_config config_for(struct fixture *f)
{
	return (struct http_server_config){
	    .address = "127.0.0.1",
	    .loops = 1,
	    .loop_start = loop_start,
	    .loop_stop = loop_stop,
	    .loop_turn = loop_turn,
	    .handle = handle,
	    .user = f,
	};
}

static void start(struct fixture *f)
{
	struct http_server_config config = config_for(f);
	struct err err;
	*f = (struct fixture){0};
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
}

static uint16_t port_of(const struct fixture *f)
{
	return http_server_port(f->server);
}

static void stop(struct fixture *f)
{
	http_server_stop(&f->server, 10000);
	assert_null(f->server);
	assert_int_equal(f->starts, f->stops);
}

static void expect_answer(int fd, int status, const char *body)
{
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), status);
	assert_string_equal(loopback_body(answer), body);
	free(answer);
}

static void test_a_connection_is_kept_and_serves_many_requests(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = loopback_connect(port_of(&f));
	for (int i = 0; i < 100; i++) {
		loopback_say(fd, "GET /gif HTTP/1.1\r\nHost: a\r\n\r\n");
		expect_answer(fd, 200, "GIF89");
		loopback_say(fd, "GET /p?q=1 HTTP/1.1\r\nHost: a\r\nx-Name:  v w \r\n\r\n");
		expect_answer(fd, 200, "0|/p|q=1|v w|");
		loopback_say(fd, "GET /whole HTTP/1.1\r\nHost: a\r\n\r\n");
		expect_answer(fd, 200, "GIF89");
	}
	struct http_counters counters;
	http_server_counters(f.server, &counters);
	assert_int_equal(counters.requests, 300);
	assert_int_equal(counters.accepted, 1);
	assert_int_equal(counters.open_now, 1);
	assert_true(f.turns > 0);
	close(fd);
	stop(&f);
}

static void test_pipelined_answers_keep_the_order_of_the_requests(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET /late1 HTTP/1.1\r\nHost: a\r\nX-Name: one\r\n\r\n"
			 "GET /gif HTTP/1.1\r\nHost: a\r\n\r\n"
			 "POST /late2 HTTP/1.1\r\nHost: a\r\nX-Name: two\r\nContent-Length: 4\r\n\r\nbody"
			 "GET /forget HTTP/1.1\r\nHost: a\r\nX-Name: three\r\n\r\n"
			 "POST /late3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
			 "GET /release HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_answer(fd, 200, "0|/late1||one|");
	expect_answer(fd, 200, "GIF89");
	expect_answer(fd, 200, "2|/late2||two|body");
	expect_answer(fd, 200, "0||||");
	expect_answer(fd, 200, "2|/late3|||abc");
	expect_answer(fd, 200, "0|/release|||");
	close(fd);
	stop(&f);
}

/* More than a connection may owe: reading pauses in the middle of the buffer and goes on. */
static void test_a_thousand_pipelined_requests_are_answered_in_order(void **state)
{
	struct fixture f;
	struct buf all;
	(void)state;
	start(&f);
	buf_init(&all, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_printf(&all, "GET /%s%d HTTP/1.1\r\nHost: a\r\n\r\n", i % 40 == 5 ? "late" : "n", i);
	int fd = loopback_connect(port_of(&f));
	assert_true(loopback_send(fd, buf_slice(&all)));
	for (int i = 0; i < 1000; i++) {
		char want[64];
		if (i % 40 == 5) { /* nothing behind it can come before somebody else lets it go */
			int other = loopback_connect(port_of(&f));
			while (f.waiting == 0)
				usleep(1000);
			loopback_say(other, "GET /release HTTP/1.1\r\nHost: a\r\n\r\n");
			expect_answer(other, 200, "0|/release|||");
			close(other);
		}
		snprintf(want, sizeof want, "0|/%s%d|||", i % 40 == 5 ? "late" : "n", i);
		expect_answer(fd, 200, want);
	}
	assert_true(f.handled > 1000);
	buf_done(&all);
	close(fd);
	stop(&f);
}

static void test_a_request_may_be_cut_anywhere(void **state)
{
	static const char text[] =
	    "\r\nPOST /cut?a HTTP/1.1\r\nHost: a\r\nX-Name: n\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5;x=\"y\"\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n"
	    "PUT /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
	struct fixture f;
	(void)state;
	start(&f);
	for (size_t cut = 1; cut < sizeof text - 1; cut++) {
		int fd = loopback_connect(port_of(&f));
		loopback_send(fd, slice_of(text, cut));
		if (cut % 2) /* makes sure that the server saw the first part alone, now and then */
			sched_yield();
		loopback_send(fd, slice_of(text + cut, sizeof text - 1 - cut));
		expect_answer(fd, 200, "2|/cut|a|n|hello!");
		expect_answer(fd, 200, "3|/cut|||abc");
		close(fd);
	}
	int fd = loopback_connect(port_of(&f));
	for (size_t i = 0; i < sizeof text - 1; i++)
		loopback_send(fd, slice_of(text + i, 1));
	expect_answer(fd, 200, "2|/cut|a|n|hello!");
	expect_answer(fd, 200, "3|/cut|||abc");
	close(fd);
	stop(&f);
}

static void test_head_gets_the_headers_of_get_and_no_body(void **state)
{
	static const struct {
		const char *path, *length;
	} cases[] = {
	    {"/gif", "Content-Length: 5\r\n"}, {"/whole", "Content-Length: 5\r\n"}, {"/x", "Content-Length: 7\r\n"}};
	struct fixture f;
	(void)state;
	start(&f);
	for (size_t i = 0; i < 3; i++) {
		char request[80];
		int fd = loopback_connect(port_of(&f));
		snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			 cases[i].path);
		loopback_say(fd, request);
		char *answer = loopback_read_all(fd);
		assert_int_equal(loopback_status(answer), 200);
		assert_non_null(strstr(answer, cases[i].length));
		assert_string_equal(loopback_body(answer), "");
		free(answer);
		close(fd);
	}
	stop(&f);
}

static void test_answers_have_date_and_length_and_say_when_they_close(void **state)
{
	static const struct {
		const char *request, *has, *has_not;
		bool closes;
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nDate: ", "Connection:", false},
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", " GMT\r\n", "Server:", false},
	    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "\r\nConnection: close\r\n", "keep-alive", true},
	    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "\r\nConnection: close\r\n", "keep-alive",
	     true},
	    {"GET / HTTP/1.0\r\n\r\n", "\r\nConnection: close\r\n", "keep-alive", true},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "\r\nConnection: keep-alive\r\n", "close", false},
	    {"GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 204 No Content\r\n", "Content-Length", false},
	    {"GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 204 No Content\r\n", "never sent", false},
	    {"GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n", "0|/b|c|", "Connection", false},
	    {"GET http://a?c HTTP/1.1\r\nHost: a\r\n\r\n", "0|/|c|", "Connection", false},
	    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "6|*||", "Connection", false},
	    {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "7|/||", "Connection", false},
	    {"GET /arena HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n42", "Connection", false},
	};
	struct fixture f;
	(void)state;
	start(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int fd = loopback_connect(port_of(&f));
		char byte;
		loopback_say(fd, cases[i].request);
		char *answer = loopback_read_answer(fd);
		if (!strstr(answer, cases[i].has) || strstr(answer, cases[i].has_not))
			fail_msg("case %zu: got %s", i, answer);
		if (cases[i].closes) {
			assert_int_equal(recv(fd, &byte, 1, 0), 0);
		} else {
			loopback_say(fd, "GET /gif HTTP/1.1\r\nHost: a\r\n\r\n");
			expect_answer(fd, 200, "GIF89");
		}
		free(answer);
		close(fd);
	}
	stop(&f);
}

static void test_expect_continue_is_answered_before_the_body(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = loopback_connect(port_of(&f));
	for (int i = 0; i < 3; i++) {
		loopback_say(fd, "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
		char *head = loopback_read_until(fd, "\r\n\r\n", 1);
		assert_string_equal(head, "HTTP/1.1 100 Continue\r\n\r\n");
		free(head);
		loopback_say(fd, "ok");
		expect_answer(fd, 200, "2|/e|||ok");
	}
	/* After answers that are owed, and not at all when the body is there already. */
	loopback_say(fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
			 "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	int other = loopback_connect(port_of(&f));
	while (f.waiting == 0)
		usleep(1000);
	loopback_say(other, "POST /release HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
	expect_answer(other, 200, "2|/release|||ok");
	expect_answer(fd, 200, "0|/late|||");
	char *head = loopback_read_until(fd, "\r\n\r\n", 1);
	assert_string_equal(head, "HTTP/1.1 100 Continue\r\n\r\n");
	free(head);
	loopback_say(fd, "ok");
	expect_answer(fd, 200, "2|/e|||ok");
	loopback_say(fd, "POST /e HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\nok");
	char *answer = loopback_read_all(fd);
	assert_int_equal(loopback_status(answer), 417);
	free(answer);
	close(other);
	close(fd);
	stop(&f);
}

static void test_large_bodies_and_answers_come_whole(void **state)
{
	enum { SIZE = 5 << 20 };
	struct fixture f;
	struct buf b;
	(void)state;
	start(&f);
	buf_init(&b, SIZE + 1000);
	buf_printf(&b, "POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", SIZE);
	size_t head = b.n;
	for (int i = 0; i < SIZE; i++)
		buf_append_byte(&b, (char)('a' + i % 23));
	int fd = loopback_connect(port_of(&f));
	for (int i = 0; i < 2; i++) {
		assert_true(loopback_send(fd, buf_slice(&b)));
		char *answer = loopback_read_answer(fd);
		const char *body = loopback_body(answer);
		assert_int_equal(strlen(body), SIZE + strlen("2|/big|||"));
		assert_memory_equal(body + strlen("2|/big|||"), b.p + head, SIZE);
		free(answer);
	}
	buf_done(&b);
	close(fd);
	stop(&f);
}

static void test_a_client_that_ends_its_side_still_gets_its_answers(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /gif HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(fd, SHUT_WR);
	while (f.gone == 0)
		usleep(1000);
	int other = loopback_connect(port_of(&f));
	loopback_say(other, "GET /release HTTP/1.1\r\nHost: a\r\n\r\n");
	char *all = loopback_read_all(fd);
	assert_int_equal(loopback_count(all, "HTTP/1.1 200 OK"), 2);
	assert_int_equal(f.gone, 1);
	free(all);
	close(fd);
	close(other);
	stop(&f);
}

static void test_a_request_whose_client_is_gone_can_still_be_answered(void **state)
{
	struct fixture f;
	struct linger reset = {1, 0};
	(void)state;
	start(&f);
	int fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting < 2)
		usleep(1000);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	while (f.gone < 2)
		usleep(1000);
	fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET /release HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_answer(fd, 200, "0|/release|||");
	close(fd);
	stop(&f);
}

struct stop_call {
	struct fixture *f;
	int timeout_ms;
};

static void *stop_in_thread(void *user)
{
	struct stop_call *call = user;
	http_server_shut_down(call->f->server, call->timeout_ms);
	return NULL;
}

struct release_job {
	struct http_job job;
	struct fixture *f;
};

static void run_release(struct http_job *job)
{
	release(((struct release_job *)(void *)job)->f);
}

static void *remember_loop(void *user, struct http_loop *loop)
{
	struct fixture *f = user;
	f->late[LATE_MAX - 1] = (struct http_request *)(void *)loop; /* the last place is never used by requests here */
	f->starts++;                                                 /* whoever sees this sees the other, too */
	return f;
}

static struct http_loop *start_and_remember_loop(struct fixture *f)
{
	struct http_server_config config = config_for(f);
	struct err err;
	config.loop_start = remember_loop;
	*f = (struct fixture){0};
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
	int fd = loopback_connect(port_of(f));
	loopback_say(fd, "GET /gif HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_answer(fd, 200, "GIF89");
	close(fd);
	assert_int_equal(f->starts, 1);
	return (struct http_loop *)(void *)f->late[LATE_MAX - 1];
}

static void test_stopping_lets_pending_requests_be_answered_and_closes_idle_ones(void **state)
{
	struct fixture f;
	char byte;
	(void)state;
	struct http_loop *loop = start_and_remember_loop(&f);
	int idle = loopback_connect(port_of(&f)), busy = loopback_connect(port_of(&f));
	loopback_say(busy, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting == 0)
		usleep(1000);
	struct stop_call call = {&f, 30000};
	pthread_t thread;
	pthread_create(&thread, NULL, stop_in_thread, &call);
	assert_int_equal(recv(idle, &byte, 1, 0), 0); /* closed: the stop is under way */
	struct release_job release_job = {{NULL, run_release}, &f};
	assert_true(http_loop_post(loop, &release_job.job));
	char *all = loopback_read_all(busy);
	assert_int_equal(loopback_status(all), 200);
	assert_non_null(strstr(all, "\r\nConnection: close\r\n"));
	pthread_join(thread, NULL);
	assert_false(http_loop_post(loop, &release_job.job));
	assert_int_equal(f.stops, 1);
	http_server_free(&f.server);
	free(all);
	close(idle);
	close(busy);
}

static void test_a_stop_cuts_off_what_takes_too_long(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting == 0)
		usleep(1000);
	http_server_stop(&f.server, 50);
	char *all = loopback_read_all(fd);
	assert_string_equal(all, "");
	assert_int_equal(f.gone, 1);
	free(all);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_connection_is_kept_and_serves_many_requests),
	    cmocka_unit_test(test_pipelined_answers_keep_the_order_of_the_requests),
	    cmocka_unit_test(test_a_thousand_pipelined_requests_are_answered_in_order),
	    cmocka_unit_test(test_a_request_may_be_cut_anywhere),
	    cmocka_unit_test(test_head_gets_the_headers_of_get_and_no_body),
	    cmocka_unit_test(test_answers_have_date_and_length_and_say_when_they_close),
	    cmocka_unit_test(test_expect_continue_is_answered_before_the_body),
	    cmocka_unit_test(test_large_bodies_and_answers_come_whole),
	    cmocka_unit_test(test_a_client_that_ends_its_side_still_gets_its_answers),
	    cmocka_unit_test(test_a_request_whose_client_is_gone_can_still_be_answered),
	    cmocka_unit_test(test_stopping_lets_pending_requests_be_answered_and_closes_idle_ones),
	    cmocka_unit_test(test_a_stop_cuts_off_what_takes_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

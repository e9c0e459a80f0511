/* SPDX-License-Identifier: Apache-2.0 */
/* Who says whether a body is read, and what all bodies and answers may hold together. What admit() does is in the path:
 * "/read", "/ask-read", "/refuse", "/ask-refuse", "/keep"; an asked request is decided by the test. */
#include "base/buf.h"
#include "base/byte_budget.h"
#include "loopback.h"
#include "net/http_server.h"
#include <pthread.h>
#include <stdatomic.h>

enum { MAX = 100000, BUDGET = 1 << 20 };

struct fixture {
	struct http_server *server;
	struct byte_budget *budget;
	_Atomic int handled, asked;
	struct http_job decide;
	struct http_request *_Atomic waiting;
	_Atomic bool reads;
	_Atomic enum byte_budget_share share;
};

static bool path_is(const struct http_request *request, const char *path)
{
	return slice_equal(http_request_path(request), slice_from_cstr(path));
}

static void answer_refusal(struct http_request *request)
{
	http_answer(request, 401, NULL, 0, SLICE("no"));
}

static void run_decision(struct http_job *job)
{
	struct fixture *f = (struct fixture *)(void *)((char *)job - offsetof(struct fixture, decide));
	struct http_request *request = atomic_exchange(&f->waiting, NULL);
	if (f->reads)
		http_request_read_body(request, MAX, f->share);
	else
		answer_refusal(request);
}

static void admit(void *user, struct http_request *request)
{
	struct fixture *f = user;
	if (path_is(request, "/read")) {
		http_request_read_body(request, MAX, f->share);
	} else if (path_is(request, "/refuse")) {
		answer_refusal(request);
	} else if (path_is(request, "/keep")) {
		f->waiting = request;
	} else {
		f->reads = path_is(request, "/ask-read");
		http_request_release_input(request);
		assert_int_equal(http_request_path(request).n, 0);
		f->waiting = request;
		f->asked++;
	}
}

static void handle(void *user, struct http_request *request)
{
	static char big[1 << 16];
	struct fixture *f = user;
	f->handled++;
	if (path_is(request, "/big")) {
		memset(big, 'x', sizeof big);
		http_answer_shared(request, 200, NULL, 0, slice_of(big, sizeof big));
	} else if (path_is(request, "/owned")) {
		struct buf body;
		buf_init(&body, 1 << 20);
		memset(buf_reserve(&body, 200000), 'y', 200000);
		buf_commit(&body, 200000);
		http_answer_owned(request, 200, NULL, 0, &body);
	} else if (path_is(request, "/hold")) {
		http_request_hold(request);
		f->waiting = request;
	} else {
		http_answer(request, 200, NULL, 0, http_request_body(request));
	}
}

static void *loop_start(void *user, struct http_loop *loop)
{
	struct fixture *f = user;
	(void)loop;
	f->decide.run = run_decision;
	return user;
}

static void start_with(struct fixture *f, struct http_limits limits)
{
	struct http_server_config config = {.address = "127.0.0.1",
					    .loops = 1,
					    .limits = limits,
					    .loop_start = loop_start,
					    .admit = admit,
					    .handle = handle,
					    .user = f};
	struct err err;
	*f = (struct fixture){.budget = byte_budget_new(BUDGET), .share = BUDGET_KNOWN};
	config.budget = f->budget;
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
}

static void start(struct fixture *f)
{
	start_with(f, (struct http_limits){0});
}

/* Whatever was taken from the budget has been given back. */
static void stop(struct fixture *f)
{
	http_server_stop(&f->server, 1000);
	assert_int_equal(byte_budget_counts(f->budget).taken, 0);
	byte_budget_free(&f->budget);
}

static int connect_to(const struct fixture *f)
{
	return loopback_connect(http_server_port(f->server));
}

static void wait_for_asked(struct fixture *f)
{
	while (!f->waiting)
		usleep(1000);
}

static struct http_loop *loop_of(const struct fixture *f)
{
	return http_request_loop(f->waiting);
}

static void decide(struct fixture *f)
{
	wait_for_asked(f);
	assert_true(http_loop_post(loop_of(f), &f->decide));
	while (f->waiting)
		usleep(1000);
}

static void say_post(int fd, const char *path, size_t n)
{
	char head[200];
	(void)snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", path, n);
	loopback_say(fd, head);
}

static void say_bytes(int fd, size_t n)
{
	char bytes[4096];
	memset(bytes, 'b', sizeof bytes);
	for (; n > 0; n -= n < sizeof bytes ? n : sizeof bytes)
		if (!loopback_send(fd, slice_of(bytes, n < sizeof bytes ? n : sizeof bytes)))
			return;
}

static char *answer_to(int fd, int status)
{
	char *answer = loopback_read_answer(fd);
	if (loopback_status(answer) != status)
		fail_msg("got %.200s", answer);
	return answer;
}

static void expect(int fd, int status)
{
	free(answer_to(fd, status));
}

static void expect_end(int fd)
{
	char byte;
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

static void test_a_body_that_is_let_in_arrives_whole(void **state)
{
	static const char *const paths[] = {"/read", "/ask-read"};
	struct fixture f;
	(void)state;
	start(&f);
	int fd = connect_to(&f);
	for (int i = 0; i < 4; i++) {
		const char *path = paths[i % 2];
		say_post(fd, path, MAX);
		say_bytes(fd, MAX / 2);
		if (i % 2)
			decide(&f);
		say_bytes(fd, MAX / 2);
		char *answer = answer_to(fd, 200);
		assert_int_equal(strlen(loopback_body(answer)), MAX);
		free(answer);
	}
	loopback_say(fd, "POST /ask-read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	decide(&f);
	loopback_say(fd, "0\r\n\r\n");
	char *answer = answer_to(fd, 200);
	assert_string_equal(loopback_body(answer), "hello");
	free(answer);
	close(fd);
	stop(&f);
}

static void test_an_expectation_is_met_once_the_body_is_wanted(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = connect_to(&f);
	loopback_say(fd, "POST /ask-read HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	decide(&f);
	char *interim = loopback_read_until(fd, "\r\n\r\n", 1);
	assert_int_equal(loopback_status(interim), 100);
	free(interim);
	loopback_say(fd, "hi");
	expect(fd, 200);
	loopback_say(fd, "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	expect(fd, 401);
	expect_end(fd);
	stop(&f);
}

static void test_a_refused_body_is_not_read_and_its_answer_comes_in_order(void **state)
{
	static const char *const paths[] = {"/refuse", "/ask-refuse", "/keep"};
	struct fixture f;
	(void)state;
	start(&f);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		int fd = connect_to(&f);
		loopback_say(fd, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
		say_post(fd, paths[i], 30000);
		loopback_say(fd, "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n");
		if (i > 0)
			decide(&f);
		expect(fd, 200);
		expect(fd, 401);
		expect_end(fd);
	}
	assert_int_equal(f.handled, 3); /* nothing that was said as a body was taken for a request */
	stop(&f);
}

static void test_a_body_that_is_longer_than_wanted_is_413(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = connect_to(&f);
	say_post(fd, "/read", MAX + 1);
	expect(fd, 413);
	close(fd);
	fd = connect_to(&f);
	say_post(fd, "/ask-read", MAX + 1);
	decide(&f);
	expect(fd, 413);
	close(fd);
	fd = connect_to(&f);
	loopback_say(fd, "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n");
	expect(fd, 413);
	close(fd);
	stop(&f);
}

static void test_a_client_that_left_while_somebody_was_asked_harms_nobody(void **state)
{
	struct linger at_once = {.l_onoff = 1};
	struct fixture f;
	(void)state;
	start(&f);
	for (int i = 0; i < 2; i++) {
		int fd = connect_to(&f);
		say_post(fd, i == 0 ? "/ask-read" : "/ask-refuse", 30000);
		wait_for_asked(&f);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		close(fd);
		decide(&f);
	}
	int fd = connect_to(&f);
	loopback_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	expect(fd, 200);
	close(fd);
	stop(&f);
}

static void test_a_stop_ends_with_a_request_that_nobody_decided(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = connect_to(&f);
	say_post(fd, "/ask-read", 30000);
	wait_for_asked(&f);
	http_server_stop(&f.server, 100);
	assert_int_equal(byte_budget_counts(f.budget).taken, 0);
	byte_budget_free(&f.budget);
	close(fd);
}

/* Two bodies of 300 KB would pass a stranger's half of 1 MiB; one who is known has all of it. */
static void test_the_budget_bounds_all_bodies_together(void **state)
{
	struct fixture f;
	(void)state;
	start_with(&f, (struct http_limits){.body_bytes = 400000});
	f.share = BUDGET_STRANGER;
	int fd[3];
	for (int i = 0; i < 3; i++) {
		fd[i] = connect_to(&f);
		say_post(fd[i], "/read", MAX);
		say_bytes(fd[i], MAX - 1);
	}
	while (byte_budget_counts(f.budget).taken < 3 * (MAX - 4096))
		usleep(1000);
	byte_budget_take_anyway(f.budget, BUDGET / 2);
	int late = connect_to(&f);
	say_post(late, "/read", MAX);
	say_bytes(late, MAX / 2);
	char *answer = answer_to(late, 503);
	assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
	free(answer);
	close(late);
	late = connect_to(&f); /* what fits into a connection's own buffer needs no budget */
	say_post(late, "/read", 3000);
	say_bytes(late, 3000);
	expect(late, 200);
	close(late);
	f.share = BUDGET_KNOWN;
	late = connect_to(&f);
	say_post(late, "/read", MAX);
	say_bytes(late, MAX);
	expect(late, 200);
	close(late);
	byte_budget_give(f.budget, BUDGET / 2);
	for (int i = 0; i < 3; i++) {
		say_bytes(fd[i], 1);
		expect(fd[i], 200);
		close(fd[i]);
	}
	assert_true(byte_budget_counts(f.budget).refused > 0);
	stop(&f);
}

static void test_a_burst_buys_no_silence(void **state)
{
	struct fixture f;
	(void)state;
	start_with(&f, (struct http_limits){.body_rate_ms = 200, .body_min_bytes_per_s = 100});
	int fd = connect_to(&f);
	say_post(fd, "/read", MAX);
	say_bytes(fd, MAX - 1);
	expect(fd, 408); /* on average it would have lasted for a quarter of an hour */
	close(fd);
	stop(&f);
}

static void test_answers_stop_when_they_are_not_read(void **state)
{
	struct fixture f;
	struct buf b;
	(void)state;
	start_with(&f, (struct http_limits){.write_timeout_ms = 100000});
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 400; i++)
		buf_append_cstr(&b, i % 2 ? "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
					  : "GET /owned HTTP/1.1\r\nHost: a\r\n\r\n");
	int fd = connect_to(&f);
	loopback_send(fd, buf_slice(&b));
	int before = -1;
	while (f.handled != before || before <= 0) { /* until nothing moves any more */
		before = f.handled;
		usleep(200000);
	}
	assert_true(f.handled < 100);                                 /* what the kernel took, and one or two */
	assert_true(byte_budget_counts(f.budget).taken < 2 * 200000); /* one, and what was pipelined */
	size_t left = 200 * 200000 + 200 * (1 << 16);
	char bytes[65536];
	for (ssize_t got = 1; left > 0 && got > 0; left -= (size_t)got < left ? (size_t)got : left)
		got = recv(fd, bytes, sizeof bytes, 0);
	while (f.handled < 400)
		usleep(1000);
	buf_done(&b);
	close(fd);
	stop(&f);
}

static void test_nothing_behind_a_held_request_is_handled_before_its_answer(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = connect_to(&f);
	loopback_say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_for_asked(&f);
	assert_int_equal(f.handled, 1);
	decide(&f);
	expect(fd, 401);
	expect(fd, 200);
	assert_int_equal(f.handled, 2);
	close(fd);
	stop(&f);
}

static void test_a_body_that_is_shared_or_taken_over_is_sent_as_it_is(void **state)
{
	struct fixture f;
	(void)state;
	start(&f);
	int fd = connect_to(&f);
	loopback_say(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /owned HTTP/1.1\r\nHost: a\r\n\r\n");
	char *big = answer_to(fd, 200), *owned = answer_to(fd, 200);
	assert_int_equal(loopback_count(loopback_body(big), "x"), 1 << 16);
	assert_int_equal(loopback_count(loopback_body(owned), "y"), 200000);
	loopback_say(fd, "HEAD /owned HTTP/1.1\r\nHost: a\r\n\r\n");
	char *head = loopback_read_until(fd, "\r\n\r\n", 1);
	assert_non_null(strstr(head, "Content-Length: 200000\r\n"));
	loopback_say(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
	expect(fd, 200);
	free(big);
	free(owned);
	free(head);
	close(fd);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_body_that_is_let_in_arrives_whole),
	    cmocka_unit_test(test_an_expectation_is_met_once_the_body_is_wanted),
	    cmocka_unit_test(test_a_refused_body_is_not_read_and_its_answer_comes_in_order),
	    cmocka_unit_test(test_a_body_that_is_longer_than_wanted_is_413),
	    cmocka_unit_test(test_a_client_that_left_while_somebody_was_asked_harms_nobody),
	    cmocka_unit_test(test_a_stop_ends_with_a_request_that_nobody_decided),
	    cmocka_unit_test(test_the_budget_bounds_all_bodies_together),
	    cmocka_unit_test(test_a_burst_buys_no_silence),
	    cmocka_unit_test(test_answers_stop_when_they_are_not_read),
	    cmocka_unit_test(test_nothing_behind_a_held_request_is_handled_before_its_answer),
	    cmocka_unit_test(test_a_body_that_is_shared_or_taken_over_is_sent_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

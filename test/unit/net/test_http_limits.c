/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "loopback.h"
#include "net/http_server.h"
#include <errno.h>
#include <stdatomic.h>

enum { LATER_MAX = 8 };

struct fixture {
	struct http_server *server;
	_Atomic int handled;
	_Atomic int turns;
	_Atomic bool is_held;                  /* the loop, in the handler of /hold */
	struct http_request *later[LATER_MAX]; /* requests of /later, which wait for `answer` */
	size_t later_count;
	struct http_loop *loop;
	struct http_job answer;
	enum byte_budget_share share; /* of bodies */
};

static void answer_later(struct http_job *job)
{
	struct fixture *f = (struct fixture *)(void *)((char *)job - offsetof(struct fixture, answer));
	while (f->later_count > 0)
		http_answer(f->later[--f->later_count], 200, NULL, 0, SLICE("late"));
}

static bool keep_for_later(struct fixture *f, struct http_request *request)
{
	if (!slice_equal(http_request_path(request), SLICE("/later")))
		return false;
	assert_true(f->later_count < LATER_MAX);
	http_request_release_input(request);
	f->later[f->later_count++] = request;
	return true;
}

static void handle(void *user, struct http_request *request)
{
	static char big[1 << 16];
	struct fixture *f = user;
	f->handled++;
	if (keep_for_later(f, request))
		return;
	while (f->is_held && slice_equal(http_request_path(request), SLICE("/hold")))
		usleep(1000);
	if (slice_equal(http_request_query(request), SLICE("known")))
		http_request_set_known(request);
	if (!slice_equal(http_request_path(request), SLICE("/big"))) {
		http_answer(request, 200, NULL, 0, SLICE("ok"));
		return;
	}
	memset(big, 'x', sizeof big);
	http_answer(request, 200, NULL, 0, slice_of(big, sizeof big));
}

static void *loop_start(void *user, struct http_loop *loop)
{
	struct fixture *f = user;
	f->loop = loop;
	f->answer.run = answer_later;
	return user;
}

static void count_turn(void *user)
{
	struct fixture *f = user;
	f->turns++;
}

static void read_any(void *user, struct http_request *request)
{
	struct fixture *f = user;
	http_request_read_body(request, UINT64_MAX, f->share);
}

static void start(struct fixture *f, struct http_limits limits)
{
	struct http_server_config config = {.address = "127.0.0.1",
					    .loops = 1,
					    .limits = limits,
					    .loop_start = loop_start,
					    .loop_turn = count_turn,
					    .admit = read_any,
					    .handle = handle,
					    .user = f};
	struct err err;
	*f = (struct fixture){0};
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
}

static uint16_t port_of(const struct fixture *f)
{
	return http_server_port(f->server);
}

static void expect_ok(int fd)
{
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), 200);
	free(answer);
}

static void append_times(struct buf *b, const char *text, size_t times)
{
	while (times-- > 0)
		buf_append_cstr(b, text);
}

static int status_for(const struct fixture *f, struct slice request)
{
	int fd = loopback_connect(port_of(f));
	loopback_send(fd, request);
	char *answer = loopback_read_answer(fd);
	int status = loopback_status(answer);
	free(answer);
	close(fd);
	return status;
}

static void test_each_size_limit_has_its_status(void **state)
{
	/* before, a text and how often, after; a last one that is just within the limit */
	static const struct {
		const char *before, *repeated, *after;
		size_t times;
		int status;
	} cases[] = {
	    {"GET /", "t", " HTTP/1.1\r\nHost: a\r\n\r\n", 199, 200},
	    {"GET /", "t", " HTTP/1.1\r\nHost: a\r\n\r\n", 200, 414},
	    {"GET /", "t", "", 1000, 414},
	    {"GET / HTTP/1.1\r\nHost: a\r\nX: ", "x", "\r\n\r\n", 900, 200},
	    {"GET / HTTP/1.1\r\nHost: a\r\nX: ", "x", "\r\n\r\n", 1000, 431},
	    {"GET / HTTP/1.1\r\nHost: a\r\nX: ", "x", "", 6000, 431},
	    {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", "\r\n", 9, 200},
	    {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", "\r\n", 10, 431},
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", "b", "", 5000, 200},
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5001\r\n\r\n", "b", "", 5001, 413},
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5001\r\nExpect: 100-continue\r\n\r\n", "", "", 1, 413},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "0\r\n\r\n", 1000,
	     200},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "0\r\n\r\n", 1001,
	     413},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1389\r\n", "", "", 1, 413},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=", "y", "", 300, 400},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", "\r\n", 1000, 400},
	};
	struct fixture f;
	(void)state;
	start(&f,
	      (struct http_limits){.header_bytes = 1000, .header_count = 10, .target_bytes = 200, .body_bytes = 5000});
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b;
		buf_init(&b, 1 << 20);
		buf_append_cstr(&b, cases[i].before);
		append_times(&b, cases[i].repeated, cases[i].times);
		buf_append_cstr(&b, cases[i].after);
		int got = status_for(&f, buf_slice(&b));
		if (got != cases[i].status)
			fail_msg("case %zu: got %d, want %d", i, got, cases[i].status);
		buf_done(&b);
	}
	http_server_stop(&f.server, 1000);
}

/* The client is slow on purpose: it says `first`, and then nothing but what `trickle` gives each 20 ms. */
static char *dawdle(const struct fixture *f, const char *first, const char *trickle)
{
	int fd = loopback_connect(port_of(f));
	struct timeval tick = {.tv_usec = 20000};
	char *all = calloc(1, 4096);
	size_t n = 0;
	ssize_t got = -1;
	assert_non_null(all);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick);
	loopback_say(fd, first);
	for (int i = 0; i < 1500 && got != 0; i++) {
		got = recv(fd, all + n, 4095 - n, 0);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0 && !loopback_say(fd, trickle))
			break;
	}
	all[n] = 0;
	close(fd);
	return all;
}

static void test_slow_clients_are_cut_off(void **state)
{
	static const struct {
		const char *first, *trickle;
		int status; /* 0: closed without a word */
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", 408},
	    {"GET / HTTP/1.1\r\nHost: a\r\n", "", 408},
	    {"G", "", 408},
	    {"", "", 0},
	    {"\r\n", "", 0},
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", "x", 408},
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", "", 408},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 408},
	};
	struct fixture f;
	(void)state;
	start(&f, (struct http_limits){.header_timeout_ms = 200, .body_rate_ms = 200, .body_min_bytes_per_s = 100000});
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *all = dawdle(&f, cases[i].first, cases[i].trickle);
		if (loopback_status(all) != cases[i].status)
			fail_msg("case %zu: got %s", i, all);
		free(all);
	}
	assert_int_equal(f.handled, 0);
	struct http_counters counters;
	http_server_counters(f.server, &counters);
	assert_int_equal(counters.timeouts, 6);
	assert_int_equal(counters.bad_requests, 0);
	http_server_stop(&f.server, 1000);
}

static void test_an_idle_connection_is_closed_and_a_busy_one_is_not(void **state)
{
	struct fixture f;
	char byte;
	(void)state;
	start(&f, (struct http_limits){.idle_timeout_ms = 200});
	int fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), 200);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	free(answer);
	close(fd);
	http_server_stop(&f.server, 1000);
}

/* Pipelines large answers and reads none: the server gives up, and what it wrote is cut in the middle. */
static void test_a_client_that_does_not_read_is_cut_off(void **state)
{
	struct fixture f;
	struct http_counters counters = {0};
	struct buf b;
	(void)state;
	start(&f, (struct http_limits){.write_timeout_ms = 300});
	buf_init(&b, 1 << 20);
	append_times(&b, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	int fd = loopback_connect(port_of(&f));
	loopback_send(fd, buf_slice(&b));
	while (counters.timeouts == 0) {
		usleep(1000);
		http_server_counters(f.server, &counters);
	}
	assert_true(f.handled < 400); /* reading stopped when too many answers were owed */
	buf_done(&b);
	close(fd);
	http_server_stop(&f.server, 1000);
}

/* As much as the socket takes while nobody reads it. */
static size_t send_what_fits(int fd, struct slice bytes)
{
	size_t sent = 0;
	ssize_t n;
	while ((n = send(fd, bytes.p + sent, bytes.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
		sent += (size_t)n;
	return sent;
}

/* Those who click wait no longer than a turn of the loop, so nobody may fill one. */
static void test_a_turn_reads_only_so_much_of_one_connection(void **state)
{
	enum { BODY = 8 << 20, READ_OF_A_TURN = 512 << 10 };
	struct fixture f;
	struct buf b;
	(void)state;
	start(&f, (struct http_limits){.body_bytes = BODY});
	buf_init(&b, BODY + 1024);
	buf_append_cstr(&b, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n");
	append_times(&b, "x", BODY);
	f.is_held = true;
	int holder = loopback_connect(port_of(&f));
	loopback_say(holder, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.handled == 0)
		usleep(1000);
	int fd = loopback_connect(port_of(&f));
	size_t waiting = send_what_fits(fd, buf_slice(&b));
	int before = f.turns;
	f.is_held = false;
	assert_true(loopback_send(fd, slice_from(buf_slice(&b), waiting)));
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), 200);
	print_message("%zu bytes were waiting; %d were read in %d turns\n", waiting, BODY, f.turns - before);
	assert_true(f.turns - before >= BODY / READ_OF_A_TURN);
	free(answer);
	buf_done(&b);
	close(fd);
	close(holder);
	http_server_stop(&f.server, 1000);
}

static int open_and_ask(const struct fixture *f, uint32_t source)
{
	int fd = loopback_connect_from(source, port_of(f));
	loopback_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_ok(fd);
	return fd;
}

static void expect_closed(int fd)
{
	char *all = loopback_read_all(fd);
	assert_string_equal(all, "");
	free(all);
	close(fd);
}

static void test_the_longest_idle_connection_makes_room(void **state)
{
	struct fixture f;
	int fd[3];
	(void)state;
	start(&f, (struct http_limits){.connections = 3});
	for (int i = 0; i < 3; i++)
		fd[i] = open_and_ask(&f, INADDR_LOOPBACK);
	loopback_say(fd[0], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* served again: it is the youngest now */
	free(loopback_read_answer(fd[0]));
	int late = open_and_ask(&f, INADDR_LOOPBACK);
	expect_closed(fd[1]);
	struct http_counters counters;
	http_server_counters(f.server, &counters);
	assert_int_equal(counters.evicted, 1);
	assert_int_equal(counters.refused, 0);
	assert_int_equal(counters.open_now, 3);
	loopback_say(fd[0], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	free(loopback_read_answer(fd[0]));
	close(fd[0]);
	close(fd[2]);
	close(late);
	http_server_stop(&f.server, 1000);
}

static void wait_for_handled(const struct fixture *f, int n)
{
	for (int ms = 0; ms < LOOPBACK_TIMEOUT_S * 1000; ms++) {
		if (f->handled >= n)
			return;
		usleep(1000);
	}
	fail_msg("%d requests were handled, and not %d", f->handled, n);
}

static int say(const struct fixture *f, const char *text)
{
	int fd = loopback_connect(port_of(f));
	loopback_say(fd, text);
	return fd;
}

static int begin_silent(struct fixture *f)
{
	return say(f, "");
}

static int begin_head(struct fixture *f)
{
	return say(f, "GET / HTTP/1.1\r\nHost: a\r\n");
}

static int begin_body(struct fixture *f)
{
	int fd = say(f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	free(loopback_read_until(fd, "\r\n\r\n", 1)); /* it has begun */
	loopback_say(fd, "h");
	return fd;
}

/* Until the server reads no further: it has as much to write as it may. */
static int ask_and_not_read(struct fixture *f, const char *request)
{
	int fd = loopback_connect(port_of(f)), handled = f->handled;
	const int little = 2048;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
	for (int i = 0; i < 400; i++)
		loopback_say(fd, request);
	for (int before = -1; before != f->handled || before == handled; usleep(50000))
		before = f->handled;
	return fd;
}

static int begin_unread(struct fixture *f)
{
	return ask_and_not_read(f, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
}

static int begin_unread_known(struct fixture *f)
{
	return ask_and_not_read(f, "GET /big?known HTTP/1.1\r\nHost: a\r\n\r\n");
}

static int begin_lingering(struct fixture *f)
{
	int fd = say(f, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	free(loopback_read_all(fd));
	return fd;
}

static int begin_later(struct fixture *f)
{
	int fd = loopback_connect(port_of(f)), handled = f->handled;
	loopback_say(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_for_handled(f, handled + 1);
	return fd;
}

static bool is_closed(int fd)
{
	char byte[4096];
	ssize_t n;
	while ((n = recv(fd, byte, sizeof byte, 0)) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

/* Whoever fills the server with one of these keeps out nobody who comes and asks at once. */
static void test_each_thing_a_stranger_can_be_at_makes_room(void **state)
{
	static int (*const begin[])(struct fixture *) = {begin_silent, begin_head, begin_body, begin_unread,
							 begin_lingering};
	(void)state;
	for (size_t kind = 0; kind < sizeof begin / sizeof *begin; kind++) {
		struct fixture f;
		int fd[3];
		struct http_counters counters;
		start(&f, (struct http_limits){.connections = 3});
		for (int i = 0; i < 3; i++)
			fd[i] = begin[kind](&f);
		int late = say(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		char *answer = loopback_read_answer(late);
		if (loopback_status(answer) != 200)
			fail_msg("kind %zu kept somebody out", kind);
		free(answer);
		if (!is_closed(fd[0])) /* the one that came first */
			fail_msg("kind %zu: another one made room", kind);
		http_server_counters(f.server, &counters);
		assert_int_equal(counters.evicted, 1);
		assert_int_equal(counters.refused, 0);
		for (int i = 0; i < 3; i++)
			close(fd[i]);
		close(late);
		http_server_stop(&f.server, 1000);
	}
}

/* Whatever came first: who has his answer goes before who waits for one. */
static void test_who_has_his_answers_makes_room_first(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct http_limits){.connections = 3});
	int body = begin_body(&f);
	int idle = open_and_ask(&f, INADDR_LOOPBACK);
	int lingering = begin_lingering(&f);
	int late[3];
	int *const order[] = {&lingering, &idle, &body};
	for (size_t i = 0; i < 3; i++) {
		struct http_counters counters;
		late[i] = begin_later(&f);
		http_server_counters(f.server, &counters);
		assert_int_equal(counters.evicted, i + 1);
		assert_true(is_closed(*order[i]));
		close(*order[i]);
	}
	assert_true(http_loop_post(f.loop, &f.answer));
	for (size_t i = 0; i < 3; i++) {
		expect_ok(late[i]);
		close(late[i]);
	}
	http_server_stop(&f.server, 1000);
}

/* While all are taken by requests that wait in a handler's hands. */
static void test_a_busy_connection_makes_no_room(void **state)
{
	struct fixture f;
	int fd[3];
	(void)state;
	start(&f, (struct http_limits){.connections = 3});
	for (int i = 0; i < 3; i++)
		fd[i] = begin_later(&f);
	expect_closed(loopback_connect(port_of(&f)));
	assert_true(http_loop_post(f.loop, &f.answer));
	for (int i = 0; i < 3; i++) {
		expect_ok(fd[i]);
		close(fd[i]);
	}
	struct http_counters counters;
	http_server_counters(f.server, &counters);
	assert_int_equal(counters.refused, 1);
	assert_int_equal(counters.evicted, 0);
	http_server_stop(&f.server, 1000);
}

static void test_who_is_known_makes_no_room(void **state)
{
	struct fixture f;
	int fd[2];
	(void)state;
	start(&f, (struct http_limits){.connections = 3});
	int stranger = begin_body(&f);
	f.share = BUDGET_KNOWN;
	fd[0] = begin_body(&f);
	fd[1] = begin_body(&f);
	int late = begin_unread_known(&f);
	assert_true(is_closed(stranger));
	expect_closed(loopback_connect(port_of(&f)));
	for (int i = 0; i < 2; i++) {
		loopback_say(fd[i], "i");
		expect_ok(fd[i]);
		close(fd[i]);
	}
	close(stranger);
	close(late);
	http_server_stop(&f.server, 0);
}

/* Six ask in the moment in which there is room for one beside one that is not to go. They come in one turn of the loop,
 * so none of them has been read when the next one wants room. */
static void test_who_has_just_come_is_answered_before_he_makes_room(void **state)
{
	enum { LATE = 6 };
	struct fixture f;
	int fd[LATE];
	(void)state;
	start(&f, (struct http_limits){.connections = 3});
	int busy = begin_later(&f);
	f.is_held = true;
	int holder = loopback_connect(port_of(&f));
	loopback_say(holder, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_for_handled(&f, 2);
	for (int i = 0; i < LATE; i++) {
		fd[i] = say(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	f.is_held = false;
	for (int i = 0; i < LATE; i++) {
		char *answer = loopback_read_answer(fd[i]);
		if (loopback_status(answer) != 200)
			fail_msg("number %d was not answered", i);
		free(answer);
	}
	struct http_counters counters;
	http_server_counters(f.server, &counters);
	assert_int_equal(counters.refused, 0);
	assert_int_equal(counters.evicted, 5);
	assert_int_equal(counters.open_now, 3); /* nobody made room twice */
	for (int i = 0; i < LATE; i++)
		close(fd[i]);
	close(holder);
	close(busy);
	http_server_stop(&f.server, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_size_limit_has_its_status),
	    cmocka_unit_test(test_slow_clients_are_cut_off),
	    cmocka_unit_test(test_an_idle_connection_is_closed_and_a_busy_one_is_not),
	    cmocka_unit_test(test_a_client_that_does_not_read_is_cut_off),
	    cmocka_unit_test(test_a_turn_reads_only_so_much_of_one_connection),
	    cmocka_unit_test(test_the_longest_idle_connection_makes_room),
	    cmocka_unit_test(test_each_thing_a_stranger_can_be_at_makes_room),
	    cmocka_unit_test(test_who_has_his_answers_makes_room_first),
	    cmocka_unit_test(test_a_busy_connection_makes_no_room),
	    cmocka_unit_test(test_who_is_known_makes_no_room),
	    cmocka_unit_test(test_who_has_just_come_is_answered_before_he_makes_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

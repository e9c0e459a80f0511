/* SPDX-License-Identifier: Apache-2.0 */
/* owed: answers that wait, over a real server. All of it belongs to the loop's thread, so the test acts through
 * requests: /wait?disk=0|1&since=N   is owed "kept";  /big  is owed 3 MiB;  the others do what they are named after and
 * say how many were answered, /late 1000 for each that was alone. */
#include "../net/loopback.h"
#include "base/buf.h"
#include "web/edge/owed.h"
#include <stdatomic.h>

enum { BIG = 3 << 20 };

struct fixture {
	struct http_server *server;
	struct owed_answers *owed;
	_Atomic int waiting; /* put into owed so far */
};

static void answer_number(struct http_request *request, size_t number)
{
	char room[32];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	buf_append_u64(&b, number);
	http_answer(request, 200, NULL, 0, buf_slice(&b));
}

static uint64_t number_of(struct slice query, struct slice name)
{
	uint64_t value = 0;
	while (query.n) {
		struct slice v = slice_cut(&query, '&');
		if (slice_equal(slice_cut(&v, '='), name))
			assert_true(slice_to_u64(v, INT64_MAX, &value));
	}
	return value;
}

static void put_aside(struct fixture *f, struct http_request *request, struct slice response, bool lasting)
{
	struct slice query = http_request_query(request);
	const struct owed_answer answer = {.request = request,
					   .response = response,
					   .head_bytes = response.n - 4,
					   .lasting = lasting,
					   .needs_disk = number_of(query, SLICE("disk")) != 0};
	if (!owed_add(f->owed, &answer, (int64_t)number_of(query, SLICE("since"))))
		http_answer(request, 507, NULL, 0, SLICE_EMPTY);
	f->waiting++;
}

static void put_aside_copied(struct fixture *f, struct http_request *request)
{
	char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept";
	put_aside(f, request, slice_of(response, sizeof response - 1), false);
	memset(response, '!', sizeof response); /* a copy is kept, not this */
}

static void put_aside_big(struct fixture *f, struct http_request *request)
{
	static char response[BIG];
	struct buf b;
	buf_init_fixed(&b, response, sizeof response);
	buf_printf(&b, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG - 100);
	size_t head = b.n;
	memset(response + head, 'b', sizeof response - head);
	put_aside(f, request, slice_of(response, head + BIG - 100),
		  slice_equal(http_request_query(request), SLICE("lasting")));
}

static void settle(struct fixture *f, struct http_request *request)
{
	owed_finish(f->owed);
	bool lost = slice_equal(http_request_query(request), SLICE("lost"));
	answer_number(request, owed_answer_finished(f->owed, lost ? OWED_LOST : OWED_DURABLE));
}

static void answer_late(struct fixture *f, struct http_request *request)
{
	int64_t deadline_us = (int64_t)number_of(http_request_query(request), SLICE("deadline"));
	struct owed_late late = owed_answer_late(f->owed, deadline_us);
	answer_number(request, late.early + 1000 * late.alone);
}

/* The journal is done with its round, whose last record has that number. */
static void await_store(struct fixture *f, struct http_request *request)
{
	owed_finish(f->owed);
	owed_await_store(f->owed, number_of(http_request_query(request), SLICE("sequence")));
	answer_number(request, 0);
}

static void handle(void *user, struct http_request *request)
{
	struct fixture *f = user;
	struct slice path = http_request_path(request);
	if (slice_equal(path, SLICE("/wait")))
		put_aside_copied(f, request);
	else if (slice_equal(path, SLICE("/big")))
		put_aside_big(f, request);
	else if (slice_equal(path, SLICE("/hand-over")))
		owed_hand_over(f->owed), answer_number(request, 0);
	else if (slice_equal(path, SLICE("/settle")))
		settle(f, request);
	else if (slice_equal(path, SLICE("/late")))
		answer_late(f, request);
	else if (slice_equal(path, SLICE("/await-store")))
		await_store(f, request);
	else if (slice_equal(path, SLICE("/applied")))
		answer_number(request,
			      owed_answer_applied(f->owed, number_of(http_request_query(request), SLICE("sequence"))));
	else if (slice_equal(path, SLICE("/may-await")))
		answer_number(request, owed_may_await_store(f->owed));
	else
		answer_number(request, owed_any(f->owed));
}

static void *loop_start(void *user, struct http_loop *loop)
{
	(void)loop;
	return user;
}

static void start(struct fixture *f, uint32_t pipelined)
{
	struct http_server_config config = {.address = "127.0.0.1",
					    .loops = 1,
					    .limits = {.pipelined = pipelined},
					    .loop_start = loop_start,
					    .handle = handle,
					    .user = f};
	struct err err;
	*f = (struct fixture){.owed = owed_new()};
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
}

static void stop(struct fixture *f)
{
	http_server_stop(&f->server, 1000);
	owed_free(&f->owed);
	assert_null(f->owed);
	owed_free(&f->owed);
}

static void say(int fd, const char *target)
{
	char request[200];
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
	assert_true(loopback_say(fd, request));
}

static void wait_for(struct fixture *f, int waiting)
{
	while (f->waiting < waiting)
		usleep(500);
}

/* A client whose answer is owed when this returns. */
static int owe(struct fixture *f, const char *target)
{
	int fd = loopback_connect(http_server_port(f->server));
	int before = f->waiting;
	say(fd, target);
	wait_for(f, before + 1);
	return fd;
}

static int act(struct fixture *f, const char *target)
{
	int fd = loopback_connect(http_server_port(f->server));
	say(fd, target);
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), 200);
	int number = (int)strtol(loopback_body(answer), NULL, 10);
	free(answer);
	close(fd);
	return number;
}

static void expect(int fd, int status, const char *body)
{
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), status);
	if (body)
		assert_string_equal(loopback_body(answer), body);
	else
		assert_non_null(strstr(answer, "\r\nRetry-After: "));
	free(answer);
	close(fd);
}

static void test_an_answer_is_given_when_its_round_is_on_disk(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	assert_int_equal(act(&f, "/any"), 0);
	int a = owe(&f, "/wait?disk=1"), b = owe(&f, "/wait");
	assert_int_equal(act(&f, "/any"), 1);
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/any"), 1);
	assert_int_equal(act(&f, "/settle?durable"), 2);
	expect(a, 200, "kept");
	expect(b, 200, "kept");
	assert_int_equal(act(&f, "/any"), 0);
	stop(&f);
}

static void test_who_needs_the_disk_is_told_to_come_again_when_it_fails(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	int needs = owe(&f, "/wait?disk=1"), needs_not = owe(&f, "/wait?disk=0");
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/settle?lost"), 2);
	expect(needs, 503, NULL);
	expect(needs_not, 200, "kept");
	stop(&f);
}

static void test_a_round_that_is_being_filled_is_not_settled_with_the_one_before(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	int first = owe(&f, "/wait?disk=1");
	act(&f, "/hand-over");
	int second = owe(&f, "/wait?disk=1");
	assert_int_equal(act(&f, "/settle?durable"), 1);
	expect(first, 200, "kept");
	assert_int_equal(act(&f, "/any"), 1);
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/settle?lost"), 1);
	expect(second, 503, NULL);
	stop(&f);
}

static void test_patience_ends_for_each_round_by_its_own_oldest(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	int old = owe(&f, "/wait?since=100"), old_disk = owe(&f, "/wait?since=150&disk=1");
	act(&f, "/hand-over");
	int new = owe(&f, "/wait?since=200");
	assert_int_equal(act(&f, "/late?deadline=99"), 0);
	assert_int_equal(act(&f, "/late?deadline=100"), 2);
	expect(old, 200, "kept");
	expect(old_disk, 503, NULL); /* it may yet be recorded; asking again is safe */
	assert_int_equal(act(&f, "/late?deadline=199"), 0);
	assert_int_equal(act(&f, "/late?deadline=200"), 1);
	expect(new, 200, "kept");
	assert_int_equal(act(&f, "/settle?durable"), 0); /* nobody is answered twice */
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/settle?durable"), 0);
	stop(&f);
}

static void test_what_answering_brings_in_waits_for_its_own_round(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1); /* the second of two is read when the first is answered */
	int fd = loopback_connect(http_server_port(f.server));
	assert_true(loopback_say(
	    fd, "GET /wait?disk=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /wait?disk=1 HTTP/1.1\r\nHost: a\r\n\r\n"));
	wait_for(&f, 1);
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/settle?durable"), 1);
	char *first = loopback_read_answer(fd);
	assert_int_equal(loopback_status(first), 200);
	free(first);
	wait_for(&f, 2);
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/settle?lost"), 1);
	expect(fd, 503, NULL);
	stop(&f);
}

static void test_a_full_round_says_so_and_lasting_answers_need_no_room(void **state)
{
	struct fixture f;
	int fd[4];

	(void)state;
	start(&f, 0);
	fd[0] = owe(&f, "/big");
	fd[1] = owe(&f, "/big");
	fd[2] = owe(&f, "/big"); /* 9 MiB */
	expect(fd[2], 507, "");
	fd[3] = owe(&f, "/big?lasting");
	act(&f, "/hand-over");
	assert_int_equal(act(&f, "/settle?durable"), 3);
	for (int i = 0; i < 4; i++) {
		if (i == 2)
			continue;
		char *answer = loopback_read_answer(fd[i]);
		assert_int_equal(strlen(loopback_body(answer)), BIG - 100);
		assert_int_equal(strspn(loopback_body(answer), "b"), BIG - 100);
		free(answer);
		close(fd[i]);
	}
	stop(&f);
}

/* A client whose record has that number and is on disk. */
static int owe_to_store(struct fixture *f, const char *wait, unsigned sequence)
{
	char target[40];
	int fd = owe(f, wait);
	act(f, "/hand-over");
	snprintf(target, sizeof target, "/await-store?sequence=%u", sequence);
	act(f, target);
	return fd;
}

static void test_what_two_machines_must_have_is_answered_when_it_is_applied(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	int first = owe_to_store(&f, "/wait?disk=1", 5), second = owe_to_store(&f, "/wait", 9);
	assert_int_equal(act(&f, "/any"), 1);
	assert_int_equal(act(&f, "/applied?sequence=4"), 0);
	assert_int_equal(act(&f, "/applied?sequence=8"), 1);
	expect(first, 200, "kept");
	assert_int_equal(act(&f, "/applied?sequence=9"), 1);
	expect(second, 200, "kept");
	assert_int_equal(act(&f, "/any"), 0);
	stop(&f);
}

static void test_a_store_that_takes_too_long_is_not_waited_for(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	int old = owe_to_store(&f, "/wait?since=100&disk=1", 5), new = owe_to_store(&f, "/wait?since=200", 9);
	assert_int_equal(act(&f, "/late?deadline=199"), 1000);
	expect(old, 200, "kept"); /* this disk has it, which is what it needs */
	assert_int_equal(act(&f, "/applied?sequence=9"), 1);
	expect(new, 200, "kept");
	stop(&f);
}

static void test_so_many_rounds_wait_for_the_store_and_no_more(void **state)
{
	struct fixture f;
	int fd[OWED_APPLYING];

	(void)state;
	start(&f, 0);
	for (unsigned i = 0; i < OWED_APPLYING; i++) {
		assert_int_equal(act(&f, "/may-await"), 1);
		fd[i] = owe_to_store(&f, "/wait", i + 1);
	}
	assert_int_equal(act(&f, "/may-await"), 0);
	assert_int_equal(act(&f, "/applied?sequence=1"), 1);
	assert_int_equal(act(&f, "/may-await"), 1);
	assert_int_equal(act(&f, "/applied?sequence=100"), OWED_APPLYING - 1);
	for (unsigned i = 0; i < OWED_APPLYING; i++)
		expect(fd[i], 200, "kept");
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_answer_is_given_when_its_round_is_on_disk),
	    cmocka_unit_test(test_who_needs_the_disk_is_told_to_come_again_when_it_fails),
	    cmocka_unit_test(test_a_round_that_is_being_filled_is_not_settled_with_the_one_before),
	    cmocka_unit_test(test_patience_ends_for_each_round_by_its_own_oldest),
	    cmocka_unit_test(test_what_answering_brings_in_waits_for_its_own_round),
	    cmocka_unit_test(test_what_two_machines_must_have_is_answered_when_it_is_applied),
	    cmocka_unit_test(test_a_store_that_takes_too_long_is_not_waited_for),
	    cmocka_unit_test(test_so_many_rounds_wait_for_the_store_and_no_more),
	    cmocka_unit_test(test_a_full_round_says_so_and_lasting_answers_need_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens, and how its loops share it. */
#include "loopback.h"
#include "net/http_server.h"
#include <stdatomic.h>
#include <sys/resource.h>

struct fixture {
	struct http_server *server;
	_Atomic int handled, starts, stops;
};

static void handle(void *user, struct http_request *request)
{
	struct fixture *f = user;
	f->handled++;
	http_answer(request, 200, NULL, 0, SLICE("hello"));
}

static void *loop_start(void *user, struct http_loop *loop)
{
	struct fixture *f = user;
	(void)loop;
	f->starts++;
	return f;
}

static void loop_stop(void *user, struct http_loop *loop, void *loop_user)
{
	struct fixture *f = user;
	(void)loop;
	(void)loop_user;
	f->stops++;
}

static struct http_server_config config_for(struct fixture *f)
{
	return (struct http_server_config){.address = "127.0.0.1",
					   .loops = 1,
					   .loop_start = loop_start,
					   .loop_stop = loop_stop,
					   .handle = handle,
					   .user = f};
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

static void expect_hello(int fd)
{
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), 200);
	assert_string_equal(loopback_body(answer), "hello");
	free(answer);
}

static void test_a_port_in_use_is_a_conflict_for_one_loop_and_for_many(void **state)
{
	(void)state;
	for (unsigned first = 1; first <= 3; first += 2) {
		for (unsigned second = 1; second <= 3; second += 2) {
			struct fixture f = {0}, g = {0};
			struct http_server_config config = config_for(&f);
			struct err err;
			config.loops = first;
			assert_int_equal(http_server_start(&config, &f.server, &err), STATUS_OK);
			config = config_for(&g);
			config.loops = second;
			config.port = port_of(&f);
			assert_int_equal(http_server_start(&config, &g.server, &err), STATUS_CONFLICT);
			assert_non_null(strstr(err.text, "is in use"));
			assert_null(g.server);
			http_server_stop(&f.server, 1000);
			assert_int_equal(http_server_start(&config, &g.server, &err), STATUS_OK);
			http_server_stop(&g.server, 1000);
		}
	}
}

static void test_addresses_are_checked_and_ipv6_listens(void **state)
{
	static const char *const bad[] = {"", "localhost", "127.0.0.1:80", "1.2.3", "203.0.113.77"};
	struct fixture f = {0};
	struct http_server_config config = config_for(&f);
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		config.address = bad[i];
		assert_int_equal(http_server_start(&config, &f.server, &err), STATUS_BAD_INPUT);
		assert_null(f.server);
	}
	config.address = "::"; /* takes IPv4 too */
	if (http_server_start(&config, &f.server, &err) != STATUS_OK) {
		print_message("SKIP: no IPv6 here (%s)\n", err.text);
		return;
	}
	int fd = loopback_connect(port_of(&f));
	loopback_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_hello(fd);
	close(fd);
	stop(&f);
}

static void test_several_loops_serve_one_port(void **state)
{
	struct fixture f = {0};
	struct http_server_config config = config_for(&f);
	struct err err;
	(void)state;
	config.loops = 3;
	assert_int_equal(http_server_start(&config, &f.server, &err), STATUS_OK);
	for (int i = 0; i < 50; i++) {
		int fd = loopback_connect(port_of(&f));
		loopback_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		expect_hello(fd);
		close(fd);
	}
	assert_int_equal(f.handled, 50);
	stop(&f);
	assert_int_equal(f.stops, 3);
}

static void set_descriptors(rlim_t n)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Clients and server share the descriptors of this process: when no more sockets can be opened, neither can the server
 * accept those that have connected already. */
static void test_without_descriptors_it_waits_and_goes_on(void **state)
{
	enum { FEW = 64 };
	struct rlimit before;
	struct fixture f;
	int fd[FEW], n = 0;
	(void)state;
	struct http_server_config config = config_for(&f);
	struct err err;
	f = (struct fixture){0};
	assert_int_equal(http_server_start(&config, &f.server, &err), STATUS_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	set_descriptors(FEW);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port_of(&f))};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((fd[n] = socket(AF_INET, SOCK_STREAM, 0)) >= 0)
		assert_int_equal(connect(fd[n++], (struct sockaddr *)&to, sizeof to), 0);
	usleep(300000); /* some ticks without any */
	set_descriptors(before.rlim_cur);
	for (int i = 0; i < n; i++)
		close(fd[i]);
	int late = loopback_connect(port_of(&f));
	loopback_say(late, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_hello(late);
	close(late);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_port_in_use_is_a_conflict_for_one_loop_and_for_many),
	    cmocka_unit_test(test_addresses_are_checked_and_ipv6_listens),
	    cmocka_unit_test(test_several_loops_serve_one_port),
	    cmocka_unit_test(test_without_descriptors_it_waits_and_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/stop_signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum { LONG_MS = 60 * 1000 };

static int block(void **state)
{
	(void)state;
	stop_signals_block();
	return 0;
}

static void test_either_signal_that_ends_a_program_is_told(void **state)
{
	(void)state;
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(stop_signals_wait(LONG_MS), SIGTERM);
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_int_equal(stop_signals_wait(LONG_MS), SIGINT);
}

static void test_without_a_signal_the_time_runs_out(void **state)
{
	(void)state;
	assert_int_equal(stop_signals_wait(0), 0);
	assert_int_equal(stop_signals_wait(1), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(stop_signals_wait(0), SIGTERM);
	assert_int_equal(stop_signals_wait(0), 0);
}

static void test_a_hangup_ends_nobody(void **state)
{
	(void)state;
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(stop_signals_wait(LONG_MS), 0);
}

static void *send_from_a_thread(void *user)
{
	(void)user;
	(void)kill(getpid(), SIGTERM);
	return NULL;
}

/* A thread that had not inherited it would be ended by its own signal, and the process with it. */
static void test_threads_made_later_leave_the_signals_to_who_waits(void **state)
{
	pthread_t thread;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, send_from_a_thread, NULL), 0);
	assert_int_equal(stop_signals_wait(LONG_MS), SIGTERM);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_writing_to_a_line_that_is_gone_fails(void **state)
{
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(close(ends[1]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_either_signal_that_ends_a_program_is_told),
	    cmocka_unit_test(test_without_a_signal_the_time_runs_out),
	    cmocka_unit_test(test_a_hangup_ends_nobody),
	    cmocka_unit_test(test_threads_made_later_leave_the_signals_to_who_waits),
	    cmocka_unit_test(test_writing_to_a_line_that_is_gone_fails),
	};
	return cmocka_run_group_tests(tests, block, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What happens without memory: each case in a process of its own, whose address space ends a little above what it has.
 */
#include "base/buf.h"
#include "base/mem.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MB = 1 << 20, RESERVE = 8 * MB };

static void limit_to(size_t more)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file || fscanf(file, "%lu", &pages) != 1)
		_exit(99);
	(void)fclose(file);
	struct rlimit limit = {pages * (size_t)sysconf(_SC_PAGESIZE) + more, RLIM_INFINITY};
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		_exit(98);
}

/* The exit code of `body` in a child; the negative number of the signal that ended it. */
static int run(int (*body)(void))
{
	int status = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int large_blocks_may_fail(void)
{
	limit_to(4 * MB);
	char *p = mem_try_resize(NULL, 16 * MB);
	char *small = mem_try_resize(NULL, 100);
	struct buf b;
	buf_init(&b, 64 * MB);
	bool had_room = buf_reserve(&b, 32 * MB) != NULL;
	return p == NULL && small != NULL && !had_room && buf_status(&b) == STATUS_TOO_BIG ? 0 : 1;
}

static int the_reserve_is_given_up_and_taken_back(void)
{
	mem_keep_reserve(RESERVE);
	if (mem_is_short())
		return 1;
	limit_to(MB / 2);
	char *first = mem_alloc(4 * MB); /* does not fit but for the reserve */
	if (!mem_is_short())
		return 2;
	mem_free(first);
	limit_to(4 * RESERVE);
	return mem_is_short() ? 3 : 0;
}

static int without_a_reserve_it_ends(void)
{
	limit_to(MB / 2);
	(void)!freopen("/dev/null", "w", stderr);
	mem_free(mem_alloc(4 * MB));
	return 0;
}

static void test_large_blocks_may_fail(void **state)
{
	(void)state;
	assert_int_equal(run(large_blocks_may_fail), 0);
}

static void test_the_reserve_is_given_up_and_taken_back(void **state)
{
	(void)state;
	assert_int_equal(run(the_reserve_is_given_up_and_taken_back), 0);
}

static void test_without_a_reserve_it_ends(void **state)
{
	(void)state;
	assert_int_equal(run(without_a_reserve_it_ends), -SIGABRT);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_large_blocks_may_fail),
	    cmocka_unit_test(test_the_reserve_is_given_up_and_taken_back),
	    cmocka_unit_test(test_without_a_reserve_it_ends),
	};

	if (is_sanitized) {
		/* Sanitizers need terabytes of address space. */
		printf("SKIP: no limit on address space under a sanitizer\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

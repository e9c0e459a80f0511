/* SPDX-License-Identifier: Apache-2.0 */
/* secret_memory: what the kernel says of its pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/secret_memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether /proc/self/smaps gives the mapping that holds `p` this flag. */
static bool has_flag(const void *p, const char *flag)
{
	char line[1024];
	bool is_here = false, found = false;
	FILE *f = fopen("/proc/self/smaps", "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			is_here = from <= (uintptr_t)p && (uintptr_t)p < to;
		else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	assert_int_equal(fclose(f), 0);
	return found;
}

static void test_secret_memory_is_in_no_core_file(void **state)
{
	(void)state;
	char *p = allocator_alloc(secret_memory_allocator(), 10000);
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'k', 10000);
	assert_true(has_flag(p, " dd"));
	allocator_free(secret_memory_allocator(), p);
	char *ordinary = malloc(10000);
	assert_false(has_flag(ordinary, " dd"));
	free(ordinary);
}

static void test_secret_memory_is_not_inherited_by_a_child(void **state)
{
	(void)state;
	char *p = allocator_alloc(secret_memory_allocator(), 100);
	memset(p, 'k', 100);
	pid_t child = fork();
	if (child == 0)
		_exit(p[0] == 0 && p[99] == 0 ? 0 : 1);
	int how = -1;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_int_equal(how, 0);
	assert_int_equal(p[0], 'k');
	allocator_free(secret_memory_allocator(), p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_secret_memory_is_in_no_core_file),
	    cmocka_unit_test(test_secret_memory_is_not_inherited_by_a_child),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/show/input_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 200000 }; /* some blocks, the last one not full */

struct fixture {
	char path[32];
	char bytes[SIZE];
};

static int make_file(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	for (size_t i = 0; i < SIZE; i++)
		f->bytes[i] = (char)(i % 251);
	memcpy(f->path, "/tmp/pugmark-input-XXXXXX", sizeof "/tmp/pugmark-input-XXXXXX");
	int file = mkstemp(f->path);
	bool is_written = file >= 0 && write(file, f->bytes, SIZE) == SIZE && close(file) == 0;
	*state = f;
	return is_written ? 0 : -1;
}

static int remove_file(void **state)
{
	struct fixture *f = *state;
	(void)unlink(f->path);
	free(f);
	return 0;
}

static void test_a_file_of_just_the_largest_size_is_read_behind_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct buf input;
	buf_init(&input, SIZE + 4);
	buf_append_cstr(&input, "kept");
	assert_true(input_file_read("test", f->path, &input));
	assert_int_equal(input.n, SIZE + 4);
	assert_memory_equal(input.p, "kept", 4);
	assert_memory_equal(input.p + 4, f->bytes, SIZE);
	buf_done(&input);
}

static void test_a_byte_more_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf input;
	buf_init(&input, SIZE - 1);
	assert_false(input_file_read("test", f->path, &input));
	buf_done(&input);
}

static void test_what_is_no_file_is_refused(void **state)
{
	struct buf input;
	(void)state;
	buf_init(&input, SIZE);
	assert_false(input_file_read("test", "/tmp/pugmark/none", &input));
	assert_false(input_file_read("test", "/tmp", &input));
	assert_int_equal(input.n, 0);
	buf_done(&input);
}

static void test_without_a_path_standard_input_is_read(void **state)
{
	struct fixture *f = *state;
	struct buf input;
	buf_init(&input, SIZE);
	assert_non_null(freopen(f->path, "rb", stdin));
	assert_true(input_file_read("test", NULL, &input));
	assert_int_equal(input.n, SIZE);
	buf_done(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_file_of_just_the_largest_size_is_read_behind_what_is_there),
	    cmocka_unit_test(test_a_byte_more_is_refused),
	    cmocka_unit_test(test_what_is_no_file_is_refused),
	    cmocka_unit_test(test_without_a_path_standard_input_is_read),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}

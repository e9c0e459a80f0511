/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/show/options.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parsed {
	const char *name, *path;
	bool loud;
	struct option_values many;
	struct operands operands;
	enum options_result result;
};

/* Cuts `text` at its spaces; returns how many words there were. */
static int split(char *text, char **words)
{
	int count = 0;
	while (*text) {
		words[count++] = text;
		text += strcspn(text, " ");
		if (*text)
			*text++ = 0;
	}
	return count;
}

/* What goes to standard error is thrown away. */
static struct parsed parse(const char *line)
{
	static char room[1000];
	char command[] = "test", *argv[80] = {command};
	struct parsed p = {.operands.count = 99};
	const struct option_spec specs[] = {{"name", &p.name, NULL, "N"},
					    {"path", &p.path, NULL, "P"},
					    {"loud", NULL, &p.loud, ""},
					    {"many", NULL, NULL, "M", &p.many},
					    {NULL}};
	snprintf(room, sizeof room, "%s", line);
	int argc = 1 + split(room, argv + 1);
	int real = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
	assert_int_equal(dup2(nowhere, STDERR_FILENO), STDERR_FILENO);
	p.result = options_parse(argc, argv, specs, &p.operands);
	assert_int_equal(dup2(real, STDERR_FILENO), STDERR_FILENO);
	close(nowhere);
	close(real);
	return p;
}

static void test_an_option_with_many_values_keeps_all_in_their_order(void **state)
{
	struct parsed p = parse("--many a --name n --many=b x --many c");

	(void)state;
	assert_int_equal(p.result, OPTIONS_OK);
	assert_int_equal(p.many.count, 3);
	assert_string_equal(p.many.values[0], "a");
	assert_string_equal(p.many.values[1], "b");
	assert_string_equal(p.many.values[2], "c");
	assert_int_equal(p.operands.count, 1);
	assert_int_equal(parse("a --many").result, OPTIONS_WRONG);
}

static void test_an_option_given_too_often_is_refused(void **state)
{
	static char line[OPTION_VALUES_MAX * 11 + 20];
	char *end = line;

	(void)state;
	for (size_t i = 0; i < OPTION_VALUES_MAX; i++)
		end = stpcpy(end, "--many=abc ");
	assert_int_equal(parse(line).many.count, OPTION_VALUES_MAX);
	(void)stpcpy(end, "--many=x");
	assert_int_equal(parse(line).result, OPTIONS_WRONG);
}

static void test_options_take_values_in_both_forms_anywhere(void **state)
{
	struct parsed p = parse("a --name n --path=p=q b --loud c");

	(void)state;
	assert_int_equal(p.result, OPTIONS_OK);
	assert_string_equal(p.name, "n");
	assert_string_equal(p.path, "p=q");
	assert_true(p.loud);
	assert_int_equal(p.operands.count, 3);
	assert_string_equal(p.operands.values[0], "a");
	assert_string_equal(p.operands.values[2], "c");
	p = parse("--name= --path --loud");
	assert_int_equal(p.result, OPTIONS_OK);
	assert_string_equal(p.name, "");
	assert_string_equal(p.path, "--loud"); /* a value may look like anything */
	assert_false(p.loud);
}

static void test_options_end_at_two_dashes_and_one_dash_is_an_operand(void **state)
{
	struct parsed p = parse("- -- --name -x --help");

	(void)state;
	assert_int_equal(p.result, OPTIONS_OK);
	assert_null(p.name);
	assert_int_equal(p.operands.count, 4);
	assert_string_equal(p.operands.values[0], "-");
	assert_string_equal(p.operands.values[3], "--help");
}

/* getopt stops at the first operand where this is set. */
static void test_options_may_stand_behind_operands_whatever_the_environment_says(void **state)
{
	(void)state;
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	struct parsed p = parse("a --name n b");
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
	assert_int_equal(p.result, OPTIONS_OK);
	assert_string_equal(p.name, "n");
	assert_int_equal(p.operands.count, 2);
	assert_string_equal(p.operands.values[1], "b");
}

static void test_options_help_wins(void **state)
{
	(void)state;
	assert_int_equal(parse("--help").result, OPTIONS_HELP);
	assert_int_equal(parse("a --loud --help").result, OPTIONS_HELP);
}

static void test_options_refuse_what_they_do_not_know(void **state)
{
	static const char *const lines[] = {
	    "--nam x", "--lou",      "--hel", "--help=x", "--loudly",    "--names x",
	    "--name",  "--loud=yes", "-n x",  "--=x",     "--unknown=1", "a b c d e f g h i j k l m n o p q"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct parsed p = parse(lines[i]);
		if (p.result != OPTIONS_WRONG)
			fail_msg("'%s' was accepted", lines[i]);
		assert_int_equal(p.operands.count, 99);
	}
	assert_int_equal(parse("a b c d e f g h i j k l m n o p").result, OPTIONS_OK);
}

static void test_options_of_a_command_without_operands_refuse_one(void **state)
{
	const struct option_spec specs[] = {{NULL}};
	char command[] = "test", word[] = "8080", help[] = "--help";
	char *with[] = {command, word}, *without[] = {command}, *helped[] = {command, help};

	(void)state;
	assert_int_equal(options_parse(2, with, specs, NULL), OPTIONS_WRONG);
	assert_int_equal(options_parse(1, without, specs, NULL), OPTIONS_OK);
	assert_int_equal(options_parse(2, helped, specs, NULL), OPTIONS_HELP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options_take_values_in_both_forms_anywhere),
	    cmocka_unit_test(test_an_option_with_many_values_keeps_all_in_their_order),
	    cmocka_unit_test(test_an_option_given_too_often_is_refused),
	    cmocka_unit_test(test_options_end_at_two_dashes_and_one_dash_is_an_operand),
	    cmocka_unit_test(test_options_may_stand_behind_operands_whatever_the_environment_says),
	    cmocka_unit_test(test_options_help_wins),
	    cmocka_unit_test(test_options_refuse_what_they_do_not_know),
	    cmocka_unit_test(test_options_of_a_command_without_operands_refuse_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

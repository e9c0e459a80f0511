/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/command/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096, WORDS_MAX = 20 };

/* What a call of a command said, and what became of it. */
struct call {
	struct command command;
	const char *own; /* the value of --own */
	bool goes_on;
	int code;
	char output[OUTPUT_MAX]; /* both streams */
};

static int turn_output(FILE *to, int saved[2])
{
	(void)fflush(stdout);
	saved[0] = dup(STDOUT_FILENO);
	saved[1] = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(to), STDOUT_FILENO), STDOUT_FILENO);
	return dup2(fileno(to), STDERR_FILENO);
}

static void turn_back(FILE *from, int saved[2], char *ret)
{
	(void)fflush(stdout);
	(void)dup2(saved[0], STDOUT_FILENO);
	(void)dup2(saved[1], STDERR_FILENO);
	(void)close(saved[0]);
	(void)close(saved[1]);
	rewind(from);
	ret[fread(ret, 1, OUTPUT_MAX - 1, from)] = '\0';
	(void)fclose(from);
}

static void open_command(struct call *call, const char *line, bool takes_operands, bool is_alone)
{
	/* A command keeps what it was called with, as main's words outlive it. */
	static char words[OUTPUT_MAX];
	static char name[] = "test";
	char *argv[WORDS_MAX] = {name};
	int argc = 1;
	int saved[2];
	FILE *output = tmpfile();
	*call = (struct call){.code = 99};
	const struct option_spec options[] = {{"own", &call->own, NULL, "V  a value"}, {NULL}};
	const struct command_spec spec = {.help = "pugmark test: for tests.\n",
					  .options = options,
					  .takes_operands = takes_operands,
					  .is_alone = is_alone};
	(void)snprintf(words, sizeof words, "%s", line);
	for (char *at = words; *at;) {
		argv[argc++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	assert_int_equal(turn_output(output, saved), STDERR_FILENO);
	call->goes_on = command_open(&call->command, &spec, argc, argv, &call->code);
	turn_back(output, saved, call->output);
}

static void test_a_command_has_its_own_options_and_those_of_an_installation(void **state)
{
	struct call call;
	(void)state;
	open_command(&call, "--own 1 --data D --config C", false, false);
	assert_true(call.goes_on);
	assert_string_equal(call.own, "1");
	assert_string_equal(call.command.installation.data, "D");
	assert_string_equal(call.command.installation.config_path, "C");
	assert_string_equal(call.command.name, "test");
	assert_string_equal(call.output, "");
}

static void test_one_that_stands_alone_has_no_data_directory(void **state)
{
	struct call call;
	(void)state;
	open_command(&call, "--data D", false, true);
	assert_false(call.goes_on);
	assert_int_equal(call.code, EXIT_USAGE);
	assert_non_null(strstr(call.output, "unknown option '--data'"));
}

static void test_help_is_answered_with_all_options_and_code_0(void **state)
{
	struct call call;
	(void)state;
	open_command(&call, "--help", false, false);
	assert_false(call.goes_on);
	assert_int_equal(call.code, EXIT_DONE);
	assert_int_equal(strncmp(call.output, "pugmark test: for tests.\n\n", 26), 0);
	assert_non_null(strstr(call.output, "--own V"));
	assert_non_null(strstr(call.output, "--config FILE"));
	assert_non_null(strstr(call.output, "--help"));
}

static void test_a_wrong_call_is_said_in_one_line_with_code_2(void **state)
{
	struct call call;
	(void)state;
	open_command(&call, "--mine", false, false);
	assert_int_equal(call.code, EXIT_USAGE);
	assert_string_equal(call.output, "pugmark test: unknown option '--mine'; see 'pugmark test --help'\n");
	open_command(&call, "operand", false, false);
	assert_int_equal(call.code, EXIT_USAGE);
	open_command(&call, "operand", true, false);
	assert_true(call.goes_on);
	assert_int_equal(call.command.operands.count, 1);
}

static enum status nothing(struct command *command)
{
	(void)command;
	return STATUS_OK;
}

static void test_a_verb_is_chosen_by_name_and_number_of_operands(void **state)
{
	static const struct command_verb verbs[] = {{"list", nothing, 1, 1}, {"set", nothing, 2, 3}, {NULL}};
	static const struct {
		const char *line;
		const char *verb; /* NULL: none */
	} cases[] = {{"list", "list"}, {"set a", "set"}, {"set a b", "set"}, {"", NULL},
		     {"lis", NULL},    {"list a", NULL}, {"set", NULL},      {"set a b c", NULL}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct call call;
		open_command(&call, cases[i].line, true, false);
		const struct command_verb *verb = command_verb_of(&call.command, verbs);
		if ((verb == NULL) != (cases[i].verb == NULL) || (verb && strcmp(verb->name, cases[i].verb) != 0))
			fail_msg("'%s' is %s", cases[i].line, verb ? verb->name : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_command_has_its_own_options_and_those_of_an_installation),
	    cmocka_unit_test(test_one_that_stands_alone_has_no_data_directory),
	    cmocka_unit_test(test_help_is_answered_with_all_options_and_code_0),
	    cmocka_unit_test(test_a_wrong_call_is_said_in_one_line_with_code_2),
	    cmocka_unit_test(test_a_verb_is_chosen_by_name_and_number_of_operands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

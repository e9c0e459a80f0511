/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/show/options.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN = 26 };

static const struct option_spec *find(const struct option_spec *specs, const char *name, size_t n)
{
	for (; specs->name; specs++)
		if (strlen(specs->name) == n && memcmp(specs->name, name, n) == 0)
			return specs;
	return NULL;
}

static enum options_result wrong(const char *command, const char *what, const char *argument)
{
	(void)fprintf(stderr, "pugmark %s: %s '%s'; see 'pugmark %s --help'\n", command, what, argument, command);
	return OPTIONS_WRONG;
}

/* Takes one option and, unless it is a flag, its value; *at moves on. */
static enum options_result take_option(int argc, char **argv, int *at, const struct option_spec *specs)
{
	const char *name = argv[*at] + 2;
	const char *equals = strchr(name, '=');
	const struct option_spec *spec = find(specs, name, equals ? (size_t)(equals - name) : strlen(name));
	if (!spec)
		return wrong(argv[0], "unknown option", argv[*at]);
	if (spec->flag) {
		if (equals)
			return wrong(argv[0], "this option takes no value:", argv[*at]);
		*spec->flag = true;
		return OPTIONS_OK;
	}
	if (!equals && *at + 1 >= argc)
		return wrong(argv[0], "this option needs a value:", argv[*at]);
	const char *value = equals ? equals + 1 : argv[++*at];
	if (!spec->values)
		*spec->value = value;
	else if (spec->values->count == OPTION_VALUES_MAX)
		return wrong(argv[0], "this option is given too often:", argv[*at]);
	else
		spec->values->values[spec->values->count++] = value;
	return OPTIONS_OK;
}

enum options_result options_parse(int argc, char **argv, const struct option_spec *specs, struct operands *ret)
{
	struct operands operands = {{NULL}, 0};
	bool only_operands = false;
	for (int i = 1; i < argc; i++) {
		bool is_option = !only_operands && strncmp(argv[i], "--", 2) == 0;
		if (!only_operands && !is_option && argv[i][0] == '-' && argv[i][1])
			return wrong(argv[0], "unknown option", argv[i]);
		if (is_option && strcmp(argv[i], "--help") == 0)
			return OPTIONS_HELP;
		if (is_option && argv[i][2] == 0) {
			only_operands = true;
		} else if (is_option) {
			enum options_result result = take_option(argc, argv, &i, specs);
			if (result != OPTIONS_OK)
				return result;
		} else if (!ret) {
			return wrong(argv[0], "this command takes no argument:", argv[i]);
		} else if (operands.count == OPERANDS_MAX) {
			return wrong(argv[0], "too many arguments at", argv[i]);
		} else {
			operands.values[operands.count++] = argv[i];
		}
	}
	if (ret)
		*ret = operands;
	return OPTIONS_OK;
}

/* "--listen ADDR:PORT" in a column of its own; what stands behind two spaces in the help is the explanation. */
static void print_one(const char *name, const char *help)
{
	char left[64];
	const char *words = strstr(help, "  ");
	size_t value_n = words ? (size_t)(words - help) : 0;
	(void)snprintf(left, sizeof left, "--%s %.*s", name, (int)value_n, help);
	words = words ? words + 2 : help;
	while (*words == ' ')
		words++;
	printf("  %-*s %s\n", COLUMN, left, words);
}

void options_print(const struct option_spec *specs)
{
	for (; specs->name; specs++)
		print_one(specs->name, specs->help);
	print_one("help", "  this text");
}

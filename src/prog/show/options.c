/* SPDX-License-Identifier: Apache-2.0 */
/* getopt_long does the parsing; the tables here say what it may find, and words and exit codes are ours. Three of its
 * habits are turned off: it may not reorder arguments (an operand keeps its place, POSIXLY_CORRECT or not), it may not
 * print, and it may not take "--js" for "--json": a script that relies on a short form breaks when a longer option is
 * added. */
#include "prog/show/options.h"

#include "base/mem.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { COLUMN = 26, OPTIONS_MAX = 30, OPERAND = 1, FIRST = 256, HELP = FIRST + OPTIONS_MAX };

/* '-': operands are handed out in their order, as 1. ':': what is missing is told apart from what is unknown. */
static const char SHORT_OPTIONS[] = "-:";

static enum options_result wrong(const char *command, const char *what, const char *argument)
{
	(void)fprintf(stderr, "pugmark %s: %s '%s'; see 'pugmark %s --help'\n", command, what, argument, command);
	return OPTIONS_WRONG;
}

/* The table for getopt_long: an option's number is its place in `specs`. */
static void fill(const struct option_spec *specs, struct option longs[OPTIONS_MAX + 2])
{
	int n = 0;
	for (; specs[n].name; n++) {
		BUG_IF(n == OPTIONS_MAX);
		longs[n] =
		    (struct option){specs[n].name, specs[n].flag ? no_argument : required_argument, NULL, FIRST + n};
	}
	longs[n] = (struct option){"help", no_argument, NULL, HELP};
	longs[n + 1] = (struct option){0};
}

/* "--name" or "--name=…", whole. */
static bool is_spelled_out(const char *argument, const struct option *longs)
{
	if (strncmp(argument, "--", 2) != 0)
		return false;
	size_t n = strcspn(argument + 2, "=");
	while (longs->name && (strlen(longs->name) != n || memcmp(longs->name, argument + 2, n) != 0))
		longs++;
	return longs->name != NULL;
}

/* NULL, or what is wrong with it. */
static const char *take_value(const struct option_spec *spec, const char *value)
{
	if (spec->flag)
		*spec->flag = true;
	else if (!spec->values)
		*spec->value = value;
	else if (spec->values->count == OPTION_VALUES_MAX)
		return "this option is given too often:";
	else
		spec->values->values[spec->values->count++] = value;
	return NULL;
}

static const char *take_operand(struct operands *operands, const char *value)
{
	if (!operands)
		return "this command takes no argument:";
	if (operands->count == OPERANDS_MAX)
		return "too many arguments at";
	operands->values[operands->count++] = value;
	return NULL;
}

/* What getopt_long found at `argument`; NULL, or what is wrong with it. */
static const char *take(int found, const char *argument, const struct option_spec *specs, const struct option *longs,
			struct operands *operands)
{
	if (found == OPERAND)
		return take_operand(operands, optarg);
	if (!is_spelled_out(argument, longs))
		return "unknown option";
	if (found == ':')
		return "this option needs a value:";
	if (found == '?')
		return "this option takes no value:";
	return take_value(&specs[found - FIRST], optarg);
}

enum options_result options_parse(int argc, char **argv, const struct option_spec *specs, struct operands *ret)
{
	struct option longs[OPTIONS_MAX + 2];
	struct operands operands = {{NULL}, 0};
	const char *trouble = NULL;
	int at = 1;
	fill(specs, longs);
	opterr = 0;
	optind = 0; /* getopt starts anew, whatever was parsed before */
	for (int found; (found = getopt_long(argc, argv, SHORT_OPTIONS, longs, NULL)) != -1; at = optind) {
		if (found == HELP && strcmp(argv[at], "--help") == 0)
			return OPTIONS_HELP;
		trouble =
		    found == HELP ? "unknown option" : take(found, argv[at], specs, longs, ret ? &operands : NULL);
		if (trouble)
			return wrong(argv[0], trouble, argv[at]);
	}
	for (at = optind; at < argc; at++) /* behind "--" */
		if ((trouble = take_operand(ret ? &operands : NULL, argv[at])))
			return wrong(argv[0], trouble, argv[at]);
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

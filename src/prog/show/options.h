/* SPDX-License-Identifier: Apache-2.0 */
/* options: a command's arguments. Long options only, `--name value` or `--name=value`; the rest are operands, and so is
 * everything behind `--`. One dash begins no option. Every
 * command also takes --help, and those that touch an installation --config FILE and --data DIR. */
#ifndef PUGMARK_PROG_OPTIONS_H
#define PUGMARK_PROG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTION_VALUES_MAX = 64 };

/* The values of an option that may be given more than once, in their order. */
struct option_values {
	const char *values[OPTION_VALUES_MAX];
	size_t count;
};

struct option_spec {
	const char *name;             /* without the dashes; NULL ends a list */
	const char **value;           /* where its value goes, the last one given; or */
	bool *flag;                   /* what it sets */
	const char *help;             /* "ADDR:PORT  where to listen"; a flag: "  print JSON" or plain words */
	struct option_values *values; /* instead of `value`: where all its values go */
};

enum { OPERANDS_MAX = 16 };

struct operands {
	const char *values[OPERANDS_MAX];
	size_t count;
};

enum options_result {
	OPTIONS_OK,
	OPTIONS_HELP,  /* --help: the caller prints its help and leaves with 0 */
	OPTIONS_WRONG, /* said so on standard error; the caller leaves with 2 */
};
/* argv[0] is the command's name. `ret` NULL: the command takes no operands. */
enum options_result options_parse(int argc, char **argv, const struct option_spec *specs, struct operands *ret);
/* One line an option. */
void options_print(const struct option_spec *specs);

/* Exit codes of every command. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#endif

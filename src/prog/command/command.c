/* SPDX-License-Identifier: Apache-2.0 */
/* The options of an installation are put behind a command's own, so that no command forgets one and --help shows all of
 * them in one order. */
#include "prog/command/command.h"

#include "base/mem.h"
#include <stdio.h>
#include <string.h>

enum { OPTIONS_MAX = 32 };

/* Copied, because the specs of a command point into its own frame and ours into the struct. */
static void join_options(struct command *c, const struct command_spec *spec, struct option_spec all[OPTIONS_MAX])
{
	const struct option_spec ours[] = {INSTALLATION_OPTIONS(&c->installation), {NULL}};
	size_t n = 0;
	for (const struct option_spec *o = spec->options; o && o->name; o++) {
		BUG_IF(n == OPTIONS_MAX - 1);
		all[n++] = *o;
	}
	for (const struct option_spec *o = ours; !spec->is_alone && o->name; o++) {
		BUG_IF(n == OPTIONS_MAX - 1);
		all[n++] = *o;
	}
	all[n] = (struct option_spec){NULL};
}

static void print_help(const struct command_spec *spec, const struct option_spec *options)
{
	puts(spec->help);
	if (spec->more_help)
		spec->more_help();
	options_print(options);
	if (spec->last_help)
		puts(spec->last_help);
}

/* The second name is said: a script that forgot to quote a path with a space is found by it. */
static bool take_file(struct command *c, int *ret_code)
{
	const struct operands *given = &c->operands;
	if (given->count > 1) {
		(void)fprintf(stderr, "pugmark %s: one file at a time; not %s\n", c->name, given->values[1]);
		*ret_code = EXIT_USAGE;
		return false;
	}
	c->file = given->count ? given->values[0] : NULL;
	return true;
}

bool command_open(struct command *c, const struct command_spec *spec, int argc, char **argv, int *ret_code)
{
	struct option_spec options[OPTIONS_MAX];
	c->name = argv[0];
	join_options(c, spec, options);
	bool takes_any = spec->takes_operands || spec->takes_file;
	switch (options_parse(argc, argv, options, takes_any ? &c->operands : NULL)) {
	case OPTIONS_OK: return !spec->takes_file || take_file(c, ret_code);
	case OPTIONS_HELP:
		print_help(spec, options);
		*ret_code = EXIT_DONE;
		return false;
	case OPTIONS_WRONG: break; /* it was said */
	}
	*ret_code = EXIT_USAGE;
	return false;
}

int command_wrong(const struct command *c, const char *words)
{
	(void)fprintf(stderr, "pugmark %s: %s\n", c->name, words);
	return EXIT_USAGE;
}

enum status command_configure(struct command *c)
{
	return installation_configure(&c->installation, &c->err);
}

/* The one line on standard error is the whole message: what happened, and what to do, are in the words of whoever found
 * out. */
int command_close(struct command *c, enum status status)
{
	int code = status == STATUS_OK ? c->exit_code : installation_failed(c->name, &c->err);
	installation_close(&c->installation);
	return code;
}

const struct command_verb *command_verb_of(const struct command *c, const struct command_verb *verbs)
{
	const struct operands *given = &c->operands;
	for (; given->count && verbs->name; verbs++)
		if (strcmp(verbs->name, given->values[0]) == 0)
			return given->count >= verbs->operands_min && given->count <= verbs->operands_max ? verbs
													  : NULL;
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* command: what every command does before its own work and after it, in one place, so that all behave alike:
 *
 *   command_open        arguments; --help is answered; what is wrong with them is said. Exit code 2.
 *   command_configure   the configuration. From here on what fails has exit code 1.
 *   ...                 installation_open, errand_run: the command's own
 *   command_close       one line on standard error when it failed; everything is given back; the exit code.
 *
 * A command checks the values of its options between the first two: a wrong call is a wrong call, whatever the
 * configuration says. Its own struct begins with a struct command, so that verbs can be functions of it.
 */
#ifndef PUGMARK_PROG_COMMAND_H
#define PUGMARK_PROG_COMMAND_H

#include "prog/serve/installation.h"
#include "prog/show/options.h"

struct command {
	const char *name; /* as it was called */
	struct installation installation;
	struct operands operands;
	const char *file; /* the operand of a command that takes_file; NULL: none */
	struct err err;
	int exit_code; /* when all went well; EXIT_DONE unless the command sets it */
};

struct command_spec {
	const char *help;        /* above the options, with the line that parts them; puts adds the last one */
	void (*more_help)(void); /* between the two; or NULL */
	const char *last_help;   /* below; or NULL */
	const struct option_spec *options; /* its own; NULL: none */
	bool takes_operands;
	bool takes_file; /* one operand at most, see input_file.h */
	bool is_alone;   /* touches no installation: there is no --config and no --data */
};

/* False: leave at once with *ret_code; nothing has to be closed. */
bool command_open(struct command *command, const struct command_spec *spec, int argc, char **argv, int *ret_code);
/* Exit code 2, and "pugmark NAME: " and the words on standard error. */
int command_wrong(const struct command *command, const char *words);

/* Reads the configuration. As installation_configure, with the words in command->err. */
enum status command_configure(struct command *command) MUST_CHECK;
/* Takes the installation's things back; what is in its arena is gone. */
int command_close(struct command *command, enum status status);

/* A command of commands: `pugmark keys list`. The first operand chooses. */
struct command_verb {
	const char *name; /* NULL ends a list */
	enum status (*run)(struct command *command);
	size_t operands_min, operands_max; /* with the verb itself */
};
/* NULL: none was given, or one that is not there, or the wrong number of operands. */
const struct command_verb *command_verb_of(const struct command *command, const struct command_verb *verbs);

#endif

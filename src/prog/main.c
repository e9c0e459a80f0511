/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark: one program, many commands. The table is all there is to it: a command's help, options and exit codes are
 * its own (command/command.h), and a new command is a row here and a file there. One program instead of a server and
 * tools, so that a data directory is never touched by two versions at once. */
#include "base/buf.h"
#include "base/mem.h"
#include "prog/command/commands.h"
#include "prog/serve/config.h"
#include "prog/show/options.h"
#include "web/api/routes.h"
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
};

static const struct command commands[] = {
    {"init", command_init, "make a data directory: keys, store, first user, first API key"},
    {"serve", command_serve, "answer opens and clicks, the API and the console; send mail"},
    {"rewrite", command_rewrite, "instrument HTML on standard input or in a file"},
    {"milter", command_milter, "instrument the mail that Postfix or Sendmail sends through it"},
    {"lint", command_lint, "say what is wrong with a mail before it is sent"},
    {"token", command_token, "say what a token in a tracking link says"},
    {"judge", command_judge, "say who is behind a hit, and why"},
    {"keys", command_keys, "list, rotate or verify the token keys"},
    {"tenant", command_tenant, "list tenants, add one, change its settings"},
    {"user", command_user, "list users, add or remove one, set a password or a role"},
    {"apikey", command_apikey, "list, add or revoke API keys"},
    {"prune", command_prune, "delete events past their time now"},
    {"rejudge", command_rejudge, "judge opens and clicks again by today's rules"},
    {"backup", command_backup, "keys, configuration and store into one file"},
    {"restore", command_restore, "a backup into an empty data directory"},
    {"verify", command_verify, "hold journal, cursor and all numbers against the events"},
    {"migrate", command_migrate, "bring the store up to this program's version"},
    {"journal", command_journal, "verify, dump or salvage the journal"},
    {"bench", command_bench, "measure a part of this program on this machine"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to)
{
	(void)fprintf(to, "Pugmark " PUGMARK_VERSION
			  ": sends a platform's mail and tells the truth about what recipients did with it.\n\n"
			  "usage: pugmark COMMAND [--config FILE] [--data DIR] ...\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].does);
	(void)fprintf(to, "\n'pugmark COMMAND --help' says more; 'pugmark help config' lists every setting, 'pugmark "
			  "help routes' the API.\n");
}

static int print_config_help(void)
{
	struct buf b;
	buf_init(&b, 65536);
	config_describe(&b);
	printf(
	    "pugmark.conf: [section] and key = value; each key also as PUGMARK_SECTION_KEY in the environment.\n\n%s",
	    buf_cstr(&b));
	buf_done(&b);
	return EXIT_DONE;
}

/* For scripts and for the test that holds the document of the API to the program. */
static int print_routes(void)
{
	size_t count;
	const struct route *routes = routes_all(&count);
	for (size_t i = 0; i < count; i++)
		printf("%-6s /api/v1%s\n", routes_method_name(routes[i].method), routes[i].pattern);
	return EXIT_DONE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* `pugmark help serve`: what `pugmark serve --help` says. */
static int help_about(char *name)
{
	char help[] = "--help";
	char *words[] = {name, help, NULL};
	const struct command *command = find_command(name);
	if (command)
		return command->run(2, words);
	(void)fprintf(stderr, "pugmark: there is no help on '%s'; see 'pugmark help'\n", name);
	return EXIT_USAGE;
}

/* Without a command the help goes to standard error and the code is 2: a script that lost its argument must notice. */
int main(int argc, char **argv)
{
	mem_keep_freed();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		puts("pugmark " PUGMARK_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "help") == 0 && argc > 2 && strcmp(argv[2], "config") == 0)
		return print_config_help();
	if (strcmp(argv[1], "help") == 0 && argc > 2 && strcmp(argv[2], "routes") == 0)
		return print_routes();
	if (strcmp(argv[1], "help") == 0 && argc > 2)
		return help_about(argv[2]);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	const struct command *command = find_command(argv[1]);
	if (command)
		return command->run(argc - 1, argv + 1);
	(void)fprintf(stderr, "pugmark: there is no command '%s'; see 'pugmark help'\n", argv[1]);
	return EXIT_USAGE;
}

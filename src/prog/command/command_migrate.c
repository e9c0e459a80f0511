/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark migrate: every command brings an older store up to date by itself; this one does nothing else and says what
 * it did, for those who upgrade in steps. */
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include <stdio.h>

static void print(int from, int to, bool is_json)
{
	if (is_json)
		printf("{\"from\":%d,\"to\":%d}\n", from, to);
	else if (from == to)
		printf("The store has schema version %d already; nothing was done.\n", to);
	else
		printf("The store was brought from schema version %d to %d.\n", from, to);
}

int command_migrate(int argc, char **argv)
{
	struct command c = {0};
	bool is_json = false;
	int code, from = 0, to = 0;
	const struct option_spec options[] = {{"json", NULL, &is_json, "print JSON"}, {NULL}};
	const struct command_spec spec = {
	    .help =
		"pugmark migrate: bring the store up to this program's version. Stop every server of it before, and\n"
		"make a backup: an older program refuses it afterwards.\n",
	    .options = options};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	enum status status = command_configure(&c);
	if (status == STATUS_OK)
		status = installation_versions(&c.installation, &from, &to, &c.err);
	if (status == STATUS_OK)
		status = installation_open(&c.installation, &c.err);
	if (status == STATUS_OK)
		print(from, to, is_json);
	return command_close(&c, status);
}

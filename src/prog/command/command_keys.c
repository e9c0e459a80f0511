/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark keys list|rotate. Works on the file of keys alone: no store, no lock. A server that runs looks at the file
 * once a second (engine/keys/key_watch.h), so nobody needs to be asked. */
#include "engine/keys/key_file.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include <stdio.h>

static enum status list(struct command *c)
{
	struct installation *i = &c->installation;
	enum status status = key_file_load(i->keys_path, &i->keys, &i->newest_key, &c->err);
	for (unsigned id = 1; status == STATUS_OK && id < LINK_TOKEN_KEYS_MAX; id++)
		if (link_token_keys_has(i->keys, (uint8_t)id))
			printf("%3u  %s\n", id,
			       id == i->newest_key ? "seals new links, of several servers once all have it"
						   : "opens old links");
	return status;
}

static enum status rotate(struct command *c)
{
	struct installation *i = &c->installation;
	enum status status = key_file_rotate(i->keys_path, &i->newest_key, &c->err);
	if (status == STATUS_OK)
		printf("Key %u was added. A server that runs takes it up within a second and seals new links with it, "
		       "unless others share its store: then once all of them have it. Every old link keeps working.\n"
		       "Copy %s to the other servers, if there are any, and to a safe place again.\n",
		       i->newest_key, i->keys_path);
	return status;
}

int command_keys(int argc, char **argv)
{
	static const struct command_verb verbs[] = {{"list", list, 1, 1}, {"rotate", rotate, 1, 1}, {NULL}};
	static const struct command_spec spec = {
	    .help = "pugmark keys list|rotate: the keys that links are sealed with. A rotated key still opens its "
		    "links, for ever.\n",
	    .takes_operands = true};
	struct command c = {0};
	int code;
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	const struct command_verb *verb = command_verb_of(&c, verbs);
	if (!verb)
		return command_wrong(&c, "say 'list' or 'rotate'");
	enum status status = command_configure(&c);
	return command_close(&c, status == STATUS_OK ? verb->run(&c) : status);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark keys list|rotate|verify. The first two work on the file of keys alone: no store, no lock. A server that runs
 * looks at the file once a second (engine/keys/key_watch.h), so nobody needs to be asked. */
#include "engine/keys/key_agreement.h"
#include "engine/keys/key_file.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include <stdio.h>
#include <sys/stat.h>

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

/* ---- verify */

static enum status compare_with_store(struct command *c, bool known[LINK_TOKEN_KEYS_MAX])
{
	struct installation *i = &c->installation;
	struct store_session *s = NULL;
	const struct held_keys mine = {i->keys, i->keys_path};
	enum status status = store_open(i->config.store_url, &i->store, &c->err);
	if (status == STATUS_OK)
		status = store_check(i->store, &c->err);
	if (status == STATUS_OK)
		status = store_session_open(i->store, STORE_READ, &s, &c->err);
	if (status == STATUS_OK)
		status = key_agreement_compare(s, &mine, known, &c->err);
	store_session_close(&s);
	return status == STATUS_END ? STATUS_OK : status; /* the store has not seen them all yet */
}

/* A warning and no failure: nothing is wrong with the keys yet. */
static void warn_of_readers(const struct installation *i)
{
	struct stat info;
	if (stat(i->keys_path, &info) != 0 || !(info.st_mode & (S_IRWXG | S_IRWXO)))
		return;
	(void)fprintf(
	    stderr,
	    "pugmark keys: %s is open to other users of this machine (mode %03o), and whoever has it can make links "
	    "that look like yours: chmod 600 it\n",
	    i->keys_path, (unsigned)info.st_mode & 0777);
}

/* Damage and a key that the store misses are the words of a failure; what is left to say is what is good. */
static enum status verify(struct command *c)
{
	struct installation *i = &c->installation;
	bool checked[LINK_TOKEN_KEYS_MAX], known[LINK_TOKEN_KEYS_MAX] = {false};
	enum status status = key_file_load_checked(i->keys_path, &i->keys, &i->newest_key, checked, &c->err);
	if (status == STATUS_OK)
		status = compare_with_store(c, known);
	if (status == STATUS_OK)
		warn_of_readers(i);
	for (unsigned id = 1; status == STATUS_OK && id < LINK_TOKEN_KEYS_MAX; id++)
		if (link_token_keys_has(i->keys, (uint8_t)id))
			printf("%3u  %s, %s\n", id,
			       checked[id] ? "its check value is right" : "from before there were check values",
			       known[id] ? "the store knows it" : "not used with the store yet");
	return status;
}

int command_keys(int argc, char **argv)
{
	static const struct command_verb verbs[] = {
	    {"list", list, 1, 1}, {"rotate", rotate, 1, 1}, {"verify", verify, 1, 1}, {NULL}};
	static const struct command_spec spec = {
	    .help =
		"pugmark keys list|rotate|verify: the keys that links are sealed with. A rotated key still opens its\n"
		"links, for ever. 'verify' holds each against its check value and what the store knows of it.\n",
	    .takes_operands = true};
	struct command c = {0};
	int code;
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	const struct command_verb *verb = command_verb_of(&c, verbs);
	if (!verb)
		return command_wrong(&c, "say 'list', 'rotate' or 'verify'");
	enum status status = command_configure(&c);
	return command_close(&c, status == STATUS_OK ? verb->run(&c) : status);
}

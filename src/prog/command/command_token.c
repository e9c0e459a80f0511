/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark token: what a token says; exit 1 when it is not ours. Only keys are needed, so it works beside a running
 * server and on a machine that has nothing but a copy of the file. */
#include "codec/text/json_text.h"
#include "engine/keys/key_file.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include <stdio.h>

static const char *const consent_names[] = {"off", "anonymous", "full"};

static void print_json(const struct link_token *t, unsigned key_id)
{
	struct buf b;
	buf_init(&b, 65536);
	struct json_text w = json_text_on(&b);
	json_open(&w, '{');
	JSON_FIELD(&w, "kind", cstring, link_token_kind_name(t->kind));
	JSON_FIELD(&w, "key", i64, key_id);
	JSON_FIELD(&w, "tenant", i64, t->tenant);
	JSON_FIELD(&w, "message", uuid, t->message);
	JSON_FIELD(&w, "consent", cstring, consent_names[t->consent]);
	JSON_FIELD(&w, "link_index", i64, t->link_index);
	JSON_FIELD(&w, "destination", string_or_null, t->is_stored ? SLICE_EMPTY : t->destination);
	JSON_FIELD(&w, "destination_in_store", bool, t->is_stored);
	json_close(&w, '}');
	puts(buf_cstr(&b));
	buf_done(&b);
}

/* The destination is in the token, so this needs no store. Longer ones are in the store and only named here. */
static void print_text(const struct link_token *t, unsigned key_id)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(t->message, id);
	printf("kind         %s\nkey          %u\ntenant       %u\nmessage      %s\nconsent      %s\n",
	       link_token_kind_name(t->kind), key_id, t->tenant, id, consent_names[t->consent]);
	if (t->kind != LINK_TOKEN_CLICK)
		return;
	printf("link         %u\n", t->link_index);
	if (t->is_stored)
		puts("destination  kept in the store (it is longer than a token may be)");
	else
		printf("destination  %.*s\n", SLICE_FMT(t->destination));
}

/* The last part of a whole tracking URL is taken too. */
static struct slice token_text(const char *argument)
{
	const char *slash = strrchr(argument, '/');
	struct slice text = slice_from_cstr(slash ? slash + 1 : argument);
	if (slice_ends_with(text, SLICE(".gif")))
		text.n -= 4;
	return text;
}

/* Not ours, changed on its way and made with a key that is lost cannot be told apart, and must not be: a token is
 * sealed. */
static int show(const struct link_token_keys *keys, const char *argument, bool json)
{
	char room[LINK_TOKEN_TEXT_MAX];
	struct link_token token;
	uint8_t key_id;
	struct link_token_sealer *sealer = link_token_sealer_new(keys);
	enum status status = link_token_open(sealer, token_text(argument), room, &token, &key_id);
	if (status == STATUS_OK && json)
		print_json(&token, key_id);
	else if (status == STATUS_OK)
		print_text(&token, key_id);
	else
		(void)fprintf(stderr,
			      "pugmark token: this token was not made with these keys, or it was changed on its way\n");
	link_token_sealer_free(&sealer);
	return status == STATUS_OK ? EXIT_DONE : EXIT_FAILED;
}

int command_token(int argc, char **argv)
{
	struct command c = {0};
	struct installation *i = &c.installation;
	const char *key_file = NULL;
	bool json = false;
	int code;
	const struct option_spec options[] = {
	    {"key-file", &key_file, NULL, "F  the keys (default: those of the data directory)"},
	    {"json", NULL, &json, " as JSON"},
	    {NULL}};
	const struct command_spec spec = {
	    .help =
		"pugmark token TOKEN: say what a token, or a whole tracking URL, says. Exit 1 when it is not ours.\n",
	    .options = options,
	    .takes_operands = true};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	if (c.operands.count != 1)
		return command_wrong(&c, "give one token; see 'pugmark token --help'");
	enum status status = command_configure(&c);
	if (status == STATUS_OK)
		status = key_file_load(key_file ? key_file : i->keys_path, &i->keys, &i->newest_key, &c.err);
	if (status == STATUS_OK)
		c.exit_code = show(i->keys, c.operands.values[0], json);
	return command_close(&c, status);
}

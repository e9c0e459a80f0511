/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark keys list|rotate. */
#include "prog/command/commands.h"
#include "prog/serve/installation.h"
#include "prog/serve/keys.h"
#include <stdio.h>

static enum status list(struct installation *i, struct err *err)
{
	enum status status = keys_load(i->keys_path, &i->keys, &i->newest_key, err);
	for (unsigned id = 1; status == STATUS_OK && id < LINK_TOKEN_KEYS_MAX; id++)
		if (link_token_keys_has(i->keys, (uint8_t)id))
			printf("%3u  %s\n", id,
			       id == i->newest_key ? "seals new links, opens old ones" : "opens old links");
	return status;
}

static enum status rotate(struct installation *i, struct err *err)
{
	enum status status = keys_rotate(i->keys_path, &i->newest_key, err);
	if (status == STATUS_OK)
		printf("Key %u was added. Restart 'pugmark serve' to seal new links with it; every old link keeps "
		       "working.\n"
		       "Copy %s to a safe place again.\n",
		       i->newest_key, i->keys_path);
	return status;
}

int command_keys(int argc, char **argv)
{
	struct installation i = {0};
	struct err err = {0};
	struct operands operands;
	const struct option_spec specs[] = {INSTALLATION_OPTIONS(&i), {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &operands);
	if (parsed == OPTIONS_HELP) {
		puts("pugmark keys list|rotate: the keys that links are sealed with. A rotated key still opens its "
		     "links, for ever.\n");
		return options_print(specs), EXIT_DONE;
	}
	const char *verb = parsed == OPTIONS_OK && operands.count == 1 ? operands.values[0] : "";
	bool is_list = strcmp(verb, "list") == 0;
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	if (!is_list && strcmp(verb, "rotate") != 0) {
		(void)fprintf(stderr, "pugmark keys: say 'list' or 'rotate'\n");
		return EXIT_USAGE;
	}
	enum status status = installation_configure(&i, &err);
	if (status == STATUS_OK)
		status = is_list ? list(&i, &err) : rotate(&i, &err);
	int code = status == STATUS_OK ? EXIT_DONE : installation_failed("keys", &err);
	installation_close(&i);
	return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark milter: the filter for Postfix and Sendmail. Needs the configuration only: no data directory, no keys, no
 * store; it may run on another machine than the server. */
#include "milter/milter.h"

#include "base/mem.h"
#include "milter/instrument_client.h"
#include "milter/milter_rules.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_FILE_MAX = 1024 };

/* The key may be alone in its file, or with a line end behind it. */
static enum status read_key_file(const char *path, struct arena *arena, const char **ret, struct err *err)
{
	char room[KEY_FILE_MAX];
	FILE *f = fopen(path, "re");
	if (!f)
		return err_set_errno(err, errno, "milter.api_key_file %.100s cannot be read", path);
	size_t n = fread(room, 1, sizeof room, f);
	bool failed = ferror(f) != 0;
	int os_errno = errno;
	(void)fclose(f); /* only read from */
	if (failed)
		return err_set_errno(err, os_errno, "milter.api_key_file %.100s cannot be read", path);
	*ret = arena_cstr(arena, slice_trim(slice_of(room, n)));
	return STATUS_OK;
}

/* The key may stand in a file of its own, which a unit can protect better than a configuration that everybody reads. */
static enum status make_client(const struct config *config, struct arena *arena, struct milter_config *milter,
			       struct err *err)
{
	struct instrument_client_config client = {
	    .server = config->milter_server,
	    .api_key = config->milter_api_key,
	    .ca_file = config->milter_ca_file,
	    .timeout_ms = (long)config->milter_timeout_ms,
	};
	if (*config->milter_api_key_file && *config->milter_api_key)
		return err_set(err, STATUS_BAD_INPUT, "only one of milter.api_key and milter.api_key_file may be set");
	if (*config->milter_api_key_file &&
	    read_key_file(config->milter_api_key_file, arena, &client.api_key, err) != STATUS_OK)
		return err->status;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, STATUS_IO, "libcurl could not be set up");
	milter->stop_timeout_ms = (int)config->milter_timeout_ms;
	return instrument_client_new(&client, &milter->client, err);
}

static enum status make_rules(const struct config *config, struct arena *arena, struct milter_config *milter,
			      struct err *err)
{
	struct milter_rules_config rules = {
	    .senders = config->milter_senders,
	    .skip_senders = config->milter_skip_senders,
	    .networks = config->milter_networks,
	    .daemons = config->milter_daemons,
	    .require_header = config->milter_require_header,
	    .size_max = (size_t)config->milter_max_size_mb << 20,
	};
	struct milter_rules *made;
	enum status status = milter_rules_new(&rules, arena, &made, err);
	if (status == STATUS_OK)
		milter->rules = made;
	return status;
}

/* Octal as in chmod; "660" read as a decimal number would open the socket to strangers. */
static enum status take_listen(const struct config *config, struct milter_config *milter, struct err *err)
{
	char *end;
	unsigned long mode = strtoul(config->milter_socket_mode, &end, 8);
	if (*config->milter_socket_mode == '\0' || *end || mode > 0777)
		return err_set(err, STATUS_BAD_INPUT, "milter.socket_mode must be octal, such as 660");
	milter->socket_mode = (uint32_t)mode;
	milter->listen = config->milter_listen;
	return STATUS_OK;
}

static enum status run(struct command *c, const char *listen_on, const char *server)
{
	struct milter_config milter = {0};
	struct installation *i = &c->installation;
	enum status status = command_configure(c);
	if (status == STATUS_OK && listen_on)
		status = config_set(&i->config, "milter.listen", listen_on, i->arena, &c->err);
	if (status == STATUS_OK && server)
		status = config_set(&i->config, "milter.server", server, i->arena, &c->err);
	if (status != STATUS_OK)
		return status;
	config_apply_log_level(&i->config);
	status = take_listen(&i->config, &milter, &c->err);
	if (status == STATUS_OK)
		status = make_rules(&i->config, i->arena, &milter, &c->err);
	if (status == STATUS_OK)
		status = make_client(&i->config, i->arena, &milter, &c->err);
	return status == STATUS_OK ? milter_run(&milter, &c->err) : status;
}

int command_milter(int argc, char **argv)
{
	/* Never closed, and static, because threads of libmilter may read it until the process is gone. */
	static struct command c;
	const char *listen_on = NULL;
	const char *server = NULL;
	int code;
	const struct option_spec options[] = {
	    {"listen", &listen_on, NULL, "WHERE  inet:PORT@HOST, inet6:PORT@HOST or unix:PATH"},
	    {"server", &server, NULL, "URL  the Pugmark server that instruments"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark milter: instrument the mail that Postfix or Sendmail sends through it.\n",
	    .last_help =
		"\nAll else is in section [milter] of the configuration. Mail that cannot be instrumented passes as it "
		"is.",
	    .options = options};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	return run(&c, listen_on, server) == STATUS_OK ? EXIT_DONE : installation_failed(c.name, &c.err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark serve: the server. Parts are started from the bottom up and stopped from the top down: first nobody new is
 * let in and what was accepted is answered, then mail under way is brought to an end, then what was recorded is
 * applied. */
#include "base/log.h"
#include "base/mem.h"
#include "base/secret_memory.h"
#include "base/stop_signals.h"
#include "engine/dispatch/dispatch.h"
#include "engine/feed/live.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/openapi.h"
#include "prog/serve/server.h"
#include "prog/serve/server_settings.h"
#include "prog/serve/start_guard.h"
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { WATCH_MS = 1000, RESERVE_BYTES = 64 << 20 };

/* The main thread has nothing else to do than to look once a second and to take signals. False: it ends because it
 * cannot go on. */
static bool wait_for_end(struct server *server)
{
	for (;;) {
		int signal_number = stop_signals_wait(WATCH_MS);
		if (signal_number) {
			log_info("serve.stopping", LOG_CSTR("signal", signal_number == SIGTERM ? "TERM" : "INT"));
			return true;
		}
		if (!server_watch(server))
			return false;
	}
}

/* For who asked for port 0, scripts and tests most of all: they wait for this file. */
static enum status write_port(const char *path, uint16_t port, struct err *err)
{
	FILE *f = fopen(path, "w");
	if (!f)
		return err_set_errno(err, errno, "%s cannot be written", path);
	bool bad = fprintf(f, "%u\n", port) < 0;
	bad = fclose(f) != 0 || bad;
	return bad ? err_set_errno(err, errno, "%s cannot be written", path) : STATUS_OK;
}

/* Options are settings with another spelling. What they say was checked before, with the words of the settings. */
static enum status apply_options(struct installation *i, const struct server_options *o, struct err *err)
{
	enum status status = STATUS_OK;
	if (o->listen_on)
		status = config_set(&i->config, "server.listen", o->listen_on, i->arena, err);
	if (status == STATUS_OK && o->base_url)
		status = config_set(&i->config, "server.base_url", o->base_url, i->arena, err);
	if (status == STATUS_OK && o->roles)
		status = config_set(&i->config, "server.roles", o->roles, i->arena, err);
	return status;
}

static enum status run(struct installation *i, struct err *err)
{
	struct server *server = NULL;
	if (!i->config.core_dumps)
		secret_memory_close_process();
	stop_signals_block();
	json_set_alloc_funcs(malloc, secret_memory_free); /* bodies with passwords become trees */
	mem_keep_reserve(RESERVE_BYTES);
	config_apply_log_level(&i->config);
	struct start_guard *guard = start_guard_open();
	enum status status = installation_open(i, err);
	if (status == STATUS_OK)
		status = server_start(i, &server, err);
	start_guard_close(&guard);
	if (status == STATUS_OK)
		status = write_port(i->port_path, server_port(server), err);
	bool has_port_file = status == STATUS_OK; /* another server's stays */
	bool was_told = true;
	if (status == STATUS_OK) {
		log_info("serve.ready", LOG_CSTR("url", server_base_url(server)), LOG_INT("port", server_port(server)),
			 LOG_STR("store", store_engine_name(i->store)), LOG_CSTR("data", i->data));
		was_told = wait_for_end(server);
	}
	if (has_port_file)
		(void)unlink(i->port_path);
	server_stop(&server);
	if (status == STATUS_OK)
		log_info("serve.stopped");
	if (status == STATUS_OK && !was_told)
		return err_set(err, STATUS_CONFLICT, "a newer program has taken over the store; see the log");
	return status;
}

int command_serve(int argc, char **argv)
{
	struct command c = {0};
	struct server_options given = {0};
	int code;
	const struct option_spec options[] = {
	    {"listen", &given.listen_on, NULL, "ADDR:PORT  where to listen; port 0 takes a free one"},
	    {"base-url", &given.base_url, NULL, "URL  where recipients reach this server"},
	    {"roles", &given.roles, NULL, "LIST  edge,api,apply,deliver: what this process does"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark serve: answer opens and clicks, the API and the console; send mail.\n",
	    .options = options};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	if (server_options_check(&given, &c.err) != STATUS_OK)
		return command_wrong(&c, c.err.text);
	enum status status = command_configure(&c);
	if (status == STATUS_OK)
		status = apply_options(&c.installation, &given, &c.err);
	if (status == STATUS_OK)
		status = run(&c.installation, &c.err);
	return command_close(&c, status);
}

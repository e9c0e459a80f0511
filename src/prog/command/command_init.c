/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark init: keys, store, first tenant, first user, first API key. Safe to repeat: what is there stays. */
#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/tenant/time_zone.h"
#include "prog/command/commands.h"
#include "prog/serve/installation.h"
#include "prog/serve/new_account.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct first_run {
	const char *email;
	struct slice shown_email;
	struct slice password; /* empty: the user was there already */
	struct slice api_key;  /* empty: there was one already */
	uint32_t tenant;
};

static enum status ensure_tenant(const struct installation *i, struct store_session *s, struct first_run *run,
				 struct err *err)
{
	struct tenant tenant;
	struct slice zone = slice_from_cstr(i->config.time_zone);
	enum status status = store_tenant_find_by_name(s, SLICE("default"), i->arena, &tenant, err);
	if (status == STATUS_OK)
		run->tenant = tenant.id;
	if (status != STATUS_NOT_FOUND)
		return status;
	status = time_zone_check(zone, err);
	if (status != STATUS_OK)
		return status;
	tenant =
	    (struct tenant){.name = SLICE("default"), .time_zone = zone, .created_us = clock_now_us(clock_system())};
	return store_tenant_add(s, &tenant, &run->tenant, err);
}

static enum status ensure_user(struct store_session *s, struct arena *arena, struct first_run *run, struct err *err)
{
	struct user *users;
	size_t count;
	enum status status = store_user_list(s, run->tenant, arena, &users, &count, err);
	if (status != STATUS_OK)
		return status;
	if (count) {
		run->shown_email = users[0].email;
		return STATUS_OK;
	}
	run->shown_email = slice_from_cstr(run->email);
	struct user user = {.tenant = run->tenant, .email = run->shown_email, .role = ROLE_OWNER};
	return new_user(s, user, arena, &run->password, err);
}

static enum status ensure_api_key(struct store_session *s, struct arena *arena, struct first_run *run, struct err *err)
{
	struct api_key *keys;
	size_t count;
	enum status status = store_api_key_list(s, run->tenant, arena, &keys, &count, err);
	if (status != STATUS_OK || count)
		return status;
	return new_api_key(s, run->tenant, SLICE("first key"), arena, &run->api_key, err);
}

static enum status ensure_accounts(struct installation *i, struct first_run *run, struct err *err)
{
	struct store_session *s = NULL;
	enum status status = store_session_open(i->store, STORE_WRITE, &s, err);
	if (status != STATUS_OK)
		return status;
	status = store_begin(s, err);
	if (status == STATUS_OK)
		status = ensure_tenant(i, s, run, err);
	if (status == STATUS_OK)
		status = ensure_user(s, i->arena, run, err);
	if (status == STATUS_OK)
		status = ensure_api_key(s, i->arena, run, err);
	if (status == STATUS_OK)
		status = store_commit(s, err);
	else
		store_rollback(s);
	store_session_close(&s);
	return status;
}

static const char *url_of(const struct installation *i)
{
	return *i->config.base_url ? i->config.base_url : arena_printf(i->arena, "http://%s", i->config.listen).p;
}

static void print_json(const struct installation *i, const struct first_run *run)
{
	struct buf b;
	buf_init(&b, 65536);
	struct json_text w = json_text_on(&b);
	json_open(&w, '{');
	JSON_FIELD(&w, "url", cstring, url_of(i));
	JSON_FIELD(&w, "tenant", cstring, "default");
	JSON_FIELD(&w, "email", string, run->shown_email);
	JSON_FIELD(&w, "password", string_or_null, run->password);
	JSON_FIELD(&w, "api_key", string_or_null, run->api_key);
	json_close(&w, '}');
	puts(buf_cstr(&b));
	buf_done(&b);
}

static void print_text(const struct installation *i, const struct first_run *run)
{
	if (!run->password.n && !run->api_key.n) {
		printf("%s is set up already; nothing was changed.\n", i->data);
		return;
	}
	printf("\n  Console    %s\n  Address    %.*s\n", url_of(i), SLICE_FMT(run->shown_email));
	if (run->password.n)
		printf("  Password   %.*s\n", SLICE_FMT(run->password));
	if (run->api_key.n)
		printf("  API key    %.*s\n", SLICE_FMT(run->api_key));
	printf(
	    "\n  Password and key are shown this once. Send a first mail (it goes to the outbox, not out):\n\n"
	    "    curl http://%s/api/v1/messages -H 'Authorization: Bearer %.*s' -H 'Content-Type: application/json' "
	    "-d "
	    "'{\"from\":{\"email\":\"you@example.com\"},\"to\":{\"email\":\"first@example.com\"},\"subject\":\"Hello\","
	    "\"html\":\"<p>Open me, then <a href=\\\"https://example.com/\\\">click</a>.</p>\"}'\n\n",
	    i->config.listen, SLICE_FMT(run->api_key.n ? run->api_key : SLICE("pmk_…")));
}

/* A base URL that was told once is told for good: mail that a later start sends must not point elsewhere. */
static enum status keep_base_url(const struct installation *i, const char *base_url, struct err *err)
{
	const char *path = arena_printf(i->arena, "%s/pugmark.conf", i->data).p;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return STATUS_OK; /* somebody's own; it is not ours to change */
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool bad = !file || fprintf(file, "[server]\nbase_url = %s\n", base_url) < 0;
	bad = (file && fclose(file) != 0) || bad;
	return bad ? err_set_errno(err, errno, "%s cannot be written", path) : STATUS_OK;
}

static void print_help(const struct option_spec *specs)
{
	puts("pugmark init: make a data directory with keys, store, a first user and a first API key.\n"
	     "Safe to repeat: what is there already stays.\n");
	options_print(specs);
}

int command_init(int argc, char **argv)
{
	struct installation i = {0};
	struct first_run run = {.email = "admin@localhost.localdomain"};
	const char *listen_on = NULL;
	const char *base_url = NULL;
	bool json = false;
	struct err err = {0};
	const struct option_spec specs[] = {
	    {"email", &run.email, NULL, "E  the first user's address"},
	    {"listen", &listen_on, NULL, "ADDR:PORT  where serve will listen, for the addresses shown"},
	    {"base-url", &base_url, NULL, "URL  where recipients reach it; kept in DATA/pugmark.conf"},
	    {"json", NULL, &json, " print what was made as JSON"},
	    INSTALLATION_OPTIONS(&i),
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, NULL);
	if (parsed == OPTIONS_HELP)
		return print_help(specs), EXIT_DONE;
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	enum status status = installation_configure(&i, &err);
	if (status == STATUS_OK && listen_on)
		status = config_set(&i.config, "server.listen", listen_on, i.arena, &err);
	if (status == STATUS_OK && base_url)
		status = config_set(&i.config, "server.base_url", base_url, i.arena, &err);
	if (status == STATUS_OK)
		status = installation_create(&i, &err);
	if (status == STATUS_OK)
		status = ensure_accounts(&i, &run, &err);
	if (status == STATUS_OK && base_url && run.password.n)
		status = keep_base_url(&i, base_url, &err);
	if (status == STATUS_OK && json)
		print_json(&i, &run);
	else if (status == STATUS_OK)
		print_text(&i, &run);
	int code = status == STATUS_OK ? EXIT_DONE : installation_failed("init", &err);
	installation_close(&i);
	return code;
}

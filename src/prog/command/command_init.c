/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark init: keys, store, first tenant, first user, first API key. Safe to repeat: what is there stays.
 *
 * All accounts are made in one transaction, so an init that is interrupted leaves either nobody or somebody who can
 * sign in. It is the one command that writes them itself and asks no server: before it there is none. */
#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/accounts/new_account.h"
#include "engine/tenant/tenant_change.h"
#include "engine/tenant/time_zone.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/change_errand.h"
#include "prog/serve/server_settings.h"
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

static enum status find_default(struct store_session *s, struct arena *arena, struct first_run *run, struct err *err)
{
	struct tenant tenant;
	enum status status = store_tenant_find_by_name(s, SLICE("default"), arena, &tenant, err);
	if (status == STATUS_OK)
		run->tenant = tenant.id;
	return status;
}

static enum status ensure_tenant(const struct installation *i, struct store_session *s, struct first_run *run,
				 struct err *err)
{
	struct tenant_change change = {.tenant = SLICE("default"),
				       .actor = COMMAND_LINE_ACTOR,
				       .is_new = true,
				       .time_zone = slice_from_cstr(i->config.time_zone)};
	enum status status = find_default(s, i->arena, run, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	status = time_zone_check(change.time_zone, err);
	if (status == STATUS_OK)
		status = tenant_change_write(s, clock_now_us(clock_system()), &change, err);
	return status == STATUS_OK ? find_default(s, i->arena, run, err) : status;
}

/* Any user is enough: who was renamed or added since must not be joined by a second owner. */
static enum status ensure_user(struct store_session *s, struct arena *arena, struct first_run *run, struct err *err)
{
	struct user *users;
	size_t count;
	struct account_change change = {.tenant = run->tenant, .actor = COMMAND_LINE_ACTOR, .user.role = ROLE_OWNER};
	enum status status = store_user_list(s, run->tenant, arena, &users, &count, err);
	if (status != STATUS_OK)
		return status;
	run->shown_email = count ? users[0].email : slice_from_cstr(run->email);
	if (count)
		return STATUS_OK;
	change.user.email = run->shown_email;
	status = new_account_user(&change, arena, &run->password, err);
	return status == STATUS_OK ? account_change_write(s, clock_now_us(clock_system()), &change, err) : status;
}

/* A revoked key counts, too: revoking the first one is a decision, and init does not undo decisions. */
static enum status ensure_api_key(struct store_session *s, struct arena *arena, struct first_run *run, struct err *err)
{
	struct api_key *keys;
	size_t count;
	struct account_change change = {.tenant = run->tenant,
					.actor = COMMAND_LINE_ACTOR,
					.key = {.name = SLICE("first key"), .scopes = SCOPES_EVERY}};
	enum status status = store_api_key_list(s, run->tenant, arena, &keys, &count, err);
	if (status != STATUS_OK || count)
		return status;
	new_account_key(&change, arena, &run->api_key);
	return account_change_write(s, clock_now_us(clock_system()), &change, err);
}

/* A session of its own with the right to write: there is no writer, and the transaction is the whole of it. */
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

/* Where whoever typed this can reach it: a listener on every address is reached at this machine's own. */
static const char *local_address(const struct installation *i)
{
	struct slice listen_on = slice_from_cstr(i->config.listen);
	struct slice port = listen_on;
	while (slice_index(port, ':') < port.n)
		port = slice_from(port, slice_index(port, ':') + 1);
	bool is_any = slice_starts_with(listen_on, SLICE("0.0.0.0:")) || slice_starts_with(listen_on, SLICE("[::]:"));
	return is_any ? arena_printf(i->arena, "localhost:%.*s", SLICE_FMT(port)).p : i->config.listen;
}

/* Not at the base URL: a proxy that is set up as README says passes only the paths of recipients there. The first of
 * server.hosts is the console's name, behind the same proxy. */
static const char *console_url(const struct installation *i)
{
	struct slice list = slice_from_cstr(i->config.hosts);
	struct slice name = slice_trim(slice_cut(&list, ','));
	bool is_secure = slice_starts_with_nocase(slice_from_cstr(i->config.base_url), SLICE("https:"));
	if (name.n && !slice_equal(name, SLICE("*")))
		return arena_printf(i->arena, is_secure ? "https://%.*s" : "http://%.*s", SLICE_FMT(name)).p;
	return arena_printf(i->arena, "http://%s", local_address(i)).p;
}

/* For scripts that set up an installation and go on with its key. */
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

/* The key is shown inside of a command that works as it stands: the next thing anybody wants is to see a mail. */
static void print_text(const struct installation *i, const struct first_run *run)
{
	if (!run->password.n && !run->api_key.n) {
		printf("%s is set up already: its keys open the links of its store, and the store has its accounts.\n"
		       "Nothing was changed. Start it with 'pugmark serve --data %s'.\n",
		       i->data, i->data);
		return;
	}
	printf("\n  Console    %s\n  Address    %.*s\n", console_url(i), SLICE_FMT(run->shown_email));
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
	    local_address(i), SLICE_FMT(run->api_key.n ? run->api_key : SLICE("pmk_…")));
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

/* What the file and the environment say, as well as the options: what is shown and written down must work. */
static enum status check_settings(const struct installation *i, struct err *err)
{
	const struct server_options server = {
	    .listen_on = i->config.listen, .admin_listen = i->config.admin_listen, .base_url = i->config.base_url};
	return server_options_check(&server, err);
}

static enum status make(struct command *c, struct first_run *run, const char *listen_on, const char *base_url)
{
	struct installation *i = &c->installation;
	enum status status = command_configure(c);
	if (status == STATUS_OK && listen_on)
		status = config_set(&i->config, "server.listen", listen_on, i->arena, &c->err);
	if (status == STATUS_OK && base_url)
		status = config_set(&i->config, "server.base_url", base_url, i->arena, &c->err);
	if (status == STATUS_OK)
		status = check_settings(i, &c->err);
	if (status == STATUS_OK)
		status = installation_create(i, &c->err);
	if (status == STATUS_OK)
		status = ensure_accounts(i, run, &c->err);
	if (status == STATUS_OK && base_url && run->password.n)
		status = keep_base_url(i, base_url, &c->err);
	return status;
}

/* Before anything is made: what is written down here is what every later start goes by. */
static enum status check_options(const struct first_run *run, const char *listen_on, const char *base_url,
				 struct err *err)
{
	const struct server_options server = {.listen_on = listen_on, .base_url = base_url};
	enum status status = new_account_email_check(slice_from_cstr(run->email), err);
	return status == STATUS_OK ? server_options_check(&server, err) : status;
}

int command_init(int argc, char **argv)
{
	struct command c = {0};
	struct first_run run = {.email = "admin@localhost.localdomain"};
	const char *listen_on = NULL;
	const char *base_url = NULL;
	bool json = false;
	int code;
	const struct option_spec options[] = {
	    {"email", &run.email, NULL, "E  the first user's address"},
	    {"listen", &listen_on, NULL, "ADDR:PORT  where serve will listen, for the addresses shown"},
	    {"base-url", &base_url, NULL, "URL  where recipients reach it; kept in DATA/pugmark.conf"},
	    {"json", NULL, &json, " print what was made as JSON"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark init: make a data directory with keys, store, a first user and a first API key.\n"
		    "Safe to repeat: what is there already stays. For a second server on a store there is nothing to\n"
		    "make: copy the file keys of the first one (doc/scale.md).\n",
	    .options = options};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	if (check_options(&run, listen_on, base_url, &c.err) != STATUS_OK)
		return command_wrong(&c, c.err.text);
	enum status status = make(&c, &run, listen_on, base_url);
	if (status == STATUS_OK)
		(json ? print_json : print_text)(&c.installation, &run);
	return command_close(&c, status);
}

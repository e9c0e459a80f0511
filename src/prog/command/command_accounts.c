/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark user add|passwd|list and pugmark apikey add|list|revoke: what must work when nobody can sign in. A server
 * that runs does it and notes it; without one it is done and noted here (change_errand.h). Passwords and keys are made
 * here and printed once; only their hashes leave this process. */
#include "base/clock.h"
#include "engine/accounts/new_account.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/change_errand.h"
#include <stdio.h>

struct accounts {
	struct command command;        /* first: a command is an accounts */
	struct store_session *session; /* reads */
	const char *tenant_name;
	const char *role_name;
	const char *label;
	struct tenant tenant;
	struct account_change change;
};

static struct accounts *of(struct command *command)
{
	return (struct accounts *)command;
}

/* The address or id behind the verb; NULL after having said which. */
static const char *target_of(struct accounts *a, const char *what)
{
	const struct operands *given = &a->command.operands;
	if (given->count == 2)
		return given->values[1];
	(void)err_set(&a->command.err, STATUS_BAD_INPUT, "say which: %s", what);
	return NULL;
}

static enum status commit(struct accounts *a)
{
	a->change.tenant = a->tenant.id;
	a->change.actor = COMMAND_LINE_ACTOR;
	return change_errand_account(&a->command.installation, &a->change, &a->command.err);
}

/* ---- Users */

static enum status user_add(struct command *command)
{
	struct accounts *a = of(command);
	struct slice password;
	const char *address = target_of(a, "pugmark user add ADDRESS");
	if (!address)
		return STATUS_BAD_INPUT;
	if (!role_parse(slice_from_cstr(a->role_name), &a->change.user.role))
		return err_set(&command->err, STATUS_BAD_INPUT,
			       "'%.40s' is no role: owner, admin, partner, sales_rep, member", a->role_name);
	a->change.user.email = slice_from_cstr(address);
	enum status status = new_account_user(&a->change, command->installation.arena, &password, &command->err);
	if (status == STATUS_OK)
		status = commit(a);
	if (status == STATUS_OK)
		printf("Address    %s\nPassword   %.*s\n", address, SLICE_FMT(password));
	return status;
}

static enum status user_passwd(struct command *command)
{
	struct accounts *a = of(command);
	struct arena *arena = command->installation.arena;
	struct slice password;
	const char *address = target_of(a, "pugmark user passwd ADDRESS");
	if (!address)
		return STATUS_BAD_INPUT;
	enum status status =
	    store_user_find_by_email(a->session, slice_from_cstr(address), arena, &a->change.user, &command->err);
	if (status == STATUS_NOT_FOUND)
		return err_set(&command->err, status, "there is no user %.120s", address);
	if (status == STATUS_OK)
		status = new_account_password(&a->change, arena, &password, &command->err);
	/* The note belongs to the user's own tenant, whatever --tenant says. */
	a->tenant.id = a->change.user.tenant;
	if (status == STATUS_OK)
		status = commit(a);
	if (status == STATUS_OK)
		printf("Password   %.*s\nAll sessions of %s were ended.\n", SLICE_FMT(password), address);
	return status;
}

/* Roles first: the question is who may do what. */
static enum status user_list(struct command *command)
{
	struct accounts *a = of(command);
	struct user *users;
	size_t count;
	enum status status =
	    store_user_list(a->session, a->tenant.id, command->installation.arena, &users, &count, &command->err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		printf("%-10s %.*s\n", role_name(users[i].role), SLICE_FMT(users[i].email));
	return status;
}

/* ---- API keys */

static enum status apikey_add(struct command *command)
{
	struct accounts *a = of(command);
	struct slice secret;
	a->change.key.name = slice_from_cstr(a->label);
	new_account_key(&a->change, command->installation.arena, &secret);
	enum status status = commit(a);
	if (status == STATUS_OK)
		printf("API key    %.*s\nIt is shown this once.\n", SLICE_FMT(secret));
	return status;
}

/* To the minute, as it is kept. */
static struct slice last_use(struct command *command, int64_t used_us)
{
	enum { TO_THE_MINUTE = 16 };
	char text[64];
	struct buf b;
	if (!used_us)
		return SLICE("never used");
	buf_init_fixed(&b, text, sizeof text);
	time_append_rfc3339(&b, used_us);
	return arena_printf(command->installation.arena, "%.*sZ", TO_THE_MINUTE, text);
}

/* Revoked ones stay in the list, because the audit and old logs name them. */
static enum status apikey_list(struct command *command)
{
	struct accounts *a = of(command);
	struct api_key *keys;
	size_t count;
	enum status status =
	    store_api_key_list(a->session, a->tenant.id, command->installation.arena, &keys, &count, &command->err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(keys[i].id, id);
		printf("%s  %.*s…  %-8s %-18s %.*s\n", id, SLICE_FMT(keys[i].prefix),
		       keys[i].revoked_us ? "revoked" : "valid", last_use(command, keys[i].last_used_us).p,
		       SLICE_FMT(keys[i].name));
	}
	return status;
}

static enum status apikey_revoke(struct command *command)
{
	struct accounts *a = of(command);
	const char *id = target_of(a, "pugmark apikey revoke ID");
	if (!id)
		return STATUS_BAD_INPUT;
	if (!uuid_parse(slice_from_cstr(id), &a->change.key.id))
		return err_set(&command->err, STATUS_BAD_INPUT, "'%.40s' is no id; 'pugmark apikey list' shows them",
			       id);
	a->change.action = ACCOUNT_KEY_REVOKED;
	return commit(a);
}

/* ---- Both */

static enum status find_tenant(struct accounts *a)
{
	struct command *c = &a->command;
	enum status status = store_tenant_find_by_name(a->session, slice_from_cstr(a->tenant_name),
						       c->installation.arena, &a->tenant, &c->err);
	return status == STATUS_NOT_FOUND ? err_set(&c->err, status, "there is no tenant %.60s", a->tenant_name)
					  : status;
}

/* Reads with a session of its own, beside a server that runs; only the change itself goes to the server. */
static enum status run_verb(struct accounts *a, const struct command_verb *verb)
{
	struct command *c = &a->command;
	enum status status = command_configure(c);
	if (status == STATUS_OK)
		status = installation_open(&c->installation, &c->err);
	if (status == STATUS_OK)
		status = store_session_open(c->installation.store, STORE_READ, &a->session, &c->err);
	if (status == STATUS_OK)
		status = find_tenant(a);
	if (status == STATUS_OK)
		status = verb->run(c);
	store_session_close(&a->session);
	return status;
}

/* What of the command line differs between the two: an option that a command has no use for is one it does not take. */
struct account_command {
	const struct command_verb *verbs;
	const char *help, *hint;
	bool is_of_keys;
};

static int run_command(int argc, char **argv, const struct account_command *what)
{
	struct accounts a = {.tenant_name = "default", .role_name = "member", .label = "key"};
	int code;
	const struct option_spec role = {"role", &a.role_name, NULL,
					 "R  owner, admin, partner, sales_rep, member  (default: member)"};
	const struct option_spec name = {"name", &a.label, NULL, "TEXT  what the key is for  (default: key)"};
	const struct option_spec options[] = {{"tenant", &a.tenant_name, NULL, "NAME  whose  (default: default)"},
					      what->is_of_keys ? name : role,
					      {NULL}};
	const struct command_spec spec = {.help = what->help, .options = options, .takes_operands = true};
	if (!command_open(&a.command, &spec, argc, argv, &code))
		return code;
	const struct command_verb *verb = command_verb_of(&a.command, what->verbs);
	if (!verb)
		return command_wrong(&a.command, what->hint);
	return command_close(&a.command, run_verb(&a, verb));
}

int command_user(int argc, char **argv)
{
	static const struct command_verb verbs[] = {
	    {"add", user_add, 1, 2}, {"passwd", user_passwd, 1, 2}, {"list", user_list, 1, 2}, {NULL}};
	static const struct account_command user = {.verbs = verbs,
						    .help = "pugmark user add ADDRESS | passwd ADDRESS | list\n",
						    .hint = "see 'pugmark user --help'"};
	return run_command(argc, argv, &user);
}

int command_apikey(int argc, char **argv)
{
	static const struct command_verb verbs[] = {
	    {"add", apikey_add, 1, 2}, {"list", apikey_list, 1, 2}, {"revoke", apikey_revoke, 1, 2}, {NULL}};
	static const struct account_command apikey = {.verbs = verbs,
						      .help = "pugmark apikey add | list | revoke ID\n",
						      .hint = "see 'pugmark apikey --help'",
						      .is_of_keys = true};
	return run_command(argc, argv, &apikey);
}

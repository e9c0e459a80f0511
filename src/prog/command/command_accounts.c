/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark user add|passwd|role|remove|list and pugmark apikey add|list|revoke: what must work when nobody can sign in.
 * A server that runs does it and notes it; without one it is done and noted here (change_errand.h). Passwords and keys
 * are made here and printed once; only their hashes leave this process. */
#include "base/clock.h"
#include "codec/text/json_text.h"
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
	const char *scopes;
	bool is_json;
	struct tenant tenant;
	struct account_change change;
};

static struct accounts *of(struct command *command)
{
	return (struct accounts *)command;
}

/* What stands behind the verb. */
static const char *target_of(const struct accounts *a)
{
	return a->command.operands.values[1];
}

static enum status commit(struct accounts *a)
{
	a->change.tenant = a->tenant.id;
	a->change.actor = COMMAND_LINE_ACTOR;
	return change_errand_account(&a->command.installation, &a->change, &a->command.err);
}

/* ---- JSON */

enum { JSON_MAX = 4096 };

static void print_json(const struct buf *text)
{
	printf("%.*s\n", SLICE_FMT(buf_slice(text)));
}

static void print_user_json(const struct account_change *change, struct slice password)
{
	struct buf b;
	buf_init(&b, JSON_MAX);
	struct json_text w = json_text_on(&b);
	json_open(&w, '{');
	JSON_FIELD(&w, "id", uuid, change->user.id);
	JSON_FIELD(&w, "email", string, change->user.email);
	JSON_FIELD(&w, "role", cstring, role_name(change->user.role));
	JSON_FIELD(&w, "password", string, password);
	json_close(&w, '}');
	print_json(&b);
	buf_done(&b);
}

static void print_key_json(const struct account_change *change, struct slice secret)
{
	enum api_scope scope;
	const char *name;
	struct buf b;
	buf_init(&b, JSON_MAX);
	struct json_text w = json_text_on(&b);
	json_open(&w, '{');
	JSON_FIELD(&w, "id", uuid, change->key.id);
	JSON_FIELD(&w, "key", string, secret);
	json_key(&w, "scopes");
	json_open(&w, '[');
	for (size_t i = 0; (name = api_scope_name(i, &scope)) != NULL; i++)
		if (change->key.scopes & scope)
			json_put_cstring(&w, name);
	json_close(&w, ']');
	json_close(&w, '}');
	print_json(&b);
	buf_done(&b);
}

/* ---- Users */

static enum status parse_role(struct accounts *a, const char *name)
{
	if (role_parse(slice_from_cstr(name), &a->change.user.role))
		return STATUS_OK;
	return err_set(&a->command.err, STATUS_BAD_INPUT,
		       "'%.40s' is no role: owner, admin, partner, sales_rep, member", name);
}

static enum status user_add(struct command *command)
{
	struct accounts *a = of(command);
	struct slice password;
	const char *address = target_of(a);
	enum status status = parse_role(a, a->role_name);
	if (status != STATUS_OK)
		return status;
	a->change.user.email = slice_from_cstr(address);
	status = new_account_user(&a->change, command->installation.arena, &password, &command->err);
	if (status == STATUS_OK)
		status = commit(a);
	if (status == STATUS_OK && a->is_json)
		print_user_json(&a->change, password);
	else if (status == STATUS_OK)
		printf("Address    %s\nPassword   %.*s\n", address, SLICE_FMT(password));
	return status;
}

/* Who is to be changed. The note belongs to the user's own tenant, whatever --tenant says. */
static enum status find_user(struct accounts *a)
{
	struct err *err = &a->command.err;
	enum status status = store_user_find_by_email(a->session, slice_from_cstr(target_of(a)),
						      a->command.installation.arena, &a->change.user, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no user %.120s", target_of(a));
	if (status == STATUS_OK)
		a->tenant.id = a->change.user.tenant;
	return status;
}

static enum status user_passwd(struct command *command)
{
	struct accounts *a = of(command);
	struct slice password;
	enum status status = find_user(a);
	if (status == STATUS_OK)
		status = new_account_password(&a->change, command->installation.arena, &password, &command->err);
	if (status == STATUS_OK)
		status = commit(a);
	if (status == STATUS_OK)
		printf("Password   %.*s\nAll sessions of %s were ended.\n", SLICE_FMT(password), target_of(a));
	return status;
}

static enum status user_role(struct command *command)
{
	struct accounts *a = of(command);
	enum status status = find_user(a);
	if (status == STATUS_OK)
		status = parse_role(a, command->operands.values[2]);
	a->change.action = ACCOUNT_ROLE_SET;
	if (status == STATUS_OK)
		status = commit(a);
	if (status == STATUS_OK)
		printf("%s is %s now.\n", target_of(a), role_name(a->change.user.role));
	return status;
}

/* What he sent stays, under his address. */
static enum status user_remove(struct command *command)
{
	struct accounts *a = of(command);
	enum status status = find_user(a);
	a->change.action = ACCOUNT_USER_REMOVED;
	if (status == STATUS_OK)
		status = commit(a);
	if (status == STATUS_OK)
		printf("%s was removed and is signed out everywhere.\n", target_of(a));
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
	if (!api_scopes_parse(slice_from_cstr(a->scopes), &a->change.key.scopes))
		return err_set(&command->err, STATUS_BAD_INPUT, "'%.60s' are no scopes: send, read, admin, track",
			       a->scopes);
	a->change.key.name = slice_from_cstr(a->label);
	new_account_key(&a->change, command->installation.arena, &secret);
	enum status status = commit(a);
	if (status == STATUS_OK && a->is_json)
		print_key_json(&a->change, secret);
	else if (status == STATUS_OK)
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

static struct slice scopes_text(struct command *command, unsigned scopes)
{
	struct arena *arena = command->installation.arena;
	struct slice text = SLICE("");
	enum api_scope scope;
	const char *name;
	for (size_t i = 0; (name = api_scope_name(i, &scope)) != NULL; i++)
		if (scopes & scope)
			text = arena_printf(arena, "%s%s%s", text.p, text.n ? "," : "", name);
	return text;
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
		printf("%s  %.*s…  %-8s %-18s %-21s %.*s\n", id, SLICE_FMT(keys[i].prefix),
		       keys[i].revoked_us ? "revoked" : "valid", last_use(command, keys[i].last_used_us).p,
		       scopes_text(command, keys[i].scopes).p, SLICE_FMT(keys[i].name));
	}
	return status;
}

static enum status apikey_revoke(struct command *command)
{
	struct accounts *a = of(command);
	const char *id = target_of(a);
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
	struct accounts a = {
	    .tenant_name = "default", .role_name = "member", .label = "key", .scopes = "send,read,admin,track"};
	int code;
	const struct option_spec tenant = {"tenant", &a.tenant_name, NULL, "NAME  whose  (default: default)"};
	const struct option_spec json = {"json", NULL, &a.is_json, "print what add made as JSON"};
	const struct option_spec of_users[] = {
	    {"role", &a.role_name, NULL, "R  owner, admin, partner, sales_rep, member  (default: member)"},
	    tenant,
	    json,
	    {NULL}};
	const struct option_spec of_keys[] = {
	    {"name", &a.label, NULL, "TEXT  what the key is for  (default: key)"},
	    {"scopes", &a.scopes, NULL, "LIST  of send, read, admin, track  (default: all of them)"},
	    tenant,
	    json,
	    {NULL}};
	const struct command_spec spec = {
	    .help = what->help, .options = what->is_of_keys ? of_keys : of_users, .takes_operands = true};
	if (!command_open(&a.command, &spec, argc, argv, &code))
		return code;
	const struct command_verb *verb = command_verb_of(&a.command, what->verbs);
	if (!verb)
		return command_wrong(&a.command, what->hint);
	return command_close(&a.command, run_verb(&a, verb));
}

int command_user(int argc, char **argv)
{
	static const struct command_verb verbs[] = {{"add", user_add, 2, 2},   {"passwd", user_passwd, 2, 2},
						    {"role", user_role, 3, 3}, {"remove", user_remove, 2, 2},
						    {"list", user_list, 1, 1}, {NULL}};
	static const struct account_command user = {
	    .verbs = verbs,
	    .help = "pugmark user add ADDRESS | passwd ADDRESS | role ADDRESS ROLE | remove ADDRESS | list\n\n"
		    "Roles: owner and admin reach all that is the tenant's, and in the first tenant all tenants;\n"
		    "partner, sales_rep and member reach what they sent themselves. A tenant keeps an owner.\n",
	    .hint = "say 'add', 'passwd', 'role', 'remove' or 'list'; 'pugmark user --help' explains the roles"};
	return run_command(argc, argv, &user);
}

int command_apikey(int argc, char **argv)
{
	static const struct command_verb verbs[] = {
	    {"add", apikey_add, 1, 1}, {"list", apikey_list, 1, 1}, {"revoke", apikey_revoke, 2, 2}, {NULL}};
	static const struct account_command apikey = {.verbs = verbs,
						      .help = "pugmark apikey add | list | revoke ID\n",
						      .hint =
							  "say 'add', 'list' or 'revoke'; see 'pugmark apikey --help'",
						      .is_of_keys = true};
	return run_command(argc, argv, &apikey);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark user add|passwd|list and pugmark apikey add|list|revoke: what must work when nobody can sign in. */
#include "base/clock.h"
#include "prog/command/commands.h"
#include "prog/serve/installation.h"
#include "prog/serve/new_account.h"
#include <stdio.h>

struct accounts {
	struct installation installation;
	struct store_session *session;
	const char *tenant_name;
	const char *role_name;
	const char *label;
	const char *target; /* an address, or an id */
	struct tenant tenant;
};

typedef enum status (*account_verb)(struct accounts *a, struct err *err);

static enum status need_target(const struct accounts *a, const char *what, struct err *err)
{
	return a->target ? STATUS_OK : err_set(err, STATUS_BAD_INPUT, "say which: %s", what);
}

static enum status user_add(struct accounts *a, struct err *err)
{
	struct slice password;
	struct user user = {.tenant = a->tenant.id};
	enum status status = need_target(a, "pugmark user add ADDRESS", err);
	if (status == STATUS_OK && !role_parse(slice_from_cstr(a->role_name), &user.role))
		status = err_set(err, STATUS_BAD_INPUT, "'%.40s' is no role: owner, admin, partner, sales_rep, member",
				 a->role_name);
	if (status != STATUS_OK)
		return status;
	user.email = slice_from_cstr(a->target);
	status = new_user(a->session, user, a->installation.arena, &password, err);
	if (status == STATUS_CONFLICT)
		return err_set(err, status, "there is a user %s already", a->target);
	if (status == STATUS_OK)
		printf("Address    %s\nPassword   %.*s\n", a->target, SLICE_FMT(password));
	return status;
}

static enum status user_passwd(struct accounts *a, struct err *err)
{
	struct slice password;
	struct slice hash;
	struct user user;
	enum status status = need_target(a, "pugmark user passwd ADDRESS", err);
	if (status == STATUS_OK)
		status =
		    store_user_find_by_email(a->session, slice_from_cstr(a->target), a->installation.arena, &user, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no user %s", a->target);
	if (status == STATUS_OK)
		status = new_password(a->installation.arena, &password, &hash, err);
	if (status == STATUS_OK)
		status = store_user_set_password(a->session, user.id, hash, err);
	if (status == STATUS_OK)
		printf("Password   %.*s\nAll sessions of %s were ended.\n", SLICE_FMT(password), a->target);
	return status;
}

static enum status user_list(struct accounts *a, struct err *err)
{
	struct user *users;
	size_t count;
	enum status status = store_user_list(a->session, a->tenant.id, a->installation.arena, &users, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		printf("%-10s %.*s\n", role_name(users[i].role), SLICE_FMT(users[i].email));
	return status;
}

static enum status apikey_add(struct accounts *a, struct err *err)
{
	struct slice secret;
	enum status status =
	    new_api_key(a->session, a->tenant.id, slice_from_cstr(a->label), a->installation.arena, &secret, err);
	if (status == STATUS_OK)
		printf("API key    %.*s\nIt is shown this once.\n", SLICE_FMT(secret));
	return status;
}

static enum status apikey_list(struct accounts *a, struct err *err)
{
	struct api_key *keys;
	size_t count;
	enum status status = store_api_key_list(a->session, a->tenant.id, a->installation.arena, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(keys[i].id, id);
		printf("%s  %.*s…  %-8s %.*s\n", id, SLICE_FMT(keys[i].prefix),
		       keys[i].revoked_us ? "revoked" : "valid", SLICE_FMT(keys[i].name));
	}
	return status;
}

static enum status apikey_revoke(struct accounts *a, struct err *err)
{
	struct uuid id;
	enum status status = need_target(a, "pugmark apikey revoke ID", err);
	if (status == STATUS_OK && !uuid_parse(slice_from_cstr(a->target), &id))
		return err_set(err, STATUS_BAD_INPUT, "'%.40s' is no id; 'pugmark apikey list' shows them", a->target);
	if (status == STATUS_OK)
		status = store_api_key_revoke(a->session, a->tenant.id, id, clock_now_us(clock_system()), err);
	return status == STATUS_NOT_FOUND ? err_set(err, status, "there is no key %s", a->target) : status;
}

static enum status run_in_transaction(struct accounts *a, account_verb verb, struct err *err)
{
	enum status status = store_session_open(a->installation.store, STORE_WRITE, &a->session, err);
	if (status == STATUS_OK)
		status = store_begin(a->session, err);
	if (status == STATUS_OK) {
		status = store_tenant_find_by_name(a->session, slice_from_cstr(a->tenant_name), a->installation.arena,
						   &a->tenant, err);
		if (status == STATUS_NOT_FOUND)
			(void)err_set(err, status, "there is no tenant %s", a->tenant_name);
	}
	if (status == STATUS_OK)
		status = verb(a, err);
	if (status == STATUS_OK)
		status = store_commit(a->session, err);
	else if (a->session)
		store_rollback(a->session);
	store_session_close(&a->session);
	return status;
}

struct verb {
	const char *name;
	account_verb run;
};

static int run_command(int argc, char **argv, const struct verb *verbs, const char *help)
{
	struct accounts a = {.tenant_name = "default", .role_name = "member", .label = "key"};
	struct err err = {0};
	struct operands operands;
	const struct option_spec specs[] = {{"tenant", &a.tenant_name, NULL, "NAME  (default: default)"},
					    {"role", &a.role_name, NULL, "R  owner, admin, partner, sales_rep, member"},
					    {"name", &a.label, NULL, "TEXT  what an API key is for"},
					    INSTALLATION_OPTIONS(&a.installation),
					    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &operands);
	if (parsed == OPTIONS_HELP)
		return puts(help), options_print(specs), EXIT_DONE;
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	while (operands.count && verbs->name && strcmp(verbs->name, operands.values[0]) != 0)
		verbs++;
	if (!operands.count || !verbs->name || operands.count > 2) {
		(void)fprintf(stderr, "pugmark %s: see 'pugmark %s --help'\n", argv[0], argv[0]);
		return EXIT_USAGE;
	}
	a.target = operands.count == 2 ? operands.values[1] : NULL;
	enum status status = installation_configure(&a.installation, &err);
	if (status == STATUS_OK)
		status = installation_open(&a.installation, &err);
	if (status == STATUS_OK)
		status = run_in_transaction(&a, verbs->run, &err);
	int code = status == STATUS_OK ? EXIT_DONE : installation_failed(argv[0], &err);
	installation_close(&a.installation);
	return code;
}

int command_user(int argc, char **argv)
{
	static const struct verb verbs[] = {{"add", user_add}, {"passwd", user_passwd}, {"list", user_list}, {NULL}};
	return run_command(argc, argv, verbs, "pugmark user add ADDRESS | passwd ADDRESS | list\n");
}

int command_apikey(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {"add", apikey_add}, {"list", apikey_list}, {"revoke", apikey_revoke}, {NULL}};
	return run_command(argc, argv, verbs, "pugmark apikey add | list | revoke ID\n");
}

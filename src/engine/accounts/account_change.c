/* SPDX-License-Identifier: Apache-2.0 */
/* One change, one row, one note, one transaction. Staff are named in the audit by their address, as they are when they
 * act (store/house/audit.h); what must never be in it is a secret or its hash, so details are written field by field
 * and not copied from the change. */
#include "engine/accounts/account_change.h"

#include "codec/text/json_text.h"
#include "engine/accounts/new_account.h"
#include "engine/ledger/audit.h"
#include "engine/ledger/writer.h"

enum { DETAILS_MAX = 1024 };

static const char *const NAMES[ACCOUNT_ACTION_COUNT] = {
    [ACCOUNT_USER_ADDED] = "user.added",           [ACCOUNT_PASSWORD_SET] = "user.password_set",
    [ACCOUNT_KEY_ADDED] = "api_key.added",         [ACCOUNT_KEY_REVOKED] = "api_key.revoked",
    [ACCOUNT_SESSION_STARTED] = "session.started", [ACCOUNT_SESSION_ENDED] = "session.ended",
    [ACCOUNT_USER_REMOVED] = "user.removed",       [ACCOUNT_ROLE_SET] = "user.role_set",
};

const char *account_action_name(enum account_action action)
{
	return NAMES[action];
}

bool account_action_parse(struct slice name, enum account_action *ret)
{
	size_t i = slice_index_in(name, NAMES, ACCOUNT_ACTION_COUNT);
	if (i == ACCOUNT_ACTION_COUNT)
		return false;
	*ret = (enum account_action)i;
	return true;
}

/* ---- The row */

/* Words that whoever asked can use, wherever they asked. */
static enum status explain(enum status status, const struct account_change *c, struct err *err)
{
	bool is_key = c->action == ACCOUNT_KEY_ADDED || c->action == ACCOUNT_KEY_REVOKED;
	bool is_taken = c->action == ACCOUNT_USER_ADDED || c->action == ACCOUNT_SESSION_STARTED;
	if (status == STATUS_CONFLICT && is_taken)
		return err_set(err, status, "there is a user %.*s already",
			       SLICE_FMT(slice_sub(c->user.email, 0, 120)));
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, is_key ? "there is no such API key" : "there is no such user");
	return status;
}

/* Whoever asked has checked the address, to tell at once; here it is checked whoever asks. */
static enum status add_user(struct store_session *session, const struct user *user, struct err *err)
{
	enum status status = new_account_email_check(user->email, err);
	return status == STATUS_OK ? store_user_add(session, user, err) : status;
}

static enum status write_row(struct store_session *session, int64_t now_us, const struct account_change *c,
			     struct err *err)
{
	struct user user = c->user;
	struct api_key key = c->key;
	switch (c->action) {
	case ACCOUNT_USER_ADDED:
		user.tenant = c->tenant;
		user.created_us = now_us;
		return add_user(session, &user, err);
	case ACCOUNT_PASSWORD_SET: return store_user_set_password(session, user.id, user.password_hash, err);
	case ACCOUNT_KEY_ADDED:
		key.tenant = c->tenant;
		key.created_us = now_us;
		return store_api_key_add(session, &key, err);
	case ACCOUNT_KEY_REVOKED: return store_api_key_revoke(session, c->tenant, key.id, now_us, err);
	case ACCOUNT_SESSION_STARTED: return store_console_session_add(session, &c->session, err);
	case ACCOUNT_SESSION_ENDED: return store_console_session_end(session, c->session.hash, err);
	case ACCOUNT_USER_REMOVED: return store_user_remove(session, user.id, err);
	case ACCOUNT_ROLE_SET: return store_user_set_role(session, user.id, user.role, err);
	case ACCOUNT_ACTION_COUNT: break;
	}
	return err_set(err, STATUS_BAD_INPUT, "no such change of an account");
}

/* ---- The note */

static struct slice subject_of(const struct account_change *c, struct arena *arena)
{
	char id[UUID_TEXT_SIZE];
	if (c->action != ACCOUNT_KEY_ADDED && c->action != ACCOUNT_KEY_REVOKED)
		return arena_printf(arena, "user:%.*s", SLICE_FMT(arena_copy_lower(arena, c->user.email)));
	uuid_format(c->key.id, id);
	return arena_printf(arena, "api_key:%s", id);
}

static void put_scopes(struct json_text *w, unsigned scopes)
{
	enum api_scope scope;
	const char *name;
	json_key(w, "scopes");
	json_open(w, '[');
	for (size_t i = 0; (name = api_scope_name(i, &scope)) != NULL; i++)
		if (scopes & scope)
			json_put_cstring(w, name);
	json_close(w, ']');
}

static struct slice details_of(const struct account_change *c, struct arena *arena)
{
	struct buf text;
	buf_init_fixed(&text, arena_alloc(arena, DETAILS_MAX), DETAILS_MAX);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	if (c->action == ACCOUNT_USER_ADDED || c->action == ACCOUNT_ROLE_SET) {
		JSON_FIELD(&w, "role", cstring, role_name(c->user.role));
	} else if (c->action == ACCOUNT_KEY_ADDED) {
		JSON_FIELD(&w, "name", string, c->key.name);
		JSON_FIELD(&w, "prefix", string, c->key.prefix);
		put_scopes(&w, c->key.scopes);
	} else {
		return SLICE_EMPTY;
	}
	json_close(&w, '}');
	return buf_failed(&text) ? SLICE_EMPTY : buf_slice(&text);
}

static enum status note(struct store_session *session, int64_t now_us, const struct account_change *c, struct err *err)
{
	struct arena *arena = arena_new();
	struct audit_note entry = {.tenant = c->tenant,
				   .actor = c->actor,
				   .action = slice_from_cstr(NAMES[c->action]),
				   .subject = subject_of(c, arena),
				   .details = details_of(c, arena)};
	enum status status = audit_write_at(session, now_us, &entry, err);
	arena_free(&arena);
	return status;
}

enum status account_change_write(struct store_session *session, int64_t now_us, const struct account_change *change,
				 struct err *err)
{
	enum status status = write_row(session, now_us, change, err);
	return status == STATUS_OK ? note(session, now_us, change, err) : explain(status, change, err);
}

/* ---- By the writer */

struct change_command {
	struct writer_command command;
	const struct account_change *change;
};

static enum status run_change(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct change_command *c = (const struct change_command *)(void *)command;
	return account_change_write(batch_session(batch), batch_now_us(batch), c->change, err);
}

struct writer_command *account_change_command(struct arena *arena, const struct account_change *change)
{
	struct change_command *c = ARENA_NEW(arena, struct change_command);
	c->command.run = run_change;
	c->change = change;
	return &c->command;
}

enum status account_change_commit(struct writer *writer, const struct account_change *change, struct err *err)
{
	struct change_command c = {.command = {.run = run_change}, .change = change};
	return writer_submit_and_wait(writer, &c.command, err);
}

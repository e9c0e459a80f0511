/* SPDX-License-Identifier: Apache-2.0 */
/* Users and the browsers in which they are signed in. */
#include "store/house/accounts.h"

#include "store/core/clean_text.h"
#include "store/core/session.h"

#define USER_COLUMNS "id, tenant_id, email, name, role, password_hash, created_at, last_sign_in_at"

static const char *const role_names[] = {
    [ROLE_OWNER] = "owner",         [ROLE_ADMIN] = "admin",   [ROLE_PARTNER] = "partner",
    [ROLE_SALES_REP] = "sales_rep", [ROLE_MEMBER] = "member",
};
enum { ROLE_COUNT = sizeof role_names / sizeof role_names[0] };

const char *role_name(enum role role)
{
	return role_names[role];
}

bool role_parse(struct slice name, enum role *ret)
{
	size_t i = slice_index_in(name, role_names, ROLE_COUNT);
	if (i == ROLE_COUNT)
		return false;
	*ret = (enum role)i;
	return true;
}

static enum status read_user(struct rows *r, struct user *ret, struct err *err)
{
	struct user u = {0};
	u.id = rows_uuid(r);
	u.tenant = (uint32_t)rows_i64(r);
	u.email = rows_text(r);
	u.name = rows_text(r);
	if (!role_parse(rows_text(r), &u.role))
		return err_set(err, STATUS_CORRUPT, "a user has an unknown role");
	u.password_hash = rows_text(r);
	u.created_us = rows_time(r);
	u.last_sign_in_us = rows_time(r);
	*ret = u;
	return STATUS_OK;
}

enum { EMAIL_MAX = 1024 };

enum status store_user_add(struct store_session *s, const struct user *u, struct err *err)
{
	char folded[EMAIL_MAX];
	if (u->email.n > EMAIL_MAX)
		return err_set(err, STATUS_TOO_BIG, "the e-mail address is too long");
	return session_run_some(
	    s, "INSERT INTO users (" USER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
	    VALUES(value_uuid(u->id), value_i64(u->tenant), value_text(text_folded(u->email, folded)),
		   value_text(u->name), value_text(slice_from_cstr(role_name(u->role))),
		   value_text_or_null(u->password_hash), value_time(u->created_us),
		   value_time_or_null(u->last_sign_in_us)),
	    (struct none){STATUS_CONFLICT, "there is a user with this e-mail address"}, err);
}

static enum status find(struct store_session *s, const char *sql, struct value key, struct arena *arena,
			struct user *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, sql, VALUES(key), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such user");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	return rows_close(&r, read_user(&r, ret, err));
}

enum status store_user_find(struct store_session *s, struct uuid id, struct arena *arena, struct user *ret,
			    struct err *err)
{
	return find(s, "SELECT " USER_COLUMNS " FROM users WHERE id = $1", value_uuid(id), arena, ret, err);
}

enum status store_user_find_by_email(struct store_session *s, struct slice email, struct arena *arena, struct user *ret,
				     struct err *err)
{
	char folded[EMAIL_MAX];
	if (email.n > EMAIL_MAX)
		/* store_user_add takes none that is so long. */
		return err_set(err, STATUS_NOT_FOUND, "there is no such user");
	return find(s, "SELECT " USER_COLUMNS " FROM users WHERE email = $1", value_text(text_folded(email, folded)),
		    arena, ret, err);
}

enum status store_user_list(struct store_session *s, uint32_t tenant, struct arena *arena, struct user **ret,
			    size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(&r, s, "SELECT " USER_COLUMNS " FROM users WHERE tenant_id = $1 ORDER BY email",
				       VALUES(value_i64(tenant)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
		status = read_user(&r, growing_add(&list, arena, sizeof(struct user)), err);
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

/* In one: whoever is signed in with the old password is not any more when the new one holds. */
enum status store_user_set_password(struct store_session *s, struct uuid id, struct slice password_hash,
				    struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status = session_run_some(s, "UPDATE users SET password_hash = $2 WHERE id = $1",
				  VALUES(value_uuid(id), value_text_or_null(password_hash)),
				  (struct none){STATUS_NOT_FOUND, "there is no such user"}, err);
	if (status == STATUS_OK)
		status = session_run(s, "DELETE FROM sessions WHERE user_id = $1", VALUES(value_uuid(id)), err);
	return session_atomic_end(s, own, status, err);
}

/* In a transaction. Of two owners that are removed at the same moment, each by another server, each would see the other
 * one stay: so all owners of the tenant are locked, and whoever comes second waits and sees what is left. */
static enum status keep_an_owner(struct store_session *s, struct uuid id, struct err *err)
{
	struct rows r;
	bool is_owner = false;
	bool has_others = false;
	enum status status = rows_open(&r, s,
				       "SELECT id FROM users WHERE role = 'owner' AND tenant_id = (SELECT tenant_id "
				       "FROM users WHERE id = $1) ORDER BY id {for_update}",
				       VALUES(value_uuid(id)), err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		bool is_this = uuid_equal(rows_uuid(&r), id);
		is_owner = is_owner || is_this;
		has_others = has_others || !is_this;
	}
	status = rows_close(&r, status);
	if (status == STATUS_OK && is_owner && !has_others)
		return err_set(err, STATUS_CONFLICT, "the last owner of a tenant stays its owner");
	return status;
}

enum status store_user_remove(struct store_session *s, struct uuid id, struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status = keep_an_owner(s, id, err);
	if (status == STATUS_OK)
		status = session_run_some(s, "DELETE FROM users WHERE id = $1", VALUES(value_uuid(id)),
					  (struct none){STATUS_NOT_FOUND, "there is no such user"}, err);
	if (status == STATUS_OK)
		status = session_run(s, "DELETE FROM sessions WHERE user_id = $1", VALUES(value_uuid(id)), err);
	return session_atomic_end(s, own, status, err);
}

enum status store_user_set_role(struct store_session *s, struct uuid id, enum role role, struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status = role == ROLE_OWNER ? STATUS_OK : keep_an_owner(s, id, err);
	if (status == STATUS_OK)
		status = session_run_some(s, "UPDATE users SET role = $2 WHERE id = $1",
					  VALUES(value_uuid(id), value_text(slice_from_cstr(role_name(role)))),
					  (struct none){STATUS_NOT_FOUND, "there is no such user"}, err);
	return session_atomic_end(s, own, status, err);
}

enum status store_user_any_signed_in(struct store_session *s, bool *ret, struct err *err)
{
	int64_t value = 0;
	enum status status =
	    rows_read_i64(s, "SELECT COUNT(*) FROM users WHERE last_sign_in_at IS NOT NULL", VALUES_NONE, &value, err);
	if (status == STATUS_OK)
		*ret = value > 0;
	return status;
}

/* What has expired goes when something is added, so that nobody has to look for it at a time of its own. */
enum status store_console_session_add(struct store_session *s, const struct console_session *session, struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status =
	    session_run(s, "DELETE FROM sessions WHERE expires_at <= $1", VALUES(value_time(session->created_us)), err);
	if (status == STATUS_OK)
		status = session_run_some(s, "UPDATE users SET last_sign_in_at = $2 WHERE id = $1",
					  VALUES(value_uuid(session->user), value_time(session->created_us)),
					  (struct none){STATUS_NOT_FOUND, "there is no such user"}, err);
	if (status == STATUS_OK)
		status = session_run_some(
		    s,
		    "INSERT INTO sessions (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4) "
		    "ON CONFLICT DO NOTHING",
		    VALUES(value_bytes(session->hash), value_uuid(session->user), value_time(session->created_us),
			   value_time(session->expires_us)),
		    (struct none){STATUS_CONFLICT, "the session exists already"}, err);
	return session_atomic_end(s, own, status, err);
}

/* The time is asked for although sessions expire: their rows stay until the next one is added. */
enum status store_console_session_find(struct store_session *s, struct slice hash, int64_t now_us, struct arena *arena,
				       struct console_session *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(
	    &r, s, "SELECT hash, user_id, created_at, expires_at FROM sessions WHERE hash = $1 AND expires_at > $2",
	    VALUES(value_bytes(hash), value_time(now_us)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	ret->hash = rows_bytes(&r);
	ret->user = rows_uuid(&r);
	ret->created_us = rows_time(&r);
	ret->expires_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}

/* No failure when there is none: who signs out twice is signed out. */
enum status store_console_session_end(struct store_session *s, struct slice hash, struct err *err)
{
	return session_run(s, "DELETE FROM sessions WHERE hash = $1", VALUES(value_bytes(hash)), err);
}

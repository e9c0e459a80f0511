/* SPDX-License-Identifier: Apache-2.0 */
/* accounts: tenants and who may act for them: users, API keys, console sessions. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_ACCOUNTS_H
#define PUGMARK_STORE_ACCOUNTS_H

#include "store/core/store.h"

struct tenant {
	uint32_t id; /* given by the store; it travels in tokens */
	struct slice name;
	struct slice fallback_url; /* where a broken click goes; empty: the installation's base URL */
	struct slice time_zone;    /* whose days its numbers are kept in: an IANA name; "UTC" when added without one */
	int64_t created_us;
};
/* STATUS_CONFLICT: the name is taken. tenant->id is ignored. Raises the version of tenant_settings.h, as saving does.
 */
enum status store_tenant_add(struct store_session *s, const struct tenant *tenant, uint32_t *ret_id,
			     struct err *err) MUST_CHECK;
enum status store_tenant_find(struct store_session *s, uint32_t id, struct arena *arena, struct tenant *ret,
			      struct err *err) MUST_CHECK;
enum status store_tenant_find_by_name(struct store_session *s, struct slice name, struct arena *arena,
				      struct tenant *ret, struct err *err) MUST_CHECK;
/* Writes fallback_url and time_zone ("" is not a zone). STATUS_NOT_FOUND. */
enum status store_tenant_save(struct store_session *s, const struct tenant *tenant, struct err *err) MUST_CHECK;
/* It is the oldest of the installation's tenants. */
enum status store_tenant_is_first(struct store_session *s, uint32_t id, bool *ret, struct err *err) MUST_CHECK;
/* All of them, by id; *ret lives in the arena. */
enum status store_tenant_list(struct store_session *s, struct arena *arena, struct tenant **ret, size_t *ret_count,
			      struct err *err) MUST_CHECK;

enum role { ROLE_OWNER, ROLE_ADMIN, ROLE_PARTNER, ROLE_SALES_REP, ROLE_MEMBER };
const char *role_name(enum role role);
bool role_parse(struct slice name, enum role *ret);

struct user {
	struct uuid id;
	uint32_t tenant;
	struct slice email; /* unique in the installation; the store folds it to lower case (ASCII), in look-ups too */
	struct slice name;
	enum role role;
	struct slice password_hash; /* argon2id text; empty: cannot sign in with one */
	int64_t created_us;
	int64_t last_sign_in_us; /* 0: never */
};
enum status store_user_add(struct store_session *s, const struct user *user,
			   struct err *err) MUST_CHECK; /* STATUS_CONFLICT */
enum status store_user_find(struct store_session *s, struct uuid id, struct arena *arena, struct user *ret,
			    struct err *err) MUST_CHECK;
enum status store_user_find_by_email(struct store_session *s, struct slice email, struct arena *arena, struct user *ret,
				     struct err *err) MUST_CHECK;
enum status store_user_list(struct store_session *s, uint32_t tenant, struct arena *arena, struct user **ret,
			    size_t *ret_count, struct err *err) MUST_CHECK;
/* Also ends all of the user's sessions. STATUS_NOT_FOUND. */
enum status store_user_set_password(struct store_session *s, struct uuid id, struct slice password_hash,
				    struct err *err) MUST_CHECK;
/* The user and all of his sessions. STATUS_NOT_FOUND. STATUS_CONFLICT, as the next: a tenant's last owner stays one. */
enum status store_user_remove(struct store_session *s, struct uuid id, struct err *err) MUST_CHECK;
enum status store_user_set_role(struct store_session *s, struct uuid id, enum role role, struct err *err) MUST_CHECK;
/* Any user of the installation signed in at least once. */
enum status store_user_any_signed_in(struct store_session *s, bool *ret, struct err *err) MUST_CHECK;

enum api_scope { SCOPE_SEND = 1, SCOPE_READ = 2, SCOPE_ADMIN = 4, SCOPE_TRACK = 8 };
enum { SCOPES_EVERY = SCOPE_SEND | SCOPE_READ | SCOPE_ADMIN | SCOPE_TRACK };
/* "send,read" in any order, spaces around names allowed; at least one. False: there is one that is none. */
bool api_scopes_parse(struct slice list, unsigned *ret);
/* The name of one; in the order of the list above for 0, 1, …; NULL behind the last. */
const char *api_scope_name(size_t i, enum api_scope *ret);
struct api_key {
	struct uuid id;
	uint32_t tenant;
	struct slice name;
	struct slice prefix; /* the first characters, to recognise it by */
	struct slice hash;   /* SHA-256 of the key, 32 bytes */
	unsigned scopes;     /* of enum api_scope */
	int64_t created_us;
	int64_t last_used_us; /* 0: never; kept to the minute */
	int64_t revoked_us;   /* 0: valid */
};
/* STATUS_CONFLICT: the id or the hash exists. */
enum status store_api_key_add(struct store_session *s, const struct api_key *key, struct err *err) MUST_CHECK;
/* Revoked ones too. STATUS_NOT_FOUND. */
enum status store_api_key_find(struct store_session *s, struct slice hash, struct arena *arena, struct api_key *ret,
			       struct err *err) MUST_CHECK;
enum status store_api_key_list(struct store_session *s, uint32_t tenant, struct arena *arena, struct api_key **ret,
			       size_t *ret_count, struct err *err) MUST_CHECK;
enum status store_api_key_revoke(struct store_session *s, uint32_t tenant, struct uuid id, int64_t now_us,
				 struct err *err) MUST_CHECK; /* STATUS_NOT_FOUND */

/* Notes the use when the last note is older than a minute. */
enum status store_api_key_used(struct store_session *s, struct uuid id, int64_t now_us, struct err *err) MUST_CHECK;

struct console_session {
	struct slice hash; /* SHA-256 of the cookie's value, 32 bytes */
	struct uuid user;
	int64_t created_us;
	int64_t expires_us;
};
/* Also sets the user's last sign-in and forgets expired sessions. STATUS_NOT_FOUND: no such user. STATUS_CONFLICT: the
 * hash exists. */
enum status store_console_session_add(struct store_session *s, const struct console_session *session,
				      struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND when there is none or it is expired at now_us. */
enum status store_console_session_find(struct store_session *s, struct slice hash, int64_t now_us, struct arena *arena,
				       struct console_session *ret, struct err *err) MUST_CHECK;
/* STATUS_OK also when there is none. */
enum status store_console_session_end(struct store_session *s, struct slice hash, struct err *err) MUST_CHECK;

#endif

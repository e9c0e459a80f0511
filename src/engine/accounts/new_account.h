/* SPDX-License-Identifier: Apache-2.0 */
/* new_account: what a new account needs that nobody types: ids, passwords, keys. Fills a change (account_change.h) and
 * writes nothing; the secret that is returned is shown once and kept nowhere. Everything lives in the arena. Tenant and
 * actor of the change are the caller's. */
#ifndef PUGMARK_ENGINE_NEW_ACCOUNT_H
#define PUGMARK_ENGINE_NEW_ACCOUNT_H

#include "engine/accounts/account_change.h"

/* The user's email and role are the caller's. STATUS_BAD_INPUT: the email is no address, and nobody could sign in with
 * it. STATUS_IO: not enough memory to hash a password (it takes 19 MiB). */
enum status new_account_user(struct account_change *change, struct arena *arena, struct slice *ret_password,
			     struct err *err) MUST_CHECK;
enum status new_account_email_check(struct slice email, struct err *err) MUST_CHECK;
/* For change->user, who is there. STATUS_IO as above. */
enum status new_account_password(struct account_change *change, struct arena *arena, struct slice *ret_password,
				 struct err *err) MUST_CHECK;
/* Name and scopes of the key are the caller's. */
void new_account_key(struct account_change *change, struct arena *arena, struct slice *ret_secret);

enum { SESSION_DAYS = 14, SESSION_SECONDS = SESSION_DAYS * 86400 };
/* A session of change->user that starts now; *ret_secret is the cookie's value. */
void new_account_session(struct account_change *change, int64_t now_us, struct arena *arena, struct slice *ret_secret);

#endif

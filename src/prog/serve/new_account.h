/* SPDX-License-Identifier: Apache-2.0 */
/* new_account: makes users and API keys with secrets of their own. Inside the caller's transaction; what is returned is
 * shown once and kept nowhere. */
#ifndef PUGMARK_PROG_NEW_ACCOUNT_H
#define PUGMARK_PROG_NEW_ACCOUNT_H

#include "store/house/accounts.h"

/* A password and its hash, both in the arena. STATUS_IO: not enough memory to hash it. */
enum status new_password(struct arena *arena, struct slice *ret_password, struct slice *ret_hash,
			 struct err *err) MUST_CHECK;
/* Adds `user` (tenant, email, role are the caller's; id, time and password are made). STATUS_CONFLICT: the address is
 * taken. */
enum status new_user(struct store_session *session, struct user user, struct arena *arena, struct slice *ret_password,
		     struct err *err) MUST_CHECK;
/* Adds a key that may do everything. */
enum status new_api_key(struct store_session *session, uint32_t tenant, struct slice name, struct arena *arena,
			struct slice *ret_secret, struct err *err) MUST_CHECK;

#endif

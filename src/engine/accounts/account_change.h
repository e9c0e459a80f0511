/* SPDX-License-Identifier: Apache-2.0 */
/* account_change: users, API keys and console sessions are made and ended, each with a note of who did it (audit.h).
 *
 * A change is data. Whoever wants one fills it (new_account.h makes the secrets), and it is written in one of two ways:
 * by the writer, in the process that has one, or in the transaction of a session, where none runs. API, console and
 * command line share all of it; nothing else writes accounts.
 */
#ifndef PUGMARK_ENGINE_ACCOUNT_CHANGE_H
#define PUGMARK_ENGINE_ACCOUNT_CHANGE_H

#include "base/arena.h"
#include "store/house/accounts.h"

struct writer;
struct writer_command;

enum account_action {
	ACCOUNT_USER_ADDED,
	ACCOUNT_PASSWORD_SET, /* and all sessions of the user ended */
	ACCOUNT_KEY_ADDED,
	ACCOUNT_KEY_REVOKED,
	ACCOUNT_SESSION_STARTED,
	ACCOUNT_SESSION_ENDED,
	ACCOUNT_USER_REMOVED, /* and all of his sessions ended */
	ACCOUNT_ROLE_SET,
	ACCOUNT_ACTION_COUNT,
};
/* "user.added"; the same word in the audit. */
const char *account_action_name(enum account_action action);
bool account_action_parse(struct slice name, enum account_action *ret);

struct account_change {
	enum account_action action;
	uint32_t tenant;
	struct slice actor; /* see struct audit_entry */
	/* Added: all of it. Password: id, email, password_hash. Role: id, email, role. Removed: id, email. Sessions:
	 * email, for the note. */
	struct user user;
	/* Added: all of it. Revoked: id. */
	struct api_key key;
	/* Started: all of it. Ended: hash. */
	struct console_session session;
};

/* In the session's transaction. STATUS_CONFLICT: the address is taken, or it is the tenant's last owner who would go.
 * STATUS_BAD_INPUT: a new user's address is none. STATUS_NOT_FOUND: no such user or key. */
enum status account_change_write(struct store_session *session, int64_t now_us, const struct account_change *change,
				 struct err *err) MUST_CHECK;
/* The same as a command, in the arena, for who submits it himself (writer.h); `change` outlives it. */
struct writer_command *account_change_command(struct arena *arena, const struct account_change *change);
/* The same by the writer. Blocks; any thread but the writer's. Else as writer_submit_and_wait. */
enum status account_change_commit(struct writer *writer, const struct account_change *change,
				  struct err *err) MUST_CHECK;

#endif

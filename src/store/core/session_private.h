/* SPDX-License-Identifier: Apache-2.0 */
/* What store.c, session.c and migrate.c share: the structs themselves. */
#ifndef PUGMARK_STORE_SESSION_PRIVATE_H
#define PUGMARK_STORE_SESSION_PRIVATE_H

#include "base/map.h"
#include "store/core/session.h"

struct store {
	const struct driver *driver;
	char *target;
	char engine[64];
};

struct store_session {
	struct store *store;
	const struct driver *driver;
	void *connection;
	struct map *statements; /* address of the SQL text -> prepared statement */
	struct arena *scratch;  /* cleaned text of one statement */
	struct session_memory memory[SESSION_MEMORY_COUNT];
	uint64_t part;                     /* see session_part */
	session_last_words *before_commit; /* NULL: nothing */
	bool in_transaction;
	bool in_savepoint;
	bool wants_scrub; /* see store_scrub_soon */
	struct err dead;  /* why the transaction can only be rolled back; STATUS_OK while it lives */
};

/* A transaction, or a part of it, was taken back. */
void session_note_undone(struct store_session *s);
/* Opens a session with `access` wider than store_session_open offers. */
enum status session_connect(struct store *store, enum driver_access access, struct store_session **ret,
			    struct err *err) MUST_CHECK;
/* For what bypasses session_run: remembers that the transaction died, and returns `status`. */
enum status session_note(struct store_session *s, enum status status, const struct err *err);

#endif

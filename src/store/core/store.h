/* SPDX-License-Identifier: Apache-2.0 */
/* store: what Pugmark remembers, spoken of as messages and events, not as SQL.
 *
 * A store is opened once; each thread that uses it has a session of its own (a database connection). There is exactly
 * one writing session in a process, the writer thread's; it is also SQLite's only checkpointer (Debian's 3.40 has the
 * WAL-reset bug otherwise). The nouns have headers of their own: accounts.h messages.h queue.h events.h stats.h.
 *
 * Slices that a read returns live in the arena that was passed. Writes copy what they are given. Unless said otherwise
 * a call returns STATUS_OK, STATUS_IO (the database is away or refused; the transaction is dead), STATUS_FULL (its disk
 * is full) or STATUS_CORRUPT, and blocks. A statement that failed makes its transaction useless: every later call
 * repeats the failure until store_rollback. Of writes without a result some are only sent (PostgreSQL, so that
 * thousands are not one round trip each); their failure is reported by a later call, at the latest by store_commit.
 * Without a transaction every call is one of its own. STATUS_AGAIN: other writers were in the way (a deadlock, a
 * lock that was held too long); nothing is wrong: roll back, do it again at once. STATUS_TIMEOUT: it took too long.
 * STATUS_FAULT: the database is there and does not know a table, or may not be asked; it will not get better by itself.
 *
 * Text is stored as valid UTF-8 without NUL; bytes that are not become '?'.
 */
#ifndef PUGMARK_STORE_STORE_H
#define PUGMARK_STORE_STORE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "codec/text/uuid.h"
#include <stdbool.h>
#include <stdint.h>

struct store;
struct store_session;

/* `url` is "sqlite:PATH" or "postgresql://…" (or "postgres://…"). Nothing is created or changed. STATUS_BAD_INPUT for
 * another URL. */
enum status store_open(const char *url, struct store **ret, struct err *err) MUST_CHECK;
void store_close(struct store **store);

/* Brings the schema up to this program's version: numbered steps, forward only; creates a new store. Most steps are one
 * transaction; one that carries many rows over is many, and goes on where it stopped when it was interrupted, whenever
 * that was. Until its last part the store is one of the version before. STATUS_CONFLICT: the store was written by a
 * newer program (nothing was changed; the text says so). */
enum status store_migrate(struct store *store, struct err *err) MUST_CHECK;
struct migration_progress {
	int version;
	const char *name;   /* of the step, "0010-compact-events" */
	const char *part;   /* what is carried over: "carry_events" */
	uint32_t per_mille; /* of this part */
};
struct migration_watch {
	/* After each transaction that carried rows over. False: stop here, with STATUS_AGAIN. */
	bool (*step)(void *user, const struct migration_progress *progress);
	void *user;
	uint32_t rows; /* in one transaction; 0: as many as are reasonable */
};
/* The same with somebody who looks on. */
enum status store_migrate_watched(struct store *store, const struct migration_watch *watch, struct err *err) MUST_CHECK;
/* As migrate would find it. STATUS_OK: current. STATUS_NOT_FOUND: no store there yet. STATUS_AGAIN: older, migrate
 * first. STATUS_CONFLICT: newer than this program. */
enum status store_check(struct store *store, struct err *err) MUST_CHECK;

/* The schema version that it has, and the one that migrating would give it. STATUS_NOT_FOUND: no store there yet. */
enum status store_versions(struct store *store, int *ret_has, int *ret_wants, struct err *err) MUST_CHECK;

/* Several machines may have this store open (PostgreSQL). */
bool store_is_shared(const struct store *store);
/* "sqlite 3.40.1", "postgresql 15.18"; the server's version is known after store_check or store_migrate. Valid until
 * store_close. */
struct slice store_engine_name(const struct store *store);

enum store_access { STORE_READ, STORE_WRITE };
enum status store_session_open(struct store *store, enum store_access access, struct store_session **ret,
			       struct err *err) MUST_CHECK;
void store_session_close(struct store_session **session);
/* From now on a statement may take as long, and then ends with STATUS_TIMEOUT: longer for looks that read history.
 * Until then it may take 15 seconds where it reads, which is as long as a person waits, and 20 where it writes.
 * PostgreSQL only. */
enum { STORE_HISTORY_SECONDS = 600 };
enum status store_session_set_patience(struct store_session *session, uint32_t seconds, struct err *err) MUST_CHECK;
/* After STATUS_IO: connects again when the connection is gone, or leads to a server that does not take the writes of a
 * writing session. STATUS_OK when the session can be used. */
enum status store_session_recover(struct store_session *session, struct err *err) MUST_CHECK;

/* One transaction at a time. A session that reads outside of one sees the newest committed state on each call. */
enum status store_begin(struct store_session *session, struct err *err) MUST_CHECK;
/* The transaction is over in any case. STATUS_UNCERTAIN: the connection broke while committing; read the cursor to
 * learn what happened. Also what a write of this transaction failed with: then nothing was committed. */
enum status store_commit(struct store_session *session, struct err *err) MUST_CHECK;
void store_rollback(struct store_session *session);
/* No statement of this transaction has failed: what a call returned was about a row, not about the database. A row that
 * says what this program does not know (STATUS_CORRUPT) leaves it alive; a damaged file does not. */
bool store_transaction_lives(const struct store_session *session);
/* A part of a transaction that can be taken back alone, also after one of its statements failed. One level. After keep
 * failed: undo. */
enum status store_savepoint(struct store_session *session, struct err *err) MUST_CHECK;
enum status store_savepoint_keep(struct store_session *session, struct err *err) MUST_CHECK;
enum status store_savepoint_undo(struct store_session *session, struct err *err) MUST_CHECK;

/* SQLite: not 0, and another one than before when another connection has committed since. Elsewhere 0: others commit
 * all the time. */
enum status store_version(struct store_session *session, int64_t *ret, struct err *err) MUST_CHECK;
/* SQLite: writes the WAL back into the database file when it has grown past `pages`; nothing elsewhere. Writer only. */
enum status store_checkpoint(struct store_session *session, int pages, struct err *err) MUST_CHECK;

/* Whether a program that knows the schema of this one may write: STATUS_CONFLICT when a newer program has migrated the
 * store to where this one would do damage; the text says so. To be asked again while it runs. */
enum status store_check_fence(struct store_session *session, struct err *err) MUST_CHECK;

/* ---- The journal cursor: how far a node's journal is applied; moved in the same transaction as its effects. Nodes and
 * their epochs are explained in store/house/nodes.h. */
struct node_claim {
	uint16_t number;
	uint64_t epoch; /* under which its row was taken */
};
struct journal_cursor {
	uint64_t epoch; /* of the row now */
	uint64_t sequence;
	uint64_t half; /* the first half of the records behind it up to here is applied too; 0: of none */
};
struct cursor_step {
	uint64_t from, from_half, to, to_half;
	uint64_t durable; /* where the journal ends; 0: nobody has asked it, but what is applied was */
};
/* STATUS_NOT_FOUND when the node has no row. In a transaction it waits for whoever has moved it and not committed
 * yet. */
enum status store_cursor_read(struct store_session *session, uint16_t node, struct journal_cursor *ret,
			      struct err *err) MUST_CHECK;
/* Compare and swap. STATUS_CONFLICT: it does not stand there, or not under the claim's epoch; roll back. */
enum status store_cursor_advance(struct store_session *session, const struct node_claim *claim, struct cursor_step step,
				 struct err *err) MUST_CHECK;

/* ---- Answers to requests with an Idempotency-Key, kept 24 hours. */
struct idempotency_record {
	struct slice request_hash; /* 32 bytes */
	uint32_t status;           /* HTTP status of the first answer */
	struct slice response;     /* its body */
};
struct idempotency_key {
	uint32_t tenant;
	struct slice key;
	int64_t not_before_us; /* answers that were kept earlier count as gone */
};
/* STATUS_NOT_FOUND when there is none younger than `not_before_us`. */
enum status store_idempotency_find(struct store_session *session, const struct idempotency_key *key,
				   struct arena *arena, struct idempotency_record *ret, struct err *err) MUST_CHECK;
/* STATUS_CONFLICT when the key is there already (and younger than not_before_us). Older ones of all tenants go. */
enum status store_idempotency_put(struct store_session *session, const struct idempotency_key *key, int64_t now_us,
				  const struct idempotency_record *record, struct err *err) MUST_CHECK;

#endif

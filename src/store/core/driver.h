/* SPDX-License-Identifier: Apache-2.0 */
/* driver: what a database must be able to do for the store.
 *
 * A driver speaks in connections, prepared statements, typed values and rows; it knows nothing of messages or events.
 * There is one set of SQL statements: parameters are $1, $2…, and the few words that differ between databases are
 * written as {word} and replaced from the driver's table before a statement is prepared (see words below).
 * A driver has no state but the connection (`self`); one thread uses a connection at a time. All calls block, and none
 * without an end: a database that does not answer is STATUS_IO after a while, and what of it is left is cut off.
 *
 * Classes of errors, the same for all drivers: a unique key is violated STATUS_CONFLICT, the value is refused
 * STATUS_BAD_INPUT, no space STATUS_FULL, damaged file STATUS_CORRUPT, ended for the sake of another transaction, or
 * tired of waiting for its lock STATUS_AGAIN, a statement that takes too long STATUS_TIMEOUT, a statement that it does
 * not understand or allow STATUS_FAULT, all else (busy, gone, read-only) STATUS_IO.
 */
#ifndef PUGMARK_STORE_DRIVER_H
#define PUGMARK_STORE_DRIVER_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"
#include "store/core/store_copy.h"
#include "store/core/value.h"

/* {word} in a statement becomes `text`. The table ends with a NULL word. */
struct driver_word {
	const char *word;
	const char *text;
};

enum { CHECKPOINT_SCRUB = -1 };
enum driver_access { DRIVER_READ, DRIVER_WRITE, DRIVER_CREATE };

struct driver {
	bool is_shared;  /* several machines may have it open */
	bool has_arrays; /* takes lists as parameters */
	const struct driver_word *words;
	const char *schema_lock; /* a statement that keeps other migrators out until the transaction ends, or NULL */

	/* STATUS_NOT_FOUND: nothing is there, and `access` is not DRIVER_CREATE. */
	enum status (*connect)(const char *target, enum driver_access access, void **ret_self, struct err *err);
	void (*disconnect)(void *self);
	/* Connects again when the connection is gone; statements stay valid. */
	enum status (*recover)(void *self, struct err *err);
	/* How long a statement may take from now on; NULL where statements have no limit. */
	enum status (*patience)(void *self, uint32_t statement_ms, struct err *err);
	/* "sqlite 3.40.1" */
	void (*name)(void *self, struct buf *b);

	/* Several statements, without parameters. */
	enum status (*script)(void *self, const char *sql, struct err *err);
	/* Copies the text. `once`: it will run one time only. To be forgotten before the connection goes. */
	enum status (*prepare)(void *self, const char *sql, bool once, void **ret_statement, struct err *err);
	void (*forget)(void *self, void *statement);
	/* A statement without rows. With ret_changed NULL its outcome may come later: from `settle`, `commit` or the
	 * next statement that waits for one. */
	enum status (*run)(void *self, void *statement, struct values in, uint64_t *ret_changed, struct err *err);
	/* A statement with rows: query, step until STATUS_END, finish (also after an error). `in` may go after query.
	 */
	enum status (*query)(void *self, void *statement, struct values in, struct err *err);
	enum status (*step)(void *self, void *statement, struct err *err);
	void (*column)(void *statement, int column, enum value_type type, struct value *ret);
	void (*finish)(void *self, void *statement);

	enum status (*begin)(void *self, struct err *err);
	/* On failure the transaction is rolled back. STATUS_UNCERTAIN: see store_commit. */
	enum status (*commit)(void *self, struct err *err);
	void (*rollback)(void *self);
	/* Waits for the outcome of everything that was run. */
	enum status (*settle)(void *self, struct err *err);
	/* CHECKPOINT_SCRUB: whatever its size, and nothing of it stays on disk; STATUS_AGAIN: a reader needs it yet. */
	enum status (*checkpoint)(void *self, int pages, struct err *err);
	/* Writes the whole database, as the open transaction sees it, to a new file. NULL: it is no file. */
	enum status (*copy)(void *self, const char *path, const struct store_copy_watch *watch, struct err *err);
};

/* target: a path. */
extern const struct driver sqlite_driver;
/* target: a libpq connection string or URL. */
extern const struct driver postgres_driver;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A session that only reads: it neither writes nor checkpoints, so it may belong to another process than the writer's
 * (facts of SQLite's WAL-reset fault: head of sqlite_driver.c). */
#include "store/core/store_copy.h"

#include "store/core/session.h"
#include "store/core/session_private.h"
#include <errno.h>
#include <unistd.h>

/* BEGIN alone sees nothing yet: what is read first fixes what the transaction sees. */
static enum status copy(struct store_session *s, const char *path, const struct store_copy_watch *watch,
			struct err *err)
{
	int64_t ignored = 0;
	enum status status = store_begin(s, err);
	if (status != STATUS_OK)
		return status;
	status = rows_read_i64(s, "SELECT COUNT(*) FROM nodes", VALUES_NONE, &ignored, err);
	if (status == STATUS_OK)
		status = s->driver->copy(s->connection, path, watch, err);
	store_rollback(s);
	return status;
}

enum status store_copy(struct store *store, const char *path, const struct store_copy_watch *watch, struct err *err)
{
	struct store_session *s = NULL;
	if (!store->driver->copy)
		return err_set(err, STATUS_BAD_INPUT, "a store of PostgreSQL is copied by pg_dump or pg_basebackup");
	if (unlink(path) != 0 && errno != ENOENT)
		return err_set_errno(err, errno, "%s cannot be written over", path);
	enum status status = store_session_open(store, STORE_READ, &s, err);
	if (status == STATUS_OK)
		status = copy(s, path, watch, err);
	store_session_close(&s);
	return status;
}

const char *store_file(const struct store *store)
{
	return store->driver->copy ? store->target : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* session: how the nouns of the store talk to a driver. Private to the store.
 *
 * A statement is a string constant; its address is its identity, it is prepared on first use and kept. Text values are
 * made valid UTF-8 without NUL on the way in (what came from outside may hold any byte; PostgreSQL refuses it, and one
 * refused user agent must not stop the applier), the same for all databases.
 *
 * A statement that fails inside a transaction kills it: everything after fails with the same words until rollback, as
 * PostgreSQL has it. Expected conflicts are therefore no errors in SQL: ON CONFLICT DO NOTHING and a look at the count.
 */
#ifndef PUGMARK_STORE_SESSION_H
#define PUGMARK_STORE_SESSION_H

#include "store/core/driver.h"
#include "store/core/store.h"

/* No rows wanted. The outcome may come later (see driver.h); outside of a transaction it does not. */
enum status session_run(struct store_session *s, const char *sql, struct values in, struct err *err) MUST_CHECK;
/* Waits, and says how many rows were written. */
enum status session_run_counted(struct store_session *s, const char *sql, struct values in, uint64_t *ret_changed,
				struct err *err) MUST_CHECK;
/* As session_run_counted; `if_none` (STATUS_CONFLICT, STATUS_NOT_FOUND) with `words` when no row was written. */
struct none {
	enum status status;
	const char *words;
};
enum status session_run_some(struct store_session *s, const char *sql, struct values in, struct none if_none,
			     struct err *err) MUST_CHECK;
/* Whether lists may be parameters (value.h); where not, a caller runs one statement a row. */
bool session_has_arrays(const struct store_session *s);
/* Waits for what session_run left open. */
enum status session_settle(struct store_session *s, struct err *err) MUST_CHECK;

/* Several writes as one: a transaction of its own when none is open. `atomic_end` commits when `status` is STATUS_OK
 * and rolls back otherwise, but only what `atomic_begin` began; returns the outcome. */
enum status session_atomic_begin(struct store_session *s, bool *ret_own, struct err *err) MUST_CHECK;
enum status session_atomic_end(struct store_session *s, bool own, enum status status, struct err *err) MUST_CHECK;

/* Rows of one query. Fields are read from left to right, one call each; slices are copied into the arena. */
struct rows {
	struct store_session *session;
	void *statement;
	struct arena *arena;
	int column;
	bool is_one_shot;
};
enum status rows_open(struct rows *r, struct store_session *s, const char *sql, struct values in,
		      struct err *err) MUST_CHECK;
/* For SQL that was put together for this one query; not kept. */
enum status rows_open_once(struct rows *r, struct store_session *s, const char *sql, struct values in,
			   struct err *err) MUST_CHECK;
/* STATUS_OK: stands on a row. STATUS_END: no more. */
enum status rows_next(struct rows *r, struct err *err) MUST_CHECK;
/* Ends the query; STATUS_END becomes STATUS_OK, everything else comes back as it is. Needed after rows_open succeeded.
 */
enum status rows_close(struct rows *r, enum status status);
/* rows_open and the first row. STATUS_NOT_FOUND: there is none (and nothing to close). */
enum status rows_open_one(struct rows *r, struct store_session *s, const char *sql, struct values in,
			  struct err *err) MUST_CHECK;

/* The first column of the only row, for a question that has one number or time for an answer. Results as rows_open_one;
 * *ret is untouched unless STATUS_OK. NULL is 0. */
enum status rows_read_i64(struct store_session *s, const char *sql, struct values in, int64_t *ret,
			  struct err *err) MUST_CHECK;
enum status rows_read_time(struct store_session *s, const char *sql, struct values in, int64_t *ret_us,
			   struct err *err) MUST_CHECK;

int64_t rows_i64(struct rows *r); /* NULL is 0 */
int64_t rows_i64_or(struct rows *r, int64_t if_null);
bool rows_bool(struct rows *r);
int64_t rows_time(struct rows *r);     /* NULL is 0 */
struct uuid rows_uuid(struct rows *r); /* NULL is zero */
struct slice rows_text(struct rows *r);
struct slice rows_json(struct rows *r);
struct slice rows_bytes(struct rows *r);
bool rows_is_null(struct rows *r); /* of the field that is read next; does not move on */

/* An array that grows in an arena; zeroed items. */
struct growing {
	void *items;
	size_t n, room;
};
void *growing_add(struct growing *g, struct arena *arena, size_t item_size);

/* `sql` with every {word} replaced. */
void session_expand(struct buf *b, const struct driver_word *words, const char *sql);

/* What the store remembers between the calls of one session: numbers of texts, what is there already. `p` is NULL until
 * somebody puts something there, and freed with the session. What a transaction that was taken back had put into the
 * database is not there any more: `undone` goes up with each, so that whoever remembers can tell. */
struct session_memory {
	void *p;
	void (*free)(void *p);
	unsigned undone;
};
enum session_memory_of {
	SESSION_MEMORY_DICTIONARY,
	SESSION_MEMORY_MARK,
	SESSION_MEMORY_MINUTES,
	SESSION_MEMORY_MONTHS,
	SESSION_MEMORY_COUNT,
};
struct session_memory *session_memory(struct store_session *s, enum session_memory_of what);
/* Never 0, and another number in each transaction, and after each part of one that was taken back: a lock that was
 * taken under this number is held as long as it stands. */
uint64_t session_part(const struct store_session *s);
/* Called once, right before the transaction under way commits, and not at all when it is taken back: for rows that many
 * transactions write alike, so that nobody waits for them longer than the commit takes, and each transaction comes to
 * them with everything else behind it. One function a session; further calls in the same transaction change nothing.
 * Returns whether this was the first. */
typedef enum status session_last_words(struct store_session *s, struct err *err);
bool session_before_commit(struct store_session *s, session_last_words *words);
/* Several statements without parameters; their failure is that of the transaction. */
enum status session_script(struct store_session *s, const char *sql, struct err *err) MUST_CHECK;
/* Several machines may write at once, and tables are partitioned. */
bool session_is_shared(const struct store_session *s);

/* What is read in a transaction is about to be written: on PostgreSQL such a read locks the rows ({for_update}),
 * because appliers of other machines count on the same messages. */
bool session_in_transaction(const struct store_session *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* migrations: the files of migrations/, embedded by tools/embed-migrations.py. Private to the store. */
#ifndef PUGMARK_STORE_MIGRATIONS_H
#define PUGMARK_STORE_MIGRATIONS_H

#include "store/core/session.h"

struct migration {
	int version; /* from 1, without gaps */
	const char *name;
	int oldest_writer; /* the oldest schema that a program must know to write beside this one */
	const char *sql;   /* lines "-- batches: NAME" stand between its parts */
};
extern const struct migration store_migrations[];
extern const size_t store_migrations_count;

/* Rows that are carried over in bounded transactions, one call each, inside a transaction. */
struct batch_cursor {
	int64_t at;   /* what the last call left; 0 at first. Kept in the database, together with what was done */
	int64_t goal; /* what `at` will be about at the end, for telling how far it is; 0 at first */
};
struct batch_step {
	const char *name;
	/* STATUS_END: there was nothing left. */
	enum status (*run)(struct store_session *s, uint32_t rows, struct batch_cursor *cursor, struct err *err);
};
/* src/store/batch_steps.c. */
extern const struct batch_step store_batch_steps[];
extern const size_t store_batch_steps_count;

#endif

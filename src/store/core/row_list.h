/* SPDX-License-Identifier: Apache-2.0 */
/* row_list: the same statement for many rows, as one on a database that takes lists as parameters and as one a row
 * elsewhere. The caller binds each row the same way in both cases. Private to the store.
 *
 *	struct row_list list;
 *	const struct row_list_plan plan = {SINGLE, LIST, COLUMNS, count};
 *	row_list_begin(&list, session, &plan, arena);
 *	for (…)
 *		bind_row(row_list_next(&list)); // fills COLUMNS values
 *	status = row_list_end(&list, err);
 */
#ifndef PUGMARK_STORE_ROW_LIST_H
#define PUGMARK_STORE_ROW_LIST_H

#include "store/core/session.h"

struct row_list_plan {
	const char *single; /* has the nth value of a row as $n */
	/* Has the nth column of all rows as $n, a list; a JSON column comes as a list of texts. NULL: these rows may
	 * not stand in one statement together. */
	const char *list;
	size_t columns;
	size_t room; /* rows at most */
};
struct row_list {
	struct store_session *session;
	struct arena *arena;
	struct row_list_plan plan;
	struct value *values;
	size_t count;
	bool runs_each; /* each row when the next one comes */
	enum status status;
	struct err err;
};

void row_list_begin(struct row_list *list, struct store_session *s, const struct row_list_plan *plan,
		    struct arena *arena);
/* The values of the next row, to be filled in; each column has the same type in all rows. What they point to must live
 * until row_list_end. */
struct value *row_list_next(struct row_list *list);
/* Outcomes as session_run: that of the first row that failed. Nothing when there are no rows. */
enum status row_list_end(struct row_list *list, struct err *err) MUST_CHECK;

#endif

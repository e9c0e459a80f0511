/* SPDX-License-Identifier: Apache-2.0 */
/* row_list: the same statement for many rows, as one on a database that takes lists as parameters and as one a row
 * elsewhere. The caller binds each row the same way in both cases. Private to the store.
 *
 *	struct row_list list;
 *	row_list_begin(&list, arena, count, COLUMNS);
 *	for (…)
 *		bind_row(row_list_next(&list), …); // fills COLUMNS values
 *	status = row_list_run(session, &list, SINGLE, LIST, err);
 */
#ifndef PUGMARK_STORE_ROW_LIST_H
#define PUGMARK_STORE_ROW_LIST_H

#include "store/core/session.h"

struct row_list {
	struct arena *arena;
	struct value *values;
	size_t columns, count, room;
};

/* Room for so many rows, in the arena. */
void row_list_begin(struct row_list *list, struct arena *arena, size_t room, size_t columns);
/* The values of the next row, to be filled in; each column has the same type in all rows. */
struct value *row_list_next(struct row_list *list);
/* `list_sql` has the nth column of all rows as $n, a list; a JSON column comes as a list of texts. `single` has the nth
 * value of a row. Nothing when there are no rows. Outcomes as session_run. */
enum status row_list_run(struct store_session *s, const struct row_list *list, const char *single, const char *list_sql,
			 struct err *err) MUST_CHECK;
/* One statement a row, on every database: for rows that may not stand in one statement together. */
enum status row_list_run_each(struct store_session *s, const struct row_list *list, const char *single,
			      struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which number a parameter has depends on the conditions before it, so they are written with '?' and get their numbers
 * here. A list that is filtered in n ways would otherwise be 2^n statements. */
#include "store/core/where.h"

#include "base/mem.h"

enum { WHERE_SQL_MAX = 16 * 1024 };

void where_init(struct where *w, const char *select)
{
	w->n = 0;
	buf_init(&w->sql, WHERE_SQL_MAX);
	buf_append_cstr(&w->sql, select);
}

void where_done(struct where *w)
{
	buf_done(&w->sql);
}

static void append(struct where *w, const char *text, struct value v)
{
	BUG_IF(w->n == WHERE_VALUES_MAX);
	struct slice rest = slice_from_cstr(text);
	w->values[w->n++] = v;
	buf_append(&w->sql, slice_cut(&rest, '?'));
	buf_printf(&w->sql, "$%zu", w->n);
	buf_append(&w->sql, rest);
}

void where_add(struct where *w, const char *condition, struct value v)
{
	buf_append_cstr(&w->sql, w->n > 0 ? " AND " : " ");
	append(w, condition, v);
}

void where_add_text(struct where *w, const char *condition, struct slice v)
{
	if (v.p)
		where_add(w, condition, value_text(v));
}

void where_end(struct where *w, const char *end, uint32_t limit)
{
	append(w, end, value_i64(limit));
}

struct values where_values(const struct where *w)
{
	return (struct values){w->values, w->n};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* where: the conditions of a list, put together from a filter. Private to the store.
 *
 * Every condition holds its value as a parameter; only constant text becomes SQL. */
#ifndef PUGMARK_STORE_WHERE_H
#define PUGMARK_STORE_WHERE_H

#include "store/core/session.h"

enum { WHERE_VALUES_MAX = 24 };

struct where {
	struct buf sql;
	struct value values[WHERE_VALUES_MAX];
	size_t n;
};
/* Starts with `select`, which must end before the first condition ("… WHERE"). */
void where_init(struct where *w, const char *select);
void where_done(struct where *w);
/* Adds " AND " where needed, and `condition`, in which ? becomes the parameter. */
void where_add(struct where *w, const char *condition, struct value v);
/* Nothing when v.p is NULL. */
void where_add_text(struct where *w, const char *condition, struct slice v);
/* Adds the end (ORDER BY …), whose one ? is the limit. */
void where_end(struct where *w, const char *end, uint32_t limit);
struct values where_values(const struct where *w);

#endif

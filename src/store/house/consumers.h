/* SPDX-License-Identifier: Apache-2.0 */
/* consumers: how far those who follow the events have come. Part of the store (see store.h).
 *
 * A consumer is something that must see each event once and go on where it was after a start: a warehouse, a broker, a
 * customer's endpoint. Its row is a name and the position of the last event that it is done with. Whoever reads along
 * only while somebody looks (the live stream) keeps the position itself and has no row here. */
#ifndef PUGMARK_STORE_CONSUMERS_H
#define PUGMARK_STORE_CONSUMERS_H

#include "store/core/store.h"

enum { CONSUMER_NAME_MAX = 64 };

/* STATUS_NOT_FOUND: there is none of that name. */
enum status store_consumer_read(struct store_session *s, struct slice name, uint64_t *ret_position,
				struct err *err) MUST_CHECK;
/* A new one that is done with everything up to `position` (0: it wants all there is). STATUS_CONFLICT: it is there.
 * STATUS_BAD_INPUT: a name has 1 to CONSUMER_NAME_MAX bytes. */
enum status store_consumer_add(struct store_session *s, struct slice name, uint64_t position, int64_t now_us,
			       struct err *err) MUST_CHECK;

/* Compare and swap. STATUS_CONFLICT: it does not stand at `from` (another process follows under the same name, or it
 * is gone), or `to` lies before that. */
struct consumer_move {
	struct slice name;
	uint64_t from, to;
	int64_t now_us;
};
enum status store_consumer_move(struct store_session *s, const struct consumer_move *move, struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND. */
enum status store_consumer_remove(struct store_session *s, struct slice name, struct err *err) MUST_CHECK;

struct consumer_row {
	struct slice name;
	uint64_t position;
	int64_t moved_us;
};
struct consumer_list {
	struct consumer_row *at; /* the one that is furthest behind first */
	size_t n;
};
enum status store_consumer_list(struct store_session *s, struct arena *arena, struct consumer_list *ret,
				struct err *err) MUST_CHECK;

#endif

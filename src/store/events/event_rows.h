/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of events selects first, and how it becomes the beginning of one. Private to the store. */
#ifndef PUGMARK_STORE_EVENT_ROWS_H
#define PUGMARK_STORE_EVENT_ROWS_H

#include "store/core/session.h"
#include "store/events/events.h"

/* `t` is what stands in front of each column: "" or "e.". */
#define EVENT_HEAD_COLUMNS(t)                                                                                          \
	t "position, " t "id, " t "tenant_id, " t "message_id, " t "event_type, " t "occurred_at, " t "is_unique, " t  \
	  "is_duplicate, " t "bot_filtered, " t "actor, " t "confidence_percent, " t "settled, " t "reasons, " t       \
	  "rules, " t "link_index"

/* Reads these columns of a row; the rest of *ret is zero. STATUS_CORRUPT: a type or actor in it is not known. */
enum status event_read_head(struct rows *r, struct event *ret, struct err *err) MUST_CHECK;

#endif

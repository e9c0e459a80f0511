/* SPDX-License-Identifier: Apache-2.0 */
/* event_flags: what events.flags says, one integer for what would be ten columns. Private to the store. The view
 * email_events (migrations/0010) takes the same bits apart in SQL: a bit never changes its meaning. */
#ifndef PUGMARK_STORE_EVENT_FLAGS_H
#define PUGMARK_STORE_EVENT_FLAGS_H

#include "store/events/events.h"

enum {
	EVENT_TYPE_MASK = 31, /* bits 0-4: enum event_type */
	EVENT_IS_UNIQUE = 1 << 5,
	EVENT_IS_DUPLICATE = 1 << 6,
	EVENT_IS_FILTERED = 1 << 7,
	EVENT_IS_JUDGED = 1 << 8,
	EVENT_IS_SETTLED = 1 << 9,
	EVENT_IS_ANONYMOUS = 1 << 10,      /* "consent:anonymous" is among the reasons */
	EVENT_IS_REPORT = 1 << 11,         /* the reasons begin with "provider:" */
	EVENT_HAS_TOKEN = 1 << 12,         /* it came by a link of ours, whose token can be computed */
	EVENT_REMOTE_OF_MESSAGE = 1 << 13, /* remote_id is the message's */
	EVENT_HAS_DETAILS = 1 << 14,       /* there is a row in event_details */
	EVENT_ACTOR_SHIFT = 16,            /* bits 16-19: enum actor */
	EVENT_ACTOR_MASK = 15,
	EVENT_CONFIDENCE_SHIFT = 20, /* bits 20-26: per cent */
	EVENT_CONFIDENCE_MASK = 127,
};

/* Of all but EVENT_REMOTE_OF_MESSAGE and EVENT_HAS_DETAILS. */
int64_t event_flags_of(const struct event *event);
/* Fills type, is_unique, is_duplicate, bot_filtered, judged, settled, has_token, actor and confidence_percent.
 * STATUS_CORRUPT: there is no such type or actor. */
enum status event_flags_read(int64_t flags, struct event *ret, struct err *err) MUST_CHECK;

/* For conditions in SQL: `e` is the table's name there. */
#define EVENT_SQL_HITS(e) "(" e ".flags & 31) IN (6, 7)" /* EVENT_OPEN, EVENT_CLICK */
_Static_assert(EVENT_OPEN == 6 && EVENT_CLICK == 7 && EVENT_CONSENT == 12, "the numbers stand in SQL");
#define EVENT_SQL_ACTOR(e) "(" e ".flags >> 16 & 15)"

#endif

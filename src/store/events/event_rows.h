/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of events selects first, how it becomes the beginning of one, and how one becomes a row. Private to
 * the store. */
#ifndef PUGMARK_STORE_EVENT_ROWS_H
#define PUGMARK_STORE_EVENT_ROWS_H

#include "store/core/session.h"
#include "store/events/events.h"

/* Of EVENT_FROM, whose aliases are e (events), m (messages), d (event_details) and one for each text. */
#define EVENT_HEAD_COLUMNS                                                                                             \
	"e.position, e.tenant_id, e.occurred_at, e.flags, e.node, e.sequence, d.id, COALESCE(m.id, d.message_id), "    \
	"e.message, e.link_index, e.burst, r.text, v.text, u.text, a.text, p.text, e.address, e.signals, e.repeats, "  \
	"e.last_repeat_at"
#define EVENT_FROM " FROM events e " EVENT_JOINS
#define EVENT_JOINS                                                                                                    \
	"LEFT JOIN messages m ON m.number = e.message "                                                                \
	"LEFT JOIN event_details d ON d.tenant_id = e.tenant_id AND d.position = e.position " EVENT_TEXTS
#define EVENT_TEXTS                                                                                                    \
	"LEFT JOIN dictionary r ON r.number = e.reasons LEFT JOIN dictionary v ON v.number = e.rules "                 \
	"LEFT JOIN dictionary u ON u.number = e.url LEFT JOIN dictionary a ON a.number = e.agent "                     \
	"LEFT JOIN dictionary p ON p.number = e.provider "

/* Reads these columns of a row; the rest of *ret is zero. STATUS_CORRUPT: a type or actor in it is not known. */
enum status event_read_head(struct rows *r, struct event *ret, struct err *err) MUST_CHECK;
/* The text of the next column, an address as bytes. */
struct slice event_read_address(struct rows *r);

/* Writes rows whose position and message_number are known; message_number 0 with a message: it is not there. */
enum status event_write(struct store_session *s, const struct event *events, size_t count, struct err *err) MUST_CHECK;

/* Notes which minutes these events are in, for event_minutes; written right before the transaction commits. */
void event_minutes_note(struct store_session *s, const struct event *events, size_t count);
/* Writes what is noted now; for who is about to look for events of this transaction by their time. */
enum status event_minutes_settle(struct store_session *s, struct err *err) MUST_CHECK;

/* PostgreSQL: sees to it that the months of these events have a partition. Before anything else in the transaction that
 * others could wait for. */
enum status event_months_ready(struct store_session *s, const struct event *events, size_t count,
			       struct err *err) MUST_CHECK;

#endif

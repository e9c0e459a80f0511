/* SPDX-License-Identifier: Apache-2.0 */
/* event_carry: events of a store from before migration 0010 become compact rows. Private to the store; struct
 * batch_step says how these are called. */
#ifndef PUGMARK_STORE_EVENT_CARRY_H
#define PUGMARK_STORE_EVENT_CARRY_H

#include "store/core/migrations.h"

/* From email_events, which is a table then, to events; after the messages. */
enum status event_carry(struct store_session *s, uint32_t rows, struct batch_cursor *cursor,
			struct err *err) MUST_CHECK;
/* Empties email_events_before. */
enum status event_carry_clear(struct store_session *s, uint32_t rows, struct batch_cursor *cursor,
			      struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* message_carry: messages of a store from before migration 0010 get numbers, and rows of counters. Private to the
 * store; struct batch_step says how these are called. */
#ifndef PUGMARK_STORE_MESSAGE_CARRY_H
#define PUGMARK_STORE_MESSAGE_CARRY_H

#include "store/core/migrations.h"

/* From messages to messages_next and message_counters. */
enum status message_carry(struct store_session *s, uint32_t rows, struct batch_cursor *cursor,
			  struct err *err) MUST_CHECK;
/* Empties messages_before. */
enum status message_carry_clear(struct store_session *s, uint32_t rows, struct batch_cursor *cursor,
				struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* queue_moves: what became of attempts, gathered over a transaction and written to the queue together. Belongs to the
 * writer's thread; a batch has one (batch_queue_moves), which it writes when it is flushed. */
#ifndef PUGMARK_ENGINE_QUEUE_MOVES_H
#define PUGMARK_ENGINE_QUEUE_MOVES_H

#include "store/mail/queue.h"

struct queue_moves;
struct queue_moves *queue_moves_new(struct store_session *session);
void queue_moves_free(struct queue_moves **moves);

/* Copies the outcome, slices included. One of the same message that waits is written before. */
enum status queue_moves_add(struct queue_moves *moves, const struct queue_outcome *outcome, struct err *err) MUST_CHECK;
/* Writes everything that waits when something of this message does: for who changes its row himself. */
enum status queue_moves_before(struct queue_moves *moves, struct uuid message, struct err *err) MUST_CHECK;
/* Writes everything; still inside the transaction. */
enum status queue_moves_flush(struct queue_moves *moves, struct err *err) MUST_CHECK;
/* Forgets what was not written. */
void queue_moves_clear(struct queue_moves *moves);

#endif

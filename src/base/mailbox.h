/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: how threads hand things to one another. Many may post, one takes; ownership passes with the letter.
 *
 * Letters are intrusive list links. The receiver is either woken through a callback (a uv_async_send, a
 * curl_multi_wakeup) or blocks in mailbox_wait.
 */
#ifndef PUGMARK_BASE_MAILBOX_H
#define PUGMARK_BASE_MAILBOX_H

#include "base/list.h"
#include <pthread.h>
#include <stdint.h>

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct list_link letters;
	bool is_woken; /* mailbox_wake was called and no wait has ended by it */
	void (*wake)(
	    void *user); /* NULL when the receiver waits; called after a post, on the poster's thread; must not block */
	void *user;
};

void mailbox_init(struct mailbox *m, void (*wake)(void *user), void *user);
/* The mailbox must be empty. */
void mailbox_done(struct mailbox *m);
void mailbox_post(struct mailbox *m, struct list_link *letter);
/* Moves all letters, oldest first, to the end of `to`; false when there were none. Does not block. */
bool mailbox_take(struct mailbox *m, struct list_link *to);
/* Waits until there are letters, or `timeout_us` has passed (negative: no limit), or mailbox_wake was called; then as
 * mailbox_take. */
bool mailbox_wait(struct mailbox *m, struct list_link *to, int64_t timeout_us);
/* Ends a mailbox_wait early; when nobody waits, the next one, so that a wake between a look and a wait is not lost. */
void mailbox_wake(struct mailbox *m);

#endif

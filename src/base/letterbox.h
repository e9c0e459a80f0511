/* SPDX-License-Identifier: Apache-2.0 */
/* letterbox: how threads hand things to one another. Many may post, one takes; ownership passes with the letter.
 *
 * Letters are intrusive list links. The receiver is either woken through a callback (a uv_async_send, a
 * curl_multi_wakeup) or blocks in letterbox_wait.
 */
#ifndef PUGMARK_BASE_LETTERBOX_H
#define PUGMARK_BASE_LETTERBOX_H

#include "base/list.h"
#include <pthread.h>
#include <stdint.h>

struct letterbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct list_link letters;
	bool is_woken; /* letterbox_wake was called and no wait has ended by it */
	void (*wake)(
	    void *user); /* NULL when the receiver waits; called after a post, on the poster's thread; must not block */
	void *user;
};

void letterbox_init(struct letterbox *m, void (*wake)(void *user), void *user);
/* The letterbox must be empty. */
void letterbox_done(struct letterbox *m);
void letterbox_post(struct letterbox *m, struct list_link *letter);
/* Moves all letters, oldest first, to the end of `to`; false when there were none. Does not block. */
bool letterbox_take(struct letterbox *m, struct list_link *to);
/* Waits until there are letters, or `timeout_us` has passed (negative: no limit), or letterbox_wake was called; then as
 * letterbox_take. */
bool letterbox_wait(struct letterbox *m, struct list_link *to, int64_t timeout_us);
/* Ends a letterbox_wait early; when nobody waits, the next one, so that a wake between a look and a wait is not lost.
 */
void letterbox_wake(struct letterbox *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* key_wait: requests whose token is sealed with a key that is not here, while the file of keys is looked at again
 * (engine/keys/key_watch.h). A loop must not touch a disk, so a thread does; it serves as many as there are with one
 * look, a tenth of a second apart from the one before, so that made-up tokens cost a stat each at most. */
#ifndef PUGMARK_WEB_KEY_WAIT_H
#define PUGMARK_WEB_KEY_WAIT_H

#include "engine/keys/key_watch.h"
#include "net/worker_pool.h"

struct key_wait;

/* `watch` must outlive it. */
enum status key_wait_start(struct key_watch *watch, struct key_wait **ret, struct err *err) MUST_CHECK;
/* As worker_pool_stop: between http_server_shut_down and http_server_free. */
void key_wait_stop(struct key_wait **wait);

/* On a loop's thread: `answer` is called on it once the file was looked at, and never when the server ends before.
 * False: it is ending, and nothing will be called. */
bool key_wait_ask(struct key_wait *wait, struct http_loop *loop, void (*answer)(void *user), void *user) MUST_CHECK;
/* Whether there is, or was, a key of that id. Any thread, does not block. */
bool key_wait_knows(const struct key_wait *wait, uint8_t id);

#endif

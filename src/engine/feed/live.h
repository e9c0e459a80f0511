/* SPDX-License-Identifier: Apache-2.0 */
/* live: tells readers on other threads that the store has new events.
 *
 * It carries no events: a subscriber remembers the last position it has read and reads on from there, so that nothing
 * is missed or repeated, however slow it is. Thread-safe.
 */
#ifndef PUGMARK_ENGINE_LIVE_H
#define PUGMARK_ENGINE_LIVE_H

#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

struct live;
struct live *live_new(void);
/* No subscribers may be left. */
void live_free(struct live **live);

struct live_subscriber {
	struct list_link link; /* private */
	/* On the publisher's thread; must not block (http_loop_post). Called once for any number of new events, until
	 * live_rearm is called. */
	void (*wake)(struct live_subscriber *subscriber);
	bool is_armed; /* private */
};
/* Subscribes armed. */
void live_subscribe(struct live *live, struct live_subscriber *subscriber);
/* After it returns wake() is not called again. */
void live_unsubscribe(struct live *live, struct live_subscriber *subscriber);
/* Call before reading; a wake that happens meanwhile is not lost. */
void live_rearm(struct live *live, struct live_subscriber *subscriber);
void live_publish(struct live *live, uint64_t horizon);
uint64_t live_horizon(const struct live *live);
/* Somebody has subscribed. */
bool live_is_heard(const struct live *live);

#endif

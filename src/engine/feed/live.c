/* SPDX-License-Identifier: Apache-2.0 */
/* One lock around a list: a publisher comes once per commit, a few hundred times a second at most, and what it does
 * under the lock is to clear a flag and post to a loop. */
#include "engine/feed/live.h"

#include "base/mem.h"
#include <pthread.h>

struct live {
	pthread_mutex_t lock;
	struct list_link subscribers;
	uint64_t horizon;
};

struct live *live_new(void)
{
	struct live *live = MEM_NEW(struct live);
	BUG_IF(pthread_mutex_init(&live->lock, NULL) != 0);
	list_init(&live->subscribers);
	return live;
}

void live_free(struct live **live)
{
	if (!*live)
		return;
	BUG_IF(!list_is_empty(&(*live)->subscribers));
	(void)pthread_mutex_destroy(&(*live)->lock);
	mem_free(*live);
	*live = NULL;
}

void live_subscribe(struct live *live, struct live_subscriber *subscriber)
{
	pthread_mutex_lock(&live->lock);
	subscriber->is_armed = true;
	list_append(&live->subscribers, &subscriber->link);
	pthread_mutex_unlock(&live->lock);
}

void live_unsubscribe(struct live *live, struct live_subscriber *subscriber)
{
	pthread_mutex_lock(&live->lock);
	list_remove(&subscriber->link);
	pthread_mutex_unlock(&live->lock);
}

void live_rearm(struct live *live, struct live_subscriber *subscriber)
{
	pthread_mutex_lock(&live->lock);
	subscriber->is_armed = true;
	pthread_mutex_unlock(&live->lock);
}

void live_publish(struct live *live, uint64_t horizon)
{
	pthread_mutex_lock(&live->lock);
	if (live->horizon < horizon)
		live->horizon = horizon;
	for (struct list_link *link = live->subscribers.next; link != &live->subscribers; link = link->next) {
		struct live_subscriber *subscriber = LIST_ENTRY(link, struct live_subscriber, link);
		if (!subscriber->is_armed)
			continue;
		subscriber->is_armed = false;
		subscriber->wake(subscriber);
	}
	pthread_mutex_unlock(&live->lock);
}

uint64_t live_horizon(const struct live *live)
{
	struct live *l = (struct live *)live; /* a lock is not a change that anybody sees */
	pthread_mutex_lock(&l->lock);
	uint64_t horizon = l->horizon;
	pthread_mutex_unlock(&l->lock);
	return horizon;
}

bool live_is_heard(const struct live *live)
{
	struct live *l = (struct live *)live; /* a lock is not a change that anybody sees */
	pthread_mutex_lock(&l->lock);
	bool is_heard = !list_is_empty(&l->subscribers);
	pthread_mutex_unlock(&l->lock);
	return is_heard;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One map under one lock: a mail asks twice, and a cancel once. An entry goes with its attempt. Only where a mail is
 * canceled in the moment in which its attempt has ended and its row does not say so yet is an entry left, of 40 bytes.
 */
#include "engine/apply/send_fence.h"

#include "base/map.h"
#include "base/mem.h"
#include <pthread.h>

struct send_fence {
	pthread_mutex_t lock;
	struct map *attempts; /* message and attempt -> one of the two below */
};

static char begun, canceled; /* only their addresses are used */

struct attempt_key {
	struct uuid message;
	uint32_t attempt;
};
_Static_assert(sizeof(struct attempt_key) == sizeof(struct uuid) + sizeof(uint32_t), "a key has no padding");

struct send_fence *send_fence_new(void)
{
	struct send_fence *fence = MEM_NEW(struct send_fence);
	(void)pthread_mutex_init(&fence->lock, NULL); /* cannot fail without attributes */
	fence->attempts = map_new();
	return fence;
}

void send_fence_free(struct send_fence **fence)
{
	struct send_fence *f = *fence;
	*fence = NULL;
	if (!f)
		return;
	map_free(&f->attempts);
	(void)pthread_mutex_destroy(&f->lock);
	mem_free(f);
}

/* Whoever comes first is kept. */
static bool is_first(struct send_fence *fence, const struct attempt_key *key, char *who)
{
	struct slice bytes = slice_of(key, sizeof *key);
	(void)pthread_mutex_lock(&fence->lock);
	const void *was = map_get(fence->attempts, bytes);
	if (!was)
		(void)map_put(fence->attempts, bytes, who);
	(void)pthread_mutex_unlock(&fence->lock);
	return !was || was == who;
}

bool send_fence_begin(struct send_fence *fence, struct uuid message, uint32_t attempt)
{
	return is_first(fence, &(struct attempt_key){message, attempt}, &begun);
}

void send_fence_end(struct send_fence *fence, struct uuid message, uint32_t attempt)
{
	const struct attempt_key key = {message, attempt};
	(void)pthread_mutex_lock(&fence->lock);
	(void)map_remove(fence->attempts, slice_of(&key, sizeof key));
	(void)pthread_mutex_unlock(&fence->lock);
}

bool send_fence_cancel(struct send_fence *fence, struct uuid message, uint32_t attempt)
{
	return is_first(fence, &(struct attempt_key){message, attempt}, &canceled);
}

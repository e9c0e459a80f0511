/* SPDX-License-Identifier: Apache-2.0 */
/* Tries are counted in memory and forgotten with the process: an attacker who can restart the server has other ways,
 * and nothing about failed tries has to be kept about anybody. Counting by address slows down guessing one person's
 * password; counting by client slows down trying one password on many. */
#include "web/sign_in/sign_in_guard.h"

#include "base/map.h"
#include "base/mem.h"
#include <pthread.h>

/* When the table is full it starts anew: an attacker with that many addresses is stopped elsewhere, and nobody who is
 * innocent is locked out. */
enum { TRIES = 5, WAIT_S = 30, FORGET_S = 900, ENTRIES_MAX = 10000 };

/* Of a name only this much is kept: no address that gets mail is longer (RFC 5321, 4.5.3.1), and the names come from
 * anybody. */
enum { NAME_MAX_BYTES = 320 };

struct tries {
	unsigned count;
	int64_t last_us;
};

struct sign_in_guard {
	pthread_mutex_t lock;
	struct map *tries;
};

struct sign_in_guard *sign_in_guard_new(void)
{
	struct sign_in_guard *g = MEM_NEW(struct sign_in_guard);
	BUG_IF(pthread_mutex_init(&g->lock, NULL) != 0);
	g->tries = map_new();
	return g;
}

static void forget_all(struct sign_in_guard *g)
{
	size_t cursor = 0;
	void *value;
	while (map_next(g->tries, &cursor, NULL, &value))
		mem_free(value);
	map_clear(g->tries);
}

void sign_in_guard_free(struct sign_in_guard **guard)
{
	if (!*guard)
		return;
	forget_all(*guard);
	map_free(&(*guard)->tries);
	(void)pthread_mutex_destroy(&(*guard)->lock);
	mem_free(*guard);
	*guard = NULL;
}

static struct slice shortened(struct slice who)
{
	return slice_sub(who, 0, NAME_MAX_BYTES);
}

uint32_t sign_in_guard_wait_s(struct sign_in_guard *g, struct slice who, int64_t now_us)
{
	pthread_mutex_lock(&g->lock);
	const struct tries *t = map_get(g->tries, shortened(who));
	int64_t left_us = t && t->count >= TRIES ? t->last_us + WAIT_S * INT64_C(1000000) - now_us : 0;
	pthread_mutex_unlock(&g->lock);
	return left_us > 0 ? (uint32_t)((left_us + 999999) / 1000000) : 0;
}

void sign_in_guard_failed(struct sign_in_guard *g, struct slice who, int64_t now_us)
{
	pthread_mutex_lock(&g->lock);
	struct tries *t = map_get(g->tries, shortened(who));
	if (!t) {
		if (map_count(g->tries) >= ENTRIES_MAX)
			forget_all(g);
		t = MEM_NEW(struct tries);
		(void)map_put(g->tries, shortened(who), t);
	}
	/* Somebody who mistypes once a day is no attack. */
	if (now_us - t->last_us > FORGET_S * INT64_C(1000000))
		t->count = 0;
	t->count++;
	t->last_us = now_us;
	pthread_mutex_unlock(&g->lock);
}

void sign_in_guard_succeeded(struct sign_in_guard *g, struct slice who)
{
	pthread_mutex_lock(&g->lock);
	mem_free(map_remove(g->tries, shortened(who)));
	pthread_mutex_unlock(&g->lock);
}

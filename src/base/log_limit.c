/* SPDX-License-Identifier: Apache-2.0 */
/* A fixed table that is walked: kinds of failure are few, and a failure costs more than the walk. Keys are compared by
 * their hash under a secret, so nobody's words can make two of them one. */
#include "base/log_limit.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/siphash.h"
#include <pthread.h>

enum { KINDS_MAX = 64 };

struct kind {
	uint64_t hash;
	int64_t logged_us; /* 0: never, and the place is free */
	int64_t seen_us;
	uint64_t left_out;
};

struct log_limit {
	pthread_mutex_t lock;
	uint64_t secret[2];
	int64_t every_us;
	struct kind kinds[KINDS_MAX];
};

struct log_limit *log_limit_new(int64_t every_us)
{
	struct log_limit *limit = MEM_NEW(struct log_limit);
	BUG_IF(pthread_mutex_init(&limit->lock, NULL) != 0);
	random_bytes(limit->secret, sizeof limit->secret);
	limit->every_us = every_us;
	return limit;
}

void log_limit_free(struct log_limit **limit)
{
	if (!*limit)
		return;
	(void)pthread_mutex_destroy(&(*limit)->lock);
	mem_free(*limit);
	*limit = NULL;
}

/* Its own place, or the one that was quiet for longest. */
static struct kind *kind_of(struct log_limit *limit, uint64_t hash)
{
	struct kind *quietest = &limit->kinds[0];
	for (size_t i = 0; i < KINDS_MAX; i++) {
		struct kind *kind = &limit->kinds[i];
		if (kind->logged_us && kind->hash == hash)
			return kind;
		if (kind->seen_us < quietest->seen_us)
			quietest = kind;
	}
	*quietest = (struct kind){.hash = hash};
	return quietest;
}

bool log_limit_allows(struct log_limit *limit, struct slice key, int64_t now_us, uint64_t *ret_left_out)
{
	*ret_left_out = 0;
	if (!limit)
		return true;
	pthread_mutex_lock(&limit->lock);
	struct kind *kind = kind_of(limit, siphash(limit->secret, key));
	bool is_allowed = !kind->logged_us || now_us - kind->logged_us >= limit->every_us;
	kind->seen_us = now_us;
	kind->left_out++;
	if (is_allowed) {
		*ret_left_out = kind->left_out - 1;
		kind->left_out = 0;
		kind->logged_us = now_us;
	}
	pthread_mutex_unlock(&limit->lock);
	return is_allowed;
}

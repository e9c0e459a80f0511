/* SPDX-License-Identifier: Apache-2.0 */
/* What the store said when the request was read is enough to be silent most of the time. It is not while the note is on
 * its way, or the writer is held up: a busy key would leave one command a request. So each key has a place in a table
 * that says when it was handed over last. Two keys may have the same place and take it from one another; then the
 * store's word still holds, and the number of commands under way has an end. */
#include "engine/accounts/key_use.h"

#include "base/mem.h"
#include "engine/ledger/writer.h"
#include <pthread.h>
#include <stdatomic.h>

enum { PLACES = 256, UNDER_WAY_MAX = 64 };
static const int64_t MINUTE_US = 60 * INT64_C(1000000);

struct place {
	struct uuid key;
	int64_t handed_us;
};

struct key_uses {
	struct writer *writer;
	atomic_uint under_way;
	pthread_mutex_t lock;
	struct place places[PLACES]; /* under the lock */
};

struct key_use {
	struct writer_command command; /* first */
	struct key_uses *uses;
	struct uuid key;
	int64_t now_us;
};

/* The random end of the id: a key's id begins with its time. */
static struct place *place_of(struct key_uses *uses, struct uuid key)
{
	return &uses->places[key.bytes[sizeof key.bytes - 1]];
}

static bool is_due(int64_t last_us, int64_t now_us)
{
	return now_us - last_us >= MINUTE_US;
}

/* True for one of those who come within a minute. */
static bool take_turn(struct key_uses *uses, struct uuid key, int64_t now_us)
{
	struct place *place = place_of(uses, key);
	pthread_mutex_lock(&uses->lock);
	bool is_mine = !uuid_equal(place->key, key) || is_due(place->handed_us, now_us);
	if (is_mine)
		*place = (struct place){key, now_us};
	pthread_mutex_unlock(&uses->lock);
	return is_mine;
}

static enum status run(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct key_use *use = (const struct key_use *)(void *)command;
	return store_api_key_used(batch_session(batch), use->key, use->now_us, err);
}

static void done(struct writer_command *command)
{
	struct key_use *use = (struct key_use *)(void *)command;
	atomic_fetch_sub(&use->uses->under_way, 1);
	mem_free(use);
}

void key_use_note(struct key_uses *uses, struct uuid key, int64_t last_us, int64_t now_us)
{
	if (!is_due(last_us, now_us) || !take_turn(uses, key, now_us))
		return;
	if (atomic_fetch_add(&uses->under_way, 1) >= UNDER_WAY_MAX) {
		atomic_fetch_sub(&uses->under_way, 1);
		return;
	}
	struct key_use *use = MEM_NEW(struct key_use);
	*use = (struct key_use){.command = {.run = run, .done = done}, .uses = uses, .key = key, .now_us = now_us};
	writer_submit(uses->writer, &use->command);
}

struct key_uses *key_uses_new(struct writer *writer)
{
	struct key_uses *uses = MEM_NEW(struct key_uses);
	uses->writer = writer;
	BUG_IF(pthread_mutex_init(&uses->lock, NULL) != 0);
	return uses;
}

void key_uses_free(struct key_uses **uses)
{
	if (!*uses)
		return;
	(void)pthread_mutex_destroy(&(*uses)->lock);
	mem_free(*uses);
	*uses = NULL;
}

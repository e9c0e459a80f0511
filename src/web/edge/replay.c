/* SPDX-License-Identifier: Apache-2.0 */
/* A look costs two short hashes and some lines of the cache, for each hit; the table is small so that it stays there.
 * It forgets who comes seldom first, and those are all but an attack.
 *
 * Sums are in a table with one place a message and kind may have. Whoever finds it taken is recorded by himself: that
 * is what the journal is for, and an attack by more than some dozens of messages at once is none by replay. */
#include "web/edge/replay.h"

#include "base/fading_table.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/siphash.h"

enum { NETWORKS = 4096, SUMS = 64, SUM_BYTES = 64 * 1024 };

struct budget {
	int64_t burst, interval_us;
};

static const struct budget OF_NETWORK = {300, 10 * 1000000};
static const struct budget OF_SURROUNDINGS = {1500, 2 * 1000000};

struct sum {
	uint64_t key;
	uint32_t count; /* 0: the place is free */
	int64_t time_us;
	size_t at, size; /* of the record's beginning in `begun` */
};

struct replay {
	uint64_t secret[2];
	struct fading_table *networks; /* until_us: when the whole budget is there again */
	struct sum sums[SUMS];
	uint32_t sum_count;
	struct buf begun;
	struct buf record; /* scratch */
	char begun_room[SUM_BYTES];
	char record_room[RECORD_PAYLOAD_MAX];
};

struct replay *replay_new(void)
{
	struct replay *r = MEM_NEW(struct replay);
	random_bytes(r->secret, sizeof r->secret);
	r->networks = fading_table_new(NETWORKS);
	buf_init_fixed(&r->begun, r->begun_room, sizeof r->begun_room);
	buf_init_fixed(&r->record, r->record_room, sizeof r->record_room);
	return r;
}

void replay_free(struct replay **replay)
{
	if (!*replay)
		return;
	fading_table_free(&(*replay)->networks);
	mem_free(*replay);
	*replay = NULL;
}

/* ---- Budgets */

static uint64_t network_key(const struct replay *r, const struct hit_record *hit, char kind, struct ip_address network)
{
	char text[sizeof hit->message.bytes + sizeof network.bytes + 1];
	memcpy(text, hit->message.bytes, sizeof hit->message.bytes);
	memcpy(text + sizeof hit->message.bytes, network.bytes, sizeof network.bytes);
	text[sizeof text - 1] = kind;
	return siphash(r->secret, slice_of(text, sizeof text));
}

/* The bucket's fill is kept as the time at which it is full again. Who is beyond takes nothing more: an attack that
 * ends is over after one interval. */
static bool take(struct replay *r, uint64_t key, const struct budget *budget, int64_t now_us)
{
	struct fading *f = fading_table_place(r->networks, key, now_us);
	int64_t owed_us = f->until_us > now_us ? f->until_us - now_us : 0;
	if (owed_us > (budget->burst - 1) * budget->interval_us)
		return false;
	f->until_us = now_us + owed_us + budget->interval_us;
	return true;
}

bool replay_is_beyond(struct replay *r, const struct hit_record *hit, int64_t now_us)
{
	uint64_t network = network_key(r, hit, 'n', ip_address_subscriber(&hit->client));
	uint64_t surroundings = network_key(r, hit, 's', ip_address_network(&hit->client));
	return !take(r, network, &OF_NETWORK, now_us) || !take(r, surroundings, &OF_SURROUNDINGS, now_us);
}

/* ---- Sums */

static uint64_t sum_key(const struct replay *r, const struct hit_record *hit)
{
	char text[sizeof hit->message.bytes + 1];
	memcpy(text, hit->message.bytes, sizeof hit->message.bytes);
	text[sizeof text - 1] = (char)hit->kind;
	return siphash(r->secret, slice_of(text, sizeof text));
}

/* All but the number, which is not known yet: what the hit is made of is gone when the batch is written. */
static bool begin(struct replay *r, struct sum *sum, const struct hit_record *hit)
{
	size_t at = r->begun.n;
	buf_clear(&r->record);
	record_begin_summed_hit(&r->record, hit);
	if (buf_failed(&r->record) || SUM_BYTES - 1 - at < r->record.n)
		return false;
	buf_append(&r->begun, buf_slice(&r->record));
	sum->at = at;
	sum->size = r->record.n;
	return true;
}

bool replay_sum(struct replay *r, const struct hit_record *hit, int64_t now_us)
{
	uint64_t key = sum_key(r, hit);
	struct sum *sum = &r->sums[key % SUMS];
	if (sum->count && sum->key == key && sum->count < UINT32_MAX) {
		sum->count++;
		return true;
	}
	if (sum->count || !begin(r, sum, hit))
		return false;
	sum->key = key;
	sum->count = 1;
	sum->time_us = now_us;
	r->sum_count++;
	return true;
}

bool replay_has_sums(const struct replay *r)
{
	return r->sum_count > 0;
}

static bool write_sum(struct replay *r, const struct sum *sum, struct journal_feed *feed)
{
	buf_clear(&r->record);
	buf_append(&r->record, slice_sub(buf_slice(&r->begun), sum->at, sum->at + sum->size));
	record_end_summed_hit(&r->record, sum->count);
	return !buf_failed(&r->record) &&
	       journal_feed_append(feed, RECORD_HIT, sum->time_us, buf_slice(&r->record)) == STATUS_OK;
}

uint64_t replay_write(struct replay *r, struct journal_feed *feed, uint64_t *ret_lost)
{
	uint64_t more = 0;
	*ret_lost = 0;
	for (size_t i = 0; r->sum_count && i < SUMS; i++) {
		struct sum *sum = &r->sums[i];
		if (!sum->count)
			continue;
		if (write_sum(r, sum, feed))
			more += sum->count - 1;
		else
			*ret_lost += sum->count;
		sum->count = 0;
		r->sum_count--;
	}
	buf_clear(&r->begun);
	return more;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Owners are interned first, so that the key of a sum is a few fixed bytes: a hit adds to four rows, and putting three
 * texts into a key for each was a tenth of what the engine took for it. A row's number of an owner is its place among
 * the owners of this batch.
 *
 * Rows are written in the order of their keys. Two appliers on one PostgreSQL that add to the same rows would wait for
 * one another crosswise otherwise; in SQLite neighbours share pages. */
#include "engine/ledger/sums.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include <stdlib.h>

enum {
	KEY_MAX = 4096,         /* ids are bounded far below where they come in */
	QUARTER_US = 900000000, /* a quarter of an hour */
};

struct kept_suppression {
	struct suppression suppression;
	int64_t time_us;
	struct kept_suppression *next;
};

struct sums {
	struct arena *arena;        /* of all that is gathered */
	struct map *owners;         /* texts -> struct sums_owner */
	struct map *daily;          /* owner and day -> struct stats_daily */
	struct map *quarter_hourly; /* owner, quarter, kind and actor -> struct stats_quarter_hourly */
	struct kept_suppression *first, **last;
	char key[KEY_MAX];
};

struct sums *sums_new(void)
{
	struct sums *s = MEM_NEW(struct sums);
	s->arena = arena_new();
	s->owners = map_new();
	s->daily = map_new();
	s->quarter_hourly = map_new();
	s->last = &s->first;
	return s;
}

void sums_free(struct sums **sums)
{
	struct sums *s = *sums;
	if (!s)
		return;
	map_free(&s->owners);
	map_free(&s->daily);
	map_free(&s->quarter_hourly);
	arena_free(&s->arena);
	mem_free(s);
	*sums = NULL;
}

static struct slice keep(struct sums *s, struct slice text)
{
	return text.n ? arena_copy(s->arena, text) : SLICE_EMPTY;
}

const struct sums_owner *sums_owner_of(struct sums *s, const struct message *message)
{
	struct buf key;
	buf_init_fixed(&key, s->key, sizeof s->key);
	wire_put_u32(&key, message->tenant);
	wire_put_bytes(&key, message->campaign_id);
	wire_put_bytes(&key, message->template_id);
	wire_put_bytes(&key, message->sender);
	BUG_IF(buf_failed(&key));
	struct sums_owner *owner = map_get(s->owners, buf_slice(&key));
	if (owner)
		return owner;
	owner = ARENA_NEW(s->arena, struct sums_owner);
	*owner = (struct sums_owner){message->tenant, keep(s, message->campaign_id), keep(s, message->template_id),
				     keep(s, message->sender)};
	(void)map_put(s->owners, buf_slice(&key), owner);
	return owner;
}

/* ---- Adding */

void sums_add_daily(struct sums *s, const struct sums_owner *owner, int32_t day, enum statistic stat, int64_t delta)
{
	struct {
		const struct sums_owner *owner;
		int64_t day;
	} key = {owner, day};
	BUG_IF(day == 0);
	struct stats_daily *row = map_get(s->daily, slice_of(&key, sizeof key));
	if (!row) {
		row = ARENA_NEW(s->arena, struct stats_daily);
		row->tenant = owner->tenant;
		row->day = day;
		row->campaign_id = owner->campaign_id;
		row->template_id = owner->template_id;
		row->sender = owner->sender;
		(void)map_put(s->daily, slice_of(&key, sizeof key), row);
	}
	row->values[stat] += delta;
}

int64_t sums_quarter_of(int64_t time_us)
{
	return time_us / QUARTER_US;
}

void sums_add_quarter_hourly(struct sums *s, const struct sums_owner *owner, const struct stats_quarter_hourly *of,
			     int64_t delta)
{
	struct {
		const struct sums_owner *owner;
		int64_t quarter;
		uint64_t kind_and_actor;
	} key = {owner, of->quarter, (uint64_t)of->kind << 8 | of->actor};
	struct stats_quarter_hourly *row = map_get(s->quarter_hourly, slice_of(&key, sizeof key));
	if (!row) {
		row = ARENA_NEW(s->arena, struct stats_quarter_hourly);
		*row = (struct stats_quarter_hourly){.tenant = owner->tenant,
						     .quarter = of->quarter,
						     .kind = of->kind,
						     .actor = of->actor,
						     .campaign_id = owner->campaign_id,
						     .template_id = owner->template_id,
						     .sender = owner->sender};
		(void)map_put(s->quarter_hourly, slice_of(&key, sizeof key), row);
	}
	row->value += delta;
}

/* Written with the sums, not where the press is applied: an undone savepoint must take it back as well. */
void sums_suppress(struct sums *s, const struct suppression *suppression, int64_t time_us)
{
	struct kept_suppression *kept = ARENA_NEW(s->arena, struct kept_suppression);
	kept->suppression = *suppression;
	kept->suppression.address = keep(s, suppression->address);
	kept->suppression.reason = keep(s, suppression->reason);
	kept->time_us = time_us;
	*s->last = kept;
	s->last = &kept->next;
}

/* ---- Writing */

static int compare_texts(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_daily_key(const void *left, const void *right)
{
	const struct stats_daily *a = *(const struct stats_daily *const *)left;
	const struct stats_daily *b = *(const struct stats_daily *const *)right;
	int order = COMPARE(a->tenant, b->tenant);
	order = order ? order : COMPARE(a->day, b->day);
	order = order ? order : compare_texts(a->campaign_id, b->campaign_id);
	order = order ? order : compare_texts(a->template_id, b->template_id);
	return order ? order : compare_texts(a->sender, b->sender);
}

static int by_quarter_hourly_key(const void *left, const void *right)
{
	const struct stats_quarter_hourly *a = *(const struct stats_quarter_hourly *const *)left;
	const struct stats_quarter_hourly *b = *(const struct stats_quarter_hourly *const *)right;
	int order = COMPARE(a->tenant, b->tenant);
	order = order ? order : COMPARE(a->quarter, b->quarter);
	order = order ? order : COMPARE(a->kind, b->kind);
	order = order ? order : COMPARE(a->actor, b->actor);
	order = order ? order : compare_texts(a->campaign_id, b->campaign_id);
	order = order ? order : compare_texts(a->template_id, b->template_id);
	return order ? order : compare_texts(a->sender, b->sender);
}

/* The rows of a table, in that order; in the arena. */
static void **sorted(struct sums *s, struct map *table, int (*order)(const void *, const void *))
{
	size_t n = 0;
	size_t cursor = 0;
	void *row;
	void **rows = arena_alloc_array(s->arena, map_count(table) + 1, sizeof *rows);
	while (map_next(table, &cursor, NULL, &row))
		rows[n++] = row;
	qsort(rows, n, sizeof *rows, order);
	return rows;
}

enum status sums_write(struct sums *s, struct store_session *session, struct err *err)
{
	bool was_added;
	const void *daily = sorted(s, s->daily, by_daily_key);
	const void *quarters = sorted(s, s->quarter_hourly, by_quarter_hourly_key);
	enum status status = store_stats_daily_add(session, daily, map_count(s->daily), err);
	if (status == STATUS_OK)
		status = store_stats_quarter_hourly_add(session, quarters, map_count(s->quarter_hourly), err);
	for (const struct kept_suppression *k = s->first; status == STATUS_OK && k; k = k->next)
		status = store_suppression_add(session, &k->suppression, k->time_us, &was_added, err);
	return status;
}

void sums_clear(struct sums *s)
{
	if (!map_count(s->owners) && !s->first)
		return;
	map_clear(s->owners);
	map_clear(s->daily);
	map_clear(s->quarter_hourly);
	arena_reset(s->arena);
	s->first = NULL;
	s->last = &s->first;
}

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
	size_t nth;
	struct kept_suppression *next;
};

struct sum_rows {
	struct arena *arena;        /* of all of these */
	struct map *owners;         /* texts -> struct sums_owner */
	struct map *daily;          /* owner and day -> struct stats_daily */
	struct map *quarter_hourly; /* owner, quarter, kind and actor -> struct stats_quarter_hourly */
};

struct sums {
	struct sum_rows gathered, flushed, kept;
	struct arena *arena; /* of the addresses */
	struct kept_suppression *first, **last;
	size_t suppression_count;
	char key[KEY_MAX];
};

static struct sum_rows rows_new(void)
{
	return (struct sum_rows){arena_new(), map_new(), map_new(), map_new()};
}

static void rows_free(struct sum_rows *rows)
{
	map_free(&rows->owners);
	map_free(&rows->daily);
	map_free(&rows->quarter_hourly);
	arena_free(&rows->arena);
}

static void rows_clear(struct sum_rows *rows)
{
	if (!map_count(rows->owners))
		return;
	map_clear(rows->owners);
	map_clear(rows->daily);
	map_clear(rows->quarter_hourly);
	arena_reset(rows->arena);
}

struct sums *sums_new(void)
{
	struct sums *s = MEM_NEW(struct sums);
	s->gathered = rows_new();
	s->flushed = rows_new();
	s->kept = rows_new();
	s->arena = arena_new();
	s->last = &s->first;
	return s;
}

void sums_free(struct sums **sums)
{
	struct sums *s = *sums;
	if (!s)
		return;
	rows_free(&s->gathered);
	rows_free(&s->flushed);
	rows_free(&s->kept);
	arena_free(&s->arena);
	mem_free(s);
	*sums = NULL;
}

static struct slice copy(struct arena *arena, struct slice text)
{
	return text.n ? arena_copy(arena, text) : SLICE_EMPTY;
}

/* `room` is for the key. */
static const struct sums_owner *intern(struct sum_rows *rows, const struct sums_owner *wanted, char room[KEY_MAX])
{
	struct buf key;
	buf_init_fixed(&key, room, KEY_MAX);
	wire_put_u32(&key, wanted->tenant);
	wire_put_bytes(&key, wanted->campaign_id);
	wire_put_bytes(&key, wanted->template_id);
	wire_put_bytes(&key, wanted->sender);
	BUG_IF(buf_failed(&key));
	struct sums_owner *owner = map_get(rows->owners, buf_slice(&key));
	if (owner)
		return owner;
	owner = ARENA_NEW(rows->arena, struct sums_owner);
	*owner = (struct sums_owner){wanted->tenant, copy(rows->arena, wanted->campaign_id),
				     copy(rows->arena, wanted->template_id), copy(rows->arena, wanted->sender)};
	(void)map_put(rows->owners, buf_slice(&key), owner);
	return owner;
}

const struct sums_owner *sums_owner_of(struct sums *s, const struct message *message)
{
	const struct sums_owner wanted = {message->tenant, message->campaign_id, message->template_id, message->sender};
	return intern(&s->gathered, &wanted, s->key);
}

/* ---- Adding */

static struct stats_daily *daily_row(struct sum_rows *rows, const struct sums_owner *owner, int32_t day)
{
	struct {
		const struct sums_owner *owner;
		int64_t day;
	} key = {owner, day};
	struct stats_daily *row = map_get(rows->daily, slice_of(&key, sizeof key));
	if (row)
		return row;
	row = ARENA_NEW(rows->arena, struct stats_daily);
	row->tenant = owner->tenant;
	row->day = day;
	row->campaign_id = owner->campaign_id;
	row->template_id = owner->template_id;
	row->sender = owner->sender;
	(void)map_put(rows->daily, slice_of(&key, sizeof key), row);
	return row;
}

void sums_add_daily(struct sums *s, const struct sums_owner *owner, int32_t day, enum statistic stat, int64_t delta)
{
	BUG_IF(day == 0);
	daily_row(&s->gathered, owner, day)->values[stat] += delta;
}

int64_t sums_quarter_of(int64_t time_us)
{
	return time_us / QUARTER_US;
}

static struct stats_quarter_hourly *quarter_hourly_row(struct sum_rows *rows, const struct sums_owner *owner,
						       const struct stats_quarter_hourly *of)
{
	struct {
		const struct sums_owner *owner;
		int64_t quarter;
		uint64_t kind_and_actor;
	} key = {owner, of->quarter, (uint64_t)of->kind << 8 | of->actor};
	struct stats_quarter_hourly *row = map_get(rows->quarter_hourly, slice_of(&key, sizeof key));
	if (row)
		return row;
	row = ARENA_NEW(rows->arena, struct stats_quarter_hourly);
	*row = (struct stats_quarter_hourly){.tenant = owner->tenant,
					     .quarter = of->quarter,
					     .kind = of->kind,
					     .actor = of->actor,
					     .campaign_id = owner->campaign_id,
					     .template_id = owner->template_id,
					     .sender = owner->sender};
	(void)map_put(rows->quarter_hourly, slice_of(&key, sizeof key), row);
	return row;
}

void sums_add_quarter_hourly(struct sums *s, const struct sums_owner *owner, const struct stats_quarter_hourly *of,
			     int64_t delta)
{
	quarter_hourly_row(&s->gathered, owner, of)->value += delta;
}

/* Written at flush, not where the press is applied: an undone savepoint must take it back as well. */
void sums_suppress(struct sums *s, const struct suppression *suppression, int64_t time_us)
{
	struct kept_suppression *kept = ARENA_NEW(s->arena, struct kept_suppression);
	kept->suppression = *suppression;
	kept->suppression.address = copy(s->arena, suppression->address);
	kept->suppression.reason = copy(s->arena, suppression->reason);
	kept->time_us = time_us;
	kept->nth = s->suppression_count++;
	*s->last = kept;
	s->last = &kept->next;
}

/* ---- Writing */

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_daily_key(const void *left, const void *right)
{
	const struct stats_daily *a = *(const struct stats_daily *const *)left;
	const struct stats_daily *b = *(const struct stats_daily *const *)right;
	int order = COMPARE(a->tenant, b->tenant);
	order = order ? order : COMPARE(a->day, b->day);
	order = order ? order : slice_compare(a->campaign_id, b->campaign_id);
	order = order ? order : slice_compare(a->template_id, b->template_id);
	return order ? order : slice_compare(a->sender, b->sender);
}

static int by_quarter_hourly_key(const void *left, const void *right)
{
	const struct stats_quarter_hourly *a = *(const struct stats_quarter_hourly *const *)left;
	const struct stats_quarter_hourly *b = *(const struct stats_quarter_hourly *const *)right;
	int order = COMPARE(a->tenant, b->tenant);
	order = order ? order : COMPARE(a->quarter, b->quarter);
	order = order ? order : COMPARE(a->kind, b->kind);
	order = order ? order : COMPARE(a->actor, b->actor);
	order = order ? order : slice_compare(a->campaign_id, b->campaign_id);
	order = order ? order : slice_compare(a->template_id, b->template_id);
	return order ? order : slice_compare(a->sender, b->sender);
}

/* The rows of a table, in that order; in the arena. */
static void **sorted(struct arena *arena, struct map *table, int (*order)(const void *, const void *))
{
	size_t n = 0;
	size_t cursor = 0;
	void *row;
	void **rows = arena_alloc_array(arena, map_count(table) + 1, sizeof *rows);
	while (map_next(table, &cursor, NULL, &row))
		rows[n++] = row;
	qsort(rows, n, sizeof *rows, order);
	return rows;
}

/* Two for one address keep their order, so that the first reason stays. */
static int by_address(const void *left, const void *right)
{
	const struct kept_suppression *a = *(const struct kept_suppression *const *)left;
	const struct kept_suppression *b = *(const struct kept_suppression *const *)right;
	int order = COMPARE(a->suppression.tenant, b->suppression.tenant);
	order = order ? order : slice_compare(a->suppression.address, b->suppression.address);
	return order ? order : COMPARE(a->nth, b->nth);
}

static enum status write_suppressions(struct sums *s, struct store_session *session, struct err *err)
{
	size_t n = 0;
	bool was_added;
	enum status status = STATUS_OK;
	struct kept_suppression **at = arena_alloc_array(s->arena, s->suppression_count + 1, sizeof *at);
	for (struct kept_suppression *k = s->first; k; k = k->next)
		at[n++] = k;
	qsort(at, n, sizeof *at, by_address);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		status = store_suppression_add(session, &at[i]->suppression, at[i]->time_us, &was_added, err);
	return status;
}

static void forget_suppressions(struct sums *s)
{
	s->first = NULL;
	s->last = &s->first;
	s->suppression_count = 0;
	arena_reset(s->arena);
}

/* ---- From step to step */

static void move_daily(struct sums *s, struct sum_rows *into, const struct stats_daily *row)
{
	const struct sums_owner wanted = {row->tenant, row->campaign_id, row->template_id, row->sender};
	struct stats_daily *to = daily_row(into, intern(into, &wanted, s->key), row->day);
	for (enum statistic stat = 0; stat < STAT_COUNT; stat++)
		to->values[stat] += row->values[stat];
}

static void move_quarter_hourly(struct sums *s, struct sum_rows *into, const struct stats_quarter_hourly *row)
{
	const struct sums_owner wanted = {row->tenant, row->campaign_id, row->template_id, row->sender};
	quarter_hourly_row(into, intern(into, &wanted, s->key), row)->value += row->value;
}

/* Most transactions are flushed once: then nothing is copied. */
static void move(struct sums *s, struct sum_rows *from, struct sum_rows *into)
{
	void *row;
	size_t cursor = 0;
	if (!map_count(into->owners)) {
		struct sum_rows empty = *into;
		*into = *from;
		*from = empty;
		return;
	}
	while (map_next(from->daily, &cursor, NULL, &row))
		move_daily(s, into, row);
	cursor = 0;
	while (map_next(from->quarter_hourly, &cursor, NULL, &row))
		move_quarter_hourly(s, into, row);
	rows_clear(from);
}

enum status sums_flush(struct sums *s, struct store_session *session, struct err *err)
{
	enum status status = s->first ? write_suppressions(s, session, err) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	forget_suppressions(s);
	move(s, &s->gathered, &s->flushed);
	return STATUS_OK;
}

void sums_keep(struct sums *s)
{
	move(s, &s->flushed, &s->kept);
}

void sums_forget(struct sums *s)
{
	rows_clear(&s->gathered);
	rows_clear(&s->flushed);
	forget_suppressions(s);
}

enum status sums_write(struct sums *s, struct store_session *session, struct err *err)
{
	const struct sum_rows *kept = &s->kept;
	const void *daily = sorted(kept->arena, kept->daily, by_daily_key);
	const void *quarters = sorted(kept->arena, kept->quarter_hourly, by_quarter_hourly_key);
	enum status status = store_stats_daily_add(session, daily, map_count(kept->daily), err);
	if (status == STATUS_OK)
		status = store_stats_quarter_hourly_add(session, quarters, map_count(kept->quarter_hourly), err);
	rows_clear(&s->kept);
	return status;
}

void sums_clear(struct sums *s)
{
	sums_forget(s);
	rows_clear(&s->kept);
}

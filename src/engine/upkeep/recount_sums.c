/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept is taken away from what was counted, row by row, and nothing may be left. A weight is a hash of the
 * row's key, so that two rows that were mixed up do not cancel out. */
#include "engine/upkeep/recount_sums.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "base/wire.h"

enum { KEY_MAX = 4096, KINDS = QUARTER_HOURLY_SENDS + 1, QUARTER_CELLS = KINDS * ACTOR_COUNT };
static const int64_t DAY_US = INT64_C(86400000000);
static const int64_t QUARTER_US = INT64_C(900000000);
static const uint64_t HASH_KEY[2] = {UINT64_C(0x7075676d61726b), 1};

struct cell {
	int64_t kept, counted;
	uint64_t left; /* weighted: counted minus kept */
};

struct daily {
	struct cell cells[STAT_COUNT];
	bool is_pruned;
	bool is_rated_before; /* rates of a part of it are of before they were counted */
};

struct quarterly {
	struct cell cells[QUARTER_CELLS];
	bool is_by_hour; /* a part of it is of before there were quarters */
};

struct recount_sums {
	uint32_t tenant;
	struct stats_exact_since since;
	struct arena *arena;
	struct map *daily;     /* day -> struct daily */
	struct map *quarterly; /* day -> struct quarterly */
	int64_t pruned_us;     /* when the newest message was made that has lost events; 0: none has */
	char key[KEY_MAX];
};

struct row_key {
	struct slice campaign_id, template_id, sender;
	int64_t quarter; /* of a sum by quarter */
};

struct recount_sums *recount_sums_new(uint32_t tenant, const struct stats_exact_since *since)
{
	struct recount_sums *s = MEM_NEW(struct recount_sums);
	s->tenant = tenant;
	s->since = *since;
	s->arena = arena_new();
	s->daily = map_new();
	s->quarterly = map_new();
	return s;
}

void recount_sums_free(struct recount_sums **sums)
{
	struct recount_sums *s = *sums;
	if (!s)
		return;
	map_free(&s->daily);
	map_free(&s->quarterly);
	arena_free(&s->arena);
	mem_free(s);
	*sums = NULL;
}

static void *of_day(struct recount_sums *s, struct map *days, int32_t day, size_t size)
{
	struct slice key = slice_of(&day, sizeof day);
	void *found = map_get(days, key);
	if (found)
		return found;
	found = arena_alloc(s->arena, size);
	memset(found, 0, size);
	(void)map_put(days, key, found);
	return found;
}

static struct daily *daily_of(struct recount_sums *s, int32_t day)
{
	return of_day(s, s->daily, day, sizeof(struct daily));
}

static struct quarterly *quarterly_of(struct recount_sums *s, int32_t day)
{
	return of_day(s, s->quarterly, day, sizeof(struct quarterly));
}

static uint64_t weight_of(struct recount_sums *s, const struct row_key *k)
{
	struct buf key;
	buf_init_fixed(&key, s->key, sizeof s->key);
	wire_put_bytes(&key, k->campaign_id);
	wire_put_bytes(&key, k->template_id);
	wire_put_bytes(&key, k->sender);
	wire_put_u64(&key, (uint64_t)k->quarter);
	return siphash(HASH_KEY, buf_slice(&key)) | 1;
}

static struct row_key key_of(const struct message *m, int64_t quarter)
{
	return (struct row_key){m->campaign_id, m->template_id, m->sender, quarter};
}

/* ---- Counting */

static void count(struct cell *cell, uint64_t weight)
{
	cell->counted++;
	cell->left += weight;
}

static void keep(struct cell *cell, uint64_t weight, int64_t value)
{
	cell->kept += value;
	cell->left -= weight * (uint64_t)value;
}

void recount_sums_daily(struct recount_sums *s, const struct message *message, enum statistic stat)
{
	struct row_key key = key_of(message, 0);
	if (!message->cohort_day)
		return;
	struct daily *daily = daily_of(s, message->cohort_day);
	daily->is_rated_before |= message->created_us < s->since.rates_us;
	count(&daily->cells[stat], weight_of(s, &key));
}

static size_t quarter_cell(enum quarter_hourly_kind kind, unsigned actor)
{
	return (size_t)kind * ACTOR_COUNT + actor;
}

void recount_sums_quarter(struct recount_sums *s, const struct message *message, const struct event *event,
			  enum quarter_hourly_kind kind)
{
	int64_t quarter = event->occurred_us / QUARTER_US;
	struct row_key key = key_of(message, quarter);
	unsigned actor = kind == QUARTER_HOURLY_SENDS ? 0 : (unsigned)event->actor;
	struct quarterly *q = quarterly_of(s, (int32_t)(quarter / STATS_QUARTERS_A_DAY));
	q->is_by_hour |= event->occurred_us < s->since.quarters_us;
	count(&q->cells[quarter_cell(kind, actor)], weight_of(s, &key));
}

void recount_sums_pruned(struct recount_sums *s, const struct message *message)
{
	if (message->cohort_day)
		daily_of(s, message->cohort_day)->is_pruned = true;
	if (message->created_us > s->pruned_us)
		s->pruned_us = message->created_us;
}

/* ---- What is kept */

static enum status read_daily(struct recount_sums *s, struct store_session *session, int32_t day, struct err *err)
{
	struct arena *arena = arena_new();
	struct stats_daily *rows = NULL;
	size_t n = 0;
	const struct stats_of_day of = {s->tenant, day};
	enum status status = store_stats_daily_of(session, &of, arena, &rows, &n, err);
	struct daily *daily = daily_of(s, day);
	for (size_t i = 0; i < n; i++) {
		const struct row_key key = {rows[i].campaign_id, rows[i].template_id, rows[i].sender, 0};
		for (int stat = 0; stat < STAT_COUNT; stat++)
			keep(&daily->cells[stat], weight_of(s, &key), rows[i].values[stat]);
	}
	arena_free(&arena);
	return status;
}

static enum status read_quarters(struct recount_sums *s, struct store_session *session, int32_t day, struct err *err)
{
	struct arena *arena = arena_new();
	struct stats_quarter_hourly *rows = NULL;
	size_t n = 0;
	const struct stats_of_day of = {s->tenant, day};
	enum status status = store_stats_quarters_of(session, &of, arena, &rows, &n, err);
	struct quarterly *q = quarterly_of(s, day);
	for (size_t i = 0; i < n; i++) {
		const struct row_key key = {rows[i].campaign_id, rows[i].template_id, rows[i].sender, rows[i].quarter};
		if (rows[i].actor < ACTOR_COUNT)
			keep(&q->cells[quarter_cell(rows[i].kind, rows[i].actor)], weight_of(s, &key), rows[i].value);
	}
	arena_free(&arena);
	return status;
}

static enum status read_kept(struct recount_sums *s, struct store_session *session, struct err *err)
{
	struct stats_days days = {0};
	enum status status = store_stats_daily_days(session, s->tenant, s->arena, &days, err);
	for (size_t i = 0; status == STATUS_OK && i < days.n; i++)
		status = read_daily(s, session, days.at[i], err);
	if (status == STATUS_OK)
		status = store_stats_quarter_days(session, s->tenant, s->arena, &days, err);
	for (size_t i = 0; status == STATUS_OK && i < days.n; i++)
		status = read_quarters(s, session, days.at[i], err);
	return status;
}

/* ---- Comparing */

struct comparing {
	const struct recount_config *config;
	struct recount_progress *progress;
	struct recount_difference at;
	bool is_pruned;  /* more may be kept than was counted */
	bool is_by_hour; /* rows are not those of today */
};

static void compare_cell(struct comparing *c, const struct cell *cell, const char *what)
{
	bool is_same = c->is_by_hour ? cell->kept == cell->counted : cell->left == 0;
	if (c->is_pruned ? cell->kept >= cell->counted : is_same)
		return;
	c->at.what = what;
	c->at.kept = cell->kept;
	c->at.counted = cell->counted;
	c->at.is_elsewhere = cell->kept == cell->counted;
	c->progress->differences++;
	c->config->differs(c->config->user, &c->at);
}

/* What happened by the time of the newest pruned message may be gone, and a day more for clocks and what was late. */
static bool is_pruned_day(const struct recount_sums *s, int32_t day)
{
	return s->pruned_us && day <= s->pruned_us / DAY_US + 1;
}

enum status recount_sums_compare(struct recount_sums *s, struct store_session *session,
				 const struct recount_config *config, struct recount_progress *progress,
				 struct err *err)
{
	static const char *const KIND_WORDS[KINDS] = {"opens", "opens_mpp", "clicks", "sends"};
	struct comparing c = {.config = config, .progress = progress, .at = {.tenant = s->tenant}};
	struct slice key;
	void *found;
	enum status status = read_kept(s, session, err);
	if (status != STATUS_OK)
		return status;
	for (size_t cursor = 0; map_next(s->daily, &cursor, &key, &found);) {
		const struct daily *daily = found;
		memcpy(&c.at.day, key.p, sizeof c.at.day);
		c.is_pruned = daily->is_pruned;
		int end = daily->is_rated_before ? STAT_OPENABLE_DELIVERED : STAT_COUNT;
		for (int stat = 0; stat < end; stat++)
			compare_cell(&c, &daily->cells[stat], stat_name((enum statistic)stat));
	}
	c.at.by_quarter = true;
	for (size_t cursor = 0; map_next(s->quarterly, &cursor, &key, &found);) {
		const struct quarterly *q = found;
		memcpy(&c.at.day, key.p, sizeof c.at.day);
		c.is_pruned = is_pruned_day(s, c.at.day);
		c.is_by_hour = q->is_by_hour;
		for (size_t i = 0; i < QUARTER_CELLS; i++)
			compare_cell(&c, &q->cells[i], KIND_WORDS[i / ACTOR_COUNT]);
	}
	return STATUS_OK;
}

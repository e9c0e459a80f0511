/* SPDX-License-Identifier: Apache-2.0 */
/* The way goes by position, which is how events lie on disk (decision 32); where time ends is asked of the minutes
 * once, at the beginning. A step is measured by the clock and not by rows: how long a thousand rows take differs by the
 * machine, the store and what else goes on, and hits wait behind each of them. */
#include "engine/upkeep/event_sweep.h"

#include "base/mem.h"
#include "engine/tenant/tenant_policy.h"
#include "store/house/accounts.h"
#include "store/house/tenant_settings.h"

static const int64_t DAY_US = INT64_C(86400000000);
/* Of the writer's thread, for one step. The commit and the writing back of the WAL come on top: bench/bench_prune.c. */
static const int64_t STEP_AIM_US = 1000;
enum { ROWS_FIRST = 64, ROWS_MIN = 16, ROWS_MAX = 1024, ROWS_COUNTED = 20000 };
/* So many rows in a row that stay: what follows is newer still. Without it, one report of last year that came in today
 * would have everything since looked at. */
enum { ROWS_THAT_STAY = 100000 };

/* One tenant's way. */
struct stretch {
	struct slice tenant;
	struct event_walk walk;
	uint64_t first_position;
};

struct event_sweep {
	struct event_sweep_config config;
	struct store_session *session; /* reads */
	struct arena *arena;
	struct stretch *stretches;
	size_t count, current;
	uint32_t rows;      /* to look at in the next step */
	uint64_t unchanged; /* rows looked at since the last one that went */
	uint64_t way, way_done;
	int64_t everybodys_us; /* what is older is past every tenant's time */
	struct event_sweep_progress progress;
};

/* ---- Beginning */

/* Of the configuration and the tenant's own setting, whichever is shorter. Read from the store, because `prune` runs
 * without a writer too. */
static enum status find_days(struct event_sweep *sweep, const struct tenant *tenant, uint32_t *ret, struct err *err)
{
	struct tenant_setting_list own;
	const struct event_retention *retention = sweep->config.retention;
	struct tenant_policy policy = {.events_days = event_retention_days(retention, tenant->name)};
	enum status status = store_tenant_setting_list_of(sweep->session, tenant->id, sweep->arena, &own, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < own.count && !retention->is_for_all; i++)
		if (slice_equal(own.items[i].name, SLICE("events_days")))
			(void)tenant_setting_apply(&policy, own.items[i].name, own.items[i].value);
	*ret = policy.events_days;
	return STATUS_OK;
}

/* Fills the stretch; `first_position` stays 0 when there is nothing to do. */
static enum status find_stretch(struct event_sweep *sweep, const struct tenant *tenant, struct stretch *stretch,
				struct err *err)
{
	uint32_t days = 0;
	enum status status = find_days(sweep, tenant, &days, err);
	if (status != STATUS_OK)
		return status;
	int64_t before_us = sweep->config.now_us - days * DAY_US;
	/* A table of a month holds all tenants' events: it goes when the one that keeps longest is through with it. */
	if (before_us < sweep->everybodys_us)
		sweep->everybodys_us = before_us;
	*stretch = (struct stretch){.tenant = tenant->name, .walk = {.tenant = tenant->id, .before_us = before_us}};
	status = store_event_position_at(sweep->session, tenant->id, before_us, &stretch->walk.through_position, err);
	uint64_t first = 0;
	if (status == STATUS_OK && stretch->walk.through_position)
		status = store_event_first_position(sweep->session, tenant->id, &first, err);
	if (status == STATUS_OK && first && first <= stretch->walk.through_position) {
		stretch->first_position = first;
		stretch->walk.after_position = first - 1;
	}
	return status;
}

static enum status find_stretches(struct event_sweep *sweep, struct err *err)
{
	struct tenant *tenants;
	size_t count;
	enum status status = store_tenant_list(sweep->session, sweep->arena, &tenants, &count, err);
	if (status != STATUS_OK)
		return status;
	sweep->stretches = arena_alloc_array(sweep->arena, count + 1, sizeof *sweep->stretches);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct stretch *stretch = &sweep->stretches[sweep->count];
		status = find_stretch(sweep, &tenants[i], stretch, err);
		if (stretch->first_position) {
			sweep->way += stretch->walk.through_position - stretch->walk.after_position;
			sweep->count++;
		}
	}
	return status;
}

/* Where events are in a table for each month, whole months go at once, before anything is looked at row by row. Not by
 * the writer's session: taking a table away waits for whoever reads it. When that takes too long the rows go one by
 * one, or the month the next time. */
static void drop_months(struct event_sweep *sweep)
{
	struct store_session *session = NULL;
	struct err ignored = {0};
	if (!sweep->config.writer || !store_is_shared(sweep->config.store) || !sweep->count)
		return;
	enum status status = store_session_open(sweep->config.store, STORE_WRITE, &session, &ignored);
	if (status == STATUS_OK)
		status = store_event_drop_months(session, sweep->everybodys_us, &sweep->progress.count, &ignored);
	(void)status; /* as said above */
	store_session_close(&session);
}

enum status event_sweep_begin(const struct event_sweep_config *config, struct event_sweep **ret, struct err *err)
{
	struct event_sweep *sweep = MEM_NEW(struct event_sweep);
	sweep->config = *config;
	sweep->everybodys_us = config->now_us;
	sweep->arena = arena_new();
	/* Who only counts holds up nobody. */
	sweep->rows = config->writer ? ROWS_FIRST : ROWS_COUNTED;
	enum status status = store_session_open(config->store, STORE_READ, &sweep->session, err);
	if (status == STATUS_OK)
		status = store_session_set_patience(sweep->session, STORE_HISTORY_SECONDS, err);
	if (status == STATUS_OK)
		status = find_stretches(sweep, err);
	if (status == STATUS_OK)
		drop_months(sweep);
	if (status != STATUS_OK)
		event_sweep_free(&sweep);
	else
		*ret = sweep;
	return status;
}

void event_sweep_free(struct event_sweep **sweep)
{
	struct event_sweep *s = *sweep;
	if (!s)
		return;
	store_session_close(&s->session);
	arena_free(&s->arena);
	mem_free(s);
	*sweep = NULL;
}

/* ---- Steps */

struct prune_command {
	struct writer_command command; /* first */
	const struct event_sweep_config *config;
	struct event_walk walk;
	struct event_walked walked;
	int64_t took_us;
};

static enum status run_prune(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct prune_command *c = (struct prune_command *)command;
	int64_t began_us = clock_monotonic_us(c->config->clock);
	enum status status = STATUS_OK;
	if (c->config->duty)
		status = writer_hold_duty(c->config->writer, batch, c->config->duty, err);
	if (status == STATUS_OK)
		status = store_event_prune(batch_session(batch), &c->walk, &c->walked, err);
	c->took_us = clock_monotonic_us(c->config->clock) - began_us;
	return status;
}

/* A step of n rows that took t would have taken STEP_AIM_US with n * STEP_AIM_US / t; halving and doubling does, and
 * does not follow one slow moment. */
static void adapt(struct event_sweep *sweep, int64_t took_us)
{
	if (took_us > STEP_AIM_US && sweep->rows / 2 >= ROWS_MIN)
		sweep->rows /= 2;
	else if (took_us < STEP_AIM_US / 4 && sweep->rows * 2 <= ROWS_MAX)
		sweep->rows *= 2;
}

static enum status prune_some(struct event_sweep *sweep, const struct event_walk *walk, struct event_walked *ret,
			      struct err *err)
{
	struct prune_command c = {
	    .command = {.run = run_prune, .is_background = true}, .config = &sweep->config, .walk = *walk};
	enum status status = writer_submit_and_wait(sweep->config.writer, &c.command, err);
	if (status != STATUS_OK)
		return status;
	*ret = c.walked;
	sweep->progress.step_us = c.took_us;
	adapt(sweep, c.took_us);
	return STATUS_OK;
}

static void next_stretch(struct event_sweep *sweep, const struct stretch *stretch)
{
	sweep->way_done += stretch->walk.through_position - stretch->walk.after_position;
	sweep->current++;
	sweep->unchanged = 0;
}

static void go_on(struct event_sweep *sweep, struct stretch *stretch, const struct event_walked *walked)
{
	uint32_t looked_at = stretch->walk.limit;
	sweep->progress.count += walked->count;
	sweep->unchanged = walked->count ? 0 : sweep->unchanged + looked_at;
	if (walked->last_position) {
		sweep->way_done += walked->last_position - stretch->walk.after_position;
		stretch->walk.after_position = walked->last_position;
	}
	if (!walked->last_position || walked->last_position >= stretch->walk.through_position ||
	    sweep->unchanged >= ROWS_THAT_STAY)
		next_stretch(sweep, stretch);
}

enum status event_sweep_step(struct event_sweep *sweep, struct err *err)
{
	if (sweep->current == sweep->count)
		return STATUS_END;
	struct stretch *stretch = &sweep->stretches[sweep->current];
	struct event_walked walked = {0, 0};
	stretch->walk.limit = sweep->rows;
	enum status status = sweep->config.writer
				 ? prune_some(sweep, &stretch->walk, &walked, err)
				 : store_event_prune_count(sweep->session, &stretch->walk, &walked, err);
	if (status == STATUS_OK)
		go_on(sweep, stretch, &walked);
	return status;
}

struct event_sweep_progress event_sweep_progress(const struct event_sweep *sweep)
{
	struct event_sweep_progress progress = sweep->progress;
	progress.per_mille = sweep->way ? (uint32_t)(sweep->way_done * 1000 / sweep->way) : 1000;
	if (sweep->current < sweep->count)
		progress.tenant = sweep->stretches[sweep->current].tenant;
	return progress;
}

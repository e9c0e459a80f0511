/* SPDX-License-Identifier: Apache-2.0 */
/* The position that is moved to is the last that was read, whether or not an event there was wanted: types that are not
 * asked for are left out by the store, and a consumer of rare events would otherwise read the same stretch for ever.
 * For that, an empty page moves to the horizon that it was read up to; whatever comes later stands behind it. */
#include "engine/feed/consumer.h"

#include "base/mem.h"

struct consumer {
	struct consumer_config config;
	struct arena *arena; /* the name */
	uint64_t position;   /* committed */
	uint64_t read_to;    /* what consumer_done moves to */
};

/* ---- Through the writer */

struct consumer_command {
	struct writer_command command; /* first */
	struct consumer *consumer;
	uint64_t to;
	bool is_new;
};

static enum status run_move(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct consumer_command *c = (struct consumer_command *)command;
	struct consumer_move move = {c->consumer->config.name, c->consumer->position, c->to, batch_now_us(batch)};
	if (c->is_new)
		return store_consumer_add(batch_session(batch), move.name, move.to, move.now_us, err);
	return store_consumer_move(batch_session(batch), &move, err);
}

static enum status move_to(struct consumer *c, uint64_t to, bool is_new, struct err *err)
{
	struct consumer_command command = {.command = {.run = run_move}, .consumer = c, .to = to, .is_new = is_new};
	enum status status = writer_submit_and_wait(c->config.writer, &command.command, err);
	if (status == STATUS_OK)
		c->position = c->read_to = to;
	return status;
}

/* ---- Life */

static enum status begin(struct consumer *c, struct store_session *session, struct err *err)
{
	uint64_t newest = 0;
	enum status status = c->config.begins_with_old ? STATUS_OK : store_event_horizon(session, &newest, err);
	return status == STATUS_OK ? move_to(c, newest, true, err) : status;
}

enum status consumer_open(const struct consumer_config *config, struct store_session *session, struct consumer **ret,
			  struct err *err)
{
	struct consumer *c = MEM_NEW(struct consumer);
	c->config = *config;
	c->arena = arena_new();
	c->config.name = arena_copy(c->arena, config->name);
	enum status status = store_consumer_read(session, c->config.name, &c->position, err);
	c->read_to = c->position;
	if (status == STATUS_NOT_FOUND)
		status = begin(c, session, err);
	if (status == STATUS_OK)
		*ret = c;
	else
		consumer_free(&c);
	return status;
}

void consumer_free(struct consumer **consumer)
{
	if (!*consumer)
		return;
	arena_free(&(*consumer)->arena);
	mem_free(*consumer);
	*consumer = NULL;
}

/* ---- Following */

enum status consumer_next(struct consumer *c, struct store_session *session, uint32_t limit, struct arena *arena,
			  struct event_page *ret, struct err *err)
{
	struct event_filter filter = {.tenant = c->config.tenant,
				      .types = c->config.types,
				      .after_position = c->position,
				      .has_horizon = true,
				      .oldest_first = true,
				      .limit = limit};
	struct event_page page = {0};
	enum status status = store_event_horizon(session, &filter.horizon, err);
	if (status == STATUS_OK)
		status = store_event_list(session, &filter, arena, &page.at, &page.n, err);
	if (status != STATUS_OK)
		return status;
	c->read_to = page.n ? page.at[page.n - 1].position : filter.horizon;
	*ret = page;
	return STATUS_OK;
}

enum status consumer_done(struct consumer *c, struct err *err)
{
	return c->read_to > c->position ? move_to(c, c->read_to, false, err) : STATUS_OK;
}

uint64_t consumer_position(const struct consumer *c)
{
	return c->position;
}

/* ---- Looking on */

enum status consumer_lags(struct store_session *session, struct arena *arena, struct consumer_lags *ret,
			  struct err *err)
{
	struct consumer_list list = {0};
	uint64_t newest = 0;
	enum status status = store_event_horizon(session, &newest, err);
	if (status == STATUS_OK)
		status = store_consumer_list(session, arena, &list, err);
	if (status != STATUS_OK)
		return status;
	struct consumer_lags lags = {arena_alloc_array(arena, list.n + 1, sizeof *lags.at), list.n};
	for (size_t i = 0; i < list.n; i++)
		lags.at[i] = (struct consumer_lag){
		    .name = list.at[i].name,
		    .position = list.at[i].position,
		    .behind = newest > list.at[i].position ? newest - list.at[i].position : 0,
		    .moved_us = list.at[i].moved_us,
		};
	*ret = lags;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The walk goes by the first hit of each message since then, because that order never changes: a walk by the last hit
 * would meet messages again that are hit while it runs. Judging is done twice, on the caller's thread and again by the
 * writer, but only for messages that change, which are few; reading is what costs. Commands are small and in the
 * background, so that hits and requests go on beside a pass. */
#include "engine/judge/rejudge.h"

#include "base/mem.h"
#include "engine/judge/correction.h"
#include "engine/judge/rejudge_message.h"
#include "engine/judge/second_look.h"
#include "engine/judge/visit_history.h"

enum {
	MESSAGES_AT_ONCE = 64,              /* read in a step */
	COMMAND_MESSAGES = 8,               /* in a command of the writer, … */
	COMMAND_HITS = 64,                  /* … unless so many hits are reached earlier: some milliseconds */
	HITS_READ = BEHAVIOUR_HITS_MAX + 1, /* one more shows that there are too many */
};
static const int64_t REACH_US = BEHAVIOUR_FAN_OUT_REACH_S * INT64_C(1000000);

struct rejudge {
	struct rejudge_config config;
	struct rejudge_rules rules;
	struct store_session *session; /* reads */
	struct visit_history *history;
	struct arena *arena; /* of one step */
	struct hit_walk walk;
	struct rejudge_progress progress;
	struct rejudge_report report;
};

enum status rejudge_begin(const struct rejudge_config *config, struct rejudge **ret, struct err *err)
{
	struct rejudge *r = MEM_NEW(struct rejudge);
	r->config = *config;
	r->rules = (struct rejudge_rules){config->lists, config->since_us};
	/* Up to now: what comes while it runs is judged by these rules anyway. */
	r->walk = (struct hit_walk){
	    .after_us = config->since_us, .until_us = clock_now_us(config->clock), .limit = MESSAGES_AT_ONCE};
	r->arena = arena_new();
	enum status status = store_session_open(config->store, STORE_READ, &r->session, err);
	if (status == STATUS_OK)
		status = store_session_set_patience(r->session, STORE_HISTORY_SECONDS, err);
	if (status != STATUS_OK) {
		rejudge_free(&r);
		return status;
	}
	r->history = visit_history_new(r->session, config->lists);
	*ret = r;
	return STATUS_OK;
}

void rejudge_free(struct rejudge **rejudge)
{
	struct rejudge *r = *rejudge;
	if (!r)
		return;
	visit_history_free(&r->history);
	store_session_close(&r->session);
	arena_free(&r->arena);
	mem_free(r);
	*rejudge = NULL;
}

static void add_to(struct rejudge_report *report, const struct rejudge_message *m, int64_t since_us)
{
	struct rejudged_hits hits = {
	    .before = m->hits, .after = m->judged, .is_left = m->is_left, .n = m->n, .since_us = since_us};
	rejudge_report_add_hits(report, &hits);
}

/* ---- On the writer's thread. The message is read anew: between the look outside and this one a hit may have come. */

struct rejudge_command {
	struct writer_command command; /* first */
	const struct rejudge *rejudge; /* its thread waits */
	struct uuid messages[COMMAND_MESSAGES];
	size_t count, hits;
	struct rejudge_report report;
	int64_t took_us;
};

static enum status write_changes(struct batch *batch, struct message *message, const struct rejudge_message *m,
				 struct err *err)
{
	struct correction correction = {.batch = batch, .message = message};
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < m->n; i++) {
		if (!rejudge_is_change(&m->hits[i], &m->judged[i]))
			continue;
		m->judged[i].settled = m->hits[i].settled || !behaviour_is_provisional(m->judged[i].actor);
		status = correction_change(&correction, &m->hits[i], &m->judged[i], err);
	}
	return status == STATUS_OK ? correction_finish(&correction, err) : status;
}

static enum status rejudge_one(struct rejudge_command *c, struct batch *batch, struct uuid id, struct err *err)
{
	const struct rejudge *r = c->rejudge;
	struct message *message = NULL;
	struct rejudge_message judged;
	struct event_hits hits = {0};
	enum status status = batch_message(batch, id, &message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* it went a moment ago */
	if (status == STATUS_OK)
		status = second_look_read(batch_session(batch), id, HITS_READ, batch_arena(batch), &hits, err);
	if (status != STATUS_OK)
		return status;
	enum left_alone left = rejudge_message_begin(&r->rules, message, &hits, batch_arena(batch), &judged);
	if (left != LEFT_COUNT) {
		c->report.left[left] += hits.n;
		return STATUS_OK;
	}
	if (rejudge_message_end(&judged, visit_history_fan_out(r->history), batch_arena(batch)))
		status = write_changes(batch, message, &judged, err);
	add_to(&c->report, &judged, r->rules.since_us);
	return status;
}

static enum status run_rejudge(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct rejudge_command *c = (struct rejudge_command *)command;
	const struct clock *clock = c->rejudge->config.clock;
	int64_t began_us = clock_monotonic_us(clock);
	enum status status = STATUS_OK;
	c->report = (struct rejudge_report){0};
	for (size_t i = 0; status == STATUS_OK && i < c->count; i++)
		status = rejudge_one(c, batch, c->messages[i], err);
	c->took_us = clock_monotonic_us(clock) - began_us;
	return status;
}

/* ---- On the caller's */

/* What is waiting to be written, and nothing is waiting any more. */
static enum status submit(struct rejudge *r, struct rejudge_command *c, struct err *err)
{
	if (!c->count)
		return STATUS_OK;
	enum status status = writer_submit_and_wait(r->config.writer, &c->command, err);
	if (status == STATUS_OK)
		rejudge_report_merge(&r->report, &c->report);
	r->progress.step_us += c->took_us;
	c->count = c->hits = 0;
	return status;
}

static enum status change(struct rejudge *r, const struct rejudge_message *m, struct rejudge_command *c,
			  struct err *err)
{
	c->messages[c->count++] = m->message->id;
	c->hits += m->n;
	return c->count == COMMAND_MESSAGES || c->hits >= COMMAND_HITS ? submit(r, c, err) : STATUS_OK;
}

static enum status leave(struct rejudge *r, struct uuid message, enum left_alone why, struct err *err)
{
	uint64_t hits = 0;
	enum status status = store_event_hits_since(r->session, message, r->rules.since_us, &hits, err);
	r->report.left[why] += hits;
	return status;
}

static enum status judge(struct rejudge *r, struct rejudge_message *m, struct rejudge_command *c, struct err *err)
{
	enum status status = STATUS_OK;
	if (m->fan_out_from_us <= m->fan_out_to_us)
		status =
		    visit_history_follow(r->history, m->fan_out_from_us - REACH_US, m->fan_out_to_us + REACH_US, err);
	if (status != STATUS_OK)
		return status;
	if (rejudge_message_end(m, visit_history_fan_out(r->history), r->arena) && r->config.writer)
		return change(r, m, c, err);
	add_to(&r->report, m, r->rules.since_us);
	return STATUS_OK;
}

static enum status look_at(struct rejudge *r, struct uuid id, struct rejudge_command *c, struct err *err)
{
	struct message *message = ARENA_NEW(r->arena, struct message);
	struct rejudge_message m;
	struct event_hits hits = {0};
	enum status status = store_message_find(r->session, 0, id, r->arena, message, err);
	if (status == STATUS_NOT_FOUND)
		return leave(r, id, LEFT_NO_MESSAGE, err);
	if (status == STATUS_OK)
		status = second_look_read(r->session, id, HITS_READ, r->arena, &hits, err);
	/* One row that cannot be read must not end a pass of hours. */
	if (status == STATUS_CORRUPT)
		return leave(r, id, LEFT_UNREADABLE, err);
	if (status != STATUS_OK)
		return status;
	enum left_alone left = rejudge_message_begin(&r->rules, message, &hits, r->arena, &m);
	return left == LEFT_COUNT ? judge(r, &m, c, err) : leave(r, id, left, err);
}

enum status rejudge_step(struct rejudge *r, struct err *err)
{
	struct rejudge_command *command = MEM_NEW(struct rejudge_command);
	struct first_visits found = {0};
	arena_reset(r->arena);
	command->command.run = run_rejudge;
	command->command.is_background = true;
	command->rejudge = r;
	r->progress.step_us = 0;
	enum status status = store_event_first_visits(r->session, &r->walk, r->rules.since_us, r->arena, &found, err);
	for (size_t i = 0; status == STATUS_OK && i < found.n; i++)
		status = look_at(r, found.at[i].message, command, err);
	if (status == STATUS_OK)
		status = submit(r, command, err);
	mem_free(command);
	if (status != STATUS_OK)
		return status;
	if (!found.n)
		return STATUS_END;
	r->walk.after_us = found.at[found.n - 1].time_us;
	r->walk.after_position = found.at[found.n - 1].position;
	return STATUS_OK;
}

struct rejudge_progress rejudge_progress(const struct rejudge *r)
{
	struct rejudge_progress progress = r->progress;
	int64_t way_us = r->walk.until_us - r->rules.since_us;
	progress.hits = r->report.hits;
	progress.per_mille =
	    way_us > 0 ? (uint32_t)((r->walk.after_us - r->rules.since_us) / 1000 * 1000 / (way_us / 1000 + 1)) : 1000;
	return progress;
}

const struct rejudge_report *rejudge_report(const struct rejudge *r)
{
	return &r->report;
}

/* ---- A whole pass */

enum status rejudge_run(const struct rejudge_config *config, const struct rejudge_watch *watch,
			struct rejudge_report *ret, struct err *err)
{
	struct rejudge *r = NULL;
	*ret = (struct rejudge_report){0};
	enum status status = rejudge_begin(config, &r, err);
	if (status != STATUS_OK)
		return status;
	while (status == STATUS_OK && (status = rejudge_step(r, err)) == STATUS_OK) {
		struct rejudge_progress progress = rejudge_progress(r);
		if (!watch->step(watch->user, &progress))
			status = err_set(err, STATUS_AGAIN, "it was ended before it was through");
	}
	*ret = r->report;
	rejudge_report_sort(ret);
	rejudge_free(&r);
	return status == STATUS_END ? STATUS_OK : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's thread: rounds while there is something to do, otherwise a wait for the next commit of the journal or
 * the next command. What one transaction does is in writer_round.c.
 *
 * Why one thread: counters are exact and `is_unique` is decided once without a lock that anybody waits for, and a
 * thousand small writes share one sync (doc/decisions/0006). The price is that whatever blocks this thread blocks all
 * that is written, so nothing here waits for anything but the store. */
#include "engine/ledger/writer_private.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/ledger/cursor_history.h"

/* Without news: timers become due and settings change in a store that others write to, and nobody wakes us for that. */
static const int64_t TICK_US = 1000000;
/* With as many hits as clients can send a transaction held some sixty of them, and wrote a page and a half for each:
 * the same pages again and again, and a sync. So while they keep coming the next one begins this long after the last
 * one began. It then holds a thousand, and writes a third of a page for each (bench/hit_cost.mjs). */
static const int64_t GATHER_US = 25000;
enum { GATHER_RECORDS = 4096 }; /* as many are a transaction's worth */
/* A database that restarts is back within a second; one that is away for hours is asked every five. */
static const int64_t BACKOFF_FIRST_US = 50000;
static const int64_t BACKOFF_MAX_US = 5000000;

/* ---- Commands */

void writer_end_command(struct writer_command *command, enum status status, const struct err *err)
{
	command->status = status;
	if (status != STATUS_OK && err)
		command->err = *err;
	command->err.status = status;
	command->done(command);
}

void writer_end_waiting(struct writer *w, enum status status, const struct err *err)
{
	struct list_link *link;
	while ((link = list_take_first(&w->waiting)))
		writer_end_command(LIST_ENTRY(link, struct writer_command, link), status, err);
}

/* ---- What others see of it */

void writer_note_failure(struct writer *w, const struct err *err)
{
	pthread_mutex_lock(&w->failure_lock);
	bool is_news = !atomic_load(&w->is_failing);
	w->failure = *err;
	atomic_store(&w->is_failing, true);
	pthread_mutex_unlock(&w->failure_lock);
	if (is_news)
		log_error("writer.failing", LOG_ERR(err));
}

/* Said once when it begins and once when it ends: a store that is away for an hour would fill the log otherwise. */
static void note_success(struct writer *w)
{
	w->backoff_us = 0;
	atomic_store(&w->well_us, clock_monotonic_us(clock_system()));
	if (atomic_exchange(&w->is_failing, false))
		log_info("writer.works_again", LOG_INT("applied", atomic_load(&w->applied)));
}

enum writer_halt writer_halted(const struct writer *writer)
{
	return (enum writer_halt)atomic_load(&writer->halt);
}

struct node_claim writer_node(const struct writer *writer)
{
	return writer->claim;
}

uint64_t writer_applied_sequence(const struct writer *writer)
{
	return atomic_load(&writer->applied);
}

uint64_t writer_durable_sequence(const struct writer *writer)
{
	return journal_durable_sequence(writer->config.journal);
}

bool writer_caught_up(const struct writer *writer)
{
	return writer_applied_sequence(writer) >= writer->target;
}

int64_t writer_lag_us(const struct writer *writer)
{
	bool is_behind = journal_durable_sequence(writer->config.journal) > writer_applied_sequence(writer);
	int64_t lag_us = clock_now_us(writer->config.clock) - atomic_load(&writer->unapplied_since_us);
	return is_behind && lag_us > 0 ? lag_us : 0;
}

int64_t writer_timers_late_us(const struct writer *writer)
{
	return atomic_load(&writer->timers_late_us);
}

int64_t writer_silence_us(const struct writer *writer)
{
	int64_t silence_us = clock_monotonic_us(clock_system()) - atomic_load(&writer->well_us);
	return silence_us > 0 ? silence_us : 0;
}

bool writer_is_alone(const struct writer *writer)
{
	return atomic_load(&writer->is_alone);
}

bool writer_is_failing(const struct writer *writer, char *text, size_t size)
{
	struct writer *w = (struct writer *)writer; /* a lock is not a change that anybody sees */
	bool is_failing = atomic_load(&w->is_failing);
	if (size)
		text[0] = '\0';
	if (!is_failing)
		return false;
	struct buf b;
	buf_init_fixed(&b, text, size ? size : 1);
	pthread_mutex_lock(&w->failure_lock);
	if (size)
		buf_append(&b, slice_sub(slice_from_cstr(w->failure.text), 0, size - 1));
	pthread_mutex_unlock(&w->failure_lock);
	return true;
}

/* ---- The thread */

static int64_t now_us(const struct writer *w)
{
	return clock_monotonic_us(w->config.clock);
}

/* The store is away: what arrives meanwhile hears so at once. */
static void wait_for_store(struct writer *w, const struct err *err)
{
	w->backoff_us = w->backoff_us ? w->backoff_us * 2 : BACKOFF_FIRST_US;
	if (w->backoff_us > BACKOFF_MAX_US)
		w->backoff_us = BACKOFF_MAX_US;
	int64_t until_us = now_us(w) + w->backoff_us;
	writer_end_waiting(w, err->status, err);
	for (int64_t left_us = w->backoff_us; left_us > 0 && !atomic_load(&w->is_stopping);
	     left_us = until_us - now_us(w)) {
		(void)letterbox_wait(&w->mail, &w->waiting, left_us);
		writer_end_waiting(w, err->status, err);
	}
}

/* For good: the process is about to end. */
static bool refuse_all(struct writer *w)
{
	pthread_mutex_lock(&w->failure_lock);
	struct err why = w->failure;
	pthread_mutex_unlock(&w->failure_lock);
	writer_end_waiting(w, STATUS_IO, &why);
	return false;
}

/* Not beside others: of a message eight hits are remembered, and a click that came twice, once at each server, is known
 * again only while no server is more hits of that message behind than that. */
static bool may_gather(const struct writer *w)
{
	return !w->config.applies_at_once && neighbourhood_is_alone(&w->neighbours) && list_is_empty(&w->waiting) &&
	       !atomic_load(&w->is_stopping) &&
	       journal_durable_sequence(w->config.journal) - w->cursor < GATHER_RECORDS;
}

/* By the machine's clock, whatever the writer's says: this is a real wait. A command ends it. */
static void gather(struct writer *w, int64_t began_us)
{
	int64_t left_us = began_us + GATHER_US - clock_monotonic_us(clock_system());
	while (left_us > 0 && may_gather(w)) {
		(void)letterbox_wait(&w->mail, &w->waiting, left_us);
		left_us = began_us + GATHER_US - clock_monotonic_us(clock_system());
	}
}

/* False: nothing more to do now. */
static bool work(struct writer *w)
{
	struct err err = {0};
	int64_t began_us = clock_monotonic_us(clock_system());
	(void)letterbox_take(&w->mail, &w->waiting);
	if (atomic_load(&w->halt) != WRITER_RUNS)
		return refuse_all(w);
	switch (writer_round(w, &err)) {
	case ROUND_IDLE: note_success(w); return false;
	case ROUND_DONE:
		note_success(w);
		gather(w, began_us);
		return true;
	case ROUND_UNFINISHED: note_success(w); return true;
	case ROUND_AGAIN: return true;
	case ROUND_STALLED: writer_note_failure(w, &err); return !list_is_empty(&w->waiting);
	case ROUND_FAILED:
		writer_note_failure(w, &err);
		wait_for_store(w, &err);
		return !atomic_load(&w->is_stopping);
	}
	return false;
}

/* It is being stopped, and has been for as long as it may take. */
static bool is_out_of_time(struct writer *w)
{
	int64_t now_us = clock_monotonic_us(clock_system());
	if (!w->config.stop_ms || !atomic_load(&w->is_stopping))
		return false;
	if (!w->stop_by_us)
		w->stop_by_us = now_us + (int64_t)w->config.stop_ms * 1000;
	return now_us >= w->stop_by_us;
}

static void *run(void *user)
{
	struct writer *w = user;
	for (;;) {
		/* Asked before the work, so that all that was durable before the stop is applied. */
		bool is_last = atomic_load(&w->is_stopping);
		bool is_over = is_out_of_time(w);
		if (!is_over && work(w))
			continue;
		if (is_last) {
			writer_leave(w);
			return NULL;
		}
		if (!atomic_load(&w->is_stopping))
			(void)letterbox_wait(&w->mail, &w->waiting, TICK_US);
	}
}

static void wake(void *user)
{
	letterbox_wake(&((struct writer *)user)->mail);
}

/* ---- Starting and stopping */

static void free_writer(struct writer *w)
{
	journal_reader_close(&w->reader);
	timers_free(&w->timers);
	batch_free(&w->batch);
	record_group_free(&w->group);
	cursor_history_free(&w->history);
	store_session_close(&w->session);
	letterbox_done(&w->mail);
	(void)pthread_mutex_destroy(&w->failure_lock);
	mem_free(w);
}

static struct writer *new_writer(const struct writer_config *config)
{
	struct writer *w = MEM_NEW(struct writer);
	w->config = *config;
	w->node = journal_node(config->journal);
	w->target = journal_durable_sequence(config->journal);
	/* Whoever wrote this journal may have tried all that is in it. */
	w->attempted = w->target;
	w->history = cursor_history_new(store_is_shared(config->store) ? config->keep_seconds : 0);
	w->group = record_group_new(w->node, config->applier->message_of);
	w->group_room = GROUP_ALONE;
	neighbourhood_init(&w->neighbours, config->store);
	atomic_store(&w->is_alone, neighbourhood_is_alone(&w->neighbours));
	list_init(&w->waiting);
	letterbox_init(&w->mail, NULL, NULL);
	BUG_IF(pthread_mutex_init(&w->failure_lock, NULL) != 0);
	return w;
}

static enum status open_parts(struct writer *w, struct err *err)
{
	enum status status = store_session_open(w->config.store, STORE_WRITE, &w->session, err);
	if (status == STATUS_OK)
		status = writer_claim_node(w, err);
	if (status == STATUS_OK)
		status = writer_open_reader(w, err);
	if (status != STATUS_OK)
		return status;
	w->batch = batch_new(w->session);
	status = w->config.applier->open(w->config.applier_self, w->batch, err);
	if (status != STATUS_OK)
		return status;
	atomic_store(&w->applied, w->cursor);
	atomic_store(&w->unapplied_since_us, clock_now_us(w->config.clock));
	atomic_store(&w->well_us, clock_monotonic_us(clock_system()));
	w->timers = timers_new(w->config.timers, w->config.timer_count, w->config.clock);
	return STATUS_OK;
}

enum status writer_start(const struct writer_config *config, struct writer **ret, struct err *err)
{
	struct writer *w = new_writer(config);
	enum status status = open_parts(w, err);
	if (status != STATUS_OK) {
		free_writer(w);
		return status;
	}
	/* Before the thread: what is committed between the two must wake it. */
	journal_on_commit(config->journal, wake, w);
	int failed = pthread_create(&w->thread, NULL, run, w);
	if (failed) {
		journal_on_commit(config->journal, NULL, NULL);
		free_writer(w);
		return err_set_errno(err, failed, "cannot start the writer's thread");
	}
	(void)pthread_setname_np(w->thread, "writer"); /* for those who watch; works without */
	*ret = w;
	return STATUS_OK;
}

void writer_stop(struct writer **writer)
{
	struct writer *w = *writer;
	if (!w)
		return;
	atomic_store(&w->is_stopping, true);
	letterbox_wake(&w->mail);
	(void)pthread_join(w->thread, NULL);
	journal_on_commit(w->config.journal, NULL, NULL);
	/* Handed in while the thread ended: nobody may be left waiting. */
	struct err err;
	(void)err_set(&err, STATUS_IO, "the writer was stopped");
	(void)letterbox_take(&w->mail, &w->waiting);
	writer_end_waiting(w, STATUS_IO, &err);
	free_writer(w);
	*writer = NULL;
}

/* ---- Commands */

void writer_submit(struct writer *writer, struct writer_command *command)
{
	letterbox_post(&writer->mail, &command->link);
}

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool has_ended;
};

static void end_wait(struct writer_command *command)
{
	struct waiter *waiter = command->submitter;
	pthread_mutex_lock(&waiter->lock);
	waiter->has_ended = true;
	pthread_cond_signal(&waiter->ended);
	pthread_mutex_unlock(&waiter->lock);
}

enum status writer_submit_and_wait(struct writer *writer, struct writer_command *command, struct err *err)
{
	struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	command->submitter = &waiter;
	command->done = end_wait;
	writer_submit(writer, command);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.has_ended)
		pthread_cond_wait(&waiter.ended, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	(void)pthread_cond_destroy(&waiter.ended);
	(void)pthread_mutex_destroy(&waiter.lock);
	if (command->status != STATUS_OK && err)
		*err = command->err;
	return command->status;
}

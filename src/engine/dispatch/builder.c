/* SPDX-License-Identifier: Apache-2.0 */
/* The thread and its bound.
 *
 * A thread of its own, because on the deliverer's network thread reading and building cost three round trips to the
 * store a mail, in which no socket moved (decision 24).
 *
 * The bound is on bytes, because counts say little: twenty mails are 40 kB or a gigabyte. Only this thread raises the
 * sum and only the deliverer's lowers it. When there is no room the thread waits for a letter or a release; both end
 * letterbox_wait, and a wake that comes between the look and the wait is not lost (letterbox.h).
 *
 * A batch that was read and could not be built to its end for want of room is read again later. So nothing is built
 * from what was read long ago, and somebody who has been suppressed meanwhile gets nothing. */
#include "engine/dispatch/builder.h"

#include "base/letterbox.h"
#include "base/log.h"
#include "base/mem.h"
#include <stdatomic.h>

struct builder {
	struct builder_config config;
	struct store_session *session;
	struct build_batch *batch;
	struct letterbox to_do, finished;
	struct list_link waiting; /* of the builder's thread: taken out of to_do, not built yet */
	bool store_is_away;       /* and it was said */
	pthread_t thread;
	atomic_bool is_canceled, is_stopping;
	atomic_size_t bytes_held, bytes_peak;
};

static bool has_room(const struct builder *b)
{
	return atomic_load(&b->bytes_held) < b->config.bytes_max;
}

static void hand_back(struct builder *b, struct build *build)
{
	size_t n = build->result == BUILD_DONE ? build->bytes.n : 0;
	size_t held = atomic_fetch_add(&b->bytes_held, n) + n;
	if (held > atomic_load(&b->bytes_peak))
		atomic_store(&b->bytes_peak, held);
	build->built_us = clock_monotonic_us(b->config.clock);
	list_remove(&build->letter);
	letterbox_post(&b->finished, &build->letter);
}

static void hand_back_all(struct builder *b)
{
	while (!list_is_empty(&b->waiting)) {
		struct build *build = LIST_ENTRY(b->waiting.next, struct build, letter);
		build->result = BUILD_LATER;
		hand_back(b, build);
	}
}

/* Says once when the store goes and when it is back. */
static void note_store(struct builder *b, enum status status, const struct err *err)
{
	bool is_away = status != STATUS_OK;
	if (is_away && !b->store_is_away)
		log_warn("dispatch.store_away", LOG_ERR(err));
	if (!is_away && b->store_is_away)
		log_info("dispatch.store_back");
	b->store_is_away = is_away;
}

static size_t first_of_waiting(const struct builder *b, struct build **builds)
{
	size_t count = 0;
	for (struct list_link *link = b->waiting.next; link != &b->waiting && count < BUILD_BATCH_MAX;
	     link = link->next)
		builds[count++] = LIST_ENTRY(link, struct build, letter);
	return count;
}

/* STATUS_OK, or the store did not answer. */
static enum status read_some(struct builder *b, struct build **builds, size_t *count, struct err *err)
{
	enum status status = build_batch_read(b->batch, builds, *count, err);
	if (status == STATUS_OK || build_store_is_away(status))
		return status;
	/* One of them cannot be read. Alone it shows which, and the others go their way. */
	*count = 1;
	status = build_batch_read(b->batch, builds, 1, err);
	if (status == STATUS_OK || build_store_is_away(status))
		return status;
	builds[0]->result = BUILD_IMPOSSIBLE;
	builds[0]->err = *err;
	hand_back(b, builds[0]);
	*count = 0;
	return STATUS_OK;
}

static enum status build_some(struct builder *b, struct err *err)
{
	struct build *builds[BUILD_BATCH_MAX];
	size_t count = first_of_waiting(b, builds);
	enum status status = read_some(b, builds, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count && has_room(b) && !atomic_load(&b->is_canceled); i++) {
		status = build_batch_make(b->batch, i, clock_now_us(b->config.clock), err);
		if (status == STATUS_OK)
			hand_back(b, builds[i]);
	}
	return status;
}

static void work(struct builder *b)
{
	struct err err = {0};
	while (!list_is_empty(&b->waiting) && has_room(b) && !atomic_load(&b->is_canceled)) {
		enum status status = build_some(b, &err);
		note_store(b, status, &err);
		if (status == STATUS_OK)
			continue;
		hand_back_all(b); /* the deliverer knows when to try again */
		if (store_session_recover(b->session, &err) != STATUS_OK)
			return; /* as the next batch will find out */
	}
	if (atomic_load(&b->is_canceled))
		hand_back_all(b);
}

static void *thread_main(void *user)
{
	struct builder *b = user;
	while (!atomic_load(&b->is_stopping)) {
		(void)letterbox_wait(&b->to_do, &b->waiting, -1); /* false: woken for another reason */
		work(b);
	}
	return NULL;
}

static void builder_free(struct builder *b)
{
	build_batch_free(&b->batch);
	store_session_close(&b->session);
	letterbox_done(&b->to_do);
	letterbox_done(&b->finished);
	mem_free(b);
}

enum status builder_start(const struct builder_config *config, struct builder **ret, struct err *err)
{
	struct store_session *session;
	enum status status = store_session_open(config->store, STORE_READ, &session, err);
	if (status != STATUS_OK)
		return status;
	struct builder *b = MEM_NEW(struct builder);
	b->config = *config;
	b->session = session;
	b->batch = build_batch_new(session, config->keys);
	letterbox_init(&b->to_do, NULL, NULL);
	letterbox_init(&b->finished, config->wake, config->user);
	list_init(&b->waiting);
	int fault = pthread_create(&b->thread, NULL, thread_main, b);
	if (fault) {
		builder_free(b);
		return err_set_errno(err, fault, "cannot start the thread that builds mail");
	}
	*ret = b;
	return STATUS_OK;
}

void builder_stop(struct builder **builder)
{
	struct builder *b = *builder;
	*builder = NULL;
	if (!b)
		return;
	atomic_store(&b->is_stopping, true);
	letterbox_wake(&b->to_do);
	(void)pthread_join(b->thread, NULL); /* fails only for a thread that is not there */
	builder_free(b);
}

void builder_post(struct builder *b, struct build *build)
{
	build_reset(build);
	letterbox_post(&b->to_do, &build->letter);
}

void builder_collect(struct builder *b, struct list_link *to)
{
	(void)letterbox_take(&b->finished, to); /* none: nothing to do */
}

void builder_release(struct builder *b, struct build *build)
{
	atomic_fetch_sub(&b->bytes_held, build->bytes.n);
	buf_done(&build->bytes);
	letterbox_wake(&b->to_do);
}

void builder_cancel(struct builder *b)
{
	atomic_store(&b->is_canceled, true);
	letterbox_wake(&b->to_do);
}

void builder_figures(const struct builder *b, struct builder_figures *ret)
{
	*ret = (struct builder_figures){atomic_load(&b->bytes_held), atomic_load(&b->bytes_peak)};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The thread keeps lists of its own and hands out a share of their rows through one slot. What nobody took is replaced
 * there; so at most two generations of a list are in memory, and the taker never waits for a lock. */
#include "engine/judge/network_watch.h"

#include "base/letterbox.h"
#include "base/log.h"
#include "base/mem.h"
#include <stdatomic.h>

static const int64_t LOOK_EVERY_US = 2000000;

/* One file, and what was made of it. */
struct watched_list {
	const char *path;                 /* NULL: none */
	struct network_file_mark seen;    /* at the last look */
	struct network_file_mark handled; /* when it was read or refused last */
	bool was_seen, was_handled;
	_Atomic uint64_t rows;
	_Atomic int64_t read_us;
	atomic_bool is_refused;
};

struct network_watch {
	const struct clock *clock;

	/* Of the thread. */
	struct watched_list files[NETWORK_LIST_COUNT];
	struct network_lists *lists;

	/* Shared. */
	_Atomic(struct network_lists *) fresh; /* not taken yet; NULL: nothing new */
	struct letterbox mail;                 /* never holds a letter; what the thread sleeps on */
	pthread_t thread;
	bool has_thread;
	atomic_bool is_stopping;
	pthread_mutex_t lock;
	pthread_cond_t looked;
	bool is_first_look_due; /* under the lock: the thread has not been through all files */
};

/* ---- Looking */

static size_t row_count(const struct network_lists *lists, enum network_list which)
{
	return which == NETWORK_LIST_EGRESS ? network_lists_egress_count(lists) : network_lists_system_count(lists);
}

static void note_loaded(struct network_watch *w, enum network_list which, int64_t took_us)
{
	struct watched_list *file = &w->files[which];
	size_t rows = row_count(w->lists, which);
	atomic_store(&file->rows, rows);
	atomic_store(&file->read_us, clock_now_us(w->clock));
	atomic_store(&file->is_refused, false);
	log_info("judge.list_loaded", LOG_CSTR("list", network_list_name(which)), LOG_CSTR("file", file->path),
		 LOG_INT("rows", rows), LOG_INT("took_ms", took_us / 1000));
}

static void note_refused(struct network_watch *w, enum network_list which, const struct err *err)
{
	struct watched_list *file = &w->files[which];
	atomic_store(&file->is_refused, true);
	log_warn("judge.list_refused", LOG_CSTR("list", network_list_name(which)), LOG_CSTR("file", file->path),
		 LOG_INT("rows_kept", row_count(w->lists, which)), LOG_ERR(err));
}

/* True when there are new rows. */
static bool read_file(struct network_watch *w, enum network_list which)
{
	struct watched_list *file = &w->files[which];
	struct err err = {0};
	int64_t began_us = clock_monotonic_us(w->clock);
	enum status status = network_file_read(file->path, which, w->lists, &err);
	if (status == STATUS_AGAIN)
		return false;
	file->handled = file->seen;
	file->was_handled = true;
	if (status == STATUS_OK)
		note_loaded(w, which, clock_monotonic_us(w->clock) - began_us);
	else
		note_refused(w, which, &err);
	return status == STATUS_OK;
}

static bool look_at(struct network_watch *w, enum network_list which)
{
	struct watched_list *file = &w->files[which];
	if (!file->path)
		return false;
	struct network_file_mark mark = network_file_look(file->path);
	/* One that is being copied has another size or time at the next look, and half a list would make people of its
	 * other half. At the start it is read at once: hits are judged from then on. */
	bool rests = !file->was_seen || network_file_mark_equal(&mark, &file->seen);
	file->seen = mark;
	file->was_seen = true;
	if (!rests || (file->was_handled && network_file_mark_equal(&mark, &file->handled)))
		return false;
	return read_file(w, which);
}

void network_watch_look(struct network_watch *w)
{
	bool is_new = false;
	for (int which = 0; which < NETWORK_LIST_COUNT; which++)
		is_new = look_at(w, (enum network_list)which) || is_new;
	if (!is_new)
		return;
	struct network_lists *not_taken = atomic_exchange(&w->fresh, network_lists_share(w->lists));
	network_lists_free(&not_taken);
}

static void end_first_look(struct network_watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->is_first_look_due = false;
	pthread_cond_broadcast(&w->looked);
	pthread_mutex_unlock(&w->lock);
}

static void *run(void *user)
{
	struct network_watch *w = user;
	struct list_link letters;
	list_init(&letters);
	network_watch_look(w);
	end_first_look(w);
	while (!atomic_load(&w->is_stopping)) {
		(void)letterbox_wait(&w->mail, &letters, LOOK_EVERY_US);
		if (!atomic_load(&w->is_stopping))
			network_watch_look(w);
	}
	return NULL;
}

/* ---- Starting and stopping */

struct network_watch *network_watch_new(const struct network_watch_config *config)
{
	struct network_watch *w = MEM_NEW(struct network_watch);
	w->clock = config->clock;
	w->lists = network_lists_new();
	for (int i = 0; i < NETWORK_LIST_COUNT; i++)
		w->files[i].path = config->paths[i] && *config->paths[i] ? config->paths[i] : NULL;
	letterbox_init(&w->mail, NULL, NULL);
	BUG_IF(pthread_mutex_init(&w->lock, NULL) != 0 || pthread_cond_init(&w->looked, NULL) != 0);
	return w;
}

enum status network_watch_start(struct network_watch *w, struct err *err)
{
	w->is_first_look_due = true;
	int failed = pthread_create(&w->thread, NULL, run, w);
	if (failed) {
		w->is_first_look_due = false;
		return err_set_errno(err, failed, "cannot start the thread that reads lists of networks");
	}
	w->has_thread = true;
	(void)pthread_setname_np(w->thread, "networks"); /* for those who watch; works without */
	return STATUS_OK;
}

void network_watch_free(struct network_watch **watch)
{
	struct network_watch *w = *watch;
	if (!w)
		return;
	atomic_store(&w->is_stopping, true);
	letterbox_wake(&w->mail);
	if (w->has_thread)
		(void)pthread_join(w->thread, NULL);
	struct network_lists *not_taken = atomic_load(&w->fresh);
	network_lists_free(&not_taken);
	network_lists_free(&w->lists);
	letterbox_done(&w->mail);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->looked);
	mem_free(w);
	*watch = NULL;
}

/* ---- Taking */

void network_watch_take(struct network_watch *w, struct network_lists **lists)
{
	if (!*lists) {
		pthread_mutex_lock(&w->lock);
		while (w->is_first_look_due)
			pthread_cond_wait(&w->looked, &w->lock);
		pthread_mutex_unlock(&w->lock);
	}
	if (!atomic_load_explicit(&w->fresh, memory_order_relaxed))
		return;
	struct network_lists *fresh = atomic_exchange(&w->fresh, NULL);
	network_lists_free(lists);
	*lists = fresh;
}

struct network_watch_figures network_watch_figures(const struct network_watch *w, enum network_list which)
{
	const struct watched_list *file = &w->files[which];
	return (struct network_watch_figures){.is_configured = file->path != NULL,
					      .is_refused = atomic_load(&file->is_refused),
					      .rows = atomic_load(&file->rows),
					      .read_us = atomic_load(&file->read_us)};
}

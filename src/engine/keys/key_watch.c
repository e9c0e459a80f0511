/* SPDX-License-Identifier: Apache-2.0 */
/* Looking beats being told, here too: a file comes by `pugmark keys rotate`, by scp or by whatever lays out
 * configuration, and a look costs one stat. A signal would have to be remembered by everybody who copies it.
 *
 * A key is known to three in turn, and each step is safe when the next one fails:
 *
 *   file -> store     its fingerprint; from here on a server that starts without the key is refused
 *        -> memory    its links are opened here
 *        -> sealing   new links are made with it; on a shared store once all who live have told that they open them
 *
 * A file that is copied in place may be seen half. So one that cannot be used is refused only when it is still the same
 * at the next look. */
#include "engine/keys/key_watch.h"

#include "base/clock.h"
#include "base/letterbox.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/keys/key_agreement.h"
#include "engine/keys/key_file.h"
#include "engine/ledger/writer.h"
#include "store/house/nodes.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { LOOKS_BEFORE_COMPLAINT = 3 };
static const int64_t LOOK_EVERY_US = 1000000;
static const int64_t LOOK_APART_US = 100000;
/* A request waits no longer for a look that hangs, because the store does. */
static const int64_t PATIENCE_US = 1000000;
/* Others have turned to a new key by then without waiting for us (store_node_without_key). */
static const int64_t UNHEARD_US = 30000000;

/* What tells one state of a file from the next; all zero: it is not there. */
struct file_mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct key_watch {
	struct key_watch_config config;
	bool is_shared;
	atomic_bool known[LINK_TOKEN_KEYS_MAX]; /* only ever set */
	_Atomic int64_t heard_us;               /* monotonic; when the store last said which keys there are */

	pthread_mutex_t looking; /* held while somebody looks, which may take as long as the store does */
	struct store_session *session;
	struct file_mark taken, refused; /* the states that were used, and could not be used, last */
	bool is_taken, was_refused, was_said;
	int64_t looked_us; /* monotonic; when the last look began */
	uint16_t waits_for;
	unsigned waited; /* looks for which somebody has been waited for */

	pthread_mutex_t lock; /* of the words below; never held for long */
	struct err file_trouble, store_trouble;

	struct letterbox mail; /* never holds a letter; what the thread sleeps on */
	atomic_bool is_stopping;
	bool has_thread;
	pthread_t thread;
};

static struct held_keys held(const struct key_watch *w, const struct link_token_keys *keys)
{
	return (struct held_keys){keys, w->config.path};
}

static uint8_t newest_of(const struct link_token_keys *keys)
{
	uint8_t id = UINT8_MAX;
	while (id > 0 && !link_token_keys_has(keys, id))
		id--;
	return id;
}

static void set_trouble(struct key_watch *w, struct err *which, const struct err *what)
{
	pthread_mutex_lock(&w->lock);
	*which = what ? *what : (struct err){0};
	pthread_mutex_unlock(&w->lock);
}

/* ---- The store */

static enum status open_session(struct key_watch *w, struct err *err)
{
	return w->session ? store_session_recover(w->session, err)
			  : store_session_open(w->config.store, STORE_READ, &w->session, err);
}

struct key_command {
	struct writer_command command; /* first */
	struct held_keys mine;
	struct node_claim node;
};

static enum status run_add(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct key_command *c = (const struct key_command *)(void *)command;
	enum status status = key_agreement_add(batch_session(batch), &c->mine, err);
	if (status == STATUS_OK)
		status = store_node_tell_key(batch_session(batch), &c->node, newest_of(c->mine.keys), err);
	return status;
}

static enum status add_to_store(struct key_watch *w, const struct held_keys *mine, struct err *err)
{
	struct key_command c = {.command = {.run = run_add}, .mine = *mine, .node = w->config.node};
	return writer_submit_and_wait(w->config.writer, &c.command, err);
}

static enum status compare(struct key_watch *w, const struct held_keys *mine, struct err *err)
{
	bool known[LINK_TOKEN_KEYS_MAX] = {false};
	enum status status = open_session(w, err);
	if (status == STATUS_OK)
		status = key_agreement_compare(w->session, mine, known, err);
	for (size_t id = 0; id < LINK_TOKEN_KEYS_MAX; id++)
		if (known[id])
			atomic_store(&w->known[id], true);
	if (status == STATUS_OK || status == STATUS_END || status == STATUS_CONFLICT)
		atomic_store(&w->heard_us, clock_monotonic_us(clock_system()));
	return status;
}

/* ---- The file */

static struct file_mark mark_of(const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return (struct file_mark){0};
	return (struct file_mark){info.st_dev, info.st_ino, info.st_size, info.st_mtim, info.st_ctim};
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct file_mark *a, const struct file_mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       is_same_time(&a->modified, &b->modified) && is_same_time(&a->changed, &b->changed);
}

/* The store's not answering is no fault of the file: it is read again at the next look, and the writer says loudly
 * enough what is the matter. */
static void note_refused(struct key_watch *w, const struct file_mark *mark, const struct err *err)
{
	bool is_again = w->was_refused && is_same(mark, &w->refused);
	w->refused = *mark;
	w->was_refused = true;
	if (!is_again)
		w->was_said = false;
	if (!is_again || w->was_said)
		return;
	w->was_said = true;
	set_trouble(w, &w->file_trouble, err);
	log_error("keys.refused", LOG_ERR(err), LOG_CSTR("kept", "the keys that were there before"));
}

static void note_taken(struct key_watch *w, const struct file_mark *mark, const struct link_token_keys *keys)
{
	for (unsigned id = 1; id < LINK_TOKEN_KEYS_MAX; id++)
		if (link_token_keys_has(keys, (uint8_t)id) && !link_token_keys_has(w->config.keys, (uint8_t)id))
			log_info("keys.added", LOG_INT("key", id));
	link_token_keys_add(w->config.keys, keys);
	w->taken = *mark;
	w->is_taken = true;
	w->was_refused = false;
	set_trouble(w, &w->file_trouble, NULL);
}

/* Known before they are agreed, so that a token of one of them is asked to come again while the store is away. */
static enum status agree(struct key_watch *w, const struct link_token_keys *keys, struct err *err)
{
	struct held_keys mine = held(w, keys);
	for (size_t id = 0; id < LINK_TOKEN_KEYS_MAX; id++)
		if (link_token_keys_has(keys, (uint8_t)id))
			atomic_store(&w->known[id], true);
	enum status status = compare(w, &mine, err);
	return status == STATUS_END ? add_to_store(w, &mine, err) : status;
}

static bool is_fault_of_file(enum status status)
{
	return status == STATUS_CONFLICT || status == STATUS_BAD_INPUT || status == STATUS_NOT_FOUND;
}

/* The mark is taken first: a file that changes while it is read has another one at the next look. */
static enum status look_at_file(struct key_watch *w, struct err *err)
{
	struct link_token_keys *keys = NULL;
	uint8_t newest = 0;
	struct file_mark mark = mark_of(w->config.path);
	w->looked_us = clock_monotonic_us(clock_system());
	if (w->is_taken && is_same(&mark, &w->taken))
		return STATUS_OK;
	enum status status = key_file_load(w->config.path, &keys, &newest, err);
	bool is_read = status == STATUS_OK;
	if (is_read)
		status = agree(w, keys, err);
	if (status == STATUS_OK)
		note_taken(w, &mark, keys);
	else if (!is_read || is_fault_of_file(status))
		note_refused(w, &mark, err);
	link_token_keys_free(&keys);
	return status;
}

/* ---- Which key seals */

static void seal_with(struct key_watch *w, uint8_t id)
{
	w->waited = 0;
	link_token_keys_seal_with(w->config.keys, id);
	log_info("keys.sealing", LOG_INT("key", id));
}

/* Not at once: a server that has just begun has told nothing yet. */
static void note_waiting(struct key_watch *w, uint8_t id, uint16_t node)
{
	w->waited = node == w->waits_for ? w->waited + 1 : 1;
	w->waits_for = node;
	if (w->waited == LOOKS_BEFORE_COMPLAINT)
		log_warn("keys.waiting", LOG_INT("key", id), LOG_INT("node", node),
			 LOG_CSTR("do", "copy the file keys to it"));
}

static enum status raise_sealing(struct key_watch *w, struct err *err)
{
	const struct link_token_keys *keys = w->config.keys;
	uint8_t newest = newest_of(keys);
	for (uint8_t id = newest; id > link_token_keys_sealing(keys); id--) {
		uint16_t node = 0;
		if (!link_token_keys_has(keys, id))
			continue;
		enum status status = w->is_shared
					 ? store_node_without_key(w->session, w->config.node.number, id, &node, err)
					 : STATUS_OK;
		if (status != STATUS_OK)
			return status;
		if (!node) {
			seal_with(w, id);
			return STATUS_OK;
		}
		if (id == newest)
			note_waiting(w, id, node);
	}
	return STATUS_OK;
}

/* ---- What the others do */

static void note_store(struct key_watch *w, const struct err *trouble)
{
	bool is_news = trouble && !slice_equal(slice_from_cstr(trouble->text), slice_from_cstr(w->store_trouble.text));
	set_trouble(w, &w->store_trouble, trouble);
	if (is_news)
		log_warn("keys.lacking", LOG_ERR(trouble));
}

/* Compared at each look, because a standby that took over may lack what was the last to be written. */
static enum status look_at_store(struct key_watch *w, struct err *err)
{
	struct held_keys mine = held(w, w->config.keys);
	uint8_t told = 0;
	enum status status = compare(w, &mine, err);
	note_store(w, status == STATUS_CONFLICT ? err : NULL);
	if (status == STATUS_CONFLICT)
		return status;
	bool is_new = status == STATUS_END;
	if (status == STATUS_OK)
		status = store_node_told_key(w->session, w->config.node.number, &told, err);
	if (is_new || (status == STATUS_OK && told != newest_of(w->config.keys)))
		status = add_to_store(w, &mine, err);
	return status;
}

static enum status look_around(struct key_watch *w, struct err *err)
{
	enum status file = look_at_file(w, err);
	struct err ignored;
	enum status status = w->is_shared ? look_at_store(w, file == STATUS_OK ? err : &ignored) : STATUS_OK;
	/* Whatever else is wrong: what is here and agreed may be waiting for others only. */
	if (status == STATUS_OK || status == STATUS_CONFLICT)
		(void)!raise_sealing(w, &ignored); /* at the next look, then */
	return file == STATUS_OK ? status : file;
}

/* ---- The thread */

static void *run(void *user)
{
	struct key_watch *w = user;
	struct list_link letters;
	list_init(&letters);
	while (!atomic_load(&w->is_stopping)) {
		struct err ignored = {0};
		(void)letterbox_wait(&w->mail, &letters, LOOK_EVERY_US);
		if (atomic_load(&w->is_stopping))
			return NULL;
		pthread_mutex_lock(&w->looking);
		enum status status = look_around(w, &ignored);
		(void)status; /* said already, or by those who need the store more */
		pthread_mutex_unlock(&w->looking);
	}
	return NULL;
}

static void sleep_us(int64_t us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};
	if (us > 0)
		(void)nanosleep(&t, NULL); /* a shorter one does no harm */
}

/* Whoever waits behind others has had his time while they waited. */
static bool lock_in_time(struct key_watch *w, int64_t asked_us)
{
	int64_t until_us = asked_us + PATIENCE_US;
	struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
	return pthread_mutex_clocklock(&w->looking, CLOCK_MONOTONIC, &until) == 0;
}

void key_watch_look(struct key_watch *w, int64_t asked_us)
{
	struct err ignored = {0};
	if (!lock_in_time(w, asked_us))
		return;
	if (w->looked_us <= asked_us) {
		sleep_us(w->looked_us + LOOK_APART_US - clock_monotonic_us(clock_system()));
		enum status status = look_at_file(w, &ignored);
		(void)status; /* as above */
	}
	pthread_mutex_unlock(&w->looking);
}

bool key_watch_knows(const struct key_watch *w, uint8_t id)
{
	bool is_unheard = w->is_shared && clock_monotonic_us(clock_system()) - atomic_load(&w->heard_us) > UNHEARD_US;
	return is_unheard || atomic_load(&w->known[id]);
}

bool key_watch_objects(struct key_watch *w, char *text, size_t size)
{
	pthread_mutex_lock(&w->lock);
	const char *why = *w->file_trouble.text ? w->file_trouble.text : w->store_trouble.text;
	(void)snprintf(text, size, "%s", why);
	pthread_mutex_unlock(&w->lock);
	return *text != '\0';
}

/* ---- Life */

static uint8_t oldest_of(const struct link_token_keys *keys)
{
	uint8_t id = 1;
	while (id < UINT8_MAX && !link_token_keys_has(keys, id))
		id++;
	return id;
}

/* The writer goes on when the store is away at the start, and so does this. */
static enum status begin(struct key_watch *w, struct err *err)
{
	if (w->is_shared)
		link_token_keys_seal_with(w->config.keys, oldest_of(w->config.keys));
	enum status status = look_around(w, err);
	if (is_fault_of_file(status))
		return status;
	int failed = pthread_create(&w->thread, NULL, run, w);
	if (failed)
		return err_set_errno(err, failed, "cannot start the thread that watches the keys");
	w->has_thread = true;
	(void)pthread_setname_np(w->thread, "keys"); /* for those who watch; works without */
	return STATUS_OK;
}

enum status key_watch_start(const struct key_watch_config *config, struct key_watch **ret, struct err *err)
{
	struct key_watch *w = MEM_NEW(struct key_watch);
	w->config = *config;
	w->is_shared = store_is_shared(config->store);
	letterbox_init(&w->mail, NULL, NULL);
	BUG_IF(pthread_mutex_init(&w->looking, NULL) != 0 || pthread_mutex_init(&w->lock, NULL) != 0);
	enum status status = begin(w, err);
	if (status != STATUS_OK)
		key_watch_stop(&w);
	else
		*ret = w;
	return status;
}

void key_watch_stop(struct key_watch **watch)
{
	struct key_watch *w = *watch;
	if (!w)
		return;
	atomic_store(&w->is_stopping, true);
	letterbox_wake(&w->mail);
	if (w->has_thread)
		(void)pthread_join(w->thread, NULL);
	store_session_close(&w->session);
	letterbox_done(&w->mail);
	(void)pthread_mutex_destroy(&w->looking);
	(void)pthread_mutex_destroy(&w->lock);
	mem_free(w);
	*watch = NULL;
}

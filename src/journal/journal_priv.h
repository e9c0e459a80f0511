/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the journal share: the struct, and who may touch which part of it. */
#ifndef PUGMARK_JOURNAL_JOURNAL_PRIV_H
#define PUGMARK_JOURNAL_JOURNAL_PRIV_H

#include "base/list.h"
#include "journal/disk.h"
#include "journal/journal.h"
#include "journal/segment.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { JOURNAL_DIRECTORY_BYTES = SEGMENT_PATH_BYTES - 32 };

#define PREPARED_NAME "prepare.tmp"
#define RESERVE_NAME "reserve"
#define LOCK_NAME "lock"

/* The segment after the current one is made while nobody waits for it. */
enum next_state {
	NEXT_NONE,    /* nothing there */
	NEXT_ZEROING, /* next_zeroed bytes of it are zeros and durable */
	NEXT_READY,   /* all of them; it lacks a header and its name */
	NEXT_NAMED,   /* has both, but the name is not durable: must become the current one before any other write */
};

/* Belongs to the journal thread; before that is started, to journal_open. */
struct writer {
	int file;             /* the current segment, or -1 */
	size_t size;          /* of the file */
	size_t end;           /* where the next record goes */
	size_t suspect_end;   /* up to here there may be bytes of a write that failed; 0 when there are none */
	uint32_t number;      /* of the next record */
	uint32_t seed;        /* of the current segment's checksums */
	int next_file;        /* NEXT_ZEROING and later */
	enum next_state next; /* */
	size_t next_zeroed;   /* */
	struct segment_header next_header;
	bool reserve_held;
	int64_t retry_at_us; /* monotonic: nothing that needs space is tried before; 0 when nothing is amiss */
};

/* The segments there are; journal thread, readers and whoever trims. */
struct segment_index {
	pthread_mutex_t lock;
	uint64_t *firsts; /* in order */
	size_t count;
	size_t room;
};

struct journal {
	/* Never changed after journal_open. */
	const struct disk *disk;
	char directory[JOURNAL_DIRECTORY_BYTES];
	size_t segment_bytes;
	uint64_t reserve_bytes;
	int64_t retry_us;
	int lock; /* handle of the lock file */
	uint16_t node;
	pthread_t thread;
	void (*committed)(void *user);
	void *committed_user;

	struct writer writer;
	struct segment_index index;

	/* Any thread. */
	_Atomic uint64_t durable;
	_Atomic int health;
	pthread_mutex_t health_lock;
	char health_words[200]; /* under health_lock */

	/* Waking the journal thread: posted at most once between two looks. */
	sem_t wake;
	atomic_bool woken;
	atomic_bool stopping;

	pthread_mutex_t feeds_lock; /* the list; also held while owners are told, so that no feed is freed meanwhile */
	struct list_link feeds;
};

enum batch_state {
	BATCH_NONE,   /* neither of the batches is out */
	BATCH_HANDED, /* the journal thread's */
	BATCH_DONE,   /* the owner's again, to be collected */
};

struct batch {
	char *bytes;
	size_t size;
	size_t count;
	uint64_t first;     /* filled in by the journal thread, as is status */
	enum status status; /* */
};

struct journal_feed {
	struct list_link link; /* under feeds_lock */
	struct journal *journal;
	void (*on_written)(void *user);
	void *user;
	size_t capacity;
	struct batch batches[2];
	unsigned filling;  /* the owner's */
	struct batch *out; /* not the owner's while state says BATCH_HANDED */
	_Atomic int state; /* enum batch_state */
};

/* ---- journal.c */
void journal_set_health(struct journal *journal, enum journal_health health, const char *words);
void journal_wake(struct journal *journal);
int64_t journal_monotonic_us(void);

/* ---- index (segment_index.c) */
void index_init(struct segment_index *index);
void index_done(struct segment_index *index);
void index_add(struct segment_index *index, uint64_t first);
/* The segment that holds or will hold `sequence`; false when it was deleted. */
bool index_find(struct segment_index *index, uint64_t sequence, uint64_t *ret_first);
/* The oldest one, if all of its records are at or below `applied` and it is not the newest. */
bool index_oldest(struct segment_index *index, uint64_t applied, uint64_t *ret_first);
/* Forgets the oldest one if it is this one. */
void index_remove_oldest(struct segment_index *index, uint64_t first);

/* ---- recover.c */
/* Finds the segments, judges the end of the last one, makes it durable and leaves the writer behind it; makes the first
 * segment when there is none. */
enum status journal_recover(struct journal *journal, struct err *err) MUST_CHECK;

/* ---- rotate.c: all of these return STATUS_OK, STATUS_FULL (may be tried again) or STATUS_IO (must not) */
/* One piece of the work on the next segment, a few milliseconds at most on a good disk. Not after NEXT_READY. */
enum status rotate_prepare_step(struct journal *journal, struct err *err) MUST_CHECK;
/* Makes the next segment the current one, however much of it is prepared. */
enum status rotate(struct journal *journal, struct err *err) MUST_CHECK;
/* Overwrites with zeros what a failed write may have left behind the end, durably. */
enum status rotate_clean_end(struct journal *journal, struct err *err) MUST_CHECK;
void reserve_hold(struct journal *journal);
void reserve_release(struct journal *journal);
/* Writes zeros. 0 or a negative errno. */
int write_zeros_at(const struct disk *disk, int file, size_t from, size_t to);

/* ---- writer.c */
void *writer_run(void *journal);

#endif

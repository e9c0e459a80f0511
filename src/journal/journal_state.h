/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the journal share: the struct, who may touch which part of it, and what all of them ask of it. The
 * files stand in one order, each sees those before it: segment, segment_index, end_mark, journal_state, rotate, mend,
 * recover, writer, journal; feed and reader beside the writer. */
#ifndef PUGMARK_JOURNAL_JOURNAL_STATE_H
#define PUGMARK_JOURNAL_JOURNAL_STATE_H

#include "base/list.h"
#include "journal/disk.h"
#include "journal/end_mark.h"
#include "journal/journal.h"
#include "journal/segment.h"
#include "journal/segment_index.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { JOURNAL_DIRECTORY_BYTES = SEGMENT_PATH_BYTES - 32 };

/* The segment after the current one is made while nobody waits for it. */
enum next_state {
	NEXT_NONE,    /* nothing there */
	NEXT_ZEROING, /* next_zeroed bytes of it are zeros and durable */
	NEXT_READY,   /* all of them; it lacks a header and its name */
	NEXT_NAMED,   /* has both, but the name is not durable: must become the current one before any other write */
};

/* Belongs to the journal thread; before that is started, to journal_open. */
struct writer {
	int file;             /* the current segment; -1: there is none that may be written to */
	size_t size;          /* of the file */
	size_t end;           /* where the next record goes */
	size_t suspect_end;   /* up to here there may be bytes of a write that failed; 0 when there are none */
	uint32_t number;      /* of the next record */
	uint32_t seed;        /* of the current segment's checksums */
	int next_file;        /* NEXT_ZEROING and later */
	enum next_state next; /* */
	size_t next_zeroed;   /* */
	struct segment_header next_header;
	bool needs_next; /* what is handed over does not fit into the current segment */
	bool reserve_held;
	int64_t retry_at_us; /* monotonic: nothing that needs space is tried before; 0 when nothing is amiss */
	struct end_marker marker;
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
	enum status (*give_node)(void *user, uint16_t *ret, struct err *err);
	enum status (*give_known)(void *user, const struct journal_found *found, struct journal_known *ret,
				  struct err *err);
	void *user;
	pthread_t thread;
	void (*committed)(void *user);
	void *committed_user;

	struct writer writer;
	struct segment_index index;
	struct journal_losses losses; /* never changed once others have the journal; its applied_count is below */

	/* Any thread. */
	_Atomic uint64_t durable;
	_Atomic int health;
	pthread_mutex_t health_lock;
	char health_words[200]; /* under health_lock */
	_Atomic uint64_t failures;
	_Atomic uint64_t lost_applied;
	atomic_bool directory_failed; /* a sync of it, on another thread: the journal thread is to see to it */

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

void journal_set_health(struct journal *journal, enum journal_health health, const char *words);
void journal_wake(struct journal *journal);
int64_t journal_monotonic_us(void);

#endif

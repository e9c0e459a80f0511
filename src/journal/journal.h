/* SPDX-License-Identifier: Apache-2.0 */
/* journal: the append-only log that every accepted event goes through before it is answered.
 *
 * One journal per data directory, one journal thread inside it. Producers (edge loops, the deliverer) append to feeds
 * of their own; the journal thread gives every record its sequence number, writes what all feeds handed over with one
 * writev, makes it durable with one fdatasync, and tells the feeds. Readers (apply) read segment files, never past what
 * is durable. It does not know what a payload means.
 *
 * Format, validity rule and recovery: head of segment.c and doc/journal-format.md. Rules R1-R13 of the project hold.
 */
#ifndef PUGMARK_JOURNAL_JOURNAL_H
#define PUGMARK_JOURNAL_JOURNAL_H

#include "base/slice.h"
#include "base/status.h"
#include <stdint.h>

struct journal;
struct journal_feed;
struct journal_reader;
struct disk; /* journal/disk.h: the table of I/O functions */

enum {
	JOURNAL_PAYLOAD_MAX = 16384,
	/* Type of a record that stands where one was lost; `pugmark journal salvage` writes it, with no payload.
	 * Readers get it as any other; producers cannot write it. */
	JOURNAL_TYPE_LOST = 0,
};

/* What a journal that is there has to say of itself before anything in it is changed. */
struct journal_found {
	uint16_t node;
	uint64_t durable; /* its last record that can be read and counts; what is behind it may be lost */
};
/* What is known of it elsewhere. Each of the three was acknowledged when it was noted. */
struct journal_known {
	uint64_t acknowledged; /* last record that was seen durable */
	uint64_t applied;      /* up to here nothing needs to be read any more */
};

struct journal_config {
	const char *directory;   /* created when absent; beside it a file of its name and ".end" (end_mark.h) */
	const struct disk *disk; /* NULL: the real one */
	uint64_t segment_bytes;  /* 0: 64 MiB; taken into 1 to 256 MiB; for new segments */
	uint64_t reserve_bytes;  /* kept free as a file of its own, given back when the disk is full; 0: 4 MiB */
	uint32_t retry_ms;       /* how long FULL waits before it tries again; 0: 1000 */
	/* Asked once, under the lock, by journal_open for a journal that is new: the number that will name it for ever.
	 * What it returns but STATUS_OK ends the opening, and nothing was made. NULL, or 0 in *ret: drawn at random. */
	enum status (*give_node)(void *user, uint16_t *ret, struct err *err);
	/* The same for a journal that is there already: what the store knows of it, or why it must not be used. NULL:
	 * nothing is known. */
	enum status (*give_known)(void *user, const struct journal_found *found, struct journal_known *ret,
				  struct err *err);
	void *user; /* of both */
};

/* Recovers what is there (a torn tail is cut and made durable before anything is read, R3), then starts the thread.
 *
 * Acknowledged records that are missing at the end or damaged in the last segment do not stop it, because every link in
 * every mail would stop with it: a damaged file is copied to NAME.damaged first, a JOURNAL_TYPE_LOST record stands for
 * each that is gone, so that no sequence number is given out twice, and journal_losses says which. Damage in earlier
 * segments does not stop new records either (R9): the reader that gets there reports it.
 *
 * STATUS_CORRUPT: a format or a file name that is not ours, or a last segment of which not even the node is known;
 * nothing was changed, *err says which file and what to do. STATUS_IO, STATUS_FULL, STATUS_TOO_BIG (the path),
 * STATUS_CONFLICT (another process has the directory locked), and what give_node or give_known refuse with. Blocks. */
enum status journal_open(const struct journal_config *config, struct journal **ret, struct err *err) MUST_CHECK;
/* Writes and syncs everything handed over, stops the thread, frees. All feeds must have been freed. *journal becomes
 * NULL; NULL is allowed. Blocks. */
void journal_close(struct journal **journal);

/* A number that names this journal for ever (chosen at creation, kept in every segment header). */
uint16_t journal_node(const struct journal *journal);
/* The last durable sequence number; 0 when there is none. Sequence numbers start at 1 and have no gaps. Any thread. */
uint64_t journal_durable_sequence(const struct journal *journal);

/* Records that were acknowledged, never applied, and are gone. */
struct journal_losses {
	uint64_t count; /* 0: none, and then the next two mean nothing */
	uint64_t first, last;
	uint64_t applied_count; /* records that are gone, too, but were applied: nothing is lost with them */
};
/* What journal_open found, and what was told since. Any thread, once the journal is shared. */
struct journal_losses journal_losses(const struct journal *journal);
/* For whoever opened it, before it is shared: records of a journal that was in this place before are gone. */
void journal_tell_losses(struct journal *journal, const struct journal_losses *losses);

enum journal_health {
	JOURNAL_HEALTHY,
	JOURNAL_FULL, /* no space; tried again by itself, turns healthy when space is back; batches are refused */
	/* A write or a sync went wrong: nothing is acknowledged, and that file never synced again (R2). A new segment
	 * is tried, which is another file; turns healthy when one can be made. */
	JOURNAL_FAILED,
};
enum journal_health journal_health(const struct journal *journal); /* any thread, does not block */
/* Writes and syncs that went wrong since journal_open, those that a new segment made good at once, too. Any thread. */
uint64_t journal_failures(const struct journal *journal);
/* The words behind a health that is not HEALTHY; copies at most size bytes with NUL. */
void journal_health_text(const struct journal *journal, char *text, size_t size);

/* Wakes a sleeping reader loop: called by the journal thread after every commit that succeeded (must not block). Once
 * it returns, an earlier callback is not called again. NULL is allowed. */
void journal_on_commit(struct journal *journal, void (*committed)(void *user), void *user);

/* ---- Feeds: one per producing thread. A feed has two batches: the producer fills one while the journal writes the
 * other. No lock is held while either side works, and nothing is allocated per record. */

/* `batch_bytes` is the capacity of each of the two batches, 24 bytes a record included; it is raised to hold one
 * largest record and lowered to what a segment holds. `on_written` (NULL is allowed) is called on the journal thread
 * when a handed batch is done (well or badly); it must not block nor call the journal (uv_async_send). It is not called
 * any more once journal_feed_free has returned. */
struct journal_feed *journal_feed_new(struct journal *journal, size_t batch_bytes, void (*on_written)(void *user),
				      void *user);
/* No batch may be with the journal thread; records not handed over are dropped. Sets *feed to NULL; NULL is allowed. */
void journal_feed_free(struct journal_feed **feed);
/* Adds a record to the batch being filled; the payload is copied. STATUS_FULL when the batch has no room (hand over or
 * collect first), STATUS_TOO_BIG past JOURNAL_PAYLOAD_MAX, STATUS_BAD_INPUT for JOURNAL_TYPE_LOST. Owner's thread only.
 * Does not block. */
enum status journal_feed_append(struct journal_feed *feed, uint8_t type, int64_t time_us,
				struct slice payload) MUST_CHECK;
/* How many records wait in the batch being filled. */
size_t journal_feed_pending(const struct journal_feed *feed);
/* Gives the filled batch to the journal thread unless it is empty or the other one is still being written; true when it
 * was given. Owner's thread only. Does not wait for the disk. */
bool journal_feed_hand_over(struct journal_feed *feed);
/* After on_written: takes the finished batch back. True when there was one; then *ret_count is its number of records,
 * *ret_first the first one's sequence number (they are contiguous) and *ret_status how it ended. STATUS_OK: durable.
 * STATUS_FULL: refused; nothing of it was kept (only a crash while the disk does not even take the zeros to overwrite
 * it with can bring a part of it back). STATUS_IO: not acknowledged; if this was the very batch whose write or sync
 * failed, and nothing is acknowledged after it, the next start may find some of it, from its beginning. Unless
 * STATUS_OK, *ret_first means nothing. Owner's thread only. */
bool journal_feed_collect(struct journal_feed *feed, size_t *ret_count, uint64_t *ret_first, enum status *ret_status);
/* A batch was handed over and not collected yet. */
bool journal_feed_busy(const struct journal_feed *feed);

/* ---- Readers. A reader belongs to one thread; there may be many. It never sees what is not durable. Tools that
 * look at the files of a journal from outside use journal/inspect.h. */

struct journal_record {
	uint64_t sequence;
	int64_t time_us;
	uint8_t type;
	struct slice payload; /* valid until the next call on the reader */
};

/* Starts behind `after` (0: at the very beginning). STATUS_NOT_FOUND when the segment that holds after+1 was deleted.
 * STATUS_CORRUPT when `after` is past the durable end: the journal has lost records that somebody has read. Close
 * readers before the journal. */
enum status journal_reader_open(struct journal *journal, uint64_t after, struct journal_reader **ret,
				struct err *err) MUST_CHECK;
void journal_reader_close(struct journal_reader **reader);
/* STATUS_OK: *ret is filled. STATUS_END: nothing more is durable now; call again later. STATUS_NOT_FOUND: the
 * segment was deleted meanwhile. Records at or below `after` may be damaged, nobody needs them. STATUS_CORRUPT,
 * STATUS_IO: *err says where; the reader stays in front of the record, and another call tries again. Blocks on the
 * disk, never on writers. */
enum status journal_reader_next(struct journal_reader *reader, struct journal_record *ret, struct err *err) MUST_CHECK;

/* Deletes segments whose records are all at or below `applied`, which must be committed in the store before the call
 * (R7). Keeps the newest one. STATUS_IO: some may be left; call again. Any thread; blocks. */
enum status journal_trim(struct journal *journal, uint64_t applied, struct err *err) MUST_CHECK;

#endif

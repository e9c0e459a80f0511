/* SPDX-License-Identifier: Apache-2.0 */
/* What writer.c (the thread and its callers) and writer_round.c (one transaction) share. */
#ifndef PUGMARK_ENGINE_WRITER_PRIVATE_H
#define PUGMARK_ENGINE_WRITER_PRIVATE_H

#include "base/letterbox.h"
#include "engine/ledger/neighbours.h"
#include "engine/ledger/record_group.h"
#include "engine/ledger/writer.h"
#include <stdatomic.h>

/* Records of a group. Beside other servers there is one in a transaction, or half of one, as large as a slice has time
 * for. Alone on PostgreSQL there are many, each large enough that its round trip does not matter. */
enum { GROUP_LEAST = 32, GROUP_ALONE = 256, GROUP_ALONE_MAX = 1024, GROUP_SHARED_MAX = 8192 };

struct writer {
	struct writer_config config;
	uint16_t node;
	struct node self;
	struct node_claim claim; /* of self */
	uint64_t target;         /* durable when the writer started */

	/* Of the writer's thread. */
	struct store_session *session;
	struct batch *batch;
	struct timers *timers;
	struct journal_reader *reader; /* NULL: to be opened behind the cursor */
	bool is_ready;                 /* session usable and cursor read since the last failure */
	uint64_t cursor;               /* committed, as the next */
	uint64_t half;                 /* the first half of the records up to here is applied; 0: of none */
	struct record_group *group;    /* read, and not applied as a whole; empty: none is */
	uint64_t attempted;            /* the largest that a commit was tried with, by the last process too */
	unsigned collisions;           /* with other writers, since something was committed */
	int64_t colliding_since_us;    /* the machine's monotonic clock: when the first of them was */
	int64_t looked_us, told_us;    /* monotonic; see writer_look_around */
	struct neighbourhood neighbours;
	struct cursor_history *history;
	struct journal_record ahead; /* read and not applied yet; in the reader's memory */
	bool has_ahead;
	size_t group_room;        /* beside others */
	unsigned turn;            /* whose turn it is there: enum work */
	bool is_careful;          /* the next transaction proves each record by itself */
	struct list_link waiting; /* commands, oldest first */
	int64_t trimmed_us;
	int64_t backoff_us; /* 0: the store works */
	int64_t stop_by_us; /* the machine's monotonic clock; 0: it is not being stopped */

	/* Shared. */
	struct letterbox mail;
	pthread_t thread;
	atomic_bool is_stopping;
	_Atomic uint64_t applied;
	_Atomic int64_t unapplied_since_us; /* what is not applied was received then or later */
	_Atomic int64_t timers_late_us;
	_Atomic int64_t well_us; /* the machine's monotonic clock: the last round that came to its end */
	_Atomic int halt;        /* enum writer_halt */
	atomic_bool is_alone;
	atomic_bool is_failing;
	pthread_mutex_t failure_lock;
	struct err failure;
};

enum round_result {
	ROUND_IDLE,       /* nothing to do */
	ROUND_DONE,       /* something was committed, and nothing is left to do */
	ROUND_UNFINISHED, /* something was committed, and more waits already */
	ROUND_AGAIN,      /* rolled back; try at once */
	ROUND_FAILED,     /* the store is away; try later */
	ROUND_STALLED,    /* commands work, but the journal cannot be read */
};

/* One transaction: waiting commands, then records. Also recovers the session when it must. */
enum round_result writer_round(struct writer *w, struct err *err);

/* ---- writer_node.c */
/* At the start: reads the cursor and takes the node. STATUS_CONFLICT: another process has it. */
enum status writer_claim_node(struct writer *w, struct err *err) MUST_CHECK;
/* Where the cursor stands, after a failure; halts the writer when it is not ours any more (STATUS_CONFLICT). */
enum status writer_find_cursor(struct writer *w, struct err *err) MUST_CHECK;
/* After a broken commit that moves the cursor there: STATUS_OK when it turns out to have happened, STATUS_IO when not,
 * STATUS_UNCERTAIN when the store does not say. */
enum status writer_learn_commit(struct writer *w, const struct journal_cursor *moved, struct err *err) MUST_CHECK;
/* Behind the cursor. As journal_reader_open. */
enum status writer_open_reader(struct writer *w, struct err *err) MUST_CHECK;
/* Once a second: is it allowed to write, and tells the others that it is there. Outside of a transaction. Anything but
 * STATUS_OK: the store does not take it, so it will take nothing else either. */
enum status writer_look_around(struct writer *w, struct err *err) MUST_CHECK;
void writer_leave(struct writer *w);
/* Who else writes the store now, and what follows from that for what is remembered. Outside of a transaction. */
enum status writer_look_for_others(struct writer *w, struct err *err) MUST_CHECK;
/* Another writer was in the way: waits a moment. False: it has been for too long. */
bool writer_step_aside(struct writer *w) MUST_CHECK;

/* ---- writer_cleanup.c */
enum writer_pace {
	WRITER_LEVEL,   /* with what comes in */
	WRITER_BEHIND,  /* thousands of records wait */
	WRITER_DELETED, /* the transaction deleted rows that nobody waits for */
};
/* After a commit. What fails is logged and tried again after the next. */
void writer_clean_up(struct writer *w, enum writer_pace pace);

/* ---- writer.c */
void writer_note_failure(struct writer *w, const struct err *err);
/* The command is over. */
void writer_end_command(struct writer_command *command, enum status status, const struct err *err);
/* Ends everything that waits. */
void writer_end_waiting(struct writer *w, enum status status, const struct err *err);

#endif

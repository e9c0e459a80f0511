/* SPDX-License-Identifier: Apache-2.0 */
/* writer: the one thread that writes the store.
 *
 * It applies journal records in order, runs commands that other threads hand in, and fires timers (timers.h), in
 * batches. One transaction holds a slice of each: commands for 10 ms, records for 10 ms (40 ms when no command waits,
 * 250 ms when it is far behind, too), timers for 10 ms; and whoever took longer than that, because one command cannot
 * be cut, gives the next as long. So none of the three waits longer than the others work: hits are applied while a
 * million messages are accepted. While nobody else writes the store, records that keep coming gather for 25 ms; one
 * that comes by itself is applied at once. With them moves the journal cursor, by compare-and-swap. A crash replays the
 * uncommitted suffix and nothing else.
 *
 * It is the process's voice among the nodes of a store: it tells that it is alive, and stops for good when another
 * process has its node or a newer program its store.
 *
 * It is also SQLite's only checkpointer, and trims the journal once what it applied is committed. When the store is
 * away it waits and tries again; the journal keeps everything meanwhile, and commands end with STATUS_IO.
 */
#ifndef PUGMARK_ENGINE_WRITER_H
#define PUGMARK_ENGINE_WRITER_H

#include "base/clock.h"
#include "base/list.h"
#include "base/status.h"
#include "engine/ledger/applier.h"
#include "engine/ledger/batch.h"
#include "engine/ledger/timers.h"
#include "journal/journal.h"
#include "store/house/nodes.h"

struct writer;

/* Why a writer must not write any more, until the process is started again. */
enum writer_halt {
	WRITER_RUNS,
	WRITER_FENCED,   /* another process holds this node: whatever this one still answers, nobody will count */
	WRITER_OUTDATED, /* a newer program has migrated the store */
};

struct writer_config {
	struct store *store; /* migrated */
	struct journal *journal;
	const struct clock *clock;
	/* What records mean (apply_join_writer in apply.h sets these four); what `applier` stands for must outlive the
	 * writer, and so must what the handlers do. */
	const struct applier *applier;
	void *applier_self;
	struct timer_handler timers[TIMER_HANDLERS_MAX];
	size_t timer_count;
	/* Which node of the store this is, under which epoch the writer is to take it; copied, its texts must outlive
	 * the writer. NULL: the journal's number, whoever had it (tests, measurements). */
	const struct node *node;
	uint32_t keep_seconds; /* how long the journal keeps what is applied, on a shared store */
	uint32_t stop_ms;      /* so long it goes on applying when it is stopped; 0: until all is applied */
	bool applies_at_once;  /* somebody waits for each record to be applied: they do not gather */
	/* On the writer's thread, once: it has stopped for good. Must not stop the writer. May be NULL. */
	void (*halted)(void *user, enum writer_halt why, const char *words);
	/* On the writer's thread after a commit that moved the cursor; must not block. May be NULL. */
	void (*applied)(void *user, uint64_t sequence);
	/* On the writer's thread after a commit that added events; must not block. May be NULL. */
	void (*committed)(void *user, uint64_t horizon);
	void *user;
};

/* Opens the writing session, takes the node and starts the thread. STATUS_CONFLICT: another process has the node.
 * STATUS_NOT_FOUND: the journal no longer has what the store's cursor
 * asks for next (an old copy of the store was put back). No feed of the journal may exist yet (journal_on_commit). */
enum status writer_start(const struct writer_config *config, struct writer **ret, struct err *err) MUST_CHECK;
/* Applies everything that is durable, in the time that the configuration gives it, ends waiting commands, stops. When
 * the store is away it tries once more and leaves the rest to the journal. The journal must still be open; its feeds
 * must have been freed. Blocks. */
void writer_stop(struct writer **writer);

/* Something to be done on the writer's thread, inside its transaction. Embedded in the caller's own struct. */
struct writer_command {
	struct list_link link; /* private */
	/* Does the work; writes through the batch and its session. Anything but STATUS_OK takes back this command's
	 * writes alone and is what the submitter sees. May be run again when the commit failed, so it must not change
	 * its input. */
	enum status (*run)(struct writer_command *command, struct batch *batch, struct err *err);
	/* On the writer's thread, after the commit or the failure; `command` belongs to the submitter again. Must not
	 * block. */
	void (*done)(struct writer_command *command);
	/* Nobody waits for it, and it writes all over the place: the WAL is written back in smaller parts behind it, so
	 * that those who do wait do not wait for that. */
	bool is_background;
	enum status status; /* set before done(); STATUS_UNCERTAIN: the connection broke while committing */
	struct err err;
	void *submitter; /* of whoever sets done */
};
/* Does not block. run and done must be set. The writer must not have been stopped. */
void writer_submit(struct writer *writer, struct writer_command *command);
/* Blocks until it is committed or failed; sets done itself. Not on the writer's thread. */
enum status writer_submit_and_wait(struct writer *writer, struct writer_command *command, struct err *err) MUST_CHECK;

/* Under which number and epoch this writer has its node, as long as it lives. Any thread. */
struct node_claim writer_node(const struct writer *writer);
/* How far the journal is applied and committed. Any thread. */
uint64_t writer_applied_sequence(const struct writer *writer);
/* The last durable record of its journal. Any thread. */
uint64_t writer_durable_sequence(const struct writer *writer);
/* Everything that was durable when the writer started is applied. Any thread. */
bool writer_caught_up(const struct writer *writer);
/* How long the record has waited that is to be applied next; 0: none waits. Any thread. */
int64_t writer_lag_us(const struct writer *writer);
/* By how much the earliest timer is late, as of the last round: 0 unless there is more to do than time. Any thread. */
int64_t writer_timers_late_us(const struct writer *writer);
/* WRITER_RUNS, or why nothing is written any more; commands end with STATUS_IO then. Any thread. */
enum writer_halt writer_halted(const struct writer *writer);
/* Nobody else writes this store, as of the last look (neighbours.h). Any thread. */
bool writer_is_alone(const struct writer *writer);
/* For a command: takes, or goes on holding, what one node does for all. STATUS_DENIED: another one has it, which is no
 * failure; the command does nothing then. */
struct writer_duty {
	const char *name;
	uint32_t seconds; /* from now; 0: long enough for any step, short enough when the node dies */
};
enum status writer_hold_duty(const struct writer *writer, struct batch *batch, const struct writer_duty *duty,
			     struct err *err) MUST_CHECK;
/* How long no round has come to its end, though one is tried every second: longer than any takes means that the store
 * does not answer, whether or not it will be a failure. Any thread. */
int64_t writer_silence_us(const struct writer *writer);
/* The store could not be written at the last try, or the journal not read; `text` gets why. Any thread. */
bool writer_is_failing(const struct writer *writer, char *text, size_t size);

#endif

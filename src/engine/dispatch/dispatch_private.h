/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch_private: what the files of the dispatcher share. Everything belongs to the dispatcher's thread unless it
 * says otherwise.
 *
 * A job is one claimed mail:
 *
 *   READY --start--> SENDING --at_barrier--> INTENT --durable--> PAST_DOT --done--> OUTCOME --durable--> SETTLING -->
 * gone |           |                     |                                      ^                 (applied) | +---
 * done: refused ---|--------------------------------------+
 *            +--- cannot be built -------------|--------------------------------------+
 *                                              +-- intent refused, stop: abandoned, gone; its lease runs out
 */
#ifndef PUGMARK_ENGINE_DISPATCH_PRIVATE_H
#define PUGMARK_ENGINE_DISPATCH_PRIVATE_H

#include "base/letterbox.h"
#include "base/random.h"
#include "engine/dispatch/dispatch.h"
#include "engine/ledger/record.h"
#include "engine/ledger/writer.h"
#include "store/mail/queue.h"
#include "transport/transport.h"
#include <pthread.h>
#include <stdatomic.h>

enum {
	LEASE_SECONDS = 120,
	ORPHANS_AT_ONCE = 1000,
	CLAIM_ROUNDS = 2, /* mails are claimed so many times ahead, so that the writer's commit is not waited for */
};

/* A command whose end is handled on the dispatcher's thread. */
struct dispatch_command {
	struct writer_command command; /* first */
	struct list_link letter;
	struct dispatcher *dispatcher;
	void (*finished)(struct dispatch_command *command); /* may free it */
};
/* run and finished must be set. */
void dispatch_submit(struct dispatcher *d, struct dispatch_command *command);

enum job_step {
	JOB_READY,
	JOB_SENDING,
	JOB_INTENT,
	JOB_PAST_DOT,
	JOB_OUTCOME,
	JOB_SETTLING,
	JOB_WITHDRAWN, /* its queue row is being taken away: suppressed meanwhile */
};

struct job {
	struct list_link link;        /* in dispatcher.jobs */
	struct list_link record_link; /* in one of ready, to_append, filling, writing; else by itself */
	struct dispatcher *dispatcher;
	enum job_step step;
	bool is_handed_over; /* its intent is with the journal (or the store): too late to give up */
	bool is_forgotten;   /* given up without a word; the lease runs out */
	struct queue_entry entry;
	int64_t lease_deadline_us; /* monotonic */
	struct arena *arena;
	struct message message;
	struct buf bytes;
	char id_text[UUID_TEXT_SIZE];
	struct delivery *delivery; /* NULL when none is under way */
	struct outcome_record outcome;
	uint64_t outcome_sequence;
	enum record_type record; /* being made durable; 0: none */
};

struct claim;
struct dispatcher {
	struct dispatch_config config; /* defaults filled in */
	const struct sending *sending;
	const struct clock *clock;
	struct store_session *session; /* reads */
	bool store_is_away;            /* and it was said */
	struct link_token_sealer *sealer;
	struct transport_loop *loop;
	struct transport **transports; /* one each of config.providers */
	char **provider_names;
	struct journal_feed *feed;
	struct letterbox mailbox; /* of finished commands */
	struct prng prng;
	pthread_t thread;

	struct list_link jobs;      /* all */
	struct list_link ready;     /* claimed, to be started */
	struct list_link to_append; /* a record is to be made durable */
	struct list_link filling;   /* its record is in the feed's batch */
	struct list_link writing;   /* …which the journal thread has */
	uint32_t ready_count;
	uint32_t open_count;    /* started and without a durable outcome */
	uint32_t command_count; /* submitted and not finished */

	struct claim *claim;     /* under way, or NULL */
	bool is_recovered;       /* what a crash left has been dealt with */
	bool more_due;           /* the last claim got all it asked for */
	int64_t next_due_us;     /* wall; 0: none known */
	int64_t next_look_us;    /* monotonic: ask the store again */
	int64_t next_sweep_us;   /* monotonic: claim whatever the store says is due, orphans when it is shared */
	int64_t paused_until_us; /* monotonic: the store or the journal said no */
	int64_t record_again_us; /* monotonic: the journal said no */

	atomic_bool is_woken;
	atomic_bool is_stopping;
	atomic_int stop_timeout_ms;
	atomic_uint_fast64_t sent, failed, deferred, uncertain, in_flight;
};

int64_t dispatch_monotonic_us(const struct dispatcher *d);
/* Connects the reading session again when it was lost; says once when the store goes and when it is back. */
void dispatch_recover_session(struct dispatcher *d);
/* Starts nothing for a second. */
void dispatch_pause(struct dispatcher *d);

/* ---- dispatch_claim.c */
/* Deals with what a crash left; sets is_recovered when done. */
void dispatch_recover(struct dispatcher *d);
/* Claims, and extends leases, when it is time and nothing is under way. */
void dispatch_claim(struct dispatcher *d);

/* ---- dispatch_job.c */
void job_new(struct dispatcher *d, const struct queue_entry *entry, int64_t lease_deadline_us);
void job_free(struct job **job);
/* Builds and starts what is ready, as much as may be under way. */
void job_start_ready(struct dispatcher *d);
/* The intent of the job is durable, or cannot be. */
void job_intent_settled(struct job *job, enum status status);
/* Gives up jobs that are not past the dot, at a stop. */
void job_give_up_all(struct dispatcher *d);

/* ---- dispatch_outcome.c */
/* The end of the job for this attempt; goes on to the journal. */
void job_set_outcome(struct job *job, const struct transport_outcome *outcome);

/* ---- dispatch_record.c */
/* Makes the job's intent or outcome durable. An outcome waits for an intent that is under way. */
void dispatch_record(struct job *job, enum record_type record);
/* Moves records through the journal feed. */
void dispatch_move_records(struct dispatcher *d);
/* Forgets jobs whose outcome the writer has applied. */
void dispatch_settle(struct dispatcher *d);
bool dispatch_has_records(const struct dispatcher *d);

#endif

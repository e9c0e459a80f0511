/* SPDX-License-Identifier: Apache-2.0 */
/* world: a store, a journal, keys and a tenant in a directory of their own, for tests of the engine. Everything fails
 * the running test when it does not work. */
#ifndef PUGMARK_TEST_ENGINE_WORLD_H
#define PUGMARK_TEST_ENGINE_WORLD_H

#include "base/clock.h"
#include "engine/apply/apply.h"
#include "engine/ledger/batch.h"
#include "engine/ledger/record.h"
#include "engine/ledger/writer.h"
#include "store/house/accounts.h"

/* 2026-11-21T06:00:00Z: everything happens then unless said otherwise. */
#define WORLD_NOW_US INT64_C(1795240800000000)
#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Agents: the image proxy of Gmail, and Apple's mail privacy. */
#define GMAIL SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")
#define APPLE SLICE("Mozilla/5.0")

struct world {
	char directory[64];
	char url[512];
	struct store *store;
	struct store_session *session; /* reads, and writes while no writer runs */
	struct journal *journal;
	struct link_token_keys *keys;
	uint32_t tenant;
	struct arena *arena;              /* of everything that was read */
	struct tenant_policies *policies; /* of writers; NULL: the defaults */
	bool counts_every_press;          /* of writers, as the next */
	bool is_shared;                   /* other machines are said to apply to the store, too */
	const struct clock *clock;        /* of writers; NULL: the machine's */
	struct apply *apply;              /* of the newest writer; NULL: there was none */
	uint32_t report_count;            /* made so far */
	struct arena *reports;            /* their texts; until world_close */
	struct event *pruned;             /* what world_prune took out: it stays counted */
	size_t pruned_count;
};

/* New and empty. */
void world_open(struct world *w);
/* The same in an empty PostgreSQL database; and a second server at the store of the first, with a journal of its own.
 */
void world_open_at(struct world *w, const char *url);
void world_open_beside(struct world *w, const struct world *first);
/* Closes it and removes the directory. */
void world_close(struct world *w);
/* For cmocka: *state is a world with messages 0 to `messages` - 1, not queued. One at a time. */
int world_set_up(void **state, uint32_t messages);
int world_tear_down(void **state);
/* Counts all sums again before. */
int world_tear_down_counted(void **state);
/* As after a start of the program: all handles are new. */
void world_reopen(struct world *w);
/* Only handles, for a process of its own that must not share them. */
void world_open_handles(struct world *w);
void world_close_handles(struct world *w);

/* A message with the nth id, sent by nobody yet, of campaign "spring" when n is even; queued with a lease taken by
 * `world_lease` when `is_queued`. */
struct uuid world_message_id(uint32_t n);
void world_add_message(struct world *w, uint32_t n, bool is_queued);
/* Claims everything due; the lease of message n. */
uint64_t world_lease(struct world *w, uint32_t n);
/* Valid until world_close. */
const struct message *world_message(struct world *w, uint32_t n);
/* All events of message n, oldest first. */
size_t world_events(struct world *w, uint32_t n, const struct event **ret);
size_t world_all_events(struct world *w, const struct event **ret);
int64_t world_stat(struct world *w, enum statistic stat);
/* A number out of the database; SQLite also takes a change that returns one. */
int64_t world_sql(struct world *w, const char *sql);

/* A struct clock whose wall time is what `now_us`, an int64_t *, points to; durations are the machine's. */
#define WORLD_CLOCK_AT(now_us)                                                                                         \
	{                                                                                                              \
		world_told_us, world_machine_us, (now_us)                                                              \
	}
int64_t world_told_us(void *now_us);
int64_t world_machine_us(void *self);

/* A hit of a person on message n that may be changed before it is used. */
struct hit_record world_hit(struct world *w, uint32_t n, enum hit_kind kind);
/* Gives it an address of its own: hits with different numbers do not repeat each other. */
void world_come_from(struct hit_record *hit, size_t number);
/* SendGrid tells of the same, at the same time, by the same client; every report has a name of its own. */
struct provider_hit_record world_report_of(struct world *w, const struct hit_record *hit);
struct provider_hit_record world_report(struct world *w, uint32_t n, enum hit_kind kind);

/* Writes records to the journal and returns when they are durable. */
struct world_feed;
struct world_feed *world_feed_open(struct world *w);
void world_feed_close(struct world_feed **feed);
void world_put_hit(struct world_feed *feed, int64_t time_us, const struct hit_record *hit);
/* `count` opens and clicks, each by somebody else, a tenth of a second apart, on messages 0 to `messages` - 1 in turn.
 * Some are by Apple. They are not applied. */
void world_put_hits(struct world *w, size_t count, uint32_t messages);
/* As a webhook that came in at that time. */
void world_put_report(struct world_feed *feed, int64_t time_us, const struct provider_hit_record *report);
void world_put_bytes(struct world_feed *feed, uint8_t type, int64_t time_us, struct slice payload);
void world_feed_sync(struct world_feed *feed);

/* What holds for every tenant, from the next writer on. */
void world_set_policy(struct world *w, const struct tenant_policy *policy);
/* What a writer needs here, with a new w->apply; for tests that change some of it. */
struct writer_config world_writer_config(struct world *w);
struct writer *world_start_writer(struct world *w);
/* Starts a writer, applies everything durable, stops it. */
void world_apply_all(struct world *w);

/* Applies one hit, received at that time; one report. */
void world_apply_hit(struct world *w, int64_t time_us, const struct hit_record *hit);
void world_apply_report(struct world *w, int64_t time_us, const struct provider_hit_record *report);
/* Writes an event of a message that is there, as apply would. No writer may run. */
void world_add_event(struct world *w, const struct event *event);
/* All opens and clicks, in the order in which they came; and how many of them are counted. */
size_t world_hits(struct world *w, const struct event **ret);
int64_t world_counted(struct world *w);

/* Settles everything that is due at that time. */
void world_settle(struct world *w, int64_t now_us);

/* Takes out all events that occurred earlier. No writer may run. */
void world_prune(struct world *w, int64_t before_us);
/* Some events of this message went. */
bool world_is_pruned(const struct world *w, struct uuid message);

/* Counts again, from the events and states alone, everything that is kept as a number, and fails the test where it
 * differs. Events that world_prune took out are counted, too. */
void world_check_sums(struct world *w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* consumer: follows the events of a tenant and remembers in the store how far it has come: the seam for whatever must
 * see each event, such as outgoing webhooks, a warehouse, a broker.
 *
 *	consumer_open(&config, session, &c, err)
 *	consumer_next(c, session, 500, arena, &page, err)      the next events, or none
 *	…tell of them…
 *	consumer_done(c, err)                                  committed: they do not come again
 *
 * Whoever is told hears of each event at least once and in order: after a crash between telling and done the same page
 * comes again, so receivers drop repeats by the event's id, which never changes. A page is cut by position and not by
 * time, so that a sink which repeats a page after an error can send the same bytes, as long as it asks for the same
 * limit. Wake-ups come from live.h; a consumer that missed one only comes later.
 *
 * Who is behind holds up nobody: it reads with its own session, at its own pace. Moving forward is a command of the
 * writer, which alone writes. Somebody who only looks on while connected (the live stream: the browser says where it
 * was) is no consumer; it keeps no row and needs none.
 *
 * Belongs to one thread, not the writer's. */
#ifndef PUGMARK_ENGINE_CONSUMER_H
#define PUGMARK_ENGINE_CONSUMER_H

#include "engine/ledger/writer.h"
#include "store/house/consumers.h"

struct consumer;

struct consumer_config {
	struct slice name; /* unique in the installation; what operators see */
	uint32_t tenant;
	uint32_t types;        /* bit 1 << enum event_type each; 0: all. Others are passed over */
	bool begins_with_old;  /* a new one: with the oldest that is there; else with what comes from now on */
	struct writer *writer; /* must outlive it */
};
/* Finds its row, or makes it (blocks until that is committed). STATUS_BAD_INPUT: the name. */
enum status consumer_open(const struct consumer_config *config, struct store_session *session, struct consumer **ret,
			  struct err *err) MUST_CHECK;
void consumer_free(struct consumer **consumer);

struct event_page {
	struct event *at; /* oldest first */
	size_t n;         /* 0: there are no newer ones */
};
/* The same again until consumer_done. */
enum status consumer_next(struct consumer *consumer, struct store_session *session, uint32_t limit, struct arena *arena,
			  struct event_page *ret, struct err *err) MUST_CHECK;
/* Done with all that consumer_next gave last; blocks until that is committed. STATUS_CONFLICT: somebody else follows
 * under this name and was quicker; open it anew. */
enum status consumer_done(struct consumer *consumer, struct err *err) MUST_CHECK;
/* The last event that it is done with. */
uint64_t consumer_position(const struct consumer *consumer);

/* All consumers of the installation, the one that is furthest behind first, and by how many positions each is behind
 * the newest event: of its tenant or another, so what is shown is an upper bound. */
struct consumer_lag {
	struct slice name;
	uint64_t position, behind;
	int64_t moved_us; /* when it last moved */
};
struct consumer_lags {
	struct consumer_lag *at;
	size_t n;
};
enum status consumer_lags(struct store_session *session, struct arena *arena, struct consumer_lags *ret,
			  struct err *err) MUST_CHECK;

#endif

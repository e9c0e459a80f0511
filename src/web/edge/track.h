/* SPDX-License-Identifier: Apache-2.0 */
/* track: the public paths that recipients' mail programs and browsers ask for: pixel, click, unsubscribe.
 *
 * One tracker a loop, used on that loop's thread only. A hit is parsed, its token opened with keys in memory, its
 * record appended to the loop's journal feed, and its answer held until the group commit that holds the record is on
 * disk, or, where two machines must have it, until it is applied; after max_wait_ms it is answered anyway and counted.
 * Nothing here takes a lock, asks a database, logs, or allocates for a hit (unsubscribe pages, destinations too long
 * for a token and keys that are not here aside, see stored_links.h and key_wait.h).
 */
#ifndef PUGMARK_WEB_TRACK_H
#define PUGMARK_WEB_TRACK_H

#include "base/clock.h"
#include "codec/token/link_token.h"
#include "engine/feed/live.h"
#include "engine/ledger/record.h"
#include "journal/journal.h"
#include "net/http_server.h"
#include "web/edge/key_wait.h"
#include "web/edge/stored_links.h"
#include <stdatomic.h>

struct tracker;

/* What a tracker has done; written by its loop only, read by anybody. Belongs to the caller and outlives the tracker.
 */
struct tracker_counters {
	_Atomic uint64_t opens, clicks, unsubscribes; /* answered, whoever asked */
	_Atomic uint64_t bad_tokens;
	_Atomic uint64_t early;  /* answered before the disk was done */
	_Atomic uint64_t alone;  /* on this disk only, because the store was not done in time */
	_Atomic uint64_t lost;   /* answered, and the journal could not keep them */
	_Atomic uint64_t summed; /* kept as a number only (replay.h) */
};

struct tracker_config {
	struct journal *journal;
	const struct link_token_keys *keys;
	const struct clock *clock;
	const char *base_url; /* where a broken click goes */
	int64_t max_wait_ms;
	struct live *applied; /* NULL, or answers wait until this tells that the store has their records */
	struct tracker_counters *counters;
	struct stored_links *links; /* where destinations too long for a token are found; must outlive the tracker */
	struct key_wait *key_wait;  /* where tokens of keys that are not here wait for them; must outlive it, too */
};

/* On the loop's thread. */
struct tracker *tracker_new(const struct tracker_config *config, struct http_loop *loop);
/* On the loop's thread, at its end: writes what is pending and frees; nobody may be waiting any more. */
void tracker_free(struct tracker **tracker);

/* Before a body is read: only who unsubscribes with a POST has one that says something. */
enum { TRACKER_BODY_MAX = 16384 };
bool tracker_takes_body(struct http_request *request);
/* True when the path was one of these; the request is then answered, now or later. */
bool tracker_handle(struct tracker *tracker, struct http_request *request);
/* Once per loop turn: gives the gathered records to the journal. */
void tracker_turn(struct tracker *tracker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* duplicate_window: was this address here a moment ago, for the same link or pixel of the same message?
 *
 * A hit is a duplicate when the one before it with the same key came at most so many seconds earlier, whatever became
 * of that one; so a client that asks again and again counts once. How many seconds is each tenant's own. Times are
 * those of the hits, not of the reader, and the answer depends on nothing else: what is read again after a crash gets
 * the same answers, once the window was filled from the store. When a tenant's time changes, one repeat may count that
 * came across the change. Memory is bounded, for short and for long times apart; one thread.
 */
#ifndef PUGMARK_ENGINE_DUPLICATE_WINDOW_H
#define PUGMARK_ENGINE_DUPLICATE_WINDOW_H

#include "codec/judge/ip_address.h"
#include "codec/judge/verdict.h"
#include "codec/text/uuid.h"

enum {
	DUPLICATE_WINDOW_SECONDS_MAX = 3600,
	/* Remembered, of up to 10 seconds, a minute, ten, an hour each; past that the oldest are forgotten early. */
	DUPLICATE_WINDOW_HITS_MAX = 262144,
};

struct duplicate_key {
	struct uuid message;
	enum hit_kind kind;
	uint32_t link_index;
	struct ip_address client;
	bool is_person; /* a prefetch must not hide the click that follows it from the same address */
};

struct duplicate_window;
struct duplicate_window *duplicate_window_new(void);
void duplicate_window_free(struct duplicate_window **window);
/* Notes a hit; true when it is a duplicate within `seconds`, which is the same for all hits of a message. More than
 * DUPLICATE_WINDOW_SECONDS_MAX counts as that. */
bool duplicate_window_hit(struct duplicate_window *window, const struct duplicate_key *key, int64_t time_us,
			  uint32_t seconds);
void duplicate_window_clear(struct duplicate_window *window);
/* How many hits are in memory. */
size_t duplicate_window_count(const struct duplicate_window *window);

#endif

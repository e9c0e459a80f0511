/* SPDX-License-Identifier: Apache-2.0 */
/* hits: what those who judge ask of opens and clicks that are written. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_HITS_H
#define PUGMARK_STORE_HITS_H

#include "store/events/events.h"

/* The newest opens and clicks of a message, anonymous ones too, newest first: what an event has of its own, nothing of
 * its message. */
struct event_hits {
	struct event *at;
	size_t n;
};
enum status store_event_hits(struct store_session *s, struct uuid message, uint32_t limit, struct arena *arena,
			     struct event_hits *ret, struct err *err) MUST_CHECK;
/* The same of many messages, by their numbers, each once: ret[i] are those of numbers[i]. */
struct hits_wanted {
	const uint64_t *numbers;
	size_t count;
	uint32_t limit; /* of each message */
};
enum status store_event_hits_of_many(struct store_session *s, const struct hits_wanted *wanted, struct arena *arena,
				     struct event_hits *ret, struct err *err) MUST_CHECK;
/* As store_event_hits, of those that occurred until then. */
struct hits_until {
	struct uuid message;
	int64_t until_us; /* inclusive */
	uint32_t limit;
};
enum status store_event_hits_until(struct store_session *s, const struct hits_until *which, struct arena *arena,
				   struct event_hits *ret, struct err *err) MUST_CHECK;
/* The first hit that counts for the person: no duplicate, not anonymous, in the headline unless it says so. Or the one
 * that is marked as that (is_unique), which a change of verdicts may have made another one. As store_event_hits fills
 * it. STATUS_NOT_FOUND. */
enum first_hit {
	FIRST_OPEN,
	FIRST_OPEN_STRICT, /* of ACTOR_HUMAN */
	FIRST_OPEN_ANY,    /* also out of the headline */
	FIRST_CLICK,
	FIRST_CLICK_ANY,
	HOLDER_OPEN,
	HOLDER_CLICK,
};
enum status store_event_first_counted(struct store_session *s, struct uuid message, enum first_hit which,
				      struct arena *arena, struct event *ret, struct err *err) MUST_CHECK;
/* When the last such hit of either type occurred; 0: there is none. */
enum status store_event_last_counted(struct store_session *s, struct uuid message, int64_t *ret_us,
				     struct err *err) MUST_CHECK;

/* Opens and clicks that have an address, as far as fan-out asks about them. */
struct past_visit {
	uint64_t position; /* of the event */
	uint32_t tenant;
	struct slice recipient; /* address of the mail */
	int64_t delivered_us;   /* else when it was sent; 0: neither is known */
	int64_t time_us;
	bool is_click;
	struct slice ip, user_agent;
	uint16_t signals;
	struct slice reasons;
};
struct past_visits {
	struct past_visit *at;
	size_t n;
};

/* The first minute (since 1970) at or after this one that has an event of any tenant; 0: none has. */
enum status store_event_next_minute(struct store_session *s, int64_t minute, int64_t *ret, struct err *err) MUST_CHECK;

/* The visits of one minute, whoever they were judged to be, in order of position and so nearly in order of time: a few
 * chunks of positions (EVENT_CHUNK_BITS) at a time, from `chunk` on, each of which is read by its index. */
struct visit_walk {
	int64_t minute;
	uint64_t chunk; /* 0 at first; then what the last reading returned */
};
/* *ret_next: the next chunk that has events of the minute; 0: that was the last one. */
enum status store_event_visits(struct store_session *s, const struct visit_walk *walk, struct arena *arena,
			       struct past_visits *ret, uint64_t *ret_next, struct err *err) MUST_CHECK;

/* ---- Hits of long ago, in order of time, and those of the same time in order of writing. */
struct hit_walk {
	int64_t after_us; /* exclusive, together with the position; where the last reading ended */
	uint64_t after_position;
	int64_t until_us; /* inclusive */
	uint32_t limit;
};
/* Each message once: its first open or click at or after `since_us`. */
struct first_visit {
	struct uuid message;
	int64_t time_us;
	uint64_t position;
};
struct first_visits {
	struct first_visit *at;
	size_t n;
};
enum status store_event_first_visits(struct store_session *s, const struct hit_walk *walk, int64_t since_us,
				     struct arena *arena, struct first_visits *ret, struct err *err) MUST_CHECK;
/* How many opens and clicks of the message occurred at or after `since_us`. */
enum status store_event_hits_since(struct store_session *s, struct uuid message, int64_t since_us, uint64_t *ret,
				   struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* rejudge_report: what judging history again found: before and after. Numbers only, so that it can be added up. */
#ifndef PUGMARK_ENGINE_REJUDGE_REPORT_H
#define PUGMARK_ENGINE_REJUDGE_REPORT_H

#include "store/events/events.h"

/* Why hits were not judged. */
enum left_alone {
	LEFT_NOT_KEPT,   /* neither address nor agent, or too little of the address */
	LEFT_INCOMPLETE, /* their message's counters rest on events that are gone */
	LEFT_CROWDED,    /* their message has more hits than are judged together */
	LEFT_ERASED,     /* their message is nobody's any more */
	LEFT_NO_MESSAGE,
	LEFT_UNREADABLE, /* a row of theirs is damaged */
	LEFT_COUNT
};
const char *left_alone_name(enum left_alone why); /* "not_kept", … */

/* The headline numbers, as far as these hits make them. */
struct rejudge_headline {
	uint64_t opens, opens_unique, clicks, clicks_unique;
};

enum { REJUDGE_REASONS_MAX = 128, REJUDGE_REASON_SIZE = 48 };
struct rejudge_reason {
	char name[REJUDGE_REASON_SIZE]; /* "burst", "agent:apple_mpp": without figures */
	uint64_t came, went;            /* hits that have it now, or have it no longer */
};

struct rejudge_report {
	uint64_t messages; /* that were judged */
	uint64_t hits;     /* of theirs, since the time in question, repeats too */
	uint64_t changed;  /* another actor, or Apple's privacy proxy or not */
	uint64_t opens[ACTOR_COUNT][ACTOR_COUNT], clicks[ACTOR_COUNT][ACTOR_COUNT]; /* by actor before, and after */
	uint64_t left[LEFT_COUNT]; /* hits since then that stay as they are */
	struct rejudge_headline before, after;
	struct rejudge_reason reasons[REJUDGE_REASONS_MAX]; /* of changed hits; what comes past that is not told */
	size_t reason_count;
};

/* One message's hits as they are and as they would be; those that occurred earlier than `since_us` count for who is
 * unique only. */
struct rejudged_hits {
	const struct event *before, *after;
	const bool *is_left; /* not judged; `after` is `before` */
	size_t n;
	int64_t since_us;
};
void rejudge_report_add_hits(struct rejudge_report *report, const struct rejudged_hits *hits);
/* Whether a verdict is another one: it makes a difference to some number. */
bool rejudge_is_change(const struct event *before, const struct event *after);
void rejudge_report_merge(struct rejudge_report *into, const struct rejudge_report *from);
/* The reasons that changed most come first. */
void rejudge_report_sort(struct rejudge_report *report);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_score: how well the hits of a population were judged: against the truth, hit by hit and in the numbers that
 * people look at. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_SCORE_H
#define PUGMARK_SIMULATOR_TRAFFIC_SCORE_H

#include "simulator/traffic_hit.h"

/* What somebody made of a hit. */
struct traffic_opinion {
	enum actor actor;
	bool is_duplicate; /* counted nowhere */
};

enum traffic_class {
	CLASS_OPENS,          /* by people, without a proxy */
	CLASS_PROXIES,        /* by people through an image proxy */
	CLASS_HEADLINE_OPENS, /* both, without a difference between them */
	CLASS_CLICKS,         /* by people */
	CLASS_PREFETCH,
	CLASS_SCANNERS,
	CLASS_PREVIEWS,
	CLASS_CRAWLERS,
	CLASS_COUNT,
};
const char *traffic_class_text(enum traffic_class class);
const char *traffic_class_name(enum traffic_class class); /* for JSON */

struct traffic_score {
	/* Hits by behaviour, HIT_OPEN or HIT_CLICK, and who they were taken for. */
	uint64_t hits[TRAFFIC_BEHAVIOUR_COUNT][2][ACTOR_COUNT];
};
void traffic_score_add(struct traffic_score *score, const struct traffic_hit *hit, enum actor judged);

/* Hits of a class: how many there are, how many were judged to be, and how many of these rightly. */
struct traffic_class_score {
	uint64_t actual, judged, right;
};
struct traffic_class_score traffic_score_of(const struct traffic_score *score, enum traffic_class class);
/* 1 when nothing was judged so. */
double traffic_precision(const struct traffic_class_score *score);
/* 1 when there is none. */
double traffic_recall(const struct traffic_class_score *score);

/* What people look at. */
struct traffic_headline {
	int64_t opens, unique_opens, clicks, unique_clicks;
};
/* What people did; a double click is one click. `mails` are all there are. */
struct traffic_headline traffic_headline_truth(const struct traffic_hit *hits, size_t count, size_t mails);
/* As counted by somebody with these opinions, one a hit. */
struct traffic_headline traffic_headline_of(const struct traffic_hit *hits, const struct traffic_opinion *opinions,
					    size_t count, size_t mails);
/* Per cent of the truth, negative when too few were counted; 0 when both are 0. */
double traffic_error_percent(int64_t counted, int64_t truth);

#endif

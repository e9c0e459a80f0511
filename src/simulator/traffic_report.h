/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_report: what came of a simulated population, judged by this program and by its rivals. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_REPORT_H
#define PUGMARK_SIMULATOR_TRAFFIC_REPORT_H

#include "simulator/traffic_population.h"
#include "simulator/traffic_replay.h"
#include "simulator/traffic_rivals.h"

struct traffic_contender {
	const char *name, *text;
	struct traffic_score score;
	struct traffic_headline headline;
};

enum { TRAFFIC_CONTENDERS = 1 + RIVAL_COUNT };

/* What the population is made of, beside published figures. */
struct traffic_mix {
	uint64_t company_clicks, company_machine_clicks; /* on mail to companies */
	uint64_t consumer_clicks, consumer_machine_clicks;
};

struct traffic_report {
	struct traffic_plan plan;
	size_t hits;
	double seconds; /* of the replay */
	struct traffic_mix mix;
	struct traffic_headline truth;
	struct traffic_contender contenders[TRAFFIC_CONTENDERS]; /* this program first */
};

/* Makes the population and replays it. Blocks. */
enum status traffic_report_make(const struct traffic_plan *plan, const struct traffic_agents *agents,
				const struct traffic_progress *progress, struct traffic_report *ret,
				struct err *err) MUST_CHECK;
/* Precision and recall of people's clicks at least 0.99, and no number of the headline off by more than 1 %. */
bool traffic_report_meets_bar(const struct traffic_contender *contender, const struct traffic_headline *truth);

#endif

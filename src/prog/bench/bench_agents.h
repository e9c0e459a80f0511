/* SPDX-License-Identifier: Apache-2.0 */
/* bench_agents: user agents to measure with, and the judge's work on them.
 *
 * Shared by `pugmark bench judge` and the program in bench/peers, so that both read and count alike. */
#ifndef PUGMARK_PROG_BENCH_AGENTS_H
#define PUGMARK_PROG_BENCH_AGENTS_H

#include "base/buf.h"

struct bench_agents {
	struct buf text;
	struct slice *agents; /* in `text`, or built in */
	size_t count;
	size_t bytes;    /* of all agents */
	size_t repeats;  /* a pass goes over all of them so often, so that short lists can be timed */
	uint64_t people; /* hits that were judged as people's; nobody reads it, but the compiler does not know */
};

/* One agent a line; where the first line is a head of columns with tabs between them, the column "ua". `path` NULL:
 * some that are built in. False, with a line on standard error, when it cannot be read or has no agent. Give it to
 * bench_agents_done in any case. */
bool bench_agents_read(const char *path, struct bench_agents *ret);
void bench_agents_done(struct bench_agents *agents);

/* bench_pass_fn (bench_corpus.h) over struct bench_agents: judges each agent as an open and as a click, with an
 * address, headers and a time since delivery, as a server would. */
bool bench_agents_judge(void *user);
enum { BENCH_HITS_PER_AGENT = 2, BENCH_AGENT_PASSES = 500 };

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* bench_hits: who opens and clicks the mail of bench_mail.h, 25 hits a second, in order of time.
 *
 * A mail has two to three hits on average, at any time of the day after it was delivered and most of them soon. Every
 * tenth mail passes a gateway that fetches the picture and some links at once; one hit in 25 is repeated a moment
 * later; a few press the unsubscribe button. Readers keep their client and their address; clients come in some thousand
 * agents. The same seed gives the same hits. */
#ifndef PUGMARK_PROG_BENCH_HITS_H
#define PUGMARK_PROG_BENCH_HITS_H

#include "base/random.h"
#include "engine/ledger/record.h"

enum { BENCH_HIT_EVERY_US = 40000, BENCH_HIT_AGENT_MAX = 200 };

struct bench_hits {
	/* The caller's. */
	uint32_t tenant;
	uint64_t at; /* the number of the next hit */
	/* Private. */
	struct prng random;
	uint32_t gateway_mail; /* the last that a gateway has looked at */
	uint32_t burst_left;   /* hits of its look that are still to come */
	struct hit_record last;
	char agent[BENCH_HIT_AGENT_MAX], url[200];
};

/* Begins with the `at`th. */
void bench_hits_init(struct bench_hits *hits, uint32_t tenant, uint64_t at);
/* Valid until the next call. */
void bench_hits_next(struct bench_hits *hits, struct hit_record *ret, int64_t *ret_time_us);
/* When the nth comes. */
int64_t bench_hits_time_us(uint64_t n);
/* How many mails the first `count` hits are on. */
uint32_t bench_hits_mails(uint64_t count);

#endif

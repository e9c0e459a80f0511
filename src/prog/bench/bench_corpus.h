/* SPDX-License-Identifier: Apache-2.0 */
/* bench_corpus: the files of a directory in memory, and rounds of work on them against the clock.
 *
 * Shared by `pugmark bench rewrite` and the programs in bench/peers, so that all of them read, count and time alike.
 * 1 MB is 10^6 bytes of input.
 */
#ifndef PUGMARK_PROG_BENCH_CORPUS_H
#define PUGMARK_PROG_BENCH_CORPUS_H

#include "base/buf.h"

enum { BENCH_ROUNDS_MAX = 100, BENCH_JOBS_MAX = 8 };

struct bench_corpus {
	struct buf bytes;    /* all files, one after the other, in the order of their names */
	struct slice *files; /* in `bytes` */
	size_t file_count;
};

/* Reads every file that stands in `directory` itself. False: there was none, one could not be read, or all of them are
 * larger than 1 GiB. Give it to bench_corpus_done in any case. */
bool bench_corpus_read(const char *directory, struct bench_corpus *ret);
void bench_corpus_done(struct bench_corpus *corpus);

/* One pass over the whole corpus. False: it failed. */
typedef bool bench_pass_fn(void *user);

struct bench_rate {
	double best_mb_per_s;
	double median_mb_per_s;
};

/* Does `count` jobs (at most BENCH_JOBS_MAX) in turn, each for at least 0.2 s a round, for `rounds` rounds (at most
 * BENCH_ROUNDS_MAX): so a machine that is busy for a while slows all of them. The first pass of each is not counted.
 * `bytes` is what a pass reads. False: a pass failed. */
bool bench_rounds(bench_pass_fn *const *jobs, size_t count, void *user, size_t bytes, size_t rounds,
		  struct bench_rate *ret);

/* MB/s of the quickest of `passes` passes, or negative when one failed. */
double bench_best_pass(bench_pass_fn *job, void *user, size_t bytes, int passes);

#endif

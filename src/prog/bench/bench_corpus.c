/* SPDX-License-Identifier: Apache-2.0 */
/* All files are read before the clock starts, one behind the other in one buffer: the disk is not what is measured.
 * Those that are compared take turns, round by round, so that a machine which slows down for a while slows all of them;
 * of the rounds the median counts. */
#include "prog/bench/bench_corpus.h"

#include "base/clock.h"
#include "base/mem.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CORPUS_MAX = 1 << 30, ROUND_MIN_US = 200000 };

/* ---- files ---- */

static bool read_all(int fd, struct buf *to)
{
	enum { BLOCK = 65536 };
	ssize_t n;
	do {
		char *room = buf_reserve(to, BLOCK);
		n = room ? read(fd, room, BLOCK) : -1;
		if (n > 0)
			buf_commit(to, (size_t)n);
	} while (n > 0);
	return n == 0;
}

/* What is not a regular file is passed over. */
static bool add_file(struct bench_corpus *corpus, int directory, const char *name)
{
	struct stat info;
	size_t start = corpus->bytes.n;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	bool is_good = fd >= 0 && fstat(fd, &info) == 0;
	if (is_good && S_ISREG(info.st_mode)) {
		is_good = read_all(fd, &corpus->bytes);
		corpus->files[corpus->file_count++].n = corpus->bytes.n - start;
	}
	if (fd >= 0)
		(void)close(fd);
	return is_good;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

bool bench_corpus_read(const char *directory, struct bench_corpus *ret)
{
	struct dirent **names = NULL;
	*ret = (struct bench_corpus){0};
	buf_init(&ret->bytes, CORPUS_MAX);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = fd >= 0 ? scandir(directory, &names, NULL, by_name) : 0;
	bool is_good = count > 0;
	if (is_good)
		ret->files = mem_alloc_array((size_t)count, sizeof *ret->files);
	for (int i = 0; i < count; i++) {
		is_good = is_good && add_file(ret, fd, names[i]->d_name);
		free(names[i]); /* scandir's */
	}
	free(names);
	if (fd >= 0)
		(void)close(fd);
	const char *at = buf_cstr(&ret->bytes);
	for (size_t i = 0; i < ret->file_count; at += ret->files[i++].n)
		ret->files[i].p = at;
	return is_good && ret->bytes.n > 0;
}

void bench_corpus_done(struct bench_corpus *corpus)
{
	mem_free(corpus->files);
	buf_done(&corpus->bytes);
	*corpus = (struct bench_corpus){0};
}

/* ---- rounds ---- */

static int64_t now_us(void)
{
	return clock_monotonic_us(clock_system());
}

/* As many passes as fill a round. */
static double round_mb_per_s(bench_pass_fn *job, void *user, size_t bytes)
{
	int64_t start_us = now_us();
	int64_t spent_us = 0;
	size_t passes = 0;
	while (spent_us < ROUND_MIN_US) {
		if (!job(user))
			return -1;
		passes++;
		spent_us = now_us() - start_us;
	}
	return (double)passes * (double)bytes / (double)spent_us;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

bool bench_rounds(bench_pass_fn *const *jobs, size_t count, void *user, size_t bytes, size_t rounds,
		  struct bench_rate *ret)
{
	double rates[BENCH_JOBS_MAX][BENCH_ROUNDS_MAX];
	BUG_IF(count > BENCH_JOBS_MAX || rounds == 0 || rounds > BENCH_ROUNDS_MAX);
	for (size_t j = 0; j < count; j++)
		if (!jobs[j](user))
			return false;
	for (size_t r = 0; r < rounds; r++)
		for (size_t j = 0; j < count; j++) {
			rates[j][r] = round_mb_per_s(jobs[j], user, bytes);
			if (rates[j][r] < 0)
				return false;
		}
	for (size_t j = 0; j < count; j++) {
		qsort(rates[j], rounds, sizeof rates[j][0], by_value);
		ret[j] = (struct bench_rate){rates[j][rounds - 1], rates[j][rounds / 2]};
	}
	return true;
}

double bench_best_pass(bench_pass_fn *job, void *user, size_t bytes, int passes)
{
	int64_t best_us = INT64_MAX;
	for (int i = 0; i < passes; i++) {
		int64_t start_us = now_us();
		if (!job(user))
			return -1;
		int64_t spent_us = now_us() - start_us;
		best_us = spent_us < best_us ? spent_us : best_us;
	}
	return (double)bytes / (double)(best_us > 0 ? best_us : 1);
}

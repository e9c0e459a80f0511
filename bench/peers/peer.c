/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include "base/mem.h"
#include "prog/bench/bench_corpus.h"
#include <stdio.h>
#include <stdlib.h>

enum { FOUND_MAX = 100000, OUT_MAX = 1 << 28, ROUNDS_DEFAULT = 5 };

struct range {
	size_t start;
	size_t end;
};

struct peer_found {
	struct range ranges[FOUND_MAX];
	size_t count;
};

struct bench {
	const struct peer *peer;
	struct bench_corpus corpus;
	struct peer_found *found;
	struct buf out;
	size_t link_count;
	size_t identical_count;
};

void peer_add(struct peer_found *found, size_t start, size_t end)
{
	if (found->count < FOUND_MAX && start <= end)
		found->ranges[found->count++] = (struct range){start, end};
}

bool peer_is_http(const char *value)
{
	struct slice s = slice_trim(slice_from_cstr(value));
	return slice_starts_with_nocase(s, SLICE("http:")) || slice_starts_with_nocase(s, SLICE("https:"));
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a;
	const struct range *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

/* A tree is not in the order of the file, and may hold one tag of it twice. */
static void put_in_order(struct peer_found *found)
{
	size_t kept = 0;
	qsort(found->ranges, found->count, sizeof found->ranges[0], by_start);
	for (size_t i = 0; i < found->count; i++)
		if (kept == 0 || found->ranges[i].start != found->ranges[kept - 1].start)
			found->ranges[kept++] = found->ranges[i];
	found->count = kept;
}

/* `address` NULL: every value is replaced by itself. */
static void splice(const struct peer_found *found, struct slice file, const char *address, struct buf *out)
{
	struct slice replacement = slice_from_cstr(address);
	size_t at = 0;
	for (size_t i = 0; i < found->count; i++) {
		struct range r = found->ranges[i];
		buf_append(out, slice_sub(file, at, r.start));
		buf_append(out, address ? replacement : slice_sub(file, r.start, r.end));
		at = r.end;
	}
	buf_append(out, slice_from(file, at));
}

static bool rewrite(struct bench *b, struct slice file, const char *address)
{
	b->found->count = 0;
	buf_clear(&b->out);
	if (!b->peer->find(b->peer->context, file, b->found))
		return false;
	put_in_order(b->found);
	splice(b->found, file, address, &b->out);
	return true;
}

static bool pass_rewrite(void *user)
{
	struct bench *b = user;
	for (size_t i = 0; i < b->corpus.file_count; i++) {
		if (!rewrite(b, b->corpus.files[i], "https://track.example.com/c/0123456789abcdefghijklmnopqrstu"))
			return false;
		buf_append_cstr(&b->out, "<img src=\"https://track.example.com/o/0123456789abcdefghijklmnopqrstu.gif\" "
					 "width=\"1\" height=\"1\" alt=\"\" border=\"0\">");
	}
	return true;
}

static bool pass_parse(void *user)
{
	struct bench *b = user;
	for (size_t i = 0; i < b->corpus.file_count; i++)
		if (!b->peer->parse(b->peer->context, b->corpus.files[i]))
			return false;
	return true;
}

static bool count(struct bench *b)
{
	for (size_t i = 0; i < b->corpus.file_count; i++) {
		if (!rewrite(b, b->corpus.files[i], NULL))
			return false;
		b->link_count += b->found->count;
		b->identical_count += slice_equal(buf_slice(&b->out), b->corpus.files[i]);
	}
	return true;
}

static int run(struct bench *b, size_t rounds)
{
	static bench_pass_fn *const jobs[] = {pass_parse, pass_rewrite};
	struct bench_rate rates[2];
	if (!count(b) || !bench_rounds(jobs, 2, b, b->corpus.bytes.n, rounds, rates)) {
		(void)fprintf(stderr, "%s: a file could not be parsed\n", b->peer->name);
		return 1;
	}
	printf("{\"engine\":\"%s\",\"work\":\"parse only\",\"mb_per_s\":%.1f,\"median_mb_per_s\":%.1f,\"links\":null,"
	       "\"identical\":null}\n",
	       b->peer->name, rates[0].best_mb_per_s, rates[0].median_mb_per_s);
	printf("{\"engine\":\"%s\",\"work\":\"parse, find, splice by its positions, pixel at the end\","
	       "\"mb_per_s\":%.1f,\"median_mb_per_s\":%.1f,\"links\":%zu,\"identical\":%zu}\n",
	       b->peer->name, rates[1].best_mb_per_s, rates[1].median_mb_per_s, b->link_count, b->identical_count);
	return 0;
}

int peer_main(int argc, char **argv, const struct peer *peer)
{
	struct bench b = {.peer = peer};
	uint64_t rounds = ROUNDS_DEFAULT;
	if (argc < 2 || argc > 3 ||
	    (argc == 3 && (!slice_to_u64(slice_from_cstr(argv[2]), BENCH_ROUNDS_MAX, &rounds) || rounds == 0))) {
		(void)fprintf(stderr, "usage: %s DIR [ROUNDS]\n", argv[0]);
		return 2;
	}
	int code = 1;
	b.found = mem_alloc(sizeof *b.found);
	buf_init(&b.out, OUT_MAX);
	if (bench_corpus_read(argv[1], &b.corpus))
		code = run(&b, (size_t)rounds);
	else
		(void)fprintf(stderr, "%s: the files of '%s' cannot be read\n", argv[0], argv[1]);
	bench_corpus_done(&b.corpus);
	buf_done(&b.out);
	mem_free(b.found);
	return code;
}

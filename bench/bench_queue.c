/* SPDX-License-Identifier: Apache-2.0 */
/* bench_queue URL [ROWS [LIMIT]]: how many mails a second the queue gives and takes back, from one deliverer.
 *
 * ROWS due rows of ten tenants in an empty store; then transactions of LIMIT claims until none is left; then, as many
 * at a time, their intents; then their outcomes. The client's own processor is hardly used: what is measured is the
 * database and the round trips. Run it beside another version's in turns; the ratio is what counts.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/mail/queue.h"
#include "store/mail/queue_claim.h"
#include <stdio.h>
#include <stdlib.h>

enum { TENANTS = 10, ROWS = 100000, LIMIT = 500, CHECKPOINT_PAGES = 4000 };

struct bench {
	struct store_session *s;
	struct arena *arena;
	struct prng prng;
	struct queue_entry *claimed;
	size_t count;
	uint64_t rows, limit;
	struct err err;
};

static void must(struct bench *b, enum status status)
{
	if (status == STATUS_OK)
		return;
	(void)fprintf(stderr, "bench_queue: %s: %s\n", status_name(status), b->err.text);
	exit(1);
}

static struct uuid new_id(struct bench *b)
{
	uint8_t random[10];
	uint64_t a = prng_next(&b->prng), c = prng_next(&b->prng);
	memcpy(random, &a, 8);
	memcpy(random + 8, &c, 2);
	return uuid_v7(clock_now_us(clock_system()), random);
}

static void commit(struct bench *b)
{
	must(b, store_commit(b->s, &b->err));
	must(b, store_checkpoint(b->s, CHECKPOINT_PAGES, &b->err));
}

static void fill(struct bench *b)
{
	for (uint64_t i = 0; i < b->rows; i++) {
		struct queue_item item = {.message = new_id(b),
					  .tenant = (uint32_t)(1 + i % TENANTS),
					  .provider = SLICE("smtp"),
					  .stream = SLICE("bulk"),
					  .due_us = (int64_t)(1000 + i)};
		if (i % 5000 == 0)
			must(b, store_begin(b->s, &b->err));
		must(b, store_queue_add(b->s, &item, &b->err));
		if (i % 5000 == 4999 || i + 1 == b->rows)
			commit(b);
	}
}

/* Some; none when all are claimed. */
static size_t claim(struct bench *b)
{
	struct queue_entry *entries = NULL;
	size_t count = 0;
	int64_t now_us = clock_now_us(clock_system());
	struct queue_claim wanted = {
	    .now_us = now_us, .lease_until_us = now_us + 120000000, .limit = (uint32_t)b->limit};
	must(b, store_begin(b->s, &b->err));
	must(b, store_queue_claim(b->s, &wanted, b->arena, &entries, &count, &b->err));
	commit(b);
	for (size_t i = 0; i < count; i++)
		b->claimed[b->count++] = entries[i];
	return count;
}

static void intend(struct bench *b, const struct queue_entry *entries, size_t count)
{
	struct queue_intent *intents = arena_alloc_array(b->arena, count, sizeof *intents);
	bool *taken = arena_alloc_array(b->arena, count, sizeof *taken);
	for (size_t i = 0; i < count; i++)
		intents[i] = (struct queue_intent){entries[i].message, entries[i].lease, entries[i].attempt};
	must(b, store_begin(b->s, &b->err));
	must(b, store_queue_intents(b->s, intents, count, 1, taken, &b->err));
	commit(b);
}

static void end(struct bench *b, const struct queue_entry *entries, size_t count)
{
	struct queue_outcome *outcomes = arena_alloc_array(b->arena, count, sizeof *outcomes);
	for (size_t i = 0; i < count; i++)
		outcomes[i] = (struct queue_outcome){
		    .message = entries[i].message, .attempt = entries[i].attempt, .ending = QUEUE_FINISHED};
	must(b, store_begin(b->s, &b->err));
	must(b, store_queue_end_attempts(b->s, outcomes, count, &b->err));
	commit(b);
}

static void say(const char *what, const struct bench *b, int64_t since_us)
{
	int64_t took_us = clock_monotonic_us(clock_system()) - since_us;
	(void)printf("%s %.0f/s  ", what, (double)b->count * 1e6 / (double)took_us);
}

static void by_parts(struct bench *b, void (*step)(struct bench *, const struct queue_entry *, size_t))
{
	for (size_t from = 0; from < b->count; from += b->limit)
		step(b, b->claimed + from, b->count - from < b->limit ? b->count - from : b->limit);
}

int main(int argc, char **argv)
{
	struct bench b = {.rows = ROWS, .limit = LIMIT, .arena = arena_new()};
	struct store *store = NULL;
	if (argc < 2 || (argc > 2 && !slice_to_u64(slice_from_cstr(argv[2]), 10000000, &b.rows)) ||
	    (argc > 3 && !slice_to_u64(slice_from_cstr(argv[3]), 100000, &b.limit)) || b.rows == 0 || b.limit == 0) {
		(void)fprintf(stderr, "usage: bench_queue URL [ROWS [LIMIT]]\n");
		return 2;
	}
	prng_init(&b.prng, 1);
	b.claimed = calloc(b.rows, sizeof *b.claimed);
	if (!b.claimed)
		return 1;
	must(&b, store_open(argv[1], &store, &b.err));
	must(&b, store_migrate(store, &b.err));
	must(&b, store_session_open(store, STORE_WRITE, &b.s, &b.err));
	fill(&b);
	(void)printf("%.*s, %llu rows, %llu at a time: ", SLICE_FMT(store_engine_name(store)),
		     (unsigned long long)b.rows, (unsigned long long)b.limit);
	int64_t start_us = clock_monotonic_us(clock_system());
	while (claim(&b) > 0)
		continue;
	say("claims", &b, start_us);
	start_us = clock_monotonic_us(clock_system());
	by_parts(&b, intend);
	say("intents", &b, start_us);
	start_us = clock_monotonic_us(clock_system());
	by_parts(&b, end);
	say("outcomes", &b, start_us);
	(void)printf("\n");
	store_session_close(&b.s);
	store_close(&store);
	arena_free(&b.arena);
	free(b.claimed);
	return 0;
}

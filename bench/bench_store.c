/* SPDX-License-Identifier: Apache-2.0 */
/* bench_store URL [TRANSACTIONS]: how many events a second the store takes from one applier.
 *
 * Each transaction is what apply does with a full batch: 4,096 events on 1,000 distinct messages of a set of 100,000,
 * each message read once and saved once, one row of numbers added to, the cursor moved. The URL must name an empty
 * store.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/events/events.h"
#include "store/events/stats.h"
#include "store/house/nodes.h"
#include "store/mail/messages.h"
#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES = 100000, BATCH = 4096, DISTINCT = 1000, CHECKPOINT_PAGES = 4000 };

struct bench {
	struct store_session *s;
	struct arena *arena;
	struct prng prng;
	struct uuid ids[MESSAGES];
	struct node_claim claim;
	struct err err;
};

static void must(struct bench *b, enum status status)
{
	if (status == STATUS_OK)
		return;
	(void)fprintf(stderr, "bench_store: %s: %s\n", status_name(status), b->err.text);
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

static void add_messages(struct bench *b)
{
	struct message m = {.tenant = 1,
			    .state = MESSAGE_SENT,
			    .created_us = 1,
			    .send_at_us = 1,
			    .stream = SLICE("bulk"),
			    .provider = SLICE("smtp"),
			    .from_email = SLICE("agency@example.com"),
			    .to_email = SLICE("somebody.or.other@example.net"),
			    .subject = SLICE("Three new houses near the lake"),
			    .contact_id = SLICE("crm-123456"),
			    .campaign_id = SLICE("spring-2026"),
			    .template_id = SLICE("listing"),
			    .metadata = SLICE("{\"office\":\"north\"}"),
			    .position = 2};
	for (int i = 0; i < MESSAGES; i++) {
		if (i % 5000 == 0)
			must(b, store_begin(b->s, &b->err));
		m.id = b->ids[i] = new_id(b);
		must(b, store_message_add(b->s, &m, &b->err));
		if (i % 5000 == 4999)
			must(b, store_commit(b->s, &b->err));
	}
}

static struct event new_event(struct bench *b, const struct message *m)
{
	return (struct event){
	    .id = new_id(b),
	    .tenant = 1,
	    .type = EVENT_OPEN,
	    .occurred_us = clock_now_us(clock_system()),
	    .message = m->id,
	    .token = SLICE("AVq0z7Yp2mJ5mJc0pXb8uQm1N3oT0w9eKxRr4sZlVdHfGgUu"),
	    .is_unique = true,
	    .judged = true,
	    .actor = ACTOR_PROXY_HUMAN,
	    .reasons = SLICE("google_image_proxy"),
	    .confidence_percent = 90,
	    .rules = SLICE(VERDICT_RULES),
	    .link_index = -1,
	    .ip = SLICE("66.249.84.0"),
	    .user_agent =
		SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
	    .campaign_id = m->campaign_id,
	    .contact_category = SLICE("seller"),
	    .sequence_position = m->position,
	    .metadata = m->metadata,
	};
}

static void apply_batch(struct bench *b, uint64_t number)
{
	static struct message messages[DISTINCT];
	static struct event events[BATCH];
	struct stats_daily day = {.tenant = 1, .day = 20000, .campaign_id = SLICE("spring-2026")};
	arena_reset(b->arena);
	must(b, store_begin(b->s, &b->err));
	/* A contiguous run with a random start: a campaign is opened soon after it was sent. */
	uint64_t first = prng_below(&b->prng, MESSAGES - DISTINCT);
	must(b, store_message_find_all(b->s, b->ids + first, DISTINCT, b->arena, messages, &b->err));
	for (size_t i = 0; i < BATCH; i++) {
		struct message *m = &messages[prng_below(&b->prng, DISTINCT)];
		m->counters.opens_proxy++;
		events[i] = new_event(b, m);
	}
	must(b, store_event_add(b->s, events, BATCH, &b->err));
	for (size_t i = 0; i < DISTINCT; i++)
		must(b, store_message_save(b->s, &messages[i], &b->err));
	day.values[STAT_OPENS_PROXY] = BATCH;
	must(b, store_stats_daily_add(b->s, &day, &b->err));
	must(b, store_cursor_advance(b->s, &b->claim, number * BATCH, (number + 1) * BATCH, &b->err));
	must(b, store_commit(b->s, &b->err));
	must(b, store_checkpoint(b->s, CHECKPOINT_PAGES, &b->err));
}

int main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof *b);
	struct store *store = NULL;
	uint64_t transactions = 50;
	if (!b || argc < 2 || (argc > 2 && !slice_to_u64(slice_from_cstr(argv[2]), 1000000, &transactions))) {
		(void)fprintf(stderr, "usage: bench_store URL [TRANSACTIONS]\n");
		return 2;
	}
	b->arena = arena_new();
	prng_init(&b->prng, 1);
	must(b, store_open(argv[1], &store, &b->err));
	must(b, store_migrate(store, &b->err));
	must(b, store_session_open(store, STORE_WRITE, &b->s, &b->err));
	struct node node = {.installation = new_id(b), .epoch = 1};
	must(b, store_node_new(b->s, node.installation, &node.number, &b->err));
	must(b, store_node_take(b->s, &node, &b->err));
	b->claim = (struct node_claim){node.number, node.epoch};
	add_messages(b);
	int64_t start_us = clock_monotonic_us(clock_system());
	for (uint64_t i = 0; i < transactions; i++)
		apply_batch(b, i);
	int64_t took_us = clock_monotonic_us(clock_system()) - start_us;
	struct slice engine = store_engine_name(store);
	(void)printf("%.*s: %llu transactions of %d events on %d messages: %.0f events/s\n", SLICE_FMT(engine),
		     (unsigned long long)transactions, BATCH, DISTINCT,
		     (double)transactions * BATCH * 1e6 / (double)took_us);
	store_session_close(&b->s);
	store_close(&store);
	arena_free(&b->arena);
	free(b);
	return 0;
}

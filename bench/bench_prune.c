/* SPDX-License-Identifier: Apache-2.0 */
/* bench_prune URL JOURNAL_DIRECTORY [EVENTS]: how long a command of the writer takes while nothing else happens, and
 * while old events are pruned.
 *
 * The store, which must be empty, gets EVENTS (a million) opens of two years ago on a tenth as many messages. The
 * command saves one message, as a hit does, two hundred times a second. The pace of pruning is that of the daily pass.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "codec/token/link_token.h"
#include "engine/apply/apply.h"
#include "engine/upkeep/retention.h"
#include "store/house/accounts.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EVENTS = 1000000, PER_MESSAGE = 10, BATCH = 1000, SAMPLES_MAX = 400000, PAUSE_US = 5000, QUIET_SAMPLES = 2000 };
static const int64_t YEAR_US = INT64_C(31536000000000);

struct bench {
	struct store *store;
	struct store_session *session;
	struct journal *journal;
	struct link_token_keys *keys;
	struct writer *writer;
	struct retention *retention;
	struct prng prng;
	uint32_t tenant;
	struct uuid *ids;
	size_t id_count;
	uint64_t pruned;
	int64_t pruning_us;
	atomic_bool is_over;
	struct err err;
};

static void must(struct bench *b, enum status status)
{
	if (status == STATUS_OK)
		return;
	(void)fprintf(stderr, "bench_prune: %s: %s\n", status_name(status), b->err.text);
	exit(1);
}

static struct uuid new_id(struct bench *b, int64_t time_us)
{
	uint8_t random[10];
	uint64_t a = prng_next(&b->prng), c = prng_next(&b->prng);
	memcpy(random, &a, 8);
	memcpy(random + 8, &c, 2);
	return uuid_v7(time_us, random);
}

/* ---- What is there before */

static void add_messages(struct bench *b, int64_t time_us)
{
	struct message m = {.tenant = b->tenant,
			    .state = MESSAGE_SENT,
			    .created_us = time_us,
			    .send_at_us = time_us,
			    .stream = SLICE("bulk"),
			    .provider = SLICE("smtp"),
			    .from_email = SLICE("agency@example.com"),
			    .to_email = SLICE("somebody.or.other@example.net"),
			    .subject = SLICE("Three new houses near the lake"),
			    .contact_id = SLICE("crm-123456"),
			    .campaign_id = SLICE("spring-2026"),
			    .position = 2};
	must(b, store_begin(b->session, &b->err));
	for (size_t i = 0; i < b->id_count; i++) {
		m.id = b->ids[i] = new_id(b, time_us + (int64_t)i);
		must(b, store_message_add(b->session, &m, &b->err));
	}
	must(b, store_commit(b->session, &b->err));
}

static struct event new_event(struct bench *b, int64_t time_us)
{
	return (struct event){
	    .id = new_id(b, time_us),
	    .tenant = b->tenant,
	    .type = EVENT_OPEN,
	    .occurred_us = time_us,
	    .message = b->ids[prng_next(&b->prng) % b->id_count],
	    .has_token = true,
	    .judged = true,
	    .actor = ACTOR_HUMAN,
	    .confidence_percent = 80,
	    .reasons = SLICE("browser"),
	    .rules = SLICE("2026-11"),
	    .settled = true,
	    .link_index = -1,
	    .ip = SLICE("203.0.113.77"),
	    .user_agent = SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
				"Chrome/153.0.0.0 Safari/537.36"),
	    .provider = SLICE("smtp"),
	    .campaign_id = SLICE("spring-2026"),
	    .sequence_position = 2,
	};
}

static void add_events(struct bench *b, size_t count, int64_t time_us)
{
	static struct event batch[BATCH];
	for (size_t done = 0; done < count; done += BATCH) {
		for (size_t i = 0; i < BATCH; i++)
			batch[i] = new_event(b, time_us + (int64_t)(done + i) * 1000);
		must(b, store_begin(b->session, &b->err));
		must(b, store_event_add(b->session, batch, BATCH, &b->err));
		must(b, store_commit(b->session, &b->err));
		must(b, store_checkpoint(b->session, 4000, &b->err));
	}
}

/* ---- What is measured */

struct save {
	struct writer_command command; /* first */
	struct uuid message;
};

static enum status run_save(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct message *m;
	enum status status = batch_message(batch, ((struct save *)command)->message, &m, err);
	if (status != STATUS_OK)
		return status;
	m->counters.opens_human++;
	batch_touch(batch, m);
	return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void report(const char *what, int64_t *took_us, size_t n)
{
	qsort(took_us, n, sizeof *took_us, compare);
	printf("%-8s %6zu commands: p50 %5.1f ms, p99 %5.1f ms, p99.9 %5.1f ms, slowest %5.1f ms\n", what, n,
	       (double)took_us[n / 2] / 1e3, (double)took_us[n * 99 / 100] / 1e3, (double)took_us[n * 999 / 1000] / 1e3,
	       (double)took_us[n - 1] / 1e3);
}

static void measure(struct bench *b, const char *what, size_t samples_max)
{
	int64_t *took_us = calloc(SAMPLES_MAX, sizeof *took_us);
	size_t n = 0;
	while (n < samples_max && !atomic_load(&b->is_over)) {
		struct save save = {.command = {.run = run_save}, .message = b->ids[prng_next(&b->prng) % b->id_count]};
		int64_t began_us = clock_monotonic_us(clock_system());
		must(b, writer_submit_and_wait(b->writer, &save.command, &b->err));
		took_us[n++] = clock_monotonic_us(clock_system()) - began_us;
		usleep(PAUSE_US);
	}
	report(what, took_us, n);
	free(took_us);
}

static void *prune(void *user)
{
	struct bench *b = user;
	struct err err = {0};
	const struct retention_request request = {0};
	int64_t began_us = clock_monotonic_us(clock_system());
	if (retention_run(b->retention, &request, &b->pruned, &err) != STATUS_OK)
		(void)fprintf(stderr, "bench_prune: %s\n", err.text);
	b->pruning_us = clock_monotonic_us(clock_system()) - began_us;
	atomic_store(&b->is_over, true);
	return NULL;
}

static void open_all(struct bench *b, const char *url, const char *journal)
{
	static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {1, 2, 3};
	struct journal_config config = {.directory = journal};
	must(b, store_open(url, &b->store, &b->err));
	must(b, store_migrate(b->store, &b->err));
	must(b, store_session_open(b->store, STORE_WRITE, &b->session, &b->err));
	must(b, journal_open(&config, &b->journal, &b->err));
	b->keys = link_token_keys_new();
	link_token_keys_set(b->keys, 1, KEY);
	must(b, store_tenant_add(b->session, &(struct tenant){.name = SLICE("default"), .created_us = 1}, &b->tenant,
				 &b->err));
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	pthread_t pruner;
	if (argc < 3)
		return (void)fprintf(stderr, "usage: bench_prune URL JOURNAL_DIRECTORY [EVENTS]\n"), 2;
	size_t events = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : EVENTS;
	int64_t time_us = clock_now_us(clock_system()) - 2 * YEAR_US;
	prng_init(&b.prng, 1);
	b.id_count = events / PER_MESSAGE + 1;
	b.ids = calloc(b.id_count, sizeof *b.ids);
	open_all(&b, argv[1], argv[2]);
	add_messages(&b, time_us);
	add_events(&b, events, time_us);
	store_session_close(&b.session);

	struct writer_config config = {.store = b.store, .journal = b.journal, .clock = clock_system()};
	struct apply *apply =
	    apply_new(&(struct apply_config){.node = journal_node(b.journal), .keys = b.keys, .clock = clock_system()});
	apply_join_writer(apply, &config);
	must(&b, writer_start(&config, &b.writer, &b.err));
	measure(&b, "quiet", QUIET_SAMPLES);
	b.retention = retention_new(&(struct retention_config){
	    .store = b.store, .writer = b.writer, .clock = clock_system(), .events = {.days = 365}});
	if (pthread_create(&pruner, NULL, prune, &b) != 0)
		return 1;
	measure(&b, "pruning", SAMPLES_MAX);
	(void)pthread_join(pruner, NULL);
	printf("%llu events went in %.1f s\n", (unsigned long long)b.pruned, (double)b.pruning_us / 1e6);
	retention_free(&b.retention);
	writer_stop(&b.writer);
	apply_free(&apply);
	journal_close(&b.journal);
	store_close(&b.store);
	link_token_keys_free(&b.keys);
	free(b.ids);
	return 0;
}

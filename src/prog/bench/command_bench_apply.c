/* SPDX-License-Identifier: Apache-2.0 */
/* A journal with N hits on N/10 messages of 20 campaigns is written first; what is measured is the real writer from its
 * start until all of it is committed, counters, unique flags, verdicts, duplicates and the journal cursor included.
 * Hits are in the mix of a campaign's first hours: each message is hit about ten times, within a short stretch of the
 * journal when its reader opens and clicks, and all messages in no order. */
#include "prog/command/commands.h"
#include "simulator/bench_store.h"

#include "base/mem.h"
#include "base/random.h"
#include "engine/ledger/record.h"
#include "engine/ledger/writer.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HITS_PER_MESSAGE = 10, CAMPAIGNS = 20, RECORDS_MAX = 100000000, FEED_BYTES = 1 << 20 };
static const int64_t START_US = INT64_C(1795240800000000);

struct bench {
	uint64_t record_count;
	uint32_t message_count;
	struct bench_store at;
	struct journal *journal;
	struct err err;
	/* The feed's hand-over. */
	pthread_mutex_t lock;
	pthread_cond_t written;
	bool is_written;
};

struct figures {
	double seconds;
	double events_per_s;
	double db_bytes_per_event;
};

static struct uuid message_id(uint32_t n)
{
	struct uuid id = {{0x01, 0x92, 0, 0, 0, 0, 0x70, 0, 0x80}};
	for (int i = 0; i < 4; i++)
		id.bytes[15 - i] = (uint8_t)(n >> (8 * i));
	return id;
}

/* ---- What is there before */

static enum status open_all(struct bench *b)
{
	char journal[BENCH_DIRECTORY_MAX + 16];
	struct journal_config config = {.directory = journal};
	enum status status = bench_store_open(&b->at, START_US, &b->err);
	(void)snprintf(journal, sizeof journal, "%s/journal", b->at.directory);
	return status == STATUS_OK ? journal_open(&config, &b->journal, &b->err) : status;
}

static enum status add_message(struct bench *b, uint32_t n)
{
	char address[64];
	char campaign[32];
	(void)snprintf(address, sizeof address, "contact-%u@example.com", n);
	(void)snprintf(campaign, sizeof campaign, "campaign-%u", n % CAMPAIGNS);
	struct message m = {
	    .id = message_id(n),
	    .tenant = b->at.tenant,
	    .state = MESSAGE_DELIVERED,
	    .created_us = START_US,
	    .send_at_us = START_US,
	    .sent_us = START_US,
	    .cohort_day = (int32_t)(START_US / 86400000000),
	    .stream = SLICE("bulk"),
	    .provider = SLICE("smtp"),
	    .from_email = SLICE("sales@agency.example"),
	    .to_email = slice_from_cstr(address),
	    .subject = SLICE("Spring sale"),
	    .contact_id = slice_from_cstr(address),
	    .contact_category = SLICE("seller"),
	    .campaign_id = slice_from_cstr(campaign),
	    .template_id = SLICE("welcome"),
	    .sender = SLICE("u-1"),
	    .position = -1,
	    .track_opens = CONSENT_FULL,
	    .track_clicks = CONSENT_FULL,
	    .key_id = 1,
	};
	return store_message_add(b->at.session, &m, &b->err);
}

static enum status add_messages(struct bench *b)
{
	enum status status = store_begin(b->at.session, &b->err);
	for (uint32_t n = 0; status == STATUS_OK && n < b->message_count; n++)
		status = add_message(b, n);
	return status == STATUS_OK ? store_commit(b->at.session, &b->err) : status;
}

/* ---- The journal's records */

static void note_written(void *user)
{
	struct bench *b = user;
	pthread_mutex_lock(&b->lock);
	b->is_written = true;
	pthread_cond_signal(&b->written);
	pthread_mutex_unlock(&b->lock);
}

static enum status sync_feed(struct bench *b, struct journal_feed *feed)
{
	size_t count;
	uint64_t first;
	enum status status = STATUS_OK;
	if (!journal_feed_hand_over(feed))
		return STATUS_OK;
	pthread_mutex_lock(&b->lock);
	while (!b->is_written)
		pthread_cond_wait(&b->written, &b->lock);
	b->is_written = false;
	pthread_mutex_unlock(&b->lock);
	(void)journal_feed_collect(feed, &count, &first, &status);
	return status;
}

static void make_hit(struct bench *b, struct prng *random, uint64_t i, struct hit_record *ret)
{
	static const struct slice AGENTS[] = {
	    SLICE("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		  "Version/26.6.1 Mobile/15E148 Safari/604.1"),
	    SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
	    SLICE("Mozilla/5.0"),
	    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		  "Chrome/153.0.0.0 Safari/537.36"),
	};
	/* Readers come one after another; about a thousand of them are reading at any moment. */
	uint64_t reading = b->message_count < 1000 ? b->message_count : 1000;
	uint64_t first = i * (b->message_count - reading) / b->record_count;
	uint32_t n = (uint32_t)(first + prng_below(random, reading));
	bool is_click = prng_below(random, 10) < 3;
	*ret = (struct hit_record){
	    .kind = is_click ? HIT_CLICK : HIT_OPEN,
	    .key_id = 1,
	    .consent = LINK_TOKEN_CONSENT_FULL,
	    .tenant = b->at.tenant,
	    .message = message_id(n),
	    .link_index = is_click ? (uint32_t)prng_below(random, 8) : 0,
	    .destination = is_click ? SLICE("https://www.example.com/spring/sale?utm_source=mail") : SLICE_EMPTY,
	    .user_agent = AGENTS[is_click ? 3 : prng_below(random, 4)],
	    .has_sec_fetch = is_click,
	    .is_https = true,
	    .client = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, (uint8_t)(n >> 8), (uint8_t)n}},
	};
}

static enum status put_hit(struct bench *b, struct journal_feed *feed, struct prng *random, uint64_t i)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf payload;
	struct hit_record hit;
	make_hit(b, random, i, &hit);
	buf_init_fixed(&payload, room, sizeof room);
	record_put_hit(&payload, &hit);
	int64_t time_us = START_US + (int64_t)i * 1000;
	enum status status = journal_feed_append(feed, RECORD_HIT, time_us, buf_slice(&payload));
	if (status != STATUS_FULL)
		return status;
	status = sync_feed(b, feed);
	return status == STATUS_OK ? journal_feed_append(feed, RECORD_HIT, time_us, buf_slice(&payload)) : status;
}

static enum status write_journal(struct bench *b)
{
	struct prng random;
	struct journal_feed *feed = journal_feed_new(b->journal, FEED_BYTES, note_written, b);
	enum status status = STATUS_OK;
	prng_init(&random, 8420);
	for (uint64_t i = 0; status == STATUS_OK && i < b->record_count; i++)
		status = put_hit(b, feed, &random, i);
	if (status == STATUS_OK)
		status = sync_feed(b, feed);
	journal_feed_free(&feed);
	return status == STATUS_OK ? STATUS_OK : err_set(&b->err, status, "the journal could not be written");
}

/* ---- The measurement */

static uint64_t store_bytes(const struct bench *b)
{
	char path[BENCH_DIRECTORY_MAX + 16];
	struct stat s;
	(void)snprintf(path, sizeof path, "%s/store.db", b->at.directory);
	return stat(path, &s) == 0 ? (uint64_t)s.st_size : 0;
}

static enum status measure(struct bench *b, struct figures *ret)
{
	struct writer *writer = NULL;
	const struct clock *clock = clock_system();
	struct writer_config config = {.store = b->at.store, .journal = b->journal, .clock = clock, .keys = b->at.keys};
	enum status status = store_checkpoint(b->at.session, 0, &b->err);
	uint64_t bytes_before = store_bytes(b);
	int64_t start_us = clock_monotonic_us(clock);
	if (status == STATUS_OK)
		status = writer_start(&config, &writer, &b->err);
	if (status != STATUS_OK)
		return status;
	bool is_failing = false;
	while (!writer_caught_up(writer) && !is_failing) {
		(void)usleep(1000);
		is_failing = writer_is_failing(writer, b->err.text, sizeof b->err.text);
	}
	ret->seconds = (double)(clock_monotonic_us(clock) - start_us) / 1e6;
	ret->events_per_s = (double)b->record_count / ret->seconds;
	writer_stop(&writer);
	if (is_failing)
		return STATUS_IO;
	status = store_checkpoint(b->at.session, 0, &b->err);
	ret->db_bytes_per_event = (double)(store_bytes(b) - bytes_before) / (double)b->record_count;
	return status;
}

static void print_figures(const struct bench *b, const struct figures *f, bool as_json)
{
	unsigned long long count = b->record_count;
	if (as_json)
		printf("{\"events\":%llu,\"messages\":%u,\"seconds\":%.3f,\"events_per_s\":%.0f,"
		       "\"db_bytes_per_event\":%.1f}\n",
		       count, b->message_count, f->seconds, f->events_per_s, f->db_bytes_per_event);
	else
		printf("%.0f events/s: %llu events on %u messages in %.3f s, %.1f bytes an event\n", f->events_per_s,
		       count, b->message_count, f->seconds, f->db_bytes_per_event);
}

/* ---- Around it */

static bool parse_arguments(int argc, char **argv, struct bench *b, bool *ret_json)
{
	bool has_count = false;
	*ret_json = false;
	for (int i = 1; i < argc; i++) {
		struct slice argument = slice_from_cstr(argv[i]);
		if (slice_equal(argument, SLICE("--json")))
			*ret_json = true;
		else if (!has_count && slice_to_u64(argument, RECORDS_MAX, &b->record_count))
			has_count = b->record_count > 0;
		else
			return false;
	}
	b->message_count = (uint32_t)(b->record_count / HITS_PER_MESSAGE) + 1;
	return has_count;
}

static enum status run(struct bench *b, struct figures *ret)
{
	enum status status = open_all(b);
	if (status == STATUS_OK)
		status = add_messages(b);
	if (status == STATUS_OK)
		status = write_journal(b);
	if (status == STATUS_OK)
		status = measure(b, ret);
	journal_close(&b->journal);
	bench_store_close(&b->at);
	return status;
}

int command_bench_apply(int argc, char **argv)
{
	static const char USAGE[] = "usage: pugmark bench apply N [--json], N from 1 to 100000000\n";
	struct bench b = {.lock = PTHREAD_MUTEX_INITIALIZER, .written = PTHREAD_COND_INITIALIZER};
	struct figures figures = {0};
	bool as_json;
	if (!parse_arguments(argc, argv, &b, &as_json)) {
		(void)fputs(USAGE, stderr);
		return 2;
	}
	enum status status = run(&b, &figures);
	if (status != STATUS_OK) {
		(void)fprintf(stderr, "pugmark: bench apply: %s\n", b.err.text);
		return 1;
	}
	print_figures(&b, &figures, as_json);
	return 0;
}

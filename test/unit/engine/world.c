/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"
#include "engine/ledger/writer.h"

#include "engine/judge/settle.h"

#include "base/mem.h"
#include "store/mail/queue.h"
#include "store/mail/queue_claim.h"
#include <libpq-fe.h>
#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define CHECK(call)                                                                                                    \
	do {                                                                                                           \
		struct err err_ = {0};                                                                                 \
		struct err *err = &err_;                                                                               \
		enum status status_ = (call);                                                                          \
		if (status_ != STATUS_OK)                                                                              \
			fail_msg("%s: %s: %s", #call, status_name(status_), err_.text);                                \
	} while (0)

void world_open_handles(struct world *w)
{
	char journal[128];
	(void)snprintf(journal, sizeof journal, "%s/journal", w->directory);
	struct journal_config config = {.directory = journal, .segment_bytes = 1 << 20, .reserve_bytes = 1 << 16};
	CHECK(store_open(w->url, &w->store, err));
	CHECK(store_migrate(w->store, err));
	CHECK(store_session_open(w->store, STORE_WRITE, &w->session, err));
	CHECK(journal_open(&config, &w->journal, err));
	w->arena = arena_new();
	w->keys = link_token_keys_new();
	static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {1, 2, 3};
	link_token_keys_set(w->keys, 7, KEY);
}

void world_close_handles(struct world *w)
{
	apply_free(&w->apply);
	arena_free(&w->arena);
	link_token_keys_free(&w->keys);
	store_session_close(&w->session);
	store_close(&w->store);
	journal_close(&w->journal);
}

/* NULL: a file of its own. */
static void begin(struct world *w, const char *postgres)
{
	*w = (struct world){.is_shared = postgres != NULL};
	(void)snprintf(w->directory, sizeof w->directory, "/tmp/pugmark-test-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	w->reports = arena_new();
	(void)snprintf(w->url, sizeof w->url, "%s%s%s", postgres ? postgres : "sqlite:", postgres ? "" : w->directory,
		       postgres ? "" : "/store.db");
}

void world_open_at(struct world *w, const char *url)
{
	struct tenant tenant = {.name = SLICE("default"), .time_zone = SLICE("UTC"), .created_us = WORLD_NOW_US};
	begin(w, url);
	world_open_handles(w);
	CHECK(store_tenant_add(w->session, &tenant, &w->tenant, err));
}

void world_open(struct world *w)
{
	world_open_at(w, NULL);
}

void world_open_beside(struct world *w, const struct world *first)
{
	begin(w, first->url);
	world_open_handles(w);
	w->tenant = first->tenant;
}

void world_close(struct world *w)
{
	char command[128];
	world_close_handles(w);
	tenant_policies_free(&w->policies);
	arena_free(&w->reports);
	(void)snprintf(command, sizeof command, "rm -rf %s", w->directory);
	assert_int_equal(system(command), 0);
}

int world_set_up(void **state, uint32_t messages)
{
	static struct world w;
	world_open(&w);
	for (uint32_t n = 0; n < messages; n++)
		world_add_message(&w, n, false);
	*state = &w;
	return 0;
}

int world_tear_down(void **state)
{
	world_close(*state);
	return 0;
}

int world_tear_down_counted(void **state)
{
	world_check_sums(*state);
	return world_tear_down(state);
}

int64_t world_told_us(void *now_us)
{
	return *(const int64_t *)now_us;
}

int64_t world_machine_us(void *self)
{
	(void)self;
	return clock_monotonic_us(clock_system());
}

void world_reopen(struct world *w)
{
	world_close_handles(w);
	world_open_handles(w);
}

struct uuid world_message_id(uint32_t n)
{
	struct uuid id = {{0x01, 0x92, 0, 0, 0, 0, 0x70, 0, 0x80}};
	memcpy(id.bytes + 12, &n, sizeof n);
	return id;
}

void world_add_message(struct world *w, uint32_t n, bool is_queued)
{
	char address[64];
	(void)snprintf(address, sizeof address, "c%u@example.com", n);
	struct message m = {
	    .id = world_message_id(n),
	    .tenant = w->tenant,
	    .state = MESSAGE_QUEUED,
	    .created_us = WORLD_NOW_US - 1000000,
	    .send_at_us = WORLD_NOW_US - 1000000,
	    .stream = SLICE("transactional"),
	    .provider = SLICE("outbox"),
	    .from_email = SLICE("a@agency.example"),
	    .to_email = slice_from_cstr(address),
	    .subject = SLICE("Hello"),
	    .contact_id = slice_from_cstr(address),
	    .contact_category = SLICE("seller"),
	    .campaign_id = n % 2 == 0 ? SLICE("spring") : SLICE_EMPTY,
	    .sender = SLICE("u-1"),
	    .position = -1,
	    .measures_opens = true,
	    .measures_clicks = true,
	    .track_opens = CONSENT_FULL,
	    .track_clicks = CONSENT_FULL,
	    .key_id = 7,
	};
	struct queue_item item = {
	    .message = m.id,
	    .tenant = m.tenant,
	    .provider = m.provider,
	    .stream = m.stream,
	    .due_us = m.send_at_us,
	};
	CHECK(store_message_add(w->session, &m, err));
	if (is_queued)
		CHECK(store_queue_add(w->session, &item, err));
}

uint64_t world_lease(struct world *w, uint32_t n)
{
	struct queue_entry *entries = NULL;
	size_t count = 0;
	struct queue_claim claim = {.now_us = WORLD_NOW_US, .lease_until_us = WORLD_NOW_US + 600000000, .limit = 100};
	CHECK(store_queue_claim(w->session, &claim, w->arena, &entries, &count, err));
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(entries[i].message, world_message_id(n)))
			return entries[i].lease;
	fail_msg("message %u is not due", n);
	return 0;
}

const struct message *world_message(struct world *w, uint32_t n)
{
	struct message *m = ARENA_NEW(w->arena, struct message);
	CHECK(store_message_find(w->session, w->tenant, world_message_id(n), w->arena, m, err));
	return m;
}

static size_t list_events(struct world *w, struct uuid message, const struct event **ret)
{
	enum { PAGE = 500 };
	size_t total = 0;
	size_t room = PAGE;
	struct event *all = arena_alloc_array(w->arena, room, sizeof *all);
	uint64_t after = 0;
	for (;;) {
		struct event *page = NULL;
		size_t count = 0;
		struct event_filter filter = {.tenant = w->tenant,
					      .message = message,
					      .after_position = after,
					      .oldest_first = true,
					      .limit = PAGE};
		CHECK(store_event_list(w->session, &filter, w->arena, &page, &count, err));
		if (count == 0)
			break;
		if (total + count > room) {
			struct event *larger = arena_alloc_array(w->arena, room *= 2, sizeof *larger);
			memcpy(larger, all, total * sizeof *larger);
			all = larger;
		}
		memcpy(all + total, page, count * sizeof *all);
		total += count;
		after = page[count - 1].position;
	}
	*ret = all;
	return total;
}

size_t world_events(struct world *w, uint32_t n, const struct event **ret)
{
	return list_events(w, world_message_id(n), ret);
}

size_t world_all_events(struct world *w, const struct event **ret)
{
	return list_events(w, (struct uuid){{0}}, ret);
}

size_t world_hits(struct world *w, const struct event **ret)
{
	const struct event *all;
	size_t total = world_all_events(w, &all);
	struct event *found = arena_alloc_array(w->arena, total + 1, sizeof *found);
	size_t n = 0;
	for (size_t i = 0; i < total; i++)
		if (all[i].type == EVENT_OPEN || all[i].type == EVENT_CLICK)
			found[n++] = all[i];
	*ret = found;
	return n;
}

int64_t world_counted(struct world *w)
{
	return world_sql(
	    w, "SELECT count(*) FROM email_events WHERE event_type IN ('open', 'click') AND NOT is_duplicate");
}

int64_t world_stat(struct world *w, enum statistic stat)
{
	int64_t values[STAT_COUNT];
	struct stats_query query = {.tenant = w->tenant, .from_day = 0, .to_day = 100000};
	CHECK(store_stats_sum(w->session, &query, values, err));
	return values[stat];
}

static int64_t ask_postgres(struct world *w, const char *sql)
{
	PGconn *pg = PQconnectdb(w->url);
	PGresult *result = PQexec(pg, sql);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) == 0)
		fail_msg("%s: %s", sql, PQerrorMessage(pg));
	int64_t value = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	PQfinish(pg);
	return value;
}

int64_t world_sql(struct world *w, const char *sql)
{
	if (store_is_shared(w->store))
		return ask_postgres(w, sql);
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *statement;
	(void)snprintf(path, sizeof path, "%s/store.db", w->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* The writer may just be starting the log anew. */
	(void)sqlite3_busy_timeout(db, 10000);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return value;
}

struct hit_record world_hit(struct world *w, uint32_t n, enum hit_kind kind)
{
	struct hit_record hit = {
	    .kind = kind,
	    .key_id = 7,
	    .consent = LINK_TOKEN_CONSENT_FULL,
	    .tenant = w->tenant,
	    .message = world_message_id(n),
	    .link_index = kind == HIT_CLICK ? 3 : 0,
	    .destination = kind == HIT_CLICK ? SLICE("https://example.com/sale") : SLICE_EMPTY,
	    .user_agent = SLICE("Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20100101 Thunderbird/24.2.0"),
	    .is_https = true,
	};
	assert_true(ip_address_parse(SLICE("203.0.113.7"), &hit.client));
	return hit;
}

void world_come_from(struct hit_record *hit, size_t number)
{
	hit->client.bytes[13] = (uint8_t)(number >> 16);
	hit->client.bytes[14] = (uint8_t)(number >> 8);
	hit->client.bytes[15] = (uint8_t)number;
}

/* In the mail that SendGrid got, the link was one of ours. */
static struct slice tracking_url(struct world *w, const struct hit_record *hit)
{
	struct link_token_sealer *sealer = link_token_sealer_new(w->keys);
	struct link_token token = {
	    .kind = LINK_TOKEN_CLICK,
	    .consent = hit->consent,
	    .tenant = hit->tenant,
	    .message = hit->message,
	    .link_index = hit->link_index,
	    .destination = hit->destination,
	};
	struct buf url;
	buf_init_in_arena(&url, 8192, w->reports);
	buf_append(&url, SLICE("https://t.agency.example/c/"));
	assert_int_equal(link_token_seal(sealer, 7, &token, &url), STATUS_OK);
	link_token_sealer_free(&sealer);
	return buf_slice(&url);
}

struct provider_hit_record world_report_of(struct world *w, const struct hit_record *hit)
{
	return (struct provider_hit_record){
	    .kind = hit->kind,
	    .tenant = w->tenant,
	    .message = hit->message,
	    .occurred_us = WORLD_NOW_US,
	    .has_client = true,
	    .client = hit->client,
	    .provider = SLICE("sendgrid"),
	    .event_id = arena_printf(w->reports, "sg-%u", ++w->report_count),
	    .user_agent = hit->user_agent,
	    .url = hit->kind == HIT_CLICK ? tracking_url(w, hit) : SLICE_EMPTY,
	};
}

struct provider_hit_record world_report(struct world *w, uint32_t n, enum hit_kind kind)
{
	struct hit_record hit = world_hit(w, n, kind);
	return world_report_of(w, &hit);
}

/* ---- Feeds */

struct world_feed {
	struct journal_feed *feed;
	pthread_mutex_t lock;
	pthread_cond_t written;
	bool is_written;
};

static void note_written(void *user)
{
	struct world_feed *f = user;
	pthread_mutex_lock(&f->lock);
	f->is_written = true;
	pthread_cond_signal(&f->written);
	pthread_mutex_unlock(&f->lock);
}

struct world_feed *world_feed_open(struct world *w)
{
	struct world_feed *f = MEM_NEW(struct world_feed);
	assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&f->written, NULL), 0);
	f->feed = journal_feed_new(w->journal, 1 << 18, note_written, f);
	return f;
}

void world_feed_sync(struct world_feed *f)
{
	size_t count;
	uint64_t first;
	enum status status;
	if (!journal_feed_hand_over(f->feed))
		return;
	pthread_mutex_lock(&f->lock);
	while (!f->is_written)
		pthread_cond_wait(&f->written, &f->lock);
	f->is_written = false;
	pthread_mutex_unlock(&f->lock);
	assert_true(journal_feed_collect(f->feed, &count, &first, &status));
	assert_int_equal(status, STATUS_OK);
}

void world_feed_close(struct world_feed **feed)
{
	world_feed_sync(*feed);
	journal_feed_free(&(*feed)->feed);
	(void)pthread_cond_destroy(&(*feed)->written);
	(void)pthread_mutex_destroy(&(*feed)->lock);
	mem_free(*feed);
	*feed = NULL;
}

void world_put_bytes(struct world_feed *f, uint8_t type, int64_t time_us, struct slice payload)
{
	if (journal_feed_append(f->feed, type, time_us, payload) == STATUS_OK)
		return;
	world_feed_sync(f);
	assert_int_equal(journal_feed_append(f->feed, type, time_us, payload), STATUS_OK);
}

void world_put_hit(struct world_feed *f, int64_t time_us, const struct hit_record *hit)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	record_put_hit(&b, hit);
	assert_false(buf_failed(&b));
	world_put_bytes(f, RECORD_HIT, time_us, buf_slice(&b));
}

void world_put_hits(struct world *w, size_t count, uint32_t messages)
{
	struct world_feed *feed = world_feed_open(w);
	for (size_t i = 0; i < count; i++) {
		struct hit_record hit = world_hit(w, (uint32_t)(i % messages), i % 3 ? HIT_OPEN : HIT_CLICK);
		if (i % 5 == 0)
			hit.user_agent = APPLE;
		world_come_from(&hit, i);
		world_put_hit(feed, WORLD_NOW_US + (int64_t)i * 100000, &hit);
	}
	world_feed_close(&feed);
}

void world_put_report(struct world_feed *f, int64_t time_us, const struct provider_hit_record *report)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	record_put_provider_hit(&b, report);
	assert_false(buf_failed(&b));
	world_put_bytes(f, RECORD_PROVIDER_HIT, time_us, buf_slice(&b));
}

/* ---- Applying */

void world_set_policy(struct world *w, const struct tenant_policy *policy)
{
	static const struct event_retention RETENTION = {.days = 365};
	tenant_policies_free(&w->policies);
	w->policies = tenant_policies_new(policy, &RETENTION, "UTC");
}

struct writer_config world_writer_config(struct world *w)
{
	const struct clock *clock = w->clock ? w->clock : clock_system();
	struct writer_config config = {.store = w->store, .journal = w->journal, .clock = clock};
	struct apply_config apply = {.node = journal_node(w->journal),
				     .keys = w->keys,
				     .policies = w->policies,
				     .counts_every_press = w->counts_every_press,
				     .is_shared = w->is_shared,
				     .clock = clock};
	apply_free(&w->apply);
	w->apply = apply_new(&apply);
	apply_join_writer(w->apply, &config);
	return config;
}

struct writer *world_start_writer(struct world *w)
{
	struct writer *writer = NULL;
	struct writer_config config = world_writer_config(w);
	CHECK(writer_start(&config, &writer, err));
	return writer;
}

void world_apply_all(struct world *w)
{
	struct writer *writer = world_start_writer(w);
	uint64_t durable = journal_durable_sequence(w->journal);
	writer_stop(&writer);
	struct journal_cursor cursor = {0};
	CHECK(store_cursor_read(w->session, journal_node(w->journal), &cursor, err));
	assert_int_equal(cursor.sequence, durable);
}

void world_apply_hit(struct world *w, int64_t time_us, const struct hit_record *hit)
{
	struct world_feed *feed = world_feed_open(w);
	world_put_hit(feed, time_us, hit);
	world_feed_close(&feed);
	world_apply_all(w);
}

void world_apply_report(struct world *w, int64_t time_us, const struct provider_hit_record *report)
{
	struct world_feed *feed = world_feed_open(w);
	world_put_report(feed, time_us, report);
	world_feed_close(&feed);
	world_apply_all(w);
}

void world_add_event(struct world *w, const struct event *event)
{
	struct message *m = NULL;
	struct batch *batch = batch_new(w->session);
	CHECK(store_begin(w->session, err));
	batch_reset(batch, WORLD_NOW_US);
	CHECK(batch_message(batch, event->message, &m, err));
	batch_event(batch, m, event);
	CHECK(batch_finish(batch, err));
	CHECK(store_commit(w->session, err));
	batch_free(&batch);
}

void world_settle(struct world *w, int64_t now_us)
{
	struct batch *batch = batch_new(w->session);
	struct fan_out *nothing = fan_out_new(); /* as after a start */
	struct settler *settler = settler_new(&(struct settler_config){.fan_out = nothing});
	struct timer_take all = {TIMER_SETTLE, now_us, 1000};
	struct timer_list due = {0};
	batch_reset(batch, now_us);
	CHECK(store_begin(w->session, err));
	CHECK(store_timer_take(w->session, &all, w->arena, &due, err));
	for (size_t i = 0; i < due.n; i++) {
		CHECK(settler_settle(settler, batch, &due.at[i], err));
		CHECK(batch_finish(batch, err));
	}
	CHECK(store_commit(w->session, err));
	settler_free(&settler);
	fan_out_free(&nothing);
	batch_free(&batch);
}

/* ---- Pruning */

static bool is_listed(const struct event *events, size_t count, struct uuid id)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(events[i].id, id))
			return true;
	return false;
}

static void keep_pruned(struct world *w, const struct event *e)
{
	struct event *more = arena_alloc_array(w->reports, w->pruned_count + 1, sizeof *more);
	if (w->pruned_count)
		memcpy(more, w->pruned, w->pruned_count * sizeof *more);
	struct event *kept = &more[w->pruned_count++];
	*kept = *e;
	kept->reasons = arena_copy(w->reports, e->reasons);
	kept->previous = arena_copy(w->reports, e->previous);
	w->pruned = more;
}

void world_prune(struct world *w, int64_t before_us)
{
	const struct event *before;
	const struct event *after;
	struct event_walk walk = {
	    .tenant = w->tenant, .before_us = before_us, .through_position = INT64_MAX, .limit = 100};
	struct event_walked walked;
	size_t count = world_all_events(w, &before);
	do {
		CHECK(store_event_prune(w->session, &walk, &walked, err));
		walk.after_position = walked.last_position;
	} while (walked.last_position);
	size_t left = world_all_events(w, &after);
	for (size_t i = 0; i < count; i++)
		if (!is_listed(after, left, before[i].id))
			keep_pruned(w, &before[i]);
}

bool world_is_pruned(const struct world *w, struct uuid message)
{
	for (size_t i = 0; i < w->pruned_count; i++)
		if (uuid_equal(w->pruned[i].message, message))
			return true;
	return false;
}

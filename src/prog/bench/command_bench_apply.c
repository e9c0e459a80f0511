/* SPDX-License-Identifier: Apache-2.0 */
/* How fast hits become events. A journal with N hits is written first; what is measured is the real writer from its
 * start until all of it is committed (events, counters, unique flags, verdicts, repeats, the journal cursor) and
 * everything that was due has been looked at a second time.
 *
 * An empty store flatters: its indexes are in the cache and its messages fresh. So the store is filled first, by the
 * same writer with the same kind of traffic (bench_hits.h), which takes minutes; `--prepare` keeps that store and
 * `--from` begins with a copy of it. Other programs that are to be compared do the same with the same seed.
 *
 * On PostgreSQL half of the work is done by the server, so its processor time is told, too. There a writer that is
 * alone works in another way than one beside others (engine/ledger/neighbours.h); a second server that is registered
 * and does nothing is enough to measure the latter. */
#include "prog/bench/bench_database.h"
#include "prog/bench/bench_hits.h"
#include "prog/bench/bench_mail.h"
#include "prog/command/commands.h"
#include "prog/show/options.h"
#include "simulator/bench_store.h"

#include "base/clock.h"
#include "engine/apply/apply.h"
#include "engine/ledger/writer.h"
#include "store/house/nodes.h"
#include "store/house/timers.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RECORDS_MAX = 100000000, AT_ONCE = 1000000, FEED_BYTES = 1 << 20, POLL_US = 5000, QUIET_US = 600000000 };

struct bench {
	uint64_t count;                  /* hits to measure */
	uint64_t before;                 /* hits that the store has before */
	const char *url;                 /* of PostgreSQL; NULL: SQLite */
	bool is_shared;                  /* another server is registered in it */
	struct bench_database *database; /* NULL: SQLite */
	struct bench_store at;
	struct journal *journal;
	struct err err;
	/* The feed's hand-over. */
	pthread_mutex_t lock;
	pthread_cond_t written;
	bool is_written;
	_Atomic int64_t now_us; /* for the writer */
};

struct figures {
	double applied_s, settled_s; /* since the start */
	double cpu_us;               /* an event */
	double server_cpu_us;        /* an event; negative: not known */
	double bytes;                /* an event */
};

/* ---- The journal */

static enum status open_journal(struct bench *b)
{
	char path[BENCH_DIRECTORY_MAX + 16];
	struct journal_config config = {.directory = path};
	(void)snprintf(path, sizeof path, "%s/journal", b->at.directory);
	return journal_open(&config, &b->journal, &b->err);
}

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

static enum status put_hit(struct bench *b, struct journal_feed *feed, struct bench_hits *hits)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf payload;
	struct hit_record hit;
	int64_t time_us;
	bench_hits_next(hits, &hit, &time_us);
	buf_init_fixed(&payload, room, sizeof room);
	record_put_hit(&payload, &hit);
	enum status status = journal_feed_append(feed, RECORD_HIT, time_us, buf_slice(&payload));
	if (status != STATUS_FULL)
		return status;
	status = sync_feed(b, feed);
	return status == STATUS_OK ? journal_feed_append(feed, RECORD_HIT, time_us, buf_slice(&payload)) : status;
}

/* The mails that they are on, too. */
static enum status write_hits(struct bench *b, uint64_t count)
{
	struct bench_hits hits;
	uint64_t done = journal_durable_sequence(b->journal);
	struct bench_mail_range mails = {b->at.tenant, done ? bench_hits_mails(done) : 0,
					 bench_hits_mails(done + count)};
	enum status status = bench_mail_add(b->at.session, &mails, &b->err);
	if (status != STATUS_OK)
		return status;
	struct journal_feed *feed = journal_feed_new(b->journal, FEED_BYTES, note_written, b);
	bench_hits_init(&hits, b->at.tenant, done);
	for (uint64_t i = 0; status == STATUS_OK && i < count; i++)
		status = put_hit(b, feed, &hits);
	if (status == STATUS_OK)
		status = sync_feed(b, feed);
	journal_feed_free(&feed);
	return status == STATUS_OK ? STATUS_OK : err_set(&b->err, status, "the journal could not be written");
}

/* ---- The writer */

static enum status store_bytes(struct bench *b, uint64_t *ret)
{
	char path[BENCH_DIRECTORY_MAX + 16];
	struct stat s;
	if (b->database)
		return bench_database_bytes(b->database, ret, &b->err);
	(void)snprintf(path, sizeof path, "%s/store.db", b->at.directory);
	*ret = stat(path, &s) == 0 ? (uint64_t)s.st_size : 0;
	return STATUS_OK;
}

/* So that nothing is left to be done that what comes next would pay for. */
static enum status tidy(struct bench *b)
{
	return b->database ? bench_database_tidy(b->database, &b->err) : store_checkpoint(b->at.session, 0, &b->err);
}

static int64_t used_us(int of)
{
	struct rusage r;
	(void)getrusage(of, &r);
	return (int64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

/* Without this thread's, which asks every few milliseconds how far the others are. */
static int64_t cpu_us(void)
{
	return used_us(RUSAGE_SELF) - used_us(RUSAGE_THREAD);
}

static enum status mark_sessions(struct bench *b)
{
	return b->database ? bench_database_mark(b->database, &b->err) : STATUS_OK;
}

/* While the writer's sessions are open. */
static double server_cpu_us(struct bench *b)
{
	int64_t us;
	struct err ignored;
	return b->database && bench_database_cpu_us(b->database, &us, &ignored) == STATUS_OK ? (double)us : -1;
}

static bool is_settled(struct bench *b)
{
	int64_t due_us = 0;
	struct err ignored;
	return store_timer_next(b->at.session, TIMER_SETTLE, &due_us, &ignored) == STATUS_OK && due_us == 0;
}

/* False: the writer is failing, and b->err says why. */
static bool wait_for(struct bench *b, struct writer *writer, bool (*is_done)(struct bench *, struct writer *))
{
	while (!is_done(b, writer)) {
		if (writer_is_failing(writer, b->err.text, sizeof b->err.text))
			return false;
		(void)usleep(POLL_US);
	}
	return true;
}

static bool all_applied(struct bench *b, struct writer *writer)
{
	(void)b;
	return writer_caught_up(writer);
}

/* The last of them are due when nothing comes any more. */
static bool all_settled(struct bench *b, struct writer *writer)
{
	atomic_store(&b->now_us, bench_hits_time_us(writer_applied_sequence(writer)) + QUIET_US);
	return is_settled(b);
}

static int64_t time_of_hits(void *self)
{
	return atomic_load(&((struct bench *)self)->now_us);
}

static int64_t mostly_work(void *self)
{
	struct timespec t;
	(void)self;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + clock_monotonic_us(clock_system()) / 10;
}

/* The writer ends a transaction when some milliseconds have passed. On a machine that has other things to do they pass
 * with less work done, and small transactions cost more an event; so its milliseconds are those of its own work, and
 * only a tenth of those that pass, lest it wait for ever for a second that comes with no work. */

static enum status apply(struct bench *b, struct figures *ret)
{
	struct writer *writer = NULL;
	const struct clock *clock = clock_system();
	const struct clock writers_clock = {time_of_hits, mostly_work, b};
	struct writer_config config = {.store = b->at.store, .journal = b->journal, .clock = &writers_clock};
	struct apply *applier = apply_new(&(struct apply_config){.node = journal_node(b->journal),
								 .keys = b->at.keys,
								 .is_shared = store_is_shared(b->at.store),
								 .clock = &writers_clock});
	apply_join_writer(applier, &config);
	/* The last of them came just now: a writer that was away for a while. They are looked at again as the others
	 * come, since timers go by the hits that are applied. */
	atomic_store(&b->now_us, bench_hits_time_us(journal_durable_sequence(b->journal)));
	int64_t began_us = clock_monotonic_us(clock);
	int64_t cpu_began_us = cpu_us();
	enum status status = mark_sessions(b);
	if (status == STATUS_OK)
		status = writer_start(&config, &writer, &b->err);
	if (status != STATUS_OK) {
		apply_free(&applier);
		return status;
	}
	bool is_good = wait_for(b, writer, all_applied);
	ret->applied_s = (double)(clock_monotonic_us(clock) - began_us) / 1e6;
	is_good = is_good && wait_for(b, writer, all_settled);
	ret->settled_s = (double)(clock_monotonic_us(clock) - began_us) / 1e6;
	ret->cpu_us = (double)(cpu_us() - cpu_began_us);
	ret->server_cpu_us = server_cpu_us(b);
	writer_stop(&writer);
	apply_free(&applier);
	return is_good ? STATUS_OK : STATUS_IO;
}

/* ---- A store to begin with */

/* There for as long as the database is: it never says that it has ended. */
static enum status add_server(struct bench *b)
{
	struct node other = {
	    .number = (uint16_t)(journal_node(b->journal) % NODE_NUMBER_MAX + 1), .installation = {{1}}, .epoch = 1};
	return b->is_shared ? store_node_take(b->at.session, &other, &b->err) : STATUS_OK;
}

/* In pieces, because the journal is as large as a piece. */
static enum status fill(struct bench *b)
{
	struct figures ignored;
	enum status status = open_journal(b);
	if (status == STATUS_OK)
		status = add_server(b);
	for (uint64_t left = b->before; status == STATUS_OK && left;) {
		uint64_t count = left < AT_ONCE ? left : AT_ONCE;
		status = write_hits(b, count);
		if (status == STATUS_OK)
			status = apply(b, &ignored);
		left -= count;
	}
	return status == STATUS_OK ? tidy(b) : status;
}

static enum status prepare(struct bench *b, const char *directory)
{
	enum status status = bench_store_create(&b->at, directory, BENCH_MAIL_START_US, &b->err);
	return status == STATUS_OK ? fill(b) : status;
}

static enum status open_new(struct bench *b)
{
	if (!b->url)
		return bench_store_open(&b->at, BENCH_MAIL_START_US, &b->err);
	enum status status = bench_store_open_in(&b->at, b->url, BENCH_MAIL_START_US, &b->err);
	return status == STATUS_OK ? bench_database_open(b->url, &b->database, &b->err) : status;
}

static enum status begin(struct bench *b, const char *from)
{
	enum status status = from ? bench_store_open_copy(&b->at, from, &b->err) : open_new(b);
	if (status == STATUS_OK)
		status = from ? open_journal(b) : fill(b);
	if (status == STATUS_OK)
		b->before = journal_durable_sequence(b->journal);
	return status;
}

/* ---- The measurement */

static enum status measure(struct bench *b, struct figures *ret)
{
	uint64_t bytes_before = 0, bytes = 0;
	enum status status = write_hits(b, b->count);
	if (status == STATUS_OK)
		status = tidy(b);
	if (status == STATUS_OK)
		status = store_bytes(b, &bytes_before);
	if (status == STATUS_OK)
		status = apply(b, ret);
	if (status == STATUS_OK)
		status = tidy(b);
	if (status == STATUS_OK)
		status = store_bytes(b, &bytes);
	ret->cpu_us /= (double)b->count;
	ret->server_cpu_us /= (double)b->count;
	ret->bytes = ((double)bytes - (double)bytes_before) / (double)b->count;
	return status;
}

static void print_json(const struct bench *b, const struct figures *f)
{
	printf("{\"events\":%llu,\"before\":%llu,\"shared\":%s,\"events_per_s\":%.0f,\"settled_per_s\":%.0f,"
	       "\"cpu_us_per_event\":%.2f,",
	       (unsigned long long)b->count, (unsigned long long)b->before, b->is_shared ? "true" : "false",
	       (double)b->count / f->applied_s, (double)b->count / f->settled_s, f->cpu_us);
	if (f->server_cpu_us >= 0)
		printf("\"server_cpu_us_per_event\":%.2f,", f->server_cpu_us);
	printf("\"db_bytes_per_event\":%.1f}\n", f->bytes);
}

static void print_text(const struct bench *b, const struct figures *f)
{
	printf("%.0f events/s, %.0f with the second look, %.1f us of processor time ", (double)b->count / f->applied_s,
	       (double)b->count / f->settled_s, f->cpu_us);
	if (f->server_cpu_us >= 0)
		printf("(and %.1f us of the server's) ", f->server_cpu_us);
	printf("and %.0f bytes an event (%llu behind %llu)\n", f->bytes, (unsigned long long)b->count,
	       (unsigned long long)b->before);
}

static enum status run(struct bench *b, const char *from, struct figures *ret)
{
	enum status status = begin(b, from);
	return status == STATUS_OK ? measure(b, ret) : status;
}

/* ---- */

static void print_help(const struct option_spec *specs)
{
	puts("pugmark bench apply N: how fast N hits become events in SQLite, from the journal until they are counted\n"
	     "and have been looked at a second time; in a store that holds some already.\n"
	     "\n"
	     "With --store in a PostgreSQL database, which must be empty and is filled. When its server runs on this\n"
	     "machine, the processor time of the server's processes for the sessions that write (utime and stime of\n"
	     "/proc/PID/stat) is told, too. With --shared another server is registered there, as if it were silent: "
	     "one\n"
	     "that is alone need not ask the store for what others may have written.\n");
	options_print(specs);
}

static bool read_count(const char *text, uint64_t *ret)
{
	return !text || slice_to_u64(slice_from_cstr(text), RECORDS_MAX, ret);
}

static int wrong_use(void)
{
	(void)fprintf(stderr, "pugmark bench apply: say how many, from 1 to %d; see 'pugmark bench apply --help'\n",
		      RECORDS_MAX);
	return EXIT_USAGE;
}

int command_bench_apply(int argc, char **argv)
{
	struct bench b = {.lock = PTHREAD_MUTEX_INITIALIZER, .written = PTHREAD_COND_INITIALIZER};
	struct figures figures = {0};
	bool as_json = false;
	const char *before = NULL;
	const char *prepared = NULL;
	const char *from = NULL;
	struct operands operands;
	const struct option_spec specs[] = {
	    {"before", &before, NULL, "M  hits that the store holds before (0)"},
	    {"prepare", &prepared, NULL, "DIR  only make such a store, and keep it there"},
	    {"from", &from, NULL, "DIR  begin with a copy of one that was made so"},
	    {"store", &b.url, NULL, "URL  in this empty database, postgresql://…"},
	    {"shared", NULL, &b.is_shared, "  as one of several servers of it"},
	    {"json", NULL, &as_json, "  print JSON"},
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &operands);
	if (parsed == OPTIONS_HELP)
		return print_help(specs), EXIT_DONE;
	if (parsed != OPTIONS_OK)
		return EXIT_USAGE;
	if (!read_count(before, &b.before) || operands.count != (prepared ? 0 : 1) ||
	    !read_count(prepared ? before : operands.values[0], &b.count) || (!prepared && !b.count) ||
	    (prepared && (from || b.url || !b.before)) || (from && b.url) || (b.is_shared && !b.url))
		return wrong_use();
	enum status status = prepared ? prepare(&b, prepared) : run(&b, from, &figures);
	journal_close(&b.journal);
	bench_database_close(&b.database);
	bench_store_close(&b.at);
	if (status != STATUS_OK) {
		(void)fprintf(stderr, "pugmark: bench apply: %s\n", b.err.text);
		return EXIT_FAILED;
	}
	if (!prepared)
		(as_json ? print_json : print_text)(&b, &figures);
	return EXIT_DONE;
}

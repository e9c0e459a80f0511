/* SPDX-License-Identifier: Apache-2.0 */
/* Two processes apply the same journal to one store: whoever has a copy of a data directory does that. Each has the
 * other to reckon with at every commit, and is killed at any moment. In the end each record is there once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "../../harness/exam.h"
#include "../../harness/postgres_server.h"
#include "base/mem.h"
#include "base/random.h"
#include "engine/ledger/writer.h"
#include "world.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 8, MESSAGES = 20, BATCH = 1000 };

/* What the two of a round tell, by one byte each. */
enum word { WORD_RUNS = 'r', WORD_COMMITTED = 'c', WORD_FENCED = 'f', WORD_REFUSED = 'x' };

struct racer {
	pid_t process;
	int words;
	bool is_fenced;
	unsigned commits;
};

static void say(int to, enum word word)
{
	char byte = (char)word;

	(void)!write(to, &byte, 1);
}

static void tell_commit(void *user, uint64_t sequence)
{
	(void)sequence;
	say(*(int *)user, WORD_COMMITTED);
}

static void tell_halt(void *user, enum writer_halt why, const char *words)
{
	(void)words;
	say(*(int *)user, why == WRITER_FENCED ? WORD_FENCED : WORD_REFUSED);
}

static void be_a_racer(const struct world *parent, const char *directory, int to)
{
	struct world w = *parent;
	struct writer *writer = NULL;
	struct err err = {0};

	/* A failing test leaves nobody behind, who would hold its output open. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(w.directory, sizeof w.directory, "%s", directory);
	world_open_handles(&w);
	struct writer_config config = world_writer_config(&w);
	config.applied = tell_commit;
	config.halted = tell_halt;
	config.user = &to;
	say(to, writer_start(&config, &writer, &err) == STATUS_OK ? WORD_RUNS : WORD_REFUSED);
	for (;;)
		pause();
}

static struct racer start(const struct world *w, const char *directory)
{
	struct racer a = {0};
	int words[2];

	assert_int_equal(pipe(words), 0);
	a.process = fork();
	assert_true(a.process >= 0);
	if (a.process == 0)
		be_a_racer(w, directory, words[1]);
	(void)close(words[1]);
	a.words = words[0];
	return a;
}

/* Hears what there is to hear; false when nothing came within that time. */
static bool hear(struct racer *a, int wait_ms)
{
	struct pollfd ready = {.fd = a->words, .events = POLLIN};
	char bytes[256];
	ssize_t n;

	if (poll(&ready, 1, wait_ms) <= 0)
		return false;
	n = read(a->words, bytes, sizeof bytes);
	for (ssize_t i = 0; i < n; i++) {
		a->commits += bytes[i] == WORD_COMMITTED;
		a->is_fenced = a->is_fenced || bytes[i] == WORD_FENCED;
	}
	return n > 0;
}

/* Waits until one of them has committed or was fenced. */
static void expect_either(struct racer both[2])
{
	struct pollfd words[2] = {{.fd = both[0].words, .events = POLLIN}, {.fd = both[1].words, .events = POLLIN}};

	bool is_heard = both[0].commits + both[1].commits > 0 || both[0].is_fenced || both[1].is_fenced;

	assert_true(is_heard || poll(words, 2, 60000) > 0);
}

static void end(struct racer *a)
{
	assert_int_equal(kill(a->process, SIGKILL), 0);
	assert_int_equal(waitpid(a->process, NULL, 0), a->process);
	while (hear(a, 0))
		continue;
	(void)close(a->words);
}

static void copy_journal(const struct world *w, const char *to)
{
	char command[400];

	(void)snprintf(command, sizeof command, "rm -rf %s && mkdir %s && cp -a %s/journal* %s/", to, to, w->directory,
		       to);
	assert_int_equal(system(command), 0);
}

static void put_records(struct world *w, struct prng *random, size_t *records)
{
	struct world_feed *feed = world_feed_open(w);

	for (size_t last = *records + BATCH; *records < last; (*records)++) {
		struct hit_record hit =
		    world_hit(w, (uint32_t)prng_below(random, MESSAGES), *records % 3 ? HIT_OPEN : HIT_CLICK);

		world_come_from(&hit, *records);
		world_put_hit(feed, WORLD_NOW_US + (int64_t)*records * 100000, &hit);
	}
	world_feed_close(&feed);
}

struct tally {
	unsigned rounds, fenced, commits;
};

/* Both at once; one is killed early, the other one a little later. */
static void race(const struct world *w, const char *other, struct prng *random, struct tally *tally)
{
	struct racer both[2] = {start(w, w->directory), start(w, other)};
	size_t first = (size_t)prng_below(random, 2);

	for (size_t i = 0; i < 2; i++)
		assert_true(hear(&both[i], 60000));
	/* Every other time after something was done: a slow disk needs longer for a commit than the pauses below. */
	if (tally->rounds % 2 == 1)
		expect_either(both);
	/* Not to wait for anything: to strike at another moment each time. */
	usleep((useconds_t)prng_below(random, 80000));
	end(&both[first]);
	usleep((useconds_t)prng_below(random, 60000));
	end(&both[!first]);
	tally->rounds++;
	for (size_t i = 0; i < 2; i++) {
		tally->fenced += both[i].is_fenced;
		tally->commits += both[i].commits;
	}
}

/* By the times of their records, in whatever order they were applied. */
static void expect_each_record_once(struct world *w, size_t records)
{
	const struct event *events;
	size_t n = world_all_events(w, &events);
	bool *seen = mem_alloc(records);

	memset(seen, 0, records);
	assert_int_equal(n, records);
	for (size_t i = 0; i < n; i++) {
		size_t record = (size_t)((events[i].occurred_us - WORLD_NOW_US) / 100000);

		assert_true(record < records && !seen[record]);
		seen[record] = true;
		assert_true(uuid_equal(events[i].id,
				       uuid_of_record(events[i].occurred_us, journal_node(w->journal), record + 1)));
	}
	mem_free(seen);
	world_check_sums(w);
}

static void race_until_done(struct world *w)
{
	const uint64_t rounds = exam_rounds(ROUNDS);
	struct tally tally = {0};
	struct prng random;
	size_t records = 0;
	char other[80];

	(void)snprintf(other, sizeof other, "%s-copy", w->directory);
	prng_init(&random, 25 + exam_seed());
	for (uint32_t i = 0; i < MESSAGES; i++)
		world_add_message(w, i, false);
	/* Further ones when none was fenced: the second may start when the first has nothing left to commit. */
	while (tally.rounds < rounds || (tally.fenced == 0 && tally.rounds < 10 * rounds)) {
		put_records(w, &random, &records);
		world_close_handles(w);
		copy_journal(w, other);
		race(w, other, &random, &tally);
		world_open_handles(w);
	}
	print_message("%u races of two appliers, %u fenced, %u commits, %zu records\n", tally.rounds, tally.fenced,
		      tally.commits, records);
	world_apply_all(w);
	expect_each_record_once(w, records);
	assert_true(tally.fenced > 0);
	(void)snprintf(other, sizeof other, "rm -rf %.60s-copy", w->directory);
	assert_int_equal(system(other), 0);
}

static struct postgres_server *server;

static void test_two_appliers_of_one_journal_apply_each_record_once(void **state)
{
	static struct world w;

	(void)state;
	world_open(&w);
	race_until_done(&w);
	world_close(&w);
}

static void test_and_on_postgresql(void **state)
{
	static struct world w;

	(void)state;
	if (!server)
		skip();
	world_open_at(&w, postgres_server_fresh_url(server));
	race_until_done(&w);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_appliers_of_one_journal_apply_each_record_once),
	    cmocka_unit_test(test_and_on_postgresql),
	};
	int failed;

	server = postgres_server_start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	postgres_server_stop(&server);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Vectorscan (Debian: libvectorscan-dev) over the list of robots, beside this project's automaton and the whole
 * verdict.
 *
 *   vectorscan crawler-user-agents.json FILE...   agents as `pugmark bench judge` takes them; a line of JSON for each
 * job
 *
 * Vectorscan has the 1,500 patterns of the list as they are and stops at the first that matches. The automaton has the
 * same list, the robots' words, mail clients, browsers, systems and signs, and always reads to the end. */
#include "codec/judge/agent_marks.h"
#include "prog/bench/bench_agents.h"
#include "prog/bench/bench_corpus.h"
#include <hs.h>
#include <jansson.h>
#include <stdio.h>

enum { PATTERNS_MAX = 4000, ROUNDS = 9, JOBS = 3 };

struct bench {
	struct bench_agents agents;
	hs_database_t *database;
	hs_scratch_t *scratch;
	uint64_t found; /* nobody reads it, but the compiler does not know */
};

static int stop_at_first(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	uint64_t *found = context;
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*found;
	return 1;
}

static bool scan_all(void *user)
{
	struct bench *b = user;
	for (size_t i = 0; i < b->agents.count * b->agents.repeats; i++) {
		struct slice agent = b->agents.agents[i % b->agents.count];
		hs_error_t error =
		    hs_scan(b->database, agent.p, (unsigned)agent.n, 0, b->scratch, stop_at_first, &b->found);
		if (error != HS_SUCCESS && error != HS_SCAN_TERMINATED)
			return false;
	}
	return true;
}

static bool find_all(void *user)
{
	struct bench *b = user;
	for (size_t i = 0; i < b->agents.count * b->agents.repeats; i++) {
		struct agent_marks marks;
		agent_marks_find(b->agents.agents[i % b->agents.count], &marks);
		b->found += marks.robot.code != NULL;
	}
	return true;
}

static bool judge_all(void *user)
{
	struct bench *b = user;
	return bench_agents_judge(&b->agents);
}

static bench_pass_fn *const JOB_LIST[JOBS] = {scan_all, find_all, judge_all};
static const char *const JOB_NAMES[JOBS] = {"vectorscan", "agent_marks", "verdict"};

static bool compile(const char *path, hs_database_t **ret)
{
	static const char *patterns[PATTERNS_MAX];
	static unsigned flags[PATTERNS_MAX], ids[PATTERNS_MAX];
	json_error_t json_error;
	hs_compile_error_t *error = NULL;
	unsigned count = 0;
	json_t *list = json_load_file(path, 0, &json_error);
	for (size_t i = 0; i < json_array_size(list) && count < PATTERNS_MAX; i++) {
		patterns[count] = json_string_value(json_object_get(json_array_get(list, i), "pattern"));
		ids[count] = count;
		count += patterns[count] != NULL;
	}
	bool is_good =
	    count && hs_compile_multi(patterns, flags, ids, count, HS_MODE_BLOCK, NULL, ret, &error) == HS_SUCCESS;
	if (!is_good)
		(void)fprintf(stderr, "vectorscan: %s: %s\n", path, error ? error->message : "no patterns in it");
	if (error)
		(void)hs_free_compile_error(error);
	json_decref(list);
	return is_good;
}

/* One line for each job: nanoseconds an agent, the middle of the rounds and the quickest pass. */
static void print_figures(const char *path, struct bench *b, size_t count, const struct bench_rate rates[JOBS])
{
	for (size_t j = 0; j < JOBS; j++) {
		double ns = 1000 / rates[j].median_mb_per_s;
		double min_ns = 1000 / bench_best_pass(JOB_LIST[j], b, count, BENCH_AGENT_PASSES);
		if (JOB_LIST[j] == judge_all) { /* an open and a click of each */
			ns /= BENCH_HITS_PER_AGENT;
			min_ns /= BENCH_HITS_PER_AGENT;
		}
		printf("{\"bench\":\"agents\",\"job\":\"%s\",\"agents\":\"%s\",\"count\":%zu,\"bytes\":%.0f,"
		       "\"ns_per_op\":%.1f,\"min_ns_per_op\":%.1f}\n",
		       JOB_NAMES[j], path, b->agents.count, (double)b->agents.bytes / (double)b->agents.count, ns,
		       min_ns);
	}
}

static bool measure(struct bench *b, const char *path)
{
	struct bench_rate rates[JOBS];
	bool is_good = bench_agents_read(path, &b->agents);
	/* As so many "bytes" a pass, so that a rate is agents in a microsecond. */
	size_t count = b->agents.count * b->agents.repeats;
	is_good = is_good && bench_rounds(JOB_LIST, JOBS, b, count, ROUNDS, rates);
	if (is_good)
		print_figures(path, b, count, rates);
	bench_agents_done(&b->agents);
	return is_good;
}

int main(int argc, char **argv)
{
	struct bench b = {.found = 0};
	if (argc < 3) {
		(void)fputs("vectorscan LIST FILE...\n", stderr);
		return 2;
	}
	bool is_good = compile(argv[1], &b.database) && hs_alloc_scratch(b.database, &b.scratch) == HS_SUCCESS;
	for (int i = 2; is_good && i < argc; i++)
		is_good = measure(&b, argv[i]);
	(void)hs_free_scratch(b.scratch);
	(void)hs_free_database(b.database);
	return is_good ? 0 : 1;
}

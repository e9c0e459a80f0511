/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark bench judge: how long the first verdict on a hit takes, without behaviour. */
#include "codec/text/json_text.h"
#include "prog/bench/bench_agents.h"
#include "prog/bench/bench_corpus.h"
#include "prog/command/commands.h"
#include "prog/show/options.h"
#include <stdio.h>

enum { ROUNDS_DEFAULT = 7 };

struct figures {
	const char *what;
	size_t agents, hits; /* of a pass */
	double ns, min_ns;
};

static void print_json(const struct figures *f)
{
	struct buf line;
	buf_init(&line, 4096);
	struct json_text w = json_text_on(&line);
	json_open(&w, '{');
	JSON_FIELD(&w, "bench", cstring, "judge");
	JSON_FIELD(&w, "agents", cstring, f->what);
	JSON_FIELD(&w, "count", i64, (int64_t)f->agents);
	JSON_FIELD(&w, "hits", i64, (int64_t)f->hits);
	JSON_FIELD(&w, "ns_per_op", double, f->ns);
	JSON_FIELD(&w, "min_ns_per_op", double, f->min_ns);
	json_close(&w, '}');
	puts(buf_cstr(&line));
	buf_done(&line);
}

static void print_words(const struct figures *f)
{
	const char *name = strrchr(f->what, '/');
	printf("%-24s %6zu agents %8.1f ns a hit, %.1f in the quickest pass\n", name ? name + 1 : f->what, f->agents,
	       f->ns, f->min_ns);
}

/* `path` NULL: the agents that are built in. The least is that of one pass, which a busy machine seldom interrupts. */
static bool measure(const char *path, size_t rounds, bool as_json)
{
	bench_pass_fn *const jobs[] = {bench_agents_judge};
	struct bench_agents agents;
	struct bench_rate rate;
	bool is_good = bench_agents_read(path, &agents);
	/* As so many "bytes" a pass, so that a rate is hits in a microsecond. */
	size_t hits = agents.count * agents.repeats * BENCH_HITS_PER_AGENT;
	is_good = is_good && bench_rounds(jobs, 1, &agents, hits, rounds, &rate);
	if (is_good) {
		double best = bench_best_pass(bench_agents_judge, &agents, hits, BENCH_AGENT_PASSES);
		struct figures figures = {path ? path : "built in", agents.count, hits, 1000 / rate.median_mb_per_s,
					  1000 / best};
		if (as_json)
			print_json(&figures);
		else
			print_words(&figures);
	}
	bench_agents_done(&agents);
	return is_good;
}

int command_bench_judge(int argc, char **argv)
{
	const char *rounds_text = NULL;
	bool as_json = false;
	uint64_t rounds = ROUNDS_DEFAULT;
	struct operands files;
	const struct option_spec specs[] = {{"rounds", &rounds_text, NULL, "N  rounds of 0.2 s each (7)"},
					    {"json", NULL, &as_json, "  print JSON, a line for each file"},
					    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &files);
	if (parsed == OPTIONS_HELP) {
		puts("pugmark bench judge [FILE…]: how long a verdict takes on the agents of a file, one a line or in "
		     "the\n"
		     "column \"ua\" of a table with tabs. Every agent is judged as an open and as a click.\n");
		return options_print(specs), EXIT_DONE;
	}
	if (parsed != OPTIONS_OK)
		return EXIT_USAGE;
	if (rounds_text && (!slice_to_u64(slice_from_cstr(rounds_text), BENCH_ROUNDS_MAX, &rounds) || !rounds)) {
		(void)fprintf(stderr, "pugmark bench judge: --rounds is a number from 1 to %d\n", BENCH_ROUNDS_MAX);
		return EXIT_USAGE;
	}
	if (!files.count)
		return measure(NULL, rounds, as_json) ? EXIT_DONE : EXIT_FAILED;
	bool is_good = true;
	for (size_t i = 0; i < files.count; i++)
		is_good = measure(files.values[i], rounds, as_json) && is_good;
	return is_good ? EXIT_DONE : EXIT_FAILED;
}

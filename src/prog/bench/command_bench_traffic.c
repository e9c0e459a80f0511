/* SPDX-License-Identifier: Apache-2.0 */
/* How well hits are judged, on a simulated population whose truth is known: no labelled set of real opens and clicks is
 * public. Seeds 1 to 5 are those that the rules were tuned with; a figure that is quoted comes from another. */
#include "prog/command/commands.h"

#include "base/clock.h"
#include "prog/show/input_file.h"
#include "prog/show/options.h"
#include "prog/show/progress_line.h"
#include "simulator/traffic_report.h"
#include "simulator/traffic_table.h"
#include <stdio.h>
#include <stdlib.h>

enum { TABLE_BYTES_MAX = 1 << 20, CORPUS_BYTES_MAX = 8 << 20, CORPUS_FILES = 4 };

struct arguments {
	struct traffic_plan plan;
	const char *corpus;
	bool as_json;
};

static enum options_result parse(int argc, char **argv, struct arguments *ret)
{
	const char *seed = "1";
	const char *mails = "100000";
	uint64_t mail_count = 0;
	const struct option_spec specs[] = {
	    {"seed", &seed, NULL, "N  of the population; the same gives the same hits (1)"},
	    {"messages", &mails, NULL, "N  how many mails are sent (100000)"},
	    {"corpus", &ret->corpus, NULL, "DIR  holds ua/ with the user agents (PUGMARK_CORPUS)"},
	    {"json", NULL, &ret->as_json, " figures as JSON"},
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, NULL);
	if (parsed == OPTIONS_HELP) {
		puts("pugmark bench traffic: how well hits are judged, on a simulated population, beside simpler "
		     "filters."
		     "\n");
		options_print(specs);
	}
	if (parsed != OPTIONS_OK)
		return parsed;
	if (!slice_to_u64(slice_from_cstr(seed), INT64_MAX, &ret->plan.seed) ||
	    !slice_to_u64(slice_from_cstr(mails), TRAFFIC_MAILS_MAX, &mail_count) || !mail_count) {
		(void)fprintf(stderr, "pugmark bench traffic: a seed is a number, messages are 1 to %d\n",
			      TRAFFIC_MAILS_MAX);
		return OPTIONS_WRONG;
	}
	ret->plan.mails = (uint32_t)mail_count;
	return OPTIONS_OK;
}

/* ---- The corpus */

/* Appends the files one behind the other. False: one cannot be read, which was said. */
static bool read_corpus(const char *directory, struct buf *to, struct traffic_agent_texts *ret)
{
	static const char *const NAMES[CORPUS_FILES] = {"humans_weighted.tsv", "humans_mailclients.txt",
							"mailproxies.tsv", "bots.txt"};
	size_t ends[CORPUS_FILES + 1] = {0};
	for (size_t i = 0; i < CORPUS_FILES; i++) {
		char path[4096];
		(void)snprintf(path, sizeof path, "%s/ua/%s", directory, NAMES[i]);
		if (!input_file_read("bench traffic", path, to))
			return false;
		ends[i + 1] = to->n;
	}
	struct slice all = buf_slice(to);
	*ret = (struct traffic_agent_texts){
	    .browsers = slice_sub(all, ends[0], ends[1]),
	    .mail_clients = slice_sub(all, ends[1], ends[2]),
	    .services = slice_sub(all, ends[2], ends[3]),
	    .crawlers = slice_sub(all, ends[3], ends[4]),
	};
	return true;
}

/* ---- Progress, on a terminal, after a second */

struct progress {
	int64_t started_us;
	struct progress_line line;
};

static void tell(void *user, size_t done, size_t of)
{
	struct progress *p = user;
	if (clock_monotonic_us(clock_system()) - p->started_us >= 1000000)
		progress_line_show(&p->line, (unsigned)(done * 1000 / of), done, "hits");
}

static enum status make_report(const struct arguments *arguments, const struct traffic_agents *agents,
			       struct traffic_report *ret, struct err *err)
{
	struct progress shown = {.started_us = clock_monotonic_us(clock_system()), .line = progress_line_new()};
	struct traffic_progress progress = {.tell = tell, .user = &shown};
	enum status status = traffic_report_make(&arguments->plan, agents, &progress, ret, err);
	progress_line_end(&shown.line);
	return status;
}

static int run(const struct arguments *arguments, const struct traffic_agents *agents)
{
	struct traffic_report report;
	struct buf text;
	struct err err = {0};
	if (make_report(arguments, agents, &report, &err) != STATUS_OK) {
		(void)fprintf(stderr, "pugmark bench traffic: %s\n", err.text);
		return EXIT_FAILED;
	}
	buf_init(&text, TABLE_BYTES_MAX);
	(arguments->as_json ? traffic_table_append_json : traffic_table_append)(&report, &text);
	(void)fputs(buf_cstr(&text), stdout);
	buf_done(&text);
	return EXIT_DONE;
}

static int run_with(const struct arguments *arguments, struct buf *corpus)
{
	struct traffic_agent_texts texts;
	struct traffic_agents *agents = NULL;
	struct err err = {0};
	if (!read_corpus(arguments->corpus, corpus, &texts))
		return EXIT_FAILED;
	if (traffic_agents_new(&texts, &agents, &err) != STATUS_OK) {
		(void)fprintf(stderr, "pugmark bench traffic: %s\n", err.text);
		return EXIT_FAILED;
	}
	int code = run(arguments, agents);
	traffic_agents_free(&agents);
	return code;
}

int command_bench_traffic(int argc, char **argv)
{
	struct arguments arguments = {.corpus = getenv("PUGMARK_CORPUS")};
	struct buf corpus;
	enum options_result parsed = parse(argc, argv, &arguments);
	if (parsed != OPTIONS_OK)
		return parsed == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	if (!arguments.corpus) {
		(void)fputs(
		    "pugmark bench traffic: name a corpus of user agents with --corpus DIR or PUGMARK_CORPUS; it "
		    "holds ua/humans_weighted.tsv, ua/humans_mailclients.txt, ua/mailproxies.tsv and "
		    "ua/bots.txt\n",
		    stderr);
		return EXIT_USAGE;
	}
	buf_init(&corpus, CORPUS_BYTES_MAX);
	int code = run_with(&arguments, &corpus);
	buf_done(&corpus);
	return code;
}

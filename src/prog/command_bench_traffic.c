/* SPDX-License-Identifier: Apache-2.0 */
/* How well hits are judged, on a simulated population whose truth is known: no labelled set of real opens and clicks is
 * public. Seeds 1 to 5 are those that the rules were tuned with; a figure that is quoted comes from another. */
#include "prog/commands.h"

#include "base/clock.h"
#include "prog/options.h"
#include "prog/progress_line.h"
#include "prog/traffic_report.h"
#include "prog/traffic_table.h"
#include <stdio.h>
#include <stdlib.h>

enum { TABLE_BYTES_MAX = 1 << 20 };

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

int command_bench_traffic(int argc, char **argv)
{
	struct arguments arguments = {.corpus = getenv("PUGMARK_CORPUS")};
	struct traffic_agents *agents = NULL;
	struct err err = {0};
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
	enum status status = traffic_agents_load(arguments.corpus, &agents, &err);
	if (status != STATUS_OK && status != STATUS_IO)
		(void)fprintf(stderr, "pugmark bench traffic: %s\n", err.text);
	if (status != STATUS_OK)
		return EXIT_FAILED;
	int code = run(&arguments, agents);
	traffic_agents_free(&agents);
	return code;
}

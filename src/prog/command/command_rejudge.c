/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark rejudge: today's rules over the opens and clicks of a time, before and after. When a server runs it is asked
 * to do it, between its own writes; otherwise the same work is done here (errand.h), with a writer when something is to
 * be written. The report comes over the socket line by line and is the same struct in the end. */
#include "base/clock.h"
#include "engine/judge/rejudge.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/errand.h"
#include "prog/show/progress_line.h"
#include "prog/show/rejudge_lines.h"
#include "prog/show/rejudge_table.h"
#include <inttypes.h>
#include <stdio.h>

enum { DAYS_MAX = 36500, RESULT_MAX = 64 * 1024, REQUEST_MAX = 64 };
static const int64_t DAY_US = INT64_C(86400000000);

struct rejudging {
	struct command command; /* first: a command is a rejudging */
	int64_t since_us;
	bool applies, is_json;
	struct progress_line progress;
	struct rejudge_report report;
	struct network_lists *lists; /* when it is done here; NULL: none are configured */
};

/* ---- By the server */

static void show_progress(void *user, uint64_t hits, unsigned per_mille)
{
	struct rejudging *r = user;
	progress_line_show(&r->progress, per_mille, hits, "hits judged");
}

static bool take_line(void *user, const char *line)
{
	return rejudge_lines_take(slice_from_cstr(line), &((struct rejudging *)user)->report);
}

/* ---- Here */

static bool step(void *user, const struct rejudge_progress *progress)
{
	show_progress(user, progress->hits, progress->per_mille);
	return true;
}

/* Before the writer is started, which would only warn of a list that cannot be read: verdicts that rested on it would
 * all change. */
static enum status read_lists(void *user, struct err *err)
{
	struct rejudging *r = user;
	return installation_read_networks(&r->command.installation, &r->lists, err);
}

static enum status rejudge_here(void *user, struct writer *writer, uint64_t *ret_count, struct err *err)
{
	struct rejudging *r = user;
	struct rejudge_watch watch = {.step = step, .user = r};
	struct rejudge_config config = {.store = r->command.installation.store,
					.writer = writer,
					.clock = clock_system(),
					.lists = r->lists,
					.since_us = r->since_us};
	enum status status = rejudge_run(&config, &watch, &r->report, err);
	*ret_count = r->report.hits;
	return status;
}

static enum status rejudge(struct rejudging *r)
{
	char request[REQUEST_MAX];
	uint64_t hits = 0;
	struct errand errand = {.request = request,
				.prepare = read_lists,
				.here = rejudge_here,
				.needs_writer = r->applies,
				.progress = show_progress,
				.take_line = take_line,
				.user = r};
	(void)snprintf(request, sizeof request, "rejudge %" PRId64 " %s\n", r->since_us, r->applies ? "apply" : "look");
	enum status status = command_configure(&r->command);
	if (status == STATUS_OK)
		status = errand_run(&r->command.installation, &errand, &hits, &r->command.err);
	network_lists_free(&r->lists);
	return status;
}

/* ---- */

/* A date, a time, or "30d". */
static bool parse_since(const char *text, int64_t *ret_us)
{
	uint64_t days;
	struct slice s = slice_from_cstr(text);
	int64_t now_us = clock_now_us(clock_system());
	if (s.n && s.p[s.n - 1] == 'd' && slice_to_u64(slice_sub(s, 0, s.n - 1), DAYS_MAX, &days) && days) {
		int64_t since_us = now_us - (int64_t)days * DAY_US;
		*ret_us = since_us > 0 ? since_us : 0;
		return true;
	}
	return time_parse_rfc3339(s, ret_us) && *ret_us >= 0;
}

/* One report, whoever judged. */
static void print_result(const struct rejudging *r)
{
	struct buf text;
	struct rejudge_result result = {.report = &r->report, .since_us = r->since_us, .is_applied = r->applies};
	buf_init(&text, RESULT_MAX);
	if (r->is_json)
		rejudge_table_append_json(&text, &result);
	else
		rejudge_table_append(&text, &result);
	(void)fputs(buf_cstr(&text), stdout);
	buf_done(&text);
}

int command_rejudge(int argc, char **argv)
{
	struct rejudging r = {.progress = progress_line_new()};
	const char *since = NULL;
	int code;
	const struct option_spec options[] = {
	    {"since", &since, NULL, "TIME  hits from then on: 2026-11-01, 2026-11-01T12:00:00Z, or 30d for 30 days"},
	    {"apply", NULL, &r.applies, "write the new verdicts, and move counters and sums with them"},
	    {"json", NULL, &r.is_json, "print JSON"},
	    {NULL}};
	const struct command_spec spec = {.help = "pugmark rejudge: judge opens and clicks of the past by today's "
						  "rules, by the server if one runs, and say\n"
						  "what they were before and what they are then. Changes nothing "
						  "without --apply. Can be ended at any time;\n"
						  "the next one does the rest.\n",
					  .options = options};
	if (!command_open(&r.command, &spec, argc, argv, &code))
		return code;
	if (!since || !parse_since(since, &r.since_us))
		return command_wrong(&r.command, "--since is a date, a time as in RFC 3339, or days: 2026-11-01, 30d");
	enum status status = rejudge(&r);
	progress_line_end(&r.progress);
	if (status == STATUS_OK)
		print_result(&r);
	return command_close(&r.command, status);
}

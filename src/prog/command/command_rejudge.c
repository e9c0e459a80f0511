/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark rejudge: today's rules over the opens and clicks of a time, before and after. When a server runs it is asked
 * to do it, between its own writes (see control.h); otherwise the same work is done here, with the data directory
 * locked as a server would lock it when something is to be written. */
#include "base/clock.h"
#include "prog/command/commands.h"
#include "prog/serve/control.h"
#include "prog/serve/local_writer.h"
#include "prog/show/progress_line.h"
#include "prog/show/rejudge_lines.h"
#include "prog/show/rejudge_table.h"
#include <inttypes.h>
#include <stdio.h>

enum { DAYS_MAX = 36500, RESULT_MAX = 64 * 1024 };
static const int64_t DAY_US = INT64_C(86400000000);

struct rejudging {
	struct installation installation;
	int64_t since_us;
	bool applies, is_json;
	struct progress_line progress;
	struct rejudge_report report;
};

static void show(struct rejudging *r, unsigned per_mille, uint64_t hits)
{
	progress_line_show(&r->progress, per_mille, hits, "hits judged");
}

/* ---- By the server */

static bool take_line(void *user, const char *line, enum status *ret_status, struct err *err)
{
	struct rejudging *r = user;
	uint64_t hits;
	unsigned per_mille;
	if (rejudge_lines_take(slice_from_cstr(line), &r->report))
		return true;
	if (sscanf(line, "progress %" SCNu64 " %u", &hits, &per_mille) == 2) {
		show(r, per_mille, hits);
		return true;
	}
	*ret_status = control_outcome(line, &hits, err);
	return false;
}

static enum status ask_server(struct rejudging *r, int fd, struct err *err)
{
	char request[CONTROL_LINE_MAX];
	(void)snprintf(request, sizeof request, "rejudge %" PRId64 " %s\n", r->since_us, r->applies ? "apply" : "look");
	return control_ask(fd, request, take_line, r, err);
}

/* ---- Here */

static bool step(void *user, const struct rejudge_progress *progress)
{
	show(user, progress->per_mille, progress->hits);
	return true;
}

static enum status rejudge_here(struct rejudging *r, struct err *err)
{
	struct local_writer local = {0};
	struct network_lists *lists = NULL;
	struct rejudge_watch watch = {.step = step, .user = r};
	enum status status = installation_open(&r->installation, err);
	if (status == STATUS_OK)
		status = installation_read_networks(&r->installation, &lists, err);
	if (status == STATUS_OK && r->applies)
		status = local_writer_start(&r->installation, &local, err);
	struct rejudge_config config = {.store = r->installation.store,
					.writer = local.writer,
					.clock = clock_system(),
					.lists = lists,
					.since_us = r->since_us};
	if (status == STATUS_OK)
		status = rejudge_run(&config, &watch, &r->report, err);
	local_writer_stop(&local);
	network_lists_free(&lists);
	return status;
}

static enum status rejudge(struct rejudging *r, struct err *err)
{
	int fd = -1;
	enum status status = installation_configure(&r->installation, err);
	if (status != STATUS_OK)
		return status;
	status = control_connect(r->installation.data, &fd, err);
	if (status == STATUS_OK)
		return ask_server(r, fd, err);
	/* STATUS_IO: perhaps there is no directory; opening it says that better. */
	return status == STATUS_NOT_FOUND || status == STATUS_IO ? rejudge_here(r, err) : status;
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

static void print_help(const struct option_spec *specs)
{
	puts(
	    "pugmark rejudge: judge opens and clicks of the past by today's rules, by the server if one runs, and say\n"
	    "what they were before and what they are then. Changes nothing without --apply. Can be ended at any time;\n"
	    "the next one does the rest.\n");
	options_print(specs);
}

int command_rejudge(int argc, char **argv)
{
	struct rejudging r = {.progress = progress_line_new()};
	struct err err = {0};
	const char *since = NULL;
	const struct option_spec specs[] = {
	    {"since", &since, NULL, "TIME  hits from then on: 2026-11-01, 2026-11-01T12:00:00Z, or 30d for 30 days"},
	    {"apply", NULL, &r.applies, "write the new verdicts, and move counters and sums with them"},
	    {"json", NULL, &r.is_json, "print JSON"},
	    INSTALLATION_OPTIONS(&r.installation),
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, NULL);
	if (parsed == OPTIONS_HELP)
		return print_help(specs), EXIT_DONE;
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	if (!since || !parse_since(since, &r.since_us)) {
		(void)fputs("pugmark rejudge: --since is a date, a time as in RFC 3339, or days: 2026-11-01, 30d\n",
			    stderr);
		return EXIT_USAGE;
	}
	enum status status = rejudge(&r, &err);
	progress_line_end(&r.progress);
	int code = EXIT_DONE;
	if (status == STATUS_OK)
		print_result(&r);
	else
		code = installation_failed("rejudge", &err);
	installation_close(&r.installation);
	return code;
}

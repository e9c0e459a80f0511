/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark prune: events past their time go now. When a server runs it is asked to do it, between its own writes;
 * otherwise the data directory is locked as a server would lock it, and the same work is done here (errand.h). To count
 * needs no writer, so it does not wait for the journal to be applied. */
#include "base/clock.h"
#include "engine/upkeep/retention.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/errand.h"
#include "prog/serve/event_days.h"
#include "prog/show/progress_line.h"
#include <inttypes.h>
#include <stdio.h>

enum { DAYS_MAX = 36500, REQUEST_MAX = 64 };

struct pruning {
	struct command command; /* first: a command is a pruning */
	uint32_t days;          /* 0: as configured */
	bool only_count, is_json;
	struct progress_line progress;
	uint64_t count;
};

/* ---- By the server */

static void show_progress(void *user, uint64_t count, unsigned per_mille)
{
	struct pruning *p = user;
	progress_line_show(&p->progress, per_mille, count, p->only_count ? "events would go" : "events gone");
}

static bool take_line(void *user, const char *line)
{
	const struct pruning *p = user;
	if (strcmp(line, "waiting") != 0)
		return false;
	if (p->progress.is_terminal)
		(void)fputs("The server is pruning already; waiting until it is through.\n", stderr);
	return true;
}

/* ---- Here */

static bool step(void *user, const struct event_sweep_progress *progress)
{
	show_progress(user, progress->count, progress->per_mille);
	return true;
}

static enum status prune_here(void *user, struct writer *writer, uint64_t *ret_count, struct err *err)
{
	struct pruning *p = user;
	const struct installation *i = &p->command.installation;
	struct retention_config config = {.store = i->store, .writer = writer, .clock = clock_system()};
	struct retention_request request = {
	    .days = p->days, .only_count = p->only_count, .is_hasty = true, .step = step, .user = p};
	enum status status = event_days_parse(&i->config, i->arena, &config.events, err);
	if (status != STATUS_OK)
		return status;
	struct retention *retention = retention_new(&config);
	status = retention_run(retention, &request, ret_count, err);
	retention_free(&retention);
	return status;
}

static enum status prune(struct pruning *p)
{
	char request[REQUEST_MAX];
	struct errand errand = {.request = request,
				.here = prune_here,
				.needs_writer = !p->only_count,
				.progress = show_progress,
				.take_line = take_line,
				.user = p};
	(void)snprintf(request, sizeof request, "prune %u %s\n", p->days, p->only_count ? "count" : "delete");
	enum status status = command_configure(&p->command);
	return status == STATUS_OK ? errand_run(&p->command.installation, &errand, &p->count, &p->command.err) : status;
}

/* ---- */

/* What stays is said, too: people fear for their figures when they read how many events went. */
static void print_result(const struct pruning *p)
{
	const char *dry_run = p->only_count ? "true" : "false";
	if (p->is_json && p->days)
		printf("{\"events\":%" PRIu64 ",\"days\":%u,\"dry_run\":%s}\n", p->count, p->days, dry_run);
	else if (p->is_json)
		printf("{\"events\":%" PRIu64 ",\"days\":null,\"dry_run\":%s}\n", p->count, dry_run);
	else if (p->only_count)
		printf("%" PRIu64 " events would go; nothing was changed.\n", p->count);
	else
		printf("%" PRIu64 " events are gone. Counters, first times and suppressions stay.\n", p->count);
}

/* "90" or "90d"; what must not be misread is refused. */
static bool parse_days(const char *text, uint32_t *ret)
{
	uint64_t days;
	struct slice s = slice_from_cstr(text);
	if (s.n && s.p[s.n - 1] == 'd')
		s.n--;
	if (!slice_to_u64(s, DAYS_MAX, &days) || days == 0)
		return false;
	*ret = (uint32_t)days;
	return true;
}

int command_prune(int argc, char **argv)
{
	struct pruning p = {.progress = progress_line_new()};
	const char *days = NULL;
	int code;
	const struct option_spec options[] = {
	    {"events-older-than", &days, NULL, "DAYS  events older than this, of every tenant"},
	    {"dry-run", NULL, &p.only_count, "only say how many would go"},
	    {"json", NULL, &p.is_json, "print JSON"},
	    {NULL}};
	const struct command_spec spec = {
	    .help =
		"pugmark prune: delete events past their time now, by the server if one runs.\n"
		"Without --events-older-than as retain.events_days, retain.events_days_of and tenants' own settings\n"
		"say. Can be ended at any time; what is gone is gone, and the next one goes on.\n",
	    .options = options};
	if (!command_open(&p.command, &spec, argc, argv, &code))
		return code;
	if (days && !parse_days(days, &p.days))
		return command_wrong(&p.command, "--events-older-than is a number of days from 1 to 36500");
	enum status status = prune(&p);
	progress_line_end(&p.progress);
	if (status == STATUS_OK)
		print_result(&p);
	return command_close(&p.command, status);
}

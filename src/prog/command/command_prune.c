/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark prune: events past their time go now. When a server runs it is asked to do it, between its own writes (see
 * control.h); otherwise the data directory is locked as a server would lock it, and the same work is done here. */
#include "base/clock.h"
#include "prog/command/commands.h"
#include "prog/serve/control.h"
#include "prog/serve/event_days.h"
#include "prog/serve/local_writer.h"
#include "prog/show/progress_line.h"
#include <inttypes.h>
#include <stdio.h>

enum { DAYS_MAX = 36500 };

struct pruning {
	struct installation installation;
	uint32_t days; /* 0: as configured */
	bool only_count, is_json;
	struct progress_line progress;
	uint64_t count;
};

static void show_progress(struct pruning *p, uint64_t count, unsigned per_mille)
{
	progress_line_show(&p->progress, per_mille, count, p->only_count ? "events would go" : "events gone");
}

/* ---- By the server */

static bool take_line(void *user, const char *line, enum status *ret_status, struct err *err)
{
	struct pruning *p = user;
	uint64_t count;
	unsigned per_mille;
	if (sscanf(line, "progress %" SCNu64 " %u", &count, &per_mille) == 2) {
		p->count = count;
		show_progress(p, count, per_mille);
		return true;
	}
	if (strcmp(line, "waiting") == 0) {
		if (p->progress.is_terminal)
			(void)fputs("The server is pruning already; waiting until it is through.\n", stderr);
		return true;
	}
	*ret_status = control_outcome(line, &p->count, err);
	return false;
}

static enum status ask_server(struct pruning *p, int fd, struct err *err)
{
	char request[CONTROL_LINE_MAX];
	(void)snprintf(request, sizeof request, "prune %u %s\n", p->days, p->only_count ? "count" : "delete");
	return control_ask(fd, request, take_line, p, err);
}

/* ---- Here */

static bool step(void *user, const struct event_sweep_progress *progress)
{
	struct pruning *p = user;
	show_progress(p, progress->count, progress->per_mille);
	return true;
}

static enum status run_retention(struct pruning *p, struct writer *writer, struct err *err)
{
	struct retention_config config = {.store = p->installation.store, .writer = writer, .clock = clock_system()};
	struct retention_request request = {
	    .days = p->days, .only_count = p->only_count, .is_hasty = true, .step = step, .user = p};
	enum status status = event_days_parse(&p->installation.config, p->installation.arena, &config.events, err);
	if (status != STATUS_OK)
		return status;
	struct retention *retention = retention_new(&config);
	status = retention_run(retention, &request, &p->count, err);
	retention_free(&retention);
	return status;
}

static enum status delete_here(struct pruning *p, struct err *err)
{
	struct local_writer local = {0};
	enum status status = local_writer_start(&p->installation, &local, err);
	if (status == STATUS_OK)
		status = run_retention(p, local.writer, err);
	local_writer_stop(&local);
	return status;
}

static enum status prune(struct pruning *p, struct err *err)
{
	int fd = -1;
	enum status status = installation_configure(&p->installation, err);
	if (status != STATUS_OK)
		return status;
	status = control_connect(p->installation.data, &fd, err);
	if (status == STATUS_OK)
		return ask_server(p, fd, err);
	/* STATUS_IO: perhaps there is no directory; opening it says that better. */
	if (status != STATUS_NOT_FOUND && status != STATUS_IO)
		return status;
	status = installation_open(&p->installation, err);
	if (status != STATUS_OK)
		return status;
	return p->only_count ? run_retention(p, NULL, err) : delete_here(p, err);
}

/* ---- */

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

static void print_help(const struct option_spec *specs)
{
	puts("pugmark prune: delete events past their time now, by the server if one runs.\n"
	     "Without --events-older-than as retain.events_days, retain.events_days_of and tenants' own settings\n"
	     "say. Can be ended at any time; what is gone is gone, and the next one goes on.\n");
	options_print(specs);
}

int command_prune(int argc, char **argv)
{
	struct pruning p = {.progress = progress_line_new()};
	struct err err = {0};
	const char *days = NULL;
	const struct option_spec specs[] = {
	    {"events-older-than", &days, NULL, "DAYS  events older than this, of every tenant"},
	    {"dry-run", NULL, &p.only_count, "only say how many would go"},
	    {"json", NULL, &p.is_json, "print JSON"},
	    INSTALLATION_OPTIONS(&p.installation),
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, NULL);
	if (parsed == OPTIONS_HELP)
		return print_help(specs), EXIT_DONE;
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	if (days && !parse_days(days, &p.days)) {
		(void)fprintf(stderr, "pugmark prune: --events-older-than is a number of days from 1 to %d\n",
			      DAYS_MAX);
		return EXIT_USAGE;
	}
	enum status status = prune(&p, &err);
	progress_line_end(&p.progress);
	int code = EXIT_DONE;
	if (status == STATUS_OK)
		print_result(&p);
	else
		code = installation_failed("prune", &err);
	installation_close(&p.installation);
	return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark prune: events past their time go now. When a server runs it is asked to do it, between its own writes (see
 * control.h); otherwise the data directory is locked as a server would lock it, and the same work is done here. */
#include "base/clock.h"
#include "engine/network_watch.h"
#include "journal/journal.h"
#include "prog/commands.h"
#include "prog/control.h"
#include "prog/event_days.h"
#include "prog/installation.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DAYS_MAX = 36500 };

struct pruning {
	struct installation installation;
	uint32_t days; /* 0: as configured */
	bool only_count, is_json;
	bool is_terminal;
	bool was_shown; /* a line of progress stands on the terminal */
	uint64_t count;
};

static const char *verb_of(const struct pruning *p)
{
	return p->only_count ? "would go" : "gone";
}

/* On standard error, so that standard output holds the result alone. */
static void show_progress(struct pruning *p, uint64_t count, unsigned per_mille)
{
	if (!p->is_terminal)
		return;
	(void)fprintf(stderr, "\r%3u.%u %%  %" PRIu64 " events %s\033[K", per_mille / 10, per_mille % 10, count,
		      verb_of(p));
	(void)fflush(stderr);
	p->was_shown = true;
}

static void end_progress(struct pruning *p)
{
	if (p->was_shown)
		(void)fputs("\r\033[K", stderr);
	p->was_shown = false;
}

/* ---- By the server */

/* False: it was the last line; the outcome is in *ret_status. */
static bool take_line(struct pruning *p, char *line, enum status *ret_status, struct err *err)
{
	uint64_t count;
	unsigned per_mille;
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "progress %" SCNu64 " %u", &count, &per_mille) == 2) {
		p->count = count;
		show_progress(p, count, per_mille);
		return true;
	}
	if (strcmp(line, "waiting") == 0) {
		if (p->is_terminal)
			(void)fputs("The server is pruning already; waiting until it is through.\n", stderr);
		return true;
	}
	int words = 0;
	if (sscanf(line, "done %" SCNu64, &p->count) == 1)
		*ret_status = STATUS_OK;
	else if (sscanf(line, "failed %" SCNu64 " %n", &p->count, &words) == 1 && words)
		*ret_status = err_set(err, STATUS_IO, "%s", line + words);
	else
		*ret_status = err_set(err, STATUS_IO, "the server said something else: %.80s", line);
	return false;
}

static enum status listen_to(struct pruning *p, FILE *answers, struct err *err)
{
	char line[CONTROL_LINE_MAX];
	enum status status = STATUS_OK;
	while (fgets(line, sizeof line, answers))
		if (!take_line(p, line, &status, err))
			return status;
	return err_set(err, STATUS_IO, "the server hung up before it was through");
}

static enum status ask_server(struct pruning *p, int fd, struct err *err)
{
	char request[CONTROL_LINE_MAX];
	int n = snprintf(request, sizeof request, "prune %u %s\n", p->days, p->only_count ? "count" : "delete");
	FILE *answers = fdopen(fd, "r");
	if (!answers) {
		(void)close(fd);
		return err_set(err, STATUS_IO, "no memory to listen to the server");
	}
	enum status status = send(fd, request, (size_t)n, MSG_NOSIGNAL) == n
				 ? listen_to(p, answers, err)
				 : err_set_errno(err, errno, "the server does not listen");
	(void)fclose(answers); /* only read from */
	return status;
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

/* As the server does it: what the journal holds is applied first or meanwhile. */
static enum status delete_here(struct pruning *p, struct err *err)
{
	struct installation *i = &p->installation;
	struct journal *journal = NULL;
	struct writer *writer = NULL;
	struct network_watch *networks = NULL;
	struct journal_config files = {.directory = i->journal_path,
				       .segment_bytes = (uint64_t)i->config.journal_segment_mb << 20};
	enum status status = journal_open(&files, &journal, err);
	if (status != STATUS_OK)
		return status;
	networks = installation_networks(i);
	if (networks)
		network_watch_look(networks);
	struct writer_config config = {.store = i->store,
				       .journal = journal,
				       .clock = clock_system(),
				       .keys = i->keys,
				       .counts_every_press = i->config.hold_days == 0,
				       .networks = networks};
	status = installation_policies(i, &config.policies, err);
	if (status == STATUS_OK)
		status = writer_start(&config, &writer, err);
	if (status == STATUS_OK)
		status = run_retention(p, writer, err);
	writer_stop(&writer);
	tenant_policies_free(&config.policies);
	network_watch_free(&networks);
	journal_close(&journal);
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
	     "Without --events-older-than as retain.events_days and retain.events_days_of say. Can be ended at any\n"
	     "time; what is gone is gone, and the next one goes on.\n");
	options_print(specs);
}

int command_prune(int argc, char **argv)
{
	struct pruning p = {.is_terminal = isatty(STDERR_FILENO) == 1};
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
	end_progress(&p);
	int code = EXIT_DONE;
	if (status == STATUS_OK)
		print_result(&p);
	else
		code = installation_failed("prune", &err);
	installation_close(&p.installation);
	return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark verify: is everything there and are the numbers right. It only reads, locks nothing and may run beside a
 * server: the cursor is read before the journal and again behind it, because both go on meanwhile. */
#include "codec/text/json_text.h"
#include "engine/upkeep/recount.h"
#include "journal/disk.h"
#include "journal/inspect.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/registration.h"
#include "prog/show/progress_line.h"
#include <inttypes.h>
#include <stdio.h>

enum { SHOWN_MAX = 1000, JSON_MAX = 4 << 20, DAY_TEXT = 16 };

struct verifying {
	struct command command; /* first */
	bool is_json;
	struct progress_line progress;
	struct inspect_summary journal;
	struct node node; /* number 0: none yet */
	uint64_t faults;  /* of journal and cursor */
	struct recount_progress counted;
	uint64_t all_messages; /* 0: not known */
	struct buf json;
	struct json_text writer;
};

/* ---- Words */

/* At most so many are shown; how many there were is said at the end. */
static bool begin_difference(struct verifying *v)
{
	progress_line_end(&v->progress);
	return v->faults + v->counted.differences <= SHOWN_MAX;
}

static void fault(struct verifying *v, const char *where, const char *words)
{
	v->faults++;
	if (!begin_difference(v))
		return;
	if (!v->is_json) {
		printf("%s: %s\n", where, words);
		return;
	}
	json_open(&v->writer, '{');
	JSON_FIELD(&v->writer, "where", cstring, where);
	JSON_FIELD(&v->writer, "problem", cstring, words);
	json_close(&v->writer, '}');
}

/* ---- Journal and cursor */

static void see_segment(void *user, const struct inspect_segment *segment)
{
	struct verifying *v = user;
	if (segment->damage)
		fault(v, "journal",
		      arena_printf(v->command.installation.arena, "%s is damaged at offset %" PRIu64 ": %s",
				   segment->name, segment->damage_at, segment->damage)
			  .p);
}

static enum status find_node(struct verifying *v, struct node *ret)
{
	struct err ignored;
	enum status status = registration_find(&v->command.installation, ret, &ignored);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		v->command.err = ignored;
	return status;
}

static void check_cursor(struct verifying *v, uint64_t applied_before, uint64_t applied_after)
{
	const struct inspect_summary *j = &v->journal;
	struct arena *arena = v->command.installation.arena;
	if (applied_before > j->last)
		fault(v, "cursor",
		      arena_printf(arena,
				   "the store has applied records up to %" PRIu64 ", and the journal ends at %" PRIu64
				   ": the last are missing",
				   applied_before, j->last)
			  .p);
	if (j->first > applied_after + 1)
		fault(v, "cursor",
		      arena_printf(arena,
				   "the journal begins at record %" PRIu64
				   ", and the store has applied them up to %" PRIu64 ": those between are missing",
				   j->first, applied_after)
			  .p);
}

static enum status verify_journal(struct verifying *v)
{
	struct installation *i = &v->command.installation;
	struct node after = {0};
	enum status status = find_node(v, &v->node);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* nobody has served it yet */
	if (status == STATUS_OK)
		status = inspect_verify(disk_posix(), i->journal_path, see_segment, v, &v->journal, &v->command.err);
	if (status == STATUS_NOT_FOUND && v->node.applied + v->node.durable > 0) {
		fault(v, "journal",
		      arena_printf(i->arena,
				   "it is gone; the store has applied records up to %" PRIu64
				   ", and it ended at %" PRIu64 " when that was last noted",
				   v->node.applied, v->node.durable)
			  .p);
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = find_node(v, &after);
	if (status == STATUS_OK)
		check_cursor(v, v->node.applied, after.applied);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- Counters */

static void put_day(char text_of_day[DAY_TEXT], int32_t day)
{
	char room[64];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	time_append_rfc3339(&b, day * INT64_C(86400000000));
	(void)snprintf(text_of_day, DAY_TEXT, "%.10s", buf_cstr(&b));
}

static void json_difference(struct verifying *v, const struct recount_difference *d, const char *day)
{
	struct json_text *w = &v->writer;
	bool is_sum = uuid_is_zero(d->message);
	json_open(w, '{');
	JSON_FIELD(w, "where", cstring, !is_sum ? "message" : d->by_quarter ? "stats_quarter_hourly" : "stats_daily");
	JSON_FIELD(w, "tenant", i64, d->tenant);
	if (is_sum)
		JSON_FIELD(w, "day", cstring, day);
	else
		JSON_FIELD(w, "message", uuid, d->message);
	JSON_FIELD(w, "what", cstring, d->what);
	JSON_FIELD(w, "kept", i64, d->kept);
	JSON_FIELD(w, "counted", i64, d->counted);
	JSON_FIELD(w, "elsewhere", bool, d->is_elsewhere);
	json_close(w, '}');
}

static void print_difference(const struct recount_difference *d, const char *day)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(d->message, id);
	if (!uuid_is_zero(d->message))
		printf("message %s: %s is %" PRId64 ", its events say %" PRId64 "\n", id, d->what, d->kept, d->counted);
	else if (d->is_elsewhere)
		printf("%s of tenant %u, %s: %s is %" PRId64
		       " as it should be, but in rows of another campaign, template, "
		       "sender or time\n",
		       d->by_quarter ? "stats_quarter_hourly" : "stats_daily", d->tenant, day, d->what, d->kept);
	else
		printf("%s of tenant %u, %s: %s is %" PRId64 ", messages and events say %" PRId64 "\n",
		       d->by_quarter ? "stats_quarter_hourly" : "stats_daily", d->tenant, day, d->what, d->kept,
		       d->counted);
}

static void differs(void *user, const struct recount_difference *d)
{
	struct verifying *v = user;
	char day[DAY_TEXT];
	v->counted.differences++;
	if (!begin_difference(v))
		return;
	put_day(day, d->day);
	if (v->is_json)
		json_difference(v, d, day);
	else
		print_difference(d, day);
}

static bool step(void *user, const struct recount_progress *progress)
{
	struct verifying *v = user;
	unsigned per_mille = v->all_messages > 0 ? (unsigned)(progress->messages * 1000 / v->all_messages) : 0;
	progress_line_show(&v->progress, per_mille < 1000 ? per_mille : 1000, progress->messages,
			   "messages counted again");
	return true;
}

static enum status verify_counters(struct verifying *v)
{
	const struct recount_config config = {
	    .store = v->command.installation.store, .differs = differs, .step = step, .user = v};
	struct recount_progress counted = {0};
	enum status status = recount_run(&config, &counted, &v->command.err);
	v->counted = counted;
	return status;
}

/* ---- */

static enum status verify(struct verifying *v)
{
	enum status status = command_configure(&v->command);
	if (status == STATUS_OK)
		status = installation_open(&v->command.installation, &v->command.err);
	if (status == STATUS_OK)
		status = verify_journal(v);
	return status == STATUS_OK ? verify_counters(v) : status;
}

static void print_json(struct verifying *v)
{
	struct json_text *w = &v->writer;
	json_close(w, ']');
	JSON_FIELD(w, "differences", i64, (int64_t)(v->faults + v->counted.differences));
	json_key(w, "journal");
	json_open(w, '{');
	JSON_FIELD(w, "segments", i64, (int64_t)v->journal.segments);
	JSON_FIELD(w, "first", i64, (int64_t)v->journal.first);
	JSON_FIELD(w, "last", i64, (int64_t)v->journal.last);
	JSON_FIELD(w, "damaged", i64, (int64_t)v->journal.damaged);
	json_close(w, '}');
	json_key(w, "cursor");
	json_open(w, '{');
	JSON_FIELD(w, "node", i64, v->node.number);
	JSON_FIELD(w, "applied", i64, (int64_t)v->node.applied);
	json_close(w, '}');
	JSON_FIELD(w, "messages", i64, (int64_t)v->counted.messages);
	JSON_FIELD(w, "events", i64, (int64_t)v->counted.events);
	JSON_FIELD(w, "pruned", i64, (int64_t)v->counted.pruned);
	json_close(w, '}');
	puts(buf_cstr(&v->json));
}

static void print_text(const struct verifying *v)
{
	uint64_t all = v->faults + v->counted.differences;
	if (all > SHOWN_MAX)
		printf("… and %" PRIu64 " more\n", all - SHOWN_MAX);
	printf("%" PRIu64 " records of the journal in %" PRIu64 " segments, applied up to %" PRIu64 "; %" PRIu64
	       " messages, %" PRIu64 " events: %s\n",
	       v->journal.records, v->journal.segments, v->node.applied, v->counted.messages, v->counted.events,
	       all ? "NOT as they should be" : "all as they should be");
	if (v->counted.pruned)
		printf("Of %" PRIu64
		       " messages events are past their time and gone; their numbers can only be found to be "
		       "too low.\n",
		       v->counted.pruned);
}

int command_verify(int argc, char **argv)
{
	struct verifying v = {.progress = progress_line_new()};
	int code;
	const struct option_spec options[] = {{"json", NULL, &v.is_json, "print JSON"}, {NULL}};
	const struct command_spec spec = {
	    .help =
		"pugmark verify: journal, cursor, and all numbers against the events. Reads only, beside a server or\n"
		"without one. Exit code 1 when something is not as it should be.\n",
	    .options = options};
	if (!command_open(&v.command, &spec, argc, argv, &code))
		return code;
	buf_init(&v.json, JSON_MAX);
	v.writer = json_text_on(&v.json);
	json_open(&v.writer, '{');
	json_key(&v.writer, "problems");
	json_open(&v.writer, '[');
	enum status status = verify(&v);
	progress_line_end(&v.progress);
	if (status == STATUS_OK && v.is_json)
		print_json(&v);
	else if (status == STATUS_OK)
		print_text(&v);
	if (v.faults + v.counted.differences)
		v.command.exit_code = EXIT_FAILED;
	buf_done(&v.json);
	return command_close(&v.command, status);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark journal verify|dump|salvage. Needs the data directory's journal only: no keys, no store, no running server,
 * because it is asked for when one of those is what does not work. verify and dump read beside a running server;
 * salvage wants it stopped, and finds out by the lock. */
#include "base/clock.h"
#include "codec/text/json_text.h"
#include "journal/disk.h"
#include "journal/inspect.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include <inttypes.h>
#include <stdio.h>

struct journal_command {
	struct command command; /* first: a command is one of these */
	bool json;
	uint64_t after;
	struct json_text writer; /* verify --json: the list of segments is being written */
};

enum { LINE_BYTES_MAX = 1 << 20 };

/* "damage" is null for a good one, so that jq can ask for the others. */
static void json_segment(struct json_text *w, const struct inspect_segment *segment)
{
	json_open(w, '{');
	JSON_FIELD(w, "name", cstring, segment->name);
	JSON_FIELD(w, "first", i64, (int64_t)segment->first);
	JSON_FIELD(w, "records", i64, (int64_t)segment->records);
	JSON_FIELD(w, "used_bytes", i64, (int64_t)segment->used_bytes);
	JSON_FIELD(w, "torn", bool, segment->torn);
	JSON_FIELD(w, "damage", cstring, segment->damage);
	json_key(w, "damage_at");
	if (segment->damage)
		json_put_i64(w, (int64_t)segment->damage_at);
	else
		json_put_null(w);
	json_close(w, '}');
}

static void show_segment(void *user, const struct inspect_segment *segment)
{
	struct journal_command *command = user;

	if (command->json) {
		json_segment(&command->writer, segment);
		return;
	}
	printf("%s  %10" PRIu64 " records  %10" PRIu64 " bytes  ", segment->name, segment->records,
	       segment->used_bytes);
	if (segment->damage)
		printf("DAMAGED at offset %" PRIu64 ": %s\n", segment->damage_at, segment->damage);
	else
		puts(segment->torn ? "ok; ends in an unfinished commit, which the next start removes" : "ok");
}

static const char *directory_of(const struct journal_command *command)
{
	return command->command.installation.journal_path;
}

/* Damage is no failure of the command, but an exit code of 1 all the same: cron looks at that and at nothing else. */
static enum status verify(struct command *base)
{
	struct journal_command *command = (struct journal_command *)base;
	struct inspect_summary sum;
	struct buf b;
	enum status status;

	/* Some hundred bytes a segment; a journal has some hundred segments at the very worst. */
	buf_init(&b, 64u << 20);
	command->writer = json_text_on(&b);
	json_open(&command->writer, '{');
	json_key(&command->writer, "segments");
	json_open(&command->writer, '[');
	status = inspect_verify(disk_posix(), directory_of(command), show_segment, command, &sum, &base->err);
	json_close(&command->writer, ']');
	if (status == STATUS_OK && command->json) {
		JSON_FIELD(&command->writer, "records", i64, (int64_t)sum.records);
		JSON_FIELD(&command->writer, "first", i64, (int64_t)sum.first);
		JSON_FIELD(&command->writer, "last", i64, (int64_t)sum.last);
		JSON_FIELD(&command->writer, "damaged", i64, (int64_t)sum.damaged);
		JSON_FIELD(&command->writer, "missing", i64, (int64_t)sum.missing);
		json_close(&command->writer, '}');
		puts(buf_cstr(&b));
	} else if (status == STATUS_OK) {
		printf("%" PRIu64 " segments, %" PRIu64 " records (%" PRIu64 " to %" PRIu64 "), %" PRIu64 " damaged\n",
		       sum.segments, sum.records, sum.first, sum.last, sum.damaged);
		if (sum.missing > 0)
			printf("%" PRIu64 " acknowledged records (%" PRIu64 " to %" PRIu64 ") are missing behind the "
			       "end. The next start says so, and gives their numbers to nobody else.\n",
			       sum.missing, sum.first_missing, sum.first_missing + sum.missing - 1);
		if (sum.damaged > 0)
			puts("Stop the server and run 'pugmark journal salvage': it keeps every record that can be "
			     "read, "
			     "and a copy of each damaged file.");
	}
	buf_done(&b);
	if (status == STATUS_OK && (sum.damaged > 0 || sum.missing > 0))
		base->exit_code = EXIT_FAILED;
	return status;
}

/* Payloads in hexadecimal and not decoded: what a record means is the engine's, and a damaged one would be misread. */
static bool show_record(void *user, const struct journal_record *record)
{
	const struct journal_command *command = user;
	char time_room[64];
	struct buf line, time;

	buf_init(&line, LINE_BYTES_MAX);
	buf_init_fixed(&time, time_room, sizeof time_room);
	time_append_rfc3339(&time, record->time_us);
	buf_printf(&line,
		   command->json ? "{\"sequence\":%" PRIu64 ",\"time\":\"%s\",\"type\":%u,\"lost\":%s,\"payload\":\""
				 : "%" PRIu64 " %s %u %s",
		   record->sequence, buf_cstr(&time), record->type,
		   record->type == JOURNAL_TYPE_LOST ? (command->json ? "true" : "lost ")
						     : (command->json ? "false" : ""));
	buf_append_hex(&line, record->payload);
	if (command->json)
		buf_append_cstr(&line, "\"}");
	puts(buf_cstr(&line));
	buf_done(&line);
	return !ferror(stdout);
}

/* Ends quietly when its reader goes away (| head): show_record says so. */
static enum status dump(struct command *base)
{
	struct journal_command *command = (struct journal_command *)base;

	return inspect_dump(disk_posix(), directory_of(command), command->after, show_record, command, &base->err);
}

/* What cannot be read is counted and copied aside, never thrown away in silence (R6). */
static enum status salvage(struct command *base)
{
	const struct journal_command *command = (struct journal_command *)base;
	struct salvage_summary sum;
	enum status status = journal_salvage(disk_posix(), directory_of(command), &sum, &base->err);

	if (status != STATUS_OK)
		return status;
	if (command->json)
		printf("{\"segments\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"first_lost\":%" PRIu64
		       ",\"last_lost\":%" PRIu64 "}\n",
		       sum.segments, sum.kept, sum.lost, sum.first_lost, sum.last_lost);
	else if (sum.segments == 0)
		puts("Nothing is damaged; nothing was changed.");
	else
		printf("%" PRIu64 " segments were replaced: %" PRIu64 " records kept, %" PRIu64 " lost (%" PRIu64
		       " to %" PRIu64 "). What was there is in *.damaged beside them.\n",
		       sum.segments, sum.kept, sum.lost, sum.first_lost, sum.last_lost);
	return status;
}

int command_journal(int argc, char **argv)
{
	static const struct command_verb verbs[] = {
	    {"verify", verify, 1, 1}, {"dump", dump, 1, 1}, {"salvage", salvage, 1, 1}, {NULL}};
	struct journal_command command = {0};
	const char *after = "0";
	int code;
	const struct option_spec options[] = {
	    {"json", NULL, &command.json, " as JSON; dump: one object a line"},
	    {"after", &after, NULL, "N  dump: only records above this sequence number"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark journal verify|dump|salvage: look at the journal's files, or repair them.\n"
		    "  verify   read everything, say what is damaged; exit 1 when something is\n"
		    "  dump     one record a line: sequence number, time, type, payload in hexadecimal\n"
		    "  salvage  with the server stopped: replace damaged segments by what can be read of them\n",
	    .options = options,
	    .takes_operands = true};
	if (!command_open(&command.command, &spec, argc, argv, &code))
		return code;
	const struct command_verb *verb = command_verb_of(&command.command, verbs);
	if (!verb || !slice_to_u64(slice_from_cstr(after), UINT64_MAX, &command.after))
		return command_wrong(&command.command, "say 'verify', 'dump [--after N]' or 'salvage'");
	enum status status = command_configure(&command.command);
	return command_close(&command.command, status == STATUS_OK ? verb->run(&command.command) : status);
}

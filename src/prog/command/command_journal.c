/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark journal verify|dump|salvage. Needs the data directory's journal only: no keys, no store, no running server.
 */
#include "base/clock.h"
#include "codec/text/json_text.h"
#include "journal/disk.h"
#include "journal/inspect.h"
#include "prog/command/commands.h"
#include "prog/serve/installation.h"
#include <inttypes.h>
#include <stdio.h>

struct journal_command {
	const char *directory;
	bool json;
	uint64_t after;
	struct json_text writer; /* verify --json: the list of segments is being written */
};

enum { LINE_BYTES_MAX = 1 << 20 };

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

static enum status verify(struct journal_command *command, int *ret_code, struct err *err)
{
	struct inspect_summary sum;
	struct buf b;
	enum status status;

	/* Some hundred bytes a segment; a journal has some hundred segments at the very worst. */
	buf_init(&b, 64u << 20);
	command->writer = json_text_on(&b);
	json_open(&command->writer, '{');
	json_key(&command->writer, "segments");
	json_open(&command->writer, '[');
	status = inspect_verify(disk_posix(), command->directory, show_segment, command, &sum, err);
	json_close(&command->writer, ']');
	if (status == STATUS_OK && command->json) {
		JSON_FIELD(&command->writer, "records", i64, (int64_t)sum.records);
		JSON_FIELD(&command->writer, "first", i64, (int64_t)sum.first);
		JSON_FIELD(&command->writer, "last", i64, (int64_t)sum.last);
		JSON_FIELD(&command->writer, "damaged", i64, (int64_t)sum.damaged);
		json_close(&command->writer, '}');
		puts(buf_cstr(&b));
	} else if (status == STATUS_OK) {
		printf("%" PRIu64 " segments, %" PRIu64 " records (%" PRIu64 " to %" PRIu64 "), %" PRIu64 " damaged\n",
		       sum.segments, sum.records, sum.first, sum.last, sum.damaged);
		if (sum.damaged > 0)
			puts("Stop the server and run 'pugmark journal salvage': it keeps every record that can be "
			     "read, "
			     "and a copy of each damaged file.");
	}
	buf_done(&b);
	*ret_code = status == STATUS_OK && sum.damaged == 0 ? EXIT_DONE : EXIT_FAILED;
	return status;
}

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

static enum status dump(struct journal_command *command, int *ret_code, struct err *err)
{
	enum status status = inspect_dump(disk_posix(), command->directory, command->after, show_record, command, err);

	*ret_code = status == STATUS_OK ? EXIT_DONE : EXIT_FAILED;
	return status;
}

static enum status salvage(struct journal_command *command, int *ret_code, struct err *err)
{
	struct salvage_summary sum;
	enum status status = journal_salvage(disk_posix(), command->directory, &sum, err);

	*ret_code = status == STATUS_OK ? EXIT_DONE : EXIT_FAILED;
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

static const struct verb {
	const char *name;
	enum status (*run)(struct journal_command *command, int *ret_code, struct err *err);
} verbs[] = {{"verify", verify}, {"dump", dump}, {"salvage", salvage}};

static const struct verb *find_verb(const struct operands *operands)
{
	for (size_t i = 0; operands->count == 1 && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, operands->values[0]) == 0)
			return &verbs[i];
	return NULL;
}

static int run(const struct verb *verb, struct journal_command *command, struct installation *installation)
{
	struct err err = {0};
	int code = EXIT_FAILED;
	enum status status = installation_configure(installation, &err);

	command->directory = installation->journal_path;
	if (status == STATUS_OK)
		status = verb->run(command, &code, &err);
	if (status != STATUS_OK)
		code = installation_failed("journal", &err);
	installation_close(installation);
	return code;
}

int command_journal(int argc, char **argv)
{
	struct installation installation = {0};
	struct journal_command command = {0};
	const char *after = "0";
	struct operands operands;
	const struct option_spec specs[] = {{"json", NULL, &command.json, " as JSON; dump: one object a line"},
					    {"after", &after, NULL, "N  dump: only records above this sequence number"},
					    INSTALLATION_OPTIONS(&installation),
					    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &operands);
	const struct verb *verb;

	if (parsed == OPTIONS_HELP) {
		puts("pugmark journal verify|dump|salvage: look at the journal's files, or repair them.\n"
		     "  verify   read everything, say what is damaged; exit 1 when something is\n"
		     "  dump     one record a line: sequence number, time, type, payload in hexadecimal\n"
		     "  salvage  with the server stopped: replace damaged segments by what can be read of them\n");
		return options_print(specs), EXIT_DONE;
	}
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	verb = find_verb(&operands);
	if (!verb || !slice_to_u64(slice_from_cstr(after), UINT64_MAX, &command.after)) {
		(void)fprintf(stderr, "pugmark journal: say 'verify', 'dump [--after N]' or 'salvage'\n");
		return EXIT_USAGE;
	}
	return run(verb, &command, &installation);
}

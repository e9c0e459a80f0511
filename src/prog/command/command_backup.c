/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark backup FILE and pugmark restore FILE. What a backup does not hold, and what a restore cannot know, is said
 * each time: whoever restores has had a bad day, and reads no manual. */
#include "codec/text/json_text.h"
#include "prog/backup/backup_restore.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/show/progress_line.h"
#include <inttypes.h>
#include <stdio.h>

struct backing_up {
	struct command command; /* first */
	bool is_json;
	bool with_database;
	struct progress_line progress;
};

static void show_progress(void *user, unsigned per_mille, uint64_t count, const char *what)
{
	struct backing_up *b = user;
	progress_line_show(&b->progress, per_mille, count, what);
}

static void print_and_free(struct buf *b)
{
	puts(buf_cstr(b));
	buf_done(b);
}

/* False: there is nothing to do. */
static bool begin(struct backing_up *b, const char *help, const struct option_spec *options, int argc, char **argv,
		  int *ret_code)
{
	const struct command_spec spec = {.help = help, .options = options, .takes_file = true};
	b->progress = progress_line_new();
	if (!command_open(&b->command, &spec, argc, argv, ret_code))
		return false;
	if (b->command.file)
		return true;
	*ret_code = command_wrong(&b->command, "name the file");
	return false;
}

/* ---- backup */

static void print_backup_json(const struct backing_up *b, const struct backup_result *r)
{
	struct buf text;
	buf_init(&text, 65536);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	JSON_FIELD(&w, "file", cstring, b->command.file);
	JSON_FIELD(&w, "made_at", time, r->made_us);
	JSON_FIELD(&w, "bytes", i64, (int64_t)r->bytes);
	JSON_FIELD(&w, "store", cstring, r->has_store ? "sqlite" : "postgresql");
	JSON_FIELD(&w, "has_store", bool, r->has_store);
	JSON_FIELD(&w, "store_bytes", i64, (int64_t)r->store_bytes);
	JSON_FIELD(&w, "has_config", bool, r->has_config);
	JSON_FIELD(&w, "applied", i64, (int64_t)r->applied);
	json_close(&w, '}');
	print_and_free(&text);
}

static void print_backup(const struct backing_up *b, const struct backup_result *r)
{
	if (b->is_json) {
		print_backup_json(b, r);
		return;
	}
	printf("%s: %" PRIu64 " bytes, with the keys%s%s.\n", b->command.file, r->bytes,
	       r->has_config ? ", pugmark.conf" : "", r->has_store ? " and the store" : "");
	if (r->has_store)
		puts("Everything that was answered before is in it. Mail written by the provider 'outbox' and files "
		     "that\n"
		     "the configuration names are not. Whoever has it can make links that look like yours, and reads\n"
		     "what the store knows: keep it where nobody else comes.");
	else
		puts("THE STORE IS NOT IN IT: it is a PostgreSQL database. Back that up after this, with pg_dump, or "
		     "with\n"
		     "base backups and WAL archiving (pg_basebackup), and keep both together; everything that was\n"
		     "answered before is in the database now.");
}

int command_backup(int argc, char **argv)
{
	struct backing_up b = {0};
	const struct option_spec options[] = {{"json", NULL, &b.is_json, "print JSON"}, {NULL}};
	struct backup_result result = {0};
	const struct backup_watch watch = {show_progress, &b};
	int code;
	if (!begin(
		&b,
		"pugmark backup FILE: keys, configuration and store into one file, while the server runs or not.\n"
		"A tar compressed with zstd, with checksums; it gets its name when all is on the disk. Beside it as\n"
		"much room is needed as the store takes. A store in PostgreSQL is not in it.\n",
		options, argc, argv, &code))
		return code;
	enum status status = command_configure(&b.command);
	if (status == STATUS_OK)
		status = backup_make(&b.command.installation, b.command.file, &watch, &result, &b.command.err);
	progress_line_end(&b.progress);
	if (status == STATUS_OK)
		print_backup(&b, &result);
	return command_close(&b.command, status);
}

/* ---- restore */

static void print_restore_json(const struct restore_result *r)
{
	struct buf text;
	buf_init(&text, 65536);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	JSON_FIELD(&w, "made_at", time, r->made_us);
	JSON_FIELD(&w, "restored_at", time, r->restored_us);
	JSON_FIELD(&w, "has_store", bool, r->has_store);
	JSON_FIELD(&w, "has_config", bool, r->has_config);
	JSON_FIELD(&w, "node", i64, r->node);
	JSON_FIELD(&w, "in_doubt", i64, (int64_t)r->mail.in_doubt);
	JSON_FIELD(&w, "resent", i64, (int64_t)r->mail.resent);
	JSON_FIELD(&w, "scheduled", i64, (int64_t)r->mail.scheduled);
	json_close(&w, '}');
	print_and_free(&text);
}

static void print_mail(const struct restored_doubt *mail)
{
	printf("Mail that is due later and will be sent then: %" PRIu64 ".\n", mail->scheduled);
	if (mail->in_doubt)
		printf("IN DOUBT: %" PRIu64 " mails were queued and may have left since. They are not sent again until "
		       "somebody decides:\nGET /api/v1/messages/in-doubt, then POST /api/v1/messages/ID/resolve.\n",
		       mail->in_doubt);
	if (mail->resent)
		printf(
		    "Transactional mail that may have left since and is sent again, as sending.resend_in_doubt says: "
		    "%" PRIu64 ".\n",
		    mail->resent);
}

static void print_restore(const struct backing_up *b, const struct restore_result *r)
{
	char room[64];
	struct buf made;
	if (b->is_json) {
		print_restore_json(r);
		return;
	}
	buf_init_fixed(&made, room, sizeof room);
	time_append_rfc3339(&made, r->made_us);
	printf("Restored into %s as of %s%s.\n", b->command.installation.data, buf_cstr(&made),
	       b->with_database ? ", beside the database as it was put back" : "");
	if (!r->has_store) {
		puts(
		    "The store was not in the backup. If the PostgreSQL database is still there, as it was, start the "
		    "server.\n"
		    "If it was put back by its own means, mail that was queued in it WOULD BE SENT AGAIN: remove this\n"
		    "directory, and restore with --database before a server starts.");
		return;
	}
	print_mail(&r->mail);
	if (b->with_database)
		(void)snprintf(room, sizeof room, "the moment that the database was put back to");
	printf(
	    "LOST is what came in after %s; how much that was nobody can tell here: opens and clicks, accepted mail,\n"
	    "people who unsubscribed, API keys and users that were taken away. Look at those before you start it.\n"
	    "The old server must not run any more. Everybody has to sign in again.\n",
	    room);
}

int command_restore(int argc, char **argv)
{
	struct backing_up b = {0};
	const struct option_spec options[] = {
	    {"json", NULL, &b.is_json, "print JSON"},
	    {"database", NULL, &b.with_database,
	     "the PostgreSQL database was put back, too: what was due in it may have left"},
	    {NULL}};
	struct restore_result result = {0};
	const struct backup_watch watch = {show_progress, &b};
	int code;
	if (!begin(&b,
		   "pugmark restore FILE: a backup into an empty data directory (--data). Links that were sent keep\n"
		   "working; mail that may have left since the backup is put in doubt and not sent again.\n",
		   options, argc, argv, &code))
		return code;
	enum status status =
	    backup_restore(&b.command.installation, b.command.file, b.with_database, &watch, &result, &b.command.err);
	progress_line_end(&b.progress);
	if (status == STATUS_OK)
		print_restore(&b, &result);
	return command_close(&b.command, status);
}

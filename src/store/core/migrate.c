/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a store up to this program's schema. Steps are numbered, go forward only, and commit one by one together with
 * their row in schema_version; a step that fails leaves the store at the one before.
 *
 * A step that has to carry millions of rows over is not one transaction: it would hold a lock, or grow a log, for as
 * long as that takes, and start from nothing when it is interrupted. Its file has parts: scripts, and between them
 * batches (batch_steps.c), which run until nothing is left. How far it is stands in schema_progress and is written in
 * the same transaction as what was done, so that a kill at any moment costs one batch.
 *
 * Several servers are upgraded one after the other, so an older program may meet a newer schema, at its start or while
 * it runs. Whether it may go on is for the step to say, because the older program cannot know what the newer one
 * expects of a row: each has the oldest schema that a writer must know (embed-migrations.py). Steps that only add have
 * the one before; what they replace is taken away a release later. A step without a word is for its own program only.
 */
#include "store/core/migrations.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/core/session.h"
#include "store/core/session_private.h"

enum {
	SCRIPT_MAX = 1024 * 1024,
	ROWS_AT_ONCE = 2000, /* some 20 ms: what a kill costs, and how often progress is told */
	CHECKPOINT_PAGES = 4000,
};

/* The step that brought schema_version.oldest_writer. */
enum { FENCED_SINCE = 12 };
/* NO_STORE: the table of versions is not there. */
enum { NO_STORE = -1 };

struct schema {
	int version;
	int oldest_writer; /* the schema that a program must know to write */
};

static enum status read_number(struct store_session *s, const char *sql, int *ret, struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(s, sql, VALUES_NONE, &value, err);
	if (status == STATUS_OK)
		*ret = (int)value;
	return status;
}

static enum status read_oldest_writer(struct store_session *s, int *ret, struct err *err)
{
	return read_number(s, "SELECT MAX(COALESCE(oldest_writer, version)) FROM schema_version", ret, err);
}

static enum status read_schema(struct store_session *s, struct schema *ret, struct err *err)
{
	struct schema schema = {NO_STORE, NO_STORE};
	int tables = 0;
	enum status status =
	    read_number(s, "SELECT COUNT(*) FROM {catalog} c WHERE c.name = 'schema_version'", &tables, err);
	if (status == STATUS_OK && tables > 0)
		status = read_number(s, "SELECT MAX(version) FROM schema_version", &schema.version, err);
	schema.oldest_writer = schema.version;
	if (status == STATUS_OK && schema.version >= FENCED_SINCE)
		status = read_oldest_writer(s, &schema.oldest_writer, err);
	if (status == STATUS_OK)
		*ret = schema;
	return status;
}

static enum status refuse_newer(int oldest_writer, struct err *err)
{
	if (oldest_writer <= (int)store_migrations_count)
		return STATUS_OK;
	return err_set(err, STATUS_CONFLICT,
		       "the store was migrated by a newer program: who writes it must know schema version %d; this "
		       "program is older and knows versions up to %zu",
		       oldest_writer, store_migrations_count);
}

static enum status run_script(struct store_session *s, const char *sql, struct err *err)
{
	struct buf text;
	buf_init(&text, SCRIPT_MAX);
	session_expand(&text, s->driver->words, sql);
	BUG_IF(buf_failed(&text));
	enum status status = s->driver->script(s->connection, buf_cstr(&text), err);
	buf_done(&text);
	return status;
}

/* ---- Parts of a step */

/* Where the store is: the version that it has, and how much of the next one is done. */
struct place {
	int version;
	int64_t part; /* of the next step: so many are done */
	struct batch_cursor cursor;
};
/* Either a script or the name of batches. */
struct part {
	struct slice script;
	struct slice batches;
	bool is_last;
};

static const struct slice MARK = SLICE("-- batches: ");

/* The index of the first line that begins with the mark. */
static size_t script_end(struct slice text)
{
	size_t at = 0;
	while (at < text.n && !slice_starts_with(slice_from(text, at), MARK)) {
		size_t line = slice_index(slice_from(text, at), '\n');
		at = at + line < text.n ? at + line + 1 : text.n;
	}
	return at;
}

/* Scripts and batches by turns; a script may be empty. */
static struct part part_of(const struct migration *step, int64_t number)
{
	struct slice rest = slice_from_cstr(step->sql);
	struct part part = {SLICE_EMPTY, SLICE_EMPTY, false};
	for (int64_t i = 0; i <= number; i++) {
		part = (struct part){SLICE_EMPTY, SLICE_EMPTY, false};
		if (i % 2) {
			part.batches = slice_from(slice_cut(&rest, '\n'), MARK.n);
		} else {
			size_t end = script_end(rest);
			part.script = slice_sub(rest, 0, end);
			rest = slice_from(rest, end);
		}
		part.is_last = rest.n == 0;
	}
	return part;
}

static const struct batch_step *batches_of(struct slice name)
{
	for (size_t i = 0; i < store_batch_steps_count; i++)
		if (slice_equal(name, slice_from_cstr(store_batch_steps[i].name)))
			return &store_batch_steps[i];
	bug(__FILE__, __LINE__, "a migration names batches that are not there");
}

static enum status read_place(struct store_session *s, struct place *ret, struct err *err)
{
	struct rows r;
	struct schema schema = {0};
	enum status status = read_schema(s, &schema, err);
	if (status == STATUS_OK)
		status = refuse_newer(schema.oldest_writer, err);
	if (status != STATUS_OK)
		return status;
	struct place place = {.version = schema.version};
	status = rows_open_one(&r, s, "SELECT part, at, goal FROM schema_progress WHERE version = $1",
			       VALUES(value_i64(place.version + 1)), err);
	if (status == STATUS_OK) {
		place.part = rows_i64(&r);
		place.cursor.at = rows_i64(&r);
		place.cursor.goal = rows_i64(&r);
		status = rows_close(&r, STATUS_OK);
	} else if (status == STATUS_NOT_FOUND) {
		status = STATUS_OK;
	}
	*ret = place;
	return status;
}

/* Tables of versions from before the fence have no column for it; the step that brings it is behind us by then. */
static enum status note_version(struct store_session *s, const struct migration *step, struct err *err)
{
	struct value version = value_i64(step->version);
	struct value name = value_text(slice_from_cstr(step->name));
	struct value now = value_time(clock_now_us(clock_system()));
	enum status status = session_run(s, "DELETE FROM schema_progress", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	if (step->version < FENCED_SINCE)
		return session_run(s, "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)",
				   VALUES(version, name, now), err);
	return session_run(s,
			   "INSERT INTO schema_version (version, name, applied_at, oldest_writer) "
			   "VALUES ($1, $2, $3, $4)",
			   VALUES(version, name, now, value_i64(step->oldest_writer)), err);
}

static enum status note_progress(struct store_session *s, const struct migration *step, const struct place *place,
				 struct err *err)
{
	return session_run(s,
			   "INSERT INTO schema_progress (version, part, at, goal) VALUES ($1, $2, $3, $4) ON CONFLICT "
			   "(version) DO UPDATE SET part = excluded.part, at = excluded.at, goal = excluded.goal",
			   VALUES(value_i64(step->version), value_i64(place->part), value_i64(place->cursor.at),
				  value_i64(place->cursor.goal)),
			   err);
}

static void tell(const struct migration *step, const struct batch_step *batches, const struct place *place,
		 struct migration_progress *ret)
{
	int64_t goal = place->cursor.goal;
	int64_t per_mille = goal > 0 ? place->cursor.at * 1000 / goal : 1000;
	*ret = (struct migration_progress){.version = step->version,
					   .name = step->name,
					   .part = batches->name,
					   .per_mille = (uint32_t)(per_mille < 1000 ? per_mille : 1000)};
}

static enum status run_batch(struct store_session *s, const struct batch_step *batches, uint32_t rows,
			     struct place *place, struct err *err)
{
	enum status status = batches->run(s, rows, &place->cursor, err);
	if (status != STATUS_END)
		return status;
	place->part++;
	place->cursor = (struct batch_cursor){0, 0};
	return STATUS_OK;
}

static enum status run_part(struct store_session *s, struct slice script, struct err *err)
{
	if (!slice_trim(script).n)
		return STATUS_OK; /* between batches that follow each other; PostgreSQL does not take nothing */
	char *sql = mem_copy(script);
	enum status status = run_script(s, sql, err);
	mem_free(sql);
	return status;
}

/* One part, or one batch of it. `ret->part` stays NULL for a script. */
static enum status take_part(struct store_session *s, uint32_t rows, struct place *place,
			     struct migration_progress *ret, struct err *err)
{
	const struct migration *step = &store_migrations[place->version];
	struct part part = part_of(step, place->part);
	int64_t before = place->part;
	enum status status;
	if (part.batches.n) {
		const struct batch_step *batches = batches_of(part.batches);
		bool is_begun = place->cursor.goal > 0;
		struct place done = {0};
		status = run_batch(s, batches, rows, place, err);
		/* Nothing is told of a part that had nothing to carry, as in a new store. */
		if (place->part == before)
			tell(step, batches, place, ret);
		else if (is_begun)
			tell(step, batches, &done, ret);
	} else {
		status = run_part(s, part.script, err);
		place->part++;
	}
	if (status != STATUS_OK)
		return status;
	return part.is_last && place->part > before ? note_version(s, step, err) : note_progress(s, step, place, err);
}

static enum status make_tables_of_versions(struct store_session *s, struct err *err)
{
	enum status status = STATUS_OK;
	if (s->driver->schema_lock)
		status = run_script(s, s->driver->schema_lock, err);
	return status == STATUS_OK
		   ? run_script(s,
				"CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, "
				"name TEXT NOT NULL, applied_at {time} NOT NULL);"
				"CREATE TABLE IF NOT EXISTS schema_progress (version INTEGER PRIMARY KEY, "
				"part INTEGER NOT NULL, at BIGINT NOT NULL, goal BIGINT NOT NULL)",
				err)
		   : status;
}

/* One transaction; where the store is is read inside of it, because another program may be migrating too. */
static enum status migrate_once(struct store_session *s, uint32_t rows, bool *ret_done, struct migration_progress *ret,
				struct err *err)
{
	struct place place = {0};
	enum status status = store_begin(s, err);
	if (status != STATUS_OK)
		return status;
	status = make_tables_of_versions(s, err);
	if (status == STATUS_OK)
		status = read_place(s, &place, err);
	bool done = place.version >= (int)store_migrations_count;
	if (status == STATUS_OK && !done)
		status = take_part(s, rows, &place, ret, err);
	status = session_atomic_end(s, true, status, err);
	if (status == STATUS_OK)
		*ret_done = done;
	return status;
}

static void learn_engine(struct store_session *s)
{
	struct buf name;
	buf_init_fixed(&name, s->store->engine, sizeof s->store->engine);
	s->driver->name(s->connection, &name);
}

static bool look_away(void *user, const struct migration_progress *progress)
{
	(void)user;
	(void)progress;
	return true;
}

enum status store_migrate(struct store *store, struct err *err)
{
	struct migration_watch watch = {.step = look_away};
	return store_migrate_watched(store, &watch, err);
}

enum status store_migrate_watched(struct store *store, const struct migration_watch *watch, struct err *err)
{
	struct store_session *s = NULL;
	uint32_t rows = watch->rows ? watch->rows : ROWS_AT_ONCE;
	enum status status = session_connect(store, DRIVER_CREATE, &s, err);
	if (status != STATUS_OK)
		return status;
	learn_engine(s);
	bool done = false;
	while (status == STATUS_OK && !done) {
		struct migration_progress progress = {0};
		status = migrate_once(s, rows, &done, &progress, err);
		/* Nobody else writes a store that is being migrated, nor its log back. */
		if (status == STATUS_OK)
			status = store_checkpoint(s, CHECKPOINT_PAGES, err);
		if (status == STATUS_OK && progress.part && !watch->step(watch->user, &progress))
			status = err_set(err, STATUS_AGAIN, "the migration was interrupted; it goes on the next time");
	}
	store_session_close(&s);
	return status;
}

enum status store_check(struct store *store, struct err *err)
{
	struct store_session *s = NULL;
	struct schema schema = {0};
	enum status status = session_connect(store, DRIVER_READ, &s, err);
	if (status != STATUS_OK)
		return status;
	learn_engine(s);
	status = read_schema(s, &schema, err);
	store_session_close(&s);
	if (status != STATUS_OK)
		return status;
	if (schema.version == NO_STORE)
		return err_set(err, STATUS_NOT_FOUND, "there is no store yet");
	status = refuse_newer(schema.oldest_writer, err);
	if (status == STATUS_OK && schema.version < (int)store_migrations_count)
		return err_set(err, STATUS_AGAIN, "the store has schema version %d, this program needs %zu: migrate it",
			       schema.version, store_migrations_count);
	return status;
}

enum status store_versions(struct store *store, int *ret_has, int *ret_wants, struct err *err)
{
	struct store_session *s = NULL;
	struct schema schema = {0};
	enum status status = session_connect(store, DRIVER_READ, &s, err);
	if (status == STATUS_OK)
		status = read_schema(s, &schema, err);
	store_session_close(&s);
	if (status == STATUS_OK && schema.version == NO_STORE)
		return err_set(err, STATUS_NOT_FOUND, "there is no store yet");
	if (status != STATUS_OK)
		return status;
	*ret_has = schema.version;
	*ret_wants = schema.version > (int)store_migrations_count ? schema.version : (int)store_migrations_count;
	return STATUS_OK;
}

enum status store_check_fence(struct store_session *s, struct err *err)
{
	int oldest_writer = 0;
	enum status status = read_oldest_writer(s, &oldest_writer, err);
	return status == STATUS_OK ? refuse_newer(oldest_writer, err) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A prepared statement is found by the address of its text, not by the text: looking up eight bytes costs next to
 * nothing, and two places that share a constant may share the statement. What is run inside a transaction need not be
 * waited for (the driver may pipeline it); so a failure belongs to the transaction and not to the statement, and from
 * then on every call says the same words. */
#include "store/core/session.h"

#include "base/mem.h"
#include "store/core/clean_text.h"
#include "store/core/session_private.h"

enum { SQL_MAX = 64 * 1024 };

void session_expand(struct buf *b, const struct driver_word *words, const char *sql)
{
	struct slice rest = slice_from_cstr(sql);
	while (rest.n > 0) {
		size_t open = slice_index(rest, '{');
		buf_append(b, slice_sub(rest, 0, open));
		if (open == rest.n)
			return;
		rest = slice_from(rest, open + 1);
		struct slice word = slice_cut(&rest, '}');
		const struct driver_word *w = words;
		while (w->word && !slice_equal(slice_from_cstr(w->word), word))
			w++;
		BUG_IF(!w->word);
		buf_append_cstr(b, w->text);
	}
}

enum status session_note(struct store_session *s, enum status status, const struct err *err)
{
	if (s->in_transaction && status != STATUS_OK && status != STATUS_END && s->dead.status == STATUS_OK)
		s->dead = err && err->status != STATUS_OK ? *err : (struct err){.status = status, .text = "failed"};
	return status;
}

/* The session has words of its own to keep, whether the caller wants them or not. */
static enum status finish_call(struct store_session *s, enum status status, const struct err *own, struct err *err)
{
	(void)session_note(s, status, own);
	if (err && status != STATUS_OK && status != STATUS_END)
		*err = *own;
	return status;
}

static enum status refuse_when_dead(struct store_session *s, struct err *err)
{
	if (s->dead.status == STATUS_OK)
		return STATUS_OK;
	return err_set(err, s->dead.status, "%s", s->dead.text);
}

static enum status prepare(struct store_session *s, const char *sql, bool once, void **ret_statement, struct err *err)
{
	struct buf text;
	buf_init(&text, SQL_MAX);
	session_expand(&text, s->driver->words, sql);
	BUG_IF(buf_failed(&text));
	enum status status = s->driver->prepare(s->connection, buf_cstr(&text), once, ret_statement, err);
	buf_done(&text);
	return status;
}

static enum status statement_of(struct store_session *s, const char *sql, void **ret_statement, struct err *err)
{
	struct slice key = slice_of(&sql, sizeof sql);
	*ret_statement = map_get(s->statements, key);
	if (*ret_statement)
		return STATUS_OK;
	enum status status = prepare(s, sql, false, ret_statement, err);
	if (status == STATUS_OK)
		(void)map_put(s->statements, key, *ret_statement);
	return status;
}

static bool is_clean_list(const struct value_array *list)
{
	size_t i = 0;
	while (i < list->n && text_is_clean(list->bytes[i]))
		i++;
	return i == list->n;
}

static bool is_clean(const struct value *v)
{
	if (v->type == VALUE_TEXT_ARRAY)
		return is_clean_list(&v->array);
	return v->is_null || (v->type != VALUE_TEXT && v->type != VALUE_JSON) || text_is_clean(v->bytes);
}

static void clean(struct value *v, struct arena *scratch)
{
	if (v->type != VALUE_TEXT_ARRAY) {
		v->bytes = text_cleaned(v->bytes, scratch);
		return;
	}
	struct slice *texts = arena_alloc_array(scratch, v->array.n, sizeof *texts);
	for (size_t i = 0; i < v->array.n; i++)
		texts[i] = text_cleaned(v->array.bytes[i], scratch);
	v->array.bytes = texts;
}

/* Either `in` itself, or a copy in the scratch arena with its texts cleaned. */
static struct values cleaned(struct store_session *s, struct values in)
{
	struct value *copy = NULL;
	for (size_t i = 0; i < in.n; i++) {
		if (is_clean(&in.at[i]))
			continue;
		if (!copy) {
			arena_reset(s->scratch);
			copy = arena_alloc_array(s->scratch, in.n, sizeof *copy);
			memcpy(copy, in.at, in.n * sizeof *copy);
		}
		clean(&copy[i], s->scratch);
	}
	return copy ? (struct values){copy, in.n} : in;
}

static enum status run(struct store_session *s, const char *sql, struct values in, uint64_t *ret_changed,
		       struct err *err)
{
	struct err own = {0};
	void *statement = NULL;
	enum status status = refuse_when_dead(s, &own);
	if (status == STATUS_OK)
		status = statement_of(s, sql, &statement, &own);
	if (status == STATUS_OK)
		status = s->driver->run(s->connection, statement, cleaned(s, in), ret_changed, &own);
	return finish_call(s, status, &own, err);
}

enum status session_run(struct store_session *s, const char *sql, struct values in, struct err *err)
{
	uint64_t changed = 0;
	/* Outside of a transaction nobody would ever hear how it went. */
	return run(s, sql, in, s->in_transaction ? NULL : &changed, err);
}

enum status session_run_counted(struct store_session *s, const char *sql, struct values in, uint64_t *ret_changed,
				struct err *err)
{
	return run(s, sql, in, ret_changed, err);
}

enum status session_run_some(struct store_session *s, const char *sql, struct values in, struct none if_none,
			     struct err *err)
{
	uint64_t changed = 0;
	enum status status = run(s, sql, in, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return err_set(err, if_none.status, "%s", if_none.words);
	return status;
}

bool session_has_arrays(const struct store_session *s)
{
	return s->driver->has_arrays;
}

enum status session_settle(struct store_session *s, struct err *err)
{
	struct err own = {0};
	enum status status = refuse_when_dead(s, &own);
	if (status == STATUS_OK)
		status = s->driver->settle(s->connection, &own);
	return finish_call(s, status, &own, err);
}

enum status session_atomic_begin(struct store_session *s, bool *ret_own, struct err *err)
{
	bool own = !s->in_transaction;
	enum status status = own ? store_begin(s, err) : STATUS_OK;
	if (status == STATUS_OK)
		*ret_own = own;
	return status;
}

enum status session_atomic_end(struct store_session *s, bool own, enum status status, struct err *err)
{
	if (!own)
		return status;
	if (status == STATUS_OK)
		return store_commit(s, err);
	store_rollback(s);
	return status;
}

static enum status open_rows(struct rows *r, const char *sql, struct values in, struct err *err)
{
	struct store_session *s = r->session;
	struct err own = {0};
	enum status status = refuse_when_dead(s, &own);
	if (status == STATUS_OK)
		status = r->is_one_shot ? prepare(s, sql, true, &r->statement, &own)
					: statement_of(s, sql, &r->statement, &own);
	if (status == STATUS_OK) {
		status = s->driver->query(s->connection, r->statement, cleaned(s, in), &own);
		if (status != STATUS_OK)
			(void)rows_close(r, status);
	}
	return finish_call(s, status, &own, err);
}

enum status rows_open(struct rows *r, struct store_session *s, const char *sql, struct values in, struct err *err)
{
	*r = (struct rows){.session = s};
	return open_rows(r, sql, in, err);
}

enum status rows_open_once(struct rows *r, struct store_session *s, const char *sql, struct values in, struct err *err)
{
	*r = (struct rows){.session = s, .is_one_shot = true};
	return open_rows(r, sql, in, err);
}

enum status rows_next(struct rows *r, struct err *err)
{
	struct err own = {0};
	r->column = 0;
	enum status status = r->session->driver->step(r->session->connection, r->statement, &own);
	return finish_call(r->session, status, &own, err);
}

enum status rows_close(struct rows *r, enum status status)
{
	const struct driver *driver = r->session->driver;
	if (r->statement) {
		driver->finish(r->session->connection, r->statement);
		if (r->is_one_shot)
			driver->forget(r->session->connection, r->statement);
		r->statement = NULL;
	}
	return status == STATUS_END ? STATUS_OK : status;
}

enum status rows_open_one(struct rows *r, struct store_session *s, const char *sql, struct values in, struct err *err)
{
	enum status status = rows_open(r, s, sql, in, err);
	if (status != STATUS_OK)
		return status;
	status = rows_next(r, err);
	if (status == STATUS_OK)
		return STATUS_OK;
	(void)rows_close(r, status);
	return status == STATUS_END ? err_set(err, STATUS_NOT_FOUND, "not found") : status;
}

static struct value field(struct rows *r, enum value_type type)
{
	struct value v = {0};
	r->session->driver->column(r->statement, r->column++, type, &v);
	return v;
}

static enum status read_number(struct store_session *s, const char *sql, struct values in, enum value_type type,
			       int64_t *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, sql, in, err);
	if (status != STATUS_OK)
		return status;
	struct value v = field(&r, type);
	*ret = v.is_null ? 0 : v.i64;
	return rows_close(&r, STATUS_OK);
}

enum status rows_read_i64(struct store_session *s, const char *sql, struct values in, int64_t *ret, struct err *err)
{
	return read_number(s, sql, in, VALUE_I64, ret, err);
}

enum status rows_read_time(struct store_session *s, const char *sql, struct values in, int64_t *ret_us, struct err *err)
{
	return read_number(s, sql, in, VALUE_TIME, ret_us, err);
}

int64_t rows_i64_or(struct rows *r, int64_t if_null)
{
	struct value v = field(r, VALUE_I64);
	return v.is_null ? if_null : v.i64;
}

int64_t rows_i64(struct rows *r)
{
	return rows_i64_or(r, 0);
}

bool rows_bool(struct rows *r)
{
	struct value v = field(r, VALUE_BOOL);
	return !v.is_null && v.i64 != 0;
}

int64_t rows_time(struct rows *r)
{
	struct value v = field(r, VALUE_TIME);
	return v.is_null ? 0 : v.i64;
}

struct uuid rows_uuid(struct rows *r)
{
	struct value v = field(r, VALUE_UUID);
	return v.is_null ? (struct uuid){{0}} : v.uuid;
}

static struct slice copied(struct rows *r, enum value_type type)
{
	struct value v = field(r, type);
	/* Copied, because a driver's bytes go with the next row. */
	return v.is_null || v.bytes.n == 0 ? SLICE_EMPTY : arena_copy(r->arena, v.bytes);
}

struct slice rows_text(struct rows *r)
{
	return copied(r, VALUE_TEXT);
}

struct slice rows_json(struct rows *r)
{
	return copied(r, VALUE_JSON);
}

struct slice rows_bytes(struct rows *r)
{
	return copied(r, VALUE_BYTES);
}

bool rows_is_null(struct rows *r)
{
	struct value v = field(r, VALUE_I64);
	r->column--;
	return v.is_null;
}

void *growing_add(struct growing *g, struct arena *arena, size_t item_size)
{
	if (g->n == g->room) {
		size_t room = g->room ? g->room * 2 : 16;
		void *items = arena_alloc_array(arena, room, item_size);
		if (g->n > 0)
			memcpy(items, g->items, g->n * item_size);
		g->items = items;
		g->room = room;
	}
	return (char *)g->items + g->n++ * item_size;
}

bool session_in_transaction(const struct store_session *s)
{
	return s->in_transaction;
}

struct session_memory *session_memory(struct store_session *s, enum session_memory_of what)
{
	return &s->memory[what];
}

void session_note_undone(struct store_session *s)
{
	s->part++;
	for (size_t i = 0; i < SESSION_MEMORY_COUNT; i++)
		s->memory[i].undone++;
}

uint64_t session_part(const struct store_session *s)
{
	return s->part;
}

bool session_before_commit(struct store_session *s, session_last_words *words)
{
	bool is_first = !s->before_commit;
	BUG_IF(!s->in_transaction || (!is_first && s->before_commit != words));
	s->before_commit = words;
	return is_first;
}

bool session_is_shared(const struct store_session *s)
{
	return s->driver->is_shared;
}

enum status session_script(struct store_session *s, const char *sql, struct err *err)
{
	struct err own = {0};
	struct buf text;
	buf_init(&text, SQL_MAX);
	session_expand(&text, s->driver->words, sql);
	BUG_IF(buf_failed(&text));
	enum status status = refuse_when_dead(s, &own);
	if (status == STATUS_OK)
		status = s->driver->script(s->connection, buf_cstr(&text), &own);
	buf_done(&text);
	return finish_call(s, status, &own, err);
}

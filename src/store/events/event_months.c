/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions of events on PostgreSQL, a month each: what is past everybody's time goes as a whole table, which costs
 * the same for a thousand rows and for a billion and leaves nothing for vacuum to do.
 *
 * By the time of occurrence, not of writing, because that is what retention asks about. A month comes into being with
 * its first event, in the transaction of that event: nobody has to be up at midnight. ATTACH PARTITION takes SHARE
 * UPDATE EXCLUSIVE on the parent (CREATE TABLE … PARTITION OF would take ACCESS EXCLUSIVE), so neither readers nor
 * other writers wait; two writers that begin the same month do, and the second finds it there. There is no default
 * partition: attaching a month would have to scan it, locked. */
#include "store/events/event_rows.h"

#include "base/mem.h"
#include <stdio.h>
#include <time.h>

enum { MONTHS_REMEMBERED = 64, SQL_MAX = 800 };

/* Months since year 0. What is not remembered is asked for again. */
struct months {
	int32_t at[MONTHS_REMEMBERED];
	size_t n;
	unsigned undone;
};

static int32_t month_of(int64_t time_us)
{
	struct tm tm;
	time_t seconds = (time_t)(time_us / 1000000 - (time_us % 1000000 < 0));
	(void)gmtime_r(&seconds, &tm);
	return (tm.tm_year + 1900) * 12 + tm.tm_mon;
}

static struct months *months_of(struct store_session *s)
{
	struct session_memory *kept = session_memory(s, SESSION_MEMORY_MONTHS);
	if (!kept->p) {
		kept->p = MEM_NEW(struct months);
		kept->free = mem_free;
	}
	struct months *m = kept->p;
	if (m->undone != kept->undone)
		m->n = 0; /* also when another machine has dropped one: the insert that met it was taken back */
	m->undone = kept->undone;
	return m;
}

static bool is_known(const struct months *m, int32_t month)
{
	for (size_t i = m->n; i > 0; i--)
		if (m->at[i - 1] == month)
			return true;
	return false;
}

static void remember(struct months *m, int32_t month)
{
	if (m->n == MONTHS_REMEMBERED)
		m->n = 0;
	m->at[m->n++] = month;
}

static enum status exists(struct store_session *s, int32_t month, bool *ret, struct err *err)
{
	struct rows r;
	char name[32];
	(void)snprintf(name, sizeof name, "events_%04d_%02d", month / 12, month % 12 + 1);
	enum status status = rows_open_one(&r, s,
					   "SELECT COUNT(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
					   "WHERE i.inhparent = to_regclass('events') AND c.relname = $1",
					   VALUES(value_text(slice_from_cstr(name))), err);
	if (status != STATUS_OK)
		return status;
	*ret = rows_i64(&r) > 0;
	return rows_close(&r, STATUS_OK);
}

static enum status create(struct store_session *s, int32_t month, struct err *err)
{
	char sql[SQL_MAX];
	int year = month / 12, of_year = month % 12 + 1;
	(void)snprintf(sql, sizeof sql,
		       "CREATE TABLE events_%04d_%02d (LIKE events INCLUDING DEFAULTS);"
		       "ALTER TABLE events ATTACH PARTITION events_%04d_%02d "
		       "FOR VALUES FROM ('%04d-%02d-01 00:00:00+00') TO ('%04d-%02d-01 00:00:00+00')",
		       year, of_year, year, of_year, year, of_year, (month + 1) / 12, (month + 1) % 12 + 1);
	return session_script(s, sql, err);
}

/* Looks, waits for whoever is at it, and looks again. */
static enum status make_ready(struct store_session *s, int32_t month, struct err *err)
{
	bool is_there = false;
	enum status status = exists(s, month, &is_there, err);
	if (status != STATUS_OK || is_there)
		return status;
	/* ONLY: locking the partitions too would meet their vacuums. */
	status = session_script(s, "LOCK TABLE ONLY events IN SHARE UPDATE EXCLUSIVE MODE", err);
	if (status == STATUS_OK)
		status = exists(s, month, &is_there, err);
	return status == STATUS_OK && !is_there ? create(s, month, err) : status;
}

enum status event_months_ready(struct store_session *s, const struct event *events, size_t count, struct err *err)
{
	if (!session_is_shared(s))
		return STATUS_OK;
	struct months *m = months_of(s);
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		int32_t month = month_of(events[i].occurred_us);
		if (is_known(m, month))
			continue;
		status = make_ready(s, month, err);
		if (status == STATUS_OK)
			remember(m, month);
	}
	return status;
}

/* ---- Going */

static enum status find_months(struct store_session *s, int32_t before, struct arena *arena, struct growing *ret,
			       struct err *err)
{
	struct rows r;
	enum status status = rows_open(
	    &r, s,
	    "SELECT substr(c.relname, 8, 4)::integer * 12 + substr(c.relname, 13, 2)::integer - 1 FROM pg_inherits "
	    "i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('events') AND c.relname ~ "
	    "'^events_[0-9][0-9][0-9][0-9]_[0-9][0-9]$' ORDER BY 1",
	    VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		int32_t month = (int32_t)rows_i64(&r);
		if (month < before)
			*(int32_t *)growing_add(ret, arena, sizeof month) = month;
	}
	return rows_close(&r, status);
}

static enum status count_month(struct store_session *s, int32_t month, uint64_t *count, struct err *err)
{
	struct rows r;
	char sql[SQL_MAX];
	(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM events_%04d_%02d", month / 12, month % 12 + 1);
	enum status status = rows_open_once(&r, s, sql, VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	status = rows_next(&r, err);
	if (status == STATUS_OK)
		*count += (uint64_t)rows_i64(&r);
	return rows_close(&r, status);
}

/* Whoever comes meanwhile waits behind us; so we wait for a second at most. */
static enum status drop_month(struct store_session *s, int32_t month, struct err *err)
{
	char sql[SQL_MAX];
	int year = month / 12, of_year = month % 12 + 1, next_year = (month + 1) / 12, next = (month + 1) % 12 + 1;
	(void)snprintf(sql, sizeof sql,
		       "SET LOCAL lock_timeout = '1s'; DROP TABLE events_%04d_%02d;"
		       "DELETE FROM event_details WHERE occurred_at >= '%04d-%02d-01 00:00:00+00' AND occurred_at < "
		       "'%04d-%02d-01 00:00:00+00';"
		       "DELETE FROM event_minutes WHERE minute >= EXTRACT(EPOCH FROM '%04d-%02d-01 "
		       "00:00:00+00'::timestamptz) / 60 AND minute < EXTRACT(EPOCH FROM '%04d-%02d-01 "
		       "00:00:00+00'::timestamptz) / 60",
		       year, of_year, year, of_year, next_year, next, year, of_year, next_year, next);
	return session_script(s, sql, err);
}

enum status store_event_drop_months(struct store_session *s, int64_t before_us, uint64_t *count, struct err *err)
{
	struct growing months = {0};
	if (!session_is_shared(s))
		return STATUS_OK;
	struct arena *arena = arena_new();
	enum status status = find_months(s, month_of(before_us), arena, &months, err);
	const int32_t *at = months.items;
	for (size_t i = 0; status == STATUS_OK && i < months.n; i++) {
		uint64_t gone = 0;
		status = store_begin(s, err);
		if (status != STATUS_OK)
			break;
		status = count_month(s, at[i], &gone, err);
		if (status == STATUS_OK)
			status = drop_month(s, at[i], err);
		status = session_atomic_end(s, true, status, err);
		*count += status == STATUS_OK ? gone : 0;
	}
	months_of(s)->n = 0;
	arena_free(&arena);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading hits. Those of one message are found by its number. Those of a stretch of time are of all tenants, and events
 * are in order of tenant and position; event_minutes says where a tenant's events of a minute are. It has no index by
 * time alone, which would be one entry more for each minute; instead the tenants are walked first, each from the one
 * before by the primary key (TENANTS): a handful of steps where a plain DISTINCT would read all rows. */
#include "store/events/hits.h"

#include "codec/judge/hit_signals.h"
#include "store/events/event_flags.h"
#include "store/events/event_rows.h"

/* ---- Of one message */

#define HITS_OF_MESSAGE " WHERE e.message = (SELECT c.number FROM messages c WHERE c.id = $1) AND " EVENT_SQL_HITS("e")
#define HIT_SELECT "SELECT " EVENT_HEAD_COLUMNS EVENT_FROM HITS_OF_MESSAGE

/* EVENT_IS_DUPLICATE and EVENT_IS_ANONYMOUS; with the second EVENT_IS_FILTERED, too. */
#define IS_OF_PERSON " AND e.flags & 1088 = 0"
#define IS_COUNTED " AND e.flags & 1216 = 0"
_Static_assert((EVENT_IS_DUPLICATE | EVENT_IS_ANONYMOUS) == 1088 &&
		   (EVENT_IS_DUPLICATE | EVENT_IS_ANONYMOUS | EVENT_IS_FILTERED) == 1216,
	       "the bits stand in SQL");

static enum status read_hits(struct rows *r, struct arena *arena, struct event_hits *ret, struct err *err)
{
	struct growing list = {0};
	enum status status;
	r->arena = arena;
	while ((status = rows_next(r, err)) == STATUS_OK) {
		status = event_read_head(r, growing_add(&list, arena, sizeof(struct event)), err);
		if (status != STATUS_OK)
			break;
	}
	status = rows_close(r, status);
	if (status != STATUS_OK)
		return status;
	*ret = (struct event_hits){list.items, list.n};
	return STATUS_OK;
}

enum status store_event_hits(struct store_session *s, struct uuid message, uint32_t limit, struct arena *arena,
			     struct event_hits *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open(&r, s, HIT_SELECT " ORDER BY e.position DESC LIMIT $2",
				       VALUES(value_uuid(message), value_i64(limit)), err);
	return status == STATUS_OK ? read_hits(&r, arena, ret, err) : status;
}

enum status store_event_hits_until(struct store_session *s, const struct hits_until *which, struct arena *arena,
				   struct event_hits *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open(&r, s, HIT_SELECT " AND e.occurred_at <= $2 ORDER BY e.position DESC LIMIT $3",
		      VALUES(value_uuid(which->message), value_time(which->until_us), value_i64(which->limit)), err);
	return status == STATUS_OK ? read_hits(&r, arena, ret, err) : status;
}

#define OF_NUMBER " WHERE e.message = $1 AND " EVENT_SQL_HITS("e") " ORDER BY e.position DESC LIMIT $2"
/* The inner SELECT is run once for each number, along events_of_message. */
#define OF_NUMBERS                                                                                                     \
	"SELECT " EVENT_HEAD_COLUMNS " FROM unnest($1::bigint[]) AS w (number) CROSS JOIN LATERAL (SELECT * FROM "     \
	"events x WHERE x.message = w.number AND " EVENT_SQL_HITS(                                                     \
	    "x") " ORDER BY x.position DESC LIMIT $2) e " EVENT_JOINS "ORDER BY e.message, e.position DESC"

static enum status read_one_by_one(struct store_session *s, const struct hits_wanted *wanted, struct arena *arena,
				   struct event_hits *ret, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < wanted->count; i++) {
		struct rows r;
		status = rows_open(&r, s, "SELECT " EVENT_HEAD_COLUMNS EVENT_FROM OF_NUMBER,
				   VALUES(value_i64((int64_t)wanted->numbers[i]), value_i64(wanted->limit)), err);
		if (status == STATUS_OK)
			status = read_hits(&r, arena, &ret[i], err);
	}
	return status;
}

/* Those of one message follow each other. */
static void share_out(const struct event_hits *all, const struct hits_wanted *wanted, struct event_hits *ret)
{
	for (size_t i = 0, first = 0; i < all->n; i++) {
		if (i + 1 < all->n && all->at[i + 1].message_number == all->at[first].message_number)
			continue;
		for (size_t k = 0; k < wanted->count; k++)
			if (wanted->numbers[k] == all->at[first].message_number)
				ret[k] = (struct event_hits){&all->at[first], i + 1 - first};
		first = i + 1;
	}
}

enum status store_event_hits_of_many(struct store_session *s, const struct hits_wanted *wanted, struct arena *arena,
				     struct event_hits *ret, struct err *err)
{
	struct rows r;
	struct event_hits all = {0};
	if (wanted->count)
		memset(ret, 0, wanted->count * sizeof *ret);
	if (!session_has_arrays(s))
		return read_one_by_one(s, wanted, arena, ret, err);
	int64_t *numbers = arena_alloc_array(arena, wanted->count + 1, sizeof *numbers);
	for (size_t i = 0; i < wanted->count; i++)
		numbers[i] = (int64_t)wanted->numbers[i];
	enum status status = rows_open(&r, s, OF_NUMBERS,
				       VALUES(value_i64_array(numbers, wanted->count), value_i64(wanted->limit)), err);
	if (status == STATUS_OK)
		status = read_hits(&r, arena, &all, err);
	if (status == STATUS_OK)
		share_out(&all, wanted, ret);
	return status;
}

#define FIRST " ORDER BY e.position LIMIT 1"
#define OPEN " AND e.flags & 31 = 6"
#define CLICK " AND e.flags & 31 = 7"

enum status store_event_first_counted(struct store_session *s, struct uuid message, enum first_hit which,
				      struct arena *arena, struct event *ret, struct err *err)
{
	static const char *const SQL[] = {
	    [FIRST_OPEN] = HIT_SELECT OPEN IS_COUNTED FIRST,
	    [FIRST_OPEN_STRICT] = HIT_SELECT OPEN " AND e.flags >> 16 & 15 = 1" IS_COUNTED FIRST,
	    [FIRST_OPEN_ANY] = HIT_SELECT OPEN IS_OF_PERSON FIRST,
	    [FIRST_CLICK_ANY] = HIT_SELECT CLICK IS_OF_PERSON FIRST,
	    [FIRST_CLICK] = HIT_SELECT CLICK IS_COUNTED FIRST,
	    [HOLDER_OPEN] = HIT_SELECT OPEN " AND e.flags >> 5 & 1 = 1" FIRST,
	    [HOLDER_CLICK] = HIT_SELECT CLICK " AND e.flags >> 5 & 1 = 1" FIRST,
	};
	struct rows r;
	enum status status = rows_open_one(&r, s, SQL[which], VALUES(value_uuid(message)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	return rows_close(&r, event_read_head(&r, ret, err));
}

enum status store_event_last_counted(struct store_session *s, struct uuid message, int64_t *ret_us, struct err *err)
{
	return rows_read_time(s, "SELECT MAX(e.occurred_at) FROM events e" HITS_OF_MESSAGE IS_COUNTED,
			      VALUES(value_uuid(message)), ret_us, err);
}

enum status store_event_hits_since(struct store_session *s, struct uuid message, int64_t since_us, uint64_t *ret,
				   struct err *err)
{
	int64_t value = 0;
	enum status status =
	    rows_read_i64(s, "SELECT COUNT(*) FROM events e" HITS_OF_MESSAGE " AND e.occurred_at >= $2",
			  VALUES(value_uuid(message), value_time(since_us)), &value, err);
	if (status == STATUS_OK)
		*ret = (uint64_t)value;
	return status;
}

/* ---- Of a stretch of time */

#define TENANTS                                                                                                        \
	"WITH RECURSIVE every(tenant_id) AS (SELECT MIN(tenant_id) FROM event_minutes UNION ALL SELECT (SELECT "       \
	"MIN(n.tenant_id) FROM event_minutes n WHERE n.tenant_id > every.tenant_id) FROM every WHERE "                 \
	"every.tenant_id IS NOT NULL) "
/* ---- Visits
 *
 * Whoever follows the visits of a crowd must read each once: 20,000 hits/s are a million in a minute, and to have the
 * first few thousand of them by time the database read and sorted the million, for each page again, which took a
 * server's writer half a minute (bench/two_servers.mjs). Positions have an index. */

#define VISIT_COLUMNS                                                                                                  \
	"SELECT e.position, e.tenant_id, m.to_email, COALESCE(m.delivered_at, m.sent_at), e.occurred_at, e.flags, "    \
	"e.address, a.text, e.signals, r.text FROM "
#define VISIT_JOINS                                                                                                    \
	"JOIN messages m ON m.number = e.message LEFT JOIN dictionary a ON a.number = e.agent "                        \
	"LEFT JOIN dictionary r ON r.number = e.reasons WHERE " EVENT_SQL_HITS("e") " AND e.address IS NOT NULL AND "
#define EVENTS_BETWEEN "every JOIN events e ON e.tenant_id = every.tenant_id AND e.position >= $1 AND e.position < $2 "
#define IN_MINUTE "e.occurred_at >= $3 AND e.occurred_at <= $4 ORDER BY e.position"
enum { CHUNKS_AT_ONCE = 4 };

static void read_visit(struct rows *r, struct past_visit *ret)
{
	ret->position = (uint64_t)rows_i64(r);
	ret->tenant = (uint32_t)rows_i64(r);
	ret->recipient = rows_text(r);
	ret->delivered_us = rows_time(r);
	ret->time_us = rows_time(r);
	ret->is_click = (rows_i64(r) & EVENT_TYPE_MASK) == EVENT_CLICK;
	ret->ip = event_read_address(r);
	ret->user_agent = rows_text(r);
	ret->signals = (uint16_t)rows_i64_or(r, HIT_SIGNALS_NOT_KEPT);
	ret->reasons = rows_text(r);
}

static enum status read_visits(struct rows *r, struct arena *arena, struct growing *list, struct err *err)
{
	enum status status;
	r->arena = arena;
	while ((status = rows_next(r, err)) == STATUS_OK)
		read_visit(r, growing_add(list, arena, sizeof(struct past_visit)));
	return rows_close(r, status);
}

enum status store_event_next_minute(struct store_session *s, int64_t minute, int64_t *ret, struct err *err)
{
	return rows_read_i64(s,
			     TENANTS "SELECT MIN((SELECT MIN(n.minute) FROM event_minutes n WHERE "
				     "n.tenant_id = every.tenant_id AND n.minute >= $1)) FROM every",
			     VALUES(value_i64(minute)), ret, err);
}

/* As store_event_next_minute; chunk 0 is no next one. */
static enum status next_chunk(struct store_session *s, int64_t minute, uint64_t chunk, uint64_t *ret, struct err *err)
{
	int64_t found = 0;
	enum status status = rows_read_i64(
	    s,
	    TENANTS "SELECT MIN((SELECT MIN(n.chunk) FROM event_minutes n WHERE n.tenant_id = every.tenant_id AND "
		    "n.minute = $1 AND n.chunk >= $2)) FROM every",
	    VALUES(value_i64(minute), value_i64((int64_t)chunk)), &found, err);
	*ret = (uint64_t)found;
	return status;
}

enum status store_event_visits(struct store_session *s, const struct visit_walk *walk, struct arena *arena,
			       struct past_visits *ret, uint64_t *ret_next, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	uint64_t end = walk->chunk + CHUNKS_AT_ONCE;
	int64_t from_us = walk->minute * EVENT_MINUTE_US;
	enum status status = rows_open(&r, s, TENANTS VISIT_COLUMNS EVENTS_BETWEEN VISIT_JOINS IN_MINUTE,
				       VALUES(value_i64((int64_t)(walk->chunk << EVENT_CHUNK_BITS)),
					      value_i64((int64_t)(end << EVENT_CHUNK_BITS)), value_time(from_us),
					      value_time(from_us + EVENT_MINUTE_US - 1)),
				       err);
	if (status == STATUS_OK)
		status = read_visits(&r, arena, &list, err);
	if (status == STATUS_OK)
		status = next_chunk(s, walk->minute, end, ret_next, err);
	*ret = (struct past_visits){list.items, list.n};
	return status;
}

/* ---- Walks
 *
 * A walk goes from minute to minute that has events, because putting in order needs all of what is ordered, and that
 * must not be everything until the end for each page. A minute that holds more than a page is read again for the next
 * page, from where the last one ended. */

#define IN_WALK "e.occurred_at >= $3 AND (e.occurred_at > $3 OR e.position > $4) AND e.occurred_at <= $5"
#define WALK_ORDER " ORDER BY e.occurred_at, e.position LIMIT $6"
#define WALK_VALUES(page)                                                                                              \
	value_i64((page)->minute), value_i64((page)->minute), value_time(from_of(page)),                               \
	    value_i64((int64_t)((page)->is_first ? (page)->walk->after_position : 0)), value_time(until_of(page)),     \
	    value_i64((int64_t)((page)->walk->limit - (page)->list.n))

/* A page that is being filled. */
struct page {
	const struct hit_walk *walk;
	int64_t minute; /* the next to read */
	bool is_first;  /* where the walk goes on within a minute */
	int64_t since_us;
	struct arena *arena;
	struct growing list;
};

/* What is before the minute or behind it is read with another one, though its chunks may have it. */
static int64_t from_of(const struct page *page)
{
	return page->is_first ? page->walk->after_us : page->minute * EVENT_MINUTE_US;
}

static int64_t until_of(const struct page *page)
{
	int64_t end_us = (page->minute + 1) * EVENT_MINUTE_US - 1;
	return end_us < page->walk->until_us ? end_us : page->walk->until_us;
}

/* Events in the chunks that have one of the minutes from $1 to $2, and may have others. */
#define EVENTS_OF_MINUTES                                                                                              \
	"(SELECT DISTINCT n.tenant_id, n.chunk FROM every JOIN event_minutes n ON n.tenant_id = every.tenant_id AND "  \
	"n.minute >= $1 AND n.minute <= $2) c JOIN events e ON e.tenant_id = c.tenant_id AND "                         \
	"e.position >= c.chunk * 1024 AND e.position < c.chunk * 1024 + 1024 "
_Static_assert(1 << EVENT_CHUNK_BITS == 1024, "the size of a chunk stands in SQL");
#define FIRST_VISITS                                                                                                   \
	"SELECT COALESCE(m.id, d.message_id), e.occurred_at, e.position FROM " EVENTS_OF_MINUTES                       \
	"LEFT JOIN messages m ON m.number = e.message "                                                                \
	"LEFT JOIN event_details d ON d.tenant_id = e.tenant_id AND d.position = e.position "                          \
	"WHERE " EVENT_SQL_HITS("e") " AND " IN_WALK
#define HAS_EARLIER                                                                                                    \
	"EXISTS (SELECT 1 FROM events f WHERE f.message = e.message AND " EVENT_SQL_HITS(                              \
	    "f") " AND f.occurred_at >= $7 AND (f.occurred_at < e.occurred_at OR (f.occurred_at = e.occurred_at AND "  \
		 "f.position < e.position)))"

static enum status read_first_visits_of(struct store_session *s, struct page *page, struct err *err)
{
	struct rows r;
	enum status status = rows_open(&r, s, TENANTS FIRST_VISITS " AND NOT " HAS_EARLIER WALK_ORDER,
				       VALUES(WALK_VALUES(page), value_time(page->since_us)), err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct first_visit *visit = growing_add(&page->list, page->arena, sizeof *visit);
		visit->message = rows_uuid(&r);
		visit->time_us = rows_time(&r);
		visit->position = (uint64_t)rows_i64(&r);
	}
	return rows_close(&r, status);
}

static enum status fill_page(struct store_session *s, struct page *page, struct err *err)
{
	enum status status = STATUS_OK;
	int64_t first = page->walk->after_us / EVENT_MINUTE_US;
	page->minute = first;
	for (; status == STATUS_OK && page->list.n < page->walk->limit; page->minute++) {
		status = store_event_next_minute(s, page->minute, &page->minute, err);
		if (status != STATUS_OK || !page->minute || page->minute * EVENT_MINUTE_US > page->walk->until_us)
			break;
		page->is_first = page->minute == first;
		status = read_first_visits_of(s, page, err);
	}
	return status;
}

enum status store_event_first_visits(struct store_session *s, const struct hit_walk *walk, int64_t since_us,
				     struct arena *arena, struct first_visits *ret, struct err *err)
{
	struct page page = {.walk = walk, .since_us = since_us, .arena = arena};
	enum status status = fill_page(s, &page, err);
	if (status == STATUS_OK)
		*ret = (struct first_visits){page.list.items, page.list.n};
	return status;
}

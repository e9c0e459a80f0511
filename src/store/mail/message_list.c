/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of messages. The statement is put together from the conditions that are asked for, so that each combination
 * gets the plan it deserves; ids ascend with time, so newest first is the order of the index, read backwards.
 *
 * A search reads what the other conditions leave, a page at a time, and looks into it here: neither database can tell
 * what is the same letter, and none has an index for words within a text. Of what is looked at only the
 * texts are read; rows that are found are read whole behind that. */
#include "store/mail/message_list.h"

#include "store/core/caseless_text.h"
#include "store/core/where.h"
#include "store/mail/message_rows.h"

enum { SEARCH_MAX = 500, SEARCHED_AT_ONCE = 2000, TEXT_MAX = 64 * 1024 };

static void add_conditions(struct where *w, const struct message_filter *f)
{
	where_add(w, "tenant_id = ?", value_i64(f->tenant));
	where_add_text(w, "campaign_id = ?", f->campaign_id);
	where_add_text(w, "template_id = ?", f->template_id);
	where_add_text(w, "contact_id = ?", f->contact_id);
	where_add_text(w, "sender = ?", f->sender);
	where_add_text(w, "provider = ?", f->provider);
	if (f->by_state)
		where_add(w, "state = ?", value_text(slice_from_cstr(message_state_name(f->state))));
	if (f->from_us)
		where_add(w, "created_at >= ?", value_time(f->from_us));
	if (f->to_us)
		where_add(w, "created_at < ?", value_time(f->to_us));
	if (!uuid_is_zero(f->before))
		where_add(w, "id < ?", value_uuid(f->before));
}

static enum status read_rows(struct where *w, struct store_session *s, struct arena *arena, struct growing *list,
			     struct err *err)
{
	struct rows r;
	enum status status = rows_open_once(&r, s, buf_cstr(&w->sql), where_values(w), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
		status = message_read_row(&r, growing_add(list, arena, sizeof(struct message)), err);
	return rows_close(&r, status);
}

static enum status list_plain(struct store_session *s, const struct message_filter *filter, struct arena *arena,
			      struct growing *list, struct err *err)
{
	struct where w;
	where_init(&w, "SELECT " MESSAGE_COLUMNS MESSAGE_FROM "WHERE");
	add_conditions(&w, filter);
	where_end(&w, " ORDER BY id DESC LIMIT ?", filter->limit);
	enum status status = read_rows(&w, s, arena, list, err);
	where_done(&w);
	return status;
}

/* ---- A search */

struct search {
	struct message_filter filter; /* of the page that is looked at */
	struct slice wanted;          /* caseless */
	uint32_t limit;
	struct uuid found[SEARCHED_AT_ONCE]; /* in this page */
	size_t found_count;
};

static bool is_found(const struct search *search, struct rows *r)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	for (int i = 0; i < 3; i++) { /* address, name, subject */
		text_append_caseless(&text, rows_text(r), r->arena);
		buf_append_byte(&text, ' ');
	}
	bool found = slice_contains(buf_slice(&text), search->wanted);
	buf_done(&text);
	return found;
}

/* One page; *ret_looked_at: how many rows it had. */
static enum status look(struct search *search, struct store_session *s, struct arena *arena, size_t *ret_looked_at,
			struct err *err)
{
	struct where w;
	struct rows r;
	where_init(&w, "SELECT id, to_email, to_name, subject FROM messages WHERE");
	add_conditions(&w, &search->filter);
	where_end(&w, " ORDER BY id DESC LIMIT ?", SEARCHED_AT_ONCE);
	search->found_count = 0;
	enum status status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		r.arena = arena;
		for (*ret_looked_at = 0; (status = rows_next(&r, err)) == STATUS_OK; ++*ret_looked_at) {
			search->filter.before = rows_uuid(&r);
			if (is_found(search, &r))
				search->found[search->found_count++] = search->filter.before;
		}
		status = rows_close(&r, status);
	}
	where_done(&w);
	return status;
}

static enum status read_found(const struct search *search, struct store_session *s, struct arena *arena,
			      struct growing *list, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < search->found_count && list->n < search->limit; i++) {
		struct where w;
		where_init(&w, "SELECT " MESSAGE_COLUMNS MESSAGE_FROM "WHERE");
		where_add(&w, "id = ?", value_uuid(search->found[i]));
		where_end(&w, " LIMIT ?", 1);
		status = read_rows(&w, s, arena, list, err);
		where_done(&w);
	}
	return status;
}

/* Texts that are looked at are forgotten page by page: only what is found stays. */
static enum status list_found(struct store_session *s, struct search *search, struct arena *arena, struct growing *list,
			      struct err *err)
{
	enum status status = STATUS_OK;
	size_t looked_at = SEARCHED_AT_ONCE;
	struct arena *page = arena_new();
	while (status == STATUS_OK && list->n < search->limit && looked_at == SEARCHED_AT_ONCE) {
		status = look(search, s, page, &looked_at, err);
		if (status == STATUS_OK)
			status = read_found(search, s, arena, list, err);
		arena_reset(page);
	}
	arena_free(&page);
	return status;
}

static enum status search_all(struct store_session *s, const struct message_filter *filter, struct arena *arena,
			      struct growing *list, struct err *err)
{
	struct buf wanted;
	if (filter->search.n > SEARCH_MAX)
		return err_set(err, STATUS_TOO_BIG, "the search text is too long");
	struct search *search = ARENA_NEW(arena, struct search);
	buf_init(&wanted, TEXT_MAX);
	text_append_caseless(&wanted, filter->search, arena);
	search->filter = *filter;
	search->wanted = buf_slice(&wanted);
	search->limit = filter->limit;
	enum status status = list_found(s, search, arena, list, err);
	buf_done(&wanted);
	return status;
}

enum status store_message_list(struct store_session *s, const struct message_filter *filter, struct arena *arena,
			       struct message **ret, size_t *ret_count, struct err *err)
{
	struct growing list = {0};
	enum status status =
	    filter->search.p ? search_all(s, filter, arena, &list, err) : list_plain(s, filter, arena, &list, err);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of messages. The statement is put together from the conditions that are asked for, so that each combination
 * gets the plan it deserves; ids ascend with time, so newest first is the order of the index, read backwards. */
#include "store/mail/message_list.h"

#include "store/core/clean_text.h"
#include "store/core/where.h"
#include "store/mail/message_rows.h"

enum { PATTERN_MAX = 1024 };

static void add_conditions(struct where *w, const struct message_filter *f, struct slice pattern)
{
	where_add(w, "tenant_id = ?", value_i64(f->tenant));
	where_add_text(w, "campaign_id = ?", f->campaign_id);
	where_add_text(w, "template_id = ?", f->template_id);
	where_add_text(w, "contact_id = ?", f->contact_id);
	where_add_text(w, "sender = ?", f->sender);
	where_add_text(w, "provider = ?", f->provider);
	if (f->search.p)
		where_add(w,
			  "(LOWER(to_email || ' ' || COALESCE(to_name, '') || ' ' || COALESCE(subject, '')) LIKE ? "
			  "ESCAPE '\\')",
			  value_text(pattern));
	if (f->by_state)
		where_add(w, "state = ?", value_text(slice_from_cstr(message_state_name(f->state))));
	if (f->from_us)
		where_add(w, "created_at >= ?", value_time(f->from_us));
	if (f->to_us)
		where_add(w, "created_at < ?", value_time(f->to_us));
	if (!uuid_is_zero(f->before))
		where_add(w, "id < ?", value_uuid(f->before));
	where_end(w, " ORDER BY id DESC LIMIT ?", f->limit);
}

enum status store_message_list(struct store_session *s, const struct message_filter *filter, struct arena *arena,
			       struct message **ret, size_t *ret_count, struct err *err)
{
	struct buf pattern;
	struct where w;
	struct rows r;
	struct growing list = {0};
	buf_init(&pattern, PATTERN_MAX);
	text_append_like(&pattern, filter->search);
	if (buf_failed(&pattern)) {
		buf_done(&pattern);
		return err_set(err, STATUS_TOO_BIG, "the search text is too long");
	}
	where_init(&w, "SELECT " MESSAGE_COLUMNS MESSAGE_FROM "WHERE");
	add_conditions(&w, filter, buf_slice(&pattern));
	enum status status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		r.arena = arena;
		while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
			status = message_read_row(&r, growing_add(&list, arena, sizeof(struct message)), err);
		status = rows_close(&r, status);
	}
	where_done(&w);
	buf_done(&pattern);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

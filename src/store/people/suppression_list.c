/* SPDX-License-Identifier: Apache-2.0 */
#include "store/people/suppressions.h"

#include "store/core/clean_text.h"
#include "store/core/person_hash.h"
#include "store/core/session.h"

#define SUPPRESSION_SELECT "SELECT address, reason, message_id, created_at FROM suppressions WHERE tenant_id = $1 AND "

bool suppression_is_erased(const struct suppression_row *row)
{
	return slice_starts_with(row->key, SLICE("sha256:"));
}

static enum status read_all(struct rows *r, struct arena *arena, struct suppression_list *ret, struct err *err)
{
	struct growing list = {0};
	enum status status;
	r->arena = arena;
	while ((status = rows_next(r, err)) == STATUS_OK) {
		struct suppression_row *row = growing_add(&list, arena, sizeof *row);
		row->key = rows_text(r);
		row->reason = rows_text(r);
		row->message = rows_uuid(r);
		row->created_us = rows_time(r);
	}
	status = rows_close(r, status);
	if (status == STATUS_OK)
		*ret = (struct suppression_list){list.items, list.n};
	return status;
}

enum status store_suppression_list(struct store_session *s, const struct suppression_filter *f, struct arena *arena,
				   struct suppression_list *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open(
	    &r, s, SUPPRESSION_SELECT "address > $2 AND ($3 = '' OR reason = $3) ORDER BY address LIMIT $4",
	    VALUES(value_i64(f->tenant), value_text(f->after_key), value_text(f->reason), value_i64(f->limit)), err);
	return status == STATUS_OK ? read_all(&r, arena, ret, err) : status;
}

enum status store_suppression_list_of(struct store_session *s, uint32_t tenant, struct slice address,
				      struct arena *arena, struct suppression_list *ret, struct err *err)
{
	struct rows r;
	char folded[PERSON_ID_MAX];
	char hash[PERSON_HASH_SIZE];
	address = text_folded(slice_sub(address, 0, PERSON_ID_MAX), folded);
	enum status status = rows_open(
	    &r, s, SUPPRESSION_SELECT "address IN ($2, $3)",
	    VALUES(value_i64(tenant), value_text(address), value_text(person_hash(tenant, address, hash))), err);
	return status == STATUS_OK ? read_all(&r, arena, ret, err) : status;
}

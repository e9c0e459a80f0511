/* SPDX-License-Identifier: Apache-2.0 */
/* What contacts agreed to, as a history, and what campaigns allow. What holds now is in contacts (contacts.c). */
#include "store/people/consents.h"

#include "store/core/session.h"

static struct value value_consent(enum consent consent)
{
	return value_text(slice_from_cstr(consent_name(consent)));
}

enum status store_consent_add(struct store_session *s, uint32_t tenant, const struct consent_record *record,
			      struct err *err)
{
	static const struct none none = {STATUS_CONFLICT, "this consent is recorded already"};
	return session_run_some(
	    s,
	    "INSERT INTO contact_consents (id, tenant_id, contact_id, opens, clicks, method, text, decided_by, "
	    "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
	    VALUES(value_uuid(record->id), value_i64(tenant), value_text(record->what.id),
		   value_consent(record->what.opens), value_consent(record->what.clicks), value_text(record->method),
		   value_text_or_null(record->text), value_text(record->decided_by), value_time(record->created_us)),
	    none, err);
}

static enum status read_pair(struct rows *r, enum consent *ret_opens, enum consent *ret_clicks, struct err *err)
{
	bool known = consent_parse(rows_text(r), ret_opens);
	known = consent_parse(rows_text(r), ret_clicks) && known;
	return known ? STATUS_OK : err_set(err, STATUS_CORRUPT, "there is an unknown consent");
}

static enum status read_record(struct rows *r, struct slice contact_id, struct consent_record *ret, struct err *err)
{
	ret->what.id = contact_id;
	ret->id = rows_uuid(r);
	enum status status = read_pair(r, &ret->what.opens, &ret->what.clicks, err);
	ret->method = rows_text(r);
	ret->text = rows_text(r);
	ret->decided_by = rows_text(r);
	ret->created_us = rows_time(r);
	return status;
}

enum status store_consent_list(struct store_session *s, const struct contact_key *of, struct arena *arena,
			       struct consent_record **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "SELECT id, opens, clicks, method, text, decided_by, created_at FROM "
		      "contact_consents WHERE tenant_id = $1 AND contact_id = $2 ORDER BY created_at, id",
		      VALUES(value_i64(of->tenant), value_text(of->id)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	struct slice contact_id = arena_copy(arena, of->id);
	while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
		status = read_record(&r, contact_id, growing_add(&list, arena, sizeof(struct consent_record)), err);
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_campaign_limit(struct store_session *s, uint32_t tenant, struct slice id, struct campaign_limit *ret,
				 struct err *err)
{
	struct rows r;
	struct campaign_limit limit = {CONSENT_FULL, CONSENT_FULL};
	struct arena *arena = arena_new();
	enum status status =
	    rows_open_one(&r, s, "SELECT track_opens, track_clicks FROM campaigns WHERE tenant_id = $1 AND id = $2",
			  VALUES(value_i64(tenant), value_text(id)), err);
	if (status == STATUS_OK) {
		r.arena = arena;
		status = rows_close(&r, read_pair(&r, &limit.opens, &limit.clicks, err));
	} else if (status == STATUS_NOT_FOUND) {
		/* Nobody has limited it; it need not be known at all. */
		status = STATUS_OK;
	}
	arena_free(&arena);
	if (status == STATUS_OK)
		*ret = limit;
	return status;
}

enum status store_campaign_set_limit(struct store_session *s, uint32_t tenant, struct slice id,
				     const struct campaign_limit *limit, int64_t now_us, struct err *err)
{
	return session_run(s,
			   "INSERT INTO campaigns (tenant_id, id, name, track_opens, track_clicks, created_at) "
			   "VALUES ($1, $2, '', $3, $4, $5) ON CONFLICT (tenant_id, id) DO UPDATE SET "
			   "track_opens = excluded.track_opens, track_clicks = excluded.track_clicks",
			   VALUES(value_i64(tenant), value_text(id), value_consent(limit->opens),
				  value_consent(limit->clicks), value_time(now_us)),
			   err);
}

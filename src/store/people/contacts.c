/* SPDX-License-Identifier: Apache-2.0 */
/* One row a contact: who it is, as the last mail said, and what holds of consent. Every mail names its contact again,
 * so it is looked at before it is written (see catalog.c). */
#include "store/people/contacts.h"

#include "store/core/session.h"

enum status store_contact_use(struct store_session *s, uint32_t tenant, const struct contact *c, int64_t now_us,
			      struct err *err)
{
	const char *full = consent_name(CONSENT_FULL);
	return session_run(
	    s,
	    "INSERT INTO contacts (tenant_id, id, email, name, category, agent, consent_opens, consent_clicks, "
	    "created_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE "
	    "tenant_id = $1 AND id = $2 AND $3 IN ('', email) AND $4 IN ('', name) AND $5 IN ('', category) AND "
	    "$6 IN ('', agent)) "
	    "ON CONFLICT (tenant_id, id) DO UPDATE SET "
	    "email = CASE WHEN excluded.email <> '' THEN excluded.email ELSE contacts.email END, "
	    "name = CASE WHEN excluded.name <> '' THEN excluded.name ELSE contacts.name END, "
	    "category = CASE WHEN excluded.category <> '' THEN excluded.category ELSE contacts.category END, "
	    "agent = CASE WHEN excluded.agent <> '' THEN excluded.agent ELSE contacts.agent END "
	    "WHERE excluded.email NOT IN ('', contacts.email) OR excluded.name NOT IN ('', contacts.name) "
	    "OR excluded.category NOT IN ('', contacts.category) OR excluded.agent NOT IN ('', contacts.agent)",
	    VALUES(value_i64(tenant), value_text(c->id), value_text(c->email), value_text(c->name),
		   value_text(c->category), value_text(c->agent), value_text(slice_from_cstr(full)),
		   value_text(slice_from_cstr(full)), value_time(now_us)),
	    err);
}

enum status store_contact_add(struct store_session *s, uint32_t tenant, const struct contact *c, int64_t now_us,
			      struct err *err)
{
	struct value full = value_text(slice_from_cstr(consent_name(CONSENT_FULL)));
	return session_run(
	    s,
	    "INSERT INTO contacts (tenant_id, id, email, name, category, agent, consent_opens, consent_clicks, "
	    "created_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE "
	    "tenant_id = $1 AND id = $2) ON CONFLICT DO NOTHING",
	    VALUES(value_i64(tenant), value_text(c->id), value_text(c->email), value_text(c->name),
		   value_text(c->category), value_text(c->agent), full, full, value_time(now_us)),
	    err);
}

enum status store_contact_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
			       struct contact *ret, struct err *err)
{
	struct rows r;
	struct contact c = {0};
	enum status status =
	    rows_open_one(&r, s,
			  "SELECT id, email, name, category, agent, consent_opens, consent_clicks, created_at "
			  "FROM contacts WHERE tenant_id = $1 AND id = $2",
			  VALUES(value_i64(tenant), value_text(id)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such contact");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	c.id = rows_text(&r);
	c.email = rows_text(&r);
	c.name = rows_text(&r);
	c.category = rows_text(&r);
	c.agent = rows_text(&r);
	bool known = consent_parse(rows_text(&r), &c.opens);
	known = consent_parse(rows_text(&r), &c.clicks) && known;
	c.created_us = rows_time(&r);
	if (!known)
		status = err_set(err, STATUS_CORRUPT, "a contact has an unknown consent");
	else
		*ret = c;
	return rows_close(&r, status);
}

/* One that a newer program wrote must not stand in the way of all others (R9); nothing is kept of his hits. */
static void read_restricted(struct rows *r, struct restricted_contact *ret)
{
	ret->tenant = (uint32_t)rows_i64(r);
	ret->what.id = rows_text(r);
	bool known = consent_parse(rows_text(r), &ret->what.opens);
	known = consent_parse(rows_text(r), &ret->what.clicks) && known;
	if (!known)
		ret->what.opens = ret->what.clicks = CONSENT_OFF;
}

enum status store_contact_list_restricted(struct store_session *s, uint32_t limit, struct arena *arena,
					  struct restricted_contacts *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(&r, s,
				       "SELECT tenant_id, id, consent_opens, consent_clicks FROM contacts "
				       "WHERE consent_opens <> 'full' OR consent_clicks <> 'full' LIMIT $1",
				       VALUES(value_i64(limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		read_restricted(&r, growing_add(&list, arena, sizeof(struct restricted_contact)));
	status = rows_close(&r, status);
	if (status == STATUS_OK)
		*ret = (struct restricted_contacts){list.items, list.n};
	return status;
}

enum status store_contact_set_consent(struct store_session *s, uint32_t tenant, const struct contact_consent *consent,
				      int64_t now_us, struct err *err)
{
	return session_run(
	    s,
	    "INSERT INTO contacts (tenant_id, id, email, name, category, agent, consent_opens, consent_clicks, "
	    "created_at) VALUES ($1, $2, '', '', '', '', $3, $4, $5) ON CONFLICT (tenant_id, id) DO UPDATE SET "
	    "consent_opens = excluded.consent_opens, consent_clicks = excluded.consent_clicks",
	    VALUES(value_i64(tenant), value_text(consent->id),
		   value_text(slice_from_cstr(consent_name(consent->opens))),
		   value_text(slice_from_cstr(consent_name(consent->clicks))), value_time(now_us)),
	    err);
}

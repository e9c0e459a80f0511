/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are emptied, not deleted: what was counted must go on adding up. Who an event was of stands in its message
 * alone, so a few statements about the contact's messages reach all of his events, however many; only texts that the
 * events share (dictionary.h) are looked after by themselves. Reads that look for what else belongs to the person are
 * made before, on the caller's thread: they may take long, and the writer must not. */
#include "store/people/erasure.h"

#include "store/core/session.h"
#include "store/core/session_private.h"
#include "store/events/dictionary.h"
#include "store/events/event_flags.h"

enum { BODIES_AT_ONCE = 64 };

/* ---- What there is */

static struct slice *add_item(struct growing *g, struct arena *arena)
{
	return growing_add(g, arena, sizeof(struct slice));
}

/* The first column of every row. */
static enum status read_list(struct rows *r, struct arena *arena, bool is_bytes, struct slice_list *ret,
			     struct err *err)
{
	struct growing list = {0};
	enum status status;
	r->arena = arena;
	while ((status = rows_next(r, err)) == STATUS_OK) {
		struct slice value = is_bytes ? rows_bytes(r) : rows_text(r);
		*add_item(&list, arena) = value;
	}
	status = rows_close(r, status);
	if (status == STATUS_OK)
		*ret = (struct slice_list){list.items, list.n};
	return status;
}

enum status store_contact_addresses(struct store_session *s, const struct contact_key *key, struct arena *arena,
				    struct slice_list *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open(&r, s,
		      "SELECT LOWER(to_email) FROM messages WHERE tenant_id = $1 AND contact_id = $2 "
		      "AND to_email <> '' UNION SELECT LOWER(email) FROM contacts WHERE tenant_id = $1 "
		      "AND id = $2 AND email <> ''",
		      VALUES(value_i64(key->tenant), value_text(key->id)), err);
	return status == STATUS_OK ? read_list(&r, arena, false, ret, err) : status;
}

enum status store_contacts_with_address(struct store_session *s, uint32_t tenant, struct slice address,
					struct arena *arena, struct slice_list *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open(&r, s, "SELECT id FROM contacts WHERE tenant_id = $1 AND LOWER(email) = $2 ORDER BY id",
		      VALUES(value_i64(tenant), value_text(address)), err);
	return status == STATUS_OK ? read_list(&r, arena, false, ret, err) : status;
}

enum status store_contact_bodies(struct store_session *s, const struct contact_key *key, struct arena *arena,
				 struct slice_list *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open(&r, s,
				       "SELECT DISTINCT body_id FROM messages WHERE tenant_id = $1 AND contact_id = $2 "
				       "AND body_id IS NOT NULL",
				       VALUES(value_i64(key->tenant), value_text(key->id)), err);
	return status == STATUS_OK ? read_list(&r, arena, true, ret, err) : status;
}

static void take_out(struct slice_list *list, struct slice item)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (!slice_equal(list->items[i], item))
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* Looks for the first BODIES_AT_ONCE; no message has the empty body that fills the statement up. */
static enum status find_used(struct store_session *s, uint32_t tenant, struct slice_list bodies, struct arena *arena,
			     struct slice_list *ret, struct err *err)
{
	struct value in[BODIES_AT_ONCE + 1] = {value_i64(tenant)};
	struct rows r;
	struct buf sql;
	buf_init(&sql, 4096);
	buf_append_cstr(&sql, "SELECT DISTINCT body_id FROM messages WHERE tenant_id = $1 AND body_id IN (");
	for (size_t i = 0; i < BODIES_AT_ONCE; i++) {
		buf_printf(&sql, "%s$%zu", i ? ", " : "", i + 2);
		in[i + 1] = value_bytes(i < bodies.count ? bodies.items[i] : SLICE_EMPTY);
	}
	buf_append_byte(&sql, ')');
	enum status status = rows_open_once(&r, s, buf_cstr(&sql), (struct values){in, BODIES_AT_ONCE + 1}, err);
	if (status == STATUS_OK)
		status = read_list(&r, arena, true, ret, err);
	buf_done(&sql);
	return status;
}

enum status store_bodies_unused(struct store_session *s, uint32_t tenant, struct arena *arena,
				struct slice_list *bodies, struct err *err)
{
	struct slice_list all = *bodies;
	struct slice_list unused = {arena_alloc_array(arena, all.count + 1, sizeof *all.items), all.count};
	for (size_t i = 0; i < all.count; i++)
		unused.items[i] = all.items[i];
	for (size_t i = 0; i < all.count; i += BODIES_AT_ONCE) {
		struct slice_list used;
		struct slice_list rest = {all.items + i, all.count - i};
		enum status status = find_used(s, tenant, rest, arena, &used, err);
		if (status != STATUS_OK)
			return status;
		for (size_t j = 0; j < used.count; j++)
			take_out(&unused, used.items[j]);
	}
	*bodies = unused;
	return STATUS_OK;
}

enum status store_body_remove(struct store_session *s, uint32_t tenant, struct slice id, struct err *err)
{
	return session_run(
	    s,
	    "DELETE FROM bodies WHERE tenant_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM "
	    "send_queue q JOIN messages m ON m.id = q.message_id WHERE m.tenant_id = $1 AND m.body_id = $2)",
	    VALUES(value_i64(tenant), value_bytes(id)), err);
}

/* ---- Erasing */

#define MESSAGES_OF_CONTACT "(SELECT m.id FROM messages m WHERE m.tenant_id = $1 AND m.contact_id = $2)"

static enum status refuse_under_way(struct store_session *s, struct values key, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s,
					   "SELECT COUNT(*) FROM send_queue WHERE message_id IN " MESSAGES_OF_CONTACT
					   " AND state NOT IN ('waiting', 'paused')",
					   key, err);
	if (status != STATUS_OK)
		return status;
	int64_t count = rows_i64(&r);
	status = rows_close(&r, STATUS_OK);
	if (status == STATUS_OK && count > 0)
		return err_set(err, STATUS_CONFLICT,
			       "%lld mails to this contact are under way or in doubt; resolve those in doubt, then try "
			       "again",
			       (long long)count);
	return status;
}

#define NUMBERS_OF_CONTACT "(SELECT m.number FROM messages m WHERE m.tenant_id = $1 AND m.contact_id = $2)"

/* The rows stay, without what says who it was. Tokens are computed from the message: a flag says that there is none
 * any more. */
static enum status erase_events(struct store_session *s, struct values key, uint64_t *count, struct err *err)
{
	uint64_t changed = 0;
	enum status status = session_run(
	    s,
	    "UPDATE event_details SET remote_id = NULL, bounce_reason = NULL WHERE (tenant_id, position) IN "
	    "(SELECT e.tenant_id, e.position FROM events e WHERE e.message IN " NUMBERS_OF_CONTACT ")",
	    key, err);
	if (status == STATUS_OK)
		status =
		    session_run_counted(s,
					"UPDATE events SET flags = flags & ~(4096 | 8192), url = NULL, agent = NULL, "
					"address = NULL, signals = NULL WHERE message IN " NUMBERS_OF_CONTACT,
					key, &changed, err);
	*count += changed;
	return status;
}
_Static_assert(EVENT_HAS_TOKEN == 4096 && EVENT_REMOTE_OF_MESSAGE == 8192, "the bits stand in SQL");

/* Of their last hits hashes of addresses are kept for a while. */
static enum status erase_recent_hits(struct store_session *s, struct values key, struct err *err)
{
	return session_run(s, "UPDATE message_counters SET recent = NULL WHERE number IN " NUMBERS_OF_CONTACT, key,
			   err);
}

#define NUMBERS_IN_EVENTS(column)                                                                                      \
	"SELECT e." column " FROM events e JOIN messages m ON m.number = e.message WHERE m.tenant_id = $1 AND "        \
	"m.contact_id = $2 AND e." column " IS NOT NULL"

/* Nobody's number is negative. */
static enum status set_aside(struct store_session *s, const struct contact_key *other, int64_t person, struct err *err)
{
	return session_run(s,
			   "UPDATE dictionary SET person = -person WHERE tenant_id = $1 AND person = $3 AND number IN "
			   "(" NUMBERS_IN_EVENTS("url") " UNION " NUMBERS_IN_EVENTS("agent") ")",
			   VALUES(value_i64(other->tenant), value_text(other->id), value_i64(person)), err);
}

/* What is kept stays the person's, so that it goes when the last contact of his does. */
static enum status give_back(struct store_session *s, uint32_t tenant, int64_t person, struct err *err)
{
	return session_run(s, "UPDATE dictionary SET person = -person WHERE tenant_id = $1 AND person = -$2",
			   VALUES(value_i64(tenant), value_i64(person)), err);
}

enum status store_texts_forget(struct store_session *s, const struct contact_key *person,
			       const struct slice_list *others, struct err *err)
{
	int64_t number = dictionary_person(person->tenant, person->id);
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < others->count; i++)
		status = set_aside(s, &(struct contact_key){person->tenant, others->items[i]}, number, err);
	if (status == STATUS_OK)
		status = dictionary_forget_person(s, person->tenant, number, err);
	return status == STATUS_OK && others->count ? give_back(s, person->tenant, number, err) : status;
}

static enum status erase_messages(struct store_session *s, struct values key, uint64_t *count, struct err *err)
{
	uint64_t changed = 0;
	enum status status = session_run_counted(
	    s,
	    "UPDATE messages SET to_email = '', to_name = NULL, subject = NULL, contact_id = '', contact_category = "
	    "NULL, "
	    "enrollment = NULL, options = NULL, metadata = NULL, body_id = NULL, remote_id = NULL, error = NULL, "
	    "track_opens = CASE WHEN track_opens = 'full' THEN 'anonymous' ELSE track_opens END, "
	    "track_clicks = CASE WHEN track_clicks = 'full' THEN 'anonymous' ELSE track_clicks END, "
	    "state = CASE WHEN state IN ('scheduled', 'queued', 'deferred') THEN 'canceled' ELSE state END "
	    "WHERE tenant_id = $1 AND contact_id = $2",
	    key, &changed, err);
	*count += changed;
	return status;
}

static enum status erase_contact(struct store_session *s, struct values key, struct err *err)
{
	/* Its words may name the person; the event stays as one of nobody. */
	enum status status =
	    session_run(s, "DELETE FROM contact_consents WHERE tenant_id = $1 AND contact_id = $2", key, err);
	if (status == STATUS_OK)
		status = session_run(s, "DELETE FROM contacts WHERE tenant_id = $1 AND id = $2", key, err);
	return status;
}

enum status store_contact_erase(struct store_session *s, const struct contact_key *key, struct erasure_counts *counts,
				struct err *err)
{
	struct values in = VALUES(value_i64(key->tenant), value_text(key->id));
	if (!key->id.n)
		return err_set(err, STATUS_NOT_FOUND, "there is no such contact"); /* '' is everybody's who has none */
	enum status status = refuse_under_way(s, in, err);
	if (status == STATUS_OK)
		status = session_run(s, "DELETE FROM send_queue WHERE message_id IN " MESSAGES_OF_CONTACT, in, err);
	if (status == STATUS_OK) /* nobody is left to be unsubscribed */
		status =
		    session_run(s, "DELETE FROM held_unsubscribes WHERE message_id IN " MESSAGES_OF_CONTACT, in, err);
	if (status == STATUS_OK)
		status = erase_events(s, in, &counts->events, err);
	if (status == STATUS_OK)
		status = erase_recent_hits(s, in, err);
	if (status == STATUS_OK)
		status = erase_messages(s, in, &counts->messages, err);
	return status == STATUS_OK ? erase_contact(s, in, err) : status;
}

void store_scrub_soon(struct store_session *s)
{
	s->wants_scrub = true;
}

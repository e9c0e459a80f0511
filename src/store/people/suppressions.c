/* SPDX-License-Identifier: Apache-2.0 */
/* An address stands in the table in lower case, or, once its person was erased, as a hash (core/person_hash.h); whoever
 * asks asks for both. */
#include "store/people/suppressions.h"

#include "store/core/clean_text.h"
#include "store/core/person_hash.h"
#include "store/core/session.h"

enum { ADDRESS_MAX = PERSON_ID_MAX };

enum status store_suppression_add(struct store_session *s, const struct suppression *suppression, int64_t now_us,
				  bool *ret_added, struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	uint64_t changed = 0;
	if (suppression->address.n > ADDRESS_MAX)
		return err_set(err, STATUS_TOO_BIG, "the address is too long");
	/* Not if the hash is there: that address is on the list already, and nobody may know it by a second row. */
	struct slice address = text_folded(suppression->address, folded);
	struct value by = value_uuid(suppression->message);
	by.is_null = uuid_is_zero(suppression->message);
	enum status status = session_run_counted(
	    s,
	    "INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) SELECT $1, $2, $3, $4, $5 "
	    "WHERE NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.tenant_id = $1 AND s.address = $6) "
	    "ON CONFLICT DO NOTHING",
	    VALUES(value_i64(suppression->tenant), value_text(address), value_text(suppression->reason), by,
		   value_time(now_us), value_text(person_hash(suppression->tenant, address, hash))),
	    &changed, err);
	if (status == STATUS_OK)
		*ret_added = changed > 0;
	return status;
}

enum status store_suppression_find(struct store_session *s, uint32_t tenant, struct slice address, struct arena *arena,
				   struct slice *ret_reason, struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	struct rows r;
	if (address.n > ADDRESS_MAX)
		return err_set(err, STATUS_NOT_FOUND, "the address is not suppressed");
	address = text_folded(address, folded);
	enum status status = rows_open_one(
	    &r, s, "SELECT reason FROM suppressions WHERE tenant_id = $1 AND address IN ($2, $3)",
	    VALUES(value_i64(tenant), value_text(address), value_text(person_hash(tenant, address, hash))), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "the address is not suppressed");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	*ret_reason = rows_text(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_suppression_remove(struct store_session *s, uint32_t tenant, struct slice address, struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	static const struct none none = {STATUS_NOT_FOUND, "the address is not suppressed"};
	if (address.n > ADDRESS_MAX)
		return err_set(err, none.status, "%s", none.words);
	address = text_folded(address, folded);
	return session_run_some(
	    s, "DELETE FROM suppressions WHERE tenant_id = $1 AND address IN ($2, $3)",
	    VALUES(value_i64(tenant), value_text(address), value_text(person_hash(tenant, address, hash))), none, err);
}

enum status store_suppression_anonymise(struct store_session *s, uint32_t tenant, struct slice address, int64_t now_us,
					struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	if (address.n > ADDRESS_MAX)
		return err_set(err, STATUS_TOO_BIG, "the address is too long");
	address = text_folded(address, folded);
	/* In this order, so that a failure leaves the address blocked: its reason and time go over to the hash, or
	 * "erased" stands there where it was on no list, and then the address goes. Whoever was erased gets no mail. */
	struct value by_hash = value_text(person_hash(tenant, address, hash));
	enum status status =
	    session_run(s,
			"INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) "
			"SELECT tenant_id, $3, reason, NULL, created_at FROM suppressions "
			"WHERE tenant_id = $1 AND address = $2 ON CONFLICT DO NOTHING",
			VALUES(value_i64(tenant), value_text(address), by_hash), err);
	if (status == STATUS_OK)
		status = session_run(s,
				     "INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) "
				     "VALUES ($1, $2, 'erased', NULL, $3) ON CONFLICT DO NOTHING",
				     VALUES(value_i64(tenant), by_hash, value_time(now_us)), err);
	if (status == STATUS_OK)
		status = session_run(s, "DELETE FROM suppressions WHERE tenant_id = $1 AND address = $2",
				     VALUES(value_i64(tenant), value_text(address)), err);
	return status;
}

/* ---- Many addressees: rows come back by the place in the list, because one address may be asked for twice. */

static enum status one_by_one(struct store_session *s, const struct addressee *addressees, size_t count,
			      struct arena *arena, struct slice *reasons, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct slice reason = SLICE_EMPTY;
		status = store_suppression_find(s, addressees[i].tenant, addressees[i].address, arena, &reason, err);
		if (status == STATUS_OK)
			reasons[i] = reason.n ? reason : SLICE("manual");
		else if (status == STATUS_NOT_FOUND)
			status = STATUS_OK;
	}
	return status;
}

/* Two elements an addressee: the address and its hash. */
struct asked {
	int64_t *places, *tenants;
	struct slice *addresses;
	size_t n;
};

static void ask_for(struct asked *a, size_t place, uint32_t tenant, struct slice address)
{
	a->places[a->n] = (int64_t)place;
	a->tenants[a->n] = tenant;
	a->addresses[a->n] = address;
	a->n++;
}

static struct asked ask_for_all(const struct addressee *addressees, size_t count, struct arena *arena)
{
	struct asked a = {.places = arena_alloc_array(arena, 2 * count, sizeof(int64_t)),
			  .tenants = arena_alloc_array(arena, 2 * count, sizeof(int64_t)),
			  .addresses = arena_alloc_array(arena, 2 * count, sizeof(struct slice))};
	for (size_t i = 0; i < count; i++) {
		char hash[PERSON_HASH_SIZE];
		if (addressees[i].address.n > ADDRESS_MAX)
			continue; /* none so long can have been suppressed */
		struct slice folded = arena_copy_lower(arena, addressees[i].address);
		ask_for(&a, i, addressees[i].tenant, folded);
		ask_for(&a, i, addressees[i].tenant,
			arena_copy(arena, person_hash(addressees[i].tenant, folded, hash)));
	}
	return a;
}

enum status store_suppressions_of(struct store_session *s, const struct addressee *addressees, size_t count,
				  struct arena *arena, struct slice *ret_reasons, struct err *err)
{
	struct rows r;
	memset(ret_reasons, 0, count * sizeof *ret_reasons);
	if (!session_has_arrays(s))
		return one_by_one(s, addressees, count, arena, ret_reasons, err);
	struct asked a = ask_for_all(addressees, count, arena);
	enum status status = rows_open(
	    &r, s,
	    "SELECT a.place, s.reason FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS "
	    "a (place, tenant_id, address) JOIN suppressions s ON s.tenant_id = a.tenant_id "
	    "AND s.address = a.address",
	    VALUES(value_i64_array(a.places, a.n), value_i64_array(a.tenants, a.n), value_text_array(a.addresses, a.n)),
	    err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		size_t place = (size_t)rows_i64(&r);
		struct slice reason = rows_text(&r);
		if (place < count)
			ret_reasons[place] = reason.n ? reason : SLICE("manual");
	}
	return rows_close(&r, status);
}

/* ---- The list */

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
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	address = text_folded(slice_sub(address, 0, ADDRESS_MAX), folded);
	enum status status = rows_open(
	    &r, s, SUPPRESSION_SELECT "address IN ($2, $3)",
	    VALUES(value_i64(tenant), value_text(address), value_text(person_hash(tenant, address, hash))), err);
	return status == STATUS_OK ? read_all(&r, arena, ret, err) : status;
}

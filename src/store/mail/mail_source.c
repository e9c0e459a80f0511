/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressions of many addressees.
 *
 * An address stands in the table in lower case, or, once its person was erased, as a hash (core/person_hash.h); both
 * are asked for. Rows come back by the place of the addressee in the list, because one address may be asked for twice.
 */
#include "store/mail/mail_source.h"

#include "store/core/clean_text.h"
#include "store/core/person_hash.h"
#include "store/core/session.h"

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
		if (addressees[i].address.n > PERSON_ID_MAX)
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

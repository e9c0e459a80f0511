/* SPDX-License-Identifier: Apache-2.0 */
/* Write what is missing, then read all and compare, in one transaction: two servers that come to an empty store at once
 * with different keys must not both be taken. Most starts have nothing to write, and so take no lock of the store. */
#include "prog/serve/key_agreement.h"

#include "base/clock.h"
#include "store/house/link_keys.h"

struct known_keys {
	struct link_key *list;
	size_t count;
};

static enum status read_known(const struct installation *i, struct store_session *s, struct known_keys *ret,
			      struct err *err)
{
	return store_link_key_list(s, i->arena, &ret->list, &ret->count, err);
}

/* What to do is the same for both: somewhere is a file that opens these links. */
static enum status refuse(const struct installation *i, const char *what, unsigned id, struct err *err)
{
	return err_set(
	    err, STATUS_CONFLICT,
	    "this store's links are sealed with key %u, and %.60s/keys %s: copy the file keys from a server that "
	    "works, or from its backup",
	    id, i->data, what);
}

static enum status compare(const struct installation *i, const struct known_keys *known, struct err *err)
{
	for (size_t k = 0; k < known->count; k++) {
		uint8_t id = known->list[k].id;
		uint8_t mine[LINK_TOKEN_FINGERPRINT_SIZE];
		if (!link_token_keys_has(i->keys, id))
			return refuse(i, "lacks it", id, err);
		link_token_keys_fingerprint(i->keys, id, mine);
		if (!slice_equal(known->list[k].fingerprint, slice_of(mine, sizeof mine)))
			return refuse(i, "has another one", id, err);
	}
	return STATUS_OK;
}

static size_t count_mine(const struct installation *i)
{
	size_t count = 0;
	for (unsigned id = 1; id < LINK_TOKEN_KEYS_MAX; id++)
		count += link_token_keys_has(i->keys, (uint8_t)id);
	return count;
}

static enum status add_mine(const struct installation *i, struct store_session *s, struct err *err)
{
	enum status status = STATUS_OK;
	for (unsigned id = 1; status == STATUS_OK && id < LINK_TOKEN_KEYS_MAX; id++) {
		uint8_t fingerprint[LINK_TOKEN_FINGERPRINT_SIZE];
		if (!link_token_keys_has(i->keys, (uint8_t)id))
			continue;
		link_token_keys_fingerprint(i->keys, (uint8_t)id, fingerprint);
		struct link_key key = {(uint8_t)id, slice_of(fingerprint, sizeof fingerprint)};
		status = store_link_key_add(s, &key, clock_now_us(clock_system()), err);
	}
	return status;
}

static enum status add_and_compare(const struct installation *i, struct store_session *s, struct err *err)
{
	struct known_keys known;
	enum status status = store_begin(s, err);
	if (status == STATUS_OK)
		status = add_mine(i, s, err);
	if (status == STATUS_OK)
		status = read_known(i, s, &known, err);
	if (status == STATUS_OK)
		status = compare(i, &known, err);
	if (status == STATUS_OK)
		return store_commit(s, err);
	store_rollback(s);
	return status;
}

static enum status with_session(const struct installation *i, enum store_access access,
				enum status (*run)(const struct installation *, struct store_session *, struct err *),
				struct err *err)
{
	struct store_session *s = NULL;
	enum status status = store_session_open(i->store, access, &s, err);
	if (status == STATUS_OK)
		status = run(i, s, err);
	store_session_close(&s);
	return status;
}

/* STATUS_END: they agree, and some of mine are new. */
static enum status look(const struct installation *i, struct store_session *s, struct err *err)
{
	struct known_keys known;
	enum status status = read_known(i, s, &known, err);
	if (status == STATUS_OK)
		status = compare(i, &known, err);
	return status == STATUS_OK && known.count < count_mine(i) ? STATUS_END : status;
}

enum status key_agreement_reach(const struct installation *i, struct err *err)
{
	enum status status = with_session(i, STORE_READ, look, err);
	return status == STATUS_END ? with_session(i, STORE_WRITE, add_and_compare, err) : status;
}

static enum status refuse_when_used(const struct installation *i, struct store_session *s, struct err *err)
{
	bool is_used = false;
	enum status status = store_has_links(s, &is_used, err);
	if (status != STATUS_OK || !is_used)
		return status;
	return err_set(
	    err, STATUS_CONFLICT,
	    "this store has servers already, and new keys do not open their links: copy the file keys from one of "
	    "them, or from its backup, to %.60s/keys",
	    i->data);
}

enum status key_agreement_may_begin(const struct installation *i, struct err *err)
{
	return with_session(i, STORE_READ, refuse_when_used, err);
}

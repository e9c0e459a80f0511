/* SPDX-License-Identifier: Apache-2.0 */
/* Write what is missing, then read all and compare, in one transaction: two servers that come to an empty store at once
 * with different keys must not both be taken. Most starts have nothing to write, and so take no lock of the store. */
#include "engine/keys/key_agreement.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/house/link_keys.h"

/* What to do is the same for both: somewhere is a file that opens these links. */
static enum status refuse(const struct held_keys *mine, const char *what, unsigned id, struct err *err)
{
	return err_set(
	    err, STATUS_CONFLICT,
	    "this store's links are sealed with key %u, and %.64s %s: copy the file keys from a server that works, "
	    "or from its backup",
	    id, mine->path, what);
}

static enum status compare_one(const struct held_keys *mine, const struct link_key *known, struct err *err)
{
	uint8_t fingerprint[LINK_TOKEN_FINGERPRINT_SIZE];
	if (!link_token_keys_has(mine->keys, known->id))
		return refuse(mine, "lacks it", known->id, err);
	link_token_keys_fingerprint(mine->keys, known->id, fingerprint);
	if (!slice_equal(known->fingerprint, slice_of(fingerprint, sizeof fingerprint)))
		return refuse(mine, "has another one", known->id, err);
	return STATUS_OK;
}

static size_t count_of(const struct link_token_keys *keys)
{
	size_t count = 0;
	for (unsigned id = 1; id < LINK_TOKEN_KEYS_MAX; id++)
		count += link_token_keys_has(keys, (uint8_t)id);
	return count;
}

enum status key_agreement_compare(struct store_session *s, const struct held_keys *mine,
				  bool ret_known[LINK_TOKEN_KEYS_MAX], struct err *err)
{
	struct arena *arena = arena_new();
	struct link_key *list = NULL;
	size_t count = 0;
	enum status status = store_link_key_list(s, arena, &list, &count, err);
	for (size_t i = 0; i < count; i++) {
		ret_known[list[i].id] = true;
		if (status == STATUS_OK)
			status = compare_one(mine, &list[i], err);
	}
	arena_free(&arena);
	return status == STATUS_OK && count < count_of(mine->keys) ? STATUS_END : status;
}

static enum status add_all(struct store_session *s, const struct held_keys *mine, struct err *err)
{
	enum status status = STATUS_OK;
	for (unsigned id = 1; status == STATUS_OK && id < LINK_TOKEN_KEYS_MAX; id++) {
		uint8_t fingerprint[LINK_TOKEN_FINGERPRINT_SIZE];
		if (!link_token_keys_has(mine->keys, (uint8_t)id))
			continue;
		link_token_keys_fingerprint(mine->keys, (uint8_t)id, fingerprint);
		struct link_key key = {(uint8_t)id, slice_of(fingerprint, sizeof fingerprint)};
		status = store_link_key_add(s, &key, clock_now_us(clock_system()), err);
	}
	return status;
}

enum status key_agreement_add(struct store_session *s, const struct held_keys *mine, struct err *err)
{
	bool known[LINK_TOKEN_KEYS_MAX] = {false};
	enum status status = add_all(s, mine, err);
	return status == STATUS_OK ? key_agreement_compare(s, mine, known, err) : status;
}

/* ---- At a start */

static enum status add_and_commit(struct store_session *s, const struct held_keys *mine, struct err *err)
{
	enum status status = store_begin(s, err);
	if (status == STATUS_OK)
		status = key_agreement_add(s, mine, err);
	if (status == STATUS_OK)
		return store_commit(s, err);
	store_rollback(s);
	return status;
}

static enum status compare(struct store_session *s, const struct held_keys *mine, struct err *err)
{
	bool known[LINK_TOKEN_KEYS_MAX] = {false};
	return key_agreement_compare(s, mine, known, err);
}

static enum status with_session(struct store *store, enum store_access access, const struct held_keys *mine,
				enum status (*run)(struct store_session *, const struct held_keys *, struct err *),
				struct err *err)
{
	struct store_session *s = NULL;
	enum status status = store_session_open(store, access, &s, err);
	if (status == STATUS_OK)
		status = run(s, mine, err);
	store_session_close(&s);
	return status;
}

enum status key_agreement_reach(struct store *store, const struct held_keys *mine, struct err *err)
{
	enum status status = with_session(store, STORE_READ, mine, compare, err);
	return status == STATUS_END ? with_session(store, STORE_WRITE, mine, add_and_commit, err) : status;
}

static enum status refuse_when_used(struct store_session *s, const struct held_keys *mine, struct err *err)
{
	bool is_used = false;
	enum status status = store_has_links(s, &is_used, err);
	if (status != STATUS_OK || !is_used)
		return status;
	return err_set(
	    err, STATUS_CONFLICT,
	    "this store has servers already, and new keys do not open their links: copy the file keys from one of "
	    "them, or from its backup, to %.64s",
	    mine->path);
}

enum status key_agreement_may_begin(struct store *store, const char *path, struct err *err)
{
	return with_session(store, STORE_READ, &(struct held_keys){NULL, path}, refuse_when_used, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* All of it is forgotten at once, when it is a second old or full: one time to compare instead of one for each contact.
 * Contacts that nobody knows are remembered as well; most mail goes to those who have never said anything. */
#include "engine/ledger/consent_memory.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include "store/people/contacts.h"

enum {
	CONTACTS_MAX = 65536,
	AGE_MAX_US = 1000000,
	KEY_MAX = 4096, /* ids are bounded far below where they come in */
};

struct consent_memory {
	struct arena *arena;
	struct arena *scratch; /* of one reading: a contact has more to it */
	struct map *contacts;  /* tenant and id -> struct remembered_consent */
	int64_t since_us;
	char key[KEY_MAX];
};

struct consent_memory *consent_memory_new(void)
{
	struct consent_memory *m = MEM_NEW(struct consent_memory);
	m->arena = arena_new();
	m->scratch = arena_new();
	m->contacts = map_new();
	return m;
}

void consent_memory_free(struct consent_memory **memory)
{
	if (!*memory)
		return;
	map_free(&(*memory)->contacts);
	arena_free(&(*memory)->arena);
	arena_free(&(*memory)->scratch);
	mem_free(*memory);
	*memory = NULL;
}

void consent_memory_forget(struct consent_memory *m)
{
	if (map_count(m->contacts) == 0)
		return;
	map_clear(m->contacts);
	arena_reset(m->arena);
}

void consent_memory_age(struct consent_memory *m, int64_t now_us)
{
	int64_t age_us = now_us - m->since_us;
	if (age_us >= 0 && age_us <= AGE_MAX_US)
		return;
	consent_memory_forget(m);
	m->since_us = now_us;
}

static enum status read_consent(struct consent_memory *m, struct store_session *session, const struct message *message,
				struct remembered_consent *ret, struct err *err)
{
	struct contact contact = {0};
	arena_reset(m->scratch);
	enum status status =
	    store_contact_find(session, message->tenant, message->contact_id, m->scratch, &contact, err);
	if (status == STATUS_NOT_FOUND)
		*ret = (struct remembered_consent){CONSENT_FULL, CONSENT_FULL};
	else if (status != STATUS_OK)
		return status;
	else
		*ret = (struct remembered_consent){contact.opens, contact.clicks};
	return STATUS_OK;
}

enum status consent_memory_find(struct consent_memory *m, struct store_session *session, const struct message *message,
				struct remembered_consent *ret, struct err *err)
{
	struct buf key;
	buf_init_fixed(&key, m->key, sizeof m->key);
	wire_put_varint(&key, message->tenant);
	buf_append(&key, message->contact_id);
	struct remembered_consent *known = map_get(m->contacts, buf_slice(&key));
	if (!known) {
		struct remembered_consent found;
		enum status status = read_consent(m, session, message, &found, err);
		if (status != STATUS_OK)
			return status;
		if (map_count(m->contacts) >= CONTACTS_MAX)
			consent_memory_forget(m);
		known = ARENA_NEW(m->arena, struct remembered_consent);
		*known = found;
		(void)map_put(m->contacts, buf_slice(&key), known);
	}
	*ret = *known;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Nearly all contacts agree to everything, so those who do not are kept, all of them, and whoever is not among them
 * agrees. Reading each contact for his hits was a twelfth of what a hit cost: they are a large table that is read at
 * random.
 *
 * Where more than WHOLE_MAX agree to less, contacts are read one by one and remembered, also those of whom nobody knows
 * anything. All is forgotten at once: one time to compare instead of one for each contact. */
#include "engine/ledger/consent_memory.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"

enum {
	WHOLE_MAX = 100000, /* some 15 MB */
	SINGLE_MAX = 65536,
	AGE_MAX_US = 1000000, /* where the store does not say whether it has changed */
	KEY_MAX = 4096,       /* ids are bounded far below where they come in */
};

enum state {
	FORGOTTEN,
	WHOLE,   /* who is not there agrees to everything */
	SINGLES, /* who is not there is not known */
};

struct consent_memory {
	struct arena *arena;
	struct arena *scratch; /* of one reading: a contact has more to it */
	struct map *contacts;  /* tenant and id -> struct remembered_consent */
	enum state state;
	bool is_crowded; /* there are too many; not asked again */
	int64_t since_us;
	int64_t version; /* of the store; 0: it does not say */
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
	m->state = FORGOTTEN;
	if (map_count(m->contacts) == 0)
		return;
	map_clear(m->contacts);
	arena_reset(m->arena);
}

/* What cannot be asked may have changed. */
static bool may_have_changed(struct consent_memory *m, struct store_session *session, int64_t now_us)
{
	struct err ignored;
	int64_t before = m->version, age_us = now_us - m->since_us;
	m->version = 0;
	if (store_version(session, &m->version, &ignored) == STATUS_OK && m->version != 0)
		return m->version != before;
	return age_us < 0 || age_us > AGE_MAX_US;
}

void consent_memory_age(struct consent_memory *m, struct store_session *session, int64_t now_us)
{
	if (!may_have_changed(m, session, now_us))
		return;
	consent_memory_forget(m);
	m->since_us = now_us;
}

/* ---- Remembering */

static struct slice key_of(struct consent_memory *m, uint32_t tenant, struct slice id)
{
	struct buf key;
	buf_init_fixed(&key, m->key, sizeof m->key);
	wire_put_varint(&key, tenant);
	buf_append(&key, id);
	return buf_slice(&key);
}

static void remember(struct consent_memory *m, uint32_t tenant, struct slice id, struct remembered_consent what)
{
	struct remembered_consent *kept = ARENA_NEW(m->arena, struct remembered_consent);
	*kept = what;
	(void)map_put(m->contacts, key_of(m, tenant, id), kept);
}

void consent_memory_change(struct consent_memory *m, uint32_t tenant, const struct contact_consent *what)
{
	if (m->state != FORGOTTEN)
		remember(m, tenant, what->id, (struct remembered_consent){what->opens, what->clicks});
}

/* ---- Reading */

static enum status read_whole(struct consent_memory *m, struct store_session *session, struct err *err)
{
	struct restricted_contacts found = {0};
	arena_reset(m->scratch);
	enum status status = store_contact_list_restricted(session, WHOLE_MAX + 1, m->scratch, &found, err);
	if (status != STATUS_OK)
		return status;
	m->is_crowded = found.n > WHOLE_MAX;
	m->state = m->is_crowded ? SINGLES : WHOLE;
	for (size_t i = 0; !m->is_crowded && i < found.n; i++)
		remember(m, found.at[i].tenant, found.at[i].what.id,
			 (struct remembered_consent){found.at[i].what.opens, found.at[i].what.clicks});
	return STATUS_OK;
}

static enum status read_one(struct consent_memory *m, struct store_session *session, const struct message *message,
			    struct remembered_consent *ret, struct err *err)
{
	struct contact contact = {.opens = CONSENT_FULL, .clicks = CONSENT_FULL};
	arena_reset(m->scratch);
	enum status status =
	    store_contact_find(session, message->tenant, message->contact_id, m->scratch, &contact, err);
	if (status == STATUS_CORRUPT) /* as store_contact_list_restricted takes it */
		contact.opens = contact.clicks = CONSENT_OFF;
	else if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	*ret = (struct remembered_consent){contact.opens, contact.clicks};
	if (map_count(m->contacts) >= SINGLE_MAX)
		consent_memory_forget(m);
	m->state = SINGLES;
	remember(m, message->tenant, message->contact_id, *ret);
	return STATUS_OK;
}

static enum status be_ready(struct consent_memory *m, struct store_session *session, struct err *err)
{
	if (m->state != FORGOTTEN)
		return STATUS_OK;
	if (!m->is_crowded)
		return read_whole(m, session, err);
	m->state = SINGLES;
	return STATUS_OK;
}

enum status consent_memory_find(struct consent_memory *m, struct store_session *session, const struct message *message,
				struct remembered_consent *ret, struct err *err)
{
	enum status status = be_ready(m, session, err);
	if (status != STATUS_OK)
		return status;
	const struct remembered_consent *known = map_get(m->contacts, key_of(m, message->tenant, message->contact_id));
	if (!known && m->state == SINGLES)
		return read_one(m, session, message, ret, err);
	*ret = known ? *known : (struct remembered_consent){CONSENT_FULL, CONSENT_FULL};
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/audit.h"

#include "engine/state_move.h"
#include "store/audit.h"
#include "store/person_hash.h"

enum status audit_write_at(struct store_session *session, int64_t now_us, const struct audit_note *note,
			   struct err *err)
{
	struct audit_entry entry = {
	    .id = state_event_id(now_us),
	    .tenant = note->tenant,
	    .actor = note->actor,
	    .action = note->action,
	    .subject = note->subject,
	    .details = note->details,
	    .created_us = now_us,
	};
	return store_audit_add(session, &entry, err);
}

enum status audit_write(struct batch *batch, const struct audit_note *note, struct err *err)
{
	return audit_write_at(batch_session(batch), batch_now_us(batch), note, err);
}

struct slice audit_person(struct arena *arena, uint32_t tenant, struct slice id)
{
	char room[PERSON_HASH_SIZE];
	struct slice hash = person_hash(tenant, id, room);
	return arena_printf(arena, "person:%.*s", SLICE_FMT(hash));
}

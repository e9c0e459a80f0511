/* SPDX-License-Identifier: Apache-2.0 */
/* Entries are made by whoever runs the change, in its transaction, and never afterwards. A person stands in them as a
 * hash, because they stay for ever and an erasure must not be undone by them. */
#include "engine/ledger/audit.h"

#include "base/random.h"
#include "store/core/person_hash.h"
#include "store/house/audit.h"

/* Behind the milliseconds come their parts of 4096 (RFC 9562, 6.2, method 3): entries of one millisecond keep their
 * order. */
static struct uuid new_id(int64_t now_us)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	unsigned fraction = (unsigned)(now_us % 1000 * 4096 / 1000);
	random[0] = (uint8_t)(fraction >> 8);
	random[1] = (uint8_t)fraction;
	return uuid_v7(now_us, random);
}

enum status audit_write_at(struct store_session *session, int64_t now_us, const struct audit_note *note,
			   struct err *err)
{
	struct audit_entry entry = {
	    .id = new_id(now_us),
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

struct record_command {
	struct writer_command command;
	const struct audit_note *note;
};

static enum status run_record(struct writer_command *command, struct batch *batch, struct err *err)
{
	return audit_write(batch, ((const struct record_command *)(void *)command)->note, err);
}

enum status audit_record(struct writer *writer, const struct audit_note *note, struct err *err)
{
	struct record_command c = {.command = {.run = run_record}, .note = note};
	return writer_submit_and_wait(writer, &c.command, err);
}

struct slice audit_person(struct arena *arena, uint32_t tenant, struct slice id)
{
	char room[PERSON_HASH_SIZE];
	struct slice hash = person_hash(tenant, id, room);
	return arena_printf(arena, "person:%.*s", SLICE_FMT(hash));
}

struct slice audit_message(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	return arena_printf(arena, "message:%s", text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* audit: notes in the writer's transaction who did what (store/house/audit.h). What is not committed was not noted, and
 * what cannot be noted is not done. */
#ifndef PUGMARK_ENGINE_AUDIT_H
#define PUGMARK_ENGINE_AUDIT_H

#include "base/arena.h"
#include "engine/ledger/writer.h"

struct audit_note {
	uint32_t tenant;
	struct slice actor; /* see struct audit_entry, also for the rest */
	struct slice action;
	struct slice subject;
	struct slice details;
};
/* On the writer's thread. */
enum status audit_write(struct batch *batch, const struct audit_note *note, struct err *err) MUST_CHECK;
/* With a session of one's own, where no writer runs or it is another process's. */
enum status audit_write_at(struct store_session *session, int64_t now_us, const struct audit_note *note,
			   struct err *err) MUST_CHECK;

/* For what changes nothing, such as an export: a transaction of its own. Blocks; any thread but the writer's. As
 * writer_submit_and_wait. */
enum status audit_record(struct writer *writer, const struct audit_note *note, struct err *err) MUST_CHECK;

/* "person:sha256:…", of a contact's id or an address; in the arena. */
struct slice audit_person(struct arena *arena, uint32_t tenant, struct slice id);

/* "message:ID"; in the arena. */
struct slice audit_message(struct arena *arena, struct uuid id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* suppress: what staff do to the list of addresses that get no mail: add one, or take one out. Both are noted
 * (audit.h).
 *
 * One that the recipient brought about himself (unsubscribed, complained, was erased) only goes with words that say why
 * he is to be mailed again. */
#ifndef PUGMARK_ENGINE_SUPPRESS_H
#define PUGMARK_ENGINE_SUPPRESS_H

#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"

struct suppress_change {
	uint32_t tenant;
	struct slice address;
	struct slice reason; /* to add: see struct suppression */
	struct slice why;    /* in somebody's words; empty: none */
	struct slice actor;  /* see struct audit_entry */
};

/* "unsubscribed", "complaint", "hard_bounce", "manual": what may be added. */
bool suppress_reason_is_good(struct slice reason);
/* Blocks; any thread but the writer's. *ret_added false: the address was on the list already and stays as it was. Else
 * as writer_submit_and_wait. */
enum status suppress_add(const struct sending *sending, const struct suppress_change *change, bool *ret_added,
			 struct err *err) MUST_CHECK;
/* The same as a command in the arena, to be submitted (writer.h); `change` outlives it. Whether the
 * address was added is known when it has ended well. */
struct writer_command *suppress_add_command(struct arena *arena, const struct suppress_change *change);
bool suppress_was_added(const struct writer_command *command);
/* The same. *ret_reason, in the arena, is what the address was on the list for. STATUS_NOT_FOUND: it is not there.
 * STATUS_BAD_INPUT: it does not go without `why`. */
enum status suppress_remove(const struct sending *sending, const struct suppress_change *change, struct arena *arena,
			    struct slice *ret_reason, struct err *err) MUST_CHECK;

/* The same as a command in the arena, to be submitted; the reason is there when it has ended well. */
struct writer_command *suppress_remove_command(struct arena *arena, const struct suppress_change *change);
struct slice suppress_reason_of(const struct writer_command *command);

#endif

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
/* A command in the arena, to be submitted (writer.h); `change` outlives it. */
struct writer_command *suppress_add_command(struct arena *arena, const struct suppress_change *change);
/* When it has ended well. False: the address was on the list already and stays as it was. */
bool suppress_was_added(const struct writer_command *command);

/* The same. It ends with STATUS_NOT_FOUND: the address is not there; STATUS_BAD_INPUT: it does not go without `why`. */
struct writer_command *suppress_remove_command(struct arena *arena, const struct suppress_change *change);
/* When it has ended well, and in the arena: what the address was on the list for. */
struct slice suppress_reason_of(const struct writer_command *command);

#endif

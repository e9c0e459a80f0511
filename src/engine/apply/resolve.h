/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: what a person decides about a message: that it shall not be sent, and what became of one that is in doubt.
 * Each is a command for the writer (writer.h), in an arena; who submits it hears the outcome. */
#ifndef PUGMARK_ENGINE_RESOLVE_H
#define PUGMARK_ENGINE_RESOLVE_H

#include "base/arena.h"
#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"

/* Takes a message out of the queue, also when it is claimed, or put off, as long as the end of its data was not allowed
 * to leave; once it has ended well nothing of it leaves. Ends with STATUS_NOT_FOUND: the tenant has no such message;
 * STATUS_CONFLICT: it is being sent, or has an end already, and the error says its state. */
struct writer_command *resolve_cancel_command(const struct sending *sending, struct arena *arena, uint32_t tenant,
					      struct uuid id);

enum resolve_as { RESOLVE_SENT, RESOLVE_RESEND, RESOLVE_FAILED };
/* "sent", "resend", "failed". */
bool resolve_parse(struct slice name, enum resolve_as *ret);

/* Ends a doubt. Sent: it counts as sent, with email.sent. Failed: with email.failed. Resend: it is due again now and
 * stays in doubt until the new attempt has an outcome. Ends with STATUS_CONFLICT: it is not in doubt, or is being sent
 * again; and as above. */
struct writer_command *resolve_doubt_command(const struct sending *sending, struct arena *arena, uint32_t tenant,
					     struct uuid id, enum resolve_as as);
/* What is left to do once it has ended well: the deliverer is woken for what is due. */
void resolve_doubt_end(const struct sending *sending, enum resolve_as as);

#endif

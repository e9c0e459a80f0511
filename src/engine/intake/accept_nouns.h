/* SPDX-License-Identifier: Apache-2.0 */
/* accept_nouns: the rows of what mails name and share: contacts, campaigns, templates and bodies. */
#ifndef PUGMARK_ENGINE_ACCEPT_NOUNS_H
#define PUGMARK_ENGINE_ACCEPT_NOUNS_H

#include "engine/intake/accept_prepare.h"

/* Of mails of one tenant. Of two that say different things about the same contact or campaign, the later one holds.
 * Takes from `arena` what it needs. Inside a transaction. Results: those of the store. */
enum status accept_write_nouns(struct store_session *session, const struct accepted *accepted, size_t count,
			       struct arena *arena, struct err *err) MUST_CHECK;

#endif

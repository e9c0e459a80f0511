/* SPDX-License-Identifier: Apache-2.0 */
/* consent_memory: what contacts allow now, so that none is read for his hits. What this writer changes it is told; what
 * another connection changes is seen with the next transaction on SQLite, and within a second elsewhere. Writer's
 * thread. */
#ifndef PUGMARK_ENGINE_CONSENT_MEMORY_H
#define PUGMARK_ENGINE_CONSENT_MEMORY_H

#include "store/people/contacts.h"

struct consent_memory;
struct consent_memory *consent_memory_new(void);
void consent_memory_free(struct consent_memory **memory);

struct remembered_consent {
	enum consent opens, clicks;
};
/* Of the message's contact; CONSENT_FULL when nobody knows him. */
enum status consent_memory_find(struct consent_memory *memory, struct store_session *session,
				const struct message *message, struct remembered_consent *ret,
				struct err *err) MUST_CHECK;
/* He allows this now; what is written of it in this transaction may still be taken back (consent_memory_forget). */
void consent_memory_change(struct consent_memory *memory, uint32_t tenant, const struct contact_consent *what);
void consent_memory_forget(struct consent_memory *memory);
/* A transaction begins then: what may have changed elsewhere is forgotten. */
void consent_memory_age(struct consent_memory *memory, struct store_session *session, int64_t now_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* consent_memory: what contacts allow now, remembered across transactions, so that a busy contact is not read for each
 * of his hits. What another program changes is seen within a second; whoever changes it on this writer has it
 * forgotten. Bounded. Writer's thread. */
#ifndef PUGMARK_ENGINE_CONSENT_MEMORY_H
#define PUGMARK_ENGINE_CONSENT_MEMORY_H

#include "store/mail/messages.h"

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
void consent_memory_forget(struct consent_memory *memory);
/* A transaction begins then: what is older than a second is forgotten. */
void consent_memory_age(struct consent_memory *memory, int64_t now_us);

#endif

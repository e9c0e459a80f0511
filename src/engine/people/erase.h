/* SPDX-License-Identifier: Apache-2.0 */
/* erase: forgets a contact (store/people/erasure.h says what that means), so that what was counted stays counted, and
 * nobody mails the person again by accident: his addresses stay suppressed, by a hash. */
#ifndef PUGMARK_ENGINE_ERASE_H
#define PUGMARK_ENGINE_ERASE_H

#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"
#include "store/people/contacts.h"
#include "store/people/erasure.h"

struct erase_request {
	const struct sending *sending;
	struct store_session *session; /* reads */
	struct arena *arena;
	struct contact_key key;
	struct slice actor; /* see struct audit_entry */
};
struct erase_result {
	struct erasure_counts counts;
	/* Other contacts with the same address: perhaps the same person, which only the caller can know. */
	struct slice_list same_address;
};

/* The contact, and the one that his address stands for. STATUS_NOT_FOUND. STATUS_CONFLICT: mail is under way. Others as
 * writer_submit_and_wait. Blocks; any thread but the writer's. */
enum status erase_contact(const struct erase_request *request, struct erase_result *ret, struct err *err) MUST_CHECK;

#endif

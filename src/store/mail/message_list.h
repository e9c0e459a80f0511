/* SPDX-License-Identifier: Apache-2.0 */
/* message_list: pages of messages. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_MESSAGE_LIST_H
#define PUGMARK_STORE_MESSAGE_LIST_H

#include "store/mail/messages.h"

struct message_filter {
	uint32_t tenant;
	struct slice campaign_id, template_id, contact_id, sender, provider; /* p == NULL: any */
	struct slice search; /* found in address, name or subject, letters in either case; p == NULL: any */
	bool by_state;
	enum message_state state;
	int64_t from_us, to_us; /* created in [from, to); 0: open */
	struct uuid before;     /* only older ones than this id (the cursor); zero: from the newest */
	uint32_t limit;
};
/* Newest first. STATUS_TOO_BIG: the search text has more than some 500 bytes. */
enum status store_message_list(struct store_session *s, const struct message_filter *filter, struct arena *arena,
			       struct message **ret, size_t *ret_count, struct err *err) MUST_CHECK;

#endif

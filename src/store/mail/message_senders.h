/* SPDX-License-Identifier: Apache-2.0 */
/* message_senders: whose mail it is that a contact got, or that a campaign has. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_MESSAGE_SENDERS_H
#define PUGMARK_STORE_MESSAGE_SENDERS_H

#include "store/core/store.h"

struct sent_to {
	uint32_t tenant;
	struct slice contact_id;
	struct slice address; /* in any case */
	struct slice sender;
};
/* There is mail of this sender to the contact that has left for the address: that was sent from here, or reported as
 * delivered where the caller sent it. */
enum status store_message_has_left(struct store_session *s, const struct sent_to *to, bool *ret,
				   struct err *err) MUST_CHECK;

struct campaign_of {
	uint32_t tenant;
	struct slice campaign_id;
	struct slice sender;
};
/* Whether there is mail of this sender in it that has left, as above; and whether there is any of another, or of
 * nobody. */
enum status store_message_campaign_senders(struct store_session *s, const struct campaign_of *of, bool *ret_own,
					   bool *ret_others, struct err *err) MUST_CHECK;

#endif

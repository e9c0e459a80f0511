/* SPDX-License-Identifier: Apache-2.0 */
/* belonging: whether a contact or a campaign is one that a caller reaches. Reads what the rule (permission.h) has to
 * know, and asks it; for who reaches everything nothing is read. Blocks for the store. */
#ifndef PUGMARK_ENGINE_BELONGING_H
#define PUGMARK_ENGINE_BELONGING_H

#include "engine/accounts/permission.h"
#include "store/people/contacts.h"

/* Of the contact id, email and agent are looked at; one without an address has got nobody's mail. STATUS_IO: the store
 * is away. */
enum status belonging_contact(struct store_session *session, const struct caller *caller, const struct contact *contact,
			      bool *ret, struct err *err) MUST_CHECK;

struct campaign_belonging {
	bool is_seen;    /* the caller may look at it */
	bool is_changed; /* and may change it */
};
enum status belonging_campaign(struct store_session *session, const struct caller *caller, struct slice id,
			       struct campaign_belonging *ret, struct err *err) MUST_CHECK;

#endif

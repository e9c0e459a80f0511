/* SPDX-License-Identifier: Apache-2.0 */
/* A contact is known by what was said to it: mail counts that has left for the address that the contact has now. By the
 * contact's id alone anybody could claim anybody, with a mail that names the id and goes to an address of his own. */
#include "engine/people/belonging.h"

#include "store/mail/message_senders.h"

enum status belonging_contact(struct store_session *session, const struct caller *caller, const struct contact *contact,
			      bool *ret, struct err *err)
{
	struct contact_facts facts = {.agent = contact->agent};
	struct sent_to to = {caller->tenant, contact->id, contact->email, permission_sender(caller)};
	enum status status = STATUS_OK;
	if (to.sender.p && to.address.n)
		status = store_message_has_left(session, &to, &facts.has_got_ones_own, err);
	if (status == STATUS_OK)
		*ret = permission_of_contact(caller, &facts);
	return status;
}

enum status belonging_campaign(struct store_session *session, const struct caller *caller, struct slice id,
			       struct campaign_belonging *ret, struct err *err)
{
	struct campaign_facts facts = {0};
	struct campaign_of of = {caller->tenant, id, permission_sender(caller)};
	enum status status = STATUS_OK;
	if (of.sender.p)
		status = store_message_campaign_senders(session, &of, &facts.has_ones_own, &facts.has_others, err);
	if (status == STATUS_OK)
		*ret = (struct campaign_belonging){permission_of_campaign(caller, &facts),
						   permission_to_change_campaign(caller, &facts)};
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* contacts: whom mail goes to, and what they agree to now. How that came about is in consents.h. Part of the store (see
 * store.h). */
#ifndef PUGMARK_STORE_CONTACTS_H
#define PUGMARK_STORE_CONTACTS_H

#include "store/mail/messages.h"

struct contact_key {
	uint32_t tenant;
	struct slice id;
};
struct contact {
	struct slice id, email, name, category, agent;
	enum consent opens, clicks; /* CONSENT_FULL unless said otherwise */
	int64_t created_us;
};
/* Creates it, or updates those of email, name, category, agent that are given (not empty). Consent is not touched. */
enum status store_contact_use(struct store_session *s, uint32_t tenant, const struct contact *contact, int64_t now_us,
			      struct err *err) MUST_CHECK;
/* Creates it; one that is there stays as it is. */
enum status store_contact_add(struct store_session *s, uint32_t tenant, const struct contact *contact, int64_t now_us,
			      struct err *err) MUST_CHECK;
enum status store_contact_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
			       struct contact *ret, struct err *err) MUST_CHECK;
struct contact_consent {
	struct slice id; /* the contact's */
	enum consent opens, clicks;
};
/* Those who agreed to less than everything, of all tenants. */
struct restricted_contact {
	uint32_t tenant;
	struct contact_consent what;
};
struct restricted_contacts {
	struct restricted_contact *at;
	size_t n;
};
enum status store_contact_list_restricted(struct store_session *s, uint32_t limit, struct arena *arena,
					  struct restricted_contacts *ret, struct err *err) MUST_CHECK;
/* Withdraws or restricts: the row is created when absent. */
enum status store_contact_set_consent(struct store_session *s, uint32_t tenant, const struct contact_consent *consent,
				      int64_t now_us, struct err *err) MUST_CHECK;

#endif

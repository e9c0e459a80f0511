/* SPDX-License-Identifier: Apache-2.0 */
/* consents: what contacts agreed to, as a history with its proof, and what campaigns allow. What holds now is in struct
 * contact (contacts.h). Part of the store (see store.h). */
#ifndef PUGMARK_STORE_CONSENTS_H
#define PUGMARK_STORE_CONSENTS_H

#include "store/people/contacts.h"

/* ---- The proof: every consent that was ever given or withdrawn. */
struct consent_record {
	struct uuid id; /* also of its event */
	struct contact_consent what;
	struct slice method;     /* how: "signup form", "unsubscribe page"… */
	struct slice text;       /* what the person was shown; empty: nothing */
	struct slice decided_by; /* "user:E-MAIL", "key:NAME", "contact" */
	int64_t created_us;
};
/* STATUS_CONFLICT: the id exists. */
enum status store_consent_add(struct store_session *s, uint32_t tenant, const struct consent_record *record,
			      struct err *err) MUST_CHECK;
/* A contact's, oldest first. */
enum status store_consent_list(struct store_session *s, const struct contact_key *of, struct arena *arena,
			       struct consent_record **ret, size_t *ret_count, struct err *err) MUST_CHECK;

/* What a campaign allows at most, whoever the mail is for. */
struct campaign_limit {
	enum consent opens, clicks;
};
/* CONSENT_FULL for both when there is no such campaign. */
enum status store_campaign_limit(struct store_session *s, uint32_t tenant, struct slice id, struct campaign_limit *ret,
				 struct err *err) MUST_CHECK;
/* The campaign is created when absent. */
enum status store_campaign_set_limit(struct store_session *s, uint32_t tenant, struct slice id,
				     const struct campaign_limit *limit, int64_t now_us, struct err *err) MUST_CHECK;

#endif

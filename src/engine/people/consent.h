/* SPDX-License-Identifier: Apache-2.0 */
/* consent: what a contact agrees to, kept with its proof and told as the event contact.consent. It holds from its
 * commit on, for mail that was sent before too, where it is less than what was promised then. */
#ifndef PUGMARK_ENGINE_CONSENT_H
#define PUGMARK_ENGINE_CONSENT_H

#include "engine/ledger/batch.h"
#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"
#include "store/people/contacts.h"

struct consent_change {
	uint32_t tenant;
	struct contact_consent what;
	struct slice method, text, decided_by; /* see struct consent_record */
};

/* For what staff enter, which is noted (audit.h): a command in the arena, to be submitted (writer.h); `change` outlives
 * it. */
struct writer_command *consent_command(const struct sending *sending, struct arena *arena,
				       const struct consent_change *change);

/* The same on the writer's thread. `event` has id and occurred_us; `message` is the mail that led to it, or NULL. */
enum status consent_apply(struct batch *batch, const struct consent_change *change, const struct message *message,
			  const struct event *event, struct err *err) MUST_CHECK;

/* What of contact and campaign data the API may change otherwise: name, address, what a campaign allows. */
enum status consent_save_contact(const struct sending *sending, uint32_t tenant, const struct contact *contact,
				 struct err *err) MUST_CHECK;
struct campaign_change {
	uint32_t tenant;
	struct slice id, name;
	const struct campaign_limit *limit; /* NULL: as it is; a new one is noted (audit.h) */
	struct slice actor;                 /* see struct audit_entry */
};
enum status consent_save_campaign(const struct sending *sending, const struct campaign_change *change,
				  struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* erasure: what is known of a person goes, what was counted stays. Part of the store (see store.h).
 *
 * Messages and events stay as rows of nobody: times, states, verdicts, counters, campaign, template and link numbers.
 * Whatever says who it was, or was written by or for that person, becomes empty: addresses, names, subject, ids, ip,
 * user agent, metadata, destinations, provider's words. message_is_erased() tells such a message.
 */
#ifndef PUGMARK_STORE_ERASURE_H
#define PUGMARK_STORE_ERASURE_H

#include "store/people/contacts.h"

struct slice_list {
	struct slice *items;
	size_t count;
};

/* Every address that the contact's row and messages have, in lower case. A read. */
enum status store_contact_addresses(struct store_session *s, const struct contact_key *key, struct arena *arena,
				    struct slice_list *ret, struct err *err) MUST_CHECK;
/* Ids of contacts with that address. A read that looks at all contacts of the tenant. */
enum status store_contacts_with_address(struct store_session *s, uint32_t tenant, struct slice address,
					struct arena *arena, struct slice_list *ret, struct err *err) MUST_CHECK;
/* The bodies of the contact's messages. A read. */
enum status store_contact_bodies(struct store_session *s, const struct contact_key *key, struct arena *arena,
				 struct slice_list *ret, struct err *err) MUST_CHECK;
/* Takes those out of `bodies` that some message still has. A read that looks at all messages of the tenant. */
enum status store_bodies_unused(struct store_session *s, uint32_t tenant, struct arena *arena,
				struct slice_list *bodies, struct err *err) MUST_CHECK;
/* STATUS_OK also when it is gone, or when a queued message has come to need it. */
enum status store_body_remove(struct store_session *s, uint32_t tenant, struct slice id, struct err *err) MUST_CHECK;

struct erasure_counts {
	uint64_t messages, events;
};
/* Adds to *counts. STATUS_CONFLICT: a mail to the contact is under way or in doubt; nothing was changed. Mail that
 * waits is canceled. Also the proof of consent goes. */
enum status store_contact_erase(struct store_session *s, const struct contact_key *key, struct erasure_counts *counts,
				struct err *err) MUST_CHECK;
/* Then: agents and destinations that only events of this person had go. `person` is an address that mail went to, in
 * any case, or, where there was none, the contact's id. What events of these other contacts have too, who read at the
 * same address, stays, and stays that person's. Inside the transaction. */
enum status store_texts_forget(struct store_session *s, const struct contact_key *person,
			       const struct slice_list *others, struct err *err) MUST_CHECK;
/* After the transaction: what was overwritten is taken out of the files of the database too, as far as that is in this
 * program's hands. SQLite: a file of up to 64 MiB is written anew, and the write-ahead log becomes empty as soon as no
 * reader needs it. PostgreSQL: nothing; its vacuum does it. */
void store_scrub_soon(struct store_session *s);

#endif

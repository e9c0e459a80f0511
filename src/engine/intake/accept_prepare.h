/* SPDX-License-Identifier: Apache-2.0 */
/* accept_prepare: one request made into the rows that accepting it writes. Reads the store, writes nothing. */
#ifndef PUGMARK_ENGINE_ACCEPT_PREPARE_H
#define PUGMARK_ENGINE_ACCEPT_PREPARE_H

#include "engine/intake/accept.h"
#include "engine/mail/instrument.h"
#include "store/people/contacts.h"

/* All that the writer needs; everything lives in the request's arena or its body. */
struct accepted {
	struct message message;
	struct contact contact;
	bool contact_is_kept; /* as it is, when it is there: the caller may not change it */
	struct send_noun campaign, template;
	bool nouns_are_kept; /* the same of these two */
	struct slice body;   /* the content; its id is message.body_id */
	struct instrument_stored *stored;
	size_t stored_count;
	struct slice suppressed_reason; /* empty: mail may go */
	bool is_queued;                 /* gets a queue row */
	struct uuid event_id;
};

/* Fills item->status, result and problems, and *ret when the item is good (item->status is STATUS_OK). Returns what is
 * no fault of the item: STATUS_OK, or the store's failure. */
enum status accept_prepare(const struct accept_context *context, struct accept_item *item, struct accepted *ret,
			   struct err *err) MUST_CHECK;

#endif

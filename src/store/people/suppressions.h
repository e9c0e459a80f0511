/* SPDX-License-Identifier: Apache-2.0 */
/* suppressions: the list of addresses that get no mail, for people who look after it. To add, ask for and remove one is
 * in messages.h. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_SUPPRESSIONS_H
#define PUGMARK_STORE_SUPPRESSIONS_H

#include "store/mail/messages.h"

struct suppression_row {
	struct slice key;    /* the address, lower case, or person_hash of one that was erased */
	struct slice reason; /* see struct suppression */
	struct uuid message; /* zero: none */
	int64_t created_us;
};
bool suppression_is_erased(const struct suppression_row *row);
struct suppression_list {
	struct suppression_row *items;
	size_t count;
};

struct suppression_filter {
	uint32_t tenant;
	struct slice reason;    /* empty: any */
	struct slice after_key; /* exclusive; empty: from the start */
	uint32_t limit;
};
/* In the order of their keys. */
enum status store_suppression_list(struct store_session *s, const struct suppression_filter *filter,
				   struct arena *arena, struct suppression_list *ret, struct err *err) MUST_CHECK;
/* The address's, also where only its hash is kept: one or none. */
enum status store_suppression_list_of(struct store_session *s, uint32_t tenant, struct slice address,
				      struct arena *arena, struct suppression_list *ret, struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary: texts that many events have in common, as numbers. Private to the store.
 *
 * A tenant's text of one kind has one number; a session remembers the numbers of those it used last. An entry knows two
 * things for the day when it has to go: the last day of which an event may have it, so that it goes when the tenant's
 * events begin later (dictionary_prune), and whose it is as long as it was one person's only, so that it goes with the
 * person (dictionary_forget_person).
 */
#ifndef PUGMARK_STORE_DICTIONARY_H
#define PUGMARK_STORE_DICTIONARY_H

#include "store/core/session.h"

/* Numbers are kept in the table; they never change. */
enum dictionary_kind {
	DICTIONARY_URL = 1,
	DICTIONARY_AGENT,
	DICTIONARY_REASONS,
	DICTIONARY_RULES,
	DICTIONARY_PROVIDER,
};
/* Longer agents are cut: what they say beyond is not looked at (codec/judge/verdict.h). */
enum { DICTIONARY_AGENT_MAX = 1024 };

/* One use of a text. */
struct dictionary_use {
	uint32_t tenant;
	enum dictionary_kind kind;
	struct slice text;
	struct slice owner; /* the id of the person whose it is; empty: nobody's in particular */
	int32_t day;        /* of the event, since 1970 */
	int64_t number;     /* the answer */
};
/* A person as a number: of the address by which mail reaches him, in any case, or of the id by which the tenant calls
 * him. */
int64_t dictionary_person(uint32_t tenant, struct slice id);

/* Fills in the numbers; texts that are new get one. Two writers who come
 * with the same new texts wait for each other in the order of the texts, never crosswise. */
enum status dictionary_number(struct store_session *s, struct dictionary_use *uses, size_t count,
			      struct err *err) MUST_CHECK;

/* After the person's events have lost their numbers: what only they had goes. */
enum status dictionary_forget_person(struct store_session *s, uint32_t tenant, int64_t person,
				     struct err *err) MUST_CHECK;
/* Looks at the next `limit` numbers, from the beginning again after the last one: entries that no event can have any
 * more go. Of tenants without events those go that were last used before that day. */
enum status dictionary_prune(struct store_session *s, int32_t before_day, uint32_t limit, struct err *err) MUST_CHECK;

#endif

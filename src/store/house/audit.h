/* SPDX-License-Identifier: Apache-2.0 */
/* audit: who changed what. Part of the store (see store.h).
 *
 * Entries are written in the transaction of what they tell of, and stay for ever. So that they do not undo an erasure,
 * a person is in them only as person_hash; details, which may hold what somebody typed, go with the person.
 */
#ifndef PUGMARK_STORE_AUDIT_H
#define PUGMARK_STORE_AUDIT_H

#include "store/core/store.h"

struct audit_entry {
	struct uuid id; /* version 7 */
	uint32_t tenant;
	struct slice actor;   /* "user:E-MAIL", "key:NAME", "command line" */
	struct slice action;  /* "tenant.changed" */
	struct slice subject; /* "tenant:NAME", "message:ID", "person:sha256:…" */
	struct slice details; /* JSON object, or empty; PostgreSQL keeps its meaning, not its spaces and order */
	int64_t created_us;
};
enum status store_audit_add(struct store_session *s, const struct audit_entry *entry, struct err *err) MUST_CHECK;

struct audit_filter {
	uint32_t tenant;
	struct slice subject, action; /* p == NULL: any */
	struct uuid before;           /* exclusive; zero: open */
	uint32_t limit;
};
/* Newest first. */
enum status store_audit_list(struct store_session *s, const struct audit_filter *filter, struct arena *arena,
			     struct audit_entry **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* The details of all entries about that subject go. */
enum status store_audit_forget(struct store_session *s, uint32_t tenant, struct slice subject,
			       struct err *err) MUST_CHECK;

#endif

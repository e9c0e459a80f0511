/* SPDX-License-Identifier: Apache-2.0 */
/* suppressions: addresses that get no mail, and why. An address is compared in lower case. Part of the store (see
 * store.h). */
#ifndef PUGMARK_STORE_SUPPRESSIONS_H
#define PUGMARK_STORE_SUPPRESSIONS_H

#include "store/core/store.h"

struct suppression {
	uint32_t tenant;
	struct slice address;
	struct slice reason; /* "unsubscribed", "hard_bounce", "complaint", "manual" */
	struct uuid message; /* that led to it; zero: none */
};
/* STATUS_OK also when it was there already (then *ret_added is false). */
enum status store_suppression_add(struct store_session *s, const struct suppression *suppression, int64_t now_us,
				  bool *ret_added, struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND: mail may go. The address's first reason. */
enum status store_suppression_find(struct store_session *s, uint32_t tenant, struct slice address, struct arena *arena,
				   struct slice *ret_reason, struct err *err) MUST_CHECK;
/* Mail may go again. STATUS_NOT_FOUND. */
enum status store_suppression_remove(struct store_session *s, uint32_t tenant, struct slice address,
				     struct err *err) MUST_CHECK;

struct addressee {
	uint32_t tenant;
	struct slice address; /* compared in lower case */
};
/* ret_reasons[i] is why this addressee gets no mail; empty with p == NULL: mail may go. */
enum status store_suppressions_of(struct store_session *s, const struct addressee *addressees, size_t count,
				  struct arena *arena, struct slice *ret_reasons, struct err *err) MUST_CHECK;

/* The address's suppression from now on holds without the address: by its SHA-256. Added with the reason "erased" when
 * there is none. */
enum status store_suppression_anonymise(struct store_session *s, uint32_t tenant, struct slice address, int64_t now_us,
					struct err *err) MUST_CHECK;

/* ---- The list, for people who look after it. */
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

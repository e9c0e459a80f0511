/* SPDX-License-Identifier: Apache-2.0 */
/* bodies: contents of mails, kept once per distinct content; `id` is its SHA-256. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_BODIES_H
#define PUGMARK_STORE_BODIES_H

#include "store/core/store.h"

/* Putting the same again only renews its time (kept to the hour). The store compresses (zstd). STATUS_TOO_BIG: more
 * than 64 MiB. */
enum status store_body_put(struct store_session *s, uint32_t tenant, struct slice id, struct slice content,
			   int64_t now_us, struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND when it was never there or was pruned. */
enum status store_body_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
			    struct slice *ret, struct err *err) MUST_CHECK;

struct body_key {
	uint32_t tenant;
	struct slice id;
};
/* So many bodies of this size may be in memory together; a larger one is read by itself. */
enum { BODY_AT_ONCE_MAX = 256 * 1024 };
/* ret_contents[i] is the content of keys[i]; p == NULL when it is larger than BODY_AT_ONCE_MAX, is not there or cannot
 * be unpacked: store_body_find tells which. Keys differ from each other. */
enum status store_bodies_find(struct store_session *s, const struct body_key *keys, size_t count, struct arena *arena,
			      struct slice *ret_contents, struct err *err) MUST_CHECK;

/* Pruning is in two parts, so that the one that looks need not be the one that writes. */
struct body_keys {
	struct body_key *at;
	size_t n;
};
/* Up to `limit` bodies that no message was given since `unused_since_us`, oldest first; never one that a message in the
 * queue still needs. */
enum status store_body_list_unused(struct store_session *s, int64_t unused_since_us, uint32_t limit,
				   struct arena *arena, struct body_keys *ret, struct err *err) MUST_CHECK;
/* One of those goes, unless a message was given it meanwhile. */
enum status store_body_forget(struct store_session *s, const struct body_key *key, int64_t unused_since_us,
			      uint64_t *ret_count, struct err *err) MUST_CHECK;

#endif

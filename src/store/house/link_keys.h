/* SPDX-License-Identifier: Apache-2.0 */
/* link_keys: what the store knows of the keys that its links are sealed with: an id and a fingerprint, never a key.
 * Part of the store (see store.h). A key that was used once is there for ever, because its links are. */
#ifndef PUGMARK_STORE_LINK_KEYS_H
#define PUGMARK_STORE_LINK_KEYS_H

#include "store/core/store.h"

struct link_key {
	uint8_t id;
	struct slice fingerprint;
};

/* In the order of their ids; texts in the arena. */
enum status store_link_key_list(struct store_session *s, struct arena *arena, struct link_key **ret, size_t *ret_count,
				struct err *err) MUST_CHECK;
/* Nothing happens when there is one of that id: who comes second reads what the first wrote, also when both come at
 * once. */
enum status store_link_key_add(struct store_session *s, const struct link_key *key, int64_t now_us,
			       struct err *err) MUST_CHECK;
/* Whether somebody may have sealed links for this store: there are keys, or a server has been here (a store from before
 * its keys were noted has servers only). */
enum status store_has_links(struct store_session *s, bool *ret, struct err *err) MUST_CHECK;

#endif

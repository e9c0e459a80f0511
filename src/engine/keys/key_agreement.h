/* SPDX-License-Identifier: Apache-2.0 */
/* key_agreement: a file of keys against its store.
 *
 * Every server of a store must open the links of every other, and of all that were there before. So the store remembers
 * a fingerprint of each key that was used with it (store/house/link_keys.h), and whoever comes with other keys is
 * refused. Blocks; one thread.
 */
#ifndef PUGMARK_ENGINE_KEY_AGREEMENT_H
#define PUGMARK_ENGINE_KEY_AGREEMENT_H

#include "codec/token/link_token.h"
#include "store/core/store.h"

/* Borrowed: what a file holds, and its path for the words of a refusal. */
struct held_keys {
	const struct link_token_keys *keys;
	const char *path;
};

/* For a start. Adds the keys that the store does not know. STATUS_CONFLICT, and nothing is written: the store has a key
 * that the file lacks, or has with another value. */
enum status key_agreement_reach(struct store *store, const struct held_keys *mine, struct err *err) MUST_CHECK;

/* The two halves of it, for a server that runs and has a writer. Comparing: STATUS_OK; STATUS_END: they agree, and some
 * of mine are new; STATUS_CONFLICT as above. ret_known[id]: the store has a key of that id, also when it is a conflict.
 */
enum status key_agreement_compare(struct store_session *session, const struct held_keys *mine,
				  bool ret_known[LINK_TOKEN_KEYS_MAX], struct err *err) MUST_CHECK;
/* Adding, in a transaction of the caller's, which must not be kept after STATUS_CONFLICT. */
enum status key_agreement_add(struct store_session *session, const struct held_keys *mine, struct err *err) MUST_CHECK;

/* Before new keys are made. STATUS_CONFLICT: links of this store are sealed with keys that must be copied to `path`. */
enum status key_agreement_may_begin(struct store *store, const char *path, struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* links: destinations that are too long for a token, found again by the first 16 bytes of their SHA-256. Part of the
 * store (see store.h). */
#ifndef PUGMARK_STORE_LINKS_H
#define PUGMARK_STORE_LINKS_H

#include "store/core/store.h"

enum status store_link_put(struct store_session *s, uint32_t tenant, struct slice key16, struct slice url,
			   int64_t now_us, struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND. */
enum status store_link_find(struct store_session *s, uint32_t tenant, struct slice key16, struct arena *arena,
			    struct slice *ret_url, struct err *err) MUST_CHECK;

#endif

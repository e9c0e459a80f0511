/* SPDX-License-Identifier: Apache-2.0 */
/* replication: how many machines have what the store has committed. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_REPLICATION_H
#define PUGMARK_STORE_REPLICATION_H

#include "store/core/store.h"

enum store_copies {
	STORE_COPIES_ONE,  /* nobody follows, as far as our role may see */
	STORE_COPIES_LATE, /* somebody follows, and commits do not wait for it */
	STORE_COPIES_TWO,  /* a commit is on a second machine before it returns */
};

/* Shared stores only. To see who follows, the role must be a member of pg_monitor; others see nobody. */
enum status store_copies_read(struct store_session *s, enum store_copies *ret, struct err *err) MUST_CHECK;

#endif

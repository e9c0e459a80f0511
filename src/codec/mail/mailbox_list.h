/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox_list: the people in a raw From, To or Cc header (RFC 5322, 3.4): names and addresses, with quoted strings,
 * comments, groups, folds and encoded-words. Pure.
 */
#ifndef PUGMARK_CODEC_MAILBOX_LIST_H
#define PUGMARK_CODEC_MAILBOX_LIST_H

#include "base/arena.h"

struct letterbox {
	struct slice name;    /* decoded, valid UTF-8; may be empty */
	struct slice address; /* in its normal form (mail_address.h) */
};

/* Takes the next mailbox with a valid address off *rest. False at the end. What is no address is passed over. Results
 * live in the arena. */
bool mailbox_list_next(struct slice *rest, struct arena *arena, struct letterbox *ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* refusal: what a mail server's refusal means: for good, for now, or because of who is sending. Pure. */
#ifndef PUGMARK_CODEC_REFUSAL_H
#define PUGMARK_CODEC_REFUSAL_H

#include "base/slice.h"

enum refusal_class {
	REFUSAL_HARD,  /* the address will not work tomorrow either */
	REFUSAL_SOFT,  /* it may work later: full, slow, away */
	REFUSAL_BLOCK, /* the address may be fine; the sender, its network or the content is not wanted */
};
const char *refusal_class_name(enum refusal_class class); /* "hard", "soft", "block" */

struct refusal {
	enum refusal_class class;
	struct slice enhanced_code; /* "5.1.1" (RFC 3463) inside the words; empty: none */
};

/* `reply_code` is SMTP's (RFC 5321), 0 when there was no reply; `words` is its text. */
void refusal_parse(uint32_t reply_code, struct slice words, struct refusal *ret);

#endif

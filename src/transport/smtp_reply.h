/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_reply: what an SMTP server answers (RFC 5321, 4.2). Pure. */
#ifndef PUGMARK_TRANSPORT_SMTP_REPLY_H
#define PUGMARK_TRANSPORT_SMTP_REPLY_H

#include "base/buf.h"

enum {
	SMTP_REPLY_LINE_MAX = 4096, /* RFC 5321, 4.5.3.1.5 says 512; servers send more */
	SMTP_REPLY_WORDS_MAX = 500,
};

struct smtp_reply {
	int code;                             /* of the last line; 0 before the first */
	char words[SMTP_REPLY_WORDS_MAX + 1]; /* the text of all lines; no control characters, valid UTF-8 */
	size_t words_size;
};

void smtp_reply_clear(struct smtp_reply *reply);
/* Takes whole lines off the front of *input and adds them to the reply. STATUS_OK: that was the last line of the reply.
 * STATUS_AGAIN: more has to come. STATUS_CORRUPT: it is no SMTP reply; *input is of no more use. */
enum status smtp_reply_take(struct slice *input, struct smtp_reply *reply) MUST_CHECK;
/* Replaces the words. */
void smtp_reply_set_words(struct smtp_reply *reply, struct slice words);
struct slice smtp_reply_words(const struct smtp_reply *reply);

/* The id under which the server has queued the mail, a slice of `words`; empty when it names none that is known. */
struct slice smtp_reply_queue_id(struct slice words);

#endif

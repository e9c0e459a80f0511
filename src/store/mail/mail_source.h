/* SPDX-License-Identifier: Apache-2.0 */
/* mail_source: what it takes to build claimed mail, read for many mails at once. Part of the store (see store.h).
 *
 * The messages themselves come from store_message_find_all (messages.h). On PostgreSQL each call is one round trip; on
 * SQLite it is one prepared statement a mail.
 */
#ifndef PUGMARK_STORE_MAIL_SOURCE_H
#define PUGMARK_STORE_MAIL_SOURCE_H

#include "store/core/store.h"
#include "store/mail/messages.h"

struct addressee {
	uint32_t tenant;
	struct slice address; /* compared in lower case */
};
/* ret_reasons[i] is why this addressee gets no mail; empty with p == NULL: mail may go. */
enum status store_suppressions_of(struct store_session *s, const struct addressee *addressees, size_t count,
				  struct arena *arena, struct slice *ret_reasons, struct err *err) MUST_CHECK;

/* So many bodies of this size may be in memory together; a larger one is read by itself. */
enum { BODY_AT_ONCE_MAX = 256 * 1024 };
/* ret_contents[i] is the content of keys[i]; p == NULL when it is larger than BODY_AT_ONCE_MAX, is not there or cannot
 * be unpacked: store_body_find tells which. Keys differ from each other. */
enum status store_bodies_find(struct store_session *s, const struct body_key *keys, size_t count, struct arena *arena,
			      struct slice *ret_contents, struct err *err) MUST_CHECK;

#endif

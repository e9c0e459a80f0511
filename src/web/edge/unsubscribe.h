/* SPDX-License-Identifier: Apache-2.0 */
/* unsubscribe: the page behind /u/, and what a POST to it means (RFC 8058). Pure: a request in, an answer out.
 *
 * GET changes nothing, whoever asks: scanners fetch every link. POST with List-Unsubscribe=One-Click, form or
 * multipart, in any case, among other fields, whatever the content type, is a mailbox provider acting for its user and
 * counts at once. The page's own buttons post `action`; a press of the first may be held
 * (engine/apply/unsubscription.h), and is answered the same, so that nobody can try out whom we take for a machine.
 */
#ifndef PUGMARK_WEB_UNSUBSCRIBE_H
#define PUGMARK_WEB_UNSUBSCRIBE_H

#include "base/buf.h"
#include "net/http_server.h"

struct unsubscribe_answer {
	unsigned status;
	struct http_header headers[6];
	size_t header_count;
	struct slice body; /* static */
	bool counts;       /* something is to be recorded before this is answered */
	bool one_click;
	bool stop_tracking;
};

/* `is_ours`: the token opened. */
void unsubscribe_answer(struct http_request *request, bool is_ours, struct unsubscribe_answer *ret);
/* The whole HTTP response of an answer, for when it has to wait for the disk. */
void unsubscribe_write(const struct unsubscribe_answer *answer, struct buf *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* unsubscription: what it does that an address wants no more mail, and when that is held back because a machine seems
 * to have pressed the button.
 *
 * Sandboxes of mail gateways open what they find in a mail, and some press the buttons they see, moments after it
 * arrived. A press (never a one-click POST, RFC 8058) is held when it was judged a machine's, by what it says of itself
 * or by what it did, less than 10 minutes after delivery. Held means: mail goes on, an event says what was seen, and
 * somebody may confirm or dismiss it. The doubt is the recipient's: any press that is not held itself confirms it, and
 * so does time. doc/decisions/0013 says why. All on the writer's thread unless said otherwise.
 */
#ifndef PUGMARK_ENGINE_UNSUBSCRIPTION_H
#define PUGMARK_ENGINE_UNSUBSCRIPTION_H

#include "engine/ledger/batch.h"
#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"

enum { UNSUBSCRIPTION_WINDOW_SECONDS = 600 }; /* after delivery, or sending where delivery is not reported */

/* A press at `time_us` with that verdict is to be held. Mail that did not leave yet is in the window. */
bool unsubscription_is_doubtful(const struct message *message, const struct verdict *verdict, int64_t time_us);

/* Keeps `event` (a hit's, with its verdict) as held; its type and flags are set here. Nothing when the message's
 * recipient unsubscribed already and nobody has lifted that since, or a press of it was held before and is not
 * confirmed. */
enum status unsubscription_hold(struct batch *batch, struct message *message, const struct event *event,
				struct err *err) MUST_CHECK;

/* No more mail to the message's address: suppressed, counted once for the message, with `event`. Nothing when that
 * holds already; once somebody has taken the address off the list a further press is as good as the first. A press that
 * is held is confirmed by it, also one that was dismissed. */
enum status unsubscription_take(struct batch *batch, struct message *message, const struct event *event,
				struct err *err) MUST_CHECK;

/* Confirms what was held before that time, at most UNSUBSCRIPTION_DUE_MAX of it; call again when *ret_count says that
 * much. Several writers may do so at once. */
enum { UNSUBSCRIPTION_DUE_MAX = 200 };
enum status unsubscription_confirm_due(struct batch *batch, int64_t held_before_us, size_t *ret_count,
				       struct err *err) MUST_CHECK;

struct unsubscription_decision {
	uint32_t tenant;
	struct uuid message;
	bool is_confirmed;  /* false: dismissed; further presses of machines on that mail are not asked about again */
	struct slice by;    /* an e-mail address or "api_key" */
	struct slice actor; /* see struct audit_entry */
};
/* What a person says about one that is held. Blocks; any thread but the writer's. STATUS_NOT_FOUND: the tenant has no
 * such message. STATUS_CONFLICT: nothing of it is waiting. Else as writer_submit_and_wait. */
enum status unsubscription_decide(const struct sending *sending, const struct unsubscription_decision *decision,
				  struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* accept_sender: in whose name a mail is taken. Reads the store, writes nothing. */
#ifndef PUGMARK_ENGINE_ACCEPT_SENDER_H
#define PUGMARK_ENGINE_ACCEPT_SENDER_H

#include "engine/intake/accept.h"

struct sender_refusal {
	const char *field;   /* of the request */
	const char *problem; /* with it */
};
/* Of a scoped caller the sender is himself, whether or not the request says so; naming somebody else is STATUS_DENIED,
 * and so is the address of another user in From. Of the others a sender who is a user of the tenant, by id or by
 * address in any case, becomes the user's address as it is kept, so that he finds the mail; anything else stays as it
 * is. Else the store's failure. Blocks. */
enum status accept_sender_resolve(const struct accept_context *context, struct send_request *request,
				  struct sender_refusal *ret, struct err *err) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* contacts: who mail goes to, and what they agree to, with the proof of it. Handlers (see call.h and routes.c), and
 * what others need to speak of a contact. */
#ifndef PUGMARK_WEB_API_CONTACTS_H
#define PUGMARK_WEB_API_CONTACTS_H

#include "codec/text/json_text.h"
#include "store/people/contacts.h"
#include "web/api/call.h"

struct contact;

void contacts_get(struct api_call *call, struct api_worker *worker);
void contacts_put(struct api_call *call, struct api_worker *worker);
void contacts_put_consent(struct api_call *call, struct api_worker *worker);

/* The contact of the path. STATUS_NOT_FOUND: there is none; ret->id is what it would be called. */
enum status contacts_find(struct api_call *call, struct api_worker *worker, struct contact *ret,
			  struct err *err) MUST_CHECK;
/* The contact with the history of its consent, as one JSON object. Nothing is written when it fails. */
enum status contacts_write(struct api_call *call, struct api_worker *worker, struct json_text *w,
			   const struct contact *contact, struct err *err) MUST_CHECK;

#endif

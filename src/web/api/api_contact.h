/* SPDX-License-Identifier: Apache-2.0 */
/* api_contact: what the handlers about contacts share. */
#ifndef PUGMARK_WEB_API_CONTACT_H
#define PUGMARK_WEB_API_CONTACT_H

#include "codec/text/json_text.h"
#include "web/api/api.h"

/* The contact of the path. STATUS_NOT_FOUND: there is none; ret->id is what it would be called. */
enum status api_find_contact(struct api_call *call, struct api_worker *worker, struct contact *ret,
			     struct err *err) MUST_CHECK;
/* The contact with the history of its consent, as one JSON object. Nothing is written when it fails. */
enum status api_put_contact_json(struct api_call *call, struct api_worker *worker, struct json_text *w,
				 const struct contact *contact, struct err *err) MUST_CHECK;
/* A message's fields, inside of an object. */
void api_put_message_fields(struct json_text *w, const struct message *message);

#endif

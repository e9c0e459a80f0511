/* SPDX-License-Identifier: Apache-2.0 */
/* send_parts: the parts of a request to send that are objects or arrays themselves. Readers for the table of
 * send_request.c; each `member` is what the table's offset names there. */
#ifndef PUGMARK_ENGINE_SEND_PARTS_H
#define PUGMARK_ENGINE_SEND_PARTS_H

#include "engine/request/json_fields.h"
#include "store/mail/messages.h"

/* struct mail_party */
void send_parts_party(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct send_headers */
void send_parts_headers(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct send_attachments */
void send_parts_attachments(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct slice: the bytes */
void send_parts_eml(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct send_contact */
void send_parts_contact(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct send_noun: campaign, template */
void send_parts_noun(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct send_sequence */
void send_parts_sequence(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct send_track */
void send_parts_track(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct slice: a mail address, in its normal form. */
void send_parts_address(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* "full", "anonymous" or "off"; false after having said what is wrong. */
bool send_parts_consent(struct json_reading *r, const json_t *value, const struct json_place *place, enum consent *ret);
/* struct send_unsubscribe */
void send_parts_unsubscribe(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
/* struct slice: the object as compact JSON */
void send_parts_metadata(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);

#endif

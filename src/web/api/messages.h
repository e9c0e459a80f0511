/* SPDX-License-Identifier: Apache-2.0 */
/* messages: lists, one with its timeline, the HTML as sent, cancel and resolve. Handlers (see call.h and routes.c), and
 * what others need to speak of a message. */
#ifndef PUGMARK_WEB_API_MESSAGES_H
#define PUGMARK_WEB_API_MESSAGES_H

#include "codec/text/json_text.h"
#include "web/api/call.h"

struct mail_link;
struct message;

void messages_list(struct api_call *call, struct api_worker *worker);
void messages_list_in_doubt(struct api_call *call, struct api_worker *worker);
void messages_get(struct api_call *call, struct api_worker *worker);
void messages_preview(struct api_call *call, struct api_worker *worker);
void messages_cancel(struct api_call *call, struct api_worker *worker);
void messages_resolve(struct api_call *call, struct api_worker *worker);

/* A message's fields, inside of an object. */
void messages_write_fields(struct json_text *w, const struct message *message);
/* The field "links": what became of each link of a mail. */
void messages_write_links(struct json_text *w, const struct mail_link *links, size_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* event_json: an event in the one shape that the API, the live stream and webhooks show (doc/openapi.yaml, Event). */
#ifndef PUGMARK_ENGINE_EVENT_JSON_H
#define PUGMARK_ENGINE_EVENT_JSON_H

#include "base/buf.h"
#include "codec/text/json_text.h"
#include "codec/token/link_token.h"
#include "store/events/events.h"

/* Appends one JSON object, without line breaks. */
struct event_json_context {
	struct slice tenant_name;         /* what "tenant" says */
	struct link_token_sealer *sealer; /* of this thread, for "token" */
};
void event_json_append(struct buf *b, const struct event *event, const struct event_json_context *context);
/* Appends the token of the link that the event came by, the same text as in the mail: sealing is deterministic, and all
 * that goes in is in the event and its message. Nothing when it came by none, or its key is gone. */
void event_token_append(struct buf *b, const struct event *event, struct link_token_sealer *sealer);
/* What the verdict of an open or click says, for the event that corrects it; without words, because it is kept. */
void event_json_append_verdict(struct buf *b, const struct event *event);
/* Two keys: "reasons", a list of codes, and "why", the same in words; null when there are none. */
void event_json_put_reasons(struct json_text *w, struct slice reasons);

#endif

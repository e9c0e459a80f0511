/* SPDX-License-Identifier: Apache-2.0 */
/* event_json: an event in the one shape that the API, the live stream and webhooks show (contract.md 4, Events). */
#ifndef PUGMARK_ENGINE_EVENT_JSON_H
#define PUGMARK_ENGINE_EVENT_JSON_H

#include "base/buf.h"
#include "codec/text/json_text.h"
#include "store/events/events.h"

/* Appends one JSON object, without line breaks. `tenant_name` is what "tenant" says. */
void event_json_append(struct buf *b, const struct event *event, struct slice tenant_name);
/* What the verdict of an open or click says, for the event that corrects it; without words, because it is kept. */
void event_json_append_verdict(struct buf *b, const struct event *event);
/* Two keys: "reasons", a list of codes, and "why", the same in words; null when there are none. */
void event_json_put_reasons(struct json_text *w, struct slice reasons);
/* Apple Mail Privacy Protection fetched it. */
bool event_is_mpp(const struct event *event);
/* Counted for the campaign, not for the person. */
bool event_is_anonymous(const struct event *event);
/* A provider told of it; we did not see it ourselves. */
bool event_is_report(const struct event *event);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* event_csv: an event as a line of comma-separated values: what event_json shows, in a row (doc/openapi.yaml,
 * /events/export). */
#ifndef PUGMARK_ENGINE_EVENT_CSV_H
#define PUGMARK_ENGINE_EVENT_CSV_H

#include "engine/feed/event_json.h"

/* The line with the columns' names. */
void event_csv_append_names(struct buf *b);
/* STATUS_FAULT: there was no memory for it, and nothing was appended. */
enum status event_csv_append(struct buf *b, const struct event *event, const struct event_json_context *context,
			     struct err *err) MUST_CHECK;

#endif

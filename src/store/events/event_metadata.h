/* SPDX-License-Identifier: Apache-2.0 */
/* event_metadata: the object in email_events.metadata, see contract "In SQL". Private to the store. */
#ifndef PUGMARK_STORE_EVENT_METADATA_H
#define PUGMARK_STORE_EVENT_METADATA_H

#include "store/events/events.h"

/* Appends {"source":"pugmark","medium":"email","campaign":…,"email_position":…,"contact_category":…, own members}:
 * the last three of the first five only when the event has them. Own members come from event->metadata, the object that
 * the message was given; those with one of the five names are left out, so that ours are always true. Text that is no
 * object adds nothing. One pass over the text, nothing is allocated beyond `b`. */
void event_metadata_append(struct buf *b, const struct event *event);

#endif

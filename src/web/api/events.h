/* SPDX-License-Identifier: Apache-2.0 */
/* events: lists, one, and the live stream. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_EVENTS_H
#define PUGMARK_WEB_API_EVENTS_H

#include "web/api/call.h"

void events_list(struct api_call *call, struct api_worker *worker);
void events_get(struct api_call *call, struct api_worker *worker);
void events_stream(struct api_call *call, struct api_worker *worker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* events: lists, one, the live stream and the export. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_EVENTS_H
#define PUGMARK_WEB_API_EVENTS_H

#include "web/api/call.h"

void events_list(struct api_call *call, struct api_worker *worker);
void events_get(struct api_call *call, struct api_worker *worker);
void events_stream(struct api_call *call, struct api_worker *worker);
void events_export(struct api_call *call, struct api_worker *worker);

/* The position of the newest event of the caller's tenant; 0: there is none. What is read up to there is all that had
 * been written before. */
enum status events_newest(struct api_call *call, struct api_worker *worker, uint64_t *ret, struct err *err) MUST_CHECK;

#endif

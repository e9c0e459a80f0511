/* SPDX-License-Identifier: Apache-2.0 */
/* queue: what waits to be sent. A handler; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_QUEUE_H
#define PUGMARK_WEB_API_QUEUE_H

#include "web/api/call.h"

void queue_get(struct api_call *call, struct api_worker *worker);

#endif

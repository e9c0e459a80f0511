/* SPDX-License-Identifier: Apache-2.0 */
/* stats: numbers. A handler; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_STATS_H
#define PUGMARK_WEB_API_STATS_H

#include "web/api/call.h"

void stats_summary(struct api_call *call, struct api_worker *worker);

#endif

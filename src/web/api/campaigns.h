/* SPDX-License-Identifier: Apache-2.0 */
/* campaigns: their name, and how far their mail may be tracked. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_CAMPAIGNS_H
#define PUGMARK_WEB_API_CAMPAIGNS_H

#include "web/api/call.h"

void campaigns_get(struct api_call *call, struct api_worker *worker);
void campaigns_put(struct api_call *call, struct api_worker *worker);

#endif

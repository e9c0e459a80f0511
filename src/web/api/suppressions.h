/* SPDX-License-Identifier: Apache-2.0 */
/* suppressions: the list of addresses that get no mail. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_SUPPRESSIONS_H
#define PUGMARK_WEB_API_SUPPRESSIONS_H

#include "web/api/call.h"

void suppressions_list(struct api_call *call, struct api_worker *worker);
void suppressions_add(struct api_call *call, struct api_worker *worker);
void suppressions_remove(struct api_call *call, struct api_worker *worker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* unsubscribes: unsubscribes that are held, and what a person says to them. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_UNSUBSCRIBES_H
#define PUGMARK_WEB_API_UNSUBSCRIBES_H

#include "web/api/call.h"

void unsubscribes_list(struct api_call *call, struct api_worker *worker);
void unsubscribes_confirm(struct api_call *call, struct api_worker *worker);
void unsubscribes_dismiss(struct api_call *call, struct api_worker *worker);

#endif

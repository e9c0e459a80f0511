/* SPDX-License-Identifier: Apache-2.0 */
/* privacy: what a person may ask for. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_PRIVACY_H
#define PUGMARK_WEB_API_PRIVACY_H

#include "web/api/call.h"

void privacy_export(struct api_call *call, struct api_worker *worker);
void privacy_erase(struct api_call *call, struct api_worker *worker);

#endif

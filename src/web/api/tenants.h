/* SPDX-License-Identifier: Apache-2.0 */
/* tenants: tenants and their settings. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_TENANTS_H
#define PUGMARK_WEB_API_TENANTS_H

#include "web/api/call.h"

void tenants_list(struct api_call *call, struct api_worker *worker);
void tenants_add(struct api_call *call, struct api_worker *worker);
void tenants_get(struct api_call *call, struct api_worker *worker);
void tenants_change(struct api_call *call, struct api_worker *worker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* audit: who changed what. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_AUDIT_H
#define PUGMARK_WEB_API_AUDIT_H

#include "web/api/call.h"

void audit_list(struct api_call *call, struct api_worker *worker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* sign: signatures for callers that build their own links. A handler; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_SIGN_H
#define PUGMARK_WEB_API_SIGN_H

#include "web/api/call.h"

void sign_urls(struct api_call *call, struct api_worker *worker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* lint: what is wrong with a mail before it is sent. A handler; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_LINT_H
#define PUGMARK_WEB_API_LINT_H

#include "web/api/call.h"

void lint_post(struct api_call *call, struct api_worker *worker);

#endif

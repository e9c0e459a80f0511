/* SPDX-License-Identifier: Apache-2.0 */
/* session: signing in to the console, signing out, and who one is. Handlers; see call.h and routes.c. */
#ifndef PUGMARK_WEB_API_SESSION_H
#define PUGMARK_WEB_API_SESSION_H

#include "web/api/call.h"

void session_start(struct api_call *call, struct api_worker *worker);
void session_end(struct api_call *call, struct api_worker *worker);
void session_me(struct api_call *call, struct api_worker *worker);

#endif

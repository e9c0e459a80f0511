/* SPDX-License-Identifier: Apache-2.0 */
/* send: mails taken to be sent, or instrumented for a caller that sends by itself. Handlers; see call.h and routes.c.
 */
#ifndef PUGMARK_WEB_API_SEND_H
#define PUGMARK_WEB_API_SEND_H

#include "web/api/call.h"

void send_message(struct api_call *call, struct api_worker *worker);
void send_batch(struct api_call *call, struct api_worker *worker);
void send_instrument(struct api_call *call, struct api_worker *worker);

#endif

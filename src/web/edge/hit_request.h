/* SPDX-License-Identifier: Apache-2.0 */
/* hit_request: what a request says of a hit, as the journal keeps it. Pure. */
#ifndef PUGMARK_WEB_HIT_REQUEST_H
#define PUGMARK_WEB_HIT_REQUEST_H

#include "engine/ledger/record.h"
#include "net/http_server.h"

/* Of a request whose token was opened. Slices point into request and token. */
struct hit_record hit_request_read(const struct http_request *request, const struct link_token *token, uint8_t key_id);

#endif

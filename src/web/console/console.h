/* SPDX-License-Identifier: Apache-2.0 */
/* console: serves the web console's files and /openapi.json from the program itself. */
#ifndef PUGMARK_WEB_CONSOLE_H
#define PUGMARK_WEB_CONSOLE_H

#include "net/http_server.h"

/* True when it answered: a file, or, for a GET that wants HTML, the page that every console address is. */
bool console_handle(struct http_request *request, struct slice openapi_json);

#endif

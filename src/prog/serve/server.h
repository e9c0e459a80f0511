/* SPDX-License-Identifier: Apache-2.0 */
/* server: all the parts of a running installation, joined. */
#ifndef PUGMARK_PROG_SERVER_H
#define PUGMARK_PROG_SERVER_H

#include "prog/serve/installation.h"

struct server;

/* The installation must be open and outlive the server. On failure everything is stopped again. */
enum status server_start(struct installation *installation, struct server **ret, struct err *err) MUST_CHECK;
uint16_t server_port(const struct server *server);
const char *server_base_url(const struct server *server);
/* Called about once a second: says once when something went wrong or came back. False: the server must be stopped, and
 * it was said why. */
bool server_watch(struct server *server);
/* Takes ten seconds at most: what hangs then ends with the process (stop_deadline.h). NULL is allowed. */
void server_stop(struct server **server);

#endif

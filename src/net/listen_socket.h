/* SPDX-License-Identifier: Apache-2.0 */
/* listen_socket: TCP sockets that share one port between the loops of one server, and with nobody else. */
#ifndef PUGMARK_NET_LISTEN_SOCKET_H
#define PUGMARK_NET_LISTEN_SOCKET_H

#include "base/status.h"
#include <netinet/in.h>
#include <stdbool.h>

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to;
	socklen_t size;
};

/* "127.0.0.1", "::", "[::1]"; "::" takes IPv4 too. STATUS_BAD_INPUT: no such address. */
enum status listen_address_read(struct listen_address *at, const char *address, uint16_t port,
				struct err *err) MUST_CHECK;
uint16_t listen_address_port(const struct listen_address *at);

/* A bound socket that does not block; the caller listens. The first one of a server must have the port for itself:
 * STATUS_CONFLICT when anybody has it, the same user's other process too, though the kernel would let both share it.
 * It fills in a port of 0. `shared`: more are to come. STATUS_IO for all else. */
enum status listen_socket_open(struct listen_address *at, bool first, bool shared, int *ret_fd,
			       struct err *err) MUST_CHECK;

#endif

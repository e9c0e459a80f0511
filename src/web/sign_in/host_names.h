/* SPDX-License-Identifier: Apache-2.0 */
/* host_names: by which names this server lets itself be called (RFC 9110, 7.4). Immutable once it is made.
 *
 * A page of somebody else's whose name is made to lead to this server (DNS rebinding) is, to a browser, the same site
 * as the console; the Host that it sends tells it. Addresses are no names: a browser that asks for one means that
 * machine, and nothing here makes a URL out of a Host. */
#ifndef PUGMARK_WEB_SIGN_IN_HOST_NAMES_H
#define PUGMARK_WEB_SIGN_IN_HOST_NAMES_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

enum { HOST_NAMES_MAX = 64 };

struct host_names {
	bool any;
	size_t count;
	struct slice names[HOST_NAMES_MAX];
};

/* `list` is server.hosts, names with commas between them or "*". `base_url` is the configured one, empty where there is
 * none; its host is one of the names. Without a name from either any is good: it is not known yet by which one people
 * will come. Slices point into both texts. STATUS_BAD_INPUT: a word that is no host name. */
enum status host_names_parse(struct slice list, struct slice base_url, struct host_names *ret,
			     struct err *err) MUST_CHECK;

/* Whether a request with this Host is meant for us. The header's value as it came, with a port or without; p == NULL:
 * there was none, which only HTTP/1.0 may do. */
bool host_names_have(const struct host_names *names, struct slice host);
/* This machine's own name or address: 127.0.0.1, ::1, localhost and what ends in .localhost (RFC 6761, 6.3). */
bool host_is_loopback(struct slice host);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* peer_address: who really asked, when trusted proxies stand in between.
 *
 * A header is believed only as far as the machine that wrote it: starting from the connection's peer, the walk goes
 * from right to left through the addresses the proxies added, and stops at the first one that is not a trusted proxy.
 * What stands left of it was written by the client and means nothing.
 * X-Forwarded-For is used when there is one, else Forwarded (RFC 7239): a proxy that writes Forwarded must take
 * X-Forwarded-For away from its clients.
 */
#ifndef PUGMARK_NET_PEER_ADDRESS_H
#define PUGMARK_NET_PEER_ADDRESS_H

#include "base/slice.h"
#include "codec/judge/ip_address.h"

struct trusted_proxies {
	const struct ip_address_range *ranges;
	size_t count;
};

struct peer_address {
	struct ip_address address;
	bool is_https;
};

/* The header lines of one name, in the order they came; enough for anything but an attack. */
enum { PEER_ADDRESS_LINES = 8 };
struct header_lines {
	struct slice lines[PEER_ADDRESS_LINES];
	size_t count;
};

struct forwarding_headers {
	struct header_lines x_forwarded_for;
	struct header_lines forwarded;
	struct slice x_forwarded_proto; /* the last line; its last element counts */
};

/* `peer` is who is connected; `is_https` what is known of the connection itself. */
struct peer_address peer_address_find(const struct peer_address *peer, const struct trusted_proxies *trusted,
				      const struct forwarding_headers *headers);

#endif

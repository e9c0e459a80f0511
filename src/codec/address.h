/* SPDX-License-Identifier: Apache-2.0 */
/* address: IP addresses as 16 bytes; IPv4 is ::ffff:a.b.c.d. */
#ifndef PUGMARK_CODEC_ADDRESS_H
#define PUGMARK_CODEC_ADDRESS_H

#include "base/buf.h"

struct address {
	uint8_t bytes[16];
};

struct address_range {
	struct address base;
	uint8_t prefix; /* bits, 0-128, of the 16-byte form */
};

bool address_is_ipv4(const struct address *a);
bool address_is_loopback(const struct address *a);
bool address_equal(const struct address *a, const struct address *b);
/* Dotted IPv4 or RFC 4291 text, without port, brackets or zone. Strict: no leading zeros, octal or short IPv4. */
bool address_parse(struct slice text, struct address *ret);
/* "10.0.0.0/8", "2001:db8::/32", or a bare address. */
bool address_range_parse(struct slice text, struct address_range *ret);
bool address_in_range(const struct address *a, const struct address_range *range);
bool address_in_any(const struct address *a, const struct address_range *ranges, size_t count);
/* The network that stands for a client where not all of its address is wanted: an IPv4 /24, an IPv6 /48. */
struct address address_network(const struct address *a);
/* RFC 5952; IPv4 dotted. */
void address_append(struct buf *b, const struct address *a);

#endif

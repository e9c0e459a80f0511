/* SPDX-License-Identifier: Apache-2.0 */
/* ip_address: IP addresses as 16 bytes; IPv4 is ::ffff:a.b.c.d. */
#ifndef PUGMARK_CODEC_IP_ADDRESS_H
#define PUGMARK_CODEC_IP_ADDRESS_H

#include "base/buf.h"

struct ip_address {
	uint8_t bytes[16];
};

struct ip_address_range {
	struct ip_address base;
	uint8_t prefix; /* bits, 0-128, of the 16-byte form */
};

bool ip_address_is_ipv4(const struct ip_address *a);
bool ip_address_is_loopback(const struct ip_address *a);
bool ip_address_equal(const struct ip_address *a, const struct ip_address *b);
/* Dotted IPv4 or RFC 4291 text, without port, brackets or zone. Strict: no leading zeros, octal or short IPv4. */
bool ip_address_parse(struct slice text, struct ip_address *ret);
/* "10.0.0.0/8", "2001:db8::/32", or a bare address. */
bool ip_address_range_parse(struct slice text, struct ip_address_range *ret);
bool ip_address_in_any(const struct ip_address *a, const struct ip_address_range *ranges, size_t count);
/* The network that stands for a client where not all of its address is wanted: an IPv4 /24, an IPv6 /48. */
struct ip_address ip_address_network(const struct ip_address *a);
/* What one customer of a network has at least: an IPv4 address, an IPv6 /64. */
struct ip_address ip_address_subscriber(const struct ip_address *a);
/* RFC 5952; IPv4 dotted. */
void ip_address_append(struct buf *b, const struct ip_address *a);

#endif

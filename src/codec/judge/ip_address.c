/* SPDX-License-Identifier: Apache-2.0 */
/* Every address has sixteen bytes, IPv4 in its mapped form (RFC 4291, 2.5.5.2), so that nobody behind this asks which
 * it is. Text is taken in the one spelling that all readers agree about, since addresses decide who is trusted. */
#include "codec/judge/ip_address.h"

#include "codec/text/hex.h"

static const uint8_t ipv4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool ip_address_is_ipv4(const struct ip_address *a)
{
	return memcmp(a->bytes, ipv4_prefix, sizeof ipv4_prefix) == 0;
}

bool ip_address_is_loopback(const struct ip_address *a)
{
	static const uint8_t one[16] = {[15] = 1};
	return (ip_address_is_ipv4(a) && a->bytes[12] == 127) || memcmp(a->bytes, one, sizeof one) == 0;
}

/* The rest is zero. */
static struct ip_address first_bytes(const struct ip_address *a, size_t kept)
{
	struct ip_address network = {{0}};
	memcpy(network.bytes, a->bytes, kept);
	return network;
}

/* What one household or company has: /24 of IPv4 and /48 of IPv6 (RFC 6177). */
struct ip_address ip_address_network(const struct ip_address *a)
{
	return first_bytes(a, ip_address_is_ipv4(a) ? 15 : 6); /* of the 16-byte form */
}

struct ip_address ip_address_subscriber(const struct ip_address *a)
{
	return first_bytes(a, ip_address_is_ipv4(a) ? 16 : 8);
}

bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Four decimal numbers without leading zeros: inet_aton's octal and short forms mean other hosts to other readers. */
static bool parse_ipv4(struct slice text, uint8_t to[4])
{
	for (int i = 0; i < 4; i++) {
		uint64_t value;
		if (slice_index(text, '.') == text.n && i < 3)
			return false;
		struct slice part = i < 3 ? slice_cut(&text, '.') : text;
		if (part.n > 3 || (part.n > 1 && part.p[0] == '0') || !slice_to_u64(part, 255, &value))
			return false;
		to[i] = (uint8_t)value;
	}
	return true;
}

/* One to four hexadecimal digits. */
static bool parse_group(struct slice text, uint8_t to[2])
{
	unsigned value = 0;
	if (text.n < 1 || text.n > 4)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = hex_value(text.p[i]);
		if (digit < 0)
			return false;
		value = value << 4 | (unsigned)digit;
	}
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return true;
}

/* Groups joined by ':', the last of which may be a dotted IPv4 when `last` says so. The count of bytes, or -1. */
static int parse_groups(struct slice text, bool last, uint8_t to[16])
{
	int n = 0;
	bool more = text.n > 0;
	while (more) {
		more = slice_index(text, ':') < text.n;
		struct slice part = slice_cut(&text, ':');
		if (last && !more && slice_index(part, '.') < part.n) {
			if (n > 12 || !parse_ipv4(part, to + n))
				return -1;
			return n + 4;
		}
		if (n > 14 || !parse_group(part, to + n))
			return -1;
		n += 2;
	}
	return n;
}

/* Split at the "::" there may be, both sides read by themselves, the gap filled with zeros (RFC 4291, 2.2). */
static bool parse_ipv6(struct slice text, uint8_t to[16])
{
	uint8_t front[16], back[16];
	size_t gap = 0;
	while (gap + 1 < text.n && (text.p[gap] != ':' || text.p[gap + 1] != ':'))
		gap++;
	if (gap + 1 >= text.n)
		return parse_groups(text, true, to) == 16;
	int front_n = parse_groups(slice_sub(text, 0, gap), false, front);
	int back_n = parse_groups(slice_from(text, gap + 2), true, back);
	if (front_n < 0 || back_n < 0 || front_n + back_n > 14) /* "::" stands for one group at least */
		return false;
	memset(to, 0, 16);
	memcpy(to, front, (size_t)front_n);
	memcpy(to + 16 - back_n, back, (size_t)back_n);
	return true;
}

bool ip_address_parse(struct slice text, struct ip_address *ret)
{
	struct ip_address a;
	if (slice_index(text, ':') < text.n) {
		if (!parse_ipv6(text, a.bytes))
			return false;
	} else {
		memcpy(a.bytes, ipv4_prefix, sizeof ipv4_prefix);
		if (!parse_ipv4(text, a.bytes + 12))
			return false;
	}
	*ret = a;
	return true;
}

bool ip_address_range_parse(struct slice text, struct ip_address_range *ret)
{
	struct ip_address_range range = {.prefix = 128};
	size_t slash = slice_index(text, '/');
	struct slice base = slice_sub(text, 0, slash);
	if (!ip_address_parse(base, &range.base))
		return false;
	if (slash < text.n) {
		struct slice digits = slice_from(text, slash + 1);
		bool dotted = slice_index(base, ':') == base.n;
		uint64_t bits;
		if (digits.n > 3 || (digits.n > 1 && digits.p[0] == '0') ||
		    !slice_to_u64(digits, dotted ? 32 : 128, &bits))
			return false;
		range.prefix = (uint8_t)(dotted ? 96 + bits : bits);
	}
	*ret = range;
	return true;
}

/* Bits beyond the prefix are not looked at, so a range may be written with any address in it. */
static bool is_in_range(const struct ip_address *a, const struct ip_address_range *range)
{
	size_t whole = range->prefix / 8;
	unsigned rest = range->prefix % 8;
	if (memcmp(a->bytes, range->base.bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ range->base.bytes[whole]) >> (8 - rest)) == 0;
}

bool ip_address_in_any(const struct ip_address *a, const struct ip_address_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_in_range(a, &ranges[i]))
			return true;
	return false;
}

/* The longest run of two or more zero groups, the first of equals: RFC 5952 section 4.2. */
static void find_gap(const uint8_t *bytes, int *ret_from, int *ret_n)
{
	int best = 0, at = -1;
	for (int i = 0; i < 8; i++) {
		int n = 0;
		while (i + n < 8 && bytes[2 * (i + n)] == 0 && bytes[2 * (i + n) + 1] == 0)
			n++;
		if (n > best) {
			best = n;
			at = i;
		}
		i += n;
	}
	*ret_from = best > 1 ? at : -1;
	*ret_n = best > 1 ? best : 0;
}

/* RFC 5952: lower case, no leading zeros, one "::"; so that one address has one text in logs and lists. */
void ip_address_append(struct buf *b, const struct ip_address *a)
{
	const uint8_t *p = a->bytes;
	int gap, gap_n;
	if (ip_address_is_ipv4(a)) {
		buf_printf(b, "%u.%u.%u.%u", p[12], p[13], p[14], p[15]);
		return;
	}
	find_gap(p, &gap, &gap_n);
	for (int i = 0; i < 8; i++) {
		if (i == gap) {
			buf_append_cstr(b, "::");
			i += gap_n - 1;
			continue;
		}
		if (i > 0 && i != gap + gap_n)
			buf_append_byte(b, ':');
		buf_printf(b, "%x", (unsigned)p[2 * i] << 8 | p[2 * i + 1]);
	}
}

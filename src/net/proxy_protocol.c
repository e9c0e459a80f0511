/* SPDX-License-Identifier: Apache-2.0 */
/* Format: 12 bytes of signature, version and command, family and transport, two bytes of length (big-endian), the
 * addresses, then type-length-value triples. See HAProxy's doc/proxy-protocol.txt, section 2.2. Version 1 (2.1) is
 * `PROXY TCP4 source destination port port` and CRLF, 107 bytes at most; no method of HTTP is called PROXY. */
#include "net/proxy_protocol.h"

static const char signature[12] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

enum {
	HEADER_SIZE = 16,
	COMMAND_LOCAL = 0x20,
	COMMAND_PROXY = 0x21,
	FAMILY_INET = 1,
	FAMILY_INET6 = 2,
	FAMILY_UNIX = 3,
	TYPE_SSL = 0x20,
	CLIENT_SSL = 0x01,
};

static size_t load_u16(const char *p)
{
	return (size_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

/* How many bytes the addresses of a family take. */
static size_t addresses_size(unsigned family)
{
	static const size_t sizes[] = {0, 12, 36, 216};
	return family <= FAMILY_UNIX ? sizes[family] : 0;
}

/* False when a triple runs past the end. */
static bool read_triples(struct slice rest, struct proxy_protocol *header)
{
	while (rest.n > 0) {
		if (rest.n < 3 || load_u16(rest.p + 1) > rest.n - 3)
			return false;
		size_t n = load_u16(rest.p + 1);
		if (rest.p[0] == TYPE_SSL && n >= 5)
			header->is_tls = (rest.p[3] & CLIENT_SSL) != 0;
		rest = slice_from(rest, 3 + n);
	}
	return true;
}

static void set_source(struct proxy_protocol *header, unsigned family, const char *addresses)
{
	uint8_t *to = header->source.bytes;
	if (family == FAMILY_INET) {
		memset(to, 0, 10);
		memset(to + 10, 0xff, 2);
		memcpy(to + 12, addresses, 4);
	} else if (family == FAMILY_INET6) {
		memcpy(to, addresses, 16);
	}
	header->has_source = family == FAMILY_INET || family == FAMILY_INET6;
}

/* ---- Version 1 */

enum { LINE_MAX_V1 = 107, PORT_MAX = 65535 };
#define LINE_BEGIN SLICE("PROXY ")

/* Text of a family that the line names, in the form the sender must use: no port, no brackets. */
static bool read_text_address(struct slice text, bool is_v6, struct ip_address *ret)
{
	bool has_colon = slice_index(text, ':') < text.n;
	return has_colon == is_v6 && ip_address_parse(text, ret);
}

static bool read_addresses(struct slice rest, bool is_v6, struct ip_address *ret)
{
	struct ip_address to;
	uint64_t port;
	struct slice source = slice_cut(&rest, ' ');
	struct slice destination = slice_cut(&rest, ' ');
	struct slice source_port = slice_cut(&rest, ' ');
	return read_text_address(source, is_v6, ret) && read_text_address(destination, is_v6, &to) &&
	       slice_to_u64(source_port, PORT_MAX, &port) && slice_to_u64(rest, PORT_MAX, &port);
}

static bool read_line(struct slice line, struct proxy_protocol *header)
{
	struct slice family = slice_cut(&line, ' ');
	if (slice_equal(family, SLICE("UNKNOWN")))
		return true; /* what follows is to be passed over */
	header->has_source = true;
	return slice_equal(family, SLICE("TCP4"))   ? read_addresses(line, false, &header->source)
	       : slice_equal(family, SLICE("TCP6")) ? read_addresses(line, true, &header->source)
						    : false;
}

/* `bytes` begins as such a line does, as far as it goes. */
static enum proxy_protocol_result read_v1(struct slice bytes, struct proxy_protocol *ret)
{
	struct proxy_protocol header = {0};
	struct slice looked_at = slice_sub(bytes, 0, bytes.n < LINE_MAX_V1 ? bytes.n : LINE_MAX_V1);
	size_t end = slice_index(looked_at, '\n');
	if (end == looked_at.n)
		return bytes.n < LINE_MAX_V1 ? PROXY_PROTOCOL_MORE : PROXY_PROTOCOL_BAD;
	if (looked_at.p[end - 1] != '\r' || !read_line(slice_sub(bytes, LINE_BEGIN.n, end - 1), &header))
		return PROXY_PROTOCOL_BAD;
	header.size = end + 1;
	*ret = header;
	return PROXY_PROTOCOL_WHOLE;
}

static bool begins_v1(struct slice bytes)
{
	size_t n = bytes.n < LINE_BEGIN.n ? bytes.n : LINE_BEGIN.n;
	return n > 0 && memcmp(bytes.p, LINE_BEGIN.p, n) == 0;
}

/* ---- */

enum proxy_protocol_result proxy_protocol_read(struct slice bytes, struct proxy_protocol *ret)
{
	struct proxy_protocol header = {0};
	if (begins_v1(bytes))
		return read_v1(bytes, ret);
	size_t compared = bytes.n < sizeof signature ? bytes.n : sizeof signature;
	if (compared > 0 && memcmp(bytes.p, signature, compared) != 0)
		return PROXY_PROTOCOL_NONE;
	if (bytes.n < HEADER_SIZE)
		return PROXY_PROTOCOL_MORE;
	unsigned char command = (unsigned char)bytes.p[12];
	unsigned family = (unsigned char)bytes.p[13] >> 4, transport = bytes.p[13] & 15;
	size_t n = load_u16(bytes.p + 14);
	if ((command != COMMAND_LOCAL && command != COMMAND_PROXY) || family > FAMILY_UNIX || transport > 2 ||
	    n > PROXY_PROTOCOL_MAX - HEADER_SIZE)
		return PROXY_PROTOCOL_BAD;
	header.size = HEADER_SIZE + n;
	if (bytes.n < header.size)
		return PROXY_PROTOCOL_MORE;
	if (command == COMMAND_PROXY) {
		size_t addresses = addresses_size(family);
		if (n < addresses || !read_triples(slice_sub(bytes, HEADER_SIZE + addresses, header.size), &header))
			return PROXY_PROTOCOL_BAD;
		set_source(&header, family, bytes.p + HEADER_SIZE);
	}
	*ret = header;
	return PROXY_PROTOCOL_WHOLE;
}

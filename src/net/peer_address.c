/* SPDX-License-Identifier: Apache-2.0 */
/* From right to left, because proxies append: the right end was written by the one that spoke to us, the left end may
 * have been written by anybody. An element that is no address ends the walk, since nobody knows what a proxy that
 * writes it means; what was found up to there stands. */
#include "net/peer_address.h"

/* Takes the last element off a comma-separated list; a comma inside quotes separates nothing. */
static struct slice cut_last(struct slice *list)
{
	size_t start = 0;
	bool quoted = false;
	for (size_t i = 0; i < list->n; i++) {
		char c = list->p[i];
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (c == ',' && !quoted)
			start = i + 1;
	}
	struct slice last = slice_from(*list, start);
	*list = slice_sub(*list, 0, start ? start - 1 : 0);
	return slice_trim(last);
}

static bool is_port(struct slice s)
{
	uint64_t port;
	return s.n > 1 && s.p[0] == ':' && slice_to_u64(slice_from(s, 1), 65535, &port);
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". */
static bool parse_node(struct slice text, struct ip_address *ret)
{
	if (text.n > 0 && text.p[0] == '[') {
		size_t end = slice_index(text, ']');
		struct slice behind = slice_from(text, end + 1);
		struct slice inner = slice_sub(text, 1, end);
		if (end == text.n || (behind.n > 0 && !is_port(behind)) || slice_index(inner, ':') == inner.n)
			return false;
		return ip_address_parse(inner, ret);
	}
	/* An IPv6 address without brackets has colons itself; so a port is only looked for behind dots. */
	size_t colon = slice_index(text, ':');
	struct slice behind = slice_from(text, colon);
	if (slice_index(slice_sub(text, 0, colon), '.') < colon && is_port(behind))
		text = slice_sub(text, 0, colon);
	return ip_address_parse(text, ret);
}

/* The value of `name` in one element of Forwarded ("for=…;proto=…"), without its quotes; p == NULL when missing. */
static struct slice forwarded_value(struct slice element, struct slice name)
{
	while (element.n > 0) {
		struct slice pair = slice_trim(slice_cut(&element, ';'));
		struct slice key = slice_cut(&pair, '=');
		if (!slice_equal_nocase(key, name))
			continue;
		if (pair.n >= 2 && pair.p[0] == '"' && pair.p[pair.n - 1] == '"')
			pair = slice_sub(pair, 1, pair.n - 1);
		return pair;
	}
	return (struct slice){0};
}

static bool is_trusted(const struct ip_address *a, const struct trusted_proxies *trusted)
{
	return ip_address_in_any(a, trusted->ranges, trusted->count);
}

/* The element of Forwarded that tells the final address also tells the protocol it came by. */
static void walk_forwarded(struct peer_address *peer, const struct trusted_proxies *trusted,
			   const struct header_lines *lines)
{
	for (size_t i = lines->count; i-- > 0;) {
		struct slice rest = lines->lines[i];
		while (rest.n > 0) {
			struct slice element = cut_last(&rest);
			struct slice proto = forwarded_value(element, SLICE("proto"));
			if (proto.p)
				peer->is_https = slice_equal_nocase(proto, SLICE("https"));
			struct ip_address next;
			if (!parse_node(forwarded_value(element, SLICE("for")), &next))
				return;
			peer->address = next;
			if (!is_trusted(&next, trusted))
				return;
		}
	}
}

static void walk_x_forwarded_for(struct peer_address *peer, const struct trusted_proxies *trusted,
				 const struct header_lines *lines)
{
	for (size_t i = lines->count; i-- > 0;) {
		struct slice rest = lines->lines[i];
		while (rest.n > 0) {
			struct ip_address next;
			if (!parse_node(cut_last(&rest), &next))
				return;
			peer->address = next;
			if (!is_trusted(&next, trusted))
				return;
		}
	}
}

struct peer_address peer_address_find(const struct peer_address *peer, const struct trusted_proxies *trusted,
				      const struct forwarding_headers *headers)
{
	struct peer_address found = *peer;
	if (!is_trusted(&peer->address, trusted))
		return found;
	if (headers->x_forwarded_for.count > 0)
		walk_x_forwarded_for(&found, trusted, &headers->x_forwarded_for);
	else
		walk_forwarded(&found, trusted, &headers->forwarded);
	struct slice proto = headers->x_forwarded_proto;
	if (proto.n > 0)
		found.is_https = slice_equal_nocase(cut_last(&proto), SLICE("https"));
	return found;
}

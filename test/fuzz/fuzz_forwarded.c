/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding headers from anywhere: whatever they say, a peer that is not trusted stands for itself. The first byte
 * picks the header; lines are separated by LF. */
#include "net/peer_address.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forwarding_headers headers = {0};
	struct ip_address_range range;
	struct peer_address peer = {0};
	if (size == 0 || !ip_address_range_parse(SLICE("10.0.0.0/8"), &range))
		return 0;
	struct header_lines *lines = data[0] & 1 ? &headers.forwarded : &headers.x_forwarded_for;
	struct slice rest = slice_of(data + 1, size - 1);
	while (rest.n > 0 && lines->count < PEER_ADDRESS_LINES)
		lines->lines[lines->count++] = slice_cut(&rest, '\n');
	headers.x_forwarded_proto = rest;
	const struct trusted_proxies trusted = {&range, 1};
	struct peer_address found = peer_address_find(&peer, &trusted, &headers);
	if (!ip_address_equal(&found.address, &peer.address) || found.is_https)
		abort();
	if (!ip_address_parse(SLICE("10.1.2.3"), &peer.address))
		abort();
	(void)peer_address_find(&peer, &trusted, &headers);
	return 0;
}

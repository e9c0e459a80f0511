/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_protocol: the header (PROXY protocol, version 2, which is binary, or 1, a line of text) with which a proxy
 * tells whose connection this is. */
#ifndef PUGMARK_NET_PROXY_PROTOCOL_H
#define PUGMARK_NET_PROXY_PROTOCOL_H

#include "base/slice.h"
#include "codec/judge/ip_address.h"

enum { PROXY_PROTOCOL_MAX = 2048 }; /* the longest header that is read; more is PROXY_PROTOCOL_BAD */

enum proxy_protocol_result { PROXY_PROTOCOL_NONE, PROXY_PROTOCOL_MORE, PROXY_PROTOCOL_WHOLE, PROXY_PROTOCOL_BAD };

struct proxy_protocol {
	size_t size;              /* bytes of the header */
	bool has_source;          /* else (LOCAL, UNSPEC, UNKNOWN, unix sockets) the peer stands for itself */
	struct ip_address source; /* */
	bool is_tls;              /* the client came over TLS, the proxy says (PP2_TYPE_SSL); version 1 cannot */
};

/* Looks at the first bytes of a connection. NONE: they are no such header. *ret is set at WHOLE only. */
enum proxy_protocol_result proxy_protocol_read(struct slice bytes, struct proxy_protocol *ret);

#endif

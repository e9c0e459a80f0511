/* SPDX-License-Identifier: Apache-2.0 */
/* http_chunked: takes the chunked coding (RFC 9112 section 7.1) off a body, in place, as it arrives.
 *
 * Strict where others are not: every line ends in CR LF and holds no other CR or LF (a lone LF in a chunk extension is
 * how requests are smuggled past lenient proxies), sizes are at most 8 digits, lines and trailers are short.
 */
#ifndef PUGMARK_NET_HTTP_CHUNKED_H
#define PUGMARK_NET_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

enum http_chunked_step { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER };

/* Zeroed at the start of a body. */
struct http_chunked {
	enum http_chunked_step step;
	uint32_t trailer_bytes;
	uint64_t left; /* of the chunk under way */
};

enum http_chunked_result { HTTP_CHUNKED_MORE, HTTP_CHUNKED_END, HTTP_CHUNKED_BAD, HTTP_CHUNKED_TOO_BIG };

/* `bytes` holds *body_n decoded bytes and then undecoded ones, *n in all. Decodes as much as it can; decoded bytes are
 * moved together and the undecoded rest is moved up behind them, so *n shrinks. At END what is left behind the body
 * belongs to the next request. TOO_BIG: more than `max` decoded bytes. */
enum http_chunked_result http_chunked_decode(struct http_chunked *chunked, char *bytes, size_t *body_n, size_t *n,
					     uint64_t max);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One round for each word of eight bytes and three at the end, which is what hash tables use against chosen keys
 * (Rust's, CPython's); the paper's 2-4 is for longer-lived secrets and twice as slow. */
#include "base/siphash.h"

#include <endian.h>

static uint64_t rotate(uint64_t x, int by)
{
	return (x << by) | (x >> (64 - by));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

uint64_t siphash(const uint64_t key[2], struct slice bytes)
{
	uint64_t v[4] = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
			 key[1] ^ 0x7465646279746573U};
	size_t i = 0;
	for (; i + 8 <= bytes.n; i += 8) {
		uint64_t word;
		memcpy(&word, bytes.p + i, 8);
		word = le64toh(word); /* hashes are kept, and read by other machines */
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	uint64_t last = 0;
	if (bytes.n > i)
		memcpy(&last, bytes.p + i, bytes.n - i);
	last = le64toh(last) | (uint64_t)bytes.n << 56;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

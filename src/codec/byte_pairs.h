/* SPDX-License-Identifier: Apache-2.0 */
/* byte_pairs: which pairs of neighbouring bytes occur in a text, to rule out most of many marks without a search.
 *
 * A filter of 1,024 bits: "no" is certain, "yes" asks for a search. Case is folded, so that it serves searches that
 * mind case and those that do not. */
#ifndef PUGMARK_CODEC_BYTE_PAIRS_H
#define PUGMARK_CODEC_BYTE_PAIRS_H

#include "base/slice.h"

struct byte_pairs {
	uint64_t bits[16];
};

/* Folding by one bit also joins '@' with '`' and the like; that only makes more "yes". */
static inline unsigned byte_pair_bit(const char *p)
{
	unsigned first = (unsigned char)p[0] | 0x20U;
	unsigned second = (unsigned char)p[1] | 0x20U;
	return (first * 37 + second * 11) & 1023;
}

static inline void byte_pairs_init(struct byte_pairs *pairs, struct slice text)
{
	*pairs = (struct byte_pairs){{0}};
	for (size_t i = 0; i + 1 < text.n; i++) {
		unsigned bit = byte_pair_bit(text.p + i);
		pairs->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
	}
}

static inline bool byte_pairs_has(const struct byte_pairs *pairs, const char *p)
{
	unsigned bit = byte_pair_bit(p);
	return pairs->bits[bit / 64] >> (bit % 64) & 1;
}

/* Whether `mark`, of two bytes or more, may occur: its first, middle and last pair do. */
static inline bool byte_pairs_may_have(const struct byte_pairs *pairs, struct slice mark)
{
	return byte_pairs_has(pairs, mark.p) && byte_pairs_has(pairs, mark.p + mark.n - 2) &&
	       byte_pairs_has(pairs, mark.p + (mark.n - 2) / 2);
}

#endif

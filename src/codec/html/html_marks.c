/* SPDX-License-Identifier: Apache-2.0 */
/* Written twice, since what is fast with AVX2 is not what is fast without. The portable one finds eight candidates at
 * a time with two comparisons and throws out what only looks like a mark; there are few of those in mail. */
#include "codec/html/html_marks.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BLOCK = 64 };

/* ---- any processor ---- */

static const bool is_mark[256] = {['<'] = true, ['>'] = true, ['='] = true, ['"'] = true, ['\''] = true};

/* The high bit of each byte that is 0. */
static uint64_t zero_bytes(uint64_t word)
{
	const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
	return ~(((word & low_bits) + low_bits) | word | low_bits);
}

/* The high bit of each byte that may be a mark. Two comparisons find all five, and # & ? with them: `< = >` agree in
 * their upper six bits, `" '` in all but two. */
static uint64_t candidates_in(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	return zero_bytes((word & 0xfc * ones) ^ '<' * ones) | zero_bytes((word & 0xfa * ones) ^ '"' * ones);
}

static uint64_t load_little_endian(const char *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

size_t html_marks_read_portable(const char *bytes, size_t n, uint16_t offsets[HTML_MARKS_WINDOW + HTML_MARKS_SLACK])
{
	size_t count = 0;
	size_t at = 0;
	for (; at + sizeof(uint64_t) <= n; at += sizeof(uint64_t)) {
		uint64_t bits = candidates_in(load_little_endian(bytes + at));
		for (; bits; bits &= bits - 1) {
			size_t offset = at + (size_t)__builtin_ctzll(bits) / 8;
			offsets[count] = (uint16_t)offset;
			count += is_mark[(unsigned char)bytes[offset]];
		}
	}
	for (; at < n; at++) {
		offsets[count] = (uint16_t)at;
		count += is_mark[(unsigned char)bytes[at]];
	}
	return count;
}

/* ---- AVX2 ---- */

#ifdef __x86_64__

#define WITH_AVX2 __attribute__((target("avx2,bmi,popcnt")))

/* One bit for each of 32 bytes. */
WITH_AVX2 static inline uint64_t bits_of_half(const char *bytes)
{
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
	__m256i angles =
	    _mm256_or_si256(_mm256_cmpeq_epi8(b, _mm256_set1_epi8('<')), _mm256_cmpeq_epi8(b, _mm256_set1_epi8('>')));
	__m256i quotes =
	    _mm256_or_si256(_mm256_cmpeq_epi8(b, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(b, _mm256_set1_epi8('\'')));
	__m256i equals = _mm256_cmpeq_epi8(b, _mm256_set1_epi8('='));
	__m256i all = _mm256_or_si256(_mm256_or_si256(angles, quotes), equals);
	return (uint32_t)_mm256_movemask_epi8(all);
}

/* Writes eight offsets whether there are so many or not: that costs less than a wrong guess of how many there are. */
WITH_AVX2 static inline size_t append_offsets(uint64_t bits, size_t start, uint16_t *offsets)
{
	enum { AT_ONCE = 8 };
	size_t count = (size_t)__builtin_popcountll(bits);
	for (size_t done = 0; done < count; done += AT_ONCE) {
#pragma GCC unroll 8
		for (size_t i = 0; i < AT_ONCE; i++) {
			offsets[done + i] = (uint16_t)(start + (size_t)_tzcnt_u64(bits));
			bits &= bits - 1;
			__asm__("" ::
				    : "memory"); /* keeps the compiler from gathering the eight in a vector, which is
						    slower */
		}
	}
	return count;
}

WITH_AVX2 static size_t read_avx2(const char *bytes, size_t n, uint16_t *offsets)
{
	size_t count = 0;
	size_t at = 0;
	for (; at + BLOCK <= n; at += BLOCK) {
		uint64_t bits = bits_of_half(bytes + at) | bits_of_half(bytes + at + BLOCK / 2) << 32;
		count += append_offsets(bits, at, offsets + count);
	}
	/* What is left is copied behind itself with zeros, since a load of 32 bytes may not reach past the input. */
	if (at < n) {
		char tail[BLOCK] = {0};
		memcpy(tail, bytes + at, n - at);
		uint64_t bits = bits_of_half(tail) | bits_of_half(tail + BLOCK / 2) << 32;
		count += append_offsets(bits, at, offsets + count);
	}
	return count;
}

size_t html_marks_read(const char *bytes, size_t n, uint16_t offsets[HTML_MARKS_WINDOW + HTML_MARKS_SLACK])
{
	return __builtin_cpu_supports("avx2") ? read_avx2(bytes, n, offsets)
					      : html_marks_read_portable(bytes, n, offsets);
}

#else

size_t html_marks_read(const char *bytes, size_t n, uint16_t offsets[HTML_MARKS_WINDOW + HTML_MARKS_SLACK])
{
	return html_marks_read_portable(bytes, n, offsets);
}

#endif

struct html_marks_place html_marks_init(struct html_marks *marks, struct slice input)
{
	marks->input = input;
	marks->end = input.p;
	marks->offsets[0] = HTML_MARKS_NONE;
	return (struct html_marks_place){input.p, marks->offsets};
}

struct html_marks_place html_marks_move(struct html_marks *marks, const char *at)
{
	size_t left = marks->input.n - (size_t)(at - marks->input.p);
	size_t n = left < HTML_MARKS_WINDOW ? left : HTML_MARKS_WINDOW;
	size_t count = html_marks_read(at, n, marks->offsets);
	marks->offsets[count] = HTML_MARKS_NONE;
	marks->end = at + n;
	return (struct html_marks_place){at, marks->offsets};
}

bool html_marks_turn(struct html_marks *marks, struct html_marks_place *place)
{
	const char *end = marks->input.p + marks->input.n;
	while (marks->end < end) {
		*place = html_marks_move(marks, marks->end);
		if (*place->next != HTML_MARKS_NONE)
			return true;
	}
	return false;
}

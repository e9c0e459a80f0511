/* SPDX-License-Identifier: Apache-2.0 */
/* charset_decoder: text of any charset in UTF-8.
 *
 * UTF-8 and windows-1252 are read here, the others by iconv, under the names of charset.h and never under one that a
 * mail gives (decision 0019). Where the system's iconv lacks one, its characters cannot be decoded, and nothing else
 * changes. Pure but for that: iconv reads its tables from files when one is used first.
 */
#ifndef PUGMARK_CODEC_CHARSET_DECODER_H
#define PUGMARK_CODEC_CHARSET_DECODER_H

#include "base/buf.h"
#include "codec/text/charset.h"

/* For decoding texts of one charset, each of them whole and by itself. It costs nothing until there is something for
 * iconv; that is opened once (5 us, milliseconds when its tables must be read first) and kept, in memory from malloc.
 * So nothing that may leave by longjmp (base/allocator.h) is to be called between the first use and the end; for that
 * case there is charset_decode_pieces. */
struct charset_decoder {
	const struct charset *charset;
	void *iconv; /* NULL: not opened */
	bool is_missing;
};
void charset_decoder_init(struct charset_decoder *decoder, const struct charset *charset);
void charset_decoder_done(struct charset_decoder *decoder);

/* Appends `bytes` as UTF-8, with U+FFFD for NUL as in an attribute. False, and nothing appended: there are bytes in it
 * that are no character of this charset, or it cannot be decoded here, or `to` has no room for four times as many. What
 * is said to be UTF-8 and is not, is taken for windows-1252, which its author most likely meant. */
bool charset_decode(struct charset_decoder *decoder, struct slice bytes, struct buf *to) MUST_CHECK;
/* Appends `bytes` as valid UTF-8 whatever they are: U+FFFD stands for what is no character. For showing. */
void charset_decode_lossy(struct charset_decoder *decoder, struct slice bytes, struct buf *to);

/* One text of several. */
struct charset_piece {
	struct slice bytes;
	struct slice text; /* what charset_decode makes of it, in the arena; empty when that says no */
	bool is_decoded;
};
/* Decodes them with one decoder, in time that grows with their bytes. Allocates from `arena` only while no memory of
 * iconv's is held. */
void charset_decode_pieces(const struct charset *charset, struct charset_piece *pieces, size_t count,
			   struct arena *arena);

#endif

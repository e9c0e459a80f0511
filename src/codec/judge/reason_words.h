/* SPDX-License-Identifier: Apache-2.0 */
/* reason_words: the reasons of a verdict ("burst:links=9,of=9,seconds=0.8") in words that people read ("all 9 links in
 * 0.8 s"). Pure; nothing is allocated beyond what the buffer itself does.
 *
 * The words are data: src/codec/judge/data/reason_words.tsv, from which the console has its own, too.
 */
#ifndef PUGMARK_CODEC_REASON_WORDS_H
#define PUGMARK_CODEC_REASON_WORDS_H

#include "base/buf.h"
#include "codec/judge/verdict.h"

/* Room for the words of all reasons of an event. */
enum { REASON_WORDS_MAX = 4096 };

/* A phrase, without a capital and without a full stop. False: no row of the table has words for it, or for the name in
 * it; then the code itself was written, readably ("sunspots: count 3"). */
bool reason_words_append(struct buf *b, struct slice reason);
/* Whole sentences that explain it. False, and nothing is written: it needs none, or the table does not know it. */
bool reason_words_append_sentence(struct buf *b, struct slice reason);
/* Reasons separated by spaces, as in struct verdict, in one line: "a browser by its name · all 9 links in 0.8 s". What
 * only programs read, the id of a burst, is left out. */
void reason_words_append_line(struct buf *b, struct slice reasons);

/* "a scanner". */
void reason_words_append_actor(struct buf *b, enum actor actor);
/* What it means for the figures, in sentences. */
void reason_words_append_actor_sentence(struct buf *b, enum actor actor);

#endif

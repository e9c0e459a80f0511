/* SPDX-License-Identifier: Apache-2.0 */
/* html_marks: where the bytes stand that can mean something to a tokenizer: < > = " '
 *
 * There are four of them in 64 bytes of mail. Finding them all first, many bytes at a time, and then going from one to
 * the next is much faster than looking at each byte, and also than searching for the next one of a kind again and
 * again, because a processor cannot guess how far away it is (simdjson finds the structure of JSON this way). One of
 * two functions reads a window of the input: one with AVX2, chosen at run time, one for every processor. Both give the
 * same.
 */
#ifndef PUGMARK_CODEC_HTML_MARKS_H
#define PUGMARK_CODEC_HTML_MARKS_H

#include "base/slice.h"

enum {
	HTML_MARKS_WINDOW = 4096, /* bytes of the input looked at in one go; a multiple of 64 */
	HTML_MARKS_SLACK = 64,    /* room behind the last offset, which may be scribbled on */
};

/* Writes the offsets of the marks among `n` bytes (at most HTML_MARKS_WINDOW), in order; returns how many. */
size_t html_marks_read(const char *bytes, size_t n, uint16_t offsets[HTML_MARKS_WINDOW + HTML_MARKS_SLACK]);
size_t html_marks_read_portable(const char *bytes, size_t n, uint16_t offsets[HTML_MARKS_WINDOW + HTML_MARKS_SLACK]);

enum { HTML_MARKS_NONE = UINT16_MAX };

/* The marks of an input, a window of them at hand. */
struct html_marks {
	struct slice input;
	const char *end;                                        /* of the window */
	uint16_t offsets[HTML_MARKS_WINDOW + HTML_MARKS_SLACK]; /* HTML_MARKS_NONE behind the last */
};

/* Where somebody is among the marks. Kept apart from them so that a loop can hold it in registers. */
struct html_marks_place {
	const char *base;
	const uint16_t *next;
};

/* `input` must outlive it. */
struct html_marks_place html_marks_init(struct html_marks *marks, struct slice input);

/* The place of the first mark at or behind `at`, which is not in front of the window. */
struct html_marks_place html_marks_move(struct html_marks *marks, const char *at);

/* Goes on to the next window with a mark in it. False at the end of the input. */
bool html_marks_turn(struct html_marks *marks, struct html_marks_place *place);

/* The mark at a place, or the end of the input. */
static inline const char *html_marks_at(struct html_marks *marks, struct html_marks_place *place)
{
	if (*place->next == HTML_MARKS_NONE && !html_marks_turn(marks, place))
		return marks->input.p + marks->input.n;
	return place->base + *place->next;
}

/* The mark behind that one. Not to be called at the end of the input. */
static inline const char *html_marks_next(struct html_marks *marks, struct html_marks_place *place)
{
	place->next++;
	return html_marks_at(marks, place);
}

/* The first mark at or behind `at`, or the end of the input. Not for going back. */
static inline const char *html_marks_seek(struct html_marks *marks, struct html_marks_place *place, const char *at)
{
	if (at >= marks->end)
		*place = html_marks_move(marks, at);
	while (place->base + *place->next < at)
		place->next++;
	return html_marks_at(marks, place);
}

#endif

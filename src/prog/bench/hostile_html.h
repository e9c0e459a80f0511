/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_html: documents that are written to make a rewriter slow.
 *
 * Each is a short text again and again, as long as one likes: what is quadratic anywhere shows as time per byte that
 * grows with the length. `pugmark bench rewrite --hostile` measures them, the tests look at the memory they take.
 */
#ifndef PUGMARK_PROG_HOSTILE_HTML_H
#define PUGMARK_PROG_HOSTILE_HTML_H

#include "base/buf.h"

struct hostile_html {
	const char *name;
	const char *head;
	const char *unit;      /* repeated for the whole length, or for its first half when there is a … */
	const char *second;    /* … NULL: none */
	const char *tail;      /* NULL: none */
	bool is_numbered;      /* each unit is followed by its number, so that no two are alike */
	bool is_made_of_links; /* each of which has to be read, judged and replaced */
};

const struct hostile_html *hostile_html_list(size_t *ret_count);

/* Appends the document, `size` bytes and a unit at most. */
void hostile_html_write(const struct hostile_html *h, size_t size, struct buf *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* terminal_text: text from outside on a terminal: measured in columns, cut, wrapped, and without what would steer it.
 */
#ifndef PUGMARK_PROG_TERMINAL_TEXT_H
#define PUGMARK_PROG_TERMINAL_TEXT_H

#include "base/buf.h"
#include <stdio.h>

struct terminal {
	size_t width;   /* columns */
	bool is_colour; /* a terminal, and nobody set NO_COLOR */
	bool is_utf8;   /* by the locale; otherwise what is not ASCII goes as '?' */
};

/* What `file` is. Without a terminal: 100 columns wide, or what COLUMNS says, and no colour. */
struct terminal terminal_of(FILE *file);

enum terminal_style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_YELLOW, STYLE_BLUE, STYLE_GREEN };
/* Begins a style; STYLE_PLAIN ends it. Appends nothing without colour. */
void terminal_style(const struct terminal *terminal, struct buf *b, enum terminal_style style);

enum terminal_cut { CUT_END, CUT_MIDDLE };
/* Appends `text` in at most `width` columns, cut with an ellipsis when it is longer. Control characters become '?',
 * breaks and tabs a space. Returns the columns used. */
size_t terminal_append(const struct terminal *terminal, struct buf *b, struct slice text, size_t width,
		       enum terminal_cut cut);
/* The same, filled up with spaces. */
void terminal_append_column(const struct terminal *terminal, struct buf *b, struct slice text, size_t width,
			    enum terminal_cut cut);
/* Appends words in lines of `indent` spaces and at most the terminal's width, each with its line end. */
void terminal_append_wrapped(const struct terminal *terminal, struct buf *b, struct slice text, size_t indent);

#endif

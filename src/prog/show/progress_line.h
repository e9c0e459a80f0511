/* SPDX-License-Identifier: Apache-2.0 */
/* progress_line: how far long work is, in one line on standard error that is written over and over; nothing where that
 * is no terminal. Standard output is for the result alone. */
#ifndef PUGMARK_PROG_PROGRESS_LINE_H
#define PUGMARK_PROG_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct progress_line {
	bool is_terminal;
	bool was_shown;
};

struct progress_line progress_line_new(void);
/* "12.3 %  456 WHAT" */
void progress_line_show(struct progress_line *line, unsigned per_mille, uint64_t count, const char *what);
/* Takes it off the screen. */
void progress_line_end(struct progress_line *line);

#endif

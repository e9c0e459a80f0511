/* SPDX-License-Identifier: Apache-2.0 */
/* Only on a terminal: in a log or a pipe a line that is written over and over would be all there is to see. */
#include "prog/show/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct progress_line progress_line_new(void)
{
	return (struct progress_line){.is_terminal = isatty(STDERR_FILENO) == 1};
}

void progress_line_show(struct progress_line *line, unsigned per_mille, uint64_t count, const char *what)
{
	if (!line->is_terminal)
		return;
	(void)fprintf(stderr, "\r%3u.%u %%  %" PRIu64 " %s\033[K", per_mille / 10, per_mille % 10, count, what);
	(void)fflush(stderr);
	line->was_shown = true;
}

void progress_line_end(struct progress_line *line)
{
	if (line->was_shown)
		(void)fputs("\r\033[K", stderr);
	line->was_shown = false;
}

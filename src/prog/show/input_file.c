/* SPDX-License-Identifier: Apache-2.0 */
/* "-" and no name at all are standard input. Errors are said here, with the command's name, because only here is it
 * known whether opening or reading failed. */
#include "prog/show/input_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool fail(const char *command, const char *path, int error)
{
	(void)fprintf(stderr, "pugmark %s: %s cannot be read: %s\n", command, path ? path : "standard input",
		      strerror(error));
	return false;
}

bool input_file_read(const char *command, const char *path, struct buf *to)
{
	if (path && strcmp(path, "-") == 0)
		path = NULL;
	char block[65536];
	size_t n;
	FILE *file = path ? fopen(path, "rb") : stdin;
	if (!file)
		return fail(command, path, errno);
	while (!buf_failed(to) && (n = fread(block, 1, sizeof block, file)) > 0)
		buf_append_bytes(to, block, n);
	int error = ferror(file) ? errno : 0;
	if (path)
		(void)fclose(file); /* only read from */
	if (error)
		return fail(command, path, error);
	if (buf_failed(to))
		(void)fprintf(stderr, "pugmark %s: the input is larger than %zu MB\n", command, to->max >> 20);
	return !buf_failed(to);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* input_file: the mail or page that a command works on. */
#ifndef PUGMARK_PROG_INPUT_FILE_H
#define PUGMARK_PROG_INPUT_FILE_H

#include "base/buf.h"

/* Appends a whole file, or standard input when `path` is NULL or "-", to `to`; blocks until its end. False, with a line
 * on standard error that begins with the command's name, when it cannot be read or would pass the buffer's max. */
bool input_file_read(const char *command, const char *path, struct buf *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* durable_file: what a backup and a restore do to files so that a power cut leaves the old or the new, whole. Blocks.
 */
#ifndef PUGMARK_PROG_DURABLE_FILE_H
#define PUGMARK_PROG_DURABLE_FILE_H

#include "base/slice.h"
#include "base/status.h"

/* A new file, or an old one emptied, for its owner only; never through a symbolic link. */
enum status durable_file_create(const char *path, int *ret_fd, struct err *err) MUST_CHECK;
enum status durable_file_write(int fd, const char *path, struct slice bytes, struct err *err) MUST_CHECK;
/* Syncs and closes it, also after a failure. */
enum status durable_file_close(int *fd, const char *path, struct err *err) MUST_CHECK;
/* Gives a synced file its name, and syncs the directory. */
enum status durable_file_rename(const char *from, const char *to, struct err *err) MUST_CHECK;

#endif

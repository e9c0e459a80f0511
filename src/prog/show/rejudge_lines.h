/* SPDX-License-Identifier: Apache-2.0 */
/* rejudge_lines: a report of engine/judge/rejudge as lines of text, the way from the server to the command (control.h),
 * and back. */
#ifndef PUGMARK_PROG_REJUDGE_LINES_H
#define PUGMARK_PROG_REJUDGE_LINES_H

#include "engine/judge/rejudge_report.h"

enum { REJUDGE_LINES_MAX = 64 * 1024, REJUDGE_LINES_REASONS = 40 };

/* Of the reasons the first REJUDGE_LINES_REASONS. */
void rejudge_lines_append(struct buf *b, const struct rejudge_report *report);
/* Takes one line, without its end, into a report that began as zero. False: it is none of these, and *report is as it
 * was. */
bool rejudge_lines_take(struct slice line, struct rejudge_report *report);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* recover: what happens at every start, before a record is read or written. */
#ifndef PUGMARK_JOURNAL_RECOVER_H
#define PUGMARK_JOURNAL_RECOVER_H

#include "journal/journal.h"

/* Finds the segments, holds the end of the last one against what is known of it, mends what is damaged, makes it
 * durable and leaves the writer behind it; makes the first segment when there is none. */
enum status journal_recover(struct journal *journal, struct err *err) MUST_CHECK;

#endif

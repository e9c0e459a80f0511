/* SPDX-License-Identifier: Apache-2.0 */
/* rotate: new segments, and the space they need. Belongs to the journal thread; before that is started, to
 * journal_open.
 *
 * What returns a status returns STATUS_OK, STATUS_FULL (may be tried again) or STATUS_IO (must not). */
#ifndef PUGMARK_JOURNAL_ROTATE_H
#define PUGMARK_JOURNAL_ROTATE_H

#include "journal/disk.h"
#include "journal/journal.h"

#define PREPARED_NAME "prepare.tmp"
#define RESERVE_NAME "reserve"

/* One piece of the work on the next segment, a few milliseconds at most on a good disk. Not after NEXT_READY. */
enum status rotate_prepare_step(struct journal *journal, struct err *err) MUST_CHECK;
/* Makes the next segment the current one, however much of it is prepared. */
enum status rotate(struct journal *journal, struct err *err) MUST_CHECK;
/* Overwrites with zeros what a failed write may have left behind the end, durably. */
enum status rotate_clean_end(struct journal *journal, struct err *err) MUST_CHECK;
/* After a write or a sync that failed: what is being prepared is thrown away. */
void rotate_drop_next(struct journal *journal);
/* The current segment, too, is left as it is, never written to or synced again; the next commit goes to another one. */
void rotate_abandon(struct journal *journal);
void reserve_hold(struct journal *journal);
void reserve_release(struct journal *journal);
/* Writes zeros. 0 or a negative errno. */
int write_zeros_at(const struct disk *disk, int file, size_t from, size_t to);

#endif

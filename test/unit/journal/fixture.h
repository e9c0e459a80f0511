/* SPDX-License-Identifier: Apache-2.0 */
/* fixture: what the journal's tests share: a producer that waits, and records whose content follows from their number.
 */
#ifndef PUGMARK_TEST_UNIT_JOURNAL_FIXTURE_H
#define PUGMARK_TEST_UNIT_JOURNAL_FIXTURE_H

#include "journal/journal.h"

#include <semaphore.h>

struct producer {
	struct journal_feed *feed;
	sem_t written;
};

void producer_init(struct producer *producer, struct journal *journal, size_t batch_bytes);
void producer_done(struct producer *producer);
/* Hands over what was appended and waits for it; the status the batch ended with. */
enum status producer_commit(struct producer *producer, uint64_t *ret_first, size_t *ret_count);

enum { FIXTURE_PAYLOAD_MAX = 16384 };
/* The payload with this number: its length and bytes follow from the number; valid for ever. */
struct slice fixture_payload(uint64_t number);
/* The same, at most `limit` bytes. */
struct slice fixture_payload_below(uint64_t number, size_t limit);

/* A new directory under TMPDIR, to be removed with fixture_remove_directory. */
void fixture_make_directory(char *path, size_t size);
void fixture_remove_directory(const char *path);

#endif

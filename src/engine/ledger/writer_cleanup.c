/* SPDX-License-Identifier: Apache-2.0 */
/* What a commit leaves behind: a longer WAL, and records in the journal that are not needed any more. Both are dealt
 * with between two transactions, because they hold up whoever comes next; so little of it at a time.
 *
 * Writing 4,000 scattered pages back takes 40 ms and more, a hundred a few. Hits of one moment share pages, so for them
 * the rare large checkpoint is cheaper; rows that are deleted hardly share any, so for them it is not
 * (bench/bench_prune.c). While the writer is far behind nobody waits for a single transaction, and the larger a
 * checkpoint is, the fewer pages are written twice. */
#include "engine/ledger/writer_private.h"

#include "base/log.h"
#include "engine/ledger/cursor_history.h"

static const int CHECKPOINT_PAGES[] = {
    [WRITER_LEVEL] = 4000,
    [WRITER_BEHIND] = 16000, /* 64 MiB, as much as the WAL keeps on disk anyway */
    [WRITER_DELETED] = 100,
};
static const int64_t TRIM_EVERY_US = 1000000;

/* Only what is committed may be trimmed (R7). */
static void trim_journal(struct writer *w, int64_t now_us)
{
	struct err err;
	cursor_history_note(w->history, now_us, w->cursor);
	/* Where the disk is full, room for new hits is worth more than a failover that may come. */
	uint64_t through =
	    journal_health(w->config.journal) == JOURNAL_FULL ? w->cursor : cursor_history_old(w->history, now_us);
	if (journal_trim(w->config.journal, through, &err) != STATUS_OK)
		log_warn("journal.trim_failed", LOG_ERR(&err));
}

void writer_clean_up(struct writer *w, enum writer_pace pace)
{
	struct err err;
	int64_t now_us = clock_monotonic_us(w->config.clock);
	if (store_checkpoint(w->session, CHECKPOINT_PAGES[pace], &err) != STATUS_OK)
		log_warn("store.checkpoint_failed", LOG_ERR(&err));
	if (w->trimmed_us && now_us - w->trimmed_us < TRIM_EVERY_US)
		return;
	w->trimmed_us = now_us;
	trim_journal(w, now_us);
}

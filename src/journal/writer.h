/* SPDX-License-Identifier: Apache-2.0 */
/* writer: the journal thread. */
#ifndef PUGMARK_JOURNAL_WRITER_H
#define PUGMARK_JOURNAL_WRITER_H

/* Runs until the journal is stopping and everything handed over is written. */
void *writer_run(void *journal);

#endif

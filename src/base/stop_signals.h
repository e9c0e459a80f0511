/* SPDX-License-Identifier: Apache-2.0 */
/* stop_signals: how a program that serves is told to end. SIGTERM and SIGINT are waited for by the main thread, between
 * other things, so nothing is interrupted and no handler runs.
 */
#ifndef PUGMARK_BASE_STOP_SIGNALS_H
#define PUGMARK_BASE_STOP_SIGNALS_H

/* From now on SIGTERM, SIGINT and SIGHUP end nobody: they wait for stop_signals_wait. Writing to a line that is gone
 * fails with EPIPE instead of ending the process. For the whole process, and for good: to be called before any other
 * thread is made, so that all inherit it. */
void stop_signals_block(void);

/* Blocks for at most timeout_ms; 0 only looks. SIGTERM or SIGINT when one has come; 0 when the time is over, or earlier
 * when a SIGHUP has come, which is taken and means nothing. Behind stop_signals_block, on one thread at a time. */
int stop_signals_wait(unsigned timeout_ms);

#endif

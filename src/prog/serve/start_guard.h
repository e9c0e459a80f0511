/* SPDX-License-Identifier: Apache-2.0 */
/* start_guard: a start can be stopped. While one is open, SIGTERM and SIGINT end the process where it stands, with
 * EXIT_DONE: a start waits for databases, locks and migrations, and none of these waits can be told to end.
 *
 * That loses nothing: nothing has been answered yet, and a journal or a migration that breaks off is taken up by the
 * next start, as after a kill.
 */
#ifndef PUGMARK_PROG_START_GUARD_H
#define PUGMARK_PROG_START_GUARD_H

struct start_guard;

/* Behind stop_signals_block. Where no thread can be had there is no guard: NULL. */
struct start_guard *start_guard_open(void);
/* The signals are stop_signals_wait's again, on the caller's thread. Blocks for less than a tenth of a second. *guard
 * may be NULL, and is NULL afterwards. */
void start_guard_close(struct start_guard **guard);

#endif

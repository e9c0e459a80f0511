/* SPDX-License-Identifier: Apache-2.0 */
/* stop_deadline: stopping has an end, whatever hangs. While one is open a thread counts; when its time is over it says
 * which part was still being stopped, and ends the process where it stands.
 *
 * That loses nothing: what was answered is in the journal, and a process that ends so leaves what one leaves that is
 * killed. It is for what cannot be interrupted, a call into a library most of all.
 */
#ifndef PUGMARK_PROG_STOP_DEADLINE_H
#define PUGMARK_PROG_STOP_DEADLINE_H

#include <stdint.h>

struct stop_deadline;

/* The process ends in so many milliseconds, with EXIT_FAILED and the line serve.stop_cut_off, unless it is closed
 * before. Where no thread can be had there is no deadline: NULL. */
struct stop_deadline *stop_deadline_open(uint32_t ms);
/* What is being stopped from now on; `part` is a constant. NULL is allowed. */
void stop_deadline_enter(struct stop_deadline *deadline, const char *part);
/* NULL is allowed. */
void stop_deadline_close(struct stop_deadline **deadline);

#endif

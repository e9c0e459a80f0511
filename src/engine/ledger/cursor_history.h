/* SPDX-License-Identifier: Apache-2.0 */
/* cursor_history: where the journal cursor stood some time ago, so that the journal keeps what a standby that takes
 * over may lack. One thread. */
#ifndef PUGMARK_ENGINE_CURSOR_HISTORY_H
#define PUGMARK_ENGINE_CURSOR_HISTORY_H

#include <stdint.h>

struct cursor_history;

/* Remembers `keep_seconds`; 0: what stands now is old enough. */
struct cursor_history *cursor_history_new(uint32_t keep_seconds);
void cursor_history_free(struct cursor_history **history);
/* Times are monotonic; call it once a second or so. */
void cursor_history_note(struct cursor_history *history, int64_t now_us, uint64_t cursor);
/* The newest place at which the cursor stood `keep_seconds` ago or earlier; 0 when nobody knows yet. */
uint64_t cursor_history_old(const struct cursor_history *history, int64_t now_us);

#endif

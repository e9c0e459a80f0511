/* SPDX-License-Identifier: Apache-2.0 */
/* log_limit: how often a line of one kind is written. What goes wrong for one request goes wrong for thousands, and the
 * line that tells of them all is one with their number. Any thread; holds a lock for a moment. */
#ifndef PUGMARK_BASE_LOG_LIMIT_H
#define PUGMARK_BASE_LOG_LIMIT_H

#include "base/slice.h"
#include <stdbool.h>
#include <stdint.h>

struct log_limit;

struct log_limit *log_limit_new(int64_t every_us);
void log_limit_free(struct log_limit **limit);
/* Whether a line about `key` is to be written now (monotonic time); *ret_left_out then gets how many were not since the
 * last one. 64 kinds are kept apart; of more the one that was quiet for longest begins anew. `limit` may be NULL, which
 * allows everything. */
bool log_limit_allows(struct log_limit *limit, struct slice key, int64_t now_us, uint64_t *ret_left_out);

#endif

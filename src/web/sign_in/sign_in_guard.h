/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in_guard: five wrong tries for an address or from a client, then a wait. Thread-safe, bounded. */
#ifndef PUGMARK_WEB_SIGN_IN_GUARD_H
#define PUGMARK_WEB_SIGN_IN_GUARD_H

#include "base/slice.h"

struct sign_in_guard;
struct sign_in_guard *sign_in_guard_new(void);
void sign_in_guard_free(struct sign_in_guard **guard);

/* Seconds to wait before `who` (an e-mail address or a client's address) may try; 0: at once. */
uint32_t sign_in_guard_wait_s(struct sign_in_guard *guard, struct slice who, int64_t now_us);
void sign_in_guard_failed(struct sign_in_guard *guard, struct slice who, int64_t now_us);
void sign_in_guard_succeeded(struct sign_in_guard *guard, struct slice who);

#endif

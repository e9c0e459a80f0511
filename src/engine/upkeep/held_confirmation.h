/* SPDX-License-Identifier: Apache-2.0 */
/* held_confirmation: unsubscribes that are held (unsubscription.h) and that nobody decided about are confirmed when
 * their time is up: the doubt is the recipient's. Once a minute one command for the writer; never two at a time. */
#ifndef PUGMARK_ENGINE_HELD_CONFIRMATION_H
#define PUGMARK_ENGINE_HELD_CONFIRMATION_H

#include "engine/ledger/writer.h"

struct held_confirmation;

/* `hold_us`: how long a decision is waited for. Writer and clock outlive it. */
struct held_confirmation *held_confirmation_new(struct writer *writer, const struct clock *clock, int64_t hold_us);
/* Called about once a second, always by the same thread. Does not block. */
void held_confirmation_tick(struct held_confirmation *confirmation);
/* Once the writer was stopped, which ends what is under way. */
void held_confirmation_free(struct held_confirmation **confirmation);

#endif

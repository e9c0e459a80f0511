/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines "-- batches: NAME" of migrations/ mean. Here, where all rooms of the store are seen. */
#include "store/core/migrations.h"
#include "store/events/event_carry.h"
#include "store/mail/message_carry.h"

const struct batch_step store_batch_steps[] = {
    {"carry_messages", message_carry},
    {"carry_events", event_carry},
    {"clear_events", event_carry_clear},
    {"clear_messages", message_carry_clear},
};
const size_t store_batch_steps_count = sizeof store_batch_steps / sizeof store_batch_steps[0];

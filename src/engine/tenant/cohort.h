/* SPDX-License-Identifier: Apache-2.0 */
/* cohort: the day whose numbers a message belongs to (stats_daily), with everything that ever happens to it.
 *
 * It is the day on which the message left, in the zone that its tenant has then, and is written down with the message:
 * when the tenant moves to another zone, sums that were made stay sums of the same messages. */
#ifndef PUGMARK_ENGINE_COHORT_H
#define PUGMARK_ENGINE_COHORT_H

#include "engine/ledger/batch.h"

/* Sets message->cohort_day to the day of `left_us`, unless it is set. The caller touches the message. */
void cohort_need(struct batch *batch, struct message *message, int64_t left_us);

#endif

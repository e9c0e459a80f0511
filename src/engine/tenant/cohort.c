/* SPDX-License-Identifier: Apache-2.0 */
/* Asked for every hit and every outcome, and answered by the message itself but for the first time. */
#include "engine/tenant/cohort.h"

#include "engine/tenant/tenant_policy.h"

void cohort_need(struct batch *batch, struct message *message, int64_t left_us)
{
	if (message->cohort_day != 0)
		return;
	/* The batch is the writer's, and so is this thread. */
	const struct time_zone *zone = tenant_policies_zone(batch_policies(batch), message->tenant);
	message->cohort_day = time_zone_day_of(zone, left_us);
}

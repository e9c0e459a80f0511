/* SPDX-License-Identifier: Apache-2.0 */
/* body_sweep: takes out bodies of mails that no message was given for a while, some at a time. Which ones is looked up
 * beside the writer; deleting them is one short command of it. */
#ifndef PUGMARK_ENGINE_BODY_SWEEP_H
#define PUGMARK_ENGINE_BODY_SWEEP_H

#include "engine/ledger/writer.h"

struct body_sweep {
	struct store_session *session; /* reads */
	struct writer *writer;
	const struct clock *clock;
	int64_t unused_since_us;
	const struct writer_duty *duty; /* as in struct event_sweep_config */
	int64_t step_us;                /* what the last step took of the writer's time */
};

/* One step; blocks until it is committed. *ret_count: how many went. STATUS_END: none are left. */
enum status body_sweep_step(struct body_sweep *sweep, uint64_t *ret_count, struct err *err) MUST_CHECK;

#endif

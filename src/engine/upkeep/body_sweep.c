/* SPDX-License-Identifier: Apache-2.0 */
/* Looked for beside the writer and deleted by it: the look goes over a table, and everybody's commands wait behind the
 * writer. In between a mail may come that has such a body again, so the deletion asks once more how old it is. */
#include "engine/upkeep/body_sweep.h"
#include "store/mail/bodies.h"

enum { BODIES_A_STEP = 10 };

struct forget_command {
	struct writer_command command; /* first */
	const struct body_sweep *sweep;
	struct body_keys keys;
	uint64_t count;
	int64_t took_us;
};

static enum status run_forget(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct forget_command *c = (struct forget_command *)command;
	int64_t began_us = clock_monotonic_us(c->sweep->clock);
	enum status status = STATUS_OK;
	c->count = 0;
	if (c->sweep->duty)
		status = writer_hold_duty(c->sweep->writer, batch, c->sweep->duty, err);
	for (size_t i = 0; status == STATUS_OK && i < c->keys.n; i++) {
		uint64_t gone = 0;
		status = store_body_forget(batch_session(batch), &c->keys.at[i], c->sweep->unused_since_us, &gone, err);
		c->count += gone;
	}
	c->took_us = clock_monotonic_us(c->sweep->clock) - began_us;
	return status;
}

static enum status step(struct body_sweep *sweep, struct arena *arena, uint64_t *ret_count, struct err *err)
{
	struct forget_command c = {.command = {.run = run_forget, .is_background = true}, .sweep = sweep};
	enum status status =
	    store_body_list_unused(sweep->session, sweep->unused_since_us, BODIES_A_STEP, arena, &c.keys, err);
	if (status != STATUS_OK)
		return status;
	if (c.keys.n == 0)
		return STATUS_END;
	status = writer_submit_and_wait(sweep->writer, &c.command, err);
	if (status == STATUS_OK) {
		*ret_count = c.count;
		sweep->step_us = c.took_us;
	}
	return status;
}

enum status body_sweep_step(struct body_sweep *sweep, uint64_t *ret_count, struct err *err)
{
	struct arena *arena = arena_new();
	enum status status = step(sweep, arena, ret_count, err);
	arena_free(&arena);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A minute is close enough for something that waits for days, and a look at an index that is almost always empty costs
 * nothing. One command is kept and used again: while the store is away none pile up. */
#include "engine/upkeep/held_confirmation.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/unsubscription.h"
#include <stdatomic.h>

static const int64_t EVERY_US = 60000000;

struct held_confirmation {
	struct writer_command command; /* first: a command is a confirmation */
	struct writer *writer;
	const struct clock *clock;
	int64_t hold_us;
	int64_t next_us; /* monotonic */
	int64_t held_before_us;
	size_t count;
	atomic_bool is_under_way;
};

static enum status run(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct held_confirmation *c = (struct held_confirmation *)command;
	const struct writer_duty duty = {"confirm", 0};
	enum status status = writer_hold_duty(c->writer, batch, &duty, err);
	return status == STATUS_OK ? unsubscription_confirm_due(batch, c->held_before_us, &c->count, err) : status;
}

static void done(struct writer_command *command)
{
	struct held_confirmation *c = (struct held_confirmation *)command;
	if (command->status == STATUS_DENIED)
		log_debug("unsubscribe.confirmed_elsewhere");
	else if (command->status != STATUS_OK)
		log_warn("unsubscribe.not_confirmed", LOG_ERR(&command->err));
	else if (c->count)
		log_info("unsubscribe.confirmed", LOG_CSTR("by", "time"), LOG_INT("count", c->count));
	atomic_store(&c->is_under_way, false);
}

struct held_confirmation *held_confirmation_new(struct writer *writer, const struct clock *clock, int64_t hold_us)
{
	struct held_confirmation *c = MEM_NEW(struct held_confirmation);
	c->command.run = run;
	c->command.done = done;
	c->writer = writer;
	c->clock = clock;
	c->hold_us = hold_us;
	return c;
}

void held_confirmation_tick(struct held_confirmation *c)
{
	int64_t now_us = clock_monotonic_us(c->clock);
	if (now_us < c->next_us || atomic_exchange(&c->is_under_way, true))
		return;
	c->next_us = now_us + EVERY_US;
	c->held_before_us = clock_now_us(c->clock) - c->hold_us;
	writer_submit(c->writer, &c->command);
}

void held_confirmation_free(struct held_confirmation **confirmation)
{
	mem_free(*confirmation);
	*confirmation = NULL;
}

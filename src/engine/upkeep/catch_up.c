/* SPDX-License-Identifier: Apache-2.0 */
/* By looking again and again: this is rare, and the writer tells nobody of each record. Patience ends when nothing has
 * moved for a while and the writer says that it cannot write; a slow disk is waited for. */
#include "engine/upkeep/catch_up.h"

#include <time.h>

static const int64_t PATIENCE_US = 5000000;
enum { LOOK_EVERY_MS = 10, WHY_MAX = 120 };

static void wait_a_moment(void)
{
	struct timespec t = {0, LOOK_EVERY_MS * 1000000L};
	(void)nanosleep(&t, NULL); /* a shorter one does no harm */
}

static enum status stuck(const struct writer *writer, int64_t still_us, struct err *err)
{
	char why[WHY_MAX] = "";
	if (writer_halted(writer) != WRITER_RUNS)
		return err_set(err, STATUS_IO, "the writer has stopped for good; see the log");
	if (still_us > PATIENCE_US && writer_is_failing(writer, why, sizeof why))
		return err_set(err, STATUS_IO, "what was received cannot be applied: %s", why);
	return STATUS_OK;
}

enum status catch_up_run(struct writer *writer, const struct catch_up_watch *watch, uint64_t *ret_sequence,
			 struct err *err)
{
	const struct clock *clock = clock_system();
	uint64_t target = writer_durable_sequence(writer), from = writer_applied_sequence(writer), last = from;
	int64_t moved_us = clock_monotonic_us(clock);
	for (;;) {
		uint64_t applied = writer_applied_sequence(writer);
		int64_t now_us = clock_monotonic_us(clock);
		if (applied >= target)
			return *ret_sequence = applied, STATUS_OK;
		if (applied != last)
			moved_us = now_us;
		last = applied;
		enum status status = stuck(writer, now_us - moved_us, err);
		if (status != STATUS_OK)
			return status;
		uint32_t per_mille = (uint32_t)((applied - from) * 1000 / (target - from));
		if (watch->step && !watch->step(watch->user, target - applied, per_mille))
			return err_set(err, STATUS_AGAIN, "given up");
		wait_a_moment();
	}
}

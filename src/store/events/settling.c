/* SPDX-License-Identifier: Apache-2.0 */
/* The key begins with the time, so that taking what is due reads from the front and stops, and the first row says how
 * far settling is (doc/decisions/0017). */
#include "store/events/settling.h"

#include "codec/judge/behaviour.h"

/* Hits that follow each other share a timer. */
static const int64_t STEP_US = SETTLING_STEP_S * INT64_C(1000000);

int64_t settling_due_us(int64_t occurred_us)
{
	return ((occurred_us + BEHAVIOUR_SETTLE_S * INT64_C(1000000)) / STEP_US + 1) * STEP_US;
}

struct timer settling_timer(int64_t occurred_us, const struct uuid *message)
{
	return (struct timer){settling_due_us(occurred_us), TIMER_SETTLE, uuid_slice(message)};
}

/* No id of version 7 begins with 14 zeros: it begins with a time. */
struct uuid settling_mark(uint16_t node)
{
	return (struct uuid){{[14] = (uint8_t)(node >> 8), [15] = (uint8_t)node}};
}

bool settling_is_mark(struct uuid id)
{
	struct uuid none = settling_mark(0);
	return memcmp(id.bytes, none.bytes, sizeof none.bytes - sizeof(uint16_t)) == 0;
}

bool settling_message_of(const struct timer *timer, struct uuid *ret)
{
	if (timer->kind != TIMER_SETTLE || timer->key.n != sizeof ret->bytes)
		return false;
	memcpy(ret->bytes, timer->key.p, sizeof ret->bytes);
	return true;
}

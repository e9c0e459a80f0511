/* SPDX-License-Identifier: Apache-2.0 */
/* attempt_end: what the transport said, as what is to be recorded. Only what was certainly not accepted is tried again.
 * Pure but for the dice. */
#ifndef PUGMARK_ENGINE_ATTEMPT_END_H
#define PUGMARK_ENGINE_ATTEMPT_END_H

#include "base/arena.h"
#include "base/random.h"
#include "engine/ledger/record.h"
#include "store/mail/queue_claim.h"
#include "transport/transport.h"

struct retry_rules {
	uint32_t attempts_max;
	int64_t base_ms, cap_ms; /* full jitter: rand(0, min(cap, base * 2^n)), never below 1 s */
};
/* How long a retry waits at most after that attempt. */
int64_t retry_longest_ms(const struct retry_rules *rules, uint32_t attempt);

struct attempt_end {
	const struct queue_entry *entry;
	bool is_past_dot; /* the end of the data may have left */
	const struct transport_outcome *said;
	int64_t now_us;
};
/* Texts are cut to what a record may have, and copied into the arena. */
struct outcome_record attempt_end_record(const struct attempt_end *end, const struct retry_rules *rules,
					 struct prng *prng, struct arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The rule that everything here serves: a mail is never sent twice because we guessed. Past the dot only an answer
 * counts (RFC 5321, 4.5.3.2.6 gives the server ten minutes for it, and it may have taken the mail all the same); before
 * it nothing can have been accepted, whatever the line did. */
#include "engine/dispatch/attempt_end.h"

enum { REPLY_MAX = 500, REMOTE_ID_MAX = 200, RETRY_FLOOR_MS = 1000, DOUBLINGS_MAX = 30 };

int64_t retry_longest_ms(const struct retry_rules *rules, uint32_t attempt)
{
	int64_t bound = rules->base_ms;
	for (uint32_t n = 1; n < attempt && n < DOUBLINGS_MAX && bound < rules->cap_ms; n++)
		bound *= 2;
	bound = bound < rules->cap_ms ? bound : rules->cap_ms;
	return bound < RETRY_FLOOR_MS ? RETRY_FLOOR_MS : bound;
}

/* Full jitter: mails that were refused together do not come back together. */
static int64_t retry_after_ms(const struct retry_rules *rules, uint32_t attempt, struct prng *prng)
{
	int64_t after_ms = (int64_t)prng_below(prng, (uint64_t)retry_longest_ms(rules, attempt));
	return after_ms < RETRY_FLOOR_MS ? RETRY_FLOOR_MS : after_ms;
}

static enum outcome success_of(const struct attempt_end *end)
{
	/* A file in the outbox is in the mailbox already. */
	return slice_equal(end->entry->provider, SLICE("outbox")) ? OUTCOME_DELIVERED : OUTCOME_SENT;
}

static enum outcome retry_or_failed(const struct attempt_end *end, const struct retry_rules *rules)
{
	return end->entry->attempt >= rules->attempts_max ? OUTCOME_FAILED : OUTCOME_RETRY;
}

static enum outcome outcome_of(const struct attempt_end *end, const struct retry_rules *rules)
{
	switch (end->said->status) {
	case STATUS_OK: return success_of(end);
	case STATUS_REFUSED_PERM: return OUTCOME_FAILED;
	case STATUS_UNCERTAIN: return OUTCOME_UNCERTAIN;
	case STATUS_REFUSED_TEMP: return retry_or_failed(end, rules);
	case STATUS_AGAIN: return OUTCOME_RETRY; /* we hung up ourselves; no fault of the mail */
	default: break;
	}
	/* A broken line. After the dot that is never certain, whatever the transport calls it. */
	return end->is_past_dot ? OUTCOME_UNCERTAIN : retry_or_failed(end, rules);
}

static struct slice cut_copy(struct arena *arena, struct slice s, size_t max)
{
	return s.n ? arena_copy(arena, slice_sub(s, 0, max)) : SLICE_EMPTY;
}

struct outcome_record attempt_end_record(const struct attempt_end *end, const struct retry_rules *rules,
					 struct prng *prng, struct arena *arena)
{
	const struct transport_outcome *said = end->said;
	struct outcome_record record = {
	    .message = end->entry->message,
	    .lease = end->entry->lease,
	    .attempt = end->entry->attempt,
	    .outcome = outcome_of(end, rules),
	    .reply_code = said->reply_code > 0 ? (uint32_t)said->reply_code : 0,
	    .reply = cut_copy(arena, said->reply, REPLY_MAX),
	    .remote_id = cut_copy(arena, said->remote_id, REMOTE_ID_MAX),
	};
	if (record.outcome == OUTCOME_RETRY)
		record.next_due_us = end->now_us + retry_after_ms(rules, end->entry->attempt, prng) * 1000;
	return record;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the transport said, as what is to be recorded. Only what was certainly not accepted is tried again. */
#include "engine/dispatch/dispatch_private.h"

enum { REPLY_MAX = 500, REMOTE_ID_MAX = 200, RETRY_FLOOR_MS = 1000, DOUBLINGS_MAX = 30 };

/* Full jitter: mails that were refused together do not come back together. */
static int64_t retry_after_ms(struct dispatcher *d, uint32_t attempt)
{
	int64_t cap = d->config.retry_cap_ms;
	int64_t bound = d->config.retry_base_ms;
	for (uint32_t n = 1; n < attempt && n < DOUBLINGS_MAX && bound < cap; n++)
		bound *= 2;
	if (bound > cap)
		bound = cap;
	int64_t after_ms = (int64_t)prng_below(&d->prng, (uint64_t)bound);
	return after_ms < RETRY_FLOOR_MS ? RETRY_FLOOR_MS : after_ms;
}

static enum outcome success_of(const struct job *job)
{
	/* A file in the outbox is in the mailbox already. */
	return slice_equal(job->entry.provider, SLICE("outbox")) ? OUTCOME_DELIVERED : OUTCOME_SENT;
}

static enum outcome retry_or_failed(const struct job *job)
{
	return job->entry.attempt >= job->dispatcher->config.attempts_max ? OUTCOME_FAILED : OUTCOME_RETRY;
}

static enum outcome outcome_of(const struct job *job, enum status status)
{
	switch (status) {
	case STATUS_OK: return success_of(job);
	case STATUS_REFUSED_PERM: return OUTCOME_FAILED;
	case STATUS_UNCERTAIN: return OUTCOME_UNCERTAIN;
	case STATUS_REFUSED_TEMP: return retry_or_failed(job);
	case STATUS_AGAIN: return OUTCOME_RETRY; /* we hung up ourselves; no fault of the mail */
	default: break;
	}
	/* A broken line. After the dot that is never certain, whatever the transport calls it. */
	return job->step == JOB_PAST_DOT ? OUTCOME_UNCERTAIN : retry_or_failed(job);
}

static void count(struct dispatcher *d, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_SENT:
	case OUTCOME_DELIVERED: atomic_fetch_add(&d->sent, 1); break;
	case OUTCOME_RETRY: atomic_fetch_add(&d->deferred, 1); break;
	case OUTCOME_FAILED: atomic_fetch_add(&d->failed, 1); break;
	case OUTCOME_UNCERTAIN: atomic_fetch_add(&d->uncertain, 1); break;
	}
}

static struct slice cut_copy(struct arena *arena, struct slice s, size_t max)
{
	return s.n ? arena_copy(arena, slice_sub(s, 0, max)) : SLICE_EMPTY;
}

void job_set_outcome(struct job *job, const struct transport_outcome *said)
{
	struct dispatcher *d = job->dispatcher;
	enum outcome outcome = outcome_of(job, said->status);
	job->outcome = (struct outcome_record){
	    .message = job->entry.message,
	    .lease = job->entry.lease,
	    .attempt = job->entry.attempt,
	    .outcome = outcome,
	    .reply_code = said->reply_code > 0 ? (uint32_t)said->reply_code : 0,
	    .reply = cut_copy(job->arena, said->reply, REPLY_MAX),
	    .remote_id = cut_copy(job->arena, said->remote_id, REMOTE_ID_MAX),
	};
	if (outcome == OUTCOME_RETRY) {
		int64_t due_us = clock_now_us(d->clock) + retry_after_ms(d, job->entry.attempt) * 1000;
		job->outcome.next_due_us = due_us;
		if (d->next_due_us == 0 || due_us < d->next_due_us)
			d->next_due_us = due_us;
	}
	count(d, outcome);
	job->step = JOB_OUTCOME;
	dispatch_record(job, RECORD_OUTCOME);
}

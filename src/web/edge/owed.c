/* SPDX-License-Identifier: Apache-2.0 */
/* Where a round is, is an index into a fixed set of them, so that moving one on copies nothing: filling, writing,
 * finished, then free again, or a while in the queue of those that wait for the store. Requests stay in the order in
 * which they came, because rounds do.
 *
 * Without the queue a round would have to be answered before the next one comes back from the disk, and each hand-over
 * would last as long as a transaction of the store. Eight are enough: a transaction takes a few syncs' time. When all
 * wait, the round being filled just grows, which is how a journal under load works anyway.
 *
 * Answers that live only for this turn (a redirect) are copied into the round's own block: one allocation per loop for
 * the life of the process instead of one per hit. */
#include "web/edge/owed.h"

#include "base/mem.h"

/* Pages of these are only touched as far as they are used, so an idle loop pays nothing for them. */
enum { ROUNDS = 3 + OWED_APPLYING, ANSWERS_MAX = 32768, COPIED_BYTES_MAX = 8 << 20 };

struct entry {
	struct http_request *request;
	struct slice response;
	size_t head_bytes;
	bool needs_disk;
};

struct round {
	struct entry *entries;
	size_t count;
	char *copies;
	size_t copied;
	int64_t since_us;  /* when the first of them began to wait */
	uint64_t sequence; /* of the last record, once it is on disk */
};

struct owed_answers {
	struct round rounds[ROUNDS];
	unsigned filling;                 /* index */
	unsigned writing;                 /* with the journal */
	unsigned finished;                /* being answered */
	unsigned applying[OWED_APPLYING]; /* on disk, oldest first */
	size_t applying_count;
	unsigned spare[OWED_APPLYING]; /* of none of these, empty */
	size_t spare_count;
};

static const char not_kept[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 60\r\n"
			       "Cache-Control: no-store\r\n" HTTP_SAFE_LINES "Content-Length: 48\r\n\r\n"
			       "This could not be recorded. Please try it again.";

struct owed_answers *owed_new(void)
{
	struct owed_answers *o = MEM_NEW(struct owed_answers);
	for (unsigned i = 0; i < ROUNDS; i++) {
		o->rounds[i].entries = mem_alloc_array(ANSWERS_MAX, sizeof(struct entry));
		o->rounds[i].copies = mem_alloc(COPIED_BYTES_MAX);
	}
	o->writing = 1;
	o->finished = 2;
	for (unsigned i = 3; i < ROUNDS; i++)
		o->spare[o->spare_count++] = i;
	return o;
}

void owed_free(struct owed_answers **owed)
{
	if (!*owed)
		return;
	for (unsigned i = 0; i < ROUNDS; i++) {
		mem_free((*owed)->rounds[i].entries);
		mem_free((*owed)->rounds[i].copies);
	}
	mem_free(*owed);
	*owed = NULL;
}

bool owed_add(struct owed_answers *owed, const struct owed_answer *answer, int64_t now_us)
{
	struct round *r = &owed->rounds[owed->filling];
	struct slice response = answer->response;
	if (r->count == ANSWERS_MAX)
		return false;
	if (!answer->lasting) {
		if (COPIED_BYTES_MAX - r->copied < response.n)
			return false;
		memcpy(r->copies + r->copied, response.p, response.n);
		response.p = r->copies + r->copied;
		r->copied += response.n;
	}
	if (r->count == 0)
		r->since_us = now_us;
	r->entries[r->count++] = (struct entry){answer->request, response, answer->head_bytes, answer->needs_disk};
	return true;
}

void owed_hand_over(struct owed_answers *owed)
{
	BUG_IF(owed->rounds[owed->writing].count != 0);
	unsigned filled = owed->filling;
	owed->filling = owed->writing;
	owed->writing = filled;
}

void owed_finish(struct owed_answers *owed)
{
	BUG_IF(owed->rounds[owed->finished].count != 0);
	unsigned done = owed->writing;
	owed->writing = owed->finished;
	owed->finished = done;
}

static void answer(const struct entry *e, enum owed_outcome outcome)
{
	struct slice response = e->response;
	size_t head_bytes = e->head_bytes;
	if (e->needs_disk && outcome != OWED_DURABLE) {
		response = slice_of(not_kept, sizeof not_kept - 1);
		head_bytes = response.n;
	}
	http_answer_whole(e->request, response, head_bytes);
}

static size_t answer_round(struct round *r, enum owed_outcome outcome)
{
	size_t count = r->count;
	for (size_t i = 0; i < count; i++)
		answer(&r->entries[i], outcome);
	r->count = 0;
	r->copied = 0;
	return count;
}

size_t owed_answer_finished(struct owed_answers *owed, enum owed_outcome outcome)
{
	return answer_round(&owed->rounds[owed->finished], outcome);
}

bool owed_may_await_store(const struct owed_answers *owed)
{
	return owed->spare_count > 0;
}

void owed_await_store(struct owed_answers *owed, uint64_t sequence)
{
	BUG_IF(!owed->spare_count);
	owed->rounds[owed->finished].sequence = sequence;
	owed->applying[owed->applying_count++] = owed->finished;
	owed->finished = owed->spare[--owed->spare_count];
}

/* Takes it out of the queue before anybody is answered. */
static size_t answer_oldest_applying(struct owed_answers *owed)
{
	unsigned oldest = owed->applying[0];
	owed->applying_count--;
	for (size_t i = 0; i < owed->applying_count; i++)
		owed->applying[i] = owed->applying[i + 1];
	size_t count = answer_round(&owed->rounds[oldest], OWED_DURABLE);
	owed->spare[owed->spare_count++] = oldest;
	return count;
}

size_t owed_answer_applied(struct owed_answers *owed, uint64_t sequence)
{
	size_t count = 0;
	while (owed->applying_count && owed->rounds[owed->applying[0]].sequence <= sequence)
		count += answer_oldest_applying(owed);
	return count;
}

/* The round being filled is set aside first: answering may add to the one that takes its place. Its records stay in the
 * journal's batch and are written when the disk comes back. */
static size_t answer_filling(struct owed_answers *owed)
{
	unsigned late = owed->filling;
	owed->filling = owed->finished;
	owed->finished = late;
	return answer_round(&owed->rounds[late], OWED_EARLY);
}

struct owed_late owed_answer_late(struct owed_answers *owed, int64_t deadline_us)
{
	struct owed_late late = {0, 0};
	struct round *writing = &owed->rounds[owed->writing];
	struct round *filling = &owed->rounds[owed->filling];
	while (owed->applying_count && owed->rounds[owed->applying[0]].since_us <= deadline_us)
		late.alone += answer_oldest_applying(owed);
	if (writing->count && writing->since_us <= deadline_us)
		late.early += answer_round(writing, OWED_EARLY);
	if (filling->count && filling->since_us <= deadline_us)
		late.early += answer_filling(owed);
	return late;
}

bool owed_any(const struct owed_answers *owed)
{
	return owed->rounds[owed->filling].count || owed->rounds[owed->writing].count || owed->applying_count;
}

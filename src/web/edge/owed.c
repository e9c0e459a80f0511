/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for the disk, in the order in which they came. Three rounds: one is being filled, one is with the journal,
 * one is being answered, and each changes place as a whole, so nothing is moved or looked for.
 *
 * Answers that live only for this turn (a redirect) are copied into the round's own block: one allocation per loop for
 * the life of the process instead of one per hit. */
#include "web/edge/owed.h"

#include "base/mem.h"

/* Pages of these are only touched as far as they are used, so an idle loop pays nothing for them. */
enum { ROUNDS = 3, ANSWERS_MAX = 32768, COPIED_BYTES_MAX = 8 << 20 };

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
	int64_t since_us; /* when the first of them began to wait */
};

struct owed_answers {
	struct round rounds[ROUNDS];
	unsigned filling;  /* index */
	unsigned writing;  /* with the journal */
	unsigned finished; /* being answered */
};

static const char not_kept[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 60\r\n"
			       "Cache-Control: no-store\r\nContent-Length: 48\r\n\r\n"
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

/* The round being filled is set aside first: answering may add to the one that takes its place. Its records stay in the
 * journal's batch and are written when the disk comes back. */
static size_t answer_filling(struct owed_answers *owed)
{
	unsigned late = owed->filling;
	owed->filling = owed->finished;
	owed->finished = late;
	return answer_round(&owed->rounds[late], OWED_EARLY);
}

size_t owed_answer_late(struct owed_answers *owed, int64_t deadline_us)
{
	struct round *writing = &owed->rounds[owed->writing];
	struct round *filling = &owed->rounds[owed->filling];
	size_t count = 0;
	if (writing->count && writing->since_us <= deadline_us)
		count += answer_round(writing, OWED_EARLY);
	if (filling->count && filling->since_us <= deadline_us)
		count += answer_filling(owed);
	return count;
}

bool owed_any(const struct owed_answers *owed)
{
	return owed->rounds[owed->filling].count || owed->rounds[owed->writing].count;
}

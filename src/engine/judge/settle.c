/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judge/settle.h"

#include "codec/judge/behaviour.h"
#include "engine/apply/correction.h"
#include "engine/judge/second_look.h"

/* Looks at the hits together and writes what changed. */
static enum status judge_hits(struct batch *batch, const struct second_look *look, const struct event_hits *hits,
			      struct correction *correction, struct err *err)
{
	enum status status = STATUS_OK;
	struct event *judged = arena_alloc_array(batch_arena(batch), hits->n + 1, sizeof *judged);
	if (hits->n)
		memcpy(judged, hits->at, hits->n * sizeof *judged);
	second_look_judge(look, judged, hits->n);
	for (size_t i = 0; status == STATUS_OK && i < hits->n; i++) {
		if (judged[i].actor == hits->at[i].actor)
			continue;
		judged[i].settled = true; /* what a machine has shown is not taken back */
		status = correction_change(correction, &hits->at[i], &judged[i], err);
	}
	return status;
}

enum status settle_message(struct batch *batch, struct fan_out *fan_out, const struct settling *settling,
			   struct err *err)
{
	struct store_session *session = batch_session(batch);
	struct correction correction = {.batch = batch};
	struct event_hits hits = {0};
	int64_t until_us = settling->due_us - BEHAVIOUR_SETTLE_S * INT64_C(1000000);
	enum status status = batch_message(batch, settling->message, &correction.message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		status =
		    second_look_read(session, settling->message, BEHAVIOUR_HITS_MAX, batch_arena(batch), &hits, err);
	if (status == STATUS_OK)
		status = fan_out_fill(fan_out, session, until_us, err);
	struct second_look look = {correction.message, fan_out, batch_arena(batch)};
	if (status == STATUS_OK)
		status = judge_hits(batch, &look, &hits, &correction, err);
	return status == STATUS_OK ? correction_finish(&correction, err) : status;
}

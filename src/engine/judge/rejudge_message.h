/* SPDX-License-Identifier: Apache-2.0 */
/* rejudge_message: one message's hits judged anew. In two steps, because the second needs to know whom the sources came
 * for at the time that the first has found out. Writes nothing. */
#ifndef PUGMARK_ENGINE_REJUDGE_MESSAGE_H
#define PUGMARK_ENGINE_REJUDGE_MESSAGE_H

#include "engine/judge/fan_out.h"
#include "engine/judge/rejudge_report.h"

struct rejudge_rules {
	const struct network_lists *lists; /* may be NULL */
	int64_t since_us;                  /* hits before that stay as they are, and are evidence for the others */
};

struct rejudge_message {
	const struct message *message;
	const struct event *hits; /* as they are, in order of time */
	size_t n;
	struct event *judged; /* as they would be; only actor, confidence, reasons and rules differ */
	bool *is_left;
	/* From the first to the last hit for which fan-out counts; from > to: none. */
	int64_t fan_out_from_us, fan_out_to_us;
};

/* LEFT_COUNT: it can be judged; *ret holds the first verdicts. What is in *ret lives in `arena`. */
enum left_alone rejudge_message_begin(const struct rejudge_rules *rules, const struct message *message,
				      const struct event_hits *hits, struct arena *arena, struct rejudge_message *ret);
/* True when some verdict is another one. */
bool rejudge_message_end(struct rejudge_message *m, const struct fan_out *fan_out, struct arena *arena);

#endif

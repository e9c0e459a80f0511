/* SPDX-License-Identifier: Apache-2.0 */
/* second_look: the opens and clicks of one message judged together, for settling them and for judging history again. */
#ifndef PUGMARK_ENGINE_SECOND_LOOK_H
#define PUGMARK_ENGINE_SECOND_LOOK_H

#include "engine/judge/fan_out.h"
#include "store/events/hits.h"
#include "store/mail/messages.h"

struct second_look {
	const struct message *message;
	const struct fan_out *fan_out;
	const struct fan_out *also; /* what else is known of that time; NULL: nothing */
	struct arena *arena;        /* of the new reasons */
};

/* By time. */
void second_look_sort(struct event_hits *hits);
/* The newest of them, at most `limit`, in order of time. */
enum status second_look_read(struct store_session *session, struct uuid message, uint32_t limit, struct arena *arena,
			     struct event_hits *ret, struct err *err) MUST_CHECK;
/* Of those that occurred until then. */
enum status second_look_read_until(struct store_session *session, const struct hits_until *which, struct arena *arena,
				   struct event_hits *ret, struct err *err) MUST_CHECK;
/* `hits` come with their first verdicts. Those that all of them together show in another light get another actor,
 * confidence and reasons, and the rules' version. */
void second_look_judge(const struct second_look *look, struct event *hits, size_t count);

#endif

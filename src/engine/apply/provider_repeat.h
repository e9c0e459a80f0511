/* SPDX-License-Identifier: Apache-2.0 */
/* provider_repeat: an open or click that we saw and that a provider tells of, too, is one, not two.
 *
 * Of the two our own counts, whichever came first: it knows the agent and the address at first hand, was on disk before
 * it was answered, and the second look needs it. So the numbers do not depend on the order in which a provider's
 * reports come. A report is the same as a hit of ours on the same link (or the pixel) of the same message at most
 * tracking.provider_dedupe_minutes away, however often that was clicked; but a report of a machine is not the same as a
 * hit of a person, nor the other way round, unless address and agent are. When nobody knows who a report is about, it
 * is whoever we saw.
 *
 * Everything is asked of the store, so a start needs no memory of it. Writer's thread.
 */
#ifndef PUGMARK_ENGINE_PROVIDER_REPEAT_H
#define PUGMARK_ENGINE_PROVIDER_REPEAT_H

#include "engine/apply/apply.h"

enum repeat {
	REPEAT_NONE,
	REPEAT_OF_HIT,    /* we saw it */
	REPEAT_OF_REPORT, /* the provider told of the same address within tracking.dedupe_seconds; of the same agent
			     where it has no address */
};
/* What a report repeats; `report` is its event, gathered as far as it is known. */
enum status provider_repeat_find(const struct apply_context *context, const struct event *report, enum repeat *ret,
				 struct err *err) MUST_CHECK;
/* A hit of ours is about to be counted: reports of it that were counted become duplicates, and what was made of them is
 * taken back. */
enum status provider_repeat_take_over(const struct apply_context *context, struct message *message,
				      const struct event *hit, struct err *err) MUST_CHECK;

#endif

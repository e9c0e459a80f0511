/* SPDX-License-Identifier: Apache-2.0 */
/* rejudge: one pass over the opens and clicks since some time that judges them by today's rules.
 *
 * Message by message, in the order of their first hits since then: each hit gets the verdict that today's rules would
 * have given it, then all of them are looked at together, as settling does. Unlike settling it may make a machine a
 * person. A verdict moves with all that was made of it (correction.h). Only what makes a difference to a number is
 * changed: another actor, or Apple's privacy proxy or not; words and confidence alone are not.
 *
 * What is read is judged here, on the caller's thread; only messages that change go to the writer, a few in a command,
 * and are judged there again in its transaction. Nothing is remembered, so a pass that was cut short, by a kill too, is
 * made whole by the next one, and one behind it changes nothing. Belongs to one thread.
 *
 * Left alone are: hits that were not kept well enough (first_look.h), messages of erased contacts, messages whose
 * counters are not those of their events because events were pruned, and messages with more than BEHAVIOUR_HITS_MAX
 * hits. Repeats stay repeats: that was decided by whole addresses, which the rows need not have, and among hits that
 * had the same kind of verdict then. */
#ifndef PUGMARK_ENGINE_REJUDGE_H
#define PUGMARK_ENGINE_REJUDGE_H

#include "engine/judge/rejudge_report.h"
#include "engine/ledger/writer.h"

struct rejudge_config {
	struct store *store;
	struct writer *writer; /* NULL: nothing is written */
	const struct clock *clock;
	const struct network_lists *lists; /* an operator's, which must outlive it; may be NULL */
	int64_t since_us;
};

struct rejudge;
enum status rejudge_begin(const struct rejudge_config *config, struct rejudge **ret, struct err *err) MUST_CHECK;
/* Some messages; blocks until they are committed. STATUS_END: the pass is over. Anything else ends it too. */
enum status rejudge_step(struct rejudge *rejudge, struct err *err) MUST_CHECK;
void rejudge_free(struct rejudge **rejudge);

struct rejudge_progress {
	uint64_t hits;      /* judged so far */
	uint32_t per_mille; /* of the time since then */
	int64_t step_us;    /* what the last step took of the writer's time */
};
struct rejudge_progress rejudge_progress(const struct rejudge *rejudge);
/* So far; what is in it is committed. */
const struct rejudge_report *rejudge_report(const struct rejudge *rejudge);

/* A whole pass. */
struct rejudge_watch {
	/* After each step; false ends the pass. */
	bool (*step)(void *user, const struct rejudge_progress *progress);
	void *user;
};
/* STATUS_AGAIN: ended by `step`. *ret has what was done until then, sorted, also when it fails. */
enum status rejudge_run(const struct rejudge_config *config, const struct rejudge_watch *watch,
			struct rejudge_report *ret, struct err *err) MUST_CHECK;

#endif

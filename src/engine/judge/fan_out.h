/* SPDX-License-Identifier: Apache-2.0 */
/* fan_out: how many recipients of one domain did a source come for, within a minute?
 *
 * A short memory of hits that came soon after delivery and look like a person's. Bounded; what is forgotten makes a
 * machine look like a person, never the other way round, so it says since when it has forgotten nothing, and whoever
 * asks about earlier reads history too (visit_history.h). A hit that is noted twice counts once. Writer's thread.
 */
#ifndef PUGMARK_ENGINE_FAN_OUT_H
#define PUGMARK_ENGINE_FAN_OUT_H

#include "codec/judge/behaviour.h"
#include "store/events/hits.h"

enum {
	FAN_OUT_VISITS_MAX = 32768,  /* of a source at a domain in a minute; each takes some 500 bytes */
	FAN_OUT_RECIPIENTS_MAX = 16, /* remembered of each */
};

struct fan_out_hit {
	uint32_t tenant;
	struct slice recipient; /* the address; its domain is compared in any case */
	struct behaviour_source source;
	int64_t time_us;
};

struct fan_out;
struct fan_out *fan_out_new(void);
/* For judging history again, where the hits of one mail are not asked about one after the other: remembers at least
 * FAN_OUT_HISTORY_S behind the newest that was noted, and four times as many. */
enum { FAN_OUT_HISTORY_S = 900 };
struct fan_out *fan_out_new_for_history(void);
void fan_out_free(struct fan_out **fan_out);
/* From now on everything from that time on is noted, whether or not there is something to note. Without this, so it is
 * from the first note on. */
void fan_out_begin(struct fan_out *fan_out, int64_t from_us);
/* It knows everything that was to be noted from then on; INT64_MAX: it knows nothing. */
int64_t fan_out_since_us(const struct fan_out *fan_out);
/* Notes a visit that came soon after delivery; nothing otherwise. */
void fan_out_note_visit(struct fan_out *fan_out, const struct past_visit *visit);
/* Nothing when the source is not known. */
void fan_out_note(struct fan_out *fan_out, const struct fan_out_hit *hit);
/* By what this and, unless it is NULL, `also` know: recipients of the domain of `hit`, this one included, that its
 * source came for within BEHAVIOUR_FAN_OUT_REACH_S to either side, one after the other: people who read at the same
 * time come and go between each other, and count as few; a machine that works at several mails at once still goes
 * through more of them than that. 0 when the source is not known. A company of thousands counts as one of some twenty.
 */
uint32_t fan_out_count(const struct fan_out *fan_out, const struct fan_out *also, const struct fan_out_hit *hit);

#endif

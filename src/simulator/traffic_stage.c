/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where a hit is put into the list and gets its time: people and scanners only say how long after
 * sending. */
#include "simulator/traffic_stage.h"

#include "base/mem.h"

void traffic_hits_done(struct traffic_hits *hits)
{
	mem_free(hits->at);
	*hits = (struct traffic_hits){0};
}

static struct traffic_hit *add(struct traffic_hits *hits)
{
	enum { FIRST = 1024 };
	if (hits->n == hits->room) {
		hits->room = hits->room ? 2 * hits->room : FIRST;
		hits->at = mem_resize(hits->at, hits->room * sizeof *hits->at);
	}
	return &hits->at[hits->n++];
}

struct traffic_hit *traffic_stage_open(struct traffic_stage *stage, enum traffic_behaviour behaviour, int64_t after_us,
				       struct slice agent)
{
	struct traffic_hit *hit = add(stage->hits);
	*hit = (struct traffic_hit){
	    .time_us = stage->mail->sent_us + after_us,
	    .mail = stage->mail_index,
	    .kind = HIT_OPEN,
	    .behaviour = behaviour,
	    .agent = agent,
	};
	return hit;
}

struct traffic_hit *traffic_stage_click(struct traffic_stage *stage, enum traffic_behaviour behaviour, int64_t after_us,
					struct slice agent)
{
	struct traffic_hit *hit = traffic_stage_open(stage, behaviour, after_us, agent);
	hit->kind = HIT_CLICK;
	return hit;
}

void traffic_stage_send_headers(const struct traffic_stage *stage, struct traffic_hit *hit)
{
	hit->has_accept_language = true;
	hit->has_sec_fetch = stage->mail->is_https && traffic_agent_sends_fetch_metadata(hit->agent);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger/hit_count.h"

#include "engine/feed/event_json.h"

struct hit_count hit_count_of(const struct event *event)
{
	return (struct hit_count){.kind = event->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN,
				  .actor = event->actor,
				  .is_mpp = event_is_mpp(event),
				  .time_us = event->occurred_us};
}

struct open_counter {
	enum statistic stat;
	size_t offset; /* in struct message_counters */
};

static struct open_counter open_counter_of(const struct hit_count *hit)
{
#define COUNTER(stat, field) ((struct open_counter){stat, offsetof(struct message_counters, field)})
	switch (hit->actor) {
	case ACTOR_HUMAN: return COUNTER(STAT_OPENS_HUMAN, opens_human);
	case ACTOR_PROXY_HUMAN: return COUNTER(STAT_OPENS_PROXY, opens_proxy);
	case ACTOR_PREFETCH:
		return hit->is_mpp ? COUNTER(STAT_OPENS_MPP, opens_mpp) : COUNTER(STAT_OPENS_PREFETCH, opens_prefetch);
	case ACTOR_SCANNER: return COUNTER(STAT_OPENS_SCANNER, opens_scanner);
	case ACTOR_LINK_PREVIEW: return COUNTER(STAT_OPENS_PREVIEW, opens_preview);
	case ACTOR_CRAWLER: return COUNTER(STAT_OPENS_CRAWLER, opens_crawler);
	default: return COUNTER(STAT_OPENS_UNKNOWN, opens_unknown);
	}
#undef COUNTER
}

static enum statistic stat_of(const struct hit_count *hit)
{
	if (hit->kind == HIT_OPEN)
		return open_counter_of(hit).stat;
	return actor_is_counted(hit->actor) ? STAT_CLICKS_HUMAN : STAT_CLICKS_MACHINE;
}

void hit_count_campaign(struct batch *batch, const struct message *message, const struct hit_count *hit, int delta)
{
	enum statistic stat = stat_of(hit);
	batch_stat(batch, message, stat, delta);
	if (stat == STAT_OPENS_MPP)
		batch_stat_hourly(batch, message, hit->time_us, HOURLY_OPENS_MPP, (uint8_t)hit->actor, delta);
	batch_stat_hourly(batch, message, hit->time_us, hit->kind == HIT_OPEN ? HOURLY_OPENS : HOURLY_CLICKS,
			  (uint8_t)hit->actor, delta);
}

void hit_count_person(struct message *message, const struct hit_count *hit, int delta)
{
	struct message_counters *c = &message->counters;
	uint32_t *counter = hit->kind == HIT_OPEN          ? (void *)((char *)c + open_counter_of(hit).offset)
			    : actor_is_counted(hit->actor) ? &c->clicks_human
							   : &c->clicks_machine;
	*counter += (uint32_t)delta;
}

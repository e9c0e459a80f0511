/* SPDX-License-Identifier: Apache-2.0 */
/* Between the rows of the store and codec/judge/behaviour, which is pure: what a row says of its source and link, and
 * how what was found is written down. */
#include "engine/judge/second_look.h"

#include "base/crc32c.h"
#include "codec/judge/behaviour.h"

/* They come newest first by position; by time they are nearly sorted, so inserting is quick. */
void second_look_sort(struct event_hits *list)
{
	struct event *hits = list->at;
	size_t count = list->n;
	for (size_t i = 0; i < count / 2; i++) {
		struct event first = hits[i];
		hits[i] = hits[count - 1 - i];
		hits[count - 1 - i] = first;
	}
	for (size_t i = 1; i < count; i++) {
		struct event hit = hits[i];
		size_t to = i;
		for (; to > 0 && hits[to - 1].occurred_us > hit.occurred_us; to--)
			hits[to] = hits[to - 1];
		hits[to] = hit;
	}
}

enum status second_look_read(struct store_session *session, struct uuid message, uint32_t limit, struct arena *arena,
			     struct event_hits *ret, struct err *err)
{
	enum status status = store_event_hits(session, message, limit, arena, ret, err);
	if (status == STATUS_OK)
		second_look_sort(ret);
	return status;
}

enum status second_look_read_until(struct store_session *session, const struct hits_until *which, struct arena *arena,
				   struct event_hits *ret, struct err *err)
{
	enum status status = store_event_hits_until(session, which, arena, ret, err);
	if (status == STATUS_OK)
		second_look_sort(ret);
	return status;
}

/* A link that has no number in the mail (a provider told of its URL) is still another one. */
static uint32_t link_of(const struct event *e)
{
	if (e->link_index >= 0)
		return (uint32_t)e->link_index;
	return e->destination_url.n ? crc32c(0, e->destination_url.p, e->destination_url.n) | UINT32_C(1) << 31 : 0;
}

static struct behaviour_hit hit_of(const struct second_look *look, const struct event *e)
{
	struct ip_address address;
	bool has_address = ip_address_parse(e->ip, &address);
	struct behaviour_hit hit = {
	    .id = e->id,
	    .kind = e->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN,
	    .time_us = e->occurred_us,
	    .link_index = link_of(e),
	    .source = behaviour_source_of(has_address ? &address : NULL, e->user_agent),
	    .actor = e->actor,
	    .reasons = e->reasons,
	};
	struct fan_out_hit visit = {
	    .tenant = look->message->tenant,
	    .recipient = look->message->to_email,
	    .source = hit.source,
	    .time_us = e->occurred_us,
	};
	hit.fan_out = fan_out_count(look->fan_out, look->also, &visit);
	return hit;
}

static struct slice reasons_of(const struct second_look *look, const struct behaviour_hit *hit)
{
	char group[UUID_TEXT_SIZE];
	if (uuid_is_zero(hit->group))
		return arena_copy(look->arena, slice_from_cstr(hit->verdict.reasons));
	uuid_format(hit->group, group);
	return arena_printf(look->arena, "%s group:%s", hit->verdict.reasons, group);
}

void second_look_judge(const struct second_look *look, struct event *hits, size_t count)
{
	const struct message *m = look->message;
	struct behaviour_mail mail = {
	    .delivered_us = m->delivered_us ? m->delivered_us : m->sent_us,
	    .first_open_us = m->counters.first_open_any_us,
	    .links = m->link_count,
	};
	struct behaviour_hit *judged = arena_alloc_array(look->arena, count + 1, sizeof *judged);
	for (size_t i = 0; i < count; i++)
		judged[i] = hit_of(look, &hits[i]);
	behaviour_judge(&mail, judged, count);
	for (size_t i = 0; i < count; i++) {
		if (!judged[i].is_changed)
			continue;
		hits[i].actor = judged[i].verdict.actor;
		hits[i].confidence_percent = judged[i].verdict.confidence_percent;
		hits[i].reasons = reasons_of(look, &judged[i]);
		hits[i].rules = SLICE(VERDICT_RULES);
	}
}

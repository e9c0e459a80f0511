/* SPDX-License-Identifier: Apache-2.0 */
/* The clicks of a burst may be written or still gathered, mostly both: a sandbox follows links and presses within one
 * batch. So the store is asked and the batch looked through. Links are counted from each click on and in no order,
 * because several servers' records come in none; that is quadratic, and bounded by CLICKS_MAX. */
#include "engine/judge/press_burst.h"

#include "codec/judge/ip_address.h"

enum { CLICKS_MAX = 128 };

struct click {
	int64_t time_us;
	int32_t link_index;
};

struct clicks {
	const struct event *press;
	uint64_t network;
	struct click at[CLICKS_MAX];
	size_t n;
	bool honeypot;
};

/* The network of an address; 0 when it is none. */
static uint64_t network_of(struct slice ip)
{
	struct ip_address address;
	return ip_address_parse(ip, &address) ? behaviour_source_of(&address, SLICE_EMPTY).network : 0;
}

static bool is_before(const struct clicks *c, const struct event *e)
{
	/* One that came again is one row with a last time (decision 36). */
	int64_t last_us = e->last_repeat_us > e->occurred_us ? e->last_repeat_us : e->occurred_us;
	int64_t before_us = c->press->occurred_us - last_us;
	return before_us >= 0 && before_us <= PRESS_BURST_REACH_S * INT64_C(1000000);
}

static void add_if_own(struct clicks *c, const struct event *e)
{
	if (c->n == CLICKS_MAX || e->type != EVENT_CLICK || !is_before(c, e) ||
	    !slice_equal(e->user_agent, c->press->user_agent) || network_of(e->ip) != c->network)
		return;
	if (behaviour_is_honeypot(e->actor, e->reasons))
		c->honeypot = true;
	else
		c->at[c->n++] = (struct click){e->occurred_us, e->link_index};
}

static bool is_new_link(const struct clicks *c, size_t first, size_t at, int64_t until_us)
{
	for (size_t i = 0; i < at; i++)
		if (c->at[i].link_index == c->at[at].link_index && c->at[i].time_us >= c->at[first].time_us &&
		    c->at[i].time_us <= until_us)
			return false;
	return true;
}

/* Different links from the time of one click on; they need not be in order. */
static uint32_t links_from(const struct clicks *c, size_t first)
{
	uint32_t links = 0;
	int64_t until_us = c->at[first].time_us + BEHAVIOUR_BURST_MS * INT64_C(1000);
	for (size_t i = 0; i < c->n; i++)
		links += c->at[i].time_us >= c->at[first].time_us && c->at[i].time_us <= until_us &&
			 is_new_link(c, first, i, until_us);
	return links;
}

enum status press_burst_find(struct batch *batch, const struct event *press, struct press_burst *ret, struct err *err)
{
	struct clicks clicks = {.press = press, .network = network_of(press->ip)};
	struct event_filter filter = {.tenant = press->tenant,
				      .message = press->message,
				      .types = 1U << EVENT_CLICK,
				      .from_us = press->occurred_us - PRESS_BURST_REACH_S * INT64_C(1000000),
				      .limit = CLICKS_MAX};
	struct event *written = NULL;
	size_t count = 0;
	*ret = (struct press_burst){0};
	/* Without a client there is nobody to tell a source by. */
	if (!press->user_agent.n || clicks.network == 0)
		return STATUS_OK;
	enum status status = store_event_list(batch_session(batch), &filter, batch_arena(batch), &written, &count, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		add_if_own(&clicks, &written[i]);
	for (const struct event *e = batch_last_event(batch, press->message); e; e = batch_event_before(batch, e))
		add_if_own(&clicks, e);
	for (size_t i = 0; i < clicks.n; i++) {
		uint32_t links = links_from(&clicks, i);
		ret->links = links > ret->links ? links : ret->links;
	}
	ret->honeypot = clicks.honeypot;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that the row has kept go through today's rules as if the hit came now. A verdict is only given where its
 * ground is still there: an address that was shortened since may lie outside of a list in which the whole one was, and
 * nobody became a person by that. */
#include "engine/judge/first_look.h"

#include "codec/judge/hit_signals.h"

static bool has_reason(struct slice reasons, struct slice reason)
{
	while (reasons.n)
		if (slice_equal(slice_cut(&reasons, ' '), reason))
			return true;
	return false;
}

/* Bare Mozilla is Apple's proxy or a scanner by its address alone. */
static bool rests_on_address(struct slice reason)
{
	static const struct slice STARTS[] = {SLICE("network:"), SLICE("network_probable:"), SLICE("data_centre:"),
					      SLICE("agent:apple_mpp"), SLICE("agent:bare_mozilla")};
	for (size_t i = 0; i < sizeof STARTS / sizeof STARTS[0]; i++)
		if (slice_starts_with(reason, STARTS[i]))
			return true;
	return false;
}

/* With privacy.keep_client = truncated the rows have networks; lists may divide those further. */
static bool has_lost_its_ground(const struct kept_hit *hit, const struct ip_address *client, const struct verdict *anew)
{
	struct slice reasons = hit->reasons;
	struct ip_address network = ip_address_network(client);
	if (!ip_address_equal(client, &network))
		return false;
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		if (rests_on_address(reason) && !has_reason(slice_from_cstr(anew->reasons), reason))
			return true;
	}
	return false;
}

static bool is_kept(const struct kept_hit *hit)
{
	return (hit->signals != HIT_SIGNALS_NOT_KEPT || hit->ip.n || hit->user_agent.n) &&
	       !has_reason(hit->reasons, SLICE("consent:anonymous"));
}

bool first_look(const struct kept_hit *hit, const struct network_lists *lists, struct verdict *ret)
{
	struct verdict verdict;
	struct hit_signals signals = {
	    .kind = hit->kind,
	    .user_agent = hit->user_agent,
	    .has_delivery_age = hit->delivered_us != 0,
	    .delivery_age_ms = (hit->time_us - hit->delivered_us) / 1000,
	    .lists = lists,
	};
	if (!is_kept(hit))
		return false;
	signals.has_client = ip_address_parse(hit->ip, &signals.client);
	if (hit->signals == HIT_SIGNALS_NOT_KEPT)
		hit_signals_from_reasons(hit->reasons, &signals);
	else
		hit_signals_unpack(hit->signals, &signals);
	verdict_judge(&signals, &verdict);
	if (signals.has_client && has_lost_its_ground(hit, &signals.client, &verdict))
		return false;
	*ret = verdict;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: the summary of a range, by cohort (mail sent in the range). Names as in doc/openapi.yaml.
 *
 * Sums are kept by day while events are applied (engine/ledger), so a year is 365 rows and not a scan of its events.
 * Everything that is derived here is derived from the same row at the same moment: shares and rates always fit the
 * numbers beside them. */
#include "web/api/stats.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/tenant/tenant_policy.h"
#include "engine/tenant/time_zone.h"
#include "store/events/stats.h"
#include "web/api/answer.h"
#include "web/api/parameters.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { DEFAULT_DAYS = 30 };
static const int64_t DAY_US = INT64_C(86400000000);

/* Of nothing: 0, which is what a chart can show. */
static double rate(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0.0;
}

/* All that is counted for nobody, clients of which nobody can tell included, as with clicks. Not Apple's prefetches,
 * which have a figure of their own: they say that a person's device got the mail. */
static int64_t machine_opens(const int64_t v[STAT_COUNT])
{
	return v[STAT_OPENS_PREFETCH] + v[STAT_OPENS_SCANNER] + v[STAT_OPENS_PREVIEW] + v[STAT_OPENS_CRAWLER] +
	       v[STAT_OPENS_UNKNOWN];
}

/* Apple's prefetch is a prefetch here; it has a number of its own above because it is most of them. */
static void put_opens_by_actor(struct json_text *w, const int64_t v[STAT_COUNT])
{
	json_key(w, "opens_by_actor");
	json_open(w, '{');
	JSON_FIELD(w, "human", i64, v[STAT_OPENS_HUMAN]);
	JSON_FIELD(w, "proxy_human", i64, v[STAT_OPENS_PROXY]);
	JSON_FIELD(w, "prefetch", i64, v[STAT_OPENS_MPP] + v[STAT_OPENS_PREFETCH]);
	JSON_FIELD(w, "scanner", i64, v[STAT_OPENS_SCANNER]);
	JSON_FIELD(w, "link_preview", i64, v[STAT_OPENS_PREVIEW]);
	JSON_FIELD(w, "crawler", i64, v[STAT_OPENS_CRAWLER]);
	JSON_FIELD(w, "unknown", i64, v[STAT_OPENS_UNKNOWN]);
	json_close(w, '}');
}

static void put_opens(struct json_text *w, const int64_t v[STAT_COUNT], bool strict)
{
	int64_t people = v[STAT_OPENS_HUMAN] + v[STAT_OPENS_PROXY];
	JSON_FIELD(w, "opens_total", i64, people);
	JSON_FIELD(w, "opens_unique", i64, v[STAT_OPENS_UNIQUE]);
	JSON_FIELD(w, "opens_unique_strict", i64, v[STAT_OPENS_UNIQUE_STRICT]);
	JSON_FIELD(w, "opens_unique_all", i64, v[STAT_OPENS_UNIQUE_ALL]);
	JSON_FIELD(w, "opens_mpp", i64, v[STAT_OPENS_MPP]);
	JSON_FIELD(w, "opens_machine", i64, machine_opens(v));
	put_opens_by_actor(w, v);
	JSON_FIELD(w, "mpp_share", double, rate(v[STAT_OPENS_MPP], people + v[STAT_OPENS_MPP]));
	JSON_FIELD(w, "headline_opens", i64, strict ? v[STAT_OPENS_UNIQUE_STRICT] : v[STAT_OPENS_UNIQUE]);
}

/* ---- Rates: of delivered mail; of mail that was taken while nothing reports delivery. Both halves are of the same
 * messages, those of which an open or a click can be seen to be a person's (effects.h). */

/* From STAT_OPENABLE_DELIVERED on, and as many. */
static int64_t rated(const int64_t v[STAT_COUNT], enum statistic of_delivered)
{
	int64_t in_flight = v[of_delivered + (STAT_OPENABLE_IN_FLIGHT - STAT_OPENABLE_DELIVERED)];
	return v[STAT_DELIVERED] > 0 ? v[of_delivered] : v[of_delivered] + in_flight;
}

/* Of nothing there is no rate, not even zero. Numbers from before rates had their own were divided by a rule
 * (migration 0020), and what comes to them late may be above it. */
static void put_rate(struct json_text *w, const char *name, int64_t part, int64_t whole)
{
	json_key(w, name);
	if (whole <= 0)
		json_put_null(w);
	else
		json_put_double(w, part < whole ? rate(part, whole) : 1.0);
}

static void put_rates(struct json_text *w, const int64_t v[STAT_COUNT], bool strict)
{
	int64_t opens_of = rated(v, STAT_OPENABLE_DELIVERED);
	int64_t clicks_of = rated(v, STAT_CLICKABLE_DELIVERED);
	int64_t opened = rated(v, STAT_OPENED_DELIVERED);
	int64_t opened_strict = rated(v, STAT_OPENED_STRICT_DELIVERED);
	put_rate(w, "open_rate", strict ? opened_strict : opened, opens_of);
	put_rate(w, "click_rate", rated(v, STAT_CLICKED_DELIVERED), clicks_of);
	JSON_FIELD(w, "rates_of", cstring, v[STAT_DELIVERED] > 0 ? "delivered" : "sent");
	json_key(w, "rated");
	json_open(w, '{');
	JSON_FIELD(w, "openable", i64, opens_of);
	JSON_FIELD(w, "opened", i64, opened);
	JSON_FIELD(w, "opened_strict", i64, opened_strict);
	JSON_FIELD(w, "opened_all", i64, rated(v, STAT_OPENED_ALL_DELIVERED));
	JSON_FIELD(w, "clickable", i64, clicks_of);
	JSON_FIELD(w, "clicked", i64, rated(v, STAT_CLICKED_DELIVERED));
	JSON_FIELD(w, "clicked_all", i64, rated(v, STAT_CLICKED_ALL_DELIVERED));
	json_close(w, '}');
}

/* The same for a range and the one before it, so that a page can lay them side by side. */
static void put_fields(struct json_text *w, const int64_t v[STAT_COUNT], bool strict)
{
	JSON_FIELD(w, "sends", i64, v[STAT_SENDS]);
	JSON_FIELD(w, "delivered", i64, v[STAT_DELIVERED]);
	JSON_FIELD(w, "in_flight", i64, v[STAT_IN_FLIGHT]);
	JSON_FIELD(w, "in_doubt", i64, v[STAT_IN_DOUBT]);
	put_opens(w, v, strict);
	JSON_FIELD(w, "clicks_total", i64, v[STAT_CLICKS_HUMAN]);
	JSON_FIELD(w, "clicks_unique", i64, v[STAT_CLICKS_UNIQUE]);
	JSON_FIELD(w, "clicks_unique_all", i64, v[STAT_CLICKS_UNIQUE_ALL]);
	JSON_FIELD(w, "clicks_machine", i64, v[STAT_CLICKS_MACHINE]);
	JSON_FIELD(w, "unsubscribes", i64, v[STAT_UNSUBSCRIBES]);
	JSON_FIELD(w, "complaints", i64, v[STAT_COMPLAINTS]);
	JSON_FIELD(w, "bounced", i64, v[STAT_BOUNCED]);
	JSON_FIELD(w, "failed", i64, v[STAT_FAILED]);
	put_rates(w, v, strict);
}

static void put_day(struct json_text *w, const char *name, int32_t day)
{
	char text[DATE_TEXT_SIZE];
	time_format_day(day * DAY_US, text); /* a date is the same in every zone */
	JSON_FIELD(w, name, cstring, text);
}

/* Which days were summed up, so that whoever left them out knows which "today" was meant. */
static void put_range(struct json_text *w, const struct stats_query *query, const struct time_zone *zone)
{
	put_day(w, "from", query->from_day);
	put_day(w, "to", query->to_day);
	JSON_FIELD(w, "time_zone", cstring, time_zone_name(zone));
}

/* Today by the tenant's clocks: at 00:30 in Tokyo mail of today is there to be seen, and UTC is a day behind. Who may
 * see only his own mail gets his own, whatever sender he asks for. */
static bool query_range(struct api_call *call, struct stats_query *q, bool *ret_compare)
{
	struct slice compare = {NULL, 0};
	int32_t today = time_zone_day_of(parameters_zone(call), clock_now_us(call->services->clock));
	*q = (struct stats_query){.tenant = call->who.tenant, .from_day = today - DEFAULT_DAYS + 1, .to_day = today};
	if (!parameters_days(call, &q->from_day, &q->to_day) || !parameters_text(call, "campaign", &q->campaign_id) ||
	    !parameters_text(call, "template", &q->template_id) || !parameters_text(call, "sender", &q->sender) ||
	    !parameters_text(call, "compare", &compare))
		return false;
	struct slice own = reach_sender(call);
	if (own.p)
		q->sender = own;
	if (compare.p && !slice_equal(compare, SLICE("previous"))) {
		answer_problem(call, 422, "Invalid", "The query parameter 'compare' must be 'previous'.");
		return false;
	}
	*ret_compare = compare.p != NULL;
	return true;
}

/* `previous` is as many days, right before: of days, not of hours, so that a week with a day of 23 hours is compared
 * with a week. */
void stats_summary(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct stats_query query;
	bool compare;
	int64_t values[STAT_COUNT];
	int64_t before[STAT_COUNT];
	if (!query_range(call, &query, &compare))
		return;
	enum status status = store_stats_sum(worker->session, &query, values, &err);
	struct stats_query previous = query;
	previous.to_day = query.from_day - 1;
	previous.from_day = query.from_day - (query.to_day - query.from_day + 1);
	if (status == STATUS_OK && compare)
		status = store_stats_sum(worker->session, &previous, before, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct tenant_policy policy = tenant_policies_of(call->services->policies, call->who.tenant);
	bool strict = policy.headline_opens == HEADLINE_STRICT;
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	put_range(&w, &query, policy.zone);
	put_fields(&w, values, strict);
	json_key(&w, "previous");
	if (compare) {
		json_open(&w, '{');
		put_range(&w, &previous, policy.zone);
		put_fields(&w, before, strict);
		json_close(&w, '}');
	} else {
		json_put_null(&w);
	}
	json_close(&w, '}');
}

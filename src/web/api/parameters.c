/* SPDX-License-Identifier: Apache-2.0 */
/* A parameter that is there and makes no sense is refused, never guessed at or passed over: a filter that is silently
 * dropped shows somebody more than was asked for, and a limit that is silently cut hides rows. */
#include "web/api/parameters.h"

#include "base/clock.h"
#include "codec/mail/mail_address.h"
#include "codec/url/query.h"
#include "engine/tenant/tenant_policy.h"
#include "engine/tenant/time_zone.h"
#include "store/people/contacts.h"
#include "web/api/answer.h"
#include "web/api/services.h"

enum { DATE_SIZE = 10, NAME_SHOWN = 60 };
static const int64_t DAY_US = INT64_C(86400000000);

static void bad_parameter(struct api_call *call, const char *name, const char *what)
{
	struct slice detail = arena_printf(call->arena, "The query parameter '%s' must be %s.", name, what);
	answer_problem(call, 422, "Invalid", detail.p);
}

static bool is_among(struct slice name, const char *names)
{
	struct slice rest = slice_from_cstr(names);
	while (rest.n)
		if (slice_equal(slice_cut(&rest, ' '), name))
			return true;
	return false;
}

/* What is malformed is left to whoever asks for a value. */
bool parameters_only(struct api_call *call, const char *names)
{
	struct query query = query_read(call->query);
	struct query_parameter found;
	enum status status;
	while ((status = query_next(&query, call->arena, &found)) != STATUS_END) {
		if (status != STATUS_OK || is_among(found.name, names))
			continue;
		struct slice detail =
		    arena_printf(call->arena, "There is no query parameter '%.*s' here; there are: %s.",
				 SLICE_FMT(slice_sub(found.name, 0, NAME_SHOWN)), *names ? names : "none");
		answer_problem(call, 400, "Bad request", detail.p);
		return false;
	}
	return true;
}

bool parameters_text(struct api_call *call, const char *name, struct slice *ret)
{
	enum status status = query_find(call->query, slice_from_cstr(name), call->arena, ret);
	if (status == STATUS_BAD_INPUT)
		bad_parameter(call, name, "percent-encoded");
	return status != STATUS_BAD_INPUT;
}

/* 0 is refused like any other number out of range: an empty page would look like the end of the list. */
bool parameters_number(struct api_call *call, const char *name, uint32_t max, uint32_t *ret)
{
	struct slice text = {NULL, 0};
	uint64_t number;
	if (!parameters_text(call, name, &text))
		return false;
	if (!text.p)
		return true;
	if (!slice_to_u64(text, max, &number) || number == 0) {
		bad_parameter(call, name, arena_printf(call->arena, "a number from 1 to %u", max).p);
		return false;
	}
	*ret = (uint32_t)number;
	return true;
}

const struct time_zone *parameters_zone(const struct api_call *call)
{
	return tenant_policies_of(call->services->policies, call->who.tenant).zone;
}

/* A day is no time before a zone makes it one. */
struct time_or_day {
	bool is_given, is_day;
	int64_t time_us; /* of a day: its number times DAY_US */
};
static bool time_or_day(struct api_call *call, const char *name, struct time_or_day *ret)
{
	struct slice text = {NULL, 0};
	if (!parameters_text(call, name, &text))
		return false;
	*ret = (struct time_or_day){.is_given = text.p != NULL, .is_day = text.p && text.n == DATE_SIZE};
	if (!text.p || time_parse_rfc3339(text, &ret->time_us))
		return true;
	bad_parameter(call, name, "a time like 2026-11-21T06:00:00Z, or a day");
	return false;
}

static bool is_in_order(struct api_call *call, bool is_after)
{
	if (is_after)
		answer_problem(call, 422, "Invalid", "The query parameter 'from' must not be after 'to'.");
	return !is_after;
}

bool parameters_times(struct api_call *call, int64_t *ret_from_us, int64_t *ret_to_us)
{
	struct time_or_day from, to;
	const struct time_zone *zone = parameters_zone(call);
	if (!time_or_day(call, "from", &from) || !time_or_day(call, "to", &to))
		return false;
	int64_t from_us = from.is_day ? time_zone_day_begin(zone, (int32_t)(from.time_us / DAY_US)) : from.time_us;
	int64_t to_us = to.is_day ? time_zone_day_begin(zone, (int32_t)(to.time_us / DAY_US) + 1) : to.time_us;
	/* The end of a day is the beginning of the next, which does not belong to it. */
	int64_t last_us = to.is_day ? to_us - 1 : to_us;
	if (!is_in_order(call, from.is_given && to.is_given && from_us > last_us))
		return false;
	if (from.is_given)
		*ret_from_us = from_us;
	if (to.is_given)
		*ret_to_us = to_us;
	return true;
}

/* A time is taken for the day it is in where the tenant is, as the sums are kept. */
static void take_day(const struct api_call *call, const struct time_or_day *at, int32_t *ret_day)
{
	if (at->is_given)
		*ret_day =
		    at->is_day ? (int32_t)(at->time_us / DAY_US) : time_zone_day_of(parameters_zone(call), at->time_us);
}

bool parameters_days(struct api_call *call, int32_t *ret_from_day, int32_t *ret_to_day)
{
	struct time_or_day from, to;
	if (!time_or_day(call, "from", &from) || !time_or_day(call, "to", &to))
		return false;
	take_day(call, &from, ret_from_day);
	take_day(call, &to, ret_to_day);
	return is_in_order(call, *ret_from_day > *ret_to_day);
}

bool parameters_uuid(struct api_call *call, const char *name, struct uuid *ret)
{
	struct slice text = {NULL, 0};
	if (!parameters_text(call, name, &text))
		return false;
	if (!text.p || uuid_parse(text, ret))
		return true;
	bad_parameter(call, name, "an id");
	return false;
}

/* A caller's own id may look like an address and is in no form but its own: such a contact is the one that is meant. */
bool parameters_contact(struct api_call *call, struct api_worker *worker, struct slice *ret)
{
	struct err err = {0};
	struct contact known;
	struct slice id = {NULL, 0}, address;
	if (!parameters_text(call, "contact", &id))
		return false;
	if (!id.p)
		return true;
	*ret = id;
	if (!slice_contains(id, SLICE("@")) || mail_address_normalise(id, call->arena, &address, NULL) != STATUS_OK)
		return true;
	enum status status = store_contact_find(worker->session, call->who.tenant, id, call->arena, &known, &err);
	if (status == STATUS_NOT_FOUND)
		*ret = arena_copy_lower(call->arena, address);
	else if (status != STATUS_OK)
		answer_status(call, status, &err);
	return status == STATUS_OK || status == STATUS_NOT_FOUND;
}

/* Not a 422: a path with an id that cannot exist is a path to nothing. */
bool parameters_id(struct api_call *call, struct uuid *ret)
{
	if (uuid_parse(call->parameters[0], ret))
		return true;
	answer_problem(call, 404, "Not found", "There is nothing here by that id.");
	return false;
}

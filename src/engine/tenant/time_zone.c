/* SPDX-License-Identifier: Apache-2.0 */
/* The zone data is read by GLib (doc/decisions/0030) and laid flat at once: one row for each stretch of time between
 * two changes of the clock, some 370 of them for a zone that has summer time, 6 KB. Asking is then a binary search in
 * memory that nobody changes. GLib's own objects are not kept: its search goes through all stretches one by one, and it
 * knows neither when a stretch begins nor what a day is. */
#include "engine/tenant/time_zone.h"

#include "base/mem.h"
#include <glib.h>
#include <string.h>

enum { DAY_S = 86400, SPANS_MAX = 4096 };
static const int64_t SECOND_US = 1000000;
/* No day outside is ever counted: 1969-12-01 and 2100-01-01. Beyond, the clocks stay as they are there. */
static const int64_t FIRST_S = -2678400;
static const int64_t END_S = 4102444800;
/* More than any clock was ever ahead or behind. */
static const int64_t OFFSET_MAX_S = 26 * 3600;

struct span {
	int64_t from_s;   /* since 1970, UTC */
	int64_t offset_s; /* what the clocks show more than UTC */
};

struct time_zone {
	char name[TIME_ZONE_NAME_MAX + 1];
	size_t count; /* at least 1; the first span also holds for what was before it */
	const struct span *spans;
};

static const struct span utc_span = {0, 0};
static const struct time_zone utc = {"UTC", 1, &utc_span};

const struct time_zone *time_zone_utc(void)
{
	return &utc;
}

const char *time_zone_name(const struct time_zone *zone)
{
	return zone->name;
}

/* ---- Loading */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(struct slice word, bool may_have_digits)
{
	/* A capital first: "posix/…" repeats all zones, "right/…" counts leap seconds, "localtime" is the machine's. */
	if (!word.n || word.p[0] < 'A' || word.p[0] > 'Z')
		return false;
	for (size_t i = 1; i < word.n; i++) {
		char c = word.p[i];
		bool is_number = (c >= '0' && c <= '9') || c == '+';
		if (!is_letter(c) && c != '_' && c != '-' && !(is_number && may_have_digits))
			return false;
	}
	return true;
}

/* GLib takes more than names: rules like "EST5EDT" or "ABC5", offsets, absolute paths. The first need digits, which
 * names have only under Etc/. */
static bool is_name(struct slice name)
{
	struct slice rest = name;
	bool may_have_digits = slice_starts_with(name, SLICE("Etc/"));
	if (!name.n || name.n > TIME_ZONE_NAME_MAX || name.p[name.n - 1] == '/')
		return false;
	while (rest.n)
		if (!is_word(slice_cut(&rest, '/'), may_have_digits))
			return false;
	return true;
}

/* The last second for which the clocks are as at `from_s`, by halving: the places of GLib's intervals only go up. */
static int64_t last_of(GTimeZone *source, int interval, int64_t from_s)
{
	int64_t inside = from_s;
	int64_t outside = END_S;
	while (outside - inside > 1) {
		int64_t middle = inside + (outside - inside) / 2;
		if (g_time_zone_find_interval(source, G_TIME_TYPE_UNIVERSAL, middle) == interval)
			inside = middle;
		else
			outside = middle;
	}
	return inside;
}

static size_t read_spans(GTimeZone *source, struct span *spans)
{
	size_t count = 0;
	for (int64_t at = FIRST_S; at < END_S && count < SPANS_MAX;) {
		int interval = g_time_zone_find_interval(source, G_TIME_TYPE_UNIVERSAL, at);
		int64_t offset_s = g_time_zone_get_offset(source, interval);
		/* Some changes are only of the name. */
		if (!count || spans[count - 1].offset_s != offset_s)
			spans[count++] = (struct span){at, offset_s};
		at = last_of(source, interval, at) + 1;
	}
	return count;
}

static struct time_zone *flatten(struct slice name, GTimeZone *source)
{
	struct time_zone *zone = MEM_NEW(struct time_zone);
	struct span *spans = mem_alloc(SPANS_MAX * sizeof *spans);
	zone->count = read_spans(source, spans);
	struct span *fitting = mem_alloc(zone->count * sizeof *fitting);
	memcpy(fitting, spans, zone->count * sizeof *fitting);
	mem_free(spans);
	zone->spans = fitting;
	memcpy(zone->name, name.p, name.n);
	return zone;
}

enum status time_zone_load(struct slice name, struct time_zone **ret, struct err *err)
{
	char text[TIME_ZONE_NAME_MAX + 1] = {0};
	GTimeZone *source = NULL;
	if (is_name(name)) {
		memcpy(text, name.p, name.n);
		source = g_time_zone_new_identifier(text);
	}
	if (!source)
		return err_set(err, STATUS_NOT_FOUND,
			       "there is no time zone '%.*s' here: give an IANA name like Europe/London, "
			       "America/New_York or UTC; the package tzdata has them",
			       SLICE_FMT(slice_sub(name, 0, 40)));
	*ret = flatten(name, source);
	g_time_zone_unref(source);
	return STATUS_OK;
}

enum status time_zone_check(struct slice name, struct err *err)
{
	struct time_zone *zone;
	enum status status = time_zone_load(name, &zone, err);
	if (status == STATUS_OK)
		time_zone_free(&zone);
	return status;
}

void time_zone_free(struct time_zone **zone)
{
	if (!*zone)
		return;
	mem_free((struct span *)(*zone)->spans);
	mem_free(*zone);
	*zone = NULL;
}

/* ---- Asking */

static int64_t divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The place of the span that holds at that second. */
static size_t find_span(const struct time_zone *zone, int64_t time_s)
{
	size_t low = 0;
	size_t high = zone->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (zone->spans[middle].from_s <= time_s)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int32_t time_zone_day_of(const struct time_zone *zone, int64_t time_us)
{
	int64_t time_s = divide_down(time_us, SECOND_US);
	size_t at = find_span(zone, time_s);
	int64_t day = divide_down(time_s + zone->spans[at].offset_s, DAY_S);
	if (at == 0)
		return (int32_t)day;
	/* St. John's set its clocks back at 00:01 for years: Sunday had a minute before an hour of Saturday came again.
	 */
	int64_t begun = divide_down(zone->spans[at].from_s - 1 + zone->spans[at - 1].offset_s, DAY_S);
	return (int32_t)(begun > day ? begun : day);
}

int64_t time_zone_day_begin(const struct time_zone *zone, int32_t day)
{
	int64_t midnight_s = (int64_t)day * DAY_S; /* as clocks show it, which they may do never or twice */
	size_t at = find_span(zone, midnight_s - OFFSET_MAX_S);
	while (at + 1 < zone->count && zone->spans[at + 1].from_s + zone->spans[at].offset_s <= midnight_s)
		at++;
	int64_t begin_s = midnight_s - zone->spans[at].offset_s;
	if (at > 0 && begin_s < zone->spans[at].from_s)
		begin_s = zone->spans[at].from_s; /* the clocks went over midnight */
	return begin_s * SECOND_US;
}

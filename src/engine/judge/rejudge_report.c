/* SPDX-License-Identifier: Apache-2.0 */
/* A report is a fixed struct without allocations, so that one can be made on the writer's thread inside a transaction
 * and thrown away when that fails; hence the table of reasons with an end. Reasons are counted without their figures:
 * `burst:links=5` and `burst:links=6` are one line to whoever reads what a new rule does. */
#include "engine/judge/rejudge_report.h"

#include "engine/feed/event_json.h"
#include <stdlib.h>

static const char *const LEFT_NAMES[LEFT_COUNT] = {
    [LEFT_NOT_KEPT] = "not_kept", [LEFT_INCOMPLETE] = "incomplete", [LEFT_CROWDED] = "crowded",
    [LEFT_ERASED] = "erased",     [LEFT_NO_MESSAGE] = "no_message", [LEFT_UNREADABLE] = "unreadable",
};

const char *left_alone_name(enum left_alone why)
{
	return LEFT_NAMES[why];
}

bool rejudge_is_change(const struct event *before, const struct event *after)
{
	return before->actor != after->actor || event_is_mpp(before) != event_is_mpp(after);
}

/* ---- Reasons */

/* Without its figures, which differ from hit to hit; empty for what is no reason of a verdict. */
static struct slice name_of(struct slice reason)
{
	struct slice rest = reason;
	struct slice code = slice_cut(&rest, ':');
	if (slice_equal(code, SLICE("group")) || slice_equal(code, SLICE("duplicate")))
		return SLICE_EMPTY;
	return slice_index(rest, '=') < rest.n ? code : reason;
}

static bool has_name(struct slice reasons, struct slice name)
{
	while (reasons.n)
		if (slice_equal(name_of(slice_cut(&reasons, ' ')), name))
			return true;
	return false;
}

static void add_reason(struct rejudge_report *report, struct slice name, uint64_t came, uint64_t went)
{
	size_t i = 0;
	name = slice_sub(name, 0, REJUDGE_REASON_SIZE - 1);
	while (i < report->reason_count && !slice_equal(slice_from_cstr(report->reasons[i].name), name))
		i++;
	if (!name.n || i == REJUDGE_REASONS_MAX)
		return;
	struct rejudge_reason *reason = &report->reasons[i];
	if (i == report->reason_count) {
		*reason = (struct rejudge_reason){0};
		memcpy(reason->name, name.p, name.n);
		report->reason_count++;
	}
	reason->came += came;
	reason->went += went;
}

static void compare_reasons(struct rejudge_report *report, struct slice before, struct slice after)
{
	struct slice rest = before;
	while (rest.n) {
		struct slice name = name_of(slice_cut(&rest, ' '));
		if (!has_name(after, name))
			add_reason(report, name, 0, 1);
	}
	while (after.n) {
		struct slice name = name_of(slice_cut(&after, ' '));
		if (!has_name(before, name))
			add_reason(report, name, 1, 0);
	}
}

static int by_change(const void *a, const void *b)
{
	const struct rejudge_reason *x = a;
	const struct rejudge_reason *y = b;
	uint64_t of_x = x->came + x->went;
	uint64_t of_y = y->came + y->went;
	return of_x != of_y ? (of_x < of_y ? 1 : -1) : strcmp(x->name, y->name);
}

void rejudge_report_sort(struct rejudge_report *report)
{
	qsort(report->reasons, report->reason_count, sizeof report->reasons[0], by_change);
}

/* ---- Hits */

static void add_headline(struct rejudge_headline *headline, const struct event *hits, size_t n, int64_t since_us)
{
	bool has_open = false;
	bool has_click = false;
	for (size_t i = 0; i < n; i++) {
		const struct event *e = &hits[i];
		bool is_counted = !e->is_duplicate && actor_is_counted(e->actor);
		bool is_known = is_counted && !event_is_anonymous(e);
		headline->opens += is_counted && e->type == EVENT_OPEN && e->occurred_us >= since_us;
		headline->clicks += is_counted && e->type == EVENT_CLICK && e->occurred_us >= since_us;
		has_open |= is_known && e->type == EVENT_OPEN;
		has_click |= is_known && e->type == EVENT_CLICK;
	}
	headline->opens_unique += has_open;
	headline->clicks_unique += has_click;
}

static void add_hit(struct rejudge_report *report, const struct event *before, const struct event *after)
{
	report->hits++;
	if (before->type == EVENT_OPEN)
		report->opens[before->actor][after->actor]++;
	else
		report->clicks[before->actor][after->actor]++;
	if (!rejudge_is_change(before, after))
		return;
	report->changed++;
	compare_reasons(report, before->reasons, after->reasons);
}

void rejudge_report_add_hits(struct rejudge_report *report, const struct rejudged_hits *hits)
{
	report->messages++;
	for (size_t i = 0; i < hits->n; i++) {
		if (hits->before[i].occurred_us < hits->since_us)
			continue;
		if (hits->is_left[i])
			report->left[LEFT_NOT_KEPT]++;
		else
			add_hit(report, &hits->before[i], &hits->after[i]);
	}
	add_headline(&report->before, hits->before, hits->n, hits->since_us);
	add_headline(&report->after, hits->after, hits->n, hits->since_us);
}

/* ---- Adding up */

static void merge_headline(struct rejudge_headline *into, const struct rejudge_headline *from)
{
	into->opens += from->opens;
	into->opens_unique += from->opens_unique;
	into->clicks += from->clicks;
	into->clicks_unique += from->clicks_unique;
}

void rejudge_report_merge(struct rejudge_report *into, const struct rejudge_report *from)
{
	into->messages += from->messages;
	into->hits += from->hits;
	into->changed += from->changed;
	for (int i = 0; i < ACTOR_COUNT; i++)
		for (int k = 0; k < ACTOR_COUNT; k++) {
			into->opens[i][k] += from->opens[i][k];
			into->clicks[i][k] += from->clicks[i][k];
		}
	for (int i = 0; i < LEFT_COUNT; i++)
		into->left[i] += from->left[i];
	merge_headline(&into->before, &from->before);
	merge_headline(&into->after, &from->after);
	for (size_t i = 0; i < from->reason_count; i++)
		add_reason(into, slice_from_cstr(from->reasons[i].name), from->reasons[i].came, from->reasons[i].went);
}

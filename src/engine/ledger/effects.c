/* SPDX-License-Identifier: Apache-2.0 */
/* Tables by actor, by state and by first time, so that what counts where can be read in one place; the random stories
 * in test_sums_random.c count everything again by rules of their own, and fail when a row here is changed. */
#include "engine/ledger/effects.h"
#include "store/people/suppressions.h"

bool effects_has(enum event_type type)
{
	return type == EVENT_OPEN || type == EVENT_CLICK || type == EVENT_UNSUBSCRIBED || type == EVENT_SENT;
}

/* ---- Opens and clicks, by who they were of */

struct counted_as {
	enum statistic stat;
	size_t offset; /* in struct message_counters */
};
#define AS(stat, field)                                                                                                \
	{                                                                                                              \
		stat, offsetof(struct message_counters, field)                                                         \
	}

static const struct counted_as OPENS[ACTOR_COUNT] = {
    [ACTOR_UNKNOWN] = AS(STAT_OPENS_UNKNOWN, opens_unknown),
    [ACTOR_HUMAN] = AS(STAT_OPENS_HUMAN, opens_human),
    [ACTOR_PROXY_HUMAN] = AS(STAT_OPENS_PROXY, opens_proxy),
    [ACTOR_PREFETCH] = AS(STAT_OPENS_PREFETCH, opens_prefetch),
    [ACTOR_SCANNER] = AS(STAT_OPENS_SCANNER, opens_scanner),
    [ACTOR_LINK_PREVIEW] = AS(STAT_OPENS_PREVIEW, opens_preview),
    [ACTOR_CRAWLER] = AS(STAT_OPENS_CRAWLER, opens_crawler),
};
/* Apple's prefetches are told apart: they say that the mail came to somebody who reads with Apple Mail. */
static const struct counted_as OPENS_MPP = AS(STAT_OPENS_MPP, opens_mpp);
static const struct counted_as CLICKS_HUMAN = AS(STAT_CLICKS_HUMAN, clicks_human);
static const struct counted_as CLICKS_MACHINE = AS(STAT_CLICKS_MACHINE, clicks_machine);

/* Of clicks only two kinds are kept in numbers; by actor they are in stats_quarter_hourly and in the events. */
static const struct counted_as *counted_as(const struct event *event)
{
	if (event->type == EVENT_CLICK)
		return actor_is_counted(event->actor) ? &CLICKS_HUMAN : &CLICKS_MACHINE;
	if (event->actor == ACTOR_PREFETCH && event_is_mpp(event))
		return &OPENS_MPP;
	return &OPENS[event->actor];
}

static void add_quarter(struct sums *sums, const struct sums_owner *owner, const struct event *event,
			enum quarter_hourly_kind kind, int delta)
{
	struct stats_quarter_hourly of = {.quarter = sums_quarter_of(event->occurred_us), .kind = kind};
	if (kind != QUARTER_HOURLY_SENDS)
		of.actor = (uint8_t)event->actor;
	sums_add_quarter_hourly(sums, owner, &of, delta);
}

/* For the campaign, whatever the person agreed to. */
static void move_hit_of_campaign(struct sums *sums, const struct message *message, const struct event *event, int delta)
{
	const struct sums_owner *owner = sums_owner_of(sums, message);
	const struct counted_as *as = counted_as(event);
	sums_add_daily(sums, owner, message->cohort_day, as->stat, delta);
	add_quarter(sums, owner, event, event->type == EVENT_CLICK ? QUARTER_HOURLY_CLICKS : QUARTER_HOURLY_OPENS,
		    delta);
	if (as == &OPENS_MPP)
		add_quarter(sums, owner, event, QUARTER_HOURLY_OPENS_MPP, delta);
}

void effects_count(struct message_counters *counters, const struct event *event, int delta)
{
	uint32_t *counter = (uint32_t *)(void *)((char *)counters + counted_as(event)->offset);
	*counter += (uint32_t)delta;
}

static void move_hit(struct sums *sums, struct message *message, const struct event *event, int delta)
{
	if (event->is_duplicate)
		return;
	move_hit_of_campaign(sums, message, event, delta);
	if (!event_is_anonymous(event))
		effects_count(&message->counters, event, delta);
}

/* ---- Who was first */

static const struct counted_as FIRSTS[EFFECTS_FIRST_COUNT] = {
    [EFFECTS_OPEN] = AS(STAT_OPENS_UNIQUE, first_open_us),
    [EFFECTS_OPEN_STRICT] = AS(STAT_OPENS_UNIQUE_STRICT, first_open_strict_us),
    [EFFECTS_OPEN_ANY] = AS(STAT_OPENS_UNIQUE_ALL, first_open_any_us),
    [EFFECTS_CLICK] = AS(STAT_CLICKS_UNIQUE, first_click_us),
    [EFFECTS_CLICK_ANY] = AS(STAT_CLICKS_UNIQUE_ALL, first_click_any_us),
};

int64_t *effects_first_of(struct message_counters *counters, enum effects_first which)
{
	return (int64_t *)(void *)((char *)counters + FIRSTS[which].offset);
}

void effects_first(struct sums *sums, struct message *message, enum effects_first which, int64_t time_us)
{
	int64_t *first_us = effects_first_of(&message->counters, which);
	int delta = (time_us != 0) - (*first_us != 0);
	if (delta)
		sums_add_daily(sums, sums_owner_of(sums, message), message->cohort_day, FIRSTS[which].stat, delta);
	*first_us = time_us;
}

/* True: nobody was before. The order of writing decides, not that of the hits' times. */
static bool come_first(struct sums *sums, struct message *message, enum effects_first which, int64_t time_us)
{
	if (*effects_first_of(&message->counters, which) != 0)
		return false;
	effects_first(sums, message, which, time_us);
	return true;
}

static bool note_firsts(struct sums *sums, struct message *message, const struct event *event)
{
	bool is_click = event->type == EVENT_CLICK;
	int64_t time_us = event->occurred_us;
	(void)come_first(sums, message, is_click ? EFFECTS_CLICK_ANY : EFFECTS_OPEN_ANY, time_us);
	if (!is_click && event->actor == ACTOR_HUMAN)
		(void)come_first(sums, message, EFFECTS_OPEN_STRICT, time_us);
	return actor_is_counted(event->actor) &&
	       come_first(sums, message, is_click ? EFFECTS_CLICK : EFFECTS_OPEN, time_us);
}

static void note_activity(struct message_counters *counters, const struct event *event)
{
	if (actor_is_counted(event->actor) && counters->last_activity_us < event->occurred_us)
		counters->last_activity_us = event->occurred_us;
}

/* The store has whatever came before in this message's times, and the events of this batch come in order: nobody has to
 * be asked who was first. */
static void add_hit(struct sums *sums, struct message *message, struct event *event)
{
	event->is_unique = false;
	move_hit(sums, message, event, 1);
	if (event->is_duplicate || event_is_anonymous(event))
		return; /* who was first is the person's */
	note_activity(&message->counters, event);
	event->is_unique = note_firsts(sums, message, event);
}

/* ---- Unsubscribing and sending */

/* Nothing when no address could be meant: erased, or to several. */
static void suppress(struct sums *sums, const struct message *message, int64_t time_us)
{
	struct suppression suppression = {
	    .tenant = message->tenant,
	    .address = message->to_email,
	    .reason = SLICE("unsubscribed"),
	    .message = message->id,
	};
	if (message->to_email.n)
		sums_suppress(sums, &suppression, time_us);
}

static void move_sent(struct sums *sums, const struct message *message, const struct event *event, int delta)
{
	add_quarter(sums, sums_owner_of(sums, message), event, QUARTER_HOURLY_SENDS, delta);
}

static void move_unsubscribed(struct sums *sums, struct message *message, const struct event *event, int delta)
{
	/* The number is of messages: one of which it was lifted, and that is unsubscribed again, counts once. */
	int moved = (delta > 0) - (message->counters.unsubscribed_us != 0);
	message->counters.unsubscribed_us = delta > 0 ? event->occurred_us : 0;
	if (moved)
		sums_add_daily(sums, sums_owner_of(sums, message), message->cohort_day, STAT_UNSUBSCRIBES, moved);
	/* What a recipient wanted is not undone by a verdict (decision 35): the number goes, the address stays on the
	 * list. */
	if (delta > 0)
		suppress(sums, message, event->occurred_us);
}

void effects_move(struct sums *sums, struct message *message, const struct event *event, int delta)
{
	switch (event->type) {
	case EVENT_OPEN:
	case EVENT_CLICK: move_hit(sums, message, event, delta); return;
	case EVENT_UNSUBSCRIBED: move_unsubscribed(sums, message, event, delta); return;
	case EVENT_SENT: move_sent(sums, message, event, delta); return;
	default: return;
	}
}

void effects_add(struct sums *sums, struct message *message, struct event *event)
{
	if (event->type == EVENT_OPEN || event->type == EVENT_CLICK) {
		add_hit(sums, message, event);
	} else {
		if (event->type == EVENT_UNSUBSCRIBED)
			event->is_unique = message->counters.unsubscribed_us == 0;
		effects_move(sums, message, event, 1);
	}
}

/* ---- States */

enum { STAT_NONE = -1 };

/* States before a mail has left, and those of mail that never did, stand in no column. */
static int column_of(enum message_state state)
{
	switch (state) {
	case MESSAGE_IN_DOUBT: return STAT_IN_DOUBT;
	case MESSAGE_SENT: return STAT_IN_FLIGHT;
	case MESSAGE_DELIVERED:
	case MESSAGE_COMPLAINED: return STAT_DELIVERED; /* who complains has it */
	case MESSAGE_BOUNCED: return STAT_BOUNCED;
	case MESSAGE_FAILED: return STAT_FAILED;
	default: return STAT_NONE;
	}
}

static void move_state(struct sums *sums, const struct message *message, enum message_state from)
{
	int left = column_of(from);
	int entered = column_of(message->state);
	if (left == entered)
		return;
	const struct sums_owner *owner = sums_owner_of(sums, message);
	if (left == STAT_NONE)
		sums_add_daily(sums, owner, message->cohort_day, STAT_SENDS, 1);
	else
		sums_add_daily(sums, owner, message->cohort_day, (enum statistic)left, -1);
	if (entered != STAT_NONE)
		sums_add_daily(sums, owner, message->cohort_day, (enum statistic)entered, 1);
	else
		sums_add_daily(sums, owner, message->cohort_day, STAT_SENDS, -1);
}

/* ---- What rates are of */

/* In the order of enum statistic, from STAT_OPENABLE_DELIVERED and from STAT_OPENABLE_IN_FLIGHT on. */
enum { RATED_COUNT = STAT_OPENABLE_IN_FLIGHT - STAT_OPENABLE_DELIVERED, RATED_OPENS = 4 };
static const size_t RATED_FIRSTS[RATED_COUNT] = {
    [1] = offsetof(struct message_counters, first_open_us),
    [2] = offsetof(struct message_counters, first_open_strict_us),
    [3] = offsetof(struct message_counters, first_open_any_us),
    [5] = offsetof(struct message_counters, first_click_us),
    [6] = offsetof(struct message_counters, first_click_any_us),
};

static bool is_rated(const struct message *m, size_t which)
{
	bool is_base = which == 0 || which == RATED_OPENS;
	if (!(which < RATED_OPENS ? m->measures_opens : m->measures_clicks))
		return false;
	return is_base || *(const int64_t *)(const void *)((const char *)&m->counters + RATED_FIRSTS[which]) != 0;
}

/* A bit for each column that it stands in, from STAT_OPENABLE_DELIVERED on. */
static uint32_t rated_columns(const struct message *m)
{
	uint32_t bits = 0;
	int column = column_of(m->state);
	if (column != STAT_DELIVERED && column != STAT_IN_FLIGHT)
		return 0;
	for (size_t i = 0; i < RATED_COUNT; i++)
		bits |= (uint32_t)is_rated(m, i) << i;
	return column == STAT_DELIVERED ? bits : bits << RATED_COUNT;
}

static void move_rated(struct sums *sums, const struct message *message, const struct message *saved)
{
	uint32_t before = rated_columns(saved);
	uint32_t now = rated_columns(message);
	for (uint32_t i = 0; now != before && i < 2 * RATED_COUNT; i++) {
		int delta = (int)(now >> i & 1) - (int)(before >> i & 1);
		if (delta)
			sums_add_daily(sums, sums_owner_of(sums, message), message->cohort_day,
				       (enum statistic)(STAT_OPENABLE_DELIVERED + i), delta);
	}
}

void effects_saved(struct sums *sums, const struct message *message, const struct message *saved)
{
	move_state(sums, message, saved->state);
	move_rated(sums, message, saved);
}

void effects_accepted(struct sums *sums, const struct message *message, const struct event *event)
{
	/* Of a message that was made just now: as if from a state that stands in no column. */
	const struct message before = {.state = MESSAGE_SCHEDULED};
	effects_saved(sums, message, &before);
	if (event->type == EVENT_SENT)
		move_sent(sums, message, event, 1);
}

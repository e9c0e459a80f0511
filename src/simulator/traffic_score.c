/* SPDX-License-Identifier: Apache-2.0 */
/* Counted into one table, behaviour by kind by verdict, from which every figure comes. So a figure that looks wrong can
 * be followed down to the behaviour that makes it. */
#include "simulator/traffic_score.h"

#include "base/mem.h"

struct class_row {
	const char *name, *text;
	enum hit_kind kind;
	bool of_both_kinds;
	uint32_t actors; /* a bit each */
};

#define ACTOR_BIT(actor) (UINT32_C(1) << (actor))

static const struct class_row ROWS[CLASS_COUNT] = {
    [CLASS_OPENS] = {"opens_human", "opens by people themselves", HIT_OPEN, false, ACTOR_BIT(ACTOR_HUMAN)},
    [CLASS_PROXIES] = {"opens_proxy", "opens through image proxies", HIT_OPEN, false, ACTOR_BIT(ACTOR_PROXY_HUMAN)},
    [CLASS_HEADLINE_OPENS] = {"opens", "opens in the headline", HIT_OPEN, false,
			      ACTOR_BIT(ACTOR_HUMAN) | ACTOR_BIT(ACTOR_PROXY_HUMAN)},
    [CLASS_CLICKS] = {"clicks", "clicks by people", HIT_CLICK, false,
		      ACTOR_BIT(ACTOR_HUMAN) | ACTOR_BIT(ACTOR_PROXY_HUMAN)},
    [CLASS_PREFETCH] = {"prefetch", "prefetches", HIT_OPEN, true, ACTOR_BIT(ACTOR_PREFETCH)},
    [CLASS_SCANNERS] = {"scanners", "scanners", HIT_OPEN, true, ACTOR_BIT(ACTOR_SCANNER)},
    [CLASS_PREVIEWS] = {"link_previews", "link previews", HIT_OPEN, true, ACTOR_BIT(ACTOR_LINK_PREVIEW)},
    [CLASS_CRAWLERS] = {"crawlers", "robots", HIT_OPEN, true, ACTOR_BIT(ACTOR_CRAWLER)},
};

const char *traffic_class_text(enum traffic_class class)
{
	return ROWS[class].text;
}

const char *traffic_class_name(enum traffic_class class)
{
	return ROWS[class].name;
}

void traffic_score_add(struct traffic_score *score, const struct traffic_hit *hit, enum actor judged)
{
	score->hits[hit->behaviour][hit->kind == HIT_CLICK][judged]++;
}

static bool is_among(enum actor actor, uint32_t actors)
{
	return (actors & ACTOR_BIT(actor)) != 0;
}

static void add_kind(const struct traffic_score *score, const struct class_row *row, int kind,
		     struct traffic_class_score *to)
{
	for (int behaviour = 0; behaviour < TRAFFIC_BEHAVIOUR_COUNT; behaviour++) {
		bool is_actual = is_among(traffic_behaviour_actor((enum traffic_behaviour)behaviour), row->actors);
		for (int actor = 0; actor < ACTOR_COUNT; actor++) {
			uint64_t hits = score->hits[behaviour][kind][actor];
			bool is_judged = is_among((enum actor)actor, row->actors);
			to->actual += is_actual ? hits : 0;
			to->judged += is_judged ? hits : 0;
			to->right += is_actual && is_judged ? hits : 0;
		}
	}
}

struct traffic_class_score traffic_score_of(const struct traffic_score *score, enum traffic_class class)
{
	struct traffic_class_score of = {0};
	const struct class_row *row = &ROWS[class];
	for (int kind = 0; kind < 2; kind++)
		if (row->of_both_kinds || (kind == 1) == (row->kind == HIT_CLICK))
			add_kind(score, row, kind, &of);
	return of;
}

double traffic_precision(const struct traffic_class_score *score)
{
	return score->judged ? (double)score->right / (double)score->judged : 1;
}

double traffic_recall(const struct traffic_class_score *score)
{
	return score->actual ? (double)score->right / (double)score->actual : 1;
}

/* ---- The headline */

struct counting {
	struct traffic_headline sum;
	bool *has_open, *has_click; /* by mail */
};

static void begin_counting(struct counting *c, size_t mails)
{
	*c = (struct counting){.has_open = mem_alloc_array(mails, sizeof(bool)),
			       .has_click = mem_alloc_array(mails, sizeof(bool))};
}

static void count(struct counting *c, const struct traffic_hit *hit)
{
	bool *has_one = hit->kind == HIT_CLICK ? &c->has_click[hit->mail] : &c->has_open[hit->mail];
	if (hit->kind == HIT_CLICK) {
		c->sum.clicks++;
		c->sum.unique_clicks += !*has_one;
	} else {
		c->sum.opens++;
		c->sum.unique_opens += !*has_one;
	}
	*has_one = true;
}

static struct traffic_headline end_counting(struct counting *c)
{
	mem_free(c->has_open);
	mem_free(c->has_click);
	return c->sum;
}

struct traffic_headline traffic_headline_truth(const struct traffic_hit *hits, size_t count_of_hits, size_t mails)
{
	struct counting c;
	begin_counting(&c, mails);
	for (size_t i = 0; i < count_of_hits; i++)
		if (traffic_hit_is_persons(&hits[i]) && !hits[i].is_repeat)
			count(&c, &hits[i]);
	return end_counting(&c);
}

struct traffic_headline traffic_headline_of(const struct traffic_hit *hits, const struct traffic_opinion *opinions,
					    size_t count_of_hits, size_t mails)
{
	struct counting c;
	begin_counting(&c, mails);
	for (size_t i = 0; i < count_of_hits; i++)
		if (actor_is_counted(opinions[i].actor) && !opinions[i].is_duplicate)
			count(&c, &hits[i]);
	return end_counting(&c);
}

double traffic_error_percent(int64_t counted, int64_t truth)
{
	if (truth == 0)
		return counted == 0 ? 0 : 100;
	return 100.0 * (double)(counted - truth) / (double)truth;
}

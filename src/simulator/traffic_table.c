/* SPDX-License-Identifier: Apache-2.0 */
/* The table for people and the JSON come from one report, so they cannot say different things. */
#include "simulator/traffic_table.h"

#include "codec/text/json_text.h"

enum { NAME_COLUMNS = 36 };

static double percent(uint64_t part, uint64_t of)
{
	return of ? 100.0 * (double)part / (double)of : 0;
}

/* ---- What it is made of */

struct opens {
	uint64_t all, by_actor[ACTOR_COUNT], mpp, gmail, prefetch_gmail, eop;
};

static uint64_t opens_of(const struct traffic_report *r, enum traffic_behaviour behaviour)
{
	uint64_t sum = 0;
	for (int actor = 0; actor < ACTOR_COUNT; actor++)
		sum += r->contenders[0].score.hits[behaviour][0][actor];
	return sum;
}

static struct opens count_opens(const struct traffic_report *r)
{
	struct opens o = {.mpp = opens_of(r, TRAFFIC_APPLE_MPP),
			  .gmail = opens_of(r, TRAFFIC_GMAIL_PROXY),
			  .prefetch_gmail = opens_of(r, TRAFFIC_GMAIL_PREFETCH),
			  .eop = opens_of(r, TRAFFIC_EOP)};
	for (int i = 0; i < TRAFFIC_BEHAVIOUR_COUNT; i++) {
		uint64_t opens = opens_of(r, (enum traffic_behaviour)i);
		o.all += opens;
		o.by_actor[traffic_behaviour_actor((enum traffic_behaviour)i)] += opens;
	}
	return o;
}

static void append_mix(const struct traffic_report *r, struct buf *to)
{
	struct opens o = count_opens(r);
	const struct traffic_mix *m = &r->mix;
	buf_printf(to, "%u mails, %zu hits, seed %llu, rules %s, replayed in %.1f s\n", r->plan.mails, r->hits,
		   (unsigned long long)r->plan.seed, VERDICT_RULES, r->seconds);
	buf_printf(
	    to,
	    "opens   %.0f %% Apple's privacy proxy, %.0f %% Gmail, %.0f %% scanners, %.0f %% of these Microsoft 365\n",
	    percent(o.mpp, o.all), percent(o.gmail, o.all), percent(o.by_actor[ACTOR_SCANNER], o.all),
	    percent(o.eop, o.by_actor[ACTOR_SCANNER]));
	buf_printf(to, "clicks  %.0f %% by machines on mail to companies, %.0f %% on mail to consumers\n\n",
		   percent(m->company_machine_clicks, m->company_clicks),
		   percent(m->consumer_machine_clicks, m->consumer_clicks));
}

/* ---- Classes */

static void append_classes(const struct traffic_report *r, struct buf *to)
{
	buf_printf(to, "%-*s %10s %10s %10s\n", NAME_COLUMNS, "judged by pugmark", "hits", "precision", "recall");
	for (int class = 0; class < CLASS_COUNT; class ++) {
		struct traffic_class_score s = traffic_score_of(&r->contenders[0].score, (enum traffic_class) class);
		buf_printf(to, "%-*s %10llu %10.4f %10.4f\n", NAME_COLUMNS,
			   traffic_class_text((enum traffic_class) class), (unsigned long long)s.actual,
			   traffic_precision(&s), traffic_recall(&s));
	}
}

/* ---- Contenders */

static void append_contender(const struct traffic_contender *c, const struct traffic_headline *truth, struct buf *to)
{
	const struct traffic_headline *h = &c->headline;
	struct traffic_class_score opens = traffic_score_of(&c->score, CLASS_HEADLINE_OPENS);
	struct traffic_class_score clicks = traffic_score_of(&c->score, CLASS_CLICKS);
	buf_printf(to, "%-*s %7.4f %7.4f %+8.2f %+8.2f  %7.4f %7.4f %+8.2f %+8.2f\n", NAME_COLUMNS, c->text,
		   traffic_precision(&opens), traffic_recall(&opens), traffic_error_percent(h->opens, truth->opens),
		   traffic_error_percent(h->unique_opens, truth->unique_opens), traffic_precision(&clicks),
		   traffic_recall(&clicks), traffic_error_percent(h->clicks, truth->clicks),
		   traffic_error_percent(h->unique_clicks, truth->unique_clicks));
}

static void append_contenders(const struct traffic_report *r, struct buf *to)
{
	buf_printf(to, "\n%-*s %-33s  %s\n", NAME_COLUMNS, "", "opens", "clicks");
	buf_printf(to, "%-*s %7s %7s %8s %8s  %7s %7s %8s %8s\n", NAME_COLUMNS, "people, and headline off by", "prec.",
		   "recall", "all %", "unique %", "prec.", "recall", "all %", "unique %");
	for (int i = 0; i < TRAFFIC_CONTENDERS; i++)
		append_contender(&r->contenders[i], &r->truth, to);
	buf_printf(to, "%-*s %26lld %8lld %26lld %8lld\n", NAME_COLUMNS, "truth", (long long)r->truth.opens,
		   (long long)r->truth.unique_opens, (long long)r->truth.clicks, (long long)r->truth.unique_clicks);
	buf_printf(to, "\nclicks right in 99 of 100 and no number off by more than 1 %%: %s\n",
		   traffic_report_meets_bar(&r->contenders[0], &r->truth) ? "yes" : "no");
}

/* ---- Behaviours */

static void append_behaviour(const struct traffic_report *r, enum traffic_behaviour behaviour, int kind, struct buf *to)
{
	const uint64_t *by_actor = r->contenders[0].score.hits[behaviour][kind];
	enum actor truth = traffic_behaviour_actor(behaviour);
	uint64_t sum = 0;
	for (int actor = 0; actor < ACTOR_COUNT; actor++)
		sum += by_actor[actor];
	if (!sum)
		return;
	buf_printf(to, "%-*s %-5s %-8.8s %7llu", NAME_COLUMNS, traffic_behaviour_text(behaviour),
		   kind ? "click" : "open", actor_name(truth), (unsigned long long)sum);
	for (int i = 1; i <= ACTOR_COUNT; i++)
		buf_printf(to, " %8llu", (unsigned long long)by_actor[i % ACTOR_COUNT]);
	buf_append_byte(to, '\n');
}

static void append_behaviours(const struct traffic_report *r, struct buf *to)
{
	buf_printf(to, "\n%-*s %-5s %-8s %7s", NAME_COLUMNS, "what they do", "", "truth", "hits");
	for (int i = 1; i <= ACTOR_COUNT; i++)
		buf_printf(to, " %8.8s", actor_name((enum actor)(i % ACTOR_COUNT)));
	buf_append_byte(to, '\n');
	for (int i = 0; i < TRAFFIC_BEHAVIOUR_COUNT; i++)
		for (int kind = 0; kind < 2; kind++)
			append_behaviour(r, (enum traffic_behaviour)i, kind, to);
}

void traffic_table_append(const struct traffic_report *report, struct buf *to)
{
	append_mix(report, to);
	append_classes(report, to);
	append_contenders(report, to);
	append_behaviours(report, to);
}

/* ---- JSON */

static void put_mix(const struct traffic_report *r, struct json_text *w)
{
	struct opens o = count_opens(r);
	json_key(w, "mix");
	json_open(w, '{');
	JSON_FIELD(w, "opens_mpp_percent", double, percent(o.mpp, o.all));
	JSON_FIELD(w, "opens_gmail_percent", double, percent(o.gmail, o.all));
	JSON_FIELD(w, "opens_scanner_percent", double, percent(o.by_actor[ACTOR_SCANNER], o.all));
	JSON_FIELD(w, "company_machine_clicks_percent", double,
		   percent(r->mix.company_machine_clicks, r->mix.company_clicks));
	JSON_FIELD(w, "consumer_machine_clicks_percent", double,
		   percent(r->mix.consumer_machine_clicks, r->mix.consumer_clicks));
	json_close(w, '}');
}

static void put_headline(struct json_text *w, const struct traffic_headline *h)
{
	json_open(w, '{');
	JSON_FIELD(w, "opens", i64, h->opens);
	JSON_FIELD(w, "unique_opens", i64, h->unique_opens);
	JSON_FIELD(w, "clicks", i64, h->clicks);
	JSON_FIELD(w, "unique_clicks", i64, h->unique_clicks);
	json_close(w, '}');
}

static void put_errors(struct json_text *w, const struct traffic_headline *h, const struct traffic_headline *truth)
{
	json_open(w, '{');
	JSON_FIELD(w, "opens", double, traffic_error_percent(h->opens, truth->opens));
	JSON_FIELD(w, "unique_opens", double, traffic_error_percent(h->unique_opens, truth->unique_opens));
	JSON_FIELD(w, "clicks", double, traffic_error_percent(h->clicks, truth->clicks));
	JSON_FIELD(w, "unique_clicks", double, traffic_error_percent(h->unique_clicks, truth->unique_clicks));
	json_close(w, '}');
}

/* A rival only says who is counted. */
static void put_classes(struct json_text *w, const struct traffic_contender *c, bool is_rival)
{
	json_open(w, '{');
	for (int class = 0; class < CLASS_COUNT; class ++) {
		if (is_rival && class != CLASS_HEADLINE_OPENS && class != CLASS_CLICKS)
			continue;
		struct traffic_class_score s = traffic_score_of(&c->score, (enum traffic_class) class);
		json_key(w, traffic_class_name((enum traffic_class) class));
		json_open(w, '{');
		JSON_FIELD(w, "hits", i64, (int64_t)s.actual);
		JSON_FIELD(w, "precision", double, traffic_precision(&s));
		JSON_FIELD(w, "recall", double, traffic_recall(&s));
		json_close(w, '}');
	}
	json_close(w, '}');
}

static void put_contender(struct json_text *w, const struct traffic_report *r, int i)
{
	const struct traffic_contender *c = &r->contenders[i];
	json_open(w, '{');
	JSON_FIELD(w, "name", cstring, c->name);
	json_key(w, "classes");
	put_classes(w, c, i > 0);
	json_key(w, "headline");
	put_headline(w, &c->headline);
	json_key(w, "headline_error_percent");
	put_errors(w, &c->headline, &r->truth);
	JSON_FIELD(w, "meets_bar", bool, traffic_report_meets_bar(c, &r->truth));
	json_close(w, '}');
}

static void put_behaviour(struct json_text *w, const struct traffic_report *r, enum traffic_behaviour behaviour)
{
	json_open(w, '{');
	JSON_FIELD(w, "name", cstring, traffic_behaviour_name(behaviour));
	JSON_FIELD(w, "actor", cstring, actor_name(traffic_behaviour_actor(behaviour)));
	for (int kind = 0; kind < 2; kind++) {
		json_key(w, kind ? "clicks" : "opens");
		json_open(w, '{');
		for (int actor = 0; actor < ACTOR_COUNT; actor++)
			JSON_FIELD(w, actor_name((enum actor)actor), i64,
				   (int64_t)r->contenders[0].score.hits[behaviour][kind][actor]);
		json_close(w, '}');
	}
	json_close(w, '}');
}

void traffic_table_append_json(const struct traffic_report *report, struct buf *to)
{
	struct json_text w = json_text_on(to);
	json_open(&w, '{');
	JSON_FIELD(&w, "seed", i64, (int64_t)report->plan.seed);
	JSON_FIELD(&w, "messages", i64, report->plan.mails);
	JSON_FIELD(&w, "hits", i64, (int64_t)report->hits);
	JSON_FIELD(&w, "seconds", double, report->seconds);
	JSON_FIELD(&w, "rules", cstring, VERDICT_RULES);
	put_mix(report, &w);
	json_key(&w, "truth");
	put_headline(&w, &report->truth);
	json_key(&w, "contenders");
	json_open(&w, '[');
	for (int i = 0; i < TRAFFIC_CONTENDERS; i++)
		put_contender(&w, report, i);
	json_close(&w, ']');
	json_key(&w, "behaviours");
	json_open(&w, '[');
	for (int i = 0; i < TRAFFIC_BEHAVIOUR_COUNT; i++)
		put_behaviour(&w, report, (enum traffic_behaviour)i);
	json_close(&w, ']');
	json_close(&w, '}');
	buf_append_byte(to, '\n');
}

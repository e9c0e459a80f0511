/* SPDX-License-Identifier: Apache-2.0 */
/* All contenders judge the same hits of the same run. The program itself goes through its real path, records, apply and
 * settling on a store, and not only through the codec: what is measured is what a user gets, repeats and late looks
 * included. */
#include "simulator/traffic_report.h"

#include "base/clock.h"
#include "base/mem.h"
#include <math.h>

static const double BAR_PRECISION = 0.99;
static const double BAR_RECALL = 0.99;
static const double BAR_ERROR_PERCENT = 1.0;

struct hits {
	const struct traffic_hit *at;
	size_t n;
	const struct traffic_mail *mails;
	size_t mail_count;
};

static struct traffic_mix mix_of(const struct traffic_population *population, const struct hits *hits)
{
	struct traffic_mix mix = {0};
	for (size_t i = 0; i < hits->n; i++) {
		const struct traffic_hit *hit = &hits->at[i];
		bool is_machine = !traffic_hit_is_persons(hit);
		if (hit->kind != HIT_CLICK)
			continue;
		if (traffic_population_is_company(population, hit->mail)) {
			mix.company_clicks++;
			mix.company_machine_clicks += is_machine;
		} else {
			mix.consumer_clicks++;
			mix.consumer_machine_clicks += is_machine;
		}
	}
	return mix;
}

static void add_scores(struct traffic_contender *contender, const struct hits *hits,
		       const struct traffic_opinion *opinions)
{
	for (size_t i = 0; i < hits->n; i++)
		traffic_score_add(&contender->score, &hits->at[i], opinions[i].actor);
}

static void judge_by_rivals(struct traffic_report *report, const struct hits *hits, struct traffic_opinion *opinions)
{
	for (int rival = 0; rival < RIVAL_COUNT; rival++) {
		struct traffic_contender *contender = &report->contenders[1 + rival];
		contender->name = traffic_rival_name((enum traffic_rival)rival);
		contender->text = traffic_rival_text((enum traffic_rival)rival);
		traffic_rival_judge((enum traffic_rival)rival, hits->at, hits->n, hits->mails, opinions);
		add_scores(contender, hits, opinions);
		contender->headline = traffic_headline_of(hits->at, opinions, hits->n, hits->mail_count);
	}
}

static enum status judge_all(const struct traffic_population *population, const struct traffic_progress *progress,
			     struct traffic_report *report, struct err *err)
{
	struct hits hits;
	struct traffic_contender *own = &report->contenders[0];
	hits.at = traffic_population_hits(population, &hits.n);
	hits.mails = traffic_population_mails(population, &hits.mail_count);
	struct traffic_opinion *opinions = mem_alloc_array(hits.n, sizeof *opinions);
	int64_t started_us = clock_monotonic_us(clock_system());
	enum status status = traffic_replay(population, progress, opinions, &own->headline, err);
	if (status == STATUS_OK) {
		report->seconds = (double)(clock_monotonic_us(clock_system()) - started_us) / 1e6;
		report->hits = hits.n;
		report->mix = mix_of(population, &hits);
		report->truth = traffic_headline_truth(hits.at, hits.n, hits.mail_count);
		own->name = own->text = "pugmark";
		add_scores(own, &hits, opinions);
		judge_by_rivals(report, &hits, opinions);
	}
	mem_free(opinions);
	return status;
}

enum status traffic_report_make(const struct traffic_plan *plan, const struct traffic_agents *agents,
				const struct traffic_progress *progress, struct traffic_report *ret, struct err *err)
{
	struct traffic_population *population = traffic_population_new(plan, agents);
	*ret = (struct traffic_report){.plan = *plan};
	enum status status = judge_all(population, progress, ret, err);
	traffic_population_free(&population);
	return status;
}

static bool is_near(int64_t counted, int64_t truth)
{
	return fabs(traffic_error_percent(counted, truth)) <= BAR_ERROR_PERCENT;
}

bool traffic_report_meets_bar(const struct traffic_contender *contender, const struct traffic_headline *truth)
{
	const struct traffic_headline *h = &contender->headline;
	struct traffic_class_score clicks = traffic_score_of(&contender->score, CLASS_CLICKS);
	return traffic_precision(&clicks) >= BAR_PRECISION && traffic_recall(&clicks) >= BAR_RECALL &&
	       is_near(h->opens, truth->opens) && is_near(h->unique_opens, truth->unique_opens) &&
	       is_near(h->clicks, truth->clicks) && is_near(h->unique_clicks, truth->unique_clicks);
}

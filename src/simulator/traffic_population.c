/* SPDX-License-Identifier: Apache-2.0 */
/* Campaigns go out one after the other to a part of the population, in an order in which a company's people stand
 * apart, as sending programs do it. How many links a mail has is not published anywhere: of each twelve campaigns one
 * has one link, one two, and so on to twelve. They are dealt and not drawn, because the hardest mails are those with
 * one, and a small number of campaigns would have none of these or many. */
#include "simulator/traffic_population.h"

#include "base/mem.h"
#include "simulator/traffic_person.h"
#include "simulator/traffic_scanner.h"
#include <stdlib.h> /* qsort */

enum {
	CAMPAIGN_MAILS = 2000,
	MAILS_A_CONTACT = 5,
	HTTPS_CAMPAIGNS = 950, /* in a thousand; the tracking domain of the rest has no certificate */
	STRIDE = 2791,         /* a prime past CAMPAIGN_MAILS: contacts of a company come apart */
};
static const int64_t START_US = INT64_C(1795240800000000);
static const int64_t BETWEEN_CAMPAIGNS_US = 17 * TRAFFIC_MINUTE_US;
static const int64_t BETWEEN_MAILS_US = TRAFFIC_SECOND_US / 50;

struct traffic_population {
	struct traffic_plan plan;
	const struct traffic_agents *agents;
	struct traffic_contacts people;
	struct traffic_mail *mails;
	struct traffic_hits hits;
	uint32_t first_links; /* of the first campaign, less one */
};

static void make_campaign(struct traffic_population *p, uint32_t campaign, uint32_t first, uint32_t count)
{
	struct prng random = chance_of(p->plan.seed, UINT64_C(1) << 42 | campaign);
	uint32_t from = (uint32_t)prng_below(&random, p->people.contact_count);
	uint32_t links = 1 + (p->first_links + campaign) % TRAFFIC_LINKS_MAX;
	bool is_https = chance_per_mille(&random, HTTPS_CAMPAIGNS);
	for (uint32_t i = 0; i < count; i++) {
		struct traffic_mail *mail = &p->mails[first + i];
		mail->campaign = campaign;
		mail->contact = (from + i * STRIDE % count) % p->people.contact_count;
		mail->company = p->people.contacts[mail->contact].company;
		mail->links = links;
		mail->is_https = is_https;
		mail->sent_us = START_US + campaign * BETWEEN_CAMPAIGNS_US + i * BETWEEN_MAILS_US;
	}
}

static void act(struct traffic_population *p, uint32_t mail)
{
	const struct traffic_contact *contact = &p->people.contacts[p->mails[mail].contact];
	struct traffic_stage stage = {
	    .random = chance_of(p->plan.seed, UINT64_C(1) << 43 | mail),
	    .seed = p->plan.seed,
	    .agents = p->agents,
	    .mail = &p->mails[mail],
	    .mail_index = mail,
	    .contact = contact,
	    .company = &p->people.companies[contact->company],
	    .hits = &p->hits,
	};
	traffic_scanner_act(&stage);
	traffic_person_act(&stage);
}

static int by_time(const void *a, const void *b)
{
	const struct traffic_hit *x = a;
	const struct traffic_hit *y = b;
	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	if (x->mail != y->mail)
		return x->mail < y->mail ? -1 : 1;
	return x->link < y->link ? -1 : x->link > y->link;
}

struct traffic_population *traffic_population_new(const struct traffic_plan *plan, const struct traffic_agents *agents)
{
	struct traffic_population *p = MEM_NEW(struct traffic_population);
	p->plan = *plan;
	p->agents = agents;
	p->mails = mem_alloc_array(plan->mails, sizeof *p->mails);
	p->first_links = (uint32_t)(plan->seed % TRAFFIC_LINKS_MAX);
	uint32_t contacts = plan->mails / MAILS_A_CONTACT;
	if (contacts < CAMPAIGN_MAILS)
		contacts = CAMPAIGN_MAILS;
	traffic_contacts_make(&p->people, contacts, plan->seed, agents);
	for (uint32_t first = 0; first < plan->mails; first += CAMPAIGN_MAILS) {
		uint32_t left = plan->mails - first;
		make_campaign(p, first / CAMPAIGN_MAILS, first, left < CAMPAIGN_MAILS ? left : CAMPAIGN_MAILS);
	}
	for (uint32_t mail = 0; mail < plan->mails; mail++)
		act(p, mail);
	qsort(p->hits.at, p->hits.n, sizeof *p->hits.at, by_time);
	return p;
}

void traffic_population_free(struct traffic_population **population)
{
	if (!*population)
		return;
	traffic_contacts_done(&(*population)->people);
	traffic_hits_done(&(*population)->hits);
	mem_free((*population)->mails);
	mem_free(*population);
	*population = NULL;
}

const struct traffic_hit *traffic_population_hits(const struct traffic_population *population, size_t *ret_count)
{
	*ret_count = population->hits.n;
	return population->hits.at;
}

const struct traffic_mail *traffic_population_mails(const struct traffic_population *population, size_t *ret_count)
{
	*ret_count = population->plan.mails;
	return population->mails;
}

bool traffic_population_is_company(const struct traffic_population *population, uint32_t mail)
{
	return !population->people.companies[population->mails[mail].company].is_consumer;
}

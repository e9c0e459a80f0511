/* SPDX-License-Identifier: Apache-2.0 */
/* Shares are of people, so that those of requests come out as published:
 *
 *   Mail Privacy Protection 40 to 50 % of opens: Litmus, December 2021: 41 %; one sender's sample: 38 %. Its users are
 *   far fewer, because the proxy fetches every mail and people open one in three.
 *   Gmail 22 to 30 % of opens: the same two.
 *   Scanners 11 % and Microsoft 365 7 % of opens: the same sender's sample, which nobody can check.
 *   Clicks that no person made: 50 % of those on consumers' mail, 75 % on companies' (Omnivery 2026, a vendor).
 *   Office networks, web gateways, VPNs, Windows 365: only that they exist is published.
 *
 * What is nowhere published is a guess, and said to be one in doc/judging.md. `pugmark bench traffic` prints what came
 * out. */
#include "simulator/traffic_contact.h"

#include "base/mem.h"

/* Parts in a thousand. */
static const unsigned CONSUMER_READERS[READER_COUNT] = {
    [READER_APPLE_MPP] = 300,  [READER_GMAIL] = 470,      [READER_YAHOO] = 70,   [READER_OUTLOOK_WEB] = 50,
    [READER_MAIL_CLIENT] = 40, [READER_BARE_WEBKIT] = 20, [READER_WEBMAIL] = 30, [READER_BLOCKS_IMAGES] = 20,
};
static const unsigned COMPANY_READERS[READER_COUNT] = {
    [READER_APPLE_MPP] = 180,  [READER_GMAIL] = 250,  [READER_OUTLOOK_WEB] = 120,   [READER_MAIL_CLIENT] = 240,
    [READER_BARE_WEBKIT] = 30, [READER_WEBMAIL] = 60, [READER_BLOCKS_IMAGES] = 120,
};
static const unsigned CONSUMER_ROUTES[ROUTE_COUNT] = {[ROUTE_HOME] = 960, [ROUTE_VPN] = 40};
static const unsigned COMPANY_ROUTES[ROUTE_COUNT] = {
    [ROUTE_HOME] = 300, [ROUTE_OFFICE] = 450, [ROUTE_WEB_GATEWAY] = 130, [ROUTE_VPN] = 60, [ROUTE_CLOUD_DESKTOP] = 60,
};
static const unsigned CONSUMER_GATEWAYS[GATEWAY_COUNT] = {[GATEWAY_NONE] = 850, [GATEWAY_SWEEP] = 150};
static const unsigned COMPANY_GATEWAYS[GATEWAY_COUNT] = {
    [GATEWAY_NONE] = 100,    [GATEWAY_SWEEP] = 250,  [GATEWAY_EOP] = 300,    [GATEWAY_SANDBOX] = 130,
    [GATEWAY_DECLARED] = 50, [GATEWAY_FAN_OUT] = 50, [GATEWAY_IMAGES] = 120,
};
enum {
	CONSUMERS = 600,        /* of contacts; the rest are at companies */
	GATEWAY_BROWSERS = 250, /* gateways that run a real browser: a guess */
	ISOLATING = 50,         /* companies */
	PRIVATE_PEOPLE = 15,
	COMPANY_SIZE_MIN = 3,
	COMPANY_SIZE_MAX = 60,
	PROVIDER_SIZE = 40, /* contacts of a mailbox provider; few, so that a seed has enough of each kind */
};

static const struct chance_network HOMES[] = {
    {78, 32, 5 /* access */}, {86, 128, 6 /* access */}, {91, 0, 6 /* access */}};
static const struct chance_network PHONES = {109, 32, 4 /* mobile */};
static const struct chance_network OFFICES = {193, 16, 6 /* companies */};
static const struct chance_network WEB_GATEWAYS = {165, 225, 0 /* Zscaler, AS22616 */};
static const struct chance_network VPNS = {45, 83, 2 /* hosting */};
static const struct chance_network AZURE = {20, 64, 5 /* Microsoft, AS8075 */};
static const struct chance_network SCANNER_CLOUD = {3, 80, 4 /* Amazon, AS14618 */};

static void make_company(struct traffic_company *c, struct prng *random, const struct traffic_agents *agents)
{
	const unsigned *gateways = c->is_consumer ? CONSUMER_GATEWAYS : COMPANY_GATEWAYS;
	c->gateway = (enum traffic_gateway)chance_pick(random, gateways, GATEWAY_COUNT);
	c->gateway_is_browser = c->gateway == GATEWAY_SANDBOX || chance_per_mille(random, GATEWAY_BROWSERS);
	/* Microsoft's are old whatever runs them: gophish#973 and #2446. */
	bool is_new = c->gateway_is_browser && c->gateway != GATEWAY_EOP;
	enum traffic_agent_kind kind = is_new ? AGENT_BROWSER : AGENT_FROZEN;
	c->gateway_agent = c->gateway_image_agent = traffic_agents_draw(agents, kind, random);
	if (chance_per_mille(random, 500)) /* another one for the pixel: warmbly#410 */
		c->gateway_image_agent = traffic_agents_draw(agents, kind, random);
	if (c->gateway == GATEWAY_DECLARED)
		c->gateway_agent = c->gateway_image_agent = traffic_agents_draw(agents, AGENT_DECLARED, random);
	c->gateway_address = chance_address(random, &SCANNER_CLOUD);
	c->office = chance_address(random, &OFFICES);
	c->web_gateway = chance_address(random, &WEB_GATEWAYS);
	c->isolates = !c->is_consumer && chance_per_mille(random, ISOLATING);
}

static void make_contact(struct traffic_contact *p, const struct traffic_company *company, struct prng *random,
			 const struct traffic_agents *agents)
{
	bool is_consumer = company->is_consumer;
	bool has_bare_webkit;
	p->reader =
	    (enum traffic_reader)chance_pick(random, is_consumer ? CONSUMER_READERS : COMPANY_READERS, READER_COUNT);
	p->route = (enum traffic_route)chance_pick(random, is_consumer ? CONSUMER_ROUTES : COMPANY_ROUTES, ROUTE_COUNT);
	has_bare_webkit = p->reader == READER_BARE_WEBKIT;
	p->is_private = chance_per_mille(random, PRIVATE_PEOPLE);
	p->mail_client = traffic_agents_draw(agents, has_bare_webkit ? AGENT_BARE_WEBKIT : AGENT_MAIL_CLIENT, random);
	p->browser = traffic_agents_draw(agents, AGENT_BROWSER, random);
	p->second_browser = traffic_agents_draw(agents, AGENT_BROWSER, random);
	p->home = chance_address(random, &HOMES[prng_below(random, sizeof HOMES / sizeof HOMES[0])]);
	p->phone = chance_address(random, &PHONES);
	p->vpn = chance_address(random, &VPNS);
	p->cloud_desktop = chance_address(random, &AZURE);
}

static uint32_t company_size(struct prng *random, bool is_consumer)
{
	return is_consumer ? PROVIDER_SIZE : (uint32_t)chance_spread(random, COMPANY_SIZE_MIN, COMPANY_SIZE_MAX);
}

void traffic_contacts_make(struct traffic_contacts *c, uint32_t count, uint64_t seed,
			   const struct traffic_agents *agents)
{
	struct prng random = chance_of(seed, 0);
	uint32_t consumers = 0;
	uint32_t done = 0;
	*c = (struct traffic_contacts){.contact_count = count};
	c->contacts = mem_alloc_array(count, sizeof *c->contacts);
	c->companies = mem_alloc_array(count / COMPANY_SIZE_MIN + 1, sizeof *c->companies);
	while (done < count) {
		struct traffic_company *company = &c->companies[c->company_count];
		company->is_consumer = (uint64_t)consumers * 1000 < (uint64_t)(done + 1) * CONSUMERS;
		make_company(company, &random, agents);
		for (uint32_t left = company_size(&random, company->is_consumer); left && done < count; left--) {
			struct traffic_contact *contact = &c->contacts[done++];
			contact->company = c->company_count;
			make_contact(contact, company, &random, agents);
			consumers += company->is_consumer;
		}
		c->company_count++;
	}
}

void traffic_contacts_done(struct traffic_contacts *c)
{
	mem_free(c->contacts);
	mem_free(c->companies);
	*c = (struct traffic_contacts){0};
}

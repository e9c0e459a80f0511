/* SPDX-License-Identifier: Apache-2.0 */
/* How often a gateway looks is set so that the published shares of requests come out (see traffic_contact.c); how it
 * looks is published.
 *
 * The hard case is kept as hard as it is: a sandbox that opens the only link of a mail in a real browser, a minute
 * after delivery, from an address never seen before, does nothing that a quick reader does not do. */
#include "simulator/traffic_scanner.h"

/* In a thousand mails. */
enum {
	SWEPT = 30,
	SWEPT_OF_CONSUMERS = 55,
	EOP_PIXEL = 360,
	EOP_LINKS = 13,
	EOP_FROM_AZURE = 100, /* of its visits: from Microsoft's other networks */
	SANDBOXED = 20,
	SANDBOXES_TOGETHER = 300, /* links looked at in the network of the one before */
	DECLARED_LOOK = 30,
	FAN_OUT_CAMPAIGNS = 100,
	IMAGES_LOADED = 900,
	HEAD_ASKED = 5,
	PREVIEWED = 1,
	CRAWLED = 1,
};

/* scanner_networks.tsv has them. */
static const struct chance_network EOP_NETWORKS[] = {
    {40, 92, 1 /* EOP */}, {40, 107, 0 /* EOP */}, {52, 100, 2 /* EOP */}};
static const struct chance_network AZURE = {20, 40, 4 /* Microsoft, AS8075 */};
static const struct chance_network CLOUDS[] = {
    {3, 80, 4 /* Amazon */}, {54, 144, 4 /* Amazon */}, {34, 64, 6 /* Google */}, {20, 40, 4 /* Microsoft */}};
static const struct chance_network CHATS = {54, 224, 3 /* Amazon */};
static const struct chance_network ROBOTS = {65, 108, 1 /* hosting */};

static bool happens(struct traffic_stage *stage, unsigned per_mille)
{
	return chance_per_mille(&stage->random, per_mille);
}

static int64_t between_ms(struct traffic_stage *stage, int64_t low_ms, int64_t high_ms)
{
	return chance_between(&stage->random, low_ms * 1000, high_ms * 1000);
}

/* ---- A gateway's requests */

static void send_as_gateway(const struct traffic_stage *stage, struct traffic_hit *hit, struct ip_address client)
{
	if (stage->company->gateway_is_browser)
		traffic_stage_send_headers(stage, hit);
	hit->client = client;
}

static struct ip_address gateway_address(struct traffic_stage *stage)
{
	return chance_neighbour(&stage->random, &stage->company->gateway_address);
}

static void load_pixel(struct traffic_stage *stage, enum traffic_behaviour behaviour, int64_t after_us,
		       struct ip_address client)
{
	struct slice agent = stage->company->gateway_image_agent;
	send_as_gateway(stage, traffic_stage_open(stage, behaviour, after_us, agent), client);
}

static void follow(struct traffic_stage *stage, enum traffic_behaviour behaviour, int64_t after_us,
		   struct ip_address client, uint32_t link)
{
	struct traffic_hit *hit = traffic_stage_click(stage, behaviour, after_us, stage->company->gateway_agent);
	send_as_gateway(stage, hit, client);
	hit->link = link;
}

/* ---- Sweeps */

int64_t traffic_scanner_sweep_start_us(struct prng *random)
{
	/* The median is 43 s, so the third of them is in two parts. */
	static const struct {
		unsigned per_mille;
		int64_t from_s, to_s;
	} PARTS[] = {{5, 0, 10},     {22, 10, 20},    {473, 20, 43},   {191, 43, 60},
		     {283, 60, 300}, {19, 300, 1800}, {7, 3600, 86400}};
	enum { COUNT = sizeof PARTS / sizeof PARTS[0] };
	unsigned shares[COUNT];
	for (size_t i = 0; i < COUNT; i++)
		shares[i] = PARTS[i].per_mille;
	size_t i = chance_pick(random, shares, COUNT);
	return chance_between(random, PARTS[i].from_s * TRAFFIC_SECOND_US, PARTS[i].to_s * TRAFFIC_SECOND_US);
}

/* The pixel, 33 s later all links within a second. */
static void sweep(struct traffic_stage *stage, enum traffic_behaviour behaviour)
{
	int64_t start_us = traffic_scanner_sweep_start_us(&stage->random);
	int64_t before_us = between_ms(stage, 31000, 35000);
	int64_t pixel_us = start_us > before_us ? start_us - before_us : start_us / 5;
	struct ip_address client = gateway_address(stage);
	load_pixel(stage, behaviour, pixel_us, client);
	int64_t step_us = between_ms(stage, 10, 80);
	for (uint32_t link = 0; link < stage->mail->links; link++)
		follow(stage, behaviour, start_us + link * step_us, client, link);
}

static bool has_one_link(const struct traffic_stage *stage)
{
	return stage->mail->links == 1;
}

static void act_as_sweeper(struct traffic_stage *stage)
{
	if (happens(stage, stage->company->is_consumer ? SWEPT_OF_CONSUMERS : SWEPT))
		sweep(stage, has_one_link(stage) ? TRAFFIC_SWEEP_OF_ONE : TRAFFIC_SWEEP);
}

static void act_as_declared(struct traffic_stage *stage)
{
	if (happens(stage, DECLARED_LOOK))
		sweep(stage, TRAFFIC_DECLARED);
}

/* ---- Exchange Online Protection */

static struct ip_address eop_address(struct traffic_stage *stage)
{
	size_t i = prng_below(&stage->random, sizeof EOP_NETWORKS / sizeof EOP_NETWORKS[0]);
	return chance_address(&stage->random, happens(stage, EOP_FROM_AZURE) ? &AZURE : &EOP_NETWORKS[i]);
}

/* It looks while it still holds the mail, or just after. Each link is asked for twice in the same second, at once with
 * a sign too many in the address; no token fits that, so it never becomes a hit. */
static void act_as_eop(struct traffic_stage *stage)
{
	struct ip_address client = eop_address(stage);
	int64_t start_us = between_ms(stage, -2000, 15000);
	if (happens(stage, EOP_PIXEL))
		load_pixel(stage, TRAFFIC_EOP, start_us, client);
	if (!happens(stage, EOP_LINKS))
		return;
	for (uint32_t link = 0; link < stage->mail->links; link++) {
		start_us += between_ms(stage, 50, 400);
		follow(stage, TRAFFIC_EOP, start_us, client, link);
		follow(stage, TRAFFIC_EOP, start_us + between_ms(stage, 20, 500), client, link);
	}
}

/* ---- Sandboxes */

static struct ip_address cloud_address(struct traffic_stage *stage)
{
	size_t i = prng_below(&stage->random, sizeof CLOUDS / sizeof CLOUDS[0]);
	return chance_address(&stage->random, &CLOUDS[i]);
}

/* A machine of its own for each link, each with the agent of a browser that is common; now and then two are in one
 * network. */
static void act_as_sandbox(struct traffic_stage *stage)
{
	if (!happens(stage, SANDBOXED))
		return;
	enum traffic_behaviour behaviour = has_one_link(stage) ? TRAFFIC_SANDBOX_OF_ONE : TRAFFIC_SANDBOX;
	int64_t after_us = traffic_scanner_sweep_start_us(&stage->random);
	struct ip_address client = cloud_address(stage);
	if (happens(stage, 500))
		load_pixel(stage, behaviour, after_us / 5, client);
	for (uint32_t link = 0; link < stage->mail->links; link++) {
		struct slice agent = traffic_agents_draw(stage->agents, AGENT_BROWSER, &stage->random);
		struct traffic_hit *hit = traffic_stage_click(stage, behaviour, after_us, agent);
		client = happens(stage, SANDBOXES_TOGETHER) ? chance_neighbour(&stage->random, &client)
							    : cloud_address(stage);
		send_as_gateway(stage, hit, client);
		hit->link = link;
		after_us += between_ms(stage, 50, 1500);
	}
}

/* ---- One machine for everybody */

/* Whether a company's mails of this campaign are looked at. */
static bool looks_at_campaign(const struct traffic_stage *stage)
{
	struct prng random =
	    chance_of(stage->seed + stage->contact->company, UINT64_C(1) << 41 | stage->mail->campaign);
	return chance_per_mille(&random, FAN_OUT_CAMPAIGNS);
}

static void act_as_fan_out(struct traffic_stage *stage)
{
	if (!looks_at_campaign(stage))
		return;
	int64_t after_us = between_ms(stage, 2000, 15000);
	load_pixel(stage, TRAFFIC_FAN_OUT, after_us, stage->company->gateway_address);
	follow(stage, TRAFFIC_FAN_OUT, after_us + between_ms(stage, 500, 3000), stage->company->gateway_address, 0);
}

static void act_as_image_loader(struct traffic_stage *stage)
{
	if (happens(stage, IMAGES_LOADED))
		load_pixel(stage, TRAFFIC_IMAGE_FETCH, between_ms(stage, 500, 20000), gateway_address(stage));
}

/* ---- Others */

static uint32_t some_link(struct traffic_stage *stage)
{
	return (uint32_t)prng_below(&stage->random, stage->mail->links);
}

static void ask_for_head(struct traffic_stage *stage)
{
	if (stage->company->gateway == GATEWAY_NONE || !happens(stage, HEAD_ASKED))
		return;
	follow(stage, TRAFFIC_HEAD, between_ms(stage, 1000, 60000), gateway_address(stage), some_link(stage));
	stage->hits->at[stage->hits->n - 1].is_head = true;
}

static void visit(struct traffic_stage *stage, enum traffic_behaviour behaviour, enum traffic_agent_kind kind,
		  const struct chance_network *network)
{
	int64_t after_us = chance_spread(&stage->random, TRAFFIC_MINUTE_US, 48 * TRAFFIC_HOUR_US);
	struct slice agent = traffic_agents_draw(stage->agents, kind, &stage->random);
	uint32_t link = some_link(stage);
	struct traffic_hit *hit = traffic_stage_click(stage, behaviour, after_us, agent);
	hit->client = chance_address(&stage->random, network);
	hit->link = link;
}

void traffic_scanner_act(struct traffic_stage *stage)
{
	switch (stage->company->gateway) {
	case GATEWAY_SWEEP: act_as_sweeper(stage); break;
	case GATEWAY_EOP: act_as_eop(stage); break;
	case GATEWAY_SANDBOX: act_as_sandbox(stage); break;
	case GATEWAY_DECLARED: act_as_declared(stage); break;
	case GATEWAY_FAN_OUT: act_as_fan_out(stage); break;
	case GATEWAY_IMAGES: act_as_image_loader(stage); break;
	default: break;
	}
	ask_for_head(stage);
	if (happens(stage, PREVIEWED))
		visit(stage, TRAFFIC_PREVIEW, AGENT_PREVIEW, &CHATS);
	if (happens(stage, CRAWLED))
		visit(stage, TRAFFIC_CRAWLER, AGENT_CRAWLER, &ROBOTS);
}

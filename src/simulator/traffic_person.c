/* SPDX-License-Identifier: Apache-2.0 */
/* Delays and habits are guesses in the shape of what is known: most people read later, some within seconds, and who
 * clicks does so soon after opening. What Apple's proxy loads has nothing to do with when the mail is read. */
#include "simulator/traffic_person.h"

/* In a thousand. */
enum {
	READING = 300,       /* of mails are read */
	READING_AGAIN = 200, /* of those read */
	CLICKING = 120,      /* of those read */
	SECOND_LINK = 250,   /* of those clicked */
	THIRD_LINK = 300,    /* of those */
	DOUBLE_CLICKING = 30,
	IN_TABS = 20, /* of second links: two at once, to be read one after the other */
	OTHER_DEVICE = 80,
	FAST = 30,             /* of readers: within a minute of delivery */
	SOON = 250,            /* within half an hour */
	MEETING = 200,         /* of an office: they read at the same time, within a minute */
	MPP_FETCHED = 950,     /* the rest never see Wi-Fi and power */
	GMAIL_PREFETCHED = 11, /* of all mails, so 3 % of Gmail's opens; published are 1 to 6 % */
	STRIPPED = 100,        /* requests through a web gateway that lose Sec-Fetch-* */
	ISOLATED = 300,        /* clicks at a company with an isolation browser */
};

static const struct chance_network GOOGLE = {66, 249, 0 /* Google, AS15169 */};
static const struct chance_network YAHOO = {98, 136, 2 /* Yahoo, AS36646 */};
static const struct chance_network OUTLOOK_WEB = {20, 190, 0 /* Microsoft, AS8075 */};
static const struct chance_network APPLE_EGRESS = {172, 224, 3 /* Akamai, AS36183 */};
static const struct chance_network ISOLATION = {67, 231, 0 /* Proofpoint, AS26211 */};

/* As published; doc/judging.md has the sources. */
static const struct slice GMAIL_PROXY_AGENT =
    SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)");
static const struct slice GMAIL_PREFETCH_AGENT =
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	  "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0");
static const struct slice YAHOO_PROXY_AGENT =
    SLICE("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html");
static const struct slice APPLE_MPP_AGENT = SLICE("Mozilla/5.0");

/* One reading of the mail. */
struct reading {
	int64_t after_us;
	bool is_fast;
};

static bool happens(struct traffic_stage *stage, unsigned per_mille)
{
	return chance_per_mille(&stage->random, per_mille);
}

/* ---- Nobody reads */

static void fetch_for_apple(struct traffic_stage *stage)
{
	if (!happens(stage, MPP_FETCHED))
		return;
	int64_t after_us = happens(stage, 500)
			       ? chance_between(&stage->random, TRAFFIC_SECOND_US, 10 * TRAFFIC_MINUTE_US)
			       : chance_spread(&stage->random, 10 * TRAFFIC_MINUTE_US, 12 * TRAFFIC_HOUR_US);
	struct traffic_hit *hit = traffic_stage_open(stage, TRAFFIC_APPLE_MPP, after_us, APPLE_MPP_AGENT);
	hit->client = chance_address(&stage->random, &APPLE_EGRESS);
}

static void prefetch_for_gmail(struct traffic_stage *stage)
{
	if (!happens(stage, GMAIL_PREFETCHED))
		return;
	int64_t after_us = chance_between(&stage->random, TRAFFIC_SECOND_US, TRAFFIC_MINUTE_US);
	struct traffic_hit *hit = traffic_stage_open(stage, TRAFFIC_GMAIL_PREFETCH, after_us, GMAIL_PREFETCH_AGENT);
	hit->client = chance_address(&stage->random, &GOOGLE);
	hit->referer = SLICE("http://mail.google.com/");
}

/* ---- Where from */

static enum traffic_behaviour route_of(const struct traffic_stage *stage, enum traffic_behaviour otherwise)
{
	switch (stage->contact->route) {
	case ROUTE_OFFICE: return TRAFFIC_OFFICE;
	case ROUTE_WEB_GATEWAY: return TRAFFIC_WEB_GATEWAY;
	case ROUTE_VPN: return TRAFFIC_VPN;
	case ROUTE_CLOUD_DESKTOP: return TRAFFIC_CLOUD_DESKTOP;
	default: return otherwise;
	}
}

static struct ip_address address_of(struct traffic_stage *stage)
{
	switch (stage->contact->route) {
	case ROUTE_OFFICE: return stage->company->office;
	case ROUTE_WEB_GATEWAY: return chance_neighbour(&stage->random, &stage->company->web_gateway);
	case ROUTE_VPN: return stage->contact->vpn;
	case ROUTE_CLOUD_DESKTOP: return stage->contact->cloud_desktop;
	default: return stage->contact->home;
	}
}

/* ---- Opening */

static void open_by_proxy(struct traffic_stage *stage, const struct reading *reading)
{
	struct traffic_hit *hit;
	switch (stage->contact->reader) {
	case READER_GMAIL:
		hit = traffic_stage_open(stage, TRAFFIC_GMAIL_PROXY, reading->after_us, GMAIL_PROXY_AGENT);
		hit->client = chance_address(&stage->random, &GOOGLE);
		return;
	case READER_YAHOO:
		hit = traffic_stage_open(stage, TRAFFIC_YAHOO_PROXY, reading->after_us, YAHOO_PROXY_AGENT);
		hit->client = chance_address(&stage->random, &YAHOO);
		return;
	default: /* no agent of its own is known: it sends a browser's */
		hit = traffic_stage_open(stage, TRAFFIC_OUTLOOK_WEB, reading->after_us, stage->contact->browser);
		hit->client = chance_address(&stage->random, &OUTLOOK_WEB);
	}
}

static void open_in_browser(struct traffic_stage *stage, const struct reading *reading)
{
	enum traffic_behaviour behaviour = reading->is_fast             ? TRAFFIC_FAST
					   : stage->contact->is_private ? TRAFFIC_NO_LANGUAGE
									: route_of(stage, TRAFFIC_WEBMAIL);
	struct traffic_hit *hit = traffic_stage_open(stage, behaviour, reading->after_us, stage->contact->browser);
	traffic_stage_send_headers(stage, hit);
	hit->has_accept_language = !stage->contact->is_private;
	hit->client = address_of(stage);
}

static void open_in_client(struct traffic_stage *stage, const struct reading *reading)
{
	bool is_bare = stage->contact->reader == READER_BARE_WEBKIT;
	enum traffic_behaviour behaviour = reading->is_fast ? TRAFFIC_FAST
					   : is_bare        ? TRAFFIC_BARE_WEBKIT
							    : route_of(stage, TRAFFIC_MAIL_CLIENT);
	struct traffic_hit *hit = traffic_stage_open(stage, behaviour, reading->after_us, stage->contact->mail_client);
	hit->has_accept_language = is_bare;
	hit->client = address_of(stage);
}

static void open_mail(struct traffic_stage *stage, const struct reading *reading)
{
	switch (stage->contact->reader) {
	case READER_GMAIL:
	case READER_YAHOO:
	case READER_OUTLOOK_WEB: open_by_proxy(stage, reading); break;
	case READER_WEBMAIL: open_in_browser(stage, reading); break;
	case READER_MAIL_CLIENT:
	case READER_BARE_WEBKIT: open_in_client(stage, reading); break;
	default: break; /* Apple has loaded it before, or it is not loaded */
	}
}

/* ---- Clicking */

static enum traffic_behaviour click_behaviour(const struct traffic_stage *stage, bool is_fast, bool is_elsewhere)
{
	if (is_fast)
		return TRAFFIC_FAST;
	if (stage->contact->is_private)
		return TRAFFIC_NO_LANGUAGE;
	if (is_elsewhere)
		return TRAFFIC_SECOND_DEVICE;
	if (stage->contact->reader == READER_BLOCKS_IMAGES)
		return TRAFFIC_IMAGES_BLOCKED;
	return route_of(stage, TRAFFIC_CLICK);
}

/* A vendor's browser shows the page; the person looks on. */
static void click_isolated(struct traffic_stage *stage, int64_t after_us, uint32_t link)
{
	after_us += TRAFFIC_HOUR_US;
	struct traffic_hit *hit = traffic_stage_click(stage, TRAFFIC_ISOLATION, after_us, stage->contact->browser);
	traffic_stage_send_headers(stage, hit);
	hit->client = chance_address(&stage->random, &ISOLATION);
	hit->link = link;
}

static void click_link(struct traffic_stage *stage, const struct reading *reading, int64_t after_us, uint32_t link)
{
	const struct traffic_contact *person = stage->contact;
	if (stage->company->isolates && happens(stage, ISOLATED)) {
		click_isolated(stage, after_us, link);
		return;
	}
	bool is_elsewhere = happens(stage, OTHER_DEVICE);
	bool is_stripped = person->route == ROUTE_WEB_GATEWAY && happens(stage, STRIPPED);
	struct ip_address client = is_elsewhere ? person->phone : address_of(stage);
	struct traffic_hit *hit =
	    traffic_stage_click(stage, click_behaviour(stage, reading->is_fast, is_elsewhere), after_us,
				is_elsewhere ? person->second_browser : person->browser);
	traffic_stage_send_headers(stage, hit);
	hit->has_accept_language = !person->is_private;
	hit->has_sec_fetch = hit->has_sec_fetch && !is_stripped;
	hit->client = client;
	hit->link = link;
}

static void double_click(struct traffic_stage *stage)
{
	if (!happens(stage, DOUBLE_CLICKING))
		return;
	struct traffic_hit again = stage->hits->at[stage->hits->n - 1];
	again.time_us += chance_between(&stage->random, TRAFFIC_SECOND_US / 10, TRAFFIC_SECOND_US);
	again.behaviour = TRAFFIC_DOUBLE_CLICK;
	again.is_repeat = true;
	struct traffic_hit *hit = traffic_stage_click(stage, TRAFFIC_DOUBLE_CLICK, 0, again.agent);
	*hit = again;
}

static int64_t until_next_link_us(struct traffic_stage *stage)
{
	if (happens(stage, IN_TABS))
		return chance_between(&stage->random, 7 * TRAFFIC_SECOND_US / 10, 2 * TRAFFIC_SECOND_US);
	return chance_spread(&stage->random, 2 * TRAFFIC_SECOND_US, 128 * TRAFFIC_SECOND_US);
}

static void click_mail(struct traffic_stage *stage, const struct reading *reading)
{
	uint32_t link = (uint32_t)prng_below(&stage->random, stage->mail->links);
	int64_t after_us =
	    reading->after_us + (reading->is_fast
				     ? chance_between(&stage->random, 10 * TRAFFIC_SECOND_US, 30 * TRAFFIC_SECOND_US)
				     : chance_spread(&stage->random, 5 * TRAFFIC_SECOND_US, 160 * TRAFFIC_SECOND_US));
	unsigned per_mille = SECOND_LINK;
	for (uint32_t clicked = 1;; clicked++) {
		click_link(stage, reading, after_us, link);
		double_click(stage);
		if (clicked >= stage->mail->links || clicked == 3 || !happens(stage, per_mille))
			return;
		per_mille = THIRD_LINK;
		after_us += until_next_link_us(stage);
		link = (link + 1) % stage->mail->links;
	}
}

/* ---- Reading */

/* When the meeting is over; the same for all of a company. */
static int64_t meeting_end_us(const struct traffic_stage *stage)
{
	struct prng random =
	    chance_of(stage->seed + stage->contact->company, UINT64_C(1) << 40 | stage->mail->campaign);
	return chance_spread(&random, TRAFFIC_MINUTE_US, 60 * TRAFFIC_MINUTE_US);
}

static struct reading begin_reading(struct traffic_stage *stage)
{
	struct reading reading = {.is_fast = happens(stage, FAST)};
	if (reading.is_fast)
		reading.after_us = chance_between(&stage->random, 3 * TRAFFIC_SECOND_US, 55 * TRAFFIC_SECOND_US);
	else if (stage->contact->route == ROUTE_OFFICE && happens(stage, MEETING))
		reading.after_us = meeting_end_us(stage) + chance_between(&stage->random, 0, TRAFFIC_MINUTE_US);
	else if (happens(stage, SOON))
		reading.after_us = chance_spread(&stage->random, TRAFFIC_MINUTE_US, 30 * TRAFFIC_MINUTE_US);
	else
		reading.after_us = chance_spread(&stage->random, 30 * TRAFFIC_MINUTE_US, 48 * TRAFFIC_HOUR_US);
	return reading;
}

static void read_again(struct traffic_stage *stage, const struct reading *first)
{
	struct reading again = {
	    .after_us = first->after_us + chance_spread(&stage->random, 10 * TRAFFIC_MINUTE_US, 24 * TRAFFIC_HOUR_US)};
	if (happens(stage, READING_AGAIN))
		open_mail(stage, &again);
}

void traffic_person_act(struct traffic_stage *stage)
{
	if (stage->contact->reader == READER_APPLE_MPP)
		fetch_for_apple(stage);
	if (stage->contact->reader == READER_GMAIL)
		prefetch_for_gmail(stage);
	if (!happens(stage, READING))
		return;
	struct reading reading = begin_reading(stage);
	open_mail(stage, &reading);
	read_again(stage, &reading);
	if (happens(stage, CLICKING))
		click_mail(stage, &reading);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The hit decides on the mail, not the other way round: its time less a delay, drawn for it, is the time at which that
 * mail was sent. So hits come in order of time without a list of those that are still to come, and every mail has about
 * as many as another. Delays are spread evenly over orders of magnitude, from five seconds to a day, which is how
 * people read mail: half of all opens come within the first hours, and the tail is long. */
#include "prog/bench/bench_hits.h"

#include "prog/bench/bench_mail.h"
#include <stdio.h>

enum {
	SEED = 8420,
	DELAY_MIN_US = 5000000,
	DELAY_DOUBLINGS = 14, /* 5 s x 2^14 = 23 hours */
	BURST_HITS = 5,
	LINKS = 8,
	IN_100_CLICKS = 30,
	IN_100_REPEATS = 4,
	IN_1000_UNSUBSCRIBES = 2,
	FIRST_HIT_US = 60000000, /* after the first mail */
};

void bench_hits_init(struct bench_hits *hits, uint32_t tenant, uint64_t at)
{
	*hits = (struct bench_hits){.tenant = tenant, .at = at};
	prng_init(&hits->random, SEED + at);
	hits->gateway_mail = bench_hits_mails(at);
}

uint32_t bench_hits_mails(uint64_t count)
{
	return (uint32_t)((FIRST_HIT_US + count * BENCH_HIT_EVERY_US) / BENCH_MAIL_EVERY_US) + 1;
}

static int64_t some_delay_us(struct prng *random)
{
	int64_t base_us = DELAY_MIN_US * (INT64_C(1) << prng_below(random, DELAY_DOUBLINGS));
	return base_us + (int64_t)prng_below(random, (uint64_t)base_us);
}

/* Before the first mail there is none; then it is one of those that are there. */
static uint32_t some_mail(struct bench_hits *h, int64_t time_us)
{
	int64_t age_us = time_us - BENCH_MAIL_START_US;
	int64_t sent_us = age_us - some_delay_us(&h->random);
	if (sent_us < 0)
		sent_us = (int64_t)prng_below(&h->random, (uint64_t)age_us + 1);
	return (uint32_t)(sent_us / BENCH_MAIL_EVERY_US);
}

/* ---- Clients */

static struct ip_address address_of(uint8_t first, uint8_t second, uint64_t rest)
{
	return (struct ip_address){
	    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, first, second, (uint8_t)(rest >> 8), (uint8_t)rest}};
}

/* A line of a consumer's or an office's own. */
static struct ip_address home_of(uint64_t reader)
{
	static const uint8_t FIRST[] = {77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 88, 89, 90, 91, 92, 93};
	uint64_t mixed = bench_mail_mixed(reader);
	return address_of(FIRST[mixed % sizeof FIRST], (uint8_t)(mixed >> 8), mixed >> 16);
}

static struct slice browser_of(struct bench_hits *h, uint64_t reader)
{
	static const char *const SYSTEMS[] = {"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7",
					      "X11; Linux x86_64", "Linux; Android 10; K"};
	uint64_t mixed = bench_mail_mixed(reader ^ UINT64_C(0x55415f));
	(void)snprintf(h->agent, sizeof h->agent,
		       "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%u.0.%u.%u %sSafari/537.36",
		       SYSTEMS[mixed % 4], (unsigned)(130 + mixed / 4 % 24), (unsigned)(6000 + mixed / 100 % 30),
		       (unsigned)(mixed / 3000 % 40), mixed % 4 == 3 ? "Mobile " : "");
	return slice_from_cstr(h->agent);
}

static struct slice telephone_of(struct bench_hits *h, uint64_t reader)
{
	uint64_t mixed = bench_mail_mixed(reader ^ UINT64_C(0x54454c));
	(void)snprintf(h->agent, sizeof h->agent,
		       "Mozilla/5.0 (iPhone; CPU iPhone OS %u_%u_%u like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
		       "Gecko) Mobile/15E148",
		       (unsigned)(17 + mixed % 3), (unsigned)(mixed / 3 % 8), (unsigned)(mixed / 24 % 4));
	return slice_from_cstr(h->agent);
}

/* What shows pictures in mail: Apple's prefetch, Gmail's proxy, a browser or a telephone. */
static void open_as(struct bench_hits *h, uint64_t reader, struct hit_record *hit)
{
	uint64_t kind = bench_mail_mixed(reader ^ UINT64_C(0x4f50)) % 100;
	uint64_t line = prng_below(&h->random, 4096);
	hit->client = home_of(reader);
	if (kind < 45) {
		hit->user_agent = SLICE("Mozilla/5.0");
		hit->client = address_of(172, 225, line);
	} else if (kind < 65) {
		hit->user_agent =
		    SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)");
		hit->client = address_of(66, 249, 80 * 256 + line % 4096);
	} else if (kind < 85) {
		hit->user_agent = browser_of(h, reader);
		hit->accept_language = SLICE("en-GB,en;q=0.9");
		hit->has_sec_fetch = true;
	} else {
		hit->user_agent = telephone_of(h, reader);
		hit->accept_language = SLICE("de");
	}
}

static void follow(struct bench_hits *h, uint32_t mail, uint32_t link, struct hit_record *hit)
{
	uint32_t campaign = bench_mail_campaign(mail);
	hit->link_index = link;
	(void)snprintf(h->url, sizeof h->url,
		       "https://www.agency.example/spring/%u/offer-%u?utm_source=pugmark&utm_medium=email&"
		       "utm_campaign=campaign-%u",
		       campaign, link, campaign);
	hit->destination = slice_from_cstr(h->url);
}

/* ---- Hits */

static struct hit_record hit_on(const struct bench_hits *h, uint32_t mail, enum hit_kind kind)
{
	return (struct hit_record){
	    .kind = kind,
	    .key_id = 1,
	    .consent = LINK_TOKEN_CONSENT_FULL,
	    .tenant = h->tenant,
	    .message = bench_mail_id(mail),
	    .is_https = true,
	};
}

static struct hit_record some_reader(struct bench_hits *h, int64_t time_us)
{
	uint32_t mail = some_mail(h, time_us);
	uint64_t reader = bench_mail_recipient(mail);
	bool is_click = prng_below(&h->random, 100) < IN_100_CLICKS;
	bool is_press = prng_below(&h->random, 1000) < IN_1000_UNSUBSCRIBES;
	struct hit_record hit = hit_on(h, mail, is_press ? HIT_UNSUBSCRIBE : is_click ? HIT_CLICK : HIT_OPEN);
	if (hit.kind == HIT_OPEN) {
		open_as(h, reader, &hit);
		return hit;
	}
	hit.client = home_of(reader);
	hit.user_agent = browser_of(h, reader);
	hit.accept_language = SLICE("en-GB,en;q=0.9");
	hit.has_sec_fetch = true;
	hit.one_click = is_press;
	if (hit.kind == HIT_CLICK)
		follow(h, mail, (uint32_t)prng_below(&h->random, LINKS), &hit);
	return hit;
}

/* The gateway of the recipient's company, which says that it is a browser. */
static struct hit_record next_of_burst(struct bench_hits *h)
{
	uint32_t mail = h->gateway_mail;
	uint64_t company = bench_mail_recipient(mail) / 100;
	struct hit_record hit = hit_on(h, mail, h->burst_left == BURST_HITS ? HIT_OPEN : HIT_CLICK);
	h->burst_left--;
	hit.client = home_of(company + 1000000);
	hit.user_agent = browser_of(h, company % 7);
	if (hit.kind == HIT_CLICK)
		follow(h, mail, h->burst_left, &hit);
	return hit;
}

/* Some seconds after it was delivered. */
static bool gateway_is_due(struct bench_hits *h, int64_t time_us)
{
	int64_t sent_us = time_us - BENCH_MAIL_START_US - 3000000;
	uint32_t mail = sent_us < 0 ? 0 : (uint32_t)(sent_us / BENCH_MAIL_EVERY_US);
	mail -= mail % BENCH_MAIL_EVERY_GATEWAY;
	if (mail <= h->gateway_mail)
		return false;
	h->gateway_mail = mail;
	h->burst_left = BURST_HITS;
	return true;
}

int64_t bench_hits_time_us(uint64_t n)
{
	return BENCH_MAIL_START_US + FIRST_HIT_US + (int64_t)n * BENCH_HIT_EVERY_US;
}

void bench_hits_next(struct bench_hits *h, struct hit_record *ret, int64_t *ret_time_us)
{
	int64_t time_us = bench_hits_time_us(h->at);
	bool is_repeat = h->last.tenant && prng_below(&h->random, 100) < IN_100_REPEATS;
	if (h->burst_left || gateway_is_due(h, time_us))
		h->last = next_of_burst(h);
	else if (!is_repeat)
		h->last = some_reader(h, time_us);
	h->at++;
	*ret = h->last;
	*ret_time_us = time_us;
}

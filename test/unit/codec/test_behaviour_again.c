/* SPDX-License-Identifier: Apache-2.0 */
/* How often a message is looked at must not show in its verdicts: each click asks for a look, looks come late and
 * together, and a pass over history comes on top. */
#include "codec/judge/behaviour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

#define DELIVERED INT64_C(1795240800000000)

enum { HITS_MAX = 14, HISTORIES = 60000 };

/* A history as apply wrote it, and what looks made of it. */
struct history {
	struct behaviour_mail mail;
	struct behaviour_hit hits[HITS_MAX];
	size_t count;
	char reasons[HITS_MAX][REASONS_MAX + 64];
};

/* ---- Random ones */

struct first_verdict {
	const char *reasons;
	enum actor actor;
	uint32_t share;
	bool is_honeypot;
};

static const struct first_verdict *pick(struct prng *random)
{
	static const struct first_verdict VERDICTS[] = {
	    {"browser", ACTOR_HUMAN, 8, false},
	    {"browser no_sec_fetch", ACTOR_HUMAN, 2, false},
	    {"browser early:seconds=3 no_accept_language", ACTOR_UNKNOWN, 2, false},
	    {"browser referer:rewritten_link", ACTOR_HUMAN, 1, false},
	    {"browser data_centre:amazon no_accept_language old_agent:chrome=57", ACTOR_UNKNOWN, 1, false},
	    {"mail_client", ACTOR_HUMAN, 2, false},
	    {"agent:gmail_image_proxy", ACTOR_PROXY_HUMAN, 4, false},
	    {"provider:sendgrid agent:yahoo_mail_proxy", ACTOR_PROXY_HUMAN, 1, false},
	    {"agent:unrecognised", ACTOR_UNKNOWN, 2, false},
	    {"agent:python_requests", ACTOR_SCANNER, 2, false},
	    {"purpose:prefetch", ACTOR_PREFETCH, 1, false},
	    {"honeypot", ACTOR_SCANNER, 1, true},
	};
	uint32_t at = (uint32_t)prng_below(random, 27);
	size_t i = 0;
	while (at >= VERDICTS[i].share)
		at -= VERDICTS[i++].share;
	return &VERDICTS[i];
}

/* Crowds: most come soon after the one before. No two at the same time, so that it is clear who was first. */
static int64_t next_time(struct prng *random, int64_t time_us)
{
	static const uint64_t APART_MS[] = {100, 300, 900, 2500, 8000, 25000, 70000, 150000};
	return time_us + 1 + (int64_t)prng_below(random, APART_MS[prng_below(random, 8)]) * 1000;
}

static struct behaviour_hit random_hit(struct prng *random, uint32_t links, size_t n)
{
	const struct first_verdict *first = pick(random);
	bool is_click = first->is_honeypot || prng_below(random, 4);
	return (struct behaviour_hit){
	    .id = {{0x01, 0x92, (uint8_t)n}},
	    .kind = is_click ? HIT_CLICK : HIT_OPEN,
	    .link_index = is_click && !first->is_honeypot ? 1 + (uint32_t)prng_below(random, links ? links : 4) : 0,
	    .source = {1 + prng_below(random, 4), 1 + prng_below(random, 2)},
	    .fan_out = prng_below(random, 6) ? 0 : 6,
	    .actor = first->actor,
	    .reasons = slice_from_cstr(first->reasons),
	};
}

static void make_history(struct prng *random, struct history *h)
{
	uint32_t links = (uint32_t)prng_below(random, 7);
	int64_t time_us = DELIVERED + (int64_t)prng_below(random, prng_below(random, 2) ? 40 : 4000) * 1000000;
	*h = (struct history){.mail = {.delivered_us = prng_below(random, 5) ? DELIVERED : 0, .links = links}};
	h->count = 1 + prng_below(random, HITS_MAX);
	for (size_t i = 0; i < h->count; i++) {
		h->hits[i] = random_hit(random, links, i);
		h->hits[i].time_us = time_us = next_time(random, time_us);
	}
}

/* ---- Looks */

/* What settling writes is what the next look reads (engine/judge/second_look.c). */
static void keep(struct history *h, size_t i)
{
	struct behaviour_hit *hit = &h->hits[i];
	if (!hit->is_changed)
		return;
	(void)snprintf(h->reasons[i], sizeof h->reasons[i], "%s%s", hit->verdict.reasons,
		       uuid_is_zero(hit->group) ? "" : " group:00000000-0000-7000-8000-000000000000");
	hit->actor = hit->verdict.actor;
	hit->reasons = slice_from_cstr(h->reasons[i]);
}

/* At the first of them, as they came. */
static void look(struct history *h, size_t count)
{
	h->mail.first_open_us = 0;
	for (size_t i = count; i > 0; i--)
		if (h->hits[i - 1].kind == HIT_OPEN)
			h->mail.first_open_us = h->hits[i - 1].time_us;
	behaviour_judge(&h->mail, h->hits, count);
	for (size_t i = 0; i < count; i++)
		keep(h, i);
}

static void tell(const struct history *h, const struct history *other, const char *how, unsigned run)
{
	for (size_t i = 0; i < h->count; i++)
		print_error("%c %7.1f s link %u source %u/%u fan-out %u: %s '%.*s', else %s '%.*s'\n",
			    h->hits[i].kind == HIT_OPEN ? 'o' : 'c',
			    (double)(h->hits[i].time_us - h->hits[0].time_us) / 1e6, h->hits[i].link_index,
			    (unsigned)h->hits[i].source.network, (unsigned)h->hits[i].source.agent, h->hits[i].fan_out,
			    actor_name(h->hits[i].actor), SLICE_FMT(h->hits[i].reasons),
			    actor_name(other->hits[i].actor), SLICE_FMT(other->hits[i].reasons));
	fail_msg("history %u, %u links: looked at once at the end, and %s", run, h->mail.links, how);
}

static void expect_same(const struct history *once, const struct history *other, const char *how, unsigned run)
{
	for (size_t i = 0; i < once->count; i++)
		if (once->hits[i].actor != other->hits[i].actor)
			tell(once, other, how, run);
}

static void test_verdicts_do_not_tell_how_often_somebody_looked(void **state)
{
	static struct history first, once, other;
	struct prng random;
	uint64_t changed = 0;
	(void)state;
	prng_init(&random, 11);
	for (unsigned run = 0; run < HISTORIES; run++) {
		make_history(&random, &first);
		once = first;
		look(&once, once.count);
		for (size_t i = 0; i < once.count; i++)
			changed += once.hits[i].actor != first.hits[i].actor;
		other = first;
		look(&other, other.count);
		look(&other, other.count);
		expect_same(&once, &other, "again", run);
		other = first;
		for (size_t i = 1; i <= other.count; i++)
			look(&other, i);
		expect_same(&once, &other, "after every hit", run);
		other = first;
		look(&other, 1 + prng_below(&random, other.count));
		look(&other, other.count);
		expect_same(&once, &other, "in the middle", run);
	}
	assert_true(changed > HISTORIES / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdicts_do_not_tell_how_often_somebody_looked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the rules (doc/judging.md): of two rules that both apply the one that stands first decides. */
#include "codec/judge/known_network.h"
#include "codec/judge/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CHROME                                                                                                         \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 "           \
	"Safari/537.36"
#define FROZEN_CHROME                                                                                                  \
	"Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 Safari/537.36"
#define BARE_WEBKIT "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
#define GOOGLEBOT "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
#define GMAIL_PROXY "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
#define OUTLOOK "Microsoft Office/16.0 (Microsoft Outlook 16.0.8241; Pro)"
#define PROTECTION "40.107.218.12" /* Exchange Online Protection */
#define HOME "203.0.113.7"

struct rival_rules {
	const char *name;
	enum hit_kind kind;
	const char *method, *purpose, *agent, *ip;
	bool is_honeypot;
	const char *reasons; /* how they begin */
};

static const struct rival_rules RULES[] = {
    {"method, purpose", HIT_CLICK, "HEAD", "prefetch", CHROME, HOME, false, "method:head"},
    {"purpose, honeypot", HIT_CLICK, "GET", "prefetch", CHROME, HOME, true, "purpose:prefetch"},
    {"honeypot, no agent", HIT_CLICK, "GET", "", "", HOME, true, "honeypot"},
    {"honeypot, known name", HIT_CLICK, "GET", "", GMAIL_PROXY, HOME, true, "honeypot"},
    {"no agent, network", HIT_CLICK, "GET", "", "", PROTECTION, false, "agent:missing"},
    {"whole agent, network", HIT_CLICK, "GET", "", "Mozilla/5.0", PROTECTION, false, "agent:bare_mozilla"},
    {"known name, network", HIT_OPEN, "GET", "", GMAIL_PROXY, PROTECTION, false, "agent:gmail_image_proxy"},
    {"known name, robot", HIT_CLICK, "GET", "", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", HOME,
     false, "agent:slack"},
    {"network, robot", HIT_CLICK, "GET", "", GOOGLEBOT, PROTECTION, false, "network:microsoft_365_protection"},
    {"network, mail client", HIT_OPEN, "GET", "", OUTLOOK, PROTECTION, false, "network:microsoft_365_protection"},
    {"robot, bare engine while mail comes in", HIT_OPEN, "GET", "", BARE_WEBKIT " Googlebot/2.1", HOME, false,
     "robot_list:googlebot"},
    {"bare engine while mail comes in, points", HIT_OPEN, "GET", "", BARE_WEBKIT, HOME, false,
     "agent:bare_webkit_early"},
    {"points alone", HIT_CLICK, "GET", "", FROZEN_CHROME, HOME, false, "browser early:seconds=5"},
};

static void test_of_two_rules_that_apply_the_first_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
		const struct rival_rules *r = &RULES[i];
		struct hit_signals hit = {
		    .kind = r->kind,
		    .method = slice_from_cstr(r->method),
		    .purpose = slice_from_cstr(r->purpose),
		    .user_agent = slice_from_cstr(r->agent),
		    .is_honeypot = r->is_honeypot,
		    .has_client = true,
		    .has_delivery_age = true,
		    .delivery_age_ms = 5000,
		};
		struct verdict verdict;
		assert_true(ip_address_parse(slice_from_cstr(r->ip), &hit.client));
		verdict_judge(&hit, &verdict);
		if (!slice_starts_with(slice_from_cstr(verdict.reasons), slice_from_cstr(r->reasons)))
			fail_msg("%s: got %s, want %s", r->name, verdict.reasons, r->reasons);
	}
}

static void test_a_mail_clients_name_is_never_looked_up_among_robots(void **state)
{
	struct hit_signals hit = {.kind = HIT_OPEN, .user_agent = SLICE(OUTLOOK " Googlebot/2.1")};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "mail_client");
	assert_int_equal(verdict.actor, ACTOR_HUMAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_two_rules_that_apply_the_first_decides),
	    cmocka_unit_test(test_a_mail_clients_name_is_never_looked_up_among_robots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

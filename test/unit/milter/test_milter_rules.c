/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "milter/milter_rules.h"

struct world {
	struct arena *arena;
	struct milter_rules *rules;
};

static struct world make(const struct milter_rules_config *config)
{
	struct world w = {.arena = arena_new()};
	struct err err = {0};
	if (milter_rules_new(config, w.arena, &w.rules, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	return w;
}

static enum milter_verdict judge_from(const struct world *w, const char *envelope, const char *header)
{
	struct milter_subject subject = {
	    .envelope_from = slice_from_cstr(envelope), .header_from = slice_from_cstr(header), .is_signed_in = true};
	return milter_rules_judge(w->rules, &subject);
}

static void test_rules_choose_senders_by_address_and_domain(void **state)
{
	(void)state;
	static const struct {
		const char *senders, *skip, *envelope, *header;
		enum milter_verdict want;
	} cases[] = {
	    {"", "", "a@example.com", "", MILTER_TRACK},
	    {"example.com", "", "a@example.com", "", MILTER_TRACK},
	    {"example.com", "", "a@EXAMPLE.com", "", MILTER_TRACK},
	    {"example.com", "", "a@sub.example.com", "", MILTER_SENDER},
	    {"*.example.com", "", "a@sub.example.com", "", MILTER_TRACK},
	    {"*.example.com", "", "a@example.com", "", MILTER_SENDER},
	    {"*.example.com, example.com", "", "a@example.com", "", MILTER_TRACK},
	    {"ann@example.com", "", "Ann@example.com", "", MILTER_TRACK},
	    {"ann@example.com", "", "bob@example.com", "", MILTER_SENDER},
	    {"news@*", "", "news@other.example", "", MILTER_TRACK},
	    {"*-news@*.example", "", "the-news@a.example", "", MILTER_TRACK},
	    {"*", "", "any@where.example", "", MILTER_TRACK},
	    {"example.com", "", "bounce+1=x@mx.example", "ann@example.com", MILTER_TRACK},
	    {"", "boss@example.com", "boss@example.com", "", MILTER_SENDER},
	    {"example.com", "boss@*", "x@example.com", "boss@example.com", MILTER_SENDER},
	    {" , ", "", "a@example.com", "", MILTER_TRACK},
	    {"", "", "", "a@example.com", MILTER_NULL_SENDER},
	    {"a*a*a*b", "", "x@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", MILTER_SENDER},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct milter_rules_config config = {.senders = cases[i].senders, .skip_senders = cases[i].skip};
		struct world w = make(&config);
		enum milter_verdict got = judge_from(&w, cases[i].envelope, cases[i].header);
		if (got != cases[i].want)
			fail_msg("%s not %s, %s, %s: %d", cases[i].senders, cases[i].skip, cases[i].envelope,
				 cases[i].header, (int)got);
		arena_free(&w.arena);
	}
}

static void test_only_mail_that_is_ours_is_tracked(void **state)
{
	(void)state;
	static const struct {
		const char *client; /* NULL: this machine */
		bool is_signed_in;
		const char *daemon;
		enum milter_verdict want;
	} cases[] = {
	    {"10.1.2.3", false, "", MILTER_TRACK},         {"11.1.2.3", false, "", MILTER_NOT_OURS},
	    {"11.1.2.3", true, "", MILTER_TRACK},          {"11.1.2.3", false, "originating", MILTER_TRACK},
	    {"11.1.2.3", false, "smtpd", MILTER_NOT_OURS}, {"2001:db8::1", false, "", MILTER_TRACK},
	    {"2001:db9::1", false, "", MILTER_NOT_OURS},   {NULL, false, "", MILTER_TRACK},
	};
	struct milter_rules_config config = {.networks = "10.0.0.0/8, 2001:db8::/32", .daemons = "ORIGINATING"};
	struct world w = make(&config);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ip_address client;
		if (cases[i].client)
			assert_true(ip_address_parse(slice_from_cstr(cases[i].client), &client));
		struct milter_subject subject = {.envelope_from = SLICE("a@example.com"),
						 .client = cases[i].client ? &client : NULL,
						 .is_signed_in = cases[i].is_signed_in,
						 .daemon = slice_from_cstr(cases[i].daemon)};
		assert_int_equal(milter_rules_judge(w.rules, &subject), cases[i].want);
	}
	arena_free(&w.arena);
}

static void test_a_header_can_be_required(void **state)
{
	(void)state;
	struct milter_rules_config config = {.require_header = true};
	struct world w = make(&config);
	struct milter_subject subject = {.envelope_from = SLICE("a@example.com"), .is_signed_in = true};
	assert_int_equal(milter_rules_judge(w.rules, &subject), MILTER_NO_HEADER);
	subject.has_header = true;
	assert_int_equal(milter_rules_judge(w.rules, &subject), MILTER_TRACK);
	arena_free(&w.arena);
}

static void test_mail_that_pugmark_composed_is_left_alone(void **state)
{
	(void)state;
	struct milter_rules_config config = {0};
	struct world w = make(&config);
	struct milter_subject subject = {
	    .envelope_from = SLICE("a@example.com"), .is_signed_in = true, .has_header = true, .is_own = true};
	assert_int_equal(milter_rules_judge(w.rules, &subject), MILTER_OWN);
	arena_free(&w.arena);
}

static void test_a_bad_network_is_named(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct milter_rules *rules = NULL;
	struct milter_rules_config config = {.networks = "10.0.0.0/8, home"};
	struct err err = {0};
	assert_int_equal(milter_rules_new(&config, arena, &rules, &err), STATUS_BAD_INPUT);
	assert_non_null(strstr(err.text, "'home'"));
	assert_null(rules);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rules_choose_senders_by_address_and_domain),
	    cmocka_unit_test(test_only_mail_that_is_ours_is_tracked),
	    cmocka_unit_test(test_a_header_can_be_required),
	    cmocka_unit_test(test_mail_that_pugmark_composed_is_left_alone),
	    cmocka_unit_test(test_a_bad_network_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

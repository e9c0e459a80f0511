/* SPDX-License-Identifier: Apache-2.0 */
/* The judge over the collections of agents and requests of the corpus. */
#include "codec/judge/verdict.h"
#include "harness/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CHROME "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"

static FILE *open_corpus(const char *name)
{
	char path[CORPUS_PATH_ROOM];
	corpus_need(name, path);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

static bool class_allows(struct slice class, enum actor actor)
{
	static const struct {
		struct slice class;
		enum actor actor;
	} WANT[] = {
	    {SLICE("proxy-human"), ACTOR_PROXY_HUMAN},
	    {SLICE("machine-prefetch"), ACTOR_PREFETCH},
	    {SLICE("link-preview"), ACTOR_LINK_PREVIEW},
	    {SLICE("human"), ACTOR_HUMAN},
	    {SLICE("scanner-bot?"), ACTOR_HUMAN}, /* behaviour: the agent alone must be taken for a person's */
	    {SLICE("scanner-bot"), ACTOR_SCANNER},
	    {SLICE("unknown"),
	     ACTOR_HUMAN}, /* a click 12 s after sending, from an access provider: the doubt is for it */
	};
	for (size_t i = 0; i < sizeof WANT / sizeof WANT[0]; i++)
		if (slice_starts_with(class, WANT[i].class))
			return actor == WANT[i].actor;
	return false;
}

static void test_every_row_of_mail_proxies_is_judged_as_its_class(void **state)
{
	char line[4096];
	size_t rows = 0;
	size_t wrong = 0;
	(void)state;
	FILE *file = open_corpus("ua/mailproxies.tsv");
	while (fgets(line, sizeof line, file)) {
		struct slice rest = slice_trim(slice_from_cstr(line));
		struct slice agent = slice_cut(&rest, '\t');
		struct slice class = slice_cut(&rest, '\t');
		if (slice_equal(agent, SLICE("ua")) || !class.n)
			continue;
		struct hit_signals hit = {.kind = HIT_OPEN, .user_agent = agent};
		struct verdict got;
		verdict_judge(&hit, &got);
		rows++;
		if (class_allows(class, got.actor))
			continue;
		wrong++;
		printf("%.*s: %.*s: got %s (%s)\n", SLICE_FMT(class), SLICE_FMT(agent), actor_name(got.actor),
		       got.reasons);
	}
	(void)fclose(file);
	assert_true(rows > 70);
	assert_int_equal(wrong, 0);
}

/* Every agent of a list, the last field of each line, must be a person's. The first of several is its share of traffic.
 */
static void expect_people_only(const char *name, size_t rows_at_least)
{
	char line[4096];
	size_t rows = 0;
	double all = 0;
	double wrong = 0;
	FILE *file = open_corpus(name);
	while (fgets(line, sizeof line, file)) {
		struct slice rest = slice_trim(slice_from_cstr(line));
		struct slice agent = rest;
		while (rest.n)
			agent = slice_cut(&rest, '\t');
		if (!agent.n || slice_equal(agent, SLICE("ua")))
			continue;
		struct hit_signals hit = {.kind = HIT_CLICK, .user_agent = agent};
		struct verdict got;
		verdict_judge(&hit, &got);
		double weight = agent.p == line ? 1 : strtod(line, NULL);
		rows++;
		all += weight;
		if (got.actor == ACTOR_HUMAN)
			continue;
		wrong += weight;
		printf("%.*s: got %s (%s)\n", SLICE_FMT(agent), actor_name(got.actor), got.reasons);
	}
	(void)fclose(file);
	printf("%s: %.3f %% of %zu agents by weight are taken for machines\n", name, 100 * wrong / all, rows);
	assert_true(rows >= rows_at_least);
	assert_true(wrong <= all / 1000);
}

static void test_no_browser_of_the_traffic_sample_is_a_machine(void **state)
{
	(void)state;
	expect_people_only("ua/humans_weighted.tsv", 400);
}

static void test_no_mail_client_is_a_machine(void **state)
{
	(void)state;
	expect_people_only("ua/humans_mailclients.txt", 30);
}

static void test_most_robots_of_the_corpus_are_machines(void **state)
{
	char line[8192];
	size_t rows = 0;
	size_t found = 0;
	(void)state;
	FILE *file = open_corpus("ua/bots.txt");
	while (fgets(line, sizeof line, file)) {
		struct slice agent = slice_trim(slice_from_cstr(line));
		struct hit_signals hit = {.kind = HIT_CLICK, .user_agent = agent};
		struct verdict got;
		if (!agent.n)
			continue;
		verdict_judge(&hit, &got);
		rows++;
		found += !actor_is_counted(got.actor) && got.actor != ACTOR_UNKNOWN;
	}
	(void)fclose(file);
	printf("%zu of %zu robots are found\n", found, rows);
	assert_true(rows > 2500);
	assert_true(found * 100 >= rows * 95);
}

static void test_every_logged_request_is_judged_as_its_class(void **state)
{
	char line[4096];
	size_t rows = 0;
	(void)state;
	FILE *file = open_corpus("ua/requests.tsv");
	while (fgets(line, sizeof line, file)) {
		struct slice rest = slice_from_cstr(line);
		struct slice fields[7];
		for (size_t i = 0; i < 7; i++)
			fields[i] = slice_cut(&rest, '\t');
		bool is_published = fields[4].n && fields[4].p[0] != '(';
		struct hit_signals hit = {
		    .kind = slice_equal(fields[5], SLICE("click")) ? HIT_CLICK : HIT_OPEN,
		    .user_agent = is_published ? fields[4] : SLICE(CHROME),
		    .referer = fields[2],
		};
		uint64_t seconds;
		hit.has_client = ip_address_parse(fields[1], &hit.client);
		if (slice_to_u64(fields[3], 1000000, &seconds)) {
			hit.has_delivery_age = true;
			hit.delivery_age_ms = (int64_t)seconds * 1000;
		}
		if (slice_equal(fields[0], SLICE("method")))
			continue;
		struct verdict got;
		verdict_judge(&hit, &got);
		rows++;
		if (!class_allows(fields[6], got.actor))
			fail_msg("%.*s: got %s (%s)", SLICE_FMT(fields[4]), actor_name(got.actor), got.reasons);
	}
	(void)fclose(file);
	assert_int_equal(rows, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_row_of_mail_proxies_is_judged_as_its_class),
	    cmocka_unit_test(test_no_browser_of_the_traffic_sample_is_a_machine),
	    cmocka_unit_test(test_no_mail_client_is_a_machine),
	    cmocka_unit_test(test_most_robots_of_the_corpus_are_machines),
	    cmocka_unit_test(test_every_logged_request_is_judged_as_its_class),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

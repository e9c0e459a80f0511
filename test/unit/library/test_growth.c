/* SPDX-License-Identifier: Apache-2.0 */
/* A program of yesterday and one of tomorrow: structs of the caller that are shorter or longer than this library's. The
 * shortest are those of the first version; of pugmark_hit there was a shorter one. */
#include "fixture.h"

struct longer_hit {
	struct pugmark_hit hit;
	char added[24];
};

struct longer_verdict {
	struct pugmark_verdict verdict;
	char added[24];
};

static void test_longer_structs_are_fine_while_what_is_new_is_not_used(void **state)
{
	struct longer_hit hit = {.hit = PUGMARK_HIT_INIT};
	struct longer_verdict verdict = {.verdict = PUGMARK_VERDICT_INIT};
	(void)state;
	hit.hit.size = sizeof hit;
	hit.hit.kind = PUGMARK_OPEN;
	verdict.verdict.size = sizeof verdict;
	memset(verdict.added, 'x', sizeof verdict.added);
	assert_ok(pugmark_judge(&hit.hit, &verdict.verdict));
	assert_int_equal(verdict.verdict.size, sizeof verdict);
	for (size_t i = 0; i < sizeof verdict.added; i++)
		assert_int_equal(verdict.added[i], 0); /* what this library does not know is said to be zero */
	hit.added[20] = 1;
	assert_status(pugmark_judge(&hit.hit, &verdict.verdict), PUGMARK_MISUSE);
}

static void test_structs_that_are_too_short_are_refused(void **state)
{
	struct pugmark_hit hit = PUGMARK_HIT_INIT;
	struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
	(void)state;
	hit.kind = PUGMARK_OPEN;
	hit.size = offsetof(struct pugmark_hit, method) - 1;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_MISUSE);
	hit.size = sizeof hit;
	verdict.size = 8;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_MISUSE);
	verdict.size = 0;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_MISUSE);
}

/* Without what came later, which must not be looked at. */
static void test_a_hit_of_the_first_version_is_judged(void **state)
{
	struct pugmark_hit hit = PUGMARK_HIT_INIT;
	struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
	static const char outlook[] = "Outlook-iOS/709.2226530.prod.iphone (3.24.1)";
	(void)state;
	hit.kind = PUGMARK_OPEN;
	hit.user_agent = (struct pugmark_text){outlook, PUGMARK_CSTR};
	hit.method = (struct pugmark_text){NULL, 77};
	hit.has_delivery_age = 1;
	hit.size = offsetof(struct pugmark_hit, method);
	assert_ok(pugmark_judge(&hit, &verdict));
	assert_int_equal(verdict.actor, PUGMARK_ACTOR_HUMAN);
}

struct longer_token {
	struct pugmark_token token;
	uint64_t added;
};

static void test_longer_tokens_are_minted_and_opened(void **state)
{
	struct longer_token token = {.token = PUGMARK_TOKEN_INIT};
	struct longer_token opened = {.token = PUGMARK_TOKEN_INIT, .added = 5};
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_sealer *sealer;
	char text[PUGMARK_TOKEN_ROOM];
	(void)state;
	assert_ok(pugmark_sealer_new(keys, NULL, &sealer));
	token.token.size = sizeof token;
	token.token.kind = PUGMARK_OPEN;
	token.token.key_id = 1;
	assert_ok(pugmark_token_mint(sealer, &token.token, text, sizeof text, NULL));
	opened.token.size = sizeof opened;
	assert_ok(pugmark_token_open(sealer, PUGMARK_OPEN, text, PUGMARK_CSTR, &opened.token));
	assert_int_equal(opened.added, 0);
	assert_int_equal(opened.token.size, sizeof opened);
	token.added = 1;
	assert_status(pugmark_token_mint(sealer, &token.token, text, sizeof text, NULL), PUGMARK_MISUSE);
	pugmark_sealer_free(sealer);
	pugmark_keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_longer_structs_are_fine_while_what_is_new_is_not_used),
	    cmocka_unit_test(test_structs_that_are_too_short_are_refused),
	    cmocka_unit_test(test_a_hit_of_the_first_version_is_judged),
	    cmocka_unit_test(test_longer_tokens_are_minted_and_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

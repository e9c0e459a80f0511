/* SPDX-License-Identifier: Apache-2.0 */
/* Threads with objects of their own that share keys and a verifier; for ThreadSanitizer, and for the sums. */
#include "fixture.h"
#include <pthread.h>

enum { THREADS = 6, ROUNDS = 40 };

struct shared {
	const struct pugmark_keys *keys;
	const struct pugmark_verifier *verifier;
};

struct worker {
	pthread_t thread;
	const struct shared *shared;
	unsigned number;
	unsigned good;
};

static bool round_trip(struct pugmark_instrumenter *instrumenter, struct pugmark_sealer *sealer, uint32_t tenant)
{
	struct pugmark_result *result;
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	if (pugmark_instrumenter_set_message(instrumenter, fixture_message, tenant) != PUGMARK_OK ||
	    pugmark_instrument_html(instrumenter, "<a href=https://example.com/>x</a>", PUGMARK_CSTR, NULL, 0,
				    &result) != PUGMARK_OK)
		return false;
	bool is_good =
	    pugmark_token_open(sealer, PUGMARK_CLICK, result->links[0]->tracked_url.bytes + strlen(BASE "/c/"),
			       PUGMARK_CSTR, &token) == PUGMARK_OK &&
	    token.tenant == tenant;
	pugmark_result_free(result);
	return is_good;
}

static bool verify(const struct pugmark_verifier *verifier)
{
	struct pugmark_header header = {{"authorization", PUGMARK_CSTR}, {"Bearer secret", PUGMARK_CSTR}};
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	webhook.headers = &header;
	webhook.header_count = 1;
	return pugmark_verifier_verify(verifier, &webhook, NULL) == PUGMARK_OK;
}

static void *work(void *user)
{
	struct worker *worker = user;
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(worker->shared->keys, NULL);
	struct pugmark_sealer *sealer = NULL;
	if (pugmark_sealer_new(worker->shared->keys, NULL, &sealer) != PUGMARK_OK)
		return NULL;
	for (unsigned i = 0; i < ROUNDS; i++)
		worker->good +=
		    round_trip(instrumenter, sealer, worker->number * ROUNDS + i) && verify(worker->shared->verifier);
	pugmark_sealer_free(sealer);
	pugmark_instrumenter_free(instrumenter);
	return NULL;
}

static void test_threads_share_keys_and_a_verifier(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_verifier *verifier;
	struct worker workers[THREADS] = {0};
	(void)state;
	assert_ok(pugmark_verifier_new(PUGMARK_SCHEME_BEARER, NULL, &verifier));
	assert_ok(pugmark_verifier_add_secret(verifier, "secret", PUGMARK_CSTR));
	struct shared shared = {keys, verifier};
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.shared = &shared, .number = i};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].good, ROUNDS);
	}
	pugmark_verifier_free(verifier);
	pugmark_keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_share_keys_and_a_verifier)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

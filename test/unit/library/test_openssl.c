/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's own memory ends anywhere: no call may end the process, or say yes to what it could not check. */
#include "fixture.h"
#include <openssl/crypto.h>
#include <openssl/err.h>

#if defined(__SANITIZE_ADDRESS__)
/* The sanitizer looks for them from outside. */
#define SEEN __attribute__((visibility("default")))
SEEN const char *__asan_default_options(void);
SEEN const char *__lsan_default_suppressions(void);

/* OpenSSL has no frame pointers. */
const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

/* OpenSSL 3.0 leaks on its own when it runs out of memory in the middle of copying a SIV context. */
const char *__lsan_default_suppressions(void)
{
	return "leak:EVP_CIPHER_CTX_copy\n";
}
#endif

struct requests {
	size_t count;
	size_t fail_at; /* this one (from 1) and all behind it get nothing; 0: all are granted */
};

static struct requests requests; /* OpenSSL's hooks have no user */

static bool is_refused(void)
{
	requests.count++;
	return requests.fail_at && requests.count >= requests.fail_at;
}

static void *hook_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return is_refused() ? NULL : malloc(size);
}

static void *hook_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return is_refused() ? NULL : realloc(p, size);
}

static void hook_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

struct world {
	struct pugmark_keys *keys;
	struct pugmark_instrumenter *instrumenter;
	char token[PUGMARK_TOKEN_ROOM];
};

typedef enum pugmark_status attempt_fn(const struct world *world);

/* Until the attempt needs no more. Between the refused attempts OpenSSL has memory, as a host would free some. */
static void sweep(const struct world *world, attempt_fn *attempt, enum pugmark_status other)
{
	for (size_t n = 1; n < 1000; n++) {
		requests = (struct requests){.fail_at = n};
		enum pugmark_status status = attempt(world);
		size_t asked = requests.count;
		requests.fail_at = 0;
		assert_int_equal(ERR_peek_error(), 0);
		if (asked < n) {
			print_message("%zu requests\n", asked);
			assert_ok(status);
			return;
		}
		/* OpenSSL can do without some of its memory. */
		assert_true(status == PUGMARK_OK || status == PUGMARK_NO_MEMORY || status == other);
	}
	fail_msg("there is no end to it");
}

static enum pugmark_status attempt_sealer(const struct world *world)
{
	struct pugmark_sealer *sealer = NULL;
	enum pugmark_status status = pugmark_sealer_new(world->keys, NULL, &sealer);
	assert_int_equal(status == PUGMARK_OK, sealer != NULL);
	pugmark_sealer_free(sealer);
	return status;
}

static struct pugmark_sealer *sealer_of(const struct world *world)
{
	struct pugmark_sealer *sealer;
	size_t fail_at = requests.fail_at;
	requests.fail_at = 0;
	assert_ok(pugmark_sealer_new(world->keys, NULL, &sealer));
	requests = (struct requests){.fail_at = fail_at};
	return sealer;
}

static enum pugmark_status attempt_mint(const struct world *world)
{
	struct pugmark_sealer *sealer = sealer_of(world);
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	char text[PUGMARK_TOKEN_ROOM];
	token.kind = PUGMARK_OPEN;
	token.key_id = 1;
	memcpy(token.message_id, fixture_message, sizeof fixture_message);
	enum pugmark_status status = pugmark_token_mint(sealer, &token, text, sizeof text, NULL);
	if (status == PUGMARK_OK)
		assert_string_equal(text, world->token);
	pugmark_sealer_free(sealer);
	return status;
}

static enum pugmark_status attempt_open(const struct world *world)
{
	struct pugmark_sealer *sealer = sealer_of(world);
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	enum pugmark_status status = pugmark_token_open(sealer, PUGMARK_OPEN, world->token, PUGMARK_CSTR, &token);
	if (status == PUGMARK_OK)
		assert_memory_equal(token.message_id, fixture_message, sizeof fixture_message);
	pugmark_sealer_free(sealer);
	return status;
}

static enum pugmark_status attempt_html(const struct world *world)
{
	struct pugmark_result *result = NULL;
	enum pugmark_status status = pugmark_instrument_html(world->instrumenter, "<a href=https://example.com/>x</a>",
							     PUGMARK_CSTR, NULL, 0, &result);
	assert_int_equal(status == PUGMARK_OK, result != NULL);
	if (result) {
		assert_int_equal(result->tracked_count, 1);
		assert_true(result->has_pixel);
	}
	pugmark_result_free(result);
	return status;
}

static enum pugmark_status verify(const char *signature)
{
	struct pugmark_verifier *verifier;
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	const struct pugmark_header headers[] = {
	    {{"webhook-id", PUGMARK_CSTR}, {"msg_p5jXN8AQM9LWM0D4loKWxJek", PUGMARK_CSTR}},
	    {{"webhook-timestamp", PUGMARK_CSTR}, {"1614265330", PUGMARK_CSTR}},
	    {{"webhook-signature", PUGMARK_CSTR}, {signature, PUGMARK_CSTR}},
	};
	webhook.headers = headers;
	webhook.header_count = 3;
	webhook.body.bytes = "{\"test\": 2432232314}";
	webhook.body.size = PUGMARK_CSTR;
	webhook.now_s = 1614265330;
	assert_ok(pugmark_verifier_new(PUGMARK_SCHEME_STANDARD, NULL, &verifier));
	assert_ok(pugmark_verifier_add_secret(verifier, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", PUGMARK_CSTR));
	enum pugmark_status status = pugmark_verifier_verify(verifier, &webhook, NULL);
	pugmark_verifier_free(verifier);
	return status;
}

static enum pugmark_status attempt_verify(const struct world *world)
{
	(void)world;
	return verify("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

/* What cannot be computed must not equal what is not there. */
static enum pugmark_status attempt_verify_nothing(const struct world *world)
{
	(void)world;
	enum pugmark_status status = verify("v1,");
	assert_int_not_equal(status, PUGMARK_OK);
	return status == PUGMARK_BAD_SIGNATURE || status == PUGMARK_MALFORMED ? PUGMARK_OK : status;
}

static void test_openssl_without_memory_ends_no_process_and_fools_nobody(void **state)
{
	struct world world = {.keys = fixture_keys(NULL)};
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	(void)state;
	struct pugmark_sealer *sealer = sealer_of(&world);
	token.kind = PUGMARK_OPEN;
	token.key_id = 1;
	memcpy(token.message_id, fixture_message, sizeof fixture_message);
	assert_ok(pugmark_token_mint(sealer, &token, world.token, sizeof world.token, NULL));
	pugmark_sealer_free(sealer);
	/* OpenSSL keeps what it has once found out. */
	assert_ok(attempt_verify(&world));
	ERR_clear_error();
	sweep(&world, attempt_sealer, PUGMARK_NO_MEMORY);
	sweep(&world, attempt_mint, PUGMARK_NO_MEMORY);
	sweep(&world, attempt_open, PUGMARK_BAD_INPUT);
	world.instrumenter = fixture_instrumenter(world.keys, NULL);
	sweep(&world, attempt_html, PUGMARK_NO_MEMORY);
	sweep(&world, attempt_verify, PUGMARK_BAD_SIGNATURE);
	sweep(&world, attempt_verify_nothing, PUGMARK_BAD_SIGNATURE);
	pugmark_instrumenter_free(world.instrumenter);
	pugmark_keys_free(world.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_openssl_without_memory_ends_no_process_and_fools_nobody),
	};
	/* Only before its first allocation. */
	if (CRYPTO_set_mem_functions(hook_malloc, hook_realloc, hook_free) != 1) {
		printf("SKIP: OpenSSL has allocated already\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include <openssl/err.h>

struct tokens {
	struct pugmark_keys *keys;
	struct pugmark_sealer *sealer;
};

static int set_up(void **state)
{
	static struct tokens tokens;
	tokens.keys = fixture_keys(NULL);
	assert_ok(pugmark_sealer_new(tokens.keys, NULL, &tokens.sealer));
	*state = &tokens;
	return 0;
}

static int tear_down(void **state)
{
	struct tokens *tokens = *state;
	pugmark_sealer_free(tokens->sealer);
	pugmark_keys_free(tokens->keys);
	return 0;
}

static struct pugmark_token click_on(const char *destination)
{
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	token.kind = PUGMARK_CLICK;
	token.consent = PUGMARK_CONSENT_ANONYMOUS;
	token.tenant = 4000000000;
	token.link_index = 12;
	memcpy(token.message_id, fixture_message, sizeof fixture_message);
	token.destination.bytes = destination;
	token.destination.size = PUGMARK_CSTR;
	token.key_id = 1;
	return token;
}

static void test_token_opens_to_what_was_sealed(void **state)
{
	const struct tokens *t = *state;
	struct pugmark_token token = click_on("https://example.com/a?b=c#d");
	struct pugmark_token opened = PUGMARK_TOKEN_INIT;
	char text[PUGMARK_TOKEN_ROOM];
	char again[PUGMARK_TOKEN_ROOM];
	size_t size;
	assert_ok(pugmark_token_mint(t->sealer, &token, text, sizeof text, &size));
	assert_int_equal(size, strlen(text));
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), size);
	assert_ok(pugmark_token_mint(t->sealer, &token, again, sizeof again, NULL));
	assert_string_equal(text, again);
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_ANY_KIND, text, size, &opened));
	assert_int_equal(opened.kind, PUGMARK_CLICK);
	assert_int_equal(opened.consent, PUGMARK_CONSENT_ANONYMOUS);
	assert_int_equal(opened.tenant, 4000000000);
	assert_int_equal(opened.link_index, 12);
	assert_int_equal(opened.key_id, 1);
	assert_int_equal(opened.is_stored, 0);
	assert_memory_equal(opened.message_id, fixture_message, sizeof fixture_message);
	assert_text(opened.destination, "https://example.com/a?b=c#d");
	assert_string_equal(pugmark_kind_name(opened.kind), "click");
	assert_string_equal(pugmark_kind_name(PUGMARK_ANY_KIND), "unknown");
}

static void test_token_of_another_key_or_kind_or_with_a_changed_bit_does_not_open(void **state)
{
	const struct tokens *t = *state;
	struct pugmark_token token = click_on("https://example.com/");
	struct pugmark_token opened = PUGMARK_TOKEN_INIT;
	struct pugmark_keys *others;
	struct pugmark_sealer *stranger;
	unsigned char other[PUGMARK_KEY_SIZE] = {9};
	char text[PUGMARK_TOKEN_ROOM];
	size_t size;
	assert_ok(pugmark_token_mint(t->sealer, &token, text, sizeof text, &size));
	assert_status(pugmark_token_open(t->sealer, PUGMARK_OPEN, text, size, &opened), PUGMARK_BAD_INPUT);
	assert_ok(pugmark_keys_new(NULL, &others));
	assert_ok(pugmark_sealer_new(others, NULL, &stranger));
	assert_status(pugmark_token_open(stranger, PUGMARK_CLICK, text, size, &opened), PUGMARK_BAD_INPUT);
	assert_ok(pugmark_keys_set(others, 1, other, sizeof other));
	assert_status(pugmark_token_open(stranger, PUGMARK_CLICK, text, size, &opened), PUGMARK_BAD_INPUT);
	for (size_t i = 0; i < size; i++) {
		char kept = text[i];
		text[i] = kept == 'A' ? 'B' : 'A';
		assert_status(pugmark_token_open(t->sealer, PUGMARK_CLICK, text, size, &opened), PUGMARK_BAD_INPUT);
		text[i] = kept;
		assert_status(pugmark_token_open(t->sealer, PUGMARK_CLICK, text, i, &opened), PUGMARK_BAD_INPUT);
	}
	assert_int_equal(opened.kind, PUGMARK_ANY_KIND); /* untouched */
	pugmark_sealer_free(stranger);
	pugmark_keys_free(others);
}

static void test_token_outlives_the_rotation_of_its_key(void **state)
{
	const struct tokens *t = *state;
	struct pugmark_token token = click_on("https://example.com/");
	struct pugmark_token opened = PUGMARK_TOKEN_INIT;
	unsigned char next[PUGMARK_KEY_SIZE] = {9};
	char old[PUGMARK_TOKEN_ROOM];
	char new[PUGMARK_TOKEN_ROOM];
	assert_ok(pugmark_token_mint(t->sealer, &token, old, sizeof old, NULL));
	assert_ok(pugmark_keys_set(t->keys, 255, next, sizeof next));
	token.key_id = 255;
	assert_ok(pugmark_token_mint(t->sealer, &token, new, sizeof new, NULL));
	assert_string_not_equal(old, new);
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_CLICK, old, PUGMARK_CSTR, &opened));
	assert_int_equal(opened.key_id, 1);
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_CLICK, new, PUGMARK_CSTR, &opened));
	assert_int_equal(opened.key_id, 255);
}

static void test_token_is_not_made_of_what_is_not_valid(void **state)
{
	static const char *const destinations[] = {"",
						   "javascript:alert(1)",
						   "//example.com",
						   "https://",
						   "https://example.com/\r\nSet-Cookie: a=b",
						   "https://example.com/caf\xc3\xa9"};
	const struct tokens *t = *state;
	char text[PUGMARK_TOKEN_ROOM];
	for (size_t i = 0; i < sizeof destinations / sizeof destinations[0]; i++) {
		struct pugmark_token token = click_on(destinations[i]);
		assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_BAD_INPUT);
	}
	struct pugmark_token token = click_on("https://example.com/");
	token.kind = PUGMARK_OPEN;
	assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_BAD_INPUT);
	token = click_on("https://example.com/");
	token.kind = PUGMARK_ANY_KIND;
	assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_BAD_INPUT);
	token = click_on("https://example.com/");
	token.consent = (enum pugmark_consent)7;
	assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_BAD_INPUT);
	token = click_on("https://example.com/");
	token.key_id = 2;
	assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_NOT_FOUND);
	token.key_id = 257;
	assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_NOT_FOUND);
}

static void test_token_holds_the_longest_destination_and_no_longer_one(void **state)
{
	const struct tokens *t = *state;
	char url[PUGMARK_DESTINATION_MAX + 2];
	char text[PUGMARK_TOKEN_ROOM];
	struct pugmark_token opened = PUGMARK_TOKEN_INIT;
	memset(url, 'a', sizeof url);
	memcpy(url, "https://example.com/", 20);
	struct pugmark_token token = click_on(url);
	token.destination.size = PUGMARK_DESTINATION_MAX;
	token.link_index = UINT32_MAX;
	size_t size;
	assert_ok(pugmark_token_mint(t->sealer, &token, text, sizeof text, &size));
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_CLICK, text, size, &opened));
	assert_int_equal(opened.destination.size, PUGMARK_DESTINATION_MAX);
	assert_memory_equal(opened.destination.bytes, url, PUGMARK_DESTINATION_MAX);
	assert_status(pugmark_token_mint(t->sealer, &token, text, size, NULL), PUGMARK_TOO_BIG);
	assert_ok(pugmark_token_mint(t->sealer, &token, text, size + 1, NULL));
	token.destination.size++;
	assert_status(pugmark_token_mint(t->sealer, &token, text, sizeof text, NULL), PUGMARK_TOO_BIG);
	token = click_on("https://example.com/short");
	assert_ok(pugmark_token_mint(t->sealer, &token, text, sizeof text, &size));
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_CLICK, text, size, &opened));
	assert_string_equal(opened.destination.bytes, "https://example.com/short"); /* nothing of the longer one */
	token = click_on(NULL);
	token.kind = PUGMARK_OPEN;
	assert_ok(pugmark_token_mint(t->sealer, &token, text, sizeof text, &size));
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_OPEN, text, size, &opened));
	assert_string_equal(opened.destination.bytes, "");
	token = click_on("sixteen bytes!!!");
	token.is_stored = 1;
	assert_ok(pugmark_token_mint(t->sealer, &token, text, sizeof text, &size));
	assert_ok(pugmark_token_open(t->sealer, PUGMARK_CLICK, text, size, &opened));
	assert_int_equal(opened.is_stored, 1);
	assert_text(opened.destination, "sixteen bytes!!!");
}

static void test_token_calls_that_are_wrong_are_told_so(void **state)
{
	const struct tokens *t = *state;
	struct pugmark_token token = click_on("https://example.com/");
	struct pugmark_token small = {0};
	struct pugmark_keys *keys;
	struct pugmark_sealer *sealer;
	char text[PUGMARK_TOKEN_ROOM];
	assert_status(pugmark_token_mint(NULL, &token, text, sizeof text, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_token_mint(t->sealer, NULL, text, sizeof text, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_token_mint(t->sealer, &token, NULL, sizeof text, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_token_mint(t->sealer, &small, text, sizeof text, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_token_open(t->sealer, PUGMARK_CLICK, "x", 1, &small), PUGMARK_MISUSE);
	assert_status(pugmark_token_open(t->sealer, PUGMARK_CLICK, NULL, 1, &token), PUGMARK_MISUSE);
	assert_status(pugmark_token_open(t->sealer, PUGMARK_CLICK, NULL, 0, &token), PUGMARK_BAD_INPUT);
	assert_status(pugmark_keys_new(NULL, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_sealer_new(NULL, NULL, &sealer), PUGMARK_MISUSE);
	assert_ok(pugmark_keys_new(NULL, &keys));
	assert_status(pugmark_keys_set(keys, 1, fixture_key, 16), PUGMARK_BAD_INPUT);
	assert_status(pugmark_keys_set(keys, 256, fixture_key, 32), PUGMARK_BAD_INPUT);
	assert_status(pugmark_keys_set(keys, 1, NULL, 32), PUGMARK_MISUSE);
	pugmark_keys_free(keys);
	pugmark_keys_free(NULL);
	pugmark_sealer_free(NULL);
}

static void test_token_that_fails_leaves_nothing_in_the_error_queue_of_openssl(void **state)
{
	const struct tokens *t = *state;
	struct pugmark_token opened = PUGMARK_TOKEN_INIT;
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 77); /* the host's own */
	unsigned long before = ERR_peek_last_error();
	assert_status(pugmark_token_open(t->sealer, PUGMARK_CLICK, "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA",
					 PUGMARK_CSTR, &opened),
		      PUGMARK_BAD_INPUT);
	assert_int_equal(ERR_peek_last_error(), before);
	assert_int_equal(ERR_get_error(), before);
	assert_int_equal(ERR_get_error(), 0);
}

static void test_path_says_what_a_request_is_about(void **state)
{
	static const struct {
		const char *path;
		enum pugmark_status status;
		enum pugmark_kind kind;
		const char *token;
	} cases[] = {
	    {"/o/abc.gif", PUGMARK_OK, PUGMARK_OPEN, "abc"},
	    {"/o/abc", PUGMARK_OK, PUGMARK_OPEN, "abc"},
	    {"/c/abc", PUGMARK_OK, PUGMARK_CLICK, "abc"},
	    {"/c/abc.gif", PUGMARK_OK, PUGMARK_CLICK, "abc.gif"},
	    {"/u/abc/d", PUGMARK_OK, PUGMARK_UNSUBSCRIBE, "abc/d"},
	    {"/c/", PUGMARK_OK, PUGMARK_CLICK, ""},
	    {"/", PUGMARK_NOT_FOUND, PUGMARK_ANY_KIND, ""},
	    {"/x/abc", PUGMARK_NOT_FOUND, PUGMARK_ANY_KIND, ""},
	    {"o/abc", PUGMARK_NOT_FOUND, PUGMARK_ANY_KIND, ""},
	    {NULL, PUGMARK_NOT_FOUND, PUGMARK_ANY_KIND, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum pugmark_kind kind = PUGMARK_ANY_KIND;
		struct pugmark_text token = {"", 0};
		assert_status(pugmark_path_read(cases[i].path, PUGMARK_CSTR, &kind, &token), cases[i].status);
		assert_int_equal(kind, cases[i].kind);
		assert_text(token, cases[i].token);
	}
}

static void test_pixel_is_a_gif(void **state)
{
	size_t size;
	const void *gif = pugmark_pixel_gif(&size);
	(void)state;
	assert_int_equal(size, 43);
	assert_memory_equal(gif, "GIF89a\x01\x00\x01\x00", 10);
	assert_memory_equal((const char *)gif + 42, ";", 1);
}

static void test_version_and_words_are_there(void **state)
{
	(void)state;
	assert_int_equal(pugmark_version(), PUGMARK_VERSION);
	assert_string_equal(pugmark_version_text(), PUGMARK_VERSION_TEXT);
	for (int status = PUGMARK_OK; status <= PUGMARK_FOREIGN_TOPIC; status++) {
		bool is_one = status <= PUGMARK_NO_MEMORY || status >= PUGMARK_BAD_SIGNATURE;
		assert_int_equal(strcmp(pugmark_status_name((enum pugmark_status)status), "unknown") != 0, is_one);
		assert_true(strlen(pugmark_status_text((enum pugmark_status)status)) > 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_token_opens_to_what_was_sealed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_token_of_another_key_or_kind_or_with_a_changed_bit_does_not_open,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_token_outlives_the_rotation_of_its_key, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_token_is_not_made_of_what_is_not_valid, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_token_holds_the_longest_destination_and_no_longer_one, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_token_calls_that_are_wrong_are_told_so, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_token_that_fails_leaves_nothing_in_the_error_queue_of_openssl, set_up,
					    tear_down),
	    cmocka_unit_test(test_path_says_what_a_request_is_about),
	    cmocka_unit_test(test_pixel_is_a_gif),
	    cmocka_unit_test(test_version_and_words_are_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

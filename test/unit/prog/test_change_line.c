/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/serve/change_line.h"

#include <string.h>

enum { LINE_MAX_BYTES = 4096 };

static void assert_text(struct slice got, struct slice want)
{
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
}

static struct account_change account_round_trip(const struct account_change *change, struct arena *arena)
{
	struct account_change read;
	struct err err = {0};
	struct buf line;
	buf_init(&line, LINE_MAX_BYTES);
	change_line_append_account(&line, change);
	assert_null(memchr(buf_cstr(&line), '\n', line.n));
	assert_int_equal(change_line_read_account(buf_slice(&line), arena, &read, &err), STATUS_OK);
	buf_done(&line);
	return read;
}

static void test_a_new_user_arrives_as_it_was_sent(void **state)
{
	struct arena *arena = arena_new();
	struct account_change sent = {.action = ACCOUNT_USER_ADDED,
				      .tenant = 7,
				      .user = {.id = {{1, 2, 3}},
					       .email = SLICE("an\"n\n@example.com"),
					       .role = ROLE_PARTNER,
					       .password_hash = SLICE("$argon2id$v=19$x")}};
	struct account_change got = account_round_trip(&sent, arena);
	(void)state;
	assert_int_equal(got.action, ACCOUNT_USER_ADDED);
	assert_int_equal(got.tenant, 7);
	assert_memory_equal(got.user.id.bytes, sent.user.id.bytes, sizeof sent.user.id.bytes);
	assert_text(got.user.email, sent.user.email);
	assert_int_equal(got.user.role, ROLE_PARTNER);
	assert_text(got.user.password_hash, sent.user.password_hash);
	assert_int_equal(got.actor.n, 0);
	arena_free(&arena);
}

static void test_a_new_key_arrives_with_every_byte_of_its_hash(void **state)
{
	struct arena *arena = arena_new();
	char hash[32];
	for (size_t i = 0; i < sizeof hash; i++)
		hash[i] = (char)(i * 8 + 5);
	struct account_change sent = {.action = ACCOUNT_KEY_ADDED,
				      .tenant = 1,
				      .key = {.id = {{9}},
					      .name = SLICE("crm"),
					      .prefix = SLICE("pmk_abcdef"),
					      .hash = slice_of(hash, sizeof hash),
					      .scopes = SCOPE_SEND | SCOPE_TRACK}};
	struct account_change got = account_round_trip(&sent, arena);
	(void)state;
	assert_text(got.key.hash, sent.key.hash);
	assert_text(got.key.name, sent.key.name);
	assert_text(got.key.prefix, sent.key.prefix);
	assert_int_equal(got.key.scopes, SCOPE_SEND | SCOPE_TRACK);
	assert_int_equal(got.key.id.bytes[0], 9);
	arena_free(&arena);
}

static void test_settings_of_a_tenant_arrive_in_their_order_and_empty_ones_too(void **state)
{
	struct arena *arena = arena_new();
	struct err err = {0};
	const struct tenant_setting_row rows[] = {{0, SLICE("opens"), SLICE("off")}, {0, SLICE("clicks"), SLICE("")}};
	struct tenant_change got;
	struct tenant_change sent = {
	    .tenant = SLICE("acme"), .is_new = true, .time_zone = SLICE("Europe/London"), .settings = rows, .count = 2};
	struct buf line;
	(void)state;
	buf_init(&line, LINE_MAX_BYTES);
	change_line_append_tenant(&line, &sent);
	assert_int_equal(change_line_read_tenant(buf_slice(&line), arena, &got, &err), STATUS_OK);
	assert_text(got.tenant, SLICE("acme"));
	assert_true(got.is_new);
	assert_text(got.time_zone, SLICE("Europe/London"));
	assert_int_equal(got.count, 2);
	assert_text(got.settings[0].name, SLICE("opens"));
	assert_text(got.settings[0].value, SLICE("off"));
	assert_text(got.settings[1].name, SLICE("clicks"));
	assert_int_equal(got.settings[1].value.n, 0);
	buf_done(&line);
	arena_free(&arena);
}

#define ACCOUNT(action, tenant, hash)                                                                                  \
	"{\"action\":\"" action "\",\"tenant\":" tenant ",\"id\":\"01890000-0000-7000-8000-000000000000\","            \
	"\"email\":\"\",\"role\":\"member\",\"password_hash\":\"\",\"name\":\"\",\"prefix\":\"\",\"hash\":\"" hash     \
	"\",\"scopes\":1}"

static void test_a_line_that_is_none_is_refused_and_leaves_nothing_behind(void **state)
{
	static const char *const accounts[] = {
	    "",
	    "{}",
	    "[]",
	    "{\"action\":\"user.added\"}",
	    ACCOUNT("user.renamed", "1", ""),
	    ACCOUNT("session.started", "1", ""),
	    ACCOUNT("api_key.added", "-1", ""),
	    ACCOUNT("api_key.added", "4294967296", ""),
	    ACCOUNT("api_key.added", "\"1\"", ""),
	    ACCOUNT("api_key.added", "1", "00"),
	    ACCOUNT("api_key.added", "1", "zz00000000000000000000000000000000000000000000000000000000000000"),
	};
	static const char *const tenants[] = {
	    "{}",
	    "{\"tenant\":\"a\",\"is_new\":false,\"settings\":[]}",
	    "{\"tenant\":\"a\",\"is_new\":1,\"settings\":[]}",
	    "{\"tenant\":1,\"is_new\":false,\"time_zone\":\"\",\"settings\":[]}",
	    "{\"tenant\":\"a\",\"is_new\":false,\"time_zone\":\"\",\"settings\":{}}",
	    "{\"tenant\":\"a\",\"is_new\":false,\"time_zone\":\"\",\"settings\":[{\"name\":\"opens\"}]}",
	};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
		struct account_change change = {.tenant = 77};
		struct err err = {0};
		if (change_line_read_account(slice_from_cstr(accounts[i]), arena, &change, &err) != STATUS_BAD_INPUT)
			fail_msg("taken: %s", accounts[i]);
		assert_int_equal(change.tenant, 77);
	}
	for (size_t i = 0; i < sizeof tenants / sizeof tenants[0]; i++) {
		struct tenant_change change = {.count = 77};
		struct err err = {0};
		if (change_line_read_tenant(slice_from_cstr(tenants[i]), arena, &change, &err) != STATUS_BAD_INPUT)
			fail_msg("taken: %s", tenants[i]);
		assert_int_equal(change.count, 77);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_new_user_arrives_as_it_was_sent),
	    cmocka_unit_test(test_a_new_key_arrives_with_every_byte_of_its_hash),
	    cmocka_unit_test(test_settings_of_a_tenant_arrive_in_their_order_and_empty_ones_too),
	    cmocka_unit_test(test_a_line_that_is_none_is_refused_and_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

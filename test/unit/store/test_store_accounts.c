/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/house/accounts.h"
#include "store/house/tenant_settings.h"

static void test_tenant_numbers_ascend_and_are_never_given_again(void **state)
{
	struct fixture *f = *state;
	uint32_t a = 0, b = 0, c = 0;
	struct tenant t = {.name = TEXT("a"), .fallback_url = TEXT("https://a.example/"), .created_us = noon_us};
	OK(f, store_tenant_add(f->s, &t, &a, &f->err));
	t.name = TEXT("b");
	OK(f, store_tenant_add(f->s, &t, &b, &f->err));
	assert_true(a >= 1 && b > a);
	char sql[64];
	(void)snprintf(sql, sizeof sql, "DELETE FROM tenants WHERE id = %u", b);
	fixture_sql(f, sql);
	t.name = TEXT("c");
	OK(f, store_tenant_add(f->s, &t, &c, &f->err));
	assert_true(c > b);
}

static void test_a_tenant_is_found_by_number_and_by_name(void **state)
{
	struct fixture *f = *state;
	uint32_t id = 0, other = 77;
	struct tenant got, t = {.name = TEXT("agency"), .created_us = noon_us};
	OK(f, store_tenant_add(f->s, &t, &id, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_tenant_add(f->s, &t, &other, &f->err));
	assert_int_equal(other, 77);
	OK(f, store_tenant_find(f->reader, id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.name, "agency");
	EXPECT_TEXT(got.time_zone, "UTC");
	EXPECT_TEXT(got.fallback_url, "");
	assert_int_equal(got.created_us, noon_us);
	got.time_zone = TEXT("Europe/Berlin");
	got.fallback_url = TEXT("https://x.example/");
	OK(f, store_tenant_save(f->s, &got, &f->err));
	OK(f, store_tenant_find_by_name(f->reader, TEXT("agency"), f->arena, &got, &f->err));
	assert_int_equal(got.id, id);
	EXPECT_TEXT(got.time_zone, "Europe/Berlin");
	EXPECT_TEXT(got.fallback_url, "https://x.example/");
	EXPECT(f, STATUS_NOT_FOUND, store_tenant_find(f->s, 12345, f->arena, &got, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_tenant_find_by_name(f->s, TEXT("no"), f->arena, &got, &f->err));
	got.id = 12345;
	EXPECT(f, STATUS_NOT_FOUND, store_tenant_save(f->s, &got, &f->err));
}

static uint64_t version_of(struct fixture *f)
{
	uint64_t version = 0;
	OK(f, store_tenant_setting_version(f->reader, &version, &f->err));
	return version;
}

/* Servers keep zones in memory and look only at the version. */
static void test_a_tenant_that_is_added_or_saved_raises_the_version(void **state)
{
	struct fixture *f = *state;
	struct tenant t = {.name = TEXT("agency"), .time_zone = TEXT("Europe/Berlin"), .created_us = noon_us};
	uint64_t before = version_of(f);
	OK(f, store_tenant_add(f->s, &t, &t.id, &f->err));
	uint64_t added = version_of(f);
	assert_true(added > before);
	EXPECT(f, STATUS_CONFLICT, store_tenant_add(f->s, &t, &(uint32_t){0}, &f->err));
	assert_int_equal(version_of(f), added);
	OK(f, store_tenant_save(f->s, &t, &f->err));
	assert_true(version_of(f) > added);
}

static void test_roles_have_names(void **state)
{
	(void)state;
	enum role role;
	for (enum role i = ROLE_OWNER; i <= ROLE_MEMBER; i++) {
		assert_true(role_parse(slice_from_cstr(role_name(i)), &role));
		assert_int_equal(role, i);
	}
	assert_false(role_parse(TEXT("king"), &role));
}

static struct user user_of(unsigned n, struct slice email)
{
	return (struct user){.id = id_of(n),
			     .tenant = 3,
			     .email = email,
			     .name = TEXT("N"),
			     .role = ROLE_SALES_REP,
			     .password_hash = TEXT("$argon2id$x"),
			     .created_us = noon_us};
}

static void test_a_user_is_found_in_any_case_of_the_address(void **state)
{
	struct fixture *f = *state;
	struct user got, u = user_of(1, TEXT("Ann@Example.com"));
	OK(f, store_user_add(f->s, &u, &f->err));
	struct user twin = user_of(2, TEXT("ann@example.COM"));
	EXPECT(f, STATUS_CONFLICT, store_user_add(f->s, &twin, &f->err));
	OK(f, store_user_find_by_email(f->reader, TEXT("ANN@example.com"), f->arena, &got, &f->err));
	EXPECT_TEXT(got.email, "ann@example.com");
	EXPECT_TEXT(got.password_hash, "$argon2id$x");
	assert_int_equal(got.role, ROLE_SALES_REP);
	assert_int_equal(got.tenant, 3);
	assert_int_equal(got.last_sign_in_us, 0);
	OK(f, store_user_find(f->reader, id_of(1), f->arena, &got, &f->err));
	EXPECT_TEXT(got.name, "N");
	EXPECT(f, STATUS_NOT_FOUND, store_user_find(f->reader, id_of(9), f->arena, &got, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_user_find_by_email(f->reader, TEXT("x@y"), f->arena, &got, &f->err));
}

static void test_users_are_listed_by_tenant(void **state)
{
	struct fixture *f = *state;
	struct user *list = NULL, b = user_of(1, TEXT("b@x")), a = user_of(2, TEXT("a@x")),
		    other = user_of(3, TEXT("c@x"));
	size_t n = 0;
	other.tenant = 4;
	OK(f, store_user_add(f->s, &b, &f->err));
	OK(f, store_user_add(f->s, &a, &f->err));
	OK(f, store_user_add(f->s, &other, &f->err));
	OK(f, store_user_list(f->reader, 3, f->arena, &list, &n, &f->err));
	assert_int_equal(n, 2);
	EXPECT_TEXT(list[0].email, "a@x");
	EXPECT_TEXT(list[1].email, "b@x");
}

static void test_signing_in_is_remembered_and_a_new_password_ends_sessions(void **state)
{
	struct fixture *f = *state;
	bool any = true;
	struct user got, u = user_of(1, TEXT("a@x"));
	struct console_session found, cs = {.hash = TEXT("0123456789abcdef0123456789abcdef"),
					    .user = id_of(1),
					    .created_us = noon_us,
					    .expires_us = noon_us + second_us};
	EXPECT(f, STATUS_NOT_FOUND, store_console_session_add(f->s, &cs, &f->err));
	OK(f, store_user_add(f->s, &u, &f->err));
	OK(f, store_user_any_signed_in(f->reader, &any, &f->err));
	assert_false(any);
	OK(f, store_console_session_add(f->s, &cs, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_console_session_add(f->s, &cs, &f->err));
	OK(f, store_user_any_signed_in(f->reader, &any, &f->err));
	assert_true(any);
	OK(f, store_user_find(f->reader, id_of(1), f->arena, &got, &f->err));
	assert_int_equal(got.last_sign_in_us, noon_us);
	OK(f, store_console_session_find(f->reader, cs.hash, noon_us, f->arena, &found, &f->err));
	assert_true(uuid_equal(found.user, id_of(1)));
	assert_int_equal(found.expires_us, cs.expires_us);
	EXPECT(f, STATUS_NOT_FOUND,
	       store_console_session_find(f->reader, cs.hash, cs.expires_us, f->arena, &found, &f->err));
	OK(f, store_user_set_password(f->s, id_of(1), TEXT("new"), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_user_set_password(f->s, id_of(2), TEXT("new"), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_console_session_find(f->s, cs.hash, noon_us, f->arena, &found, &f->err));
	OK(f, store_user_find(f->reader, id_of(1), f->arena, &got, &f->err));
	EXPECT_TEXT(got.password_hash, "new");
}

static void test_the_last_owner_of_a_tenant_can_neither_go_nor_be_less(void **state)
{
	struct fixture *f = *state;
	struct user got;
	struct user one = user_of(1, TEXT("a@x"));
	struct user two = user_of(2, TEXT("b@x"));
	struct user elsewhere = user_of(3, TEXT("c@x"));
	struct console_session found, cs = {.hash = TEXT("0123456789abcdef0123456789abcdef"),
					    .user = id_of(2),
					    .created_us = noon_us,
					    .expires_us = noon_us + second_us};
	one.role = two.role = elsewhere.role = ROLE_OWNER;
	elsewhere.tenant = 4;
	OK(f, store_user_add(f->s, &one, &f->err));
	OK(f, store_user_add(f->s, &two, &f->err));
	OK(f, store_user_add(f->s, &elsewhere, &f->err));
	OK(f, store_console_session_add(f->s, &cs, &f->err));
	OK(f, store_user_set_role(f->s, id_of(1), ROLE_MEMBER, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_user_set_role(f->s, id_of(2), ROLE_ADMIN, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_user_remove(f->s, id_of(2), &f->err));
	EXPECT(f, STATUS_CONFLICT, store_user_remove(f->s, id_of(3), &f->err));
	OK(f, store_user_set_role(f->s, id_of(2), ROLE_OWNER, &f->err));
	OK(f, store_user_set_role(f->s, id_of(1), ROLE_OWNER, &f->err));
	OK(f, store_user_remove(f->s, id_of(2), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_user_remove(f->s, id_of(2), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_user_set_role(f->s, id_of(2), ROLE_OWNER, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_console_session_find(f->reader, cs.hash, noon_us, f->arena, &found, &f->err));
	OK(f, store_user_find(f->reader, id_of(1), f->arena, &got, &f->err));
	assert_int_equal(got.role, ROLE_OWNER);
}

static void test_scopes_are_read_as_they_are_written(void **state)
{
	unsigned scopes = 0;
	(void)state;
	assert_true(api_scopes_parse(TEXT("send, read"), &scopes));
	assert_int_equal(scopes, SCOPE_SEND | SCOPE_READ);
	assert_true(api_scopes_parse(TEXT("track,admin,read,send"), &scopes));
	assert_int_equal(scopes, SCOPES_EVERY);
	assert_false(api_scopes_parse(TEXT(""), &scopes));
	assert_false(api_scopes_parse(TEXT("send,,read"), &scopes));
	assert_false(api_scopes_parse(TEXT("send,write"), &scopes));
}

static void test_expired_sessions_go_when_somebody_signs_in(void **state)
{
	struct fixture *f = *state;
	struct user u = user_of(1, TEXT("a@x"));
	struct console_session old = {
	    .hash = TEXT("old"), .user = id_of(1), .created_us = noon_us, .expires_us = noon_us + 10};
	struct console_session now = {
	    .hash = TEXT("now"), .user = id_of(1), .created_us = noon_us + 10, .expires_us = noon_us + 20};
	OK(f, store_user_add(f->s, &u, &f->err));
	OK(f, store_console_session_add(f->s, &old, &f->err));
	OK(f, store_console_session_add(f->s, &now, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM sessions"), "1");
	OK(f, store_console_session_end(f->s, TEXT("now"), &f->err));
	OK(f, store_console_session_end(f->s, TEXT("now"), &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM sessions"), "0");
}

static void test_api_keys_are_found_by_hash_and_can_be_revoked(void **state)
{
	struct fixture *f = *state;
	struct api_key got, *list = NULL,
			    k = {.id = id_of(1),
				 .tenant = 3,
				 .name = TEXT("crm"),
				 .prefix = TEXT("pmk_ab"),
				 .hash = TEXT("0123456789abcdef0123456789abcdef"),
				 .scopes = SCOPE_SEND | SCOPE_TRACK,
				 .created_us = noon_us};
	size_t n = 0;
	OK(f, store_api_key_add(f->s, &k, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_api_key_add(f->s, &k, &f->err));
	OK(f, store_api_key_find(f->reader, k.hash, f->arena, &got, &f->err));
	assert_int_equal(got.scopes, SCOPE_SEND | SCOPE_TRACK);
	assert_int_equal(got.last_used_us, 0);
	assert_int_equal(got.revoked_us, 0);
	EXPECT(f, STATUS_NOT_FOUND, store_api_key_find(f->reader, TEXT("x"), f->arena, &got, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_api_key_revoke(f->s, 4, id_of(1), noon_us, &f->err));
	OK(f, store_api_key_revoke(f->s, 3, id_of(1), noon_us + 5, &f->err));
	OK(f, store_api_key_revoke(f->s, 3, id_of(1), noon_us + 9, &f->err));
	OK(f, store_api_key_list(f->reader, 3, f->arena, &list, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].revoked_us, noon_us + 5);
	EXPECT_TEXT(list[0].name, "crm");
	EXPECT_TEXT(list[0].prefix, "pmk_ab");
}

static void test_the_use_of_a_key_is_noted_to_the_minute(void **state)
{
	struct fixture *f = *state;
	struct api_key got, k = {.id = id_of(1),
				 .tenant = 3,
				 .name = TEXT("n"),
				 .prefix = TEXT("p"),
				 .hash = TEXT("h"),
				 .created_us = noon_us};
	OK(f, store_api_key_add(f->s, &k, &f->err));
	OK(f, store_api_key_used(f->s, k.id, noon_us, &f->err));
	OK(f, store_api_key_used(f->s, k.id, noon_us + 59 * second_us, &f->err));
	OK(f, store_api_key_find(f->reader, k.hash, f->arena, &got, &f->err));
	assert_int_equal(got.last_used_us, noon_us);
	OK(f, store_api_key_used(f->s, k.id, noon_us + 60 * second_us, &f->err));
	OK(f, store_api_key_find(f->reader, k.hash, f->arena, &got, &f->err));
	assert_int_equal(got.last_used_us, noon_us + 60 * second_us);
}

int main(void)
{
	const struct CMUnitTest store_accounts[] = {
	    FIXTURE_TEST(test_tenant_numbers_ascend_and_are_never_given_again),
	    FIXTURE_TEST(test_a_tenant_is_found_by_number_and_by_name),
	    FIXTURE_TEST(test_a_tenant_that_is_added_or_saved_raises_the_version),
	    FIXTURE_TEST(test_roles_have_names),
	    FIXTURE_TEST(test_a_user_is_found_in_any_case_of_the_address),
	    FIXTURE_TEST(test_users_are_listed_by_tenant),
	    FIXTURE_TEST(test_signing_in_is_remembered_and_a_new_password_ends_sessions),
	    FIXTURE_TEST(test_the_last_owner_of_a_tenant_can_neither_go_nor_be_less),
	    FIXTURE_TEST(test_scopes_are_read_as_they_are_written),
	    FIXTURE_TEST(test_expired_sessions_go_when_somebody_signs_in),
	    FIXTURE_TEST(test_api_keys_are_found_by_hash_and_can_be_revoked),
	    FIXTURE_TEST(test_the_use_of_a_key_is_noted_to_the_minute),
	};
	return FIXTURE_RUN(store_accounts);
}

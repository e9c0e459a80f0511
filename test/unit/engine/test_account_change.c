/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/accounts/account_change.h"

#include "engine/accounts/new_account.h"
#include "engine/accounts/password.h"
#include "engine/accounts/secret.h"
#include "store/house/audit.h"
#include "world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ACTOR SLICE("command line")

static struct account_change change_of(const struct world *w)
{
	return (struct account_change){.tenant = w->tenant, .actor = ACTOR};
}

/* Each a millisecond after the one before, so that notes have an order. */
static void write_change(struct world *w, const struct account_change *change)
{
	struct err err = {0};
	int64_t now_us = WORLD_NOW_US + 1000 * w->report_count++;
	assert_int_equal(store_begin(w->session, &err), STATUS_OK);
	if (account_change_write(w->session, now_us, change, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_int_equal(store_commit(w->session, &err), STATUS_OK);
}

static struct audit_entry newest_note(struct world *w)
{
	struct err err = {0};
	struct audit_entry *entries;
	size_t count;
	struct audit_filter f = {.tenant = w->tenant, .subject = {NULL, 0}, .action = {NULL, 0}, .limit = 1};
	assert_int_equal(store_audit_list(w->session, &f, w->arena, &entries, &count, &err), STATUS_OK);
	assert_int_equal(count, 1);
	return entries[0];
}

static void expect_note(struct world *w, const char *action, const char *subject, const char *details)
{
	struct audit_entry e = newest_note(w);
	assert_string_equal(arena_cstr(w->arena, e.action), action);
	assert_string_equal(arena_cstr(w->arena, e.actor), "command line");
	assert_string_equal(arena_cstr(w->arena, e.details), details);
	if (subject)
		assert_string_equal(arena_cstr(w->arena, e.subject), subject);
}

static struct account_change add_user(struct world *w, struct slice *ret_password)
{
	struct err err = {0};
	struct account_change change = change_of(w);
	change.user.email = SLICE("Ann@Example.com");
	change.user.role = ROLE_ADMIN;
	assert_int_equal(new_account_user(&change, w->arena, ret_password, &err), STATUS_OK);
	write_change(w, &change);
	return change;
}

static struct user find_user(struct world *w)
{
	struct err err = {0};
	struct user user;
	assert_int_equal(store_user_find_by_email(w->session, SLICE("ann@example.com"), w->arena, &user, &err),
			 STATUS_OK);
	return user;
}

static void test_a_user_is_added_with_a_password_that_works_and_a_note(void **state)
{
	struct world w;
	struct slice password;
	(void)state;
	world_open(&w);
	(void)add_user(&w, &password);
	struct user user = find_user(&w);
	assert_int_equal(user.role, ROLE_ADMIN);
	assert_int_equal(user.created_us, WORLD_NOW_US);
	assert_true(password_is_right(password, user.password_hash));
	expect_note(&w, "user.added", "user:ann@example.com", "{\"role\":\"admin\"}");
	world_close(&w);
}

static void test_a_new_password_ends_the_old_one_and_all_sessions(void **state)
{
	struct world w;
	struct slice old, password, secret;
	struct err err = {0};
	struct console_session found;
	(void)state;
	world_open(&w);
	struct account_change change = add_user(&w, &old);
	new_account_session(&change, WORLD_NOW_US, w.arena, &secret);
	write_change(&w, &change);
	expect_note(&w, "session.started", "user:ann@example.com", "");
	struct slice hash = change.session.hash;
	assert_int_equal(store_console_session_find(w.session, hash, WORLD_NOW_US, w.arena, &found, &err), STATUS_OK);
	assert_int_equal(new_account_password(&change, w.arena, &password, &err), STATUS_OK);
	write_change(&w, &change);
	expect_note(&w, "user.password_set", "user:ann@example.com", "");
	assert_int_equal(store_console_session_find(w.session, hash, WORLD_NOW_US, w.arena, &found, &err),
			 STATUS_NOT_FOUND);
	assert_true(password_is_right(password, find_user(&w).password_hash));
	assert_false(password_is_right(old, find_user(&w).password_hash));
	world_close(&w);
}

static void test_a_session_that_is_ended_is_gone(void **state)
{
	struct world w;
	struct slice password, secret;
	struct err err = {0};
	struct console_session found;
	(void)state;
	world_open(&w);
	struct account_change change = add_user(&w, &password);
	new_account_session(&change, WORLD_NOW_US, w.arena, &secret);
	write_change(&w, &change);
	change.action = ACCOUNT_SESSION_ENDED;
	write_change(&w, &change);
	assert_int_equal(
	    store_console_session_find(w.session, change.session.hash, WORLD_NOW_US, w.arena, &found, &err),
	    STATUS_NOT_FOUND);
	expect_note(&w, "session.ended", "user:ann@example.com", "");
	world_close(&w);
}

static void test_a_key_works_until_it_is_revoked_and_its_note_has_no_secret(void **state)
{
	struct world w;
	struct slice secret;
	struct err err = {0};
	struct api_key found;
	uint8_t hash[SECRET_HASH_SIZE];
	(void)state;
	world_open(&w);
	struct account_change change = change_of(&w);
	change.key.name = SLICE("crm");
	change.key.scopes = SCOPE_SEND | SCOPE_READ;
	new_account_key(&change, w.arena, &secret);
	write_change(&w, &change);
	secret_hash(secret, hash);
	struct slice hashed = slice_of(hash, sizeof hash);
	assert_int_equal(store_api_key_find(w.session, hashed, w.arena, &found, &err), STATUS_OK);
	assert_int_equal(found.revoked_us, 0);
	expect_note(
	    &w, "api_key.added", NULL,
	    arena_printf(w.arena, "{\"name\":\"crm\",\"prefix\":\"%.10s\",\"scopes\":[\"send\",\"read\"]}", secret.p)
		.p);
	change.action = ACCOUNT_KEY_REVOKED;
	write_change(&w, &change);
	assert_int_equal(store_api_key_find(w.session, hashed, w.arena, &found, &err), STATUS_OK);
	assert_int_equal(found.revoked_us, WORLD_NOW_US + 1000);
	expect_note(&w, "api_key.revoked", NULL, "");
	world_close(&w);
}

static void test_a_user_who_is_removed_is_signed_out_and_cannot_sign_in(void **state)
{
	struct world w;
	struct slice password, secret;
	struct err err = {0};
	struct console_session found;
	struct user user;
	(void)state;
	world_open(&w);
	struct account_change change = add_user(&w, &password);
	new_account_session(&change, WORLD_NOW_US, w.arena, &secret);
	write_change(&w, &change);
	change.action = ACCOUNT_ROLE_SET;
	change.user.role = ROLE_PARTNER;
	write_change(&w, &change);
	assert_int_equal(find_user(&w).role, ROLE_PARTNER);
	expect_note(&w, "user.role_set", "user:ann@example.com", "{\"role\":\"partner\"}");
	change.action = ACCOUNT_USER_REMOVED;
	write_change(&w, &change);
	expect_note(&w, "user.removed", "user:ann@example.com", "");
	assert_int_equal(
	    store_console_session_find(w.session, change.session.hash, WORLD_NOW_US, w.arena, &found, &err),
	    STATUS_NOT_FOUND);
	assert_int_equal(store_user_find_by_email(w.session, SLICE("ann@example.com"), w.arena, &user, &err),
			 STATUS_NOT_FOUND);
	world_close(&w);
}

static void test_the_last_owner_of_a_tenant_stays_one(void **state)
{
	struct world w;
	struct slice password;
	struct err err = {0};
	(void)state;
	world_open(&w);
	struct account_change change = add_user(&w, &password);
	change.action = ACCOUNT_ROLE_SET;
	change.user.role = ROLE_OWNER;
	write_change(&w, &change);
	int64_t notes = world_sql(&w, "SELECT count(*) FROM audit");
	struct writer *writer = world_start_writer(&w);
	change.user.role = ROLE_MEMBER;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_CONFLICT);
	assert_string_equal(err.text, "the last owner of a tenant stays its owner");
	change.action = ACCOUNT_USER_REMOVED;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_CONFLICT);
	writer_stop(&writer);
	assert_int_equal(find_user(&w).role, ROLE_OWNER);
	assert_int_equal(world_sql(&w, "SELECT count(*) FROM audit"), notes);
	world_close(&w);
}

static void test_what_is_refused_says_why_and_is_not_noted(void **state)
{
	struct world w;
	struct slice password;
	struct err err = {0};
	(void)state;
	world_open(&w);
	struct account_change change = add_user(&w, &password);
	int64_t notes = world_sql(&w, "SELECT count(*) FROM audit");
	struct writer *writer = world_start_writer(&w);
	change.user.id.bytes[15] ^= 1;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_CONFLICT);
	assert_string_equal(err.text, "there is a user Ann@Example.com already");
	change.action = ACCOUNT_PASSWORD_SET;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.text, "there is no such user");
	change.action = ACCOUNT_ROLE_SET;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_NOT_FOUND);
	change.action = ACCOUNT_USER_REMOVED;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.text, "there is no such user");
	change.action = ACCOUNT_USER_ADDED;
	change.user.email = SLICE("nonsense");
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_BAD_INPUT);
	change.action = ACCOUNT_KEY_REVOKED;
	assert_int_equal(account_change_commit(writer, &change, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.text, "there is no such API key");
	writer_stop(&writer);
	assert_int_equal(world_sql(&w, "SELECT count(*) FROM audit"), notes);
	world_close(&w);
}

static void test_every_action_has_a_name_that_is_read_back(void **state)
{
	(void)state;
	for (enum account_action action = ACCOUNT_USER_ADDED; action < ACCOUNT_ACTION_COUNT; action++) {
		enum account_action read;
		assert_true(account_action_parse(slice_from_cstr(account_action_name(action)), &read));
		assert_int_equal(read, action);
	}
	assert_false(account_action_parse(SLICE("user.renamed"), &(enum account_action){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_user_is_added_with_a_password_that_works_and_a_note),
	    cmocka_unit_test(test_a_new_password_ends_the_old_one_and_all_sessions),
	    cmocka_unit_test(test_a_session_that_is_ended_is_gone),
	    cmocka_unit_test(test_a_key_works_until_it_is_revoked_and_its_note_has_no_secret),
	    cmocka_unit_test(test_a_user_who_is_removed_is_signed_out_and_cannot_sign_in),
	    cmocka_unit_test(test_the_last_owner_of_a_tenant_stays_one),
	    cmocka_unit_test(test_what_is_refused_says_why_and_is_not_noted),
	    cmocka_unit_test(test_every_action_has_a_name_that_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

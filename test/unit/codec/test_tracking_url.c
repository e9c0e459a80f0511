/* SPDX-License-Identifier: Apache-2.0 */
/* tracking_url: what is written is read again, and every address is of the characters that need no escaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/token/tracking_url.h"
#include "sealer_fixture.h"

#define BASE "https://t.example"

struct fixture {
	struct sealer_fixture sealer;
	struct tracking_origin origin;
	char room[LINK_TOKEN_TEXT_MAX + 1024];
	struct buf text;
};

static int set_up(void **state)
{
	static struct fixture f;
	f.sealer = sealer_fixture_new();
	f.origin = (struct tracking_origin){f.sealer.sealer, 1, SLICE(BASE)};
	buf_init_fixed(&f.text, f.room, sizeof f.room);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	sealer_fixture_free(&f->sealer);
	return 0;
}

static struct link_token token_of(enum link_token_kind kind)
{
	bool is_click = kind == LINK_TOKEN_CLICK;
	return (struct link_token){.kind = kind, .destination = is_click ? SLICE("https://e.com/") : SLICE_EMPTY};
}

static void test_addresses_are_read_as_what_they_were_written_for(void **state)
{
	struct fixture *f = *state;
	static const enum link_token_kind kinds[] = {LINK_TOKEN_OPEN, LINK_TOKEN_CLICK, LINK_TOKEN_UNSUBSCRIBE};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		char room[LINK_TOKEN_TEXT_MAX];
		struct link_token token = token_of(kinds[i]), opened;
		enum link_token_kind kind;
		struct slice text;
		uint8_t key_id;
		buf_clear(&f->text);
		assert_int_equal(tracking_url_append(&f->origin, &token, &f->text), STATUS_OK);
		assert_true(slice_starts_with(buf_slice(&f->text), SLICE(BASE "/")));
		assert_true(tracking_path_read(slice_from(buf_slice(&f->text), strlen(BASE)), &kind, &text));
		assert_int_equal(kind, kinds[i]);
		assert_int_equal(link_token_open(f->origin.sealer, text, room, &opened, &key_id), STATUS_OK);
		assert_int_equal(opened.kind, kinds[i]);
		assert_true(slice_equal(opened.destination, token.destination));
	}
}

static void test_addresses_need_no_escaping_anywhere(void **state)
{
	struct fixture *f = *state;
	struct link_token token = token_of(LINK_TOKEN_CLICK);
	assert_int_equal(tracking_url_append(&f->origin, &token, &f->text), STATUS_OK);
	for (size_t i = 0; i < f->text.n; i++)
		assert_non_null(
		    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/", f->text.p[i]));
}

static void test_paths_are_taken_apart_without_a_look_at_the_token(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum link_token_kind kind; /* 0: another path */
		const char *token;
	} cases[] = {
	    {"/o/abc.gif", LINK_TOKEN_OPEN, "abc"},
	    {"/o/abc", LINK_TOKEN_OPEN, "abc"},
	    {"/o/.gif", LINK_TOKEN_OPEN, ""},
	    {"/c/abc.gif", LINK_TOKEN_CLICK, "abc.gif"},
	    {"/c/", LINK_TOKEN_CLICK, ""},
	    {"/u/a/b", LINK_TOKEN_UNSUBSCRIBE, "a/b"},
	    {"/x/abc", 0, ""},
	    {"/o", 0, ""},
	    {"o/abc", 0, ""},
	    {"", 0, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum link_token_kind kind = 0;
		struct slice token = SLICE_EMPTY;
		assert_int_equal(tracking_path_read(slice_from_cstr(cases[i].path), &kind, &token), cases[i].kind != 0);
		assert_int_equal(kind, cases[i].kind);
		assert_true(slice_equal(token, slice_from_cstr(cases[i].token)));
	}
}

static void test_a_pixel_is_an_image_with_the_address_of_the_open(void **state)
{
	struct fixture *f = *state;
	struct link_token token = token_of(LINK_TOKEN_OPEN);
	assert_int_equal(tracking_pixel_append(&f->origin, &token, &f->text), STATUS_OK);
	assert_true(slice_starts_with(buf_slice(&f->text), SLICE("<img src=\"" BASE "/o/")));
	assert_true(slice_contains(buf_slice(&f->text), SLICE(".gif\" width=\"1\"")));
	assert_true(slice_ends_with(buf_slice(&f->text), SLICE(">")));
	assert_false(slice_contains(buf_slice(&f->text), SLICE("display")));
}

static void test_what_cannot_be_sealed_or_has_no_room_is_said(void **state)
{
	struct fixture *f = *state;
	struct tracking_origin without_key = f->origin;
	struct link_token token = token_of(LINK_TOKEN_OPEN);
	char room[64];
	struct buf small;
	without_key.key_id = 9;
	assert_int_equal(tracking_url_append(&without_key, &token, &f->text), STATUS_NOT_FOUND);
	assert_int_equal(tracking_pixel_append(&without_key, &token, &f->text), STATUS_NOT_FOUND);
	buf_init_fixed(&small, room, sizeof room);
	assert_int_equal(tracking_url_append(&f->origin, &token, &small), STATUS_TOO_BIG);
	buf_init_fixed(&small, room, sizeof room);
	assert_int_equal(tracking_pixel_append(&f->origin, &token, &small), STATUS_TOO_BIG);
}

static void test_the_stored_key_is_the_beginning_of_the_digest(void **state)
{
	(void)state;
	char key[LINK_TOKEN_STORED_KEY_SIZE];
	tracking_stored_key(SLICE("abc"), key);
	assert_memory_equal(key, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23", sizeof key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_addresses_are_read_as_what_they_were_written_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_addresses_need_no_escaping_anywhere, set_up, tear_down),
	    cmocka_unit_test(test_paths_are_taken_apart_without_a_look_at_the_token),
	    cmocka_unit_test_setup_teardown(test_a_pixel_is_an_image_with_the_address_of_the_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_cannot_be_sealed_or_has_no_room_is_said, set_up, tear_down),
	    cmocka_unit_test(test_the_stored_key_is_the_beginning_of_the_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* token: what was sealed opens to the same; nothing else opens at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/base64url.h"
#include "sealer_fixture.h"

#include <malloc.h>

static const struct link_token click = {
    .kind = LINK_TOKEN_CLICK,
    .consent = LINK_TOKEN_CONSENT_FULL,
    .tenant = 7,
    .message = {{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}},
    .link_index = 3,
    .destination = {"https://example.com/?a=b&c=d", 28},
};

static int set_up(void **state)
{
	static struct sealer_fixture f;
	f = sealer_fixture_new();
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct sealer_fixture *f = *state;
	sealer_fixture_free(f);
	return f->sealer || f->keys;
}

static struct slice seal(struct sealer_fixture *f, uint8_t key_id, const struct link_token *t,
			 char text[LINK_TOKEN_TEXT_MAX + 1])
{
	struct buf b;
	buf_init_fixed(&b, text, LINK_TOKEN_TEXT_MAX + 1);
	assert_int_equal(link_token_seal(f->sealer, key_id, t, &b), STATUS_OK);
	return buf_slice(&b);
}

static enum status try_open(struct sealer_fixture *f, struct slice text)
{
	static char room[LINK_TOKEN_TEXT_MAX];
	struct link_token t = {.tenant = 4711};
	uint8_t id = 99;
	enum status status = link_token_open(f->sealer, text, room, &t, &id);
	if (status != STATUS_OK) { /* untouched */
		assert_int_equal(t.tenant, 4711);
		assert_int_equal(id, 99);
	}
	return status;
}

static void expect_same(const struct link_token *a, const struct link_token *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->consent, b->consent);
	assert_int_equal(a->tenant, b->tenant);
	assert_true(uuid_equal(a->message, b->message));
	assert_int_equal(a->link_index, b->link_index);
	assert_int_equal(a->is_stored, b->is_stored);
	assert_true(slice_equal(a->destination, b->destination));
}

static void expect_round_trip(struct sealer_fixture *f, uint8_t key_id, const struct link_token *t)
{
	char text[LINK_TOKEN_TEXT_MAX + 1], room[LINK_TOKEN_TEXT_MAX];
	struct link_token opened;
	uint8_t id = 0;
	struct slice sealed = seal(f, key_id, t, text);
	for (size_t i = 0; i < sealed.n; i++)
		assert_non_null(
		    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", sealed.p[i]));
	assert_int_equal(link_token_open(f->sealer, sealed, room, &opened, &id), STATUS_OK);
	assert_int_equal(id, key_id);
	expect_same(&opened, t);
}

static void test_token_opens_to_what_was_sealed(void **state)
{
	static char url[LINK_TOKEN_URL_MAX];
	struct link_token t = click;

	memset(url, 'u', sizeof url);
	for (int kind = LINK_TOKEN_OPEN; kind <= LINK_TOKEN_PREFERENCES; kind++)
		for (int consent = LINK_TOKEN_CONSENT_OFF; consent <= LINK_TOKEN_CONSENT_FULL; consent++) {
			t.kind = (enum link_token_kind)kind;
			t.consent = (enum link_token_consent)consent;
			expect_round_trip(*state, 1, &t);
		}
	t.tenant = UINT32_MAX;
	t.link_index = UINT32_MAX;
	t.destination = slice_of(url, sizeof url);
	expect_round_trip(*state, 2, &t);
	t.tenant = 0;
	t.destination = SLICE_EMPTY;
	expect_round_trip(*state, 2, &t);
}

static void test_token_with_a_stored_destination_says_so(void **state)
{
	char text[LINK_TOKEN_TEXT_MAX + 1];
	struct link_token t = click;

	t.is_stored = true;
	t.destination = SLICE("0123456789abcdef");
	expect_round_trip(*state, 1, &t);
	t.destination = SLICE("0123456789abcde"); /* no key of the store is that short */
	assert_int_equal(try_open(*state, seal(*state, 1, &t, text)), STATUS_BAD_INPUT);
}

static void test_token_is_the_same_every_time(void **state)
{
	struct sealer_fixture *f = *state;
	char a[LINK_TOKEN_TEXT_MAX + 1], b[LINK_TOKEN_TEXT_MAX + 1];
	struct link_token_sealer *another = link_token_sealer_new(f->keys);
	struct sealer_fixture g = {f->keys, another};

	for (int i = 0; i < 3; i++) {
		assert_true(slice_equal(seal(f, 1, &click, a), seal(&g, 1, &click, b)));
		assert_int_equal(try_open(f, seal(f, 1, &click, a)), STATUS_OK);
	}
	assert_false(slice_equal(seal(f, 1, &click, a), seal(f, 2, &click, b)));
	link_token_sealer_free(&another);
}

static void test_token_with_any_bit_flipped_is_refused(void **state)
{
	char text[LINK_TOKEN_TEXT_MAX + 1], again[LINK_TOKEN_TEXT_MAX + 1];
	unsigned char bytes[LINK_TOKEN_TEXT_MAX];
	size_t n;
	struct slice sealed = seal(*state, 1, &click, text);

	assert_int_equal(base64url_decode(sealed, bytes, sizeof bytes, &n), STATUS_OK);
	for (size_t bit = 0; bit < n * 8; bit++) {
		struct buf b;
		buf_init_fixed(&b, again, sizeof again);
		bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
		base64url_append(&b, slice_of(bytes, n));
		assert_int_equal(try_open(*state, buf_slice(&b)), STATUS_BAD_INPUT);
		bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
}

static void test_token_with_any_character_changed_is_refused(void **state)
{
	char text[LINK_TOKEN_TEXT_MAX + 1];
	struct slice sealed = seal(*state, 1, &click, text);

	for (size_t i = 0; i < sealed.n; i++) {
		char was = text[i];
		text[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(try_open(*state, sealed), STATUS_BAD_INPUT);
		text[i] = '=';
		assert_int_equal(try_open(*state, sealed), STATUS_BAD_INPUT);
		text[i] = was;
	}
	assert_int_equal(try_open(*state, sealed), STATUS_OK);
}

static void test_token_cut_or_lengthened_is_refused(void **state)
{
	char text[LINK_TOKEN_TEXT_MAX + 1];
	static char endless[LINK_TOKEN_TEXT_MAX * 2];
	struct slice sealed = seal(*state, 1, &click, text);

	for (size_t n = 0; n < sealed.n; n++)
		assert_int_equal(try_open(*state, slice_sub(sealed, 0, n)), STATUS_BAD_INPUT);
	for (size_t more = 1; more < 8; more++) {
		memcpy(endless, sealed.p, sealed.n);
		memset(endless + sealed.n, 'A', more);
		assert_int_equal(try_open(*state, slice_of(endless, sealed.n + more)), STATUS_BAD_INPUT);
	}
	memset(endless, 'A', sizeof endless);
	assert_int_equal(try_open(*state, slice_of(endless, sizeof endless)), STATUS_BAD_INPUT);
	assert_int_equal(try_open(*state, slice_of(endless, LINK_TOKEN_TEXT_MAX)), STATUS_BAD_INPUT);
}

/* The first byte is the key's id: another key's may not be put in its place, even where both keys are the same. */
static void test_token_key_id_is_part_of_what_is_sealed(void **state)
{
	struct link_token_keys *keys = link_token_keys_new();
	char text[LINK_TOKEN_TEXT_MAX + 1], again[LINK_TOKEN_TEXT_MAX + 1];
	unsigned char bytes[LINK_TOKEN_TEXT_MAX];
	size_t n;
	struct buf b;

	(void)state;
	link_token_keys_set(keys, 1, key_one);
	link_token_keys_set(keys, 2, key_one);
	struct sealer_fixture f = {keys, link_token_sealer_new(keys)};
	assert_int_equal(base64url_decode(seal(&f, 1, &click, text), bytes, sizeof bytes, &n), STATUS_OK);
	bytes[0] = 2;
	buf_init_fixed(&b, again, sizeof again);
	base64url_append(&b, slice_of(bytes, n));
	assert_int_equal(try_open(&f, buf_slice(&b)), STATUS_BAD_INPUT);
	link_token_sealer_free(&f.sealer);
	link_token_keys_free(&keys);
}

static void test_token_of_another_installation_is_refused(void **state)
{
	struct link_token_keys *keys = link_token_keys_new();
	char text[LINK_TOKEN_TEXT_MAX + 1];

	link_token_keys_set(keys, 1, key_two);
	struct sealer_fixture other = {keys, link_token_sealer_new(keys)};
	assert_int_equal(try_open(&other, seal(*state, 1, &click, text)), STATUS_BAD_INPUT);
	assert_int_equal(try_open(&other, seal(*state, 2, &click, text)), STATUS_BAD_INPUT); /* no key 2 there */
	assert_int_equal(try_open(*state, seal(&other, 1, &click, text)), STATUS_BAD_INPUT);
	link_token_sealer_free(&other.sealer);
	link_token_keys_free(&keys);
}

static void test_token_of_a_key_that_comes_later_opens_once_it_is_there(void **state)
{
	struct sealer_fixture *both = *state;
	struct link_token_keys *keys = link_token_keys_new();
	char text[LINK_TOKEN_TEXT_MAX + 1], old_text[LINK_TOKEN_TEXT_MAX + 1];
	uint8_t id = 99;

	link_token_keys_set(keys, 1, key_one);
	struct sealer_fixture one = {keys, link_token_sealer_new(keys)};
	struct slice token = seal(both, 2, &click, text), old = seal(both, 1, &click, old_text);
	assert_int_equal(try_open(&one, token), STATUS_BAD_INPUT);
	assert_true(link_token_lacks_key(one.sealer, token, &id));
	assert_int_equal(id, 2);
	link_token_keys_add(keys, both->keys);
	assert_int_equal(try_open(&one, token), STATUS_OK);
	assert_int_equal(try_open(&one, old), STATUS_OK);
	assert_false(link_token_lacks_key(one.sealer, token, &id));
	link_token_sealer_free(&one.sealer);
	link_token_keys_free(&keys);
}

static void test_token_keys_that_are_added_neither_seal_by_themselves_nor_replace_any(void **state)
{
	struct link_token_keys *keys = link_token_keys_new(), *others = link_token_keys_new();
	uint8_t before[LINK_TOKEN_FINGERPRINT_SIZE], after[LINK_TOKEN_FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(link_token_keys_sealing(keys), 0);
	link_token_keys_set(keys, 4, key_one);
	link_token_keys_set(keys, 3, key_one);
	assert_int_equal(link_token_keys_sealing(keys), 4);
	link_token_keys_set(others, 4, key_two);
	link_token_keys_set(others, 9, key_two);
	link_token_keys_fingerprint(keys, 4, before);
	link_token_keys_add(keys, others);
	link_token_keys_fingerprint(keys, 4, after);
	assert_memory_equal(before, after, sizeof before);
	assert_true(link_token_keys_has(keys, 9));
	assert_int_equal(link_token_keys_sealing(keys), 4);
	link_token_keys_seal_with(keys, 9);
	assert_int_equal(link_token_keys_sealing(keys), 9);
	link_token_keys_seal_with(keys, 3);
	assert_int_equal(link_token_keys_sealing(keys), 3);
	link_token_keys_free(&keys);
	link_token_keys_free(&others);
}

/* Looking for a key costs more than saying no: what can be no token is not looked for. */
static void test_token_without_its_shape_lacks_no_key(void **state)
{
	struct sealer_fixture *f = *state;
	static const char *const texts[] = {
	    "",
	    "x",
	    "A2Fh",
	    "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw", /* a byte less than the shortest */
	    "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD*wMD",
	    "AAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD", /* key 0 */
	    "AQMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD", /* key 1, which is here */
	};
	uint8_t id = 99;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (link_token_lacks_key(f->sealer, slice_from_cstr(texts[i]), &id))
			fail_msg("'%s'", texts[i]);
	assert_int_equal(id, 99);
	assert_true(link_token_lacks_key(f->sealer, SLICE("AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"), &id));
	assert_int_equal(id, 3);
}

/* What an attacker holds are good tokens; pieces of two never make a third. */
static void test_token_pieces_of_two_do_not_make_a_third(void **state)
{
	struct link_token others[] = {click, click, click};
	char text[LINK_TOKEN_TEXT_MAX + 1], mixed[LINK_TOKEN_TEXT_MAX + 1];
	unsigned char a[LINK_TOKEN_TEXT_MAX], b[LINK_TOKEN_TEXT_MAX];
	size_t n, other_n;

	others[0].kind = LINK_TOKEN_UNSUBSCRIBE;
	others[1].tenant = 8;
	others[2].destination = SLICE("https://evil.example/?a=b&c=");
	assert_int_equal(base64url_decode(seal(*state, 1, &click, text), a, sizeof a, &n), STATUS_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(base64url_decode(seal(*state, 1, &others[i], text), b, sizeof b, &other_n), STATUS_OK);
		assert_int_equal(n, other_n);
		for (size_t from = 2; from < n; from++) {
			unsigned char both[LINK_TOKEN_TEXT_MAX];
			struct buf out;
			memcpy(both, a, from);
			memcpy(both + from, b + from, n - from);
			if (memcmp(both, a, n) == 0 || memcmp(both, b, n) == 0)
				continue;
			buf_init_fixed(&out, mixed, sizeof mixed);
			base64url_append(&out, slice_of(both, n));
			assert_int_equal(try_open(*state, buf_slice(&out)), STATUS_BAD_INPUT);
		}
	}
}

static void test_token_seal_refuses_what_it_cannot_do(void **state)
{
	struct sealer_fixture *f = *state;
	static char url[LINK_TOKEN_URL_MAX + 1];
	char text[64];
	struct link_token t = click;
	struct buf b;

	memset(url, 'u', sizeof url);
	t.destination = slice_of(url, sizeof url);
	buf_init_fixed(&b, text, sizeof text);
	assert_int_equal(link_token_seal(f->sealer, 1, &t, &b), STATUS_TOO_BIG);
	assert_int_equal(link_token_seal(f->sealer, 3, &click, &b), STATUS_NOT_FOUND);
	assert_int_equal(b.n, 0);
	assert_int_equal(link_token_seal(f->sealer, 1, &click, &b), STATUS_TOO_BIG);
	assert_int_equal(b.n, 0);
}

/* OpenSSL takes and gives back a little at each opening; nothing may stay, whether the token is good or not. */
/* It is in stores: another one would refuse every server that was there before. */
static void test_token_fingerprint_of_a_key_stays_as_it_is(void **state)
{
	struct sealer_fixture *f = *state;
	static const uint8_t want[] = {0x31, 0x55, 0x95, 0x9b, 0xef, 0x03, 0x1b, 0x7c};
	uint8_t one[LINK_TOKEN_FINGERPRINT_SIZE], two[LINK_TOKEN_FINGERPRINT_SIZE];
	link_token_keys_fingerprint(f->keys, 1, one);
	assert_memory_equal(one, want, sizeof want);
	link_token_keys_fingerprint(f->keys, 2, two);
	assert_memory_not_equal(one, two, sizeof one);
	link_token_keys_set(f->keys, 2, key_one);
	link_token_keys_fingerprint(f->keys, 2, two);
	assert_memory_not_equal(one, two, sizeof one);
}

static void test_token_opening_keeps_no_memory(void **state)
{
	char text[LINK_TOKEN_TEXT_MAX + 1];
	struct slice sealed = seal(*state, 1, &click, text);
	struct slice broken = slice_sub(sealed, 0, sealed.n - 4);

	(void)try_open(*state, sealed);
	(void)try_open(*state, broken);
	size_t before = mallinfo2().uordblks;
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(try_open(*state, sealed), STATUS_OK);
		assert_int_equal(try_open(*state, broken), STATUS_BAD_INPUT);
	}
	assert_int_equal(mallinfo2().uordblks, before);
}

static void test_token_kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(link_token_kind_name(LINK_TOKEN_OPEN), "open");
	assert_string_equal(link_token_kind_name(LINK_TOKEN_PREFERENCES), "preferences");
	assert_string_equal(link_token_kind_name((enum link_token_kind)0), "unknown");
	assert_string_equal(link_token_kind_name((enum link_token_kind)5), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_token_opens_to_what_was_sealed),
	    cmocka_unit_test(test_token_with_a_stored_destination_says_so),
	    cmocka_unit_test(test_token_is_the_same_every_time),
	    cmocka_unit_test(test_token_with_any_bit_flipped_is_refused),
	    cmocka_unit_test(test_token_with_any_character_changed_is_refused),
	    cmocka_unit_test(test_token_cut_or_lengthened_is_refused),
	    cmocka_unit_test(test_token_key_id_is_part_of_what_is_sealed),
	    cmocka_unit_test(test_token_of_another_installation_is_refused),
	    cmocka_unit_test(test_token_of_a_key_that_comes_later_opens_once_it_is_there),
	    cmocka_unit_test(test_token_keys_that_are_added_neither_seal_by_themselves_nor_replace_any),
	    cmocka_unit_test(test_token_without_its_shape_lacks_no_key),
	    cmocka_unit_test(test_token_pieces_of_two_do_not_make_a_third),
	    cmocka_unit_test(test_token_seal_refuses_what_it_cannot_do),
	    cmocka_unit_test(test_token_fingerprint_of_a_key_stays_as_it_is),
	    cmocka_unit_test(test_token_opening_keeps_no_memory),
	    cmocka_unit_test(test_token_kinds_have_names),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

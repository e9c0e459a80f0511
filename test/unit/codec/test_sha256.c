/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: the examples of FIPS 180-4, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/buf.h"
#include "codec/text/sha256.h"

static void assert_digest(const uint8_t digest[SHA256_SIZE], const char *want)
{
	char room[2 * SHA256_SIZE + 1];
	struct buf hex;
	buf_init_fixed(&hex, room, sizeof room);
	buf_append_hex(&hex, slice_of(digest, SHA256_SIZE));
	assert_string_equal(buf_cstr(&hex), want);
}

static void test_digests_are_those_of_the_standard(void **state)
{
	(void)state;
	static const struct {
		struct slice text;
		const char *want;
	} cases[] = {
	    {{"", 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {{"abc", 3}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56},
	     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t digest[SHA256_SIZE];
		sha256_of(cases[i].text, digest);
		assert_digest(digest, cases[i].want);
	}
}

static void test_pieces_are_digested_as_if_they_were_one(void **state)
{
	(void)state;
	const struct slice pieces[] = {SLICE("a"), SLICE_EMPTY, {NULL, 0}, SLICE("bc")};
	uint8_t digest[SHA256_SIZE];
	sha256_of_pieces(pieces, sizeof pieces / sizeof pieces[0], digest);
	assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_of_pieces(pieces, 0, digest);
	assert_digest(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_digests_are_those_of_the_standard),
	    cmocka_unit_test(test_pieces_are_digested_as_if_they_were_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* base64, quoted_printable and encoded_word: what goes in comes out, within the limits of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "codec/text/base64.h"
#include "codec/text/encoded_word.h"
#include "codec/text/quoted_printable.h"
#include "codec/text/utf8.h"

enum { ROUNDS = 3000, BYTES_MAX = 600, ROOM = 16384 };

/* Bytes that like to hit the special cases; CR and LF only as CRLF. */
static size_t make_text(struct prng *g, char *to)
{
	static const char likely[] = "  \t=._FromFrom ab-";
	size_t n = prng_below(g, BYTES_MAX);
	for (size_t i = 0; i < n; i++) {
		uint64_t kind = prng_below(g, 20);
		to[i] = kind < 14 ? likely[prng_below(g, sizeof likely - 1)] : (char)(prng_below(g, 222) + 33);
		if (kind == 14 && i + 1 < n) {
			to[i++] = '\r';
			to[i] = '\n';
		}
	}
	return n;
}

static void check_lines(struct slice encoded, size_t max)
{
	while (encoded.n) {
		size_t n = slice_index(encoded, '\n');
		struct slice line = slice_sub(encoded, 0, n);
		if (n < encoded.n)
			assert_int_equal(line.p[--line.n], '\r');
		assert_true(line.n <= max);
		assert_true(line.n == 0 || (line.p[line.n - 1] != ' ' && line.p[line.n - 1] != '\t'));
		encoded = slice_from(encoded, n + 1);
	}
}

static void test_quoted_printable_gives_back_what_went_in(void **state)
{
	(void)state;
	struct prng g;
	char text[BYTES_MAX];
	struct buf encoded;
	struct buf decoded;
	buf_init(&encoded, ROOM);
	buf_init(&decoded, ROOM);
	prng_init(&g, 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct slice s = slice_of(text, make_text(&g, text));
		buf_clear(&encoded);
		buf_clear(&decoded);
		quoted_printable_append(&encoded, s, SLICE("\r\n"));
		assert_int_equal(encoded.n, quoted_printable_size(s));
		check_lines(buf_slice(&encoded), 76);
		assert_false(slice_contains(buf_slice(&encoded), SLICE("\nFrom ")));
		quoted_printable_decode(buf_slice(&encoded), &decoded);
		assert_true(slice_equal(buf_slice(&decoded), s));
	}
	buf_done(&encoded);
	buf_done(&decoded);
}

static void test_quoted_printable_encodes_what_could_be_mistaken_at_the_start_of_a_line(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, ROOM);
	quoted_printable_append(&b, SLICE(".\r\n.a.\r\n--b\r\nFrom F\r\nfrom\r\n"), SLICE("\r\n"));
	assert_string_equal(buf_cstr(&b), "=2E\r\n=2Ea.\r\n=2D-b\r\n=46rom F\r\nfrom\r\n");
	buf_done(&b);
}

static void test_quoted_printable_keeps_line_ends_and_encodes_the_rest(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, ROOM);
	quoted_printable_append(&b, SLICE("a \r\n=\nb\r\r\n\tc\t"), SLICE("\r\n"));
	assert_string_equal(buf_cstr(&b), "a=20\r\n=3D\nb=0D\r\n\tc=09");
	buf_done(&b);
}

static void test_quoted_printable_fills_lines_and_no_more(void **state)
{
	(void)state;
	static const char x76[] = "1234567890123456789012345678901234567890123456789012345678901234567890123456";
	struct buf b;
	buf_init(&b, ROOM);
	quoted_printable_append(&b, slice_of(x76, 76), SLICE("\n"));
	assert_string_equal(buf_cstr(&b), x76);
	buf_append_cstr(&b, "\n");
	quoted_printable_append(
	    &b, SLICE("1234567890123456789012345678901234567890123456789012345678901234567890123456."), SLICE("\n"));
	assert_true(
	    slice_ends_with(buf_slice(&b), SLICE("\n123456789012345678901234567890123456789012345678901234567890"
						 "123456789012345=\n6.")));
	buf_done(&b);
}

static void test_base64_takes_only_the_one_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum status want;
		const char *bytes;
	} cases[] = {
	    {"", STATUS_OK, ""},
	    {"YQ==", STATUS_OK, "a"},
	    {"YWI=", STATUS_OK, "ab"},
	    {"YWJj", STATUS_OK, "abc"},
	    {"YQ", STATUS_BAD_INPUT, NULL},
	    {"YR==", STATUS_BAD_INPUT, NULL},
	    {"YWJ=", STATUS_BAD_INPUT, NULL},
	    {"Y Q=", STATUS_BAD_INPUT, NULL},
	    {"====", STATUS_BAD_INPUT, NULL},
	    {"YQ==YQ==", STATUS_BAD_INPUT, NULL},
	    {"-_-_", STATUS_BAD_INPUT, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b;
		buf_init(&b, ROOM);
		assert_int_equal(base64_decode(slice_from_cstr(cases[i].text), &b), cases[i].want);
		assert_string_equal(buf_cstr(&b), cases[i].bytes ? cases[i].bytes : "");
		buf_done(&b);
	}
	struct buf small;
	buf_init(&small, 2);
	assert_int_equal(base64_decode(SLICE("YWJj"), &small), STATUS_TOO_BIG);
	assert_int_equal(small.n, 0);
	buf_done(&small);
}

static void test_base64_lines_are_as_long_as_said(void **state)
{
	(void)state;
	static const char bytes[300];
	struct buf encoded;
	struct buf decoded;
	buf_init(&encoded, ROOM);
	buf_init(&decoded, ROOM);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		buf_clear(&encoded);
		buf_clear(&decoded);
		base64_append_lines(&encoded, slice_of(bytes, n));
		assert_int_equal(encoded.n, base64_lines_size(n));
		check_lines(buf_slice(&encoded), 76);
		base64_decode_lenient(buf_slice(&encoded), &decoded);
		assert_true(slice_equal(buf_slice(&decoded), slice_of(bytes, n)));
	}
	buf_done(&encoded);
	buf_done(&decoded);
}

static void test_encoded_word_splits_no_character(void **state)
{
	(void)state;
	static const uint32_t kinds[] = {'a', ' ', 0xe9, 0x20ac, 0x1f3e0, '=', '?', '_'};
	struct prng g;
	struct buf text;
	struct buf encoded;
	struct buf decoded;
	buf_init(&text, ROOM);
	buf_init(&encoded, ROOM);
	buf_init(&decoded, ROOM);
	prng_init(&g, 2);
	for (int round = 0; round < ROUNDS; round++) {
		size_t column = prng_below(&g, 79);
		buf_clear(&text);
		buf_clear(&encoded);
		buf_clear(&decoded);
		for (uint64_t n = prng_below(&g, 200) + 1; n; n--)
			utf8_append(&text, kinds[prng_below(&g, sizeof kinds / sizeof *kinds)]);
		(void)encoded_word_append(&encoded, buf_slice(&text), column);
		struct slice rest = buf_slice(&encoded);
		for (size_t used = column; rest.n; used = 0) {
			size_t n = slice_index(rest, '\r');
			struct slice line = slice_sub(rest, 0, n);
			assert_true(line.n == 0 || used + line.n <= 76);
			buf_clear(&decoded);
			encoded_word_decode(line, &decoded);
			assert_false(slice_contains(buf_slice(&decoded), SLICE("\xef\xbf\xbd"))); /* each is whole */
			rest = slice_from(rest, n + 2);
		}
		buf_clear(&decoded);
		encoded_word_decode(buf_slice(&encoded), &decoded);
		assert_true(slice_equal(buf_slice(&decoded), buf_slice(&text)));
	}
	buf_done(&text);
	buf_done(&encoded);
	buf_done(&decoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quoted_printable_gives_back_what_went_in),
	    cmocka_unit_test(test_quoted_printable_encodes_what_could_be_mistaken_at_the_start_of_a_line),
	    cmocka_unit_test(test_quoted_printable_keeps_line_ends_and_encodes_the_rest),
	    cmocka_unit_test(test_quoted_printable_fills_lines_and_no_more),
	    cmocka_unit_test(test_base64_takes_only_the_one_spelling),
	    cmocka_unit_test(test_base64_lines_are_as_long_as_said),
	    cmocka_unit_test(test_encoded_word_splits_no_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

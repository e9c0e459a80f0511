/* SPDX-License-Identifier: Apache-2.0 */
/* charset, charset_decoder: labels mean what browsers take them for; what is no character of a charset is never passed
 * off as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/charset_decoder.h"
#include "codec/text/utf8.h"

enum { ROOM = 1 << 20 };

static void test_labels_are_known_by_letters_and_digits_in_any_case(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		enum charset_reading reading;
		enum charset_markup markup;
		const char *iconv_name; /* NULL: none */
	} cases[] = {
	    {"", CHARSET_READ_UTF8, CHARSET_ASCII_SAFE, NULL},
	    {" -_ ", CHARSET_READ_UTF8, CHARSET_ASCII_SAFE, NULL},
	    {"UTF-8", CHARSET_READ_UTF8, CHARSET_ASCII_SAFE, NULL},
	    {"us-ascii", CHARSET_READ_UTF8, CHARSET_ASCII_SAFE, NULL},
	    {"ISO_8859-1", CHARSET_READ_WINDOWS_1252, CHARSET_ASCII_SAFE, NULL},
	    {"iso8859-1", CHARSET_READ_WINDOWS_1252, CHARSET_ASCII_SAFE, NULL},
	    {"x-cp1252", CHARSET_READ_WINDOWS_1252, CHARSET_ASCII_SAFE, NULL},
	    {"ISO-8859-15", CHARSET_READ_BY_ICONV, CHARSET_ASCII_SAFE, "ISO-8859-15"},
	    {"iso-8859-9", CHARSET_READ_BY_ICONV, CHARSET_ASCII_SAFE, "CP1254"},
	    {"gb2312", CHARSET_READ_BY_ICONV, CHARSET_ASCII_SAFE, "GB18030"},
	    {"Shift_JIS", CHARSET_READ_BY_ICONV, CHARSET_ASCII_SAFE, "CP932"},
	    {"ks_c_5601-1987", CHARSET_READ_BY_ICONV, CHARSET_ASCII_SAFE, "UHC"},
	    {"iso-2022-jp", CHARSET_READ_BY_ICONV, CHARSET_ESCAPED, "ISO-2022-JP"},
	    {"ISO-2022-JP-2", CHARSET_READ_NOT, CHARSET_UNSAFE, NULL},
	    {"iso-2022-kr", CHARSET_READ_NOT, CHARSET_UNSAFE, NULL},
	    {"johab", CHARSET_READ_NOT, CHARSET_UNSAFE, NULL},
	    {"utf-7", CHARSET_READ_NOT, CHARSET_UNSAFE, NULL},
	    {"UTF-16", CHARSET_READ_BY_ICONV, CHARSET_UNSAFE, "UTF-16"},
	    {"utf-16be", CHARSET_READ_BY_ICONV, CHARSET_UNSAFE, "UTF-16BE"},
	    {"klingon", CHARSET_READ_NOT, CHARSET_ASCII_SAFE, NULL},
	    {"utf-8x", CHARSET_READ_NOT, CHARSET_ASCII_SAFE, NULL},
	    {"//TRANSLIT", CHARSET_READ_NOT, CHARSET_ASCII_SAFE, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct charset *charset = charset_of(slice_from_cstr(cases[i].label));
		print_message("%s\n", cases[i].label);
		assert_int_equal(charset->reading, cases[i].reading);
		assert_int_equal(charset->markup, cases[i].markup);
		assert_int_equal(charset->iconv_name == NULL, cases[i].iconv_name == NULL);
		if (cases[i].iconv_name)
			assert_string_equal(charset->iconv_name, cases[i].iconv_name);
	}
}

/* NULL: no. */
static void check(struct charset_decoder *decoder, struct slice bytes, const char *want)
{
	struct buf b;
	buf_init(&b, ROOM);
	buf_append_cstr(&b, "kept");
	bool is_decoded = charset_decode(decoder, bytes, &b);
	assert_int_equal(is_decoded, want != NULL);
	assert_string_equal(buf_cstr(&b) + 4, want ? want : "");
	buf_done(&b);
}

static void check_label(const char *label, struct slice bytes, const char *want)
{
	struct charset_decoder decoder;
	charset_decoder_init(&decoder, charset_of(slice_from_cstr(label)));
	print_message("%s\n", label);
	check(&decoder, bytes, want);
	charset_decoder_done(&decoder);
}

static void test_characters_are_those_of_the_charset(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct slice bytes;
		const char *want;
	} cases[] = {
	    {"utf-8", SLICE("\xc3\xbc"), "\xc3\xbc"},
	    {"utf-8", SLICE("\xfc"), "\xc3\xbc"}, /* most likely meant */
	    {"iso-8859-1", SLICE("\x80\xe9"), "\xe2\x82\xac\xc3\xa9"},
	    {"iso-8859-2", SLICE("\xb1"), "\xc4\x85"},
	    {"iso-8859-15", SLICE("\xa4"), "\xe2\x82\xac"},
	    {"windows-1251", SLICE("\xe0"), "\xd0\xb0"},
	    {"iso-8859-9", SLICE("\xf0"), "\xc4\x9f"},
	    {"koi8-r", SLICE("\xc1"), "\xd0\xb0"},
	    {"koi8-u", SLICE("\xa4"), "\xd1\x94"},
	    {"ibm866", SLICE("\xa0"), "\xd0\xb0"},
	    {"tis-620", SLICE("\xa1"), "\xe0\xb8\x81"},
	    {"macintosh", SLICE("\x8e"), "\xc3\xa9"},
	    {"shift_jis", SLICE("\x95\x5c\x83\x7c\x83\x5b"), "\xe8\xa1\xa8\xe3\x83\x9d\xe3\x82\xbc"},
	    {"euc-jp", SLICE("\xb4\xc1"), "\xe6\xbc\xa2"},
	    {"iso-2022-jp", SLICE("a\x1b$B<!\x1b(Bb"),
	     "a\xe6\xac\xa1"
	     "b"},
	    {"gbk", SLICE("\x81\x7c"), "\xe4\xba\x85"},
	    {"gb18030", SLICE("\x81\x30\x84\x36\x82\x35\x87\x38"), "\xc2\xa5\xe4\xb6\xb5"},
	    {"big5", SLICE("\xa5\x5c"), "\xe5\x8a\x9f"},
	    {"euc-kr", SLICE("\xb0\xa1"), "\xea\xb0\x80"},
	    {"ks_c_5601-1987", SLICE("\x81\x41"), "\xea\xb0\x82"},
	    {"utf-16le", SLICE("a\0\xfc\0"), "a\xc3\xbc"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_label(cases[i].label, cases[i].bytes, cases[i].want);
}

static void test_what_is_no_character_makes_all_of_it_undecodable(void **state)
{
	(void)state;
	check_label("shift_jis", SLICE("a\x95"), NULL);
	check_label("shift_jis", SLICE("a\xff\xff"), NULL);
	check_label("big5", SLICE("\xa5 "), NULL);
	check_label("gb18030", SLICE("\x81\x30\x84"), NULL);
	check_label("euc-kr", SLICE("\xb0\xa1\xff"), NULL);
	check_label("iso-2022-jp", SLICE("\x1b$B<"), NULL);
	check_label("klingon", SLICE("\xe9"), NULL);
	check_label("utf-7", SLICE("+AGE-"), NULL);
}

static void test_ascii_is_ascii_wherever_it_is_safe(void **state)
{
	(void)state;
	static const char *const labels[] = {"utf-8", "latin1", "shift_jis", "klingon", "iso-2022-jp", "koi8-r"};
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		check_label(labels[i], SLICE(""), "");
		check_label(labels[i], SLICE("a<\\~\t"), "a<\\~\t");
		check_label(labels[i], SLICE("a\0\0b"),
			    "a\xef\xbf\xbd\xef\xbf\xbd"
			    "b");
	}
	check_label("shift_jis", SLICE("\0\x95\x5c"), NULL); /* both at once are nothing that anybody writes */
}

/* What html_rewrite stands on: nothing that means something to a tokenizer is a part of another character. */
static void check_markup_is_markup(const char *label)
{
	static const char markup[] = "<>\"'&=/ \n";
	struct charset_decoder decoder;
	char room[64];
	struct buf b;
	charset_decoder_init(&decoder, charset_of(slice_from_cstr(label)));
	for (int lead = 0x80; lead <= 0xff; lead++) {
		for (size_t i = 0; i < sizeof markup - 1; i++) {
			char bytes[2] = {(char)lead, markup[i]};
			buf_init_fixed(&b, room, sizeof room);
			if (charset_decode(&decoder, slice_of(bytes, 2), &b) &&
			    !slice_ends_with(buf_slice(&b), slice_of(&markup[i], 1)))
				fail_msg("%s: %02x %02x", label, lead, (unsigned)markup[i]);
		}
	}
	charset_decoder_done(&decoder);
}

static void test_markup_is_no_part_of_another_character_where_it_is_said_to_be_safe(void **state)
{
	(void)state;
	static const char *const labels[] = {
	    "utf-8",        "latin1",       "big5",         "euc-jp",       "euc-tw",         "gb18030",
	    "gbk",          "shift_jis",    "euc-kr",       "iso-8859-2",   "iso-8859-5",     "iso-8859-6",
	    "iso-8859-7",   "iso-8859-8",   "iso-8859-15",  "koi8-r",       "koi8-u",         "ibm437",
	    "ibm850",       "ibm852",       "ibm866",       "macintosh",    "x-mac-cyrillic", "tcvn",
	    "viscii",       "tis-620",      "windows-1250", "windows-1251", "windows-1253",   "windows-1254",
	    "windows-1255", "windows-1256", "windows-1257", "windows-1258", "klingon"};
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		check_markup_is_markup(labels[i]);
}

static void test_a_decoder_begins_anew_with_each_text(void **state)
{
	(void)state;
	struct charset_decoder decoder;
	charset_decoder_init(&decoder, charset_of(SLICE("iso-2022-jp")));
	check(&decoder, SLICE("\x1b$B<!"), "\xe6\xac\xa1");
	check(&decoder, SLICE("\x1b(B<!"), "<!");
	check(&decoder, SLICE("\x1b$B<"), NULL);
	check(&decoder, SLICE("\x1b$B<!\x1b(B!"), "\xe6\xac\xa1!");
	charset_decoder_done(&decoder);
}

static void check_lossy(const char *label, struct slice bytes, const char *want)
{
	struct charset_decoder decoder;
	struct buf b;
	buf_init(&b, ROOM);
	charset_decoder_init(&decoder, charset_of(slice_from_cstr(label)));
	charset_decode_lossy(&decoder, bytes, &b);
	assert_string_equal(buf_cstr(&b), want);
	charset_decoder_done(&decoder);
	buf_done(&b);
}

static void test_what_is_shown_is_valid_and_keeps_what_can_be_read(void **state)
{
	(void)state;
	check_lossy("utf-8", SLICE("a\xffz"), "a\xef\xbf\xbdz");
	check_lossy("latin1", SLICE("a\xffz"), "a\xc3\xbfz");
	check_lossy("klingon", SLICE("a\xffz"), "a\xef\xbf\xbdz");
	check_lossy("shift_jis", SLICE("\x95\x5c\xff\x95\x5c"), "\xe8\xa1\xa8\xef\xbf\xbd\xe8\xa1\xa8");
	check_lossy("shift_jis", SLICE("\x95\x5c\x95"), "\xe8\xa1\xa8\xef\xbf\xbd");
	check_lossy("koi8-r", SLICE("\xc1"), "\xd0\xb0");
}

static void test_long_texts_are_shown_whole_and_full_buffers_are_failed(void **state)
{
	(void)state;
	struct charset_decoder decoder;
	struct buf bytes;
	struct buf b;
	char room[64];
	buf_init(&bytes, ROOM);
	for (int i = 0; i < 100000; i++)
		buf_append_cstr(&bytes, "\xa1"); /* three bytes of UTF-8 for one */
	charset_decoder_init(&decoder, charset_of(SLICE("tis-620")));
	buf_init(&b, ROOM);
	charset_decode_lossy(&decoder, buf_slice(&bytes), &b);
	assert_false(buf_failed(&b));
	assert_int_equal(b.n, 300000);
	assert_true(utf8_is_valid(buf_slice(&b)));
	buf_done(&b);
	buf_init_fixed(&b, room, sizeof room);
	charset_decode_lossy(&decoder, buf_slice(&bytes), &b);
	assert_true(buf_failed(&b));
	assert_true(utf8_is_valid(buf_slice(&b)));
	charset_decoder_done(&decoder);
	buf_done(&bytes);
}

static void test_pieces_are_decoded_each_by_itself(void **state)
{
	(void)state;
	enum { COUNT = 9000 }; /* more than one batch */
	struct arena *arena = arena_new();
	struct charset_piece *pieces = arena_alloc_array(arena, COUNT, sizeof *pieces);
	for (size_t i = 0; i < COUNT; i++)
		pieces[i].bytes = i % 3 == 0 ? SLICE("\x95\x5c") : i % 3 == 1 ? SLICE("\x95") : SLICE("plain");
	charset_decode_pieces(charset_of(SLICE("sjis")), pieces, COUNT, arena);
	for (size_t i = 0; i < COUNT; i++) {
		struct slice want = i % 3 == 0 ? SLICE("\xe8\xa1\xa8") : i % 3 == 1 ? SLICE_EMPTY : SLICE("plain");
		assert_int_equal(pieces[i].is_decoded, i % 3 != 1);
		assert_true(slice_equal(pieces[i].text, want));
	}
	charset_decode_pieces(charset_of(SLICE("sjis")), pieces, 0, arena);
	arena_free(&arena);
}

static void test_a_piece_may_be_longer_than_a_batch(void **state)
{
	(void)state;
	enum { SIZE = 65536 };
	struct arena *arena = arena_new();
	char *text = arena_alloc(arena, SIZE);
	memset(text, 0xa1, SIZE);
	struct charset_piece pieces[] = {
	    {.bytes = slice_of(text, SIZE)}, {.bytes = SLICE("a")}, {.bytes = slice_of(text, SIZE)}};
	charset_decode_pieces(charset_of(SLICE("tis-620")), pieces, 3, arena);
	assert_int_equal(pieces[0].text.n, 3 * SIZE);
	assert_true(slice_equal(pieces[1].text, SLICE("a")));
	assert_int_equal(pieces[2].text.n, 3 * SIZE);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_labels_are_known_by_letters_and_digits_in_any_case),
	    cmocka_unit_test(test_characters_are_those_of_the_charset),
	    cmocka_unit_test(test_what_is_no_character_makes_all_of_it_undecodable),
	    cmocka_unit_test(test_ascii_is_ascii_wherever_it_is_safe),
	    cmocka_unit_test(test_markup_is_no_part_of_another_character_where_it_is_said_to_be_safe),
	    cmocka_unit_test(test_a_decoder_begins_anew_with_each_text),
	    cmocka_unit_test(test_what_is_shown_is_valid_and_keeps_what_can_be_read),
	    cmocka_unit_test(test_long_texts_are_shown_whole_and_full_buffers_are_failed),
	    cmocka_unit_test(test_pieces_are_decoded_each_by_itself),
	    cmocka_unit_test(test_a_piece_may_be_longer_than_a_batch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

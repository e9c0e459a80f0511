/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/html_charset.h"

#include "codec/html_entities.h"
#include "codec/utf8.h"

struct charset_name {
	const char *prefix; /* lower case, letters and digits only */
	enum html_charset charset;
	bool is_whole; /* the name ends here */
};

/* First match wins. */
static const struct charset_name charset_names[] = {
    {"utf8", HTML_CHARSET_UTF8, true},           {"usascii", HTML_CHARSET_UTF8, true},
    {"ascii", HTML_CHARSET_UTF8, true},          {"iso88591", HTML_CHARSET_WINDOWS_1252, true},
    {"latin1", HTML_CHARSET_WINDOWS_1252, true}, {"windows1252", HTML_CHARSET_WINDOWS_1252, true},
    {"cp1252", HTML_CHARSET_WINDOWS_1252, true}, {"utf16", HTML_CHARSET_UNSAFE, false},
    {"utf32", HTML_CHARSET_UNSAFE, false},       {"ucs", HTML_CHARSET_UNSAFE, false},
    {"iso10646", HTML_CHARSET_UNSAFE, false},    {"unicode11utf7", HTML_CHARSET_UNSAFE, false},
    {"unicode", HTML_CHARSET_UNSAFE, false},     {"utf7", HTML_CHARSET_UNSAFE, false},
    {"iso2022", HTML_CHARSET_UNSAFE, false},     {"csiso2022", HTML_CHARSET_UNSAFE, false},
    {"jis7", HTML_CHARSET_UNSAFE, false},        {"hz", HTML_CHARSET_UNSAFE, false},
    {"ebcdic", HTML_CHARSET_UNSAFE, false},      {"ibm037", HTML_CHARSET_UNSAFE, false},
    {"cp037", HTML_CHARSET_UNSAFE, false},       {"ibm500", HTML_CHARSET_UNSAFE, false},
    {"ibm1047", HTML_CHARSET_UNSAFE, false},
};

enum { NAME_MAX_KEPT = 40, META_WINDOW = 1024 };

static bool is_alphanumeric(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static enum html_charset classify(struct slice name)
{
	char kept[NAME_MAX_KEPT];
	size_t n = 0;
	for (size_t i = 0; i < name.n && n < sizeof(kept); i++)
		if (is_alphanumeric((unsigned char)name.p[i]))
			kept[n++] = name.p[i];
	struct slice key = slice_of(kept, n);
	for (size_t i = 0; i < sizeof(charset_names) / sizeof(charset_names[0]); i++) {
		struct slice prefix = slice_from_cstr(charset_names[i].prefix);
		if (slice_starts_with_nocase(key, prefix) && (!charset_names[i].is_whole || key.n == prefix.n))
			return charset_names[i].charset;
	}
	return n == 0 ? HTML_CHARSET_UTF8 : HTML_CHARSET_ASCII_SAFE;
}

/* By byte order mark, or by the zero bytes around the first `<`. Empty when it is neither UTF-16 nor UTF-32. */
static struct slice wide_charset(struct slice html)
{
	static const struct {
		struct slice start;
		struct slice name;
	} wide[] = {
	    {{"\0\0\xfe\xff", 4}, {"utf-32be", 8}}, {{"\xff\xfe\0\0", 4}, {"utf-32le", 8}},
	    {{"\xfe\xff", 2}, {"utf-16be", 8}},     {{"\xff\xfe", 2}, {"utf-16le", 8}},
	    {{"\0\0\0<", 4}, {"utf-32be", 8}},      {{"<\0\0\0", 4}, {"utf-32le", 8}},
	    {{"\0<\0", 3}, {"utf-16be", 8}},        {{"<\0", 2}, {"utf-16le", 8}},
	};
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (slice_starts_with(html, wide[i].start))
			return wide[i].name;
	return SLICE_EMPTY;
}

static bool is_space_or_quote(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'';
}

/* The token behind the first `charset=` near the start. A document whose ASCII can be read is not UTF-16, whatever it
 * says (HTML 13.2.3.2). */
static struct slice meta_charset(struct slice html)
{
	struct slice word = SLICE("charset");
	struct slice window = slice_sub(html, 0, META_WINDOW);
	for (; window.n > word.n; window = slice_from(window, 1)) {
		if ((window.p[0] | 0x20) != 'c' || !slice_starts_with_nocase(window, word))
			continue;
		struct slice rest = slice_trim(slice_from(window, word.n));
		if (rest.n == 0 || rest.p[0] != '=')
			continue;
		rest = slice_from(rest, 1);
		while (rest.n > 0 && is_space_or_quote(rest.p[0]))
			rest = slice_from(rest, 1);
		size_t n = 0;
		while (n < rest.n && !is_space_or_quote(rest.p[n]) && rest.p[n] != ';' && rest.p[n] != '>' &&
		       rest.p[n] != '/')
			n++;
		struct slice name = slice_sub(rest, 0, n);
		if (n > 0 && n <= NAME_MAX_KEPT && !slice_starts_with_nocase(name, SLICE("utf-16")) &&
		    !slice_starts_with_nocase(name, SLICE("utf-32")) && !slice_equal_nocase(name, SLICE("unicode")))
			return name;
	}
	return SLICE_EMPTY;
}

struct html_charset_guess html_charset_of(struct slice declared, struct slice html)
{
	struct slice name = wide_charset(html);
	if (name.n == 0)
		name = declared;
	if (name.n == 0 && slice_starts_with(html, SLICE("\xef\xbb\xbf")))
		name = SLICE("utf-8");
	if (name.n == 0)
		name = meta_charset(html);
	if (name.n == 0)
		name = SLICE("utf-8");
	return (struct html_charset_guess){classify(name), name};
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

bool html_charset_decode(enum html_charset charset, struct slice s, struct buf *to)
{
	bool is_as_is = is_ascii(s) || (charset == HTML_CHARSET_UTF8 && utf8_is_valid(s));
	if (!is_as_is && (charset == HTML_CHARSET_ASCII_SAFE || charset == HTML_CHARSET_UNSAFE))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == 0)
			utf8_append(to, 0xfffd);
		else if (c < 0x80 || is_as_is)
			buf_append_byte(to, (char)c);
		else
			utf8_append(to, html_windows_1252(c));
	}
	return true;
}

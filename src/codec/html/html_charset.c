/* SPDX-License-Identifier: Apache-2.0 */
/* Who is believed about a charset is in the order of browsers: a mark of UTF-16 or UTF-32, the header, the document. A
 * <meta> counts in front of the first link only, where rewriting changes nothing; so a second pass cannot come to
 * another answer than the first. */
#include "codec/html/html_charset.h"

enum { NAME_MAX = 40 }; /* longer ones are no charset */

static bool is_alphanumeric(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
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

/* Those of HTML, not of C: a vertical tab is none. */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static bool is_space_or_quote(char c)
{
	return is_space(c) || c == '"' || c == '\'';
}

static bool is_name_byte(char c)
{
	return is_alphanumeric((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == ':';
}

/* The name behind `=` and perhaps a quote. A document whose ASCII can be read is not UTF-16, whatever it says (HTML
 * 13.2.3.2). */
static struct slice charset_value(struct slice rest)
{
	while (rest.n > 0 && is_space(rest.p[0]))
		rest = slice_from(rest, 1);
	if (rest.n == 0 || rest.p[0] != '=')
		return SLICE_EMPTY;
	rest = slice_from(rest, 1);
	while (rest.n > 0 && is_space_or_quote(rest.p[0]))
		rest = slice_from(rest, 1);
	size_t n = 0;
	while (n < rest.n && n <= NAME_MAX && is_name_byte(rest.p[n]))
		n++;
	struct slice name = slice_sub(rest, 0, n);
	bool is_wide = slice_starts_with_nocase(name, SLICE("utf-16")) ||
		       slice_starts_with_nocase(name, SLICE("utf-32")) || slice_equal_nocase(name, SLICE("unicode"));
	return is_wide || n > NAME_MAX ? SLICE_EMPTY : name;
}

/* The charset that `<meta charset=x>` or `<meta content="…; charset=x">` names. */
static struct slice charset_in_tag(struct slice tag)
{
	struct slice word = SLICE("charset");
	for (; tag.n > word.n; tag = slice_from(tag, 1)) {
		struct slice name = SLICE_EMPTY;
		if ((tag.p[0] | 0x20) == 'c' && slice_starts_with_nocase(tag, word))
			name = charset_value(slice_from(tag, word.n));
		if (name.n > 0)
			return name;
	}
	return SLICE_EMPTY;
}

/* How long the comment is that `s` begins with, `-->` or `--!>` included. Byte by byte, since what begins to look like
 * an end again and again must cost no more than what does not. */
static size_t comment_size(struct slice s)
{
	for (size_t at = 4; at < s.n; at++) {
		if (s.p[at] != '>')
			continue;
		/* The dashes of `<!--` may be those of `-->`, not those of `--!>`. */
		if (slice_ends_with(slice_sub(s, 2, at), SLICE("--")) ||
		    slice_ends_with(slice_sub(s, 4, at), SLICE("--!")))
			return at + 1;
	}
	return s.n;
}

/* Where links, the body and the pixel begin. */
static bool is_behind_head(struct slice rest)
{
	char second = rest.n > 1 ? rest.p[1] : 0;
	if (second == 'a' || second == 'A')
		return true;
	if (second != '/' && (second | 0x20) != 'b' && (second | 0x20) != 'v')
		return false;
	static const struct slice stops[] = {{"<body", 5}, {"<v:", 3}, {"</head", 6}, {"</body", 6}, {"</html", 6}};
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		if (slice_starts_with_nocase(rest, stops[i]))
			return true;
	return false;
}

/* Browsers take a `<meta>` wherever it is (13.2.3.2 and .5). Here one counts in front of what rewriting may change, so
 * that it cannot change what is found the next time; so all limits count what stands there. */
static struct slice meta_charset(struct slice html)
{
	enum { BRACKETS_MAX = 1024, TAG_MAX = 1024 };
	size_t at = slice_index(html, '<');
	for (size_t brackets = 0; at < html.n && brackets < BRACKETS_MAX; brackets++) {
		struct slice rest = slice_from(html, at);
		size_t n = 1;
		if (is_behind_head(rest))
			break;
		if (slice_starts_with(rest, SLICE("<!--"))) {
			n = comment_size(rest);
		} else if (rest.n > 1 && (rest.p[1] | 0x20) == 'm' && slice_starts_with_nocase(rest, SLICE("<meta"))) {
			n = slice_index(rest, '>');
			struct slice name = charset_in_tag(slice_sub(rest, 0, n < TAG_MAX ? n : TAG_MAX));
			if (name.n > 0)
				return name;
		}
		at += n;
		at += slice_index(slice_from(html, at), '<');
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
	return (struct html_charset_guess){charset_of(name), name};
}

/* The length of the escape sequence that `s` begins with (ECMA-35, 13.2: ESC, intermediates, one final byte), or 0. */
static size_t escape_size(struct slice s)
{
	size_t n = 1;
	if (s.n == 0 || s.p[0] != 0x1b)
		return 0;
	while (n < s.n && s.p[n] >= 0x20 && s.p[n] <= 0x2f)
		n++;
	return n > 1 && n < s.n ? n + 1 : 0;
}

/* 0xff, since it is in no ASCII class of any kind, and no decoder takes it for a character. */
bool html_charset_hide(struct slice html, struct arena *arena, struct slice *ret)
{
	char *copy = arena_cstr(arena, html);
	bool is_in_ascii = true;
	for (size_t at = 0; at < html.n;) {
		struct slice rest = slice_from(html, at);
		size_t escape = escape_size(rest);
		/* JIS X 0201 Roman is ASCII but for the backslash and the tilde. */
		if (escape)
			is_in_ascii =
			    slice_starts_with(rest, SLICE("\x1b(B")) || slice_starts_with(rest, SLICE("\x1b(J"));
		size_t n = escape ? escape : 1;
		if (escape || !is_in_ascii)
			memset(copy + at, 0xff, n);
		at += n;
	}
	*ret = slice_of(copy, html.n);
	return is_in_ascii;
}

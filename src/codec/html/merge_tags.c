/* SPDX-License-Identifier: Apache-2.0 */
/* In a link, a tag that is still there was not merged: the link would lead nowhere that can be known now, and another
 * program may still be about to fill it in. So a false alarm costs one untracked link and a miss breaks one; these
 * tests lean to the former, except for what occurs in real addresses: %-escapes and GUIDs in braces. In a text it is
 * the other way round: people write percent signs, stars and braces, and a false alarm is what makes a linter be
 * switched off.
 */
#include "codec/html/merge_tags.h"

#include "codec/text/hex.h"

/* ---- in a link ---- */

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == '-';
}

static bool is_escape(struct slice s)
{
	return s.n >= 3 && s.p[0] == '%' && hex_byte(s.p[1], s.p[2]) >= 0;
}

static size_t word_length(struct slice s)
{
	size_t n = 0;
	while (n < s.n && is_word(s.p[n]))
		n++;
	return n;
}

/* `{3F2504E0-4F89-11D3-9A0C-0305E82C3301}` is data. */
static bool is_braced_guid(struct slice s)
{
	enum { GUID_LENGTH = 36 };
	if (s.n < GUID_LENGTH + 2 || s.p[GUID_LENGTH + 1] != '}')
		return false;
	for (size_t i = 1; i <= GUID_LENGTH; i++)
		if (hex_value(s.p[i]) < 0 && s.p[i] != '-')
			return false;
	return true;
}

/* `open` and, somewhere behind it, `close`. When nothing closes the first one, nothing closes a later one. */
static bool has_pair(struct slice s, struct slice open, struct slice close)
{
	const char *at = memmem(s.p, s.n, open.p, open.n);
	return at && slice_contains(slice_from(s, (size_t)(at - s.p) + open.n), close);
}

/* `{{` alone is enough: HTML may have ended the value at a quote inside the tag. */
static bool has_brace_tag(struct slice s)
{
	size_t behind_last_close = s.n;
	while (behind_last_close > 0 && s.p[behind_last_close - 1] != '}')
		behind_last_close--;
	for (size_t i = slice_index(s, '{'); i < s.n; i += 1 + slice_index(slice_from(s, i + 1), '{')) {
		struct slice rest = slice_from(s, i);
		if (slice_starts_with(rest, SLICE("{{")) || (behind_last_close > i + 1 && !is_braced_guid(rest)))
			return true;
	}
	return false;
}

/* `%name%`. Either sign may also start an escape (`%ab%20`, but `%abc%/`); only when both can do, both are. An editor
 * may have escaped the braces of `{{`. */
static bool is_percent_tag(struct slice s)
{
	size_t n = word_length(slice_from(s, 1));
	struct slice close = slice_from(s, 1 + n);
	if (slice_starts_with_nocase(s, SLICE("%7b%7b")))
		return true;
	if (n == 0 || close.n == 0 || close.p[0] != '%')
		return false;
	return !is_escape(s) || !is_escape(close);
}

static bool has_percent_tag(struct slice s)
{
	for (size_t i = slice_index(s, '%'); i < s.n; i += 1 + slice_index(slice_from(s, i + 1), '%'))
		if (is_percent_tag(slice_from(s, i)))
			return true;
	return has_pair(s, SLICE("%%"), SLICE("%%"));
}

/* `##name##`. */
static bool has_hash_tag(struct slice s)
{
	for (size_t i = slice_index(s, '#'); i < s.n; i += 1 + slice_index(slice_from(s, i + 1), '#')) {
		struct slice rest = slice_from(s, i);
		size_t n = slice_starts_with(rest, SLICE("##")) ? word_length(slice_from(rest, 2)) : 0;
		if (n > 0 && slice_starts_with(slice_from(rest, 2 + n), SLICE("##")))
			return true;
	}
	return false;
}

enum { BRACE = 1, PERCENT = 2, HASH = 4, STAR = 8, BRACKET = 16, LESS = 32 };

/* Which of the bytes that begin a tag there are; few links have any. */
static unsigned int openings_in(struct slice value)
{
	static const uint8_t openings[256] = {
	    ['{'] = BRACE, ['%'] = PERCENT, ['#'] = HASH, ['*'] = STAR, ['['] = BRACKET, ['<'] = LESS};
	unsigned int found = 0;
	for (size_t i = 0; i < value.n; i++)
		found |= openings[(unsigned char)value.p[i]];
	return found;
}

bool merge_tags_in(struct slice value)
{
	unsigned int openings = openings_in(value);
	return ((openings & BRACE) && has_brace_tag(value)) || ((openings & PERCENT) && has_percent_tag(value)) ||
	       ((openings & HASH) && has_hash_tag(value)) ||
	       ((openings & STAR) && has_pair(value, SLICE("*|"), SLICE("|*"))) ||
	       ((openings & BRACKET) && has_pair(value, SLICE("[["), SLICE("]]"))) ||
	       ((openings & LESS) && (slice_contains(value, SLICE("<%")) || slice_contains(value, SLICE("<?"))));
}

/* ---- in running text ---- */

static bool is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == '-' ||
	       c == ':' || c == '[' || c == ']';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Between its ends. Without a limit a text of nothing but `[` takes time by the square of its length: 60 s for
 * 200 KB. */
enum { TAG_MAX = 200 };

/* `open`, anything within one line's reach, `close`. The size of all of it, or 0. */
static size_t bracketed(struct slice s, struct slice open, struct slice close)
{
	if (!slice_starts_with(s, open))
		return 0;
	struct slice inner = slice_sub(s, open.n, open.n + TAG_MAX);
	const char *end = inner.n ? memmem(inner.p, inner.n, close.p, close.n) : NULL;
	if (!end)
		return 0;
	struct slice words = slice_trim(slice_sub(inner, 0, (size_t)(end - inner.p)));
	return words.n ? (size_t)(end - s.p) + close.n : 0;
}

/* `open`, a name without spaces, `close`. The size of all of it, or 0. */
static size_t named(struct slice s, struct slice open, struct slice close)
{
	if (!slice_starts_with(s, open))
		return 0;
	s = slice_sub(s, 0, open.n + TAG_MAX + close.n);
	size_t at = open.n;
	size_t letters = 0;
	while (at < s.n && is_name_byte(s.p[at]) && !slice_starts_with(slice_from(s, at), close))
		letters += is_letter(s.p[at++]);
	return letters > 1 && slice_starts_with(slice_from(s, at), close) ? at + close.n : 0;
}

static size_t tag_at(struct slice s)
{
	size_t n = 0;
	switch (s.p[0]) {
	case '{': n = bracketed(s, SLICE("{{"), SLICE("}}")); return n ? n : bracketed(s, SLICE("{%"), SLICE("%}"));
	case '<': return bracketed(s, SLICE("<%"), SLICE("%>"));
	case '*': return bracketed(s, SLICE("*|"), SLICE("|*"));
	case '$': return named(s, SLICE("${"), SLICE("}"));
	case '[': return named(s, SLICE("[["), SLICE("]]"));
	case '#': return named(s, SLICE("##"), SLICE("##"));
	case '%': n = named(s, SLICE("%%"), SLICE("%%")); return n ? n : named(s, SLICE("%"), SLICE("%"));
	default: return 0;
	}
}

bool merge_tags_find_in_text(struct slice text, struct slice *ret)
{
	static const bool opens[256] = {
	    ['{'] = true, ['<'] = true, ['*'] = true, ['$'] = true, ['['] = true, ['#'] = true, ['%'] = true};
	for (size_t i = 0; i < text.n; i++) {
		if (!opens[(unsigned char)text.p[i]])
			continue;
		/* "50%off%" and "C##" are words. */
		bool is_in_word = i > 0 && is_name_byte(text.p[i - 1]) && (text.p[i] == '%' || text.p[i] == '#');
		size_t n = is_in_word ? 0 : tag_at(slice_from(text, i));
		if (n) {
			*ret = slice_sub(text, i, i + n);
			return true;
		}
	}
	return false;
}

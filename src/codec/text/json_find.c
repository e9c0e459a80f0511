/* SPDX-License-Identifier: Apache-2.0 */
/* One state machine walks the values; which bracket is open at which depth is one bit of a word. */
#include "codec/text/json_find.h"

#include "codec/text/hex.h"
#include "codec/text/utf8.h"

struct walk {
	struct slice text;
	size_t at;
};

/* RFC 8259, 2: these four and no other. */
static void skip_space(struct walk *w)
{
	while (w->at < w->text.n && strchr(" \t\r\n", w->text.p[w->at]) && w->text.p[w->at])
		w->at++;
}

static bool take(struct walk *w, char c)
{
	if (w->at == w->text.n || w->text.p[w->at] != c)
		return false;
	w->at++;
	return true;
}

static bool take_escape(struct walk *w)
{
	char c = w->at < w->text.n ? w->text.p[w->at++] : '\0';
	if (c != 'u')
		return c && strchr("\"\\/bfnrt", c);
	for (int i = 0; i < 4; i++)
		if (w->at == w->text.n || hex_value(w->text.p[w->at++]) < 0)
			return false;
	return true;
}

static bool take_string(struct walk *w)
{
	if (!take(w, '"'))
		return false;
	while (w->at < w->text.n) {
		unsigned char c = (unsigned char)w->text.p[w->at++];
		if (c == '"')
			return true;
		/* Control characters only as escapes (RFC 8259, 7). */
		if (c < 0x20 || (c == '\\' && !take_escape(w)))
			return false;
	}
	return false;
}

static size_t take_digits(struct walk *w)
{
	size_t before = w->at;
	while (w->at < w->text.n && w->text.p[w->at] >= '0' && w->text.p[w->at] <= '9')
		w->at++;
	return w->at - before;
}

static bool take_number(struct walk *w)
{
	(void)take(w, '-');
	size_t start = w->at;
	size_t digits = take_digits(w);
	/* No number begins with a zero that could be left out (RFC 8259, 6). */
	if (digits == 0 || (digits > 1 && w->text.p[start] == '0'))
		return false;
	if (take(w, '.') && take_digits(w) == 0)
		return false;
	if (!take(w, 'e') && !take(w, 'E'))
		return true;
	if (!take(w, '+'))
		(void)take(w, '-');
	return take_digits(w) > 0;
}

static bool take_scalar(struct walk *w)
{
	static const struct slice words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
	struct slice rest = slice_from(w->text, w->at);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		/* "truer" is refused by the caller, who finds neither a comma nor a bracket nor the end there. */
		if (slice_starts_with(rest, words[i])) {
			w->at += words[i].n;
			return true;
		}
	return rest.n > 0 && (rest.p[0] == '"' ? take_string(w) : take_number(w));
}

static bool take_key(struct walk *w)
{
	skip_space(w);
	if (!take_string(w))
		return false;
	skip_space(w);
	return take(w, ':');
}

struct nesting {
	uint64_t is_object; /* bit i: the bracket at depth i is a `{` */
	unsigned depth;
};

/* Opens brackets until a scalar, or an empty bracket, was taken. */
static bool take_down(struct walk *w, struct nesting *nest)
{
	for (;;) {
		skip_space(w);
		bool opens_object = take(w, '{');
		if (!opens_object && !take(w, '['))
			return take_scalar(w);
		if (nest->depth == JSON_FIND_DEPTH)
			return false;
		uint64_t bit = UINT64_C(1) << nest->depth++;
		nest->is_object = opens_object ? nest->is_object | bit : nest->is_object & ~bit;
		skip_space(w);
		if (take(w, opens_object ? '}' : ']')) {
			nest->depth--;
			return true;
		}
		if (opens_object && !take_key(w))
			return false;
	}
}

/* Behind a value: closes what ends here. True with depth > 0: another value follows. */
static bool take_up(struct walk *w, struct nesting *nest)
{
	while (nest->depth > 0) {
		bool in_object = nest->is_object >> (nest->depth - 1) & 1;
		skip_space(w);
		if (take(w, ','))
			return !in_object || take_key(w);
		if (!take(w, in_object ? '}' : ']'))
			return false;
		nest->depth--;
	}
	return true;
}

static bool take_value(struct walk *w)
{
	struct nesting nest = {0};
	do {
		if (!take_down(w, &nest) || !take_up(w, &nest))
			return false;
	} while (nest.depth > 0);
	return true;
}

/* ---- strings ---- */

static uint32_t four_digits(const char *p)
{
	return (uint32_t)(hex_byte(p[0], p[1]) << 8 | hex_byte(p[2], p[3]));
}

/* The character of the escape whose backslash is behind; moves *at behind it. False: half of a surrogate pair. */
static bool decode_escape(struct slice s, size_t *at, uint32_t *ret)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char c = s.p[(*at)++];
	if (c != 'u') {
		*ret = (unsigned char)values[strchr(names, c) - names];
		return true;
	}
	uint32_t first = four_digits(s.p + *at);
	*at += 4;
	*ret = first;
	if (first < 0xd800 || first > 0xdfff)
		return true;
	if (first > 0xdbff || !slice_starts_with(slice_from(s, *at), SLICE("\\u")))
		return false;
	uint32_t second = four_digits(s.p + *at + 2);
	*at += 6;
	*ret = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
	return second >= 0xdc00 && second <= 0xdfff;
}

/* `raw` is a string that take_string went over. */
static enum status decode_string(struct slice raw, struct arena *arena, struct slice *ret)
{
	struct slice s = slice_sub(raw, 1, raw.n - 1);
	/* What goes from one system to another is UTF-8 (RFC 8259, 8.1). */
	if (!utf8_is_valid(s))
		return STATUS_BAD_INPUT;
	if (slice_index(s, '\\') == s.n) {
		*ret = s;
		return STATUS_OK;
	}
	struct buf to; /* no escape is shorter than what it stands for */
	buf_init_fixed(&to, arena_alloc(arena, s.n + 1), s.n + 1);
	for (size_t at = 0; at < s.n;) {
		uint32_t character;
		char c = s.p[at++];
		if (c != '\\')
			buf_append_byte(&to, c);
		else if (decode_escape(s, &at, &character))
			utf8_append(&to, character);
		else
			return STATUS_BAD_INPUT;
	}
	*ret = buf_slice(&to);
	return STATUS_OK;
}

/* ---- members ---- */

/* Whether a raw key says `name`. Names that are looked for are ASCII, so a key that is escaped says so in few bytes. */
static bool is_key(struct slice raw, struct slice name)
{
	struct slice s = slice_sub(raw, 1, raw.n - 1);
	if (slice_index(s, '\\') == s.n)
		return slice_equal(s, name);
	size_t n = 0;
	for (size_t at = 0; at < s.n; n++) {
		uint32_t character = (unsigned char)s.p[at++];
		if (character == '\\' && !decode_escape(s, &at, &character))
			return false;
		if (n >= name.n || character != (unsigned char)name.p[n])
			return false;
	}
	return n == name.n;
}

/* The next member, or STATUS_END at the closing bracket. */
static enum status next_member(struct walk *w, bool is_first, struct slice *ret_key, struct slice *ret_value)
{
	skip_space(w);
	if (take(w, '}'))
		return is_first ? STATUS_END : STATUS_BAD_INPUT;
	size_t key = w->at;
	if (!take_string(w))
		return STATUS_BAD_INPUT;
	*ret_key = slice_sub(w->text, key, w->at);
	skip_space(w);
	if (!take(w, ':'))
		return STATUS_BAD_INPUT;
	skip_space(w);
	size_t value = w->at;
	if (!take_value(w))
		return STATUS_BAD_INPUT;
	*ret_value = slice_sub(w->text, value, w->at);
	return STATUS_OK;
}

enum status json_find(struct slice text, struct slice name, struct slice *ret_raw)
{
	struct walk w = {text, 0};
	struct slice found = SLICE_EMPTY;
	bool is_first = true;
	skip_space(&w);
	if (!take(&w, '{'))
		return STATUS_BAD_INPUT;
	for (bool ends = false; !ends; is_first = false) {
		struct slice key;
		struct slice value;
		enum status status = next_member(&w, is_first, &key, &value);
		if (status == STATUS_END)
			break;
		if (status != STATUS_OK || (is_key(key, name) && found.n > 0))
			return STATUS_BAD_INPUT;
		if (is_key(key, name))
			found = value;
		skip_space(&w);
		ends = take(&w, '}');
		if (!ends && !take(&w, ','))
			return STATUS_BAD_INPUT;
	}
	skip_space(&w);
	if (w.at < text.n)
		return STATUS_BAD_INPUT;
	if (found.n == 0)
		return STATUS_NOT_FOUND;
	*ret_raw = found;
	return STATUS_OK;
}

enum status json_find_string(struct slice text, struct slice name, struct arena *arena, struct slice *ret)
{
	struct slice raw;
	enum status status = json_find(text, name, &raw);
	if (status != STATUS_OK)
		return status;
	return raw.p[0] == '"' ? decode_string(raw, arena, ret) : STATUS_BAD_INPUT;
}

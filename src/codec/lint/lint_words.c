/* SPDX-License-Identifier: Apache-2.0 */
/* What words say to their reader, and what they give away: merge tags that nobody filled in, and ways to unsubscribe.
 */
#include "codec/lint/lint_private.h"

#include "codec/html/html_entities.h"
#include "codec/text/utf8.h"

static bool is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == '-' ||
	       c == ':' || c == '[' || c == ']';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* `open`, anything within one line's reach, `close`. The size of all of it, or 0. */
static size_t bracketed(struct slice s, struct slice open, struct slice close)
{
	enum { TAG_MAX = 200 };
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

bool lint_find_template_tag(struct slice text, struct slice *ret)
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

bool lint_is_unsubscribe(struct slice text)
{
	/* Stems, so that every form of the word is found. */
	static const struct slice stems[] = {SLICE("unsub"),
					     SLICE("opt-out"),
					     SLICE("optout"),
					     SLICE("opt out"),
					     SLICE("abmeld"),
					     SLICE("abbestell"),
					     SLICE("austragen"),
					     SLICE("desabon"),
					     SLICE("d\xc3\xa9sabon"),
					     SLICE("desinscri"),
					     SLICE("d\xc3\xa9sinscri"),
					     SLICE("darse de baja"),
					     SLICE("darte de baja"),
					     SLICE("dar de baja"),
					     SLICE("cancelar suscrip"),
					     SLICE("cancelar la suscrip"),
					     SLICE("disiscri"),
					     SLICE("annulla l'iscri"),
					     SLICE("cancelar inscri"),
					     SLICE("descadastr"),
					     SLICE("afmeld"),
					     SLICE("uitschrijv"),
					     SLICE("avregistrera"),
					     SLICE("afmeld"),
					     SLICE("meld deg av"),
					     SLICE("wypisz"),
					     SLICE("\xd0\xbe\xd1\x82\xd0\xbf\xd0\xb8\xd1\x81"), /* Russian "otpis" */
					     SLICE("email preferences"),
					     SLICE("e-mail preferences"),
					     SLICE("manage preferences"),
					     SLICE("subscription preferences"),
					     SLICE("manage your subscription"),
					     SLICE("remove me"),
					     SLICE("stop receiving"),
					     SLICE("signoff")};
	for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++)
		if (slice_contains_nocase(text, stems[i]))
			return true;
	return false;
}

/* Also the no-break space, and what has no width; preheaders are filled up with them. */
static bool is_blank(struct slice character)
{
	static const struct slice blanks[] = {SLICE("\xc2\xa0"),     SLICE("\xc2\xad"),     SLICE("\xcd\x8f"),
					      SLICE("\xe2\x80\x8b"), SLICE("\xe2\x80\x8c"), SLICE("\xe2\x80\x8d"),
					      SLICE("\xe2\x80\x87"), SLICE("\xef\xbb\xbf")};
	if (character.n == 1)
		return (unsigned char)character.p[0] <= 0x20;
	for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
		if (slice_equal(character, blanks[i]))
			return true;
	return false;
}

struct slice lint_readable(enum html_charset charset, struct slice raw, struct arena *arena)
{
	raw = slice_sub(raw, 0, LINT_RAW_TEXT_MAX);
	struct buf characters;
	struct buf decoded;
	struct buf words;
	buf_init(&characters, 4 * LINT_RAW_TEXT_MAX);
	buf_init(&decoded, 8 * LINT_RAW_TEXT_MAX);
	buf_init(&words, LINT_TEXT_MAX);
	if (!html_charset_decode(charset, raw, &characters))
		utf8_append_lossy(&characters, raw);
	html_references_decode(buf_slice(&characters), HTML_REFERENCE_IN_TEXT, &decoded);
	struct slice rest = buf_slice(&decoded);
	while (rest.n > 0 && !buf_failed(&words)) {
		size_t n = utf8_character_size(rest);
		struct slice character = slice_sub(rest, 0, n ? n : 1);
		bool is_space = is_blank(character);
		if (!is_space)
			buf_append(&words, character);
		else if (words.n > 0 && words.p[words.n - 1] != ' ')
			buf_append_byte(&words, ' ');
		rest = slice_from(rest, character.n);
	}
	struct slice copy = arena_copy(arena, utf8_prefix(slice_trim(buf_slice(&words)), LINT_TEXT_MAX));
	buf_done(&characters);
	buf_done(&decoded);
	buf_done(&words);
	return copy;
}

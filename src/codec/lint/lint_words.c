/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader sees of markup is less than what stands there: references become characters, white space becomes one
 * space, and what has no width is none. Texts are cut early, because a link around half a mail is still one link. */
#include "codec/lint/lint_words.h"

#include "codec/html/html_entities.h"
#include "codec/text/utf8.h"

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

struct slice lint_readable(struct charset_decoder *decoder, struct slice raw, struct arena *arena)
{
	raw = slice_sub(raw, 0, LINT_RAW_TEXT_MAX);
	struct buf characters;
	struct buf decoded;
	struct buf words;
	buf_init(&characters, 4 * LINT_RAW_TEXT_MAX + 64);
	buf_init(&decoded, 8 * LINT_RAW_TEXT_MAX + 128);
	buf_init(&words, LINT_TEXT_MAX);
	if (!charset_decode(decoder, raw, &characters))
		charset_decode_lossy(decoder, raw, &characters);
	html_references_decode(buf_slice(&characters), HTML_REFERENCE_IN_TEXT, &decoded);
	/* Character by character, since blanks of more than one byte count as white space too. */
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

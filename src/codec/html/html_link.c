/* SPDX-License-Identifier: Apache-2.0 */
/* Most values are plain ASCII without references. kinds_in() finds that out in one pass, and such a value is judged
 * where it lies: nothing is copied, and no charset is looked at. What must be decoded goes through two stages in the
 * order of the HTML standard, characters first and references in them afterwards. */
#include "codec/html/html_link.h"

#include "codec/html/html_entities.h"
#include "codec/html/merge_tags.h"
#include "codec/text/charset_decoder.h"

enum { VALUE_MAX = 4 * URL_MAX }; /* of a raw value; what lies behind is not looked at */

const char *html_skip_name(enum html_skip skip)
{
	switch (skip) {
	case HTML_NOT_SKIPPED: return "";
	case HTML_SKIP_DUPLICATE_ATTRIBUTE: return "duplicate_attribute";
	case HTML_SKIP_EMPTY: return "empty";
	case HTML_SKIP_FRAGMENT: return "fragment";
	case HTML_SKIP_TEMPLATE: return "template";
	case HTML_SKIP_RELATIVE: return "relative";
	case HTML_SKIP_NOT_HTTP: return "not_http";
	case HTML_SKIP_CHARSET: return "charset";
	case HTML_SKIP_BAD_URL: return "bad_url";
	case HTML_SKIP_NO_TRACK: return "no_track";
	case HTML_SKIP_TOO_MANY_ATTRIBUTES: return "too_many_attributes";
	case HTML_SKIP_OWN_LINK: return "own_link";
	case HTML_SKIP_UNSUBSCRIBE: return "unsubscribe";
	case HTML_SKIP_VISIBLE_URL: return "visible_url";
	case HTML_SKIP_AMP: return "amp";
	case HTML_SKIP_REFUSED: return "refused";
	}
	return "unknown";
}

bool html_attribute_is_opt_out(const struct html_attribute *attribute)
{
	/* An empty value: being there is enough. */
	static const struct {
		struct slice name;
		struct slice value;
	} opt_outs[] = {
	    {{"data-no-track", 13}, {"", 0}},
	    {{"clicktracking", 13}, {"off", 3}},            /* SendGrid */
	    {{"disable-tracking", 16}, {"true", 4}},        /* Mailgun */
	    {{"ses:no-track", 12}, {"", 0}},                /* Amazon SES */
	    {{"data-pm-no-track", 16}, {"", 0}},            /* Postmark */
	    {{"data-mt-no-track", 16}, {"", 0}},            /* Mailtrap */
	    {{"mautic:disable-tracking", 23}, {"true", 4}}, /* Mautic, old and new */
	    {{"data-mautic-disable-tracking", 28}, {"true", 4}},
	};
	enum { SHORTEST_NAME = 12 };
	if (attribute->name.n < SHORTEST_NAME)
		return false;
	for (size_t i = 0; i < sizeof(opt_outs) / sizeof(opt_outs[0]); i++)
		if (slice_equal_nocase(attribute->name, opt_outs[i].name))
			return opt_outs[i].value.n == 0 || slice_equal_nocase(attribute->value, opt_outs[i].value);
	return false;
}

bool html_text_is_url(struct slice text)
{
	return slice_starts_with_nocase(text, SLICE("http://")) || slice_starts_with_nocase(text, SLICE("https://")) ||
	       slice_starts_with_nocase(text, SLICE("www."));
}

enum { CONTROL = 1, HIGH_OR_NUL = 2, AMPERSAND = 4, TAG_OPENING = 8 };

/* What kinds of bytes there are. One look at each, because few values have any of them. */
static unsigned int kinds_in(struct slice s)
{
	static const uint8_t kinds[256] = {
	    [0] = HIGH_OR_NUL,   [1 ... 0x1f] = CONTROL, [0x80 ... 0xff] = HIGH_OR_NUL, ['&'] = AMPERSAND,
	    ['{'] = TAG_OPENING, ['%'] = TAG_OPENING,    ['#'] = TAG_OPENING,           ['*'] = TAG_OPENING,
	    ['['] = TAG_OPENING, ['<'] = TAG_OPENING,
	};
	unsigned int found = 0;
	for (size_t i = 0; i < s.n; i++)
		found |= kinds[(unsigned char)s.p[i]];
	return found;
}

/* TAB, CR and LF are no part of a URL wherever they stand (WHATWG URL 4.4, step 3). */
static void drop_breaks(struct buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\t' && b->p[i] != '\r' && b->p[i] != '\n')
			b->p[n++] = b->p[i];
	buf_truncate(b, n);
}

/* A buf in the arena that is not likely to grow. */
static void init_scratch(struct buf *b, size_t max, size_t expected, struct arena *arena)
{
	buf_init_in_arena(b, max, arena);
	(void)buf_reserve(b, expected < max ? expected : max); /* an empty buf has room for its maximum */
}

/* As much of a raw value as is looked at. */
static struct slice value_of(struct slice source, const struct html_link *link)
{
	return slice_sub(slice_sub(source, link->start, link->end), 0, VALUE_MAX);
}

/* Whether there is more in a value than ASCII. */
static bool needs_decoding(const struct charset *charset, struct slice value, unsigned int kinds)
{
	bool has_escape =
	    charset->markup == CHARSET_ESCAPED && (kinds & CONTROL) && slice_index(value, '\x1b') < value.n;
	return (kinds & HIGH_OR_NUL) || has_escape;
}

/* The values that iconv must decode, in order; NULL when there are none, as in nearly every document. */
static struct charset_piece *decode_values(const struct charset *charset, struct slice source,
					   const struct html_link *links, size_t count, struct arena *arena)
{
	struct charset_piece *pieces = NULL;
	size_t piece_count = 0;
	if (charset->reading != CHARSET_READ_BY_ICONV)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct slice value = value_of(source, &links[i]);
		if (!needs_decoding(charset, value, kinds_in(value)))
			continue;
		if (!pieces)
			pieces = arena_alloc_array(arena, count - i, sizeof *pieces);
		pieces[piece_count++].bytes = value;
	}
	if (pieces)
		charset_decode_pieces(charset, pieces, piece_count, arena);
	return pieces;
}

/* By what needs no iconv, which is windows-1252 for all that is not UTF-8. False when that is only a guess. */
static bool decode_here(const struct charset *charset, struct slice value, struct arena *arena, struct slice *ret)
{
	struct charset_decoder decoder;
	struct buf characters;
	bool is_read_here = charset->reading == CHARSET_READ_UTF8 || charset->reading == CHARSET_READ_WINDOWS_1252;
	bool has_only_nul = charset->reading == CHARSET_READ_NOT && slice_is_ascii(value);
	init_scratch(&characters, 4 * VALUE_MAX, value.n, arena);
	charset_decoder_init(&decoder, is_read_here ? charset : charset_of(SLICE("windows-1252")));
	bool is_decoded = charset_decode(&decoder, value, &characters);
	*ret = buf_slice(&characters);
	return is_decoded && (is_read_here || has_only_nul);
}

/* The characters of a value that needs decoding, in UTF-8. False when they cannot be decoded; *ret is then what
 * windows-1252 would make of them, for the report only. */
static bool decode_characters(const struct charset *charset, struct slice value, const struct charset_piece *piece,
			      struct arena *arena, struct slice *ret)
{
	if (!piece || !piece->is_decoded)
		return decode_here(charset, value, arena, ret);
	*ret = piece->text;
	return true;
}

/* References and line breaks taken out. */
static struct slice decode_references(struct slice characters, struct arena *arena)
{
	struct buf decoded;
	init_scratch(&decoded, 8 * VALUE_MAX, characters.n, arena);
	html_references_decode(characters, HTML_REFERENCE_IN_ATTRIBUTE, &decoded);
	drop_breaks(&decoded);
	return buf_slice(&decoded);
}

/* In the order of the list: what the value is comes before where it leads, and a merge tag before all but nothing,
 * since a tag may stand for a scheme as well as for a path. */
static enum html_skip skip_by_value(struct slice url, unsigned int kinds)
{
	if (url.n == 0)
		return HTML_SKIP_EMPTY;
	if ((kinds & TAG_OPENING) && merge_tags_in(url))
		return HTML_SKIP_TEMPLATE;
	if (url.p[0] == '#')
		return HTML_SKIP_FRAGMENT;
	if (url_is_http(url))
		return HTML_NOT_SKIPPED;
	return url_scheme(url).n == 0 ? HTML_SKIP_RELATIVE : HTML_SKIP_NOT_HTTP;
}

/* Own hosts by the destination, in which the host has its final form; the unsubscribe address by the URL, since the
 * header that it is compared with has it as its author wrote it. */
static enum html_skip skip_by_owner(const struct html_link_policy *policy, struct slice url, struct slice destination)
{
	for (size_t i = 0; i < policy->own_host_count; i++)
		if (url_is_on_host(destination, policy->own_hosts[i]))
			return HTML_SKIP_OWN_LINK;
	for (size_t i = 0; i < policy->unsubscribe_url_count; i++)
		if (slice_equal(url, policy->unsubscribe_urls[i]))
			return HTML_SKIP_UNSUBSCRIBE;
	return HTML_NOT_SKIPPED;
}

/* Parameters go behind the check: they are percent-encoded, and so cannot make a good destination a bad one. */
static void fill_destination(const struct html_link_policy *policy, struct slice clean, struct arena *arena,
			     struct html_link *link)
{
	enum { PARAMETERS_EXPECTED = 128 };
	link->destination = clean;
	if (policy->parameter_count == 0)
		return;
	struct buf with;
	init_scratch(&with, URL_MAX, clean.n + PARAMETERS_EXPECTED, arena);
	url_append_with_parameters(clean, policy->parameters, policy->parameter_count, &with);
	/* A destination that has no room for the parameters goes without them. */
	if (!buf_failed(&with))
		link->destination = buf_slice(&with);
}

/* What is checked is what a redirect will be given, byte for byte; the tracked URL is made of it and nothing else. */
static void judge_http(const struct html_link_policy *policy, struct arena *arena, struct html_link *link)
{
	link->fault = url_check_redirect(link->url);
	struct slice clean = link->url;
	struct buf encoded;
	/* Only then is there anything to repair: an address that passes the check of a redirect is its own
	 * destination. */
	if (link->fault == URL_BAD_BYTE || url_has_encoded_host(link->url)) {
		init_scratch(&encoded, 3 * VALUE_MAX, link->url.n, arena);
		link->fault = url_destination(link->url, &encoded);
		clean = buf_slice(&encoded);
	}
	if (link->fault != URL_OK)
		link->skip = HTML_SKIP_BAD_URL;
	else
		link->skip = skip_by_owner(policy, link->url, clean);
	if (link->skip == HTML_NOT_SKIPPED)
		fill_destination(policy, clean, arena, link);
}

/* `piece` is what iconv made of the value; NULL when it was not asked. */
static void judge_value(const struct html_link_policy *policy, struct slice value, const struct charset_piece *piece,
			struct arena *arena, struct html_link *link)
{
	unsigned int kinds = kinds_in(value);
	bool is_decoded = !needs_decoding(policy->charset, value, kinds) ||
			  decode_characters(policy->charset, value, piece, arena, &value);
	if (kinds & (CONTROL | AMPERSAND)) {
		value = decode_references(value, arena);
		kinds = kinds_in(value);
	}
	link->url = url_trim(value);
	link->skip = skip_by_value(link->url, kinds);
	if (link->skip != HTML_NOT_SKIPPED)
		return;
	if (link->end - link->start > VALUE_MAX) {
		link->skip = HTML_SKIP_BAD_URL;
		link->fault = URL_TOO_LONG;
	} else if (!is_decoded) {
		link->skip = HTML_SKIP_CHARSET;
	} else {
		judge_http(policy, arena, link);
	}
}

void html_links_judge(const struct html_link_policy *policy, struct slice source, struct html_link *links, size_t count,
		      struct arena *arena)
{
	const struct charset_piece *piece = decode_values(policy->charset, source, links, count, arena);
	for (size_t i = 0; i < count; i++) {
		struct html_link *link = &links[i];
		struct slice value = value_of(source, link);
		enum html_skip by_tag = link->skip;
		bool has_piece = piece && needs_decoding(policy->charset, value, kinds_in(value));
		link->fault = URL_OK;
		link->destination = SLICE_EMPTY;
		judge_value(policy, value, has_piece ? piece++ : NULL, arena, link);
		if (by_tag == HTML_SKIP_DUPLICATE_ATTRIBUTE || link->skip == HTML_NOT_SKIPPED)
			link->skip = by_tag;
	}
}

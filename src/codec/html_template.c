/* SPDX-License-Identifier: Apache-2.0 */
/* Merge tags of mail builders inside href values. A tag that is still there was not merged: the link would lead nowhere
 * that can be known now, and another program may still be about to fill it in. So a false alarm costs one untracked
 * link and a miss breaks one; the tests lean to the former, except for what occurs in real addresses: %-escapes and
 * GUIDs in braces.
 */
#include "codec/html_link.h"

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == '-';
}

static bool is_escape(struct slice s)
{
	return s.n >= 3 && s.p[0] == '%' && is_hex(s.p[1]) && is_hex(s.p[2]);
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
		if (!is_hex(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

/* `%name%`. Either sign may also start an escape (`%ab%20`, but `%abc%/`); only when both can do, both are. */
static bool is_percent_tag(struct slice s)
{
	if (slice_starts_with(s, SLICE("%%")))
		return slice_contains(slice_from(s, 2), SLICE("%%"));
	size_t n = word_length(slice_from(s, 1));
	struct slice close = slice_from(s, 1 + n);
	if (n == 0 || close.n == 0 || close.p[0] != '%')
		return false;
	return !is_escape(s) || !is_escape(close);
}

static bool is_hash_tag(struct slice s)
{
	if (!slice_starts_with(s, SLICE("##")))
		return false;
	size_t n = word_length(slice_from(s, 2));
	return n > 0 && slice_starts_with(slice_from(s, 2 + n), SLICE("##"));
}

static bool is_tag_at(struct slice s)
{
	switch (s.p[0]) {
	case '{': return slice_contains(s, SLICE("}")) ? !is_braced_guid(s) : slice_starts_with(s, SLICE("{{"));
	case '*': return slice_starts_with(s, SLICE("*|")) && slice_contains(s, SLICE("|*"));
	case '<': return slice_starts_with(s, SLICE("<%")) || slice_starts_with(s, SLICE("<?"));
	case '[': return slice_starts_with(s, SLICE("[[")) && slice_contains(s, SLICE("]]"));
	case '#': return is_hash_tag(s);
	/* An editor may have escaped the braces. */
	case '%': return slice_starts_with_nocase(s, SLICE("%7b%7b")) || is_percent_tag(s);
	default: return false;
	}
}

bool html_has_template_tag(struct slice value)
{
	enum { LOOKED_AT = URL_MAX }; /* a tag behind it does not matter: such a value is too long to be tracked */
	struct slice s = slice_sub(value, 0, LOOKED_AT);
	for (size_t i = 0; i < s.n; i++)
		if (is_tag_at(slice_from(s, i)))
			return true;
	return false;
}

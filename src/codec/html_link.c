/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/html_link.h"

#include "codec/html_entities.h"

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

static bool is_clean(struct slice raw)
{
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];
		if (c < 0x20 || c >= 0x80 || c == '&')
			return false;
	}
	return true;
}

/* TAB, CR and LF are no part of a URL wherever they stand (WHATWG URL 4.4, step 3). */
static struct slice without_breaks(struct slice s, struct arena *arena)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n')
			to[n++] = s.p[i];
	return slice_of(to, n);
}

/* The value as its reader's program will see it. False when it holds characters that cannot be decoded; *ret is then
 * what windows-1252 would make of them, for the report only. */
static bool decode_value(enum html_charset charset, struct slice raw, struct arena *arena, struct slice *ret)
{
	raw = slice_sub(raw, 0, VALUE_MAX);
	if (is_clean(raw)) {
		*ret = url_trim(raw);
		return true;
	}
	struct buf characters;
	struct buf decoded;
	buf_init(&characters, 4 * VALUE_MAX);
	buf_init(&decoded, 8 * VALUE_MAX);
	bool is_known = html_charset_decode(charset, raw, &characters);
	if (!is_known)
		(void)html_charset_decode(HTML_CHARSET_WINDOWS_1252, raw, &characters); /* cannot fail */
	html_references_decode(buf_slice(&characters), HTML_REFERENCE_IN_ATTRIBUTE, &decoded);
	*ret = without_breaks(url_trim(buf_slice(&decoded)), arena);
	buf_done(&characters);
	buf_done(&decoded);
	return is_known;
}

static enum html_skip skip_by_value(struct slice url)
{
	if (url.n == 0)
		return HTML_SKIP_EMPTY;
	if (html_has_template_tag(url))
		return HTML_SKIP_TEMPLATE;
	if (url.p[0] == '#')
		return HTML_SKIP_FRAGMENT;
	if (url_scheme(url).n == 0)
		return HTML_SKIP_RELATIVE;
	return url_is_http(url) ? HTML_NOT_SKIPPED : HTML_SKIP_NOT_HTTP;
}

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

static void fill_destination(const struct html_link_policy *policy, struct slice clean, struct arena *arena,
			     struct html_link *link)
{
	if (policy->parameter_count == 0) {
		bool is_url_itself = slice_equal(clean, link->url);
		link->destination = is_url_itself ? link->url : arena_copy(arena, clean);
		return;
	}
	struct buf with;
	buf_init(&with, URL_MAX);
	url_append_with_parameters(clean, policy->parameters, policy->parameter_count, &with);
	/* A destination that has no room for the parameters goes without them. */
	link->destination = arena_copy(arena, buf_failed(&with) ? clean : buf_slice(&with));
	buf_done(&with);
}

static void judge_http(const struct html_link_policy *policy, struct arena *arena, struct html_link *link)
{
	link->fault = url_check_redirect(link->url);
	struct slice clean = link->url;
	struct buf encoded;
	buf_init(&encoded, 3 * VALUE_MAX);
	if (link->fault == URL_BAD_BYTE) {
		link->fault = url_destination(link->url, &encoded);
		clean = buf_slice(&encoded);
	}
	if (link->fault != URL_OK)
		link->skip = HTML_SKIP_BAD_URL;
	else
		link->skip = skip_by_owner(policy, link->url, clean);
	if (link->skip == HTML_NOT_SKIPPED)
		fill_destination(policy, clean, arena, link);
	buf_done(&encoded);
}

void html_link_judge(const struct html_link_policy *policy, struct slice raw, struct arena *arena,
		     struct html_link *link)
{
	link->fault = URL_OK;
	link->destination = SLICE_EMPTY;
	bool is_decoded = decode_value(policy->charset, raw, arena, &link->url);
	link->skip = skip_by_value(link->url);
	if (link->skip != HTML_NOT_SKIPPED)
		return;
	if (raw.n > VALUE_MAX) {
		link->skip = HTML_SKIP_BAD_URL;
		link->fault = URL_TOO_LONG;
	} else if (!is_decoded) {
		link->skip = HTML_SKIP_CHARSET;
	} else {
		judge_http(policy, arena, link);
	}
}

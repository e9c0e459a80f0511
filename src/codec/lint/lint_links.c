/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said about where links lead without going there. */
#include "codec/lint/lint_links.h"

#include "codec/lint/lint_words.h"

enum { SHOWN_URL = 120, MANY_LINKS = 100, HOST_MAX = 253 };

/* Lists here are short and asked once a link; a table would be more to read than to gain. */
static bool is_one_of(struct slice word, const struct slice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal_nocase(word, list[i]))
			return true;
	return false;
}
#define IS_ONE_OF(word, list) is_one_of(word, list, sizeof(list) / sizeof((list)[0]))

/* ---- hosts ---- */

/* The top-level domain, or the whole of a name without a dot. */
static struct slice last_label(struct slice host)
{
	const char *dot = host.n ? memrchr(host.p, '.', host.n) : NULL;
	return dot ? slice_from(host, (size_t)(dot - host.p) + 1) : host;
}

/* The part that one owner has registered, as far as it can be told without the public suffix list: the last two labels,
 * three below `co.uk` and its like. */
static struct slice site_of(struct slice host)
{
	static const struct slice second_levels[] = {
	    SLICE("co"), SLICE("com"), SLICE("org"), SLICE("net"), SLICE("ac"),  SLICE("gov"), SLICE("edu"),
	    SLICE("or"), SLICE("ne"),  SLICE("go"),  SLICE("gob"), SLICE("ltd"), SLICE("plc"), SLICE("gouv")};
	struct slice top = last_label(host);
	if (top.n + 1 >= host.n)
		return host;
	struct slice rest = slice_sub(host, 0, host.n - top.n - 1);
	struct slice second = last_label(rest);
	size_t n = second.n + 1 + top.n;
	if (top.n == 2 && second.n < rest.n && IS_ONE_OF(second, second_levels)) {
		rest = slice_sub(rest, 0, rest.n - second.n - 1);
		n += last_label(rest).n + 1;
	}
	return slice_from(host, host.n - n);
}

static bool is_same_site(struct slice a, struct slice b)
{
	return slice_equal_nocase(site_of(a), site_of(b));
}

static bool is_ipv4(struct slice host, unsigned ret_octets[4])
{
	for (size_t i = 0; i < 4; i++) {
		uint64_t number;
		if (host.n == 0 || !slice_to_u64(slice_cut(&host, '.'), 255, &number))
			return false;
		ret_octets[i] = (unsigned)number;
	}
	return host.n == 0;
}

/* Browsers also read a host that is one number, decimal or hexadecimal, as an address. */
static bool is_number(struct slice host)
{
	unsigned octets[4];
	uint64_t number;
	return is_ipv4(host, octets) || slice_starts_with(host, SLICE("[")) ||
	       slice_to_u64(host, UINT32_MAX, &number) || slice_starts_with_nocase(host, SLICE("0x"));
}

/* Not a number, and nothing that is percent-encoded and may be a whole name once it is decoded. */
static bool is_word(struct slice host)
{
	return host.n > 0 && !is_number(host) && slice_index(host, '%') == host.n;
}

/* What only the author's machine or network reaches: it works for him and for no reader. Private networks are those of
 * RFC 1918, 169.254 is RFC 3927's. */
static bool is_local(struct slice host)
{
	unsigned o[4];
	if (is_ipv4(host, o))
		return o[0] == 127 || o[0] == 10 || o[0] == 0 || (o[0] == 192 && o[1] == 168) ||
		       (o[0] == 172 && o[1] >= 16 && o[1] < 32) || (o[0] == 169 && o[1] == 254);
	struct slice top = last_label(host);
	return slice_equal(host, SLICE("[::1]")) || slice_equal_nocase(top, SLICE("localhost")) ||
	       slice_equal_nocase(top, SLICE("local")) || (top.n == host.n && is_word(host));
}

/* Those that filters know by name (SURBL and the like list abused ones); a shortener of one's own domain is no
 * finding. */
static bool is_shortener(struct slice host)
{
	static const struct slice hosts[] = {
	    SLICE("bit.ly"),     SLICE("tinyurl.com"), SLICE("goo.gl"),      SLICE("t.co"),       SLICE("ow.ly"),
	    SLICE("is.gd"),      SLICE("v.gd"),        SLICE("buff.ly"),     SLICE("rebrand.ly"), SLICE("cutt.ly"),
	    SLICE("tiny.cc"),    SLICE("rb.gy"),       SLICE("shorturl.at"), SLICE("t.ly"),       SLICE("bl.ink"),
	    SLICE("adf.ly"),     SLICE("soo.gd"),      SLICE("s.id"),        SLICE("dlvr.it"),    SLICE("j.mp"),
	    SLICE("tr.im"),      SLICE("x.co"),        SLICE("shorte.st"),   SLICE("clck.ru"),    SLICE("qr.ae"),
	    SLICE("tinyurl.ws"), SLICE("short.io"),    SLICE("lnkd.in")};
	if (slice_starts_with_nocase(host, SLICE("www.")))
		host = slice_from(host, 4);
	return IS_ONE_OF(host, hosts);
}

static bool is_host_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.';
}

/* ---- what a text shows ---- */

/* A host by its looks: labels with a dot between them, none empty. */
static bool is_name(struct slice host)
{
	size_t label = 0;
	if (host.n == 0 || host.n > HOST_MAX || last_label(host).n == host.n || last_label(host).n < 2)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (!is_host_byte(host.p[i]) || (host.p[i] == '.' && label == 0))
			return false;
		label = host.p[i] == '.' ? 0 : label + 1;
	}
	return label > 0;
}

/* Endings that nobody takes for a file's or a product's. */
static bool is_known_top(struct slice top)
{
	static const struct slice tops[] = {
	    SLICE("com"), SLICE("org"), SLICE("edu"), SLICE("gov"), SLICE("info"), SLICE("biz"),
	    SLICE("de"),  SLICE("uk"),  SLICE("eu"),  SLICE("fr"),  SLICE("ch"),   SLICE("at"),
	    SLICE("nl"),  SLICE("be"),  SLICE("es"),  SLICE("it"),  SLICE("se"),   SLICE("dk"),
	    SLICE("no"),  SLICE("fi"),  SLICE("pl"),  SLICE("cz"),  SLICE("ru"),   SLICE("cn"),
	    SLICE("jp"),  SLICE("br"),  SLICE("au"),  SLICE("ca"),  SLICE("us"),   SLICE("nz"),
	    SLICE("io"),  SLICE("co"),  SLICE("app"), SLICE("dev"), SLICE("shop"), SLICE("example")};
	return IS_ONE_OF(top, tops);
}

/* The host that a reader of `text` believes the link to lead to; empty when it shows none. */
static struct slice shown_host(struct slice text)
{
	bool is_bare = false;
	if (text.n > 0 && (text.p[0] == '<' || text.p[0] == '('))
		text = slice_from(text, 1);
	if (slice_starts_with_nocase(text, SLICE("https://")))
		text = slice_from(text, 8);
	else if (slice_starts_with_nocase(text, SLICE("http://")))
		text = slice_from(text, 7);
	else
		is_bare = !slice_starts_with_nocase(text, SLICE("www."));
	size_t n = 0;
	while (n < text.n && is_host_byte(text.p[n]))
		n++;
	struct slice host = slice_sub(text, 0, n);
	struct slice behind = slice_from(text, n);
	/* A bare name counts only when it is all of the text, or a path follows it. */
	if (is_bare && behind.n > 0 && (behind.p[0] != '/' || slice_index(behind, ' ') < behind.n))
		return SLICE_EMPTY;
	if (behind.n > 0 && (behind.p[0] == '@' || (unsigned char)behind.p[0] >= 0x80 || behind.p[0] == '{'))
		return SLICE_EMPTY;
	while (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (!is_name(host) || (is_bare && !is_known_top(last_label(host))))
		return SLICE_EMPTY;
	return host;
}

/* ---- judging ---- */

struct judging {
	struct lint_work *work;
	struct slice own_host;
	bool reports_http;
};

/* A text that shows one site and leads to another is what phishing does and filters look for. When only tracking makes
 * it so, that is the lesser finding: the reader ends up where the text says. */
static void judge_text(struct judging *j, const struct lint_link *link, struct slice host)
{
	struct slice shown = shown_host(link->text);
	if (shown.n == 0)
		return;
	if (!is_same_site(shown, host)) {
		lint_add(j->work, LINT_PHISHING_TEXT, link->place, "shows %.*s, leads to %.*s", SLICE_FMT(shown),
			 SLICE_FMT(host));
		return;
	}
	bool is_tracked = link->link.skip == HTML_NOT_SKIPPED;
	if (is_tracked && html_text_is_url(link->text) && !is_same_site(shown, j->own_host))
		lint_add(j->work, LINT_VISIBLE_URL, link->place, "%.*s",
			 SLICE_FMT(slice_sub(link->text, 0, SHOWN_URL)));
}

/* `https://bank.example@evil.example/`: browsers drop what is before the last @, readers do not. */
static bool has_userinfo(struct slice url)
{
	struct slice rest = slice_from(url, url_scheme(url).n + 3);
	size_t n = 0;
	while (n < rest.n && !strchr("/?#\\", rest.p[n]))
		n++;
	return slice_index(slice_sub(rest, 0, n), '@') < n;
}

static void judge_web_link(struct judging *j, const struct lint_link *link)
{
	struct slice url = link->link.url;
	struct slice host = url_host(url);
	struct slice shown = slice_sub(url, 0, SHOWN_URL);
	if (host.n == 0)
		return;
	if (is_local(host))
		lint_add(j->work, LINT_LOCAL_LINK, link->place, "%.*s", SLICE_FMT(shown));
	else if (is_number(host))
		lint_add(j->work, LINT_IP_LINK, link->place, "%.*s", SLICE_FMT(shown));
	else if (is_shortener(host))
		lint_add(j->work, LINT_SHORTENED_LINK, link->place, "%.*s", SLICE_FMT(shown));
	else if (j->reports_http && slice_starts_with_nocase(url, SLICE("http:")))
		lint_add(j->work, LINT_HTTP_LINK, link->place, "%.*s", SLICE_FMT(shown));
	if (has_userinfo(url))
		lint_add(j->work, LINT_USERINFO_LINK, link->place, "%.*s", SLICE_FMT(shown));
	judge_text(j, link, host);
	if (link->link.skip == HTML_NOT_SKIPPED && (lint_is_unsubscribe(link->text) || lint_is_unsubscribe(url)))
		lint_add(j->work, LINT_TRACKED_UNSUBSCRIBE, link->place, "%.*s", SLICE_FMT(shown));
}

/* SendGrid's `[Unsubscribe]`. */
static bool is_bracketed_tag(struct slice url)
{
	return slice_starts_with(url, SLICE("[")) && slice_ends_with(url, SLICE("]"));
}

/* What its author most likely forgot. */
static const char *what_is_missing(struct slice url)
{
	size_t end = 0;
	while (end < url.n && !strchr("/?#", url.p[end]))
		end++;
	struct slice head = slice_sub(url, 0, end);
	if (slice_index(head, '@') < head.n)
		return " (mailto: is missing)";
	if (slice_starts_with_nocase(url, SLICE("www.")) || (is_name(head) && is_known_top(last_label(head))))
		return " (https:// is missing)";
	return slice_starts_with(url, SLICE("//")) ? " (https: is missing)" : "";
}

/* Schemes that no mail client follows: what runs, what is local, what is a document by itself. */
static void judge_scheme(struct judging *j, const struct lint_link *link)
{
	static const struct slice dead[] = {SLICE("javascript"), SLICE("vbscript"), SLICE("data"),  SLICE("file"),
					    SLICE("blob"),       SLICE("about"),    SLICE("chrome")};
	if (IS_ONE_OF(url_scheme(link->link.url), dead))
		lint_add(j->work, LINT_SCRIPT_LINK, link->place, "%.*s",
			 SLICE_FMT(slice_sub(link->link.url, 0, SHOWN_URL)));
}

/* What became of a link says most of what is wrong with it; the web addresses among them are looked at more closely. */
static void judge_link(struct judging *j, const struct lint_link *link)
{
	struct lint_work *work = j->work;
	struct slice shown = slice_sub(link->link.url, 0, SHOWN_URL);
	switch (link->link.skip) {
	case HTML_SKIP_OWN_LINK:
	case HTML_SKIP_AMP: break;
	case HTML_SKIP_DUPLICATE_ATTRIBUTE:
		lint_add(work, LINT_DUPLICATE_HREF, link->place, "%.*s", SLICE_FMT(shown));
		break;
	case HTML_SKIP_EMPTY: lint_add(work, LINT_PLACEHOLDER_LINK, link->place, "empty"); break;
	case HTML_SKIP_FRAGMENT:
		if (link->link.url.n == 1)
			lint_add(work, LINT_PLACEHOLDER_LINK, link->place, "#");
		break;
	case HTML_SKIP_TEMPLATE:
		if (!work->options->is_template)
			lint_add(work, LINT_TEMPLATE_LINK, link->place, "%.*s", SLICE_FMT(shown));
		break;
	case HTML_SKIP_RELATIVE:
		if (is_bracketed_tag(link->link.url)) {
			if (!work->options->is_template)
				lint_add(work, LINT_TEMPLATE_LINK, link->place, "%.*s", SLICE_FMT(shown));
			break;
		}
		lint_add(work, LINT_RELATIVE_LINK, link->place, "%.*s%s", SLICE_FMT(shown),
			 what_is_missing(link->link.url));
		break;
	case HTML_SKIP_NOT_HTTP: judge_scheme(j, link); break;
	case HTML_SKIP_CHARSET: lint_add(work, LINT_UNKNOWN_CHARSET, link->place, "%.*s", SLICE_FMT(shown)); break;
	case HTML_SKIP_BAD_URL:
		lint_add(work, LINT_BAD_URL, link->place, "%s: %.*s", url_fault_text(link->link.fault),
			 SLICE_FMT(shown));
		break;
	default: judge_web_link(j, link); break;
	}
}

/* Plain http stands out where at least half of the links are https. */
static bool is_https_mail(const struct lint_link *links, size_t count)
{
	size_t http = 0;
	size_t https = 0;
	for (size_t i = 0; i < count; i++) {
		http += slice_starts_with_nocase(links[i].link.url, SLICE("http:"));
		https += slice_starts_with_nocase(links[i].link.url, SLICE("https:"));
	}
	return https > 0 && https >= http;
}

/* Links to unsubscribe are looked for among all, tracked or not: a way out is a way out. */
void lint_links_judge(struct lint_work *work, size_t first)
{
	size_t count = work->report.link_count - first;
	if (count == 0)
		return;
	const struct lint_link *links = &work->report.links[first];
	struct judging j = {.work = work, .own_host = url_host(work->options->base_url)};
	size_t web_links = 0;
	j.reports_http = is_https_mail(links, count);
	for (size_t i = 0; i < count; i++) {
		work->has_unsubscribe_link |=
		    lint_is_unsubscribe(links[i].text) || lint_is_unsubscribe(links[i].link.url);
		web_links += url_is_http(links[i].link.url);
		judge_link(&j, &links[i]);
	}
	if (web_links > MANY_LINKS)
		lint_add(work, LINT_MANY_LINKS, lint_place_of_part(work), "%zu", web_links);
}

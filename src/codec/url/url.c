/* SPDX-License-Identifier: Apache-2.0 */
/* Browsers repair addresses; a redirect must not have to. So repairs are made once, when a mail is built
 * (url_destination), and what a redirect is given is only checked, by the same rules, so that a token of an older
 * version or another program gets no further. Nearly all addresses are clean: one pass says so, over all bytes and
 * without a branch, and they are taken as they are. */
#include "codec/url/url.h"

#include "codec/text/hex.h"
#include "codec/text/percent.h"
#include "codec/url/idn.h"

static unsigned char byte_at(struct slice s, size_t at)
{
	return (unsigned char)s.p[at];
}

static bool is_letter(unsigned char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

const char *url_fault_text(enum url_fault fault)
{
	switch (fault) {
	case URL_OK: return "ok";
	case URL_TOO_LONG: return "longer than 16384 bytes";
	case URL_NOT_HTTP: return "neither http nor https";
	case URL_NO_SLASHES: return "no // behind the scheme";
	case URL_BAD_BYTE:
		return "a space, a quote, an angle bracket, a backslash, a control character or a byte that is not "
		       "ASCII";
	case URL_BAD_USERINFO: return "a user part that hides the host";
	case URL_BAD_HOST: return "no valid host";
	case URL_BAD_PORT: return "no valid port";
	}
	return "unknown";
}

struct slice url_trim(struct slice s)
{
	while (s.n > 0 && byte_at(s, 0) <= 0x20)
		s = slice_from(s, 1);
	while (s.n > 0 && byte_at(s, s.n - 1) <= 0x20)
		s.n--;
	return s;
}

/* RFC 3986, 3.1: a letter, then letters, digits, `+`, `-` and `.`; a colon behind anything else is part of a path. */
struct slice url_scheme(struct slice s)
{
	if (s.n == 0 || !is_letter(byte_at(s, 0)))
		return SLICE_EMPTY;
	for (size_t i = 1; i < s.n; i++) {
		unsigned char c = byte_at(s, i);
		if (c == ':')
			return slice_sub(s, 0, i);
		if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.')
			break;
	}
	return SLICE_EMPTY;
}

bool url_is_http(struct slice s)
{
	enum { HTTP = 4 };
	if (!slice_starts_with_nocase(s, SLICE("http")) || s.n == HTTP)
		return false;
	bool is_secure = (s.p[HTTP] | 0x20) == 's';
	return is_secure ? s.n > HTTP + 1 && s.p[HTTP + 1] == ':' : s.p[HTTP] == ':';
}

/* What lies between `//` and the first `/`, `?`, `#` or backslash, userinfo included. */
static struct slice full_authority(struct slice url)
{
	if (!url_is_http(url))
		return SLICE_EMPTY;
	size_t from = slice_index(url, ':') + 3;
	if (url.n < from || url.p[from - 2] != '/' || url.p[from - 1] != '/')
		return SLICE_EMPTY;
	size_t to = from;
	while (to < url.n && url.p[to] != '/' && url.p[to] != '?' && url.p[to] != '#' && url.p[to] != '\\')
		to++;
	return slice_sub(url, from, to);
}

/* Browsers take the last `@` as the end of the userinfo. */
struct slice url_authority(struct slice url)
{
	struct slice authority = full_authority(url);
	size_t from = authority.n;
	while (from > 0 && authority.p[from - 1] != '@')
		from--;
	return slice_from(authority, from);
}

/* Where the host ends in an authority without userinfo. */
static size_t host_end(struct slice authority)
{
	if (authority.n > 0 && authority.p[0] == '[') {
		size_t close = slice_index(authority, ']');
		return close < authority.n ? close + 1 : authority.n;
	}
	return slice_index(authority, ':');
}

/* With the brackets of an IPv6 literal, as it must be written wherever a host stands. */
struct slice url_host(struct slice url)
{
	struct slice authority = url_authority(url);
	return slice_sub(authority, 0, host_end(authority));
}

/* Ports only when the own host has one: behind a proxy the port of a link says nothing about who answers it. */
bool url_is_on_host(struct slice url, struct slice own)
{
	bool has_port = host_end(own) < own.n;
	return own.n > 0 && slice_equal_nocase(has_port ? url_authority(url) : url_host(url), own);
}

/* Only by its looks: what is wrong with it fails in the reader's browser and leads nowhere else. */
static bool is_ipv6_literal(struct slice host)
{
	if (host.n < 4 || host.p[host.n - 1] != ']')
		return false;
	size_t colons = 0;
	for (size_t i = 1; i + 1 < host.n; i++) {
		unsigned char c = byte_at(host, i);
		colons += c == ':';
		if (hex_value((char)c) < 0 && c != ':' && c != '.')
			return false;
	}
	return colons >= 2;
}

/* `%C3` is a byte of a name that is not ASCII; `%2F` would be a slash for those who decode it. */
static bool is_encoded_high_byte(struct slice s, size_t at)
{
	return at + 2 < s.n && hex_byte(s.p[at + 1], s.p[at + 2]) >= 0x80;
}

static bool is_host_byte(unsigned char c)
{
	return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

enum { HOST_MAX = 3 * 253 }; /* RFC 1035's 253, percent-encoded */

/* Underscores are in no host name of RFC 1123, but in names that resolve, and browsers open them. */
static bool is_host(struct slice host)
{
	if (host.n == 0 || host.n > HOST_MAX || host.p[0] == '.')
		return false;
	if (host.p[0] == '[')
		return is_ipv6_literal(host);
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = byte_at(host, i);
		if (c == '.' && i > 0 && host.p[i - 1] == '.')
			return false;
		if (c == '%' ? !is_encoded_high_byte(host, i) : !is_host_byte(c))
			return false;
	}
	return true;
}

static enum url_fault check_authority(struct slice url)
{
	struct slice full = full_authority(url);
	struct slice authority = url_authority(url);
	if (slice_contains(slice_sub(full, 0, full.n - authority.n > 0 ? full.n - authority.n - 1 : 0), SLICE("@")))
		return URL_BAD_USERINFO;
	size_t end = host_end(authority);
	if (!is_host(slice_sub(authority, 0, end)))
		return URL_BAD_HOST;
	struct slice port = slice_from(authority, end);
	uint64_t number = 0;
	if (port.n > 1 && (port.n > 6 || !slice_to_u64(slice_from(port, 1), 65535, &number)))
		return URL_BAD_PORT;
	return port.n == 0 || port.p[0] == ':' ? URL_OK : URL_BAD_PORT;
}

/* What may stand in a destination as it is. */
static bool is_plain(unsigned char c)
{
	return (c > 0x20) & (c < 0x7f) & (c != '"') & (c != '<') & (c != '>') & (c != '`') & (c != '\\');
}

/* All bytes are looked at, so that the compiler can look at many at a time. */
static bool is_all_plain(struct slice s)
{
	bool is_all = true;
	for (size_t i = 0; i < s.n; i++)
		is_all &= is_plain(byte_at(s, i));
	return is_all;
}

/* Bytes first, since everything behind relies on there being none that ends a header line or hides from a reader. */
enum url_fault url_check_redirect(struct slice destination)
{
	if (destination.n > URL_MAX)
		return URL_TOO_LONG;
	if (!is_all_plain(destination))
		return URL_BAD_BYTE;
	if (!url_is_http(destination))
		return URL_NOT_HTTP;
	size_t colon = url_scheme(destination).n;
	if (!slice_starts_with(slice_from(destination, colon), SLICE("://")))
		return URL_NO_SLASHES;
	return check_authority(destination);
}

enum url_place { IN_AUTHORITY, IN_PATH, IN_QUERY };

/* Which part the byte behind `c` belongs to. `slashes` counts those seen so far. */
static enum url_place place_after(enum url_place place, unsigned char c, size_t slashes)
{
	if (c == '?' || c == '#')
		return IN_QUERY;
	return place == IN_AUTHORITY && c == '/' && slashes > 2 ? IN_PATH : place;
}

/* A backslash is a slash to browsers, up to the query (WHATWG URL 4.4). In the path it becomes one; in front of that it
 * would move where the host ends, so it stays, for the check to refuse. */
static void append_encoded(struct slice written, struct buf *to)
{
	enum url_place place = IN_AUTHORITY;
	size_t slashes = 0;
	for (size_t i = 0; i < written.n; i++) {
		unsigned char c = byte_at(written, i);
		if (c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '\\' && place == IN_PATH)
			buf_append_byte(to, '/');
		else if (is_plain(c) || (c == '\\' && place == IN_AUTHORITY))
			buf_append_byte(to, (char)c);
		else
			percent_append_byte(to, (char)c);
		slashes += c == '/';
		place = place_after(place, c, slashes);
	}
}

/* ---- hosts that are not written in ASCII ---- */

/* Percent signs fall out of a host before anything else looks at it, and ASCII letters become small. False when what
 * they stood for is no part of any host; a NUL, which would cut the name short, among it. */
static bool decode_host(struct slice host, struct buf *to, bool *ret_is_ascii)
{
	*ret_is_ascii = true;
	percent_append_decoded(to, host);
	for (size_t i = 0; i < to->n; i++) {
		unsigned char c = (unsigned char)to->p[i];
		if (c < 0x80 && !is_host_byte(c))
			return false;
		*ret_is_ascii = *ret_is_ascii && c < 0x80;
		to->p[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return !buf_failed(to);
}

/* Bytes [from, to) of `b` become `with`. */
static void replace(struct buf *b, size_t from, size_t to, struct slice with)
{
	size_t tail = b->n - to;
	if (with.n > to - from)
		buf_append(b, slice_sub(with, 0, with.n - (to - from))); /* only for the room */
	if (buf_failed(b))
		return;
	memmove(b->p + from + with.n, b->p + to, tail);
	memcpy(b->p + from, with.p, with.n);
	buf_truncate(b, from + with.n + tail);
}

/* Turns the host of the destination that `b` holds from `before` on, percent-encoded, into punycode. Characters that
 * libidn2 does not know stay percent-encoded: a browser, whose Unicode is newer, decides about them. */
static enum url_fault encode_host(struct buf *b, size_t before)
{
	char name_room[HOST_MAX + 1];
	char ascii_room[HOST_MAX + 1];
	struct buf name;
	struct buf ascii;
	bool is_ascii = false;
	struct slice host = url_host(slice_from(buf_slice(b), before));
	size_t from = (size_t)(host.p - b->p);
	buf_init_fixed(&name, name_room, sizeof(name_room));
	buf_init_fixed(&ascii, ascii_room, sizeof(ascii_room));
	if (!decode_host(host, &name, &is_ascii))
		return URL_BAD_HOST;
	enum idn_result result = IDN_OK;
	if (is_ascii)
		buf_append(&ascii, buf_slice(&name));
	else
		result = idn_to_ascii(buf_slice(&name), &ascii);
	if (result == IDN_UNKNOWN)
		return URL_OK;
	if (result == IDN_REFUSED || buf_failed(&ascii) || !is_host(buf_slice(&ascii)))
		return URL_BAD_HOST;
	replace(b, from, from + host.n, buf_slice(&ascii));
	return buf_failed(b) ? URL_TOO_LONG : URL_OK;
}

/* Two looks, since nearly no address has a percent sign at all. */
bool url_has_encoded_host(struct slice url)
{
	return slice_index(url, '%') < url.n && slice_index(url_host(url), '%') < url_host(url).n;
}

enum url_fault url_destination(struct slice written, struct buf *to)
{
	/* Nearly every link is clean already. */
	size_t plain = 0;
	while (plain < written.n && is_plain(byte_at(written, plain)))
		plain++;
	size_t before = to->n;
	if (plain == written.n)
		buf_append(to, written);
	else
		append_encoded(written, to);
	enum url_fault fault = buf_failed(to) ? URL_TOO_LONG : URL_OK;
	if (fault == URL_OK && url_has_encoded_host(slice_from(buf_slice(to), before)))
		fault = encode_host(to, before);
	if (fault == URL_OK)
		fault = url_check_redirect(slice_from(buf_slice(to), before));
	if (fault != URL_OK)
		buf_truncate(to, before);
	return fault;
}

/* Names as they are written: `utm_source` is not percent-encoded by anybody. */
static bool query_has(struct slice query, struct slice key)
{
	while (query.n > 0) {
		struct slice pair = slice_cut(&query, '&');
		if (slice_equal(slice_cut(&pair, '='), key))
			return true;
	}
	return false;
}

/* A parameter that is there already stays: its author knows better than a setting for all links. */
void url_append_with_parameters(struct slice url, const struct url_parameter *parameters, size_t count, struct buf *to)
{
	size_t fragment_at = slice_index(url, '#');
	struct slice base = slice_sub(url, 0, fragment_at);
	size_t query_at = slice_index(base, '?');
	struct slice query = slice_from(base, query_at + 1);
	buf_append(to, base);
	/* `?` opens a query; behind an open one goes `&`, unless it is empty or ends in one. */
	bool has_query = query_at < base.n;
	bool needs_separator = !has_query || (query.n > 0 && query.p[query.n - 1] != '&');
	for (size_t i = 0; i < count; i++) {
		if (query_has(query, parameters[i].key))
			continue;
		if (needs_separator)
			buf_append_byte(to, has_query ? '&' : '?');
		percent_encode(to, parameters[i].key);
		buf_append_byte(to, '=');
		percent_encode(to, parameters[i].value);
		has_query = true;
		needs_separator = true;
	}
	buf_append(to, slice_from(url, fragment_at));
}

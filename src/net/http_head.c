/* SPDX-License-Identifier: Apache-2.0 */
/* llhttp 8.1 alone is not enough: it takes a lone CR for the end of a line (CVE-2023-30589), folded lines, an empty
 * header name, and Content-Length beside Transfer-Encoding in some orders. So the structure of the lines is checked
 * here, and llhttp is left to judge the bytes inside them. It sees whole blocks only and keeps no state between them.
 */
#include "net/http_head.h"
#include <llhttp.h>

enum http_head_end http_head_find_end(struct slice bytes, size_t *scanned)
{
	size_t at = *scanned; /* always the start of a line */
	for (;;) {
		const char *lf = at < bytes.n ? memchr(bytes.p + at, '\n', bytes.n - at) : NULL;
		if (!lf)
			return HTTP_HEAD_MORE;
		size_t end = (size_t)(lf - bytes.p);
		/* A lone LF may end a line (RFC 9112, 2.2) and may not: two readers in a row that differ about it is
		 * how requests are smuggled. */
		if (end == at || bytes.p[end - 1] != '\r')
			return HTTP_HEAD_BAD;
		bool blank = end == at + 1;
		at = end + 1;
		*scanned = at;
		if (blank)
			return HTTP_HEAD_WHOLE;
	}
}

/* What llhttp made of the block. */
struct opinion {
	bool complete;
	bool chunked;
	uint64_t content_length;
};

static int on_headers_complete(llhttp_t *parser)
{
	struct opinion *opinion = parser->data;
	opinion->complete = true;
	opinion->chunked = (parser->flags & F_CHUNKED) != 0;
	opinion->content_length = parser->content_length;
	return 1; /* whatever follows is not llhttp's to read */
}

static bool second_reader_agrees(const struct http_head *head)
{
	static const llhttp_settings_t settings = {.on_headers_complete = on_headers_complete};
	struct opinion opinion = {0};
	llhttp_t parser;
	llhttp_init(&parser, HTTP_REQUEST, &settings);
	parser.data = &opinion;
	llhttp_errno_t error = llhttp_execute(&parser, head->bytes.p, head->bytes.n);
	if (error != HPE_OK && error != HPE_PAUSED_UPGRADE)
		return false;
	return opinion.complete && opinion.chunked == head->chunked && opinion.content_length == head->content_length;
}

/* The next line without its CR LF; false when a CR stands anywhere else. */
static bool take_line(struct slice *rest, struct slice *ret)
{
	struct slice line = slice_cut(rest, '\n');
	if (line.n == 0 || slice_index(line, '\r') != line.n - 1)
		return false;
	*ret = slice_sub(line, 0, line.n - 1);
	return true;
}

static bool is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~!$&'()*+;=:[]%", c));
}

/* Letters of a host and port (RFC 3986); a comma is left out, for it is how two Hosts are joined. */
static bool is_host(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_host_byte(s.p[i]))
			return false;
	return true;
}

/* Splits origin-form, absolute-form (its authority goes to *ret_authority, else p stays NULL) or "*". */
static bool read_target(struct http_head *head, struct slice *ret_authority)
{
	struct slice rest = head->target;
	if (slice_index(rest, '#') < rest.n)
		return false;
	if (rest.n > 0 && rest.p[0] != '/' && !slice_equal(rest, SLICE("*"))) {
		size_t scheme = slice_starts_with_nocase(rest, SLICE("http://"))    ? 7
				: slice_starts_with_nocase(rest, SLICE("https://")) ? 8
										    : 0;
		if (!scheme)
			return false;
		rest = slice_from(rest, scheme);
		size_t end = 0;
		while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
			end++;
		*ret_authority = slice_sub(rest, 0, end);
		rest = slice_from(rest, end);
		if (ret_authority->n == 0 || !is_host(*ret_authority))
			return false;
	}
	size_t mark = slice_index(rest, '?');
	head->path = mark > 0 ? slice_sub(rest, 0, mark) : SLICE("/");
	head->query = slice_from(rest, mark + 1);
	return true;
}

/* "METHOD target HTTP/1.x" with single spaces. */
static unsigned read_request_line(struct http_head *head, struct slice line, struct slice *ret_authority)
{
	head->method = slice_cut(&line, ' ');
	head->target = slice_cut(&line, ' ');
	if (slice_equal(line, SLICE("HTTP/1.1")))
		head->minor = 1;
	else if (slice_equal(line, SLICE("HTTP/1.0")))
		head->minor = 0;
	/* `PRI * HTTP/2.0` is no request in another version but the preface of HTTP/2 (RFC 9113, 3.4). */
	else if (line.n == 8 && slice_starts_with(line, SLICE("HTTP/")) && !slice_equal(head->method, SLICE("PRI")))
		return 505;
	else
		return 400;
	if (head->method.n == 0 || head->target.n == 0 || slice_equal(head->method, SLICE("CONNECT")))
		return 400;
	return read_target(head, ret_authority) ? 0 : 400;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trim_blanks(struct slice s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = slice_from(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static unsigned read_fields(struct http_head *head, struct slice rest)
{
	struct slice line;
	for (;;) {
		if (!take_line(&rest, &line))
			return 400;
		if (line.n == 0)
			return rest.n == 0 ? 0 : 400;
		size_t colon = slice_index(line, ':');
		if (is_blank(line.p[0]) || colon == 0 || colon == line.n || is_blank(line.p[colon - 1]))
			return 400; /* a folded line (RFC 9112 5.2), no name, or a space before the colon (5.1) */
		if (head->field_count == head->field_max)
			return 431;
		head->fields[head->field_count++] =
		    (struct http_head_field){slice_sub(line, 0, colon), trim_blanks(slice_from(line, colon + 1))};
	}
}

/* What the fields that frame and route a message say, and how often. */
struct framing {
	unsigned hosts, lengths, codings;
	struct slice host;
	bool close, keep_alive, unknown_expect;
};

static void note_connection(struct framing *framing, struct slice value)
{
	while (value.n > 0) {
		struct slice option = trim_blanks(slice_cut(&value, ','));
		if (slice_equal_nocase(option, SLICE("close")))
			framing->close = true;
		else if (slice_equal_nocase(option, SLICE("keep-alive")))
			framing->keep_alive = true;
	}
}

/* Some gateways fold '_' to '-': what is Transfer_Encoding here would be Transfer-Encoding there. */
static bool is_lookalike(struct slice name)
{
	static const struct slice framed[] = {{"content-length", 14}, {"transfer-encoding", 17}};
	for (size_t i = 0; i < 2; i++) {
		if (name.n != framed[i].n || slice_equal_nocase(name, framed[i]))
			continue;
		size_t at = slice_index(framed[i], '-');
		if (slice_equal_nocase(slice_sub(name, 0, at), slice_sub(framed[i], 0, at)) &&
		    slice_equal_nocase(slice_from(name, at + 1), slice_from(framed[i], at + 1)))
			return true;
	}
	return false;
}

/* False: refuse. */
static bool note_field(struct http_head *head, struct framing *framing, const struct http_head_field *field)
{
	struct slice name = field->name, value = field->value;
	if (name.n == 4 && slice_equal_nocase(name, SLICE("host"))) {
		framing->hosts++;
		framing->host = value;
		return is_host(value);
	}
	if (name.n == 14 && slice_equal_nocase(name, SLICE("content-length"))) {
		framing->lengths++;
		return slice_to_u64(value, UINT64_MAX / 2, &head->content_length);
	}
	if (name.n == 17 && slice_equal_nocase(name, SLICE("transfer-encoding"))) {
		framing->codings++;
		head->chunked = true;
		/* Alone: where a body in any other coding ends nobody here can tell. */
		return slice_equal_nocase(value, SLICE("chunked"));
	}
	if (name.n == 10 && slice_equal_nocase(name, SLICE("connection")))
		note_connection(framing, value);
	if (name.n == 6 && slice_equal_nocase(name, SLICE("expect"))) {
		head->expect_continue = slice_equal_nocase(value, SLICE("100-continue"));
		framing->unknown_expect |= !head->expect_continue;
	}
	return !is_lookalike(name);
}

static unsigned judge_fields(struct http_head *head, struct slice authority)
{
	struct framing framing = {0};
	for (size_t i = 0; i < head->field_count; i++)
		if (!note_field(head, &framing, &head->fields[i]))
			return 400;
	if (framing.hosts > 1 || (framing.hosts == 0 && head->minor == 1) || framing.lengths + framing.codings > 1)
		return 400;
	if (framing.codings && head->minor == 0) /* RFC 9112 6.1: faulty framing */
		return 400;
	if (authority.p && framing.hosts && !slice_equal_nocase(authority, framing.host))
		return 400; /* the target wins (RFC 9112 3.2.2), but who sends two hosts means harm */
	head->keep_alive = !framing.close && (head->minor == 1 || framing.keep_alive);
	if (head->minor == 0)
		head->expect_continue = false; /* RFC 9110 10.1.1 */
	else if (framing.unknown_expect)
		return 417;
	return 0;
}

unsigned http_head_read(struct http_head *head, struct slice bytes)
{
	struct http_head_field *fields = head->fields;
	*head = (struct http_head){.fields = fields, .field_max = head->field_max, .bytes = bytes};
	struct slice rest = bytes, line, authority = {0};
	if (!take_line(&rest, &line))
		return 400;
	unsigned refused = read_request_line(head, line, &authority);
	if (!refused)
		refused = read_fields(head, rest);
	if (!refused)
		refused = judge_fields(head, authority);
	if ((!refused || refused == 417) && !second_reader_agrees(head))
		return 400;
	return refused;
}

struct slice http_head_field(const struct http_head *head, struct slice name)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (slice_equal_nocase(head->fields[i].name, name))
			return head->fields[i].value;
	return (struct slice){0};
}

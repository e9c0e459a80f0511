/* SPDX-License-Identifier: Apache-2.0 */
/* In place: what is decoded is moved to the front of the very bytes it came in, so a body of any size needs no second
 * buffer. It is resumable at any byte, because nobody says where the network cuts. */
#include "net/http_chunked.h"

#include "base/slice.h"
#include "codec/text/hex.h"

enum { LINE_MAX_BYTES = 256, TRAILER_MAX_BYTES = 4096 };

/* A line without its CR LF. */
static enum http_chunked_result take_line(struct slice *rest, size_t max, struct slice *ret)
{
	size_t lf = slice_index(*rest, '\n');
	if (lf > max || slice_index(slice_sub(*rest, 0, lf), '\0') < lf)
		return HTTP_CHUNKED_BAD;
	/* A CR that is the last byte so far may be followed by its LF yet. */
	size_t cr = slice_index(slice_sub(*rest, 0, lf), '\r');
	if (lf == rest->n)
		return cr + 1 < lf ? HTTP_CHUNKED_BAD : HTTP_CHUNKED_MORE;
	/* Only CR LF ends a line of the framing (RFC 9112, 7.1): if one reader took a bare LF for an end and another
	 * did not, they would see two bodies. */
	if (lf == 0 || cr != lf - 1)
		return HTTP_CHUNKED_BAD;
	*ret = slice_sub(*rest, 0, cr);
	*rest = slice_from(*rest, lf + 1);
	return HTTP_CHUNKED_END;
}

static bool is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct slice skip_token(struct slice s)
{
	while (s.n > 0 && is_token_byte(s.p[0]))
		s = slice_from(s, 1);
	return s;
}

/* Behind the closing quote, or p == NULL. */
static struct slice skip_quoted(struct slice s)
{
	for (s = slice_from(s, 1); s.n > 0; s = slice_from(s, 1)) {
		unsigned char c = (unsigned char)s.p[0];
		if (c == '"')
			return slice_from(s, 1);
		if (c == '\\' && s.n > 1)
			s = slice_from(s, 1);
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			break;
	}
	return (struct slice){0};
}

/* *( ";" token [ "=" ( token / quoted-string ) ] ), without the blanks that RFC 9112 calls bad. */
static bool is_extension(struct slice s)
{
	while (s.n > 0) {
		if (s.p[0] != ';')
			return false;
		struct slice value = skip_token(slice_from(s, 1));
		if (value.n + 1 == s.n)
			return false;
		s = value;
		if (s.n == 0 || s.p[0] != '=')
			continue;
		value = slice_from(s, 1);
		s = value.n > 0 && value.p[0] == '"' ? skip_quoted(value) : skip_token(value);
		if (!s.p || s.n == value.n)
			return false;
	}
	return true;
}

static bool read_size(struct slice line, uint64_t *ret)
{
	uint64_t size = 0;
	size_t n = 0;
	for (; n < line.n && hex_value(line.p[n]) >= 0; n++) {
		/* 32 bits: above every limit that a body can have here, and far from what could wrap. */
		if (n == 8)
			return false;
		size = size << 4 | (unsigned)hex_value(line.p[n]);
	}
	if (n == 0 || !is_extension(slice_from(line, n)))
		return false;
	*ret = size;
	return true;
}

static enum http_chunked_result take_size(struct http_chunked *chunked, struct slice *rest, uint64_t room)
{
	struct slice line;
	enum http_chunked_result result = take_line(rest, LINE_MAX_BYTES, &line);
	if (result != HTTP_CHUNKED_END)
		return result;
	if (!read_size(line, &chunked->left))
		return HTTP_CHUNKED_BAD;
	if (chunked->left > room)
		return HTTP_CHUNKED_TOO_BIG;
	chunked->step = chunked->left ? CHUNK_DATA : CHUNK_TRAILER;
	return HTTP_CHUNKED_END;
}

static enum http_chunked_result take_data_end(struct http_chunked *chunked, struct slice *rest)
{
	if (rest->p[0] != '\r' || (rest->n > 1 && rest->p[1] != '\n'))
		return HTTP_CHUNKED_BAD;
	if (rest->n < 2)
		return HTTP_CHUNKED_MORE;
	*rest = slice_from(*rest, 2);
	chunked->step = CHUNK_SIZE;
	return HTTP_CHUNKED_END;
}

/* One trailer line, which is checked and forgotten; *ret_last at the blank one. It may not be taken for a header
 * (RFC 9110, 6.5.1): what a proxy has checked stands in front of the body. */
static enum http_chunked_result take_trailer(struct http_chunked *chunked, struct slice *rest, bool *ret_last)
{
	struct slice line;
	enum http_chunked_result result = take_line(rest, TRAILER_MAX_BYTES - chunked->trailer_bytes, &line);
	if (result != HTTP_CHUNKED_END)
		return result;
	chunked->trailer_bytes += (uint32_t)line.n + 2;
	if (line.n > 0) {
		struct slice value = skip_token(line);
		if (value.n == line.n || value.n == 0 || value.p[0] != ':' ||
		    chunked->trailer_bytes >= TRAILER_MAX_BYTES)
			return HTTP_CHUNKED_BAD;
	}
	*ret_last = line.n == 0;
	return HTTP_CHUNKED_END;
}

static void take_data(struct http_chunked *chunked, struct slice *rest, char *to, size_t *body_n)
{
	size_t n = chunked->left < rest->n ? (size_t)chunked->left : rest->n;
	memmove(to + *body_n, rest->p, n);
	*body_n += n;
	*rest = slice_from(*rest, n);
	chunked->left -= n;
	if (chunked->left == 0)
		chunked->step = CHUNK_DATA_END;
}

enum http_chunked_result http_chunked_decode(struct http_chunked *chunked, char *bytes, size_t *body_n, size_t *n,
					     uint64_t max)
{
	struct slice rest = slice_from(slice_of(bytes, *n), *body_n);
	enum http_chunked_result result = HTTP_CHUNKED_MORE;
	bool last = false;
	while (rest.n > 0 && !last) {
		result = HTTP_CHUNKED_END;
		switch (chunked->step) {
		case CHUNK_SIZE: result = take_size(chunked, &rest, max - *body_n); break;
		case CHUNK_DATA: take_data(chunked, &rest, bytes, body_n); break;
		case CHUNK_DATA_END: result = take_data_end(chunked, &rest); break;
		case CHUNK_TRAILER: result = take_trailer(chunked, &rest, &last); break;
		}
		if (result != HTTP_CHUNKED_END)
			break;
	}
	memmove(bytes + *body_n, rest.p, rest.n);
	*n = *body_n + rest.n;
	if (result == HTTP_CHUNKED_END && !last)
		result = HTTP_CHUNKED_MORE;
	return result;
}

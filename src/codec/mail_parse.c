/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the tree of parts. An entity is a run of bytes: header lines up to the first empty one, then the body.
 * The first text/html and the first text/plain that are not attachments are what a client shows; everything else is
 * listed.
 */
#include "codec/mail_parse.h"

#include "base/buf.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/encoded_word.h"
#include "codec/mail_parameter.h"
#include "codec/quoted_printable.h"

struct walk {
	struct arena *arena;
	struct mail_view *view;
	struct mail_view_part *parts;
	bool has_html;
	bool has_text;
	unsigned entities;
};

/* ---- Headers. */

/* Takes one header off the front of *rest, folded lines included; name and value are raw. False at the empty line,
 * which is taken too, and at the end. Lines that are no header are skipped. */
static bool take_header(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
	while (rest->n) {
		size_t end = 0; /* behind the line and those that continue it */
		do {
			end += slice_index(slice_from(*rest, end), '\n');
			end += end < rest->n;
		} while (end < rest->n && (rest->p[end] == ' ' || rest->p[end] == '\t'));
		struct slice field = slice_sub(*rest, 0, end);
		bool is_empty_line = field.p[0] == '\n' || slice_starts_with(field, SLICE("\r\n"));
		if (is_empty_line) {
			*rest = slice_from(*rest, field.p[0] == '\n' ? 1 : 2);
			return false;
		}
		*rest = slice_from(*rest, end);
		size_t colon = slice_index(field, ':');
		struct slice name = slice_trim(slice_sub(field, 0, colon));
		if (colon == field.n || name.n == 0 || slice_index(name, '\n') < name.n)
			continue;
		*ret_name = name;
		*ret_value = slice_trim(slice_from(field, colon + 1));
		return true;
	}
	return false;
}

/* The raw value of the first header of this name; empty when there is none. */
static struct slice find_header(struct slice entity, struct slice wanted)
{
	struct slice name;
	struct slice value;
	while (take_header(&entity, &name, &value))
		if (slice_equal_nocase(name, wanted))
			return value;
	return SLICE_EMPTY;
}

static struct slice body_of(struct slice entity)
{
	struct slice name;
	struct slice value;
	while (take_header(&entity, &name, &value))
		;
	return entity;
}

static struct slice decode_header(struct slice raw, struct arena *arena)
{
	struct buf text;
	struct slice decoded;
	buf_init(&text, raw.n * 3 + 16);
	encoded_word_decode(raw, &text);
	decoded = arena_copy(arena, buf_slice(&text));
	buf_done(&text);
	return decoded;
}

static void read_headers(struct walk *w, struct slice entity)
{
	struct mail_view_header *headers =
	    arena_alloc_array(w->arena, MAIL_PARSE_HEADERS_MAX, sizeof(struct mail_view_header));
	struct slice name;
	struct slice value;
	w->view->headers = headers;
	while (w->view->header_count < MAIL_PARSE_HEADERS_MAX && take_header(&entity, &name, &value))
		headers[w->view->header_count++] =
		    (struct mail_view_header){.name = name, .value = decode_header(value, w->arena)};
}

/* ---- Bodies. */

/* Undoes the transfer encoding into `to`. */
static void decode_transfer(struct slice body, struct slice encoding, struct buf *to)
{
	if (slice_equal_nocase(encoding, SLICE("base64")))
		base64_decode_lenient(body, to);
	else if (slice_equal_nocase(encoding, SLICE("quoted-printable")))
		quoted_printable_decode(body, to);
	else
		buf_append(to, body);
}

static struct slice decode_bytes(struct walk *w, struct slice entity)
{
	struct slice body = body_of(entity);
	struct buf bytes;
	struct slice copy;
	buf_init(&bytes, body.n + 4);
	decode_transfer(body, find_header(entity, SLICE("Content-Transfer-Encoding")), &bytes);
	copy = arena_copy(w->arena, buf_slice(&bytes));
	buf_done(&bytes);
	return copy;
}

static struct slice decode_text(struct walk *w, struct slice entity, struct slice content_type)
{
	struct slice bytes = decode_bytes(w, entity);
	struct buf text;
	struct slice copy;
	buf_init(&text, bytes.n * 3 + 16);
	charset_append_utf8(&text, bytes, mail_parameter_find(content_type, "charset", w->arena));
	copy = arena_copy(w->arena, buf_slice(&text));
	buf_done(&text);
	return copy;
}

static struct slice without_brackets(struct slice id)
{
	id = slice_trim(id);
	return id.n >= 2 && id.p[0] == '<' && id.p[id.n - 1] == '>' ? slice_sub(id, 1, id.n - 1) : id;
}

static void add_part(struct walk *w, struct slice entity, struct slice type)
{
	struct slice content_type = find_header(entity, SLICE("Content-Type"));
	struct slice disposition = find_header(entity, SLICE("Content-Disposition"));
	if (w->view->part_count == MAIL_PARSE_PARTS_MAX)
		return;
	struct slice filename = mail_parameter_find(disposition, "filename", w->arena);
	if (filename.n == 0)
		filename = mail_parameter_find(content_type, "name", w->arena);
	w->parts[w->view->part_count++] = (struct mail_view_part){
	    .content_type = type,
	    .filename = filename,
	    .cid = decode_header(without_brackets(find_header(entity, SLICE("Content-ID"))), w->arena),
	    .bytes = decode_bytes(w, entity),
	};
}

static void add_leaf(struct walk *w, struct slice entity, struct slice content_type, struct slice type)
{
	struct slice disposition = mail_parameter_main(find_header(entity, SLICE("Content-Disposition")), w->arena);
	bool shown = !slice_equal(disposition, SLICE("attachment"));
	if (shown && !w->has_html && slice_equal(type, SLICE("text/html"))) {
		w->has_html = true;
		w->view->html = decode_text(w, entity, content_type);
	} else if (shown && !w->has_text && slice_equal(type, SLICE("text/plain"))) {
		w->has_text = true;
		w->view->text = decode_text(w, entity, content_type);
	} else {
		add_part(w, entity, type);
	}
}

/* ---- The tree. */

enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_CLOSE };

/* RFC 2046, 5.1.1: "--" boundary, "--" for the last, white space to the end of the line. */
static enum delimiter delimiter_of(struct slice line, struct slice boundary)
{
	if (!slice_starts_with(line, SLICE("--")) || !slice_starts_with(slice_from(line, 2), boundary))
		return DELIMITER_NONE;
	struct slice rest = slice_trim(slice_from(line, 2 + boundary.n));
	if (rest.n == 0)
		return DELIMITER_NEXT;
	return slice_starts_with(rest, SLICE("--")) ? DELIMITER_CLOSE : DELIMITER_NONE;
}

/* Takes everything up to the next delimiter line off *rest, without the line end that belongs to the delimiter. */
static struct slice take_part(struct slice *rest, struct slice boundary, enum delimiter *ret_delimiter)
{
	struct slice whole = *rest;
	size_t at = 0;
	*ret_delimiter = DELIMITER_NONE;
	while (at < whole.n) {
		size_t n = slice_index(slice_from(whole, at), '\n');
		struct slice line = slice_sub(whole, at, at + n);
		*ret_delimiter = delimiter_of(line, boundary);
		if (*ret_delimiter != DELIMITER_NONE) {
			*rest = slice_from(whole, at + n + 1);
			break;
		}
		at += n + 1;
	}
	if (*ret_delimiter == DELIMITER_NONE) {
		*rest = slice_from(whole, whole.n);
		return whole;
	}
	struct slice part = slice_sub(whole, 0, at);
	if (part.n && part.p[part.n - 1] == '\n')
		part.n--;
	if (part.n && part.p[part.n - 1] == '\r')
		part.n--;
	return part;
}

static void walk_entity(struct walk *w, struct slice entity, unsigned depth);

static void walk_multipart(struct walk *w, struct slice body, struct slice boundary, unsigned depth)
{
	enum delimiter delimiter;
	(void)take_part(&body, boundary, &delimiter); /* the preamble */
	while (delimiter == DELIMITER_NEXT && w->entities < MAIL_PARSE_PARTS_MAX) {
		struct slice part = take_part(&body, boundary, &delimiter);
		walk_entity(w, part, depth + 1);
	}
}

static void walk_entity(struct walk *w, struct slice entity, unsigned depth)
{
	struct slice content_type = find_header(entity, SLICE("Content-Type"));
	struct slice type = mail_parameter_main(content_type, w->arena);
	struct slice boundary = SLICE_EMPTY;
	w->entities++;
	if (slice_starts_with(type, SLICE("multipart/")) && depth < MAIL_PARSE_DEPTH_MAX)
		boundary = mail_parameter_find(content_type, "boundary", w->arena);
	if (boundary.n)
		walk_multipart(w, body_of(entity), boundary, depth);
	else
		add_leaf(w, entity, content_type, slice_index(type, '/') < type.n ? type : SLICE("text/plain"));
}

void mail_parse(struct slice bytes, struct arena *arena, struct mail_view *ret)
{
	struct mail_view view = {0};
	struct walk w = {.arena = arena, .view = &view};
	bytes = slice_sub(bytes, 0, MAIL_PARSE_SIZE_MAX);
	w.parts = arena_alloc_array(arena, MAIL_PARSE_PARTS_MAX, sizeof(struct mail_view_part));
	view.parts = w.parts;
	view.html = view.text = SLICE_EMPTY;
	read_headers(&w, bytes);
	walk_entity(&w, bytes, 0);
	view.subject = mail_view_find(&view, SLICE("Subject"));
	view.from = mail_view_find(&view, SLICE("From"));
	view.to = mail_view_find(&view, SLICE("To"));
	view.reply_to = mail_view_find(&view, SLICE("Reply-To"));
	view.date = mail_view_find(&view, SLICE("Date"));
	view.message_id = mail_view_find(&view, SLICE("Message-ID"));
	*ret = view;
}

struct slice mail_view_find(const struct mail_view *view, struct slice name)
{
	for (size_t i = 0; i < view->header_count; i++)
		if (slice_equal_nocase(view->headers[i].name, name))
			return view->headers[i].value;
	return SLICE_EMPTY;
}

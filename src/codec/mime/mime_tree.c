/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the lines. `current` is the innermost part that has not ended; the boundaries of all multiparts around
 * it lie on a stack, and each line that begins with "--" is held against them, the innermost first. So a boundary of an
 * outer multipart also ends inner ones that were left open, as RFC 2046, 5.1.2 wants it. Each part is opened and ended
 * once, each line is looked at against at most MIME_DEPTH_MAX boundaries that are no longer than the line.
 */
#include "codec/mime/mime_tree.h"

#include "codec/mail/mail_parameter.h"
#include "codec/text/base64.h"
#include "codec/text/quoted_printable.h"

enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_CLOSE };

struct open_multipart {
	int32_t part;
	struct slice boundary;
	uint32_t children;
};

struct reader {
	struct slice message;
	struct arena *arena;
	struct mime_tree tree;
	size_t room; /* of tree.parts */
	size_t at;   /* everything in front of it is read */
	int32_t current;
	struct open_multipart open[MIME_DEPTH_MAX];
	size_t open_count;
};

/* What the headers of a part say; the first of each name counts. */
struct content_headers {
	struct slice type;
	struct slice encoding;
	struct slice disposition;
	bool has_type;
	bool has_encoding;
	bool has_disposition;
	bool has_other_encoding; /* a second one that says something else */
};

/* ---- headers ---- */

static void note_header(const struct header_line *header, struct content_headers *found)
{
	if (!slice_starts_with_nocase(header->name, SLICE("Content-")))
		return;
	struct slice name = slice_from(header->name, sizeof("Content-") - 1);
	struct slice value = slice_trim(header->value);
	if (slice_equal_nocase(name, SLICE("Type")) && !found->has_type) {
		found->has_type = true;
		found->type = value;
	} else if (slice_equal_nocase(name, SLICE("Disposition")) && !found->has_disposition) {
		found->has_disposition = true;
		found->disposition = value;
	} else if (slice_equal_nocase(name, SLICE("Transfer-Encoding"))) {
		found->has_other_encoding |= found->has_encoding && !slice_equal_nocase(found->encoding, value);
		if (!found->has_encoding)
			found->encoding = value;
		found->has_encoding = true;
	}
}

/* Two headers that disagree are read by each client in its own way; so the part is left alone. */
static enum mime_encoding encoding_of(const struct content_headers *headers, struct arena *arena)
{
	static const struct {
		struct slice name;
		enum mime_encoding encoding;
	} encodings[] = {
	    {{"7bit", 4}, MIME_7BIT},     {{"8bit", 4}, MIME_8BIT},
	    {{"binary", 6}, MIME_BINARY}, {{"quoted-printable", 16}, MIME_QUOTED_PRINTABLE},
	    {{"base64", 6}, MIME_BASE64},
	};
	if (headers->has_other_encoding)
		return MIME_UNKNOWN_ENCODING;
	struct slice name = mail_parameter_main(headers->encoding, arena);
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (slice_equal(name, encodings[i].name))
			return encodings[i].encoding;
	return name.n == 0 ? MIME_7BIT : MIME_UNKNOWN_ENCODING;
}

/* With a slash and no blanks (RFC 2045, 5.1); what is otherwise is text/plain (5.2), not a guess. */
static bool is_type(struct slice type)
{
	size_t slash = slice_index(type, '/');
	return slash > 0 && slash + 1 < type.n && slice_index(type, ' ') == type.n && slice_index(type, '\t') == type.n;
}

static bool is_attachment(const struct content_headers *headers, struct arena *arena)
{
	struct slice disposition = mail_parameter_main(headers->disposition, arena);
	/* What is not known is an attachment too (RFC 2183, 2.8). */
	if (disposition.n)
		return !slice_equal(disposition, SLICE("inline"));
	return mail_parameter_find(headers->disposition, "filename", arena).n > 0 ||
	       mail_parameter_find(headers->type, "name", arena).n > 0;
}

static struct slice default_type(const struct reader *r, const struct mime_part *part)
{
	bool is_in_digest =
	    part->parent != MIME_NO_PARENT && slice_equal(r->tree.parts[part->parent].type, SLICE("multipart/digest"));
	return is_in_digest ? SLICE("message/rfc822") : SLICE("text/plain");
}

static void read_headers(struct reader *r, struct mime_part *part)
{
	struct content_headers found = {.type = SLICE_EMPTY, .encoding = SLICE_EMPTY, .disposition = SLICE_EMPTY};
	struct header_line header;
	while (header_block_next(r->message, HEADER_END_OTHER_LINE, &r->at, &header))
		note_header(&header, &found);
	r->at += header_block_empty_line(slice_from(r->message, r->at));
	part->body = r->at;
	struct slice type = mail_parameter_main(found.type, r->arena);
	part->type = is_type(type) ? type : default_type(r, part);
	part->charset = mail_parameter_find(found.type, "charset", r->arena);
	part->encoding_value = found.encoding;
	part->encoding = encoding_of(&found, r->arena);
	part->is_attachment = is_attachment(&found, r->arena);
	if (slice_starts_with(part->type, SLICE("multipart/")))
		part->boundary = mail_parameter_find(found.type, "boundary", r->arena);
}

/* ---- parts ---- */

static size_t depth_of(const struct reader *r, int32_t part)
{
	size_t depth = 0;
	for (; part != MIME_NO_PARENT; part = r->tree.parts[part].parent)
		depth++;
	return depth;
}

static struct mime_part *add_part(struct reader *r, int32_t parent, uint32_t child_number)
{
	if (r->tree.count == r->room) {
		size_t room = r->room ? 4 * r->room : 16;
		struct mime_part *parts = arena_alloc_array(r->arena, room, sizeof(struct mime_part));
		if (r->tree.count)
			memcpy(parts, r->tree.parts, r->tree.count * sizeof(struct mime_part));
		r->tree.parts = parts;
		r->room = room;
	}
	struct mime_part *part = &r->tree.parts[r->tree.count];
	*part = (struct mime_part){.parent = parent,
				   .child_number = child_number,
				   .start = r->at,
				   .charset = SLICE_EMPTY,
				   .boundary = SLICE_EMPTY};
	r->current = (int32_t)r->tree.count++;
	return part;
}

/* An encoded message/rfc822 is against RFC 2046, 5.2.1, and nobody looks into one. */
static bool is_message(const struct mime_part *part)
{
	bool is_as_is = part->encoding == MIME_7BIT || part->encoding == MIME_8BIT || part->encoding == MIME_BINARY;
	return is_as_is &&
	       (slice_equal(part->type, SLICE("message/rfc822")) || slice_equal(part->type, SLICE("message/global")));
}

/* mbox files and some gateways put a line in front of the headers of a message. */
static void skip_from_line(struct reader *r)
{
	struct slice rest = slice_from(r->message, r->at);
	if (slice_starts_with(rest, SLICE("From ")))
		r->at += slice_index(rest, '\n') + (slice_index(rest, '\n') < rest.n);
}

/* Opens the part whose headers begin at r->at and, when it is a message, the one inside, and so on. */
static void open_part(struct reader *r, int32_t parent, uint32_t child_number)
{
	for (;;) {
		bool is_whole_message = parent == MIME_NO_PARENT || is_message(&r->tree.parts[parent]);
		if (is_whole_message)
			skip_from_line(r);
		struct mime_part *part = add_part(r, parent, child_number);
		read_headers(r, part);
		bool has_inside = part->boundary.n > 0 || is_message(part);
		if (!has_inside)
			return;
		if (depth_of(r, r->current) > MIME_DEPTH_MAX || r->tree.count == MIME_PARTS_MAX) {
			r->tree.is_cut = true;
			return;
		}
		if (part->boundary.n) {
			part->is_multipart = true;
			r->open[r->open_count++] = (struct open_multipart){r->current, part->boundary, 0};
			return;
		}
		parent = r->current;
		child_number = 0;
	}
}

/* Ends the innermost parts up to, and without, `outer`. One may end before its body began, when a boundary stands among
 * its headers. */
static void end_parts(struct reader *r, int32_t outer, size_t end)
{
	while (r->current != outer) {
		struct mime_part *part = &r->tree.parts[r->current];
		part->end = end < part->body ? part->body : end;
		r->current = part->parent;
	}
}

/* ---- delimiters ---- */

/* RFC 2046, 5.1.1: "--" boundary, "--" for the last, white space to the end of the line and nothing else. */
static enum delimiter delimiter_of(struct slice line, struct slice boundary)
{
	struct slice rest = slice_from(line, 2);
	if (!slice_starts_with(rest, boundary))
		return DELIMITER_NONE;
	rest = slice_from(rest, boundary.n);
	bool is_close = slice_starts_with(rest, SLICE("--"));
	if (is_close)
		rest = slice_from(rest, 2);
	if (slice_trim(rest).n)
		return DELIMITER_NONE;
	return is_close ? DELIMITER_CLOSE : DELIMITER_NEXT;
}

/* What a line that begins with "--" is, and of which open multipart. */
static enum delimiter find_delimiter(const struct reader *r, struct slice line, size_t *ret_level)
{
	for (size_t level = r->open_count; level-- > 0;) {
		enum delimiter delimiter = delimiter_of(line, r->open[level].boundary);
		if (delimiter != DELIMITER_NONE) {
			*ret_level = level;
			return delimiter;
		}
	}
	return DELIMITER_NONE;
}

/* The line end in front of a delimiter belongs to it. */
static size_t end_before(struct slice message, size_t delimiter)
{
	size_t end = delimiter;
	if (end && message.p[end - 1] == '\n')
		end--;
	if (end < delimiter && end && message.p[end - 1] == '\r')
		end--;
	return end;
}

/* Reads lines up to and with the next delimiter that means something. False at the end of the message. */
static bool read_delimiter(struct reader *r, enum delimiter *ret_delimiter)
{
	while (r->open_count && r->at < r->message.n) {
		struct slice rest = slice_from(r->message, r->at);
		struct slice line = slice_sub(rest, 0, slice_index(rest, '\n'));
		size_t start = r->at;
		size_t level = 0;
		enum delimiter delimiter = DELIMITER_NONE;
		r->at += line.n + (line.n < rest.n);
		if (slice_starts_with(line, SLICE("--")))
			delimiter = find_delimiter(r, line, &level);
		if (delimiter == DELIMITER_NEXT && r->tree.count == MIME_PARTS_MAX)
			r->tree.is_cut = true;
		else if (delimiter != DELIMITER_NONE) {
			end_parts(r, r->open[level].part, end_before(r->message, start));
			r->open_count = level + 1;
			*ret_delimiter = delimiter;
			return true;
		}
	}
	return false;
}

void mime_tree_read(struct slice message, struct arena *arena, struct mime_tree *ret)
{
	struct reader r = {.message = message, .arena = arena, .current = MIME_NO_PARENT};
	enum delimiter delimiter;
	open_part(&r, MIME_NO_PARENT, 0);
	while (read_delimiter(&r, &delimiter)) {
		struct open_multipart *open = &r.open[r.open_count - 1];
		if (delimiter == DELIMITER_NEXT) {
			open_part(&r, open->part, open->children++);
		} else {
			r.tree.parts[open->part].is_closed = true;
			r.open_count--;
		}
	}
	end_parts(&r, MIME_NO_PARENT, message.n);
	*ret = r.tree;
}

/* ---- questions ---- */

bool mime_header_next(struct slice message, const struct mime_part *part, size_t *at, struct header_line *ret)
{
	return header_block_next(slice_sub(message, 0, part->body), HEADER_END_OTHER_LINE, at, ret);
}

struct slice mime_header_find(struct slice message, const struct mime_part *part, struct slice name)
{
	struct header_line header;
	size_t at = part->start;
	while (mime_header_next(message, part, &at, &header))
		if (slice_equal_nocase(header.name, name))
			return slice_trim(header.value);
	return SLICE_EMPTY;
}

/* Leniently, like the clients that will read it; whether a body is sound is asked elsewhere (mime_skip.h). */
bool mime_body_decode(struct slice message, const struct mime_part *part, struct buf *to)
{
	struct slice body = slice_sub(message, part->body, part->end);
	switch (part->encoding) {
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY: buf_append(to, body); return true;
	case MIME_QUOTED_PRINTABLE: quoted_printable_decode(body, to); return true;
	case MIME_BASE64: base64_decode_lenient(body, to); return true;
	default: return false;
	}
}

/* Upwards by the parents: trees are at most 32 deep. */
bool mime_part_is_within(const struct mime_tree *tree, size_t part, struct slice type)
{
	for (int32_t i = (int32_t)part; i != MIME_NO_PARENT; i = tree->parts[i].parent)
		if (slice_equal(tree->parts[i].type, type))
			return true;
	return false;
}

bool mime_part_is_shown(const struct mime_tree *tree, size_t part)
{
	for (int32_t i = (int32_t)part; i != MIME_NO_PARENT; i = tree->parts[i].parent)
		if (tree->parts[i].is_attachment || slice_starts_with(tree->parts[i].type, SLICE("message/")))
			return false;
	return true;
}

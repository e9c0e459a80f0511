/* SPDX-License-Identifier: Apache-2.0 */
/* mime_tree: where the parts of a message lie, byte by byte (RFC 2045, 2046). Pure.
 *
 * For those who change a message by splicing and may not touch what they do not change: everything is an offset into
 * the message, nothing is decoded, copied or put right. Takes any bytes and never fails: what cannot be understood is a
 * leaf that says so. Line ends may be CRLF, LF or mixed. Linear in the size of the message, no recursion.
 */
#ifndef PUGMARK_CODEC_MIME_TREE_H
#define PUGMARK_CODEC_MIME_TREE_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/mail/header_block.h"

/* What lies deeper, or behind that many parts, belongs to the last part as opaque bytes; mime_tree.is_cut says so. */
enum { MIME_DEPTH_MAX = 32, MIME_PARTS_MAX = 4096 };

enum mime_encoding {
	MIME_7BIT, /* also when nothing is said */
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_UNKNOWN_ENCODING, /* also when two headers contradict each other */
};

enum { MIME_NO_PARENT = -1 };

struct mime_part {
	int32_t parent;        /* index of the multipart or message/rfc822 part it lies in, or MIME_NO_PARENT */
	uint32_t child_number; /* 0, 1, … among the parts of its parent */
	size_t start;          /* of its headers */
	size_t body;           /* behind the blank line; equals `end` when there is none */
	size_t end;            /* behind its body, without the line end that belongs to the boundary behind it */
	struct slice type;     /* "text/html", lower case; "text/plain" when nothing (valid) is said (RFC 2045, 5.2) */
	struct slice charset;  /* as written, without quotes; empty when nothing is said */
	struct slice boundary; /* of a multipart, as written, without quotes */
	enum mime_encoding encoding;
	struct slice encoding_value; /* the value of Content-Transfer-Encoding, as it stands in the message; or empty */
	bool is_attachment; /* Content-Disposition says attachment, or the part has a file name and is not inline */
	bool is_multipart;  /* and was taken apart: it has a boundary and does not lie too deep */
	bool is_closed;     /* a multipart: its end boundary was found */
};

struct mime_tree {
	struct mime_part *parts; /* in the arena; in the order of their start; parts[0] is the message itself */
	size_t count;
	bool is_cut;
};

/* Slices of the parts point into `message` or the arena. A line "From …" (mbox) in front of the headers is skipped:
 * parts[0].start lies behind it. */
void mime_tree_read(struct slice message, struct arena *arena, struct mime_tree *ret);

/* The value of the first header of this name (any case) of a part, still folded, trimmed; the empty slice when there is
 * none. */
struct slice mime_header_find(struct slice message, const struct mime_part *part, struct slice name);

/* Walks the headers of a part in order. False at their end. *at begins as part->start. */
bool mime_header_next(struct slice message, const struct mime_part *part, size_t *at, struct header_line *ret);

/* Appends the body with its transfer encoding taken off, leniently, as mail clients do. False for an encoding that is
 * not known; nothing is appended then. */
bool mime_body_decode(struct slice message, const struct mime_part *part, struct buf *to);

/* Whether the part is inside one of this type ("multipart/signed"), or is one. */
bool mime_part_is_within(const struct mime_tree *tree, size_t part, struct slice type);
/* Whether a client shows it with the message: neither an attachment nor in one, nor in a message inside this one. */
bool mime_part_is_shown(const struct mime_tree *tree, size_t part);

#endif

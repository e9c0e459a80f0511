/* SPDX-License-Identifier: Apache-2.0 */
/* A part is judged from the inside out and the last reason stays, so that what is reported is what holds for all of
 * it: a signed message that was forwarded is embedded, not signed. */
#include "codec/mime/mime_skip.h"

#include "codec/mime/mime_splice_base64.h"
#include "codec/mime/mime_splice_qp.h"

const char *mime_skip_name(enum mime_skip skip)
{
	static const char *const names[] = {
	    [MIME_NOT_SKIPPED] = "",
	    [MIME_SKIP_SIGNED] = "signed",
	    [MIME_SKIP_ENCRYPTED] = "encrypted",
	    [MIME_SKIP_ATTACHED] = "attached",
	    [MIME_SKIP_EMBEDDED] = "embedded",
	    [MIME_SKIP_AMP] = "amp",
	    [MIME_SKIP_ENCODING] = "encoding",
	    [MIME_SKIP_BROKEN] = "broken",
	    [MIME_SKIP_UNCHANGEABLE] = "unchangeable",
	};
	return (size_t)skip < sizeof(names) / sizeof(names[0]) ? names[skip] : "";
}

bool mime_part_is_html(const struct mime_part *part)
{
	return slice_equal(part->type, SLICE("text/html")) || slice_equal(part->type, SLICE("text/x-amp-html"));
}

/* What a part does to itself and to all that is in it. */
static enum mime_skip skip_around(const struct mime_part *part)
{
	if (slice_starts_with(part->type, SLICE("message/")) || slice_equal(part->type, SLICE("multipart/report")))
		return MIME_SKIP_EMBEDDED;
	if (slice_equal(part->type, SLICE("multipart/encrypted")))
		return MIME_SKIP_ENCRYPTED;
	if (slice_equal(part->type, SLICE("multipart/signed")))
		return MIME_SKIP_SIGNED;
	if (part->is_attachment)
		return MIME_SKIP_ATTACHED;
	return part->is_multipart && !part->is_closed ? MIME_SKIP_BROKEN : MIME_NOT_SKIPPED;
}

/* The outermost reason. */
static enum mime_skip skip_by_place(const struct mime_tree *tree, size_t index)
{
	enum mime_skip skip = MIME_NOT_SKIPPED;
	for (int32_t i = (int32_t)index; i != MIME_NO_PARENT; i = tree->parts[i].parent) {
		enum mime_skip around = skip_around(&tree->parts[i]);
		if (around != MIME_NOT_SKIPPED)
			skip = around;
	}
	return skip;
}

/* Decoders differ about what is broken, so a broken body is not spliced: what one client shows, another would not. */
static enum mime_skip skip_by_encoding(const struct mime_part *part, struct slice body)
{
	switch (part->encoding) {
	case MIME_QUOTED_PRINTABLE: return mime_qp_is_sound(body) ? MIME_NOT_SKIPPED : MIME_SKIP_BROKEN;
	case MIME_BASE64: return mime_base64_is_sound(body) ? MIME_NOT_SKIPPED : MIME_SKIP_BROKEN;
	case MIME_UNKNOWN_ENCODING: return MIME_SKIP_ENCODING;
	default: return MIME_NOT_SKIPPED;
	}
}

enum mime_skip mime_skip_of(struct slice message, const struct mime_tree *tree, size_t part)
{
	const struct mime_part *html = &tree->parts[part];
	/* Behind the last part that was read there may be others. */
	bool is_endless = tree->is_cut && part + 1 == MIME_PARTS_MAX;
	enum mime_skip skip = skip_by_place(tree, part);
	if (skip != MIME_NOT_SKIPPED)
		return skip;
	if (is_endless)
		return MIME_SKIP_BROKEN;
	if (slice_equal(html->type, SLICE("text/x-amp-html")))
		return MIME_SKIP_AMP;
	return skip_by_encoding(html, slice_sub(message, html->body, html->end));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The first part of each type that a client shows, not the best one: senders put what they want seen first, and which
 * alternative is best is for a client to say. Characters are decoded leniently, as it is only looked at. */
#include "codec/mime/mime_view.h"

#include "codec/mime/mime_tree.h"
#include "codec/text/charset_decoder.h"

enum { UTF8_BYTES_A_BYTE = 3, ROOM = 16 };

static struct slice decode(struct slice message, const struct mime_part *part, struct arena *arena)
{
	struct charset_decoder decoder;
	struct buf bytes;
	struct buf text;
	size_t size = part->end - part->body;
	buf_init_in_arena(&bytes, size + ROOM, arena);
	buf_init_in_arena(&text, UTF8_BYTES_A_BYTE * size + ROOM, arena);
	if (!mime_body_decode(message, part, &bytes))
		return SLICE_EMPTY;
	(void)buf_reserve(&text, bytes.n);
	charset_decoder_init(&decoder, charset_of(part->charset));
	charset_decode_lossy(&decoder, buf_slice(&bytes), &text);
	charset_decoder_done(&decoder);
	return buf_slice(&text);
}

void mime_view_read(struct slice message, struct arena *arena, struct mime_view *ret)
{
	struct mime_tree tree;
	struct mime_view view = {SLICE_EMPTY, SLICE_EMPTY};
	bool has_html = false;
	bool has_text = false;
	mime_tree_read(message, arena, &tree);
	for (size_t i = 0; i < tree.count; i++) {
		bool is_html = !has_html && slice_equal(tree.parts[i].type, SLICE("text/html"));
		bool is_text = !has_text && slice_equal(tree.parts[i].type, SLICE("text/plain"));
		if ((!is_html && !is_text) || !mime_part_is_shown(&tree, i))
			continue;
		*(is_html ? &view.html : &view.text) = decode(message, &tree.parts[i], arena);
		*(is_html ? &has_html : &has_text) = true;
	}
	*ret = view;
}

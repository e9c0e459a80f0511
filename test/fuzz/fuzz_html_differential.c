/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer and the rewriter beside a second, slow and simple reading of the same bytes (harness/reference_html.h):
 * every boundary, every link and the pixel's place must be the same. */
#include "base/buf.h"
#include "base/mem.h"
#include "reference_compare.h"

enum { INPUT_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The real one reads a window of the input at a time, in blocks; the same bytes somewhere else must give the same. */
static void check_at(struct slice html, size_t offset)
{
	struct buf moved;
	buf_init(&moved, INPUT_MAX);
	for (size_t i = 0; i < offset; i++)
		buf_append_byte(&moved, 'x');
	buf_append(&moved, html);
	BUG_IF(!reference_tokens_agree(buf_slice(&moved)));
	buf_done(&moved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { BLOCK = 64, WINDOW = 1024 };
	struct slice html = slice_of(data, size);
	BUG_IF(!reference_tokens_agree(html));
	BUG_IF(!reference_links_agree(html));
	size_t chosen = size > 0 ? size * 7 + data[size / 2] : 0;
	check_at(html, chosen % BLOCK);
	check_at(html, WINDOW - chosen % (2 * BLOCK));
	return 0;
}

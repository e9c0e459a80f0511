/* SPDX-License-Identifier: Apache-2.0 */
/* Taken out by copying the stretches between them, so that no other byte is touched, and whatever the line ends are.
 * The same name may come again; the caller decides what that means. */
#include "codec/mail/mail_attribution.h"

#include "codec/mail/header_block.h"
#include "codec/text/encoded_word.h"

#define PREFIX SLICE("X-Pugmark-")

bool mail_attribution_is_header(struct slice name)
{
	return slice_starts_with_nocase(name, PREFIX);
}

/* Characters that are not ASCII may take three times their room when they are replaced. */
static struct slice decode(struct slice raw, struct arena *arena)
{
	struct buf b;
	buf_init(&b, 4 * raw.n + 4);
	encoded_word_decode(raw, &b);
	struct slice value = arena_copy(arena, slice_trim(buf_slice(&b)));
	buf_done(&b);
	return value;
}

/* Further ones are taken out like the others and only not read, so that no number of them gets past whoever stands
 * behind us. */
static void add(struct mail_attribution *a, size_t *room, struct arena *arena, const struct header_line *header)
{
	if (a->count == MAIL_ATTRIBUTION_MAX) {
		a->was_cut = true;
		return;
	}
	if (a->count == *room) {
		*room = *room ? *room * 2 : 16;
		struct mail_attribution_item *larger = arena_alloc_array(arena, *room, sizeof *larger);
		if (a->count)
			memcpy(larger, a->items, a->count * sizeof *larger);
		a->items = larger;
	}
	a->items[a->count++] =
	    (struct mail_attribution_item){slice_from(header->name, PREFIX.n), decode(header->value, arena)};
}

enum status mail_attribution_take(struct slice message, struct arena *arena, struct buf *out,
				  struct mail_attribution *ret)
{
	struct mail_attribution found = {0};
	struct header_line header;
	size_t room = 0, at = 0, kept_to = 0;
	while (header_block_next(message, HEADER_END_EMPTY_LINE, &at, &header)) {
		if (!mail_attribution_is_header(header.name))
			continue;
		size_t start = (size_t)(header.line.p - message.p);
		buf_append(out, slice_sub(message, kept_to, start));
		kept_to = at;
		add(&found, &room, arena, &header);
	}
	buf_append(out, slice_from(message, kept_to));
	if (buf_failed(out))
		return STATUS_TOO_BIG;
	*ret = found;
	return STATUS_OK;
}

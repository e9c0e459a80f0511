/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of places, each a fixed part of the time apart, so that ten minutes and ten days need the same memory; what is
 * kept is too much by that part at most. It is lost with the process: a start keeps everything for as long again, which
 * is the safe side.
 *
 * The time that counts is that of applying, not that of the hit: after an hour without a store, hits an hour old are
 * committed, and a standby that takes over now may lack just these. */
#include "engine/ledger/cursor_history.h"

#include "base/mem.h"

enum { PLACES = 64 };

struct place {
	int64_t at_us;
	uint64_t cursor;
};

struct cursor_history {
	int64_t keep_us;
	struct place places[PLACES];
	uint32_t count; /* ever noted; the newest is places[(count - 1) % PLACES] */
};

struct cursor_history *cursor_history_new(uint32_t keep_seconds)
{
	struct cursor_history *h = MEM_NEW(struct cursor_history);
	h->keep_us = keep_seconds * INT64_C(1000000);
	return h;
}

void cursor_history_free(struct cursor_history **history)
{
	mem_free(*history);
	*history = NULL;
}

static const struct place *newest(const struct cursor_history *h)
{
	return &h->places[(h->count - 1) % PLACES];
}

void cursor_history_note(struct cursor_history *h, int64_t now_us, uint64_t cursor)
{
	/* All but one of the places cover the time; the oldest is then at least that old before it is overwritten. */
	if (h->count && now_us - newest(h)->at_us < h->keep_us / (PLACES - 2))
		return;
	h->places[h->count++ % PLACES] = (struct place){now_us, cursor};
}

uint64_t cursor_history_old(const struct cursor_history *h, int64_t now_us)
{
	for (uint32_t back = 1; back <= h->count && back <= PLACES; back++) {
		const struct place *place = &h->places[(h->count - back) % PLACES];
		if (now_us - place->at_us >= h->keep_us)
			return place->cursor;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* GLib has the tables. Nearly all texts are ASCII, which needs none. */
#include "store/core/caseless_text.h"

#include "store/core/clean_text.h"
#include <glib.h>

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

static void append_ascii(struct buf *to, struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_append_byte(to, (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] | 0x20 : text.p[i]));
}

/* Composed before, because folding has letters for composed forms, and after, because it takes some apart. */
void text_append_caseless(struct buf *to, struct slice text, struct arena *arena)
{
	if (is_ascii(text)) {
		append_ascii(to, text);
		return;
	}
	struct slice clean = text_is_clean(text) ? text : text_cleaned(text, arena);
	char *composed = g_utf8_normalize(clean.p, (gssize)clean.n, G_NORMALIZE_ALL_COMPOSE);
	char *folded = g_utf8_casefold(composed, -1);
	char *done = g_utf8_normalize(folded, -1, G_NORMALIZE_ALL_COMPOSE);
	buf_append_cstr(to, done);
	g_free(composed);
	g_free(folded);
	g_free(done);
}

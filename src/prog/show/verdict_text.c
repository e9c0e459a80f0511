/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict as a person reads it: who, how sure, and each reason as a sentence. The words are those of the API and the
 * console (codec/judge/reason_words); only the layout is this file's. */
#include "prog/show/verdict_text.h"

#include "codec/judge/reason_words.h"

enum { REASON_INDENT = 2, SENTENCE_INDENT = 6 };

static void append_actor(const struct terminal *terminal, struct buf *b, const struct verdict *verdict)
{
	char room[REASON_WORDS_MAX];
	struct buf words;
	buf_init_fixed(&words, room, sizeof room);
	reason_words_append_actor(&words, verdict->actor);
	room[0] = (char)(room[0] - ('a' - 'A')); /* each begins with a small letter */
	terminal_style(terminal, b, STYLE_BOLD);
	buf_append(b, buf_slice(&words));
	terminal_style(terminal, b, STYLE_PLAIN);
	buf_printf(b, ", confidence %u %%\n", verdict->confidence_percent);
	buf_clear(&words);
	reason_words_append_actor_sentence(&words, verdict->actor);
	terminal_append_wrapped(terminal, b, buf_slice(&words), 0);
}

static void append_reason(const struct terminal *terminal, struct buf *b, struct slice reason)
{
	char room[REASON_WORDS_MAX];
	struct buf words;
	buf_init_fixed(&words, room, sizeof room);
	(void)reason_words_append(&words, reason);
	buf_printf(b, "%*s%.*s", REASON_INDENT, "", SLICE_FMT(buf_slice(&words)));
	terminal_style(terminal, b, STYLE_DIM);
	buf_printf(b, "  %.*s\n", SLICE_FMT(reason));
	buf_clear(&words);
	if (reason_words_append_sentence(&words, reason))
		terminal_append_wrapped(terminal, b, buf_slice(&words), SENTENCE_INDENT);
	terminal_style(terminal, b, STYLE_PLAIN);
}

void verdict_text_append(const struct terminal *terminal, struct buf *b, const struct verdict *verdict)
{
	struct slice reasons = slice_from_cstr(verdict->reasons);
	append_actor(terminal, b, verdict);
	buf_append_byte(b, '\n');
	while (reasons.n)
		append_reason(terminal, b, slice_cut(&reasons, ' '));
}

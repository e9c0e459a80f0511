/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox is what lies between two commas that are not inside a quoted string, a comment or angle brackets. Its text
 * is gathered twice at once: as it stands, for an address without brackets, and without quotes, for a name. */
#include "codec/mail/mailbox_list.h"

#include "base/buf.h"
#include "codec/mail/mail_address.h"
#include "codec/text/encoded_word.h"

struct scan {
	struct buf bare;  /* outside brackets and comments, as it stands */
	struct buf name;  /* the same without quotes and escapes */
	struct buf angle; /* within brackets */
	bool has_angle, in_angle, in_quotes, was_escaped;
	unsigned comment_depth;
};

static void init(struct scan *s, size_t max)
{
	*s = (struct scan){.has_angle = false};
	buf_init(&s->bare, max);
	buf_init(&s->name, max);
	buf_init(&s->angle, max);
}

static void done(struct scan *s)
{
	buf_done(&s->bare);
	buf_done(&s->name);
	buf_done(&s->angle);
}

static void forget_text(struct scan *s)
{
	buf_clear(&s->bare);
	buf_clear(&s->name);
}

/* A character that stands for itself. */
static void keep(struct scan *s, char c)
{
	if (s->comment_depth)
		return;
	buf_append_byte(s->in_angle ? &s->angle : &s->bare, c);
	if (!s->in_angle && (c != '"' || s->was_escaped) && (c != '\\' || s->was_escaped))
		buf_append_byte(&s->name, c);
}

/* Whether `c` means something outside of quotes; the comma is the caller's. */
static bool take_special(struct scan *s, char c)
{
	if (c == '(') {
		s->comment_depth++;
	} else if (c == ')' && s->comment_depth) {
		s->comment_depth--;
	} else if (s->comment_depth) {
		return true;
	} else if (c == '<' && !s->in_angle) {
		s->has_angle = s->in_angle = true;
		buf_clear(&s->angle);
	} else if (c == '>' && s->in_angle) {
		s->in_angle = false;
	} else if (c == ':' && !s->in_angle && !s->has_angle) {
		/* RFC 5322, 3.4: the name of a group, whose members follow up to a semicolon. */
		forget_text(s);
	} else {
		return false;
	}
	return true;
}

/* True when `c` ends the mailbox. */
static bool take(struct scan *s, char c)
{
	if (s->was_escaped) {
		keep(s, c);
		s->was_escaped = false;
		return false;
	}
	if (c == '\\' && (s->in_quotes || s->comment_depth)) {
		keep(s, c);
		s->was_escaped = true;
		return false;
	}
	if (c == '"' && !s->comment_depth)
		s->in_quotes = !s->in_quotes;
	if (s->in_quotes || !take_special(s, c)) {
		if (!s->in_quotes && !s->in_angle && (c == ',' || c == ';'))
			return true;
		keep(s, c);
	}
	return false;
}

static bool finish(const struct scan *s, struct arena *arena, struct letterbox *ret)
{
	struct slice address;
	struct slice text = slice_trim(buf_slice(s->has_angle ? &s->angle : &s->bare));
	if (!text.n || mail_address_normalise(text, arena, &address, NULL) != STATUS_OK)
		return false;
	ret->address = address;
	ret->name = SLICE_EMPTY;
	if (s->has_angle) {
		struct buf b;
		struct slice raw = slice_trim(buf_slice(&s->name));
		buf_init(&b, 4 * raw.n + 4);
		encoded_word_decode(raw, &b);
		ret->name = arena_copy(arena, slice_trim(buf_slice(&b)));
		buf_done(&b);
	}
	return true;
}

bool mailbox_list_next(struct slice *rest, struct arena *arena, struct letterbox *ret)
{
	bool found = false;
	while (rest->n && !found) {
		struct scan s;
		size_t used = 0;
		init(&s, rest->n + 1);
		while (used < rest->n && !take(&s, rest->p[used]))
			used++;
		*rest = slice_from(*rest, used + 1);
		found = finish(&s, arena, ret);
		done(&s);
	}
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Columns on a terminal are not bytes and not characters: East Asian letters and emoji take two, combining marks none.
 * What others wrote (subjects, links) may hold control characters that would move the cursor or worse, so nothing is
 * printed that was not looked at here. */
#include "prog/show/terminal_text.h"

#include "codec/text/utf8.h"
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, WIDTH_LEAST = 40, WIDTH_MOST = 160 };

/* In the order in which the C library asks them (POSIX, 8.2); the first that is set decides, also against UTF-8.
 * setlocale() would change the whole process for the sake of a table. */
static bool speaks_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct slice value = slice_from_cstr(getenv(names[i]));
		if (value.n > 0)
			return slice_contains_nocase(value, SLICE("utf-8")) ||
			       slice_contains_nocase(value, SLICE("utf8"));
	}
	return false;
}

/* Colour only where somebody looks, and not where they said no (no-color.org). A pipe may still say how wide it is
 * shown. */
struct terminal terminal_of(FILE *file)
{
	struct terminal t = {.width = WIDTH_DEFAULT, .is_utf8 = speaks_utf8()};
	struct winsize size = {0};
	const char *no_colour = getenv("NO_COLOR");
	const char *name = getenv("TERM");
	uint64_t columns = 0;
	bool is_terminal = isatty(fileno(file)) == 1;
	t.is_colour = is_terminal && !(no_colour && *no_colour) && !(name && strcmp(name, "dumb") == 0);
	if (is_terminal && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		t.width = size.ws_col;
	else if (slice_to_u64(slice_from_cstr(getenv("COLUMNS")), 10000, &columns))
		t.width = columns;
	if (t.width < WIDTH_LEAST)
		t.width = WIDTH_LEAST;
	if (t.width > WIDTH_MOST)
		t.width = WIDTH_MOST;
	return t;
}

/* The sixteen colours that every terminal has, so that its own theme decides how they look on its background. */
void terminal_style(const struct terminal *terminal, struct buf *b, enum terminal_style style)
{
	static const char *const codes[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m", "\x1b[1;31m",
					    "\x1b[33m", "\x1b[36m", "\x1b[32m"};
	if (terminal->is_colour)
		buf_append_cstr(b, codes[style]);
}

/* ---- characters ---- */

static uint32_t code_point(struct slice character)
{
	const unsigned char *p = (const unsigned char *)character.p;
	switch (character.n) {
	case 2: return (uint32_t)(p[0] & 31) << 6 | (p[1] & 63);
	case 3: return (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
	case 4:
		return (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 |
		       (p[3] & 63);
	default: return p[0];
	}
}

struct range {
	uint32_t first;
	uint32_t last;
};

static bool is_in(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* 2 for the wide characters of East Asia and emoji (Unicode UAX 11), 0 for what has no width, else 1. */
static size_t columns_of(uint32_t c)
{
	static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
					    {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
					    {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
	static const struct range none[] = {{0x300, 0x36f},   {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064},
					    {0x2066, 0x2069}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};
	if (c < 0x300)
		return 1;
	if (is_in(c, none, sizeof none / sizeof none[0]))
		return 0;
	return is_in(c, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

/* What is shown for the character that `s` begins with. */
struct shown {
	struct slice text;
	size_t columns;
	size_t size; /* of it in `s` */
};

static struct shown next_shown(const struct terminal *terminal, struct slice s)
{
	size_t n = utf8_character_size(s);
	struct shown shown = {SLICE("?"), 1, n ? n : 1};
	if (n == 0)
		return shown;
	uint32_t c = code_point(slice_sub(s, 0, n));
	if (c == '\t' || c == '\r' || c == '\n') {
		shown.text = SLICE(" ");
	} else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x80 && !terminal->is_utf8)) {
		return shown; /* also the C1 controls: some terminals obey them */
	} else {
		shown.columns = columns_of(c);
		/* Marks that turn the direction of writing could make one address look like another. */
		shown.text = shown.columns ? slice_sub(s, 0, n) : SLICE_EMPTY;
	}
	return shown;
}

static size_t width_of(const struct terminal *terminal, struct slice s)
{
	size_t columns = 0;
	while (s.n > 0) {
		struct shown shown = next_shown(terminal, s);
		columns += shown.columns;
		s = slice_from(s, shown.size);
	}
	return columns;
}

/* As many characters as fit into `width`; *rest moves behind them. */
static size_t append_fitting(const struct terminal *terminal, struct buf *b, struct slice *rest, size_t width)
{
	size_t used = 0;
	while (rest->n > 0) {
		struct shown shown = next_shown(terminal, *rest);
		if (used + shown.columns > width)
			break;
		buf_append(b, shown.text);
		used += shown.columns;
		*rest = slice_from(*rest, shown.size);
	}
	return used;
}

size_t terminal_append(const struct terminal *terminal, struct buf *b, struct slice text, size_t width,
		       enum terminal_cut cut)
{
	size_t whole = width_of(terminal, text);
	if (whole <= width)
		return append_fitting(terminal, b, &text, width);
	struct slice ellipsis = terminal->is_utf8 ? SLICE("\xe2\x80\xa6") : SLICE("..");
	size_t ellipsis_width = terminal->is_utf8 ? 1 : 2;
	if (width <= ellipsis_width)
		return 0;
	size_t room = width - ellipsis_width;
	size_t tail = cut == CUT_MIDDLE ? room / 3 : 0;
	size_t used = append_fitting(terminal, b, &text, room - tail);
	buf_append(b, ellipsis);
	used += ellipsis_width;
	while (text.n > 0 && width_of(terminal, text) > tail)
		text = slice_from(text, next_shown(terminal, text).size);
	return used + append_fitting(terminal, b, &text, tail);
}

void terminal_append_column(const struct terminal *terminal, struct buf *b, struct slice text, size_t width,
			    enum terminal_cut cut)
{
	for (size_t used = terminal_append(terminal, b, text, width, cut); used < width; used++)
		buf_append_byte(b, ' ');
}

void terminal_append_wrapped(const struct terminal *terminal, struct buf *b, struct slice text, size_t indent)
{
	size_t width = terminal->width > indent + 20 ? terminal->width - indent : 20;
	size_t used = 0;
	while (text.n > 0) {
		struct slice word = slice_cut(&text, ' ');
		size_t n = width_of(terminal, word);
		if (n == 0)
			continue;
		if (used > 0 && used + 1 + n > width) {
			buf_append_byte(b, '\n');
			used = 0;
		}
		for (size_t i = 0; used == 0 && i < indent; i++)
			buf_append_byte(b, ' ');
		if (used > 0)
			buf_append_byte(b, ' ');
		used += (used > 0) + terminal_append(terminal, b, word, width, CUT_END);
	}
	if (used > 0)
		buf_append_byte(b, '\n');
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of one code stand together, with the sentence that says what to do about it once, and the first places. */
#include "prog/show/lint_table.h"

enum { INDENT = 11, PLACES_SHOWN = 4, PLACE_WIDTH_MAX = 14, TEXT_SHARE_PERCENT = 33, GAP = 2, STATE_WIDTH = 12 };

/* ---- one line ---- */

static void append_size(struct buf *to, size_t bytes)
{
	if (bytes < 1024)
		buf_printf(to, "%zu bytes", bytes);
	else if (bytes < 1024 * 1024)
		buf_printf(to, "%.1f KB", (double)bytes / 1024);
	else
		buf_printf(to, "%.1f MB", (double)bytes / (1024 * 1024));
}

static void append_count(const struct terminal *t, struct buf *to, size_t count, enum lint_severity severity)
{
	static const enum terminal_style styles[] = {STYLE_BLUE, STYLE_YELLOW, STYLE_RED};
	terminal_style(t, to, styles[severity]);
	buf_printf(to, "%zu %s%s", count, lint_severity_name(severity), count == 1 ? "" : "s");
	terminal_style(t, to, STYLE_PLAIN);
}

static void append_counts(const struct terminal *t, const struct lint_report *report, struct buf *to)
{
	bool is_first = true;
	for (int s = LINT_ERROR; s >= LINT_NOTE; s--) {
		if (report->counts[s] == 0)
			continue;
		buf_append_cstr(to, is_first ? "" : ", ");
		append_count(t, to, report->counts[s], (enum lint_severity)s);
		is_first = false;
	}
	if (is_first) {
		terminal_style(t, to, STYLE_GREEN);
		buf_append_cstr(to, "nothing to object to");
		terminal_style(t, to, STYLE_PLAIN);
	}
}

/* On a narrow terminal what is wrong goes on a line of its own. */
static void append_summary(const struct terminal *t, const struct lint_report *report, struct buf *to)
{
	struct terminal plain = {.width = t->width};
	struct buf counts;
	size_t left_alone = report->link_count - report->tracked_count;
	struct buf line;
	buf_init(&line, 4096);
	buf_init(&counts, 4096);
	buf_printf(&line, "%zu link%s tracked, %zu left alone; ", report->tracked_count,
		   report->tracked_count == 1 ? "" : "s", left_alone);
	append_size(&line, report->bytes_in);
	buf_append_cstr(&line, t->is_utf8 ? " \xe2\x86\x92 " : " -> ");
	append_size(&line, report->bytes_out);
	buf_append_byte(&line, ';');
	terminal_style(t, to, STYLE_BOLD);
	size_t used = terminal_append(t, to, buf_slice(&line), t->width, CUT_END);
	terminal_style(t, to, STYLE_PLAIN);
	/* Once without colours: only so is it known how wide it is on the screen. */
	append_counts(&plain, report, &counts);
	buf_append_byte(to, used + 1 + counts.n > t->width ? '\n' : ' ');
	append_counts(t, report, to);
	buf_append_byte(to, '\n');
	buf_done(&line);
	buf_done(&counts);
}

/* ---- places ---- */

enum { PLACE_TEXT_MAX = 64 };

/* "12:9", in a mail "1.2 12:9"; empty for the whole. */
static struct slice place_text(const struct lint_place *place, char room[PLACE_TEXT_MAX])
{
	struct buf text;
	buf_init_fixed(&text, room, PLACE_TEXT_MAX);
	buf_append(&text, slice_sub(place->part, 0, PLACE_TEXT_MAX / 2));
	if (place->line > 0)
		buf_printf(&text, "%s%u:%u", place->part.n ? " " : "", place->line, place->column);
	return buf_slice(&text);
}

static void append_spaces(struct buf *to, size_t n)
{
	while (n-- > 0)
		buf_append_byte(to, ' ');
}

/* ---- findings ---- */

/* Findings [from, to) are of one code and severity. */
struct group {
	const struct lint_finding *first;
	size_t count;
};

/* Findings come sorted (codec/lint), so those of a code stand together and the message is printed once. */
static struct group group_at(const struct lint_report *report, size_t from)
{
	struct group g = {&report->findings[from], 1};
	while (from + g.count < report->finding_count && g.first[g.count].code == g.first->code &&
	       g.first[g.count].severity == g.first->severity)
		g.count++;
	return g;
}

/* As wide as the widest that is shown, so that details stand under each other and not far to the right. */
static size_t place_width(const struct group *g)
{
	size_t width = 0;
	char room[PLACE_TEXT_MAX];
	for (size_t i = 0; i < g->count && i < PLACES_SHOWN; i++) {
		size_t n = place_text(&g->first[i].place, room).n;
		width = n > width ? n : width;
	}
	return width < PLACE_WIDTH_MAX ? width : PLACE_WIDTH_MAX;
}

static void append_places(const struct terminal *t, const struct group *g, struct buf *to)
{
	size_t width = place_width(g);
	char room[PLACE_TEXT_MAX];
	for (size_t i = 0; i < g->count && i < PLACES_SHOWN; i++) {
		const struct lint_finding *finding = &g->first[i];
		struct slice place = place_text(&finding->place, room);
		if (place.n == 0 && finding->detail.n == 0)
			continue;
		append_spaces(to, INDENT);
		size_t used = INDENT;
		if (width > 0) {
			terminal_style(t, to, STYLE_DIM);
			terminal_append_column(t, to, place, width, CUT_END);
			terminal_style(t, to, STYLE_PLAIN);
			used += width + GAP;
			append_spaces(to, finding->detail.n ? GAP : 0);
		}
		(void)terminal_append(t, to, finding->detail, t->width > used ? t->width - used : 1, CUT_MIDDLE);
		buf_append_byte(to, '\n');
	}
	if (g->count > PLACES_SHOWN) {
		append_spaces(to, INDENT);
		terminal_style(t, to, STYLE_DIM);
		buf_printf(to, "and %zu more\n", g->count - PLACES_SHOWN);
		terminal_style(t, to, STYLE_PLAIN);
	}
}

/* The one place of a group, behind its name. */
static void append_single_place(const struct terminal *t, const struct lint_finding *finding, size_t used,
				struct buf *to)
{
	char room[PLACE_TEXT_MAX];
	struct slice place = place_text(&finding->place, room);
	if (place.n > 0) {
		append_spaces(to, GAP);
		terminal_style(t, to, STYLE_DIM);
		used += GAP + terminal_append(t, to, place, PLACE_TEXT_MAX, CUT_END);
		terminal_style(t, to, STYLE_PLAIN);
	}
	if (finding->detail.n > 0) {
		append_spaces(to, GAP);
		used += GAP;
		(void)terminal_append(t, to, finding->detail, t->width > used ? t->width - used : 1, CUT_MIDDLE);
	}
}

static void append_group(const struct terminal *t, const struct group *g, struct buf *to)
{
	static const enum terminal_style styles[] = {STYLE_BLUE, STYLE_YELLOW, STYLE_RED};
	const struct lint_finding *first = g->first;
	struct slice name = slice_from_cstr(lint_code_name(first->code));
	terminal_style(t, to, styles[first->severity]);
	terminal_append_column(t, to, slice_from_cstr(lint_severity_name(first->severity)), INDENT, CUT_END);
	terminal_style(t, to, STYLE_PLAIN);
	terminal_style(t, to, STYLE_BOLD);
	buf_append(to, name);
	terminal_style(t, to, STYLE_PLAIN);
	if (g->count == 1)
		append_single_place(t, first, INDENT + name.n, to);
	buf_append_byte(to, '\n');
	terminal_append_wrapped(t, to, slice_from_cstr(lint_code_text(first->code)), INDENT);
	if (g->count > 1)
		append_places(t, g, to);
}

/* ---- links ---- */

static void append_link(const struct terminal *t, const struct lint_link *link, size_t place_columns, struct buf *to)
{
	bool is_tracked = link->link.skip == HTML_NOT_SKIPPED;
	char room[PLACE_TEXT_MAX];
	terminal_style(t, to, STYLE_DIM);
	terminal_append_column(t, to, place_text(&link->place, room), place_columns, CUT_END);
	terminal_style(t, to, STYLE_PLAIN);
	append_spaces(to, GAP);
	terminal_style(t, to, is_tracked ? STYLE_GREEN : STYLE_YELLOW);
	terminal_append_column(t, to, is_tracked ? SLICE("tracked") : SLICE("left alone"), STATE_WIDTH, CUT_END);
	terminal_style(t, to, STYLE_PLAIN);
	size_t left = t->width - place_columns - GAP - STATE_WIDTH;
	size_t text_columns = left * TEXT_SHARE_PERCENT / 100;
	struct slice text = link->text.n ? link->text : link->has_image ? SLICE("(image)") : SLICE("(no text)");
	terminal_append_column(t, to, text, text_columns, CUT_END);
	append_spaces(to, GAP);
	left -= text_columns + GAP;
	struct slice why = is_tracked ? SLICE_EMPTY : slice_from_cstr(lint_link_why(link));
	/* The reason is always whole; the address is cut. */
	size_t why_columns = why.n ? why.n + 3 : 0;
	size_t url_columns = left > why_columns + 8 ? left - why_columns : left;
	size_t used = terminal_append(t, to, link->link.url, url_columns, CUT_MIDDLE);
	if (why.n) {
		terminal_style(t, to, STYLE_DIM);
		buf_printf(to, "%s(%.*s)", used ? " " : "", SLICE_FMT(why));
		terminal_style(t, to, STYLE_PLAIN);
	}
	buf_append_byte(to, '\n');
}

static size_t wider(size_t columns, const struct lint_place *place)
{
	char room[PLACE_TEXT_MAX];
	size_t n = place_text(place, room).n;
	return n > columns ? n : columns;
}

static void append_pixel(const struct terminal *t, const struct lint_place *place, size_t place_columns, struct buf *to)
{
	char room[PLACE_TEXT_MAX];
	terminal_style(t, to, STYLE_DIM);
	terminal_append_column(t, to, place_text(place, room), place_columns, CUT_END);
	append_spaces(to, GAP);
	terminal_append_column(t, to, SLICE("pixel"), STATE_WIDTH, CUT_END);
	buf_append_cstr(to, "(goes here)");
	terminal_style(t, to, STYLE_PLAIN);
	buf_append_byte(to, '\n');
}

static void append_links(const struct terminal *t, const struct lint_report *report, struct buf *to)
{
	size_t place_columns = report->has_pixel ? wider(0, &report->pixel) : 0;
	for (size_t i = 0; i < report->link_count; i++)
		place_columns = wider(place_columns, &report->links[i].place);
	if (place_columns > PLACE_WIDTH_MAX)
		place_columns = PLACE_WIDTH_MAX;
	for (size_t i = 0; i < report->link_count; i++)
		append_link(t, &report->links[i], place_columns, to);
	if (report->has_pixel)
		append_pixel(t, &report->pixel, place_columns, to);
}

/* What is not obvious of what follows. */
static void append_legend(const struct terminal *t, const struct lint_report *report, struct buf *to)
{
	size_t tags = 0;
	for (size_t i = 0; i < report->finding_count; i++) {
		enum lint_code code = report->findings[i].code;
		tags += code == LINT_TEMPLATE_LINK || code == LINT_TEMPLATE_TEXT || code == LINT_TEMPLATE_IMAGE;
	}
	bool has_places = report->is_mail && report->finding_count + report->link_count > 0;
	if (!has_places && tags <= 2)
		return;
	terminal_style(t, to, STYLE_DIM);
	if (has_places)
		buf_append_cstr(to, "Places are part line:column, counted in the decoded part.\n");
	if (tags > 2)
		buf_append_cstr(to, "It has merge tags; if it is a template, say --template.\n");
	terminal_style(t, to, STYLE_PLAIN);
}

void lint_table_append(const struct terminal *terminal, const struct lint_report *report, struct buf *to)
{
	enum { FIRST_SCREEN = 24 };
	append_summary(terminal, report, to);
	append_legend(terminal, report, to);
	for (size_t i = 0; i < report->finding_count;) {
		struct group group = group_at(report, i);
		buf_append_byte(to, '\n');
		append_group(terminal, &group, to);
		i += group.count;
	}
	if (report->omitted_count)
		buf_printf(to, "\n%zu more findings are not shown.\n", report->omitted_count);
	if (report->link_count == 0 && !report->has_pixel)
		return;
	buf_append_byte(to, '\n');
	append_links(terminal, report, to);
	/* The first line is out of sight then. */
	if (report->link_count + report->finding_count > FIRST_SCREEN) {
		buf_append_byte(to, '\n');
		append_summary(terminal, report, to);
	}
}

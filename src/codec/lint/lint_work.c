/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of a document come in the order of passes, not of places, and a mail can have thousands of one kind. So
 * they are gathered up to a limit, counted beyond it, and sorted once at the end; the counts are right even where the
 * list is not whole. */
#include "codec/lint/lint_work.h"

#include "codec/text/utf8.h"
#include <stdlib.h>

enum { DETAIL_MAX = 400 };

/* ---- places ---- */

void lint_enter(struct lint_work *work, struct slice part, struct slice text)
{
	work->part = part;
	work->lines = (struct lint_lines){.text = text, .is_utf8 = utf8_is_valid(text), .line = 1, .column = 1};
}

/* Columns as editors count them: a continuation byte begins none. */
static size_t count_characters(struct slice s, bool is_utf8)
{
	size_t count = s.n;
	for (size_t i = 0; is_utf8 && i < s.n; i++)
		count -= ((unsigned char)s.p[i] & 0xc0) == 0x80;
	return count;
}

/* Places are asked for from the front to the back, pass by pass. So it is enough to go on from the last one, and no
 * table of lines is needed, which could be larger than the document. */
struct lint_place lint_place_at(struct lint_work *work, size_t offset)
{
	struct lint_lines *l = &work->lines;
	if (offset < l->offset) {
		l->offset = 0;
		l->line = l->column = 1;
	}
	struct slice between = slice_sub(l->text, l->offset, offset);
	for (size_t n = slice_index(between, '\n'); n < between.n; n = slice_index(between, '\n')) {
		between = slice_from(between, n + 1);
		l->line++;
		l->column = 1;
	}
	l->column += count_characters(between, l->is_utf8);
	l->offset = offset;
	return (struct lint_place){work->part, offset, (uint32_t)l->line, (uint32_t)l->column};
}

struct lint_place lint_place_of_part(const struct lint_work *work)
{
	return (struct lint_place){.part = work->part};
}

/* ---- findings ---- */

/* The list doubles in the arena and leaves its old halves there; a thousand findings are 100 KB. */
static void add(struct lint_work *work, enum lint_code code, enum lint_severity severity, struct lint_place place,
		struct slice detail)
{
	enum { FIRST_ROOM = 16 };
	struct lint_report *report = &work->report;
	report->counts[severity]++;
	if (report->finding_count == LINT_FINDINGS_MAX) {
		report->omitted_count++;
		return;
	}
	if (report->finding_count == work->finding_room) {
		size_t room = work->finding_room ? work->finding_room * 2 : FIRST_ROOM;
		struct lint_finding *grown = arena_alloc_array(work->arena, room, sizeof *grown);
		if (report->finding_count)
			memcpy(grown, report->findings, report->finding_count * sizeof *grown);
		report->findings = grown;
		work->finding_room = room;
	}
	report->findings[report->finding_count++] = (struct lint_finding){code, severity, place, detail};
}

/* Valid UTF-8 of at most DETAIL_MAX bytes, in the arena. */
static struct slice format_detail(struct lint_work *work, const char *format, va_list args)
{
	struct buf text;
	struct buf clean;
	if (!format || work->report.finding_count == LINT_FINDINGS_MAX)
		return SLICE_EMPTY;
	buf_init(&text, 4 * URL_MAX);
	buf_init(&clean, 3 * DETAIL_MAX + 8);
	buf_vprintf(&text, format, args);
	utf8_append_lossy(&clean, slice_sub(buf_slice(&text), 0, DETAIL_MAX));
	struct slice detail = arena_copy(work->arena, buf_slice(&clean));
	buf_done(&text);
	buf_done(&clean);
	return detail;
}

void lint_add(struct lint_work *work, enum lint_code code, struct lint_place place, const char *detail, ...)
{
	va_list args;
	va_start(args, detail);
	add(work, code, lint_code_severity(code), place, format_detail(work, detail, args));
	va_end(args);
}

void lint_add_as(struct lint_work *work, enum lint_code code, enum lint_severity severity, struct lint_place place,
		 const char *detail, ...)
{
	va_list args;
	va_start(args, detail);
	add(work, code, severity, place, format_detail(work, detail, args));
	va_end(args);
}

/* The worst first; then what belongs together; then by place. Stable by offset, since parts come in order. */
static int by_weight(const void *left, const void *right)
{
	const struct lint_finding *a = left;
	const struct lint_finding *b = right;
	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	int order = slice_compare(a->place.part, b->place.part);
	return order ? order : (a->place.offset > b->place.offset) - (a->place.offset < b->place.offset);
}

void lint_finish(struct lint_work *work)
{
	struct lint_report *report = &work->report;
	for (size_t i = 0; i < report->link_count; i++)
		report->tracked_count += report->links[i].link.skip == HTML_NOT_SKIPPED;
	if (report->finding_count)
		qsort(report->findings, report->finding_count, sizeof report->findings[0], by_weight);
}

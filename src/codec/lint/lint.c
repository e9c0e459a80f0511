/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the linter: the rewriting that is judged, places, the list of findings, and HTML that is given alone. */
#include "codec/lint/lint_private.h"

#include "base/mem.h"
#include "codec/html/open_pixel.h"
#include "codec/text/utf8.h"
#include "codec/token/link_token.h"
#include <stdlib.h>

enum { PIXEL_MAX = 2 * URL_MAX, DETAIL_MAX = 400, KEY_ID = 1 };

/* ---- places ---- */

void lint_enter(struct lint_work *work, struct slice part, struct slice text)
{
	work->part = part;
	work->lines = (struct lint_lines){.text = text, .is_utf8 = utf8_is_valid(text), .line = 1, .column = 1};
}

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
	size_t n = a->place.part.n < b->place.part.n ? a->place.part.n : b->place.part.n;
	int order = n ? memcmp(a->place.part.p, b->place.part.p, n) : 0;
	if (order || a->place.part.n != b->place.part.n)
		return order ? order : a->place.part.n < b->place.part.n ? -1 : 1;
	return (a->place.offset > b->place.offset) - (a->place.offset < b->place.offset);
}

void lint_finish(struct lint_work *work)
{
	struct lint_report *report = &work->report;
	for (size_t i = 0; i < report->link_count; i++)
		report->tracked_count += report->links[i].link.skip == HTML_NOT_SKIPPED;
	if (report->finding_count)
		qsort(report->findings, report->finding_count, sizeof report->findings[0], by_weight);
}

/* ---- the rewriting ---- */

static bool append_token(struct lint_rewriting *r, enum link_token_kind kind, const struct html_link *link,
			 struct buf *to)
{
	static const char stored_key[LINK_TOKEN_STORED_KEY_SIZE];
	struct link_token token = {.kind = kind, .consent = LINK_TOKEN_CONSENT_FULL, .tenant = 1};
	if (link) {
		token.link_index = link->index;
		token.is_stored = link->destination.n > LINK_TOKEN_URL_MAX;
		token.destination = token.is_stored ? slice_of(stored_key, sizeof stored_key) : link->destination;
	}
	buf_append(to, r->base_url);
	buf_append_cstr(to, kind == LINK_TOKEN_OPEN ? "/o/" : "/c/");
	return link_token_seal(r->sealer, KEY_ID, &token, to) == STATUS_OK;
}

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	return append_token(user, LINK_TOKEN_CLICK, link, to);
}

static struct slice make_pixel(struct lint_rewriting *r, struct arena *arena)
{
	struct buf pixel;
	struct buf url;
	buf_init(&pixel, PIXEL_MAX);
	buf_init(&url, PIXEL_MAX);
	(void)append_token(r, LINK_TOKEN_OPEN, NULL, &url); /* a token without a destination is never too long */
	buf_append_cstr(&url, ".gif");
	open_pixel_append(&pixel, buf_slice(&url));
	buf_done(&url);
	struct slice copy = arena_copy(arena, buf_slice(&pixel));
	buf_done(&pixel);
	return copy;
}

/* Sealed with a key that everybody knows: only the length of the tokens is of interest. */
void lint_rewriting_init(struct lint_rewriting *rewriting, const struct lint_options *options, struct arena *arena)
{
	static const uint8_t no_secret[LINK_TOKEN_KEY_SIZE];
	struct lint_rewriting *r = rewriting;
	buf_init(&r->out, (size_t)4 * LINT_SIZE_MAX);
	r->base_url = options->base_url;
	r->own_host = url_authority(options->base_url);
	r->keys = link_token_keys_new();
	link_token_keys_set(r->keys, KEY_ID, no_secret);
	r->sealer = link_token_sealer_new(r->keys);
	r->options = (struct html_rewrite_options){.charset = options->charset,
						   .policy = {.own_hosts = &r->own_host, .own_host_count = 1},
						   .track = track,
						   .user = r,
						   .pixel = make_pixel(r, arena),
						   .pixel_place = options->pixel_place,
						   .vml = true};
}

void lint_rewriting_done(struct lint_rewriting *rewriting)
{
	link_token_sealer_free(&rewriting->sealer);
	link_token_keys_free(&rewriting->keys);
	buf_done(&rewriting->out);
}

/* ---- HTML alone ---- */

static void judge_html(struct lint_work *work, struct slice html, const struct html_report *report)
{
	struct lint_part *part = ARENA_NEW(work->arena, struct lint_part);
	*part = (struct lint_part){.part = SLICE_EMPTY,
				   .charset = report->charset,
				   .left_alone = report->warnings & HTML_WARN_PASSED_THROUGH ? "unsafe_charset"
						 : report->warnings & HTML_WARN_AMP          ? "amp"
											     : NULL,
				   .bytes_in = report->bytes_in,
				   .bytes_out = report->bytes_out};
	work->report.parts = part;
	work->report.part_count = 1;
	work->report.bytes_in = report->bytes_in;
	work->report.bytes_out = report->bytes_out;
	work->is_bulk = work->options->kind == LINT_BULK;
	lint_enter(work, SLICE_EMPTY, html);
	lint_document(work, html, report);
	if (work->is_bulk && !work->has_unsubscribe_link)
		lint_add_as(work, LINT_NO_UNSUBSCRIBE_LINK, LINT_ERROR, lint_place_of_part(work), NULL);
}

enum status lint_html(const struct lint_options *options, struct slice html, struct arena *arena,
		      struct lint_report *ret)
{
	struct lint_work work = {.options = options, .arena = arena};
	struct lint_rewriting rewriting;
	struct html_report report;
	if (html.n > LINT_SIZE_MAX)
		return STATUS_TOO_BIG;
	lint_rewriting_init(&rewriting, options, arena);
	enum status status = html_rewrite(&rewriting.options, html, arena, &rewriting.out, &report);
	if (status == STATUS_OK) {
		judge_html(&work, html, &report);
		lint_finish(&work);
		*ret = work.report;
	}
	lint_rewriting_done(&rewriting);
	return status;
}

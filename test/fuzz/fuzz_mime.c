/* SPDX-License-Identifier: Apache-2.0 */
/* The rewriter of messages on any bytes: what is outside the changed parts stays, every part decodes to what its report
 * says, the identity gives the input back, and a second pass finds nothing to do. The last byte chooses options. */
#include "base/mem.h"
#include "codec/mime/mime_rewrite.h"
#include "codec/mime/mime_view.h"
#include "codec/text/utf8.h"
#include "mime_check.h"

enum { OUT_MAX = 64 << 20 };

static const struct slice own_host = {"t.example", 9};
static const struct slice pixel = {"<img src=\"https://t.example/o/x.gif\">", 37};

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	static const char filler[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz---.....FromFrom";
	const uint8_t *size = user;
	BUG_IF(url_check_redirect(link->destination) != URL_OK);
	buf_append_cstr(to, "https://t.example/c/");
	for (size_t left = (size_t)*size * 8, n = sizeof(filler) - 1; left > 0; left -= n < left ? n : left)
		buf_append(to, slice_of(filler, n < left ? n : left));
	buf_append_u64(to, link->index);
	return true;
}

static size_t count_encodings(struct slice message, const struct mime_part *part)
{
	struct header_line header;
	size_t count = 0;
	size_t at = part->start;
	while (mime_header_next(message, part, &at, &header))
		count += slice_equal_nocase(header.name, SLICE("Content-Transfer-Encoding"));
	return count;
}

static bool has_empty_line(struct slice message, const struct mime_part *part)
{
	struct slice head = slice_sub(message, part->start, part->body);
	return slice_ends_with(head, SLICE("\n\n")) || slice_ends_with(head, SLICE("\n\r\n"));
}

/* Where no boundary can come into being, the encoding is said once and headers end properly, every change must work. */
static void check_changeable(struct slice message, const struct mime_report *report)
{
	const struct mime_part *root = report->tree.parts;
	if (report->tree.count == 1 && report->html_count == 1 && count_encodings(message, root) < 2 &&
	    has_empty_line(message, root))
		BUG_IF(report->htmls[0].skip == MIME_SKIP_UNCHANGEABLE);
}

static void check_report(const struct mime_report *report)
{
	size_t links = 0;
	BUG_IF(report->tree.count > MIME_PARTS_MAX);
	for (size_t i = 0; i < report->html_count; i++) {
		const struct mime_html *html = &report->htmls[i];
		BUG_IF(html->part >= report->tree.count);
		BUG_IF(html->skip != MIME_NOT_SKIPPED && html->report.link_count > 0);
		links += html->report.link_count;
	}
	BUG_IF(links != report->link_count || report->tracked_count > links);
}

static void check(const struct html_rewrite_options *options, struct slice message)
{
	struct arena *arena = arena_new();
	struct mime_report report;
	struct mime_report again;
	struct buf out;
	struct buf twice;
	buf_init(&out, OUT_MAX);
	buf_init(&twice, OUT_MAX);
	BUG_IF(mime_rewrite(options, message, arena, &out, &report) != STATUS_OK);
	check_report(&report);
	check_changeable(message, &report);
	BUG_IF(mime_check(message, &report, pixel, buf_slice(&out)) != NULL);
	BUG_IF(options->identity && !slice_equal(buf_slice(&out), message));
	BUG_IF(mime_rewrite(options, buf_slice(&out), arena, &twice, &again) != STATUS_OK);
	BUG_IF(mime_check_same_charsets(&report, &again) && !slice_equal(buf_slice(&out), buf_slice(&twice)));
	buf_done(&out);
	buf_done(&twice);
	arena_free(&arena);
}

static void check_view(struct slice message)
{
	struct arena *arena = arena_new();
	struct mime_view view;
	mime_view_read(message, arena, &view);
	BUG_IF(!utf8_is_valid(view.html) || !utf8_is_valid(view.text));
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	uint8_t choice = data[size - 1];
	uint8_t filler = choice >> 4;
	struct html_rewrite_options options = {
	    .policy = {.own_hosts = &own_host, .own_host_count = 1},
	    .track = track,
	    .user = &filler,
	    .pixel = pixel,
	    .pixel_place = choice & 1 ? HTML_PIXEL_BOTTOM : HTML_PIXEL_TOP,
	    .vml = choice & 2,
	    .identity = (choice & 12) == 12,
	};
	check(&options, slice_of(data, size - 1));
	check_view(slice_of(data, size - 1));
	return 0;
}

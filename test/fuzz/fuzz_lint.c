/* SPDX-License-Identifier: Apache-2.0 */
/* The linter on any bytes: counts add up, every place is inside what was judged, and the JSON is whole. The first byte
 * chooses options and whether it is a mail. */
#include "base/mem.h"
#include "codec/lint/lint.h"
#include "codec/lint/lint_json.h"
#include "codec/lint/lint_mail.h"
#include "codec/text/json_find.h"

enum { JSON_MAX = 64 << 20 };

static void check_place(const struct lint_place *place, size_t size, bool is_mail)
{
	BUG_IF(place->line == 0 && place->column != 0);
	BUG_IF(place->line > 0 && place->column == 0);
	/* The size of a decoded part is not known here. */
	BUG_IF(!is_mail && place->offset > size);
}

static void check_report(const struct lint_report *report, size_t size)
{
	size_t counted = report->counts[LINT_NOTE] + report->counts[LINT_WARNING] + report->counts[LINT_ERROR];
	size_t tracked = 0;
	BUG_IF(counted != report->finding_count + report->omitted_count);
	for (size_t i = 0; i < report->finding_count; i++) {
		check_place(&report->findings[i].place, size, report->is_mail);
		BUG_IF(i > 0 && report->findings[i].severity > report->findings[i - 1].severity);
	}
	for (size_t i = 0; i < report->link_count; i++) {
		check_place(&report->links[i].place, size, report->is_mail);
		BUG_IF(report->links[i].text.n > LINT_TEXT_MAX);
		tracked += report->links[i].link.skip == HTML_NOT_SKIPPED;
	}
	BUG_IF(tracked != report->tracked_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice input = slice_of(data + 1, size - 1);
	struct lint_options options = {.base_url = SLICE("https://t.example"),
				       .kind = (enum lint_kind)((data[0] >> 1 & 3) % 3),
				       .pixel_place = data[0] & 8 ? HTML_PIXEL_TOP : HTML_PIXEL_BOTTOM,
				       .is_template = (data[0] & 16) != 0};
	bool is_mail = (data[0] & 1) != 0 || lint_is_mail(input);
	struct arena *arena = arena_new();
	struct lint_report report;
	enum status status =
	    is_mail ? lint_mail(&options, input, arena, &report) : lint_html(&options, input, arena, &report);
	BUG_IF(status != STATUS_OK);
	check_report(&report, input.n);
	struct buf text;
	buf_init(&text, JSON_MAX);
	struct json_text w = json_text_on(&text);
	lint_put_json(&w, &report);
	struct slice found;
	BUG_IF(buf_failed(&text) || json_find(buf_slice(&text), SLICE("summary"), &found) != STATUS_OK);
	buf_done(&text);
	arena_free(&arena);
	return 0;
}

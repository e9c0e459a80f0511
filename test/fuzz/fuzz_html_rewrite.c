/* SPDX-License-Identifier: Apache-2.0 */
/* The rewriter on any bytes: what is outside the reported ranges stays, every destination may go into a Location
 * header, and a second pass finds nothing to do. The first byte chooses options. */
#include "base/mem.h"
#include "codec/html/html_rewrite.h"
#include "html_splice.h"

enum { OUT_MAX = 64 << 20 };

static const struct slice own_host = {"t.example", 9};
static const struct slice pixel = {"<img src=\"https://t.example/o/x.gif\">", 37};

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	BUG_IF(url_check_redirect(link->destination) != URL_OK);
	buf_append_cstr(to, "https://t.example/c/");
	buf_append_u64(to, link->index);
	buf_append_cstr(to, "--"); /* as a token may end */
	return true;
}

static void check(const struct html_rewrite_options *options, struct slice html)
{
	struct arena *arena = arena_new();
	struct html_report report;
	struct html_report again;
	struct buf out;
	struct buf twice;
	buf_init(&out, OUT_MAX);
	buf_init(&twice, OUT_MAX);
	BUG_IF(html_rewrite(options, html, arena, &out, &report) != STATUS_OK);
	BUG_IF(!html_is_spliced(html, &report, pixel, buf_slice(&out)));
	BUG_IF(html_rewrite(options, buf_slice(&out), arena, &twice, &again) != STATUS_OK);
	BUG_IF(!slice_equal(buf_slice(&out), options->identity ? html : buf_slice(&twice)));
	buf_done(&out);
	buf_done(&twice);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct html_rewrite_options options = {
	    .charset = data[0] & 1     ? SLICE("utf-8")
		       : data[0] & 16  ? SLICE("iso-2022-jp")
		       : data[0] & 64  ? SLICE("Shift_JIS")
		       : data[0] & 128 ? SLICE("gb18030")
				       : SLICE_EMPTY,
	    .policy = {.own_hosts = &own_host, .own_host_count = 1},
	    .track = track,
	    .pixel = pixel,
	    .pixel_place = data[0] & 2 ? HTML_PIXEL_BOTTOM : HTML_PIXEL_TOP,
	    .vml = data[0] & 4,
	    .skip_visible_urls = data[0] & 32,
	    .identity = data[0] & 8,
	};
	check(&options, slice_of(data + 1, size - 1));
	return 0;
}

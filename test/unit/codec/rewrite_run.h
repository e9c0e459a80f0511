/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite_run: one run of the rewriter in a test. A link of index 1 becomes T1, the pixel is PX. */
#ifndef PUGMARK_TEST_CODEC_REWRITE_RUN_H
#define PUGMARK_TEST_CODEC_REWRITE_RUN_H

#include "html_splice.h"
#include "rewrite_options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROOM = 64 << 20 };

static const struct slice own_host = {"t.example", 9};
static const struct slice pixel = {"PX", 2};

struct run {
	struct arena *arena;
	struct buf out;
	struct html_report report;
};

static inline bool track(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_printf(to, "T%u", (unsigned int)link->index);
	return true;
}

static inline struct html_rewrite_options options_with(enum html_pixel_place place)
{
	return rewrite_options(&own_host, track, pixel, place);
}

static inline void run_start(struct run *run, const struct html_rewrite_options *options, struct slice html)
{
	run->arena = arena_new();
	buf_init(&run->out, ROOM);
	assert_int_equal(html_rewrite(options, html, run->arena, &run->out, &run->report), STATUS_OK);
	assert_int_equal(run->report.bytes_in, html.n);
	assert_int_equal(run->report.bytes_out, run->out.n);
	assert_true(html_is_spliced(html, &run->report, options->pixel, buf_slice(&run->out)));
}

static inline void run_end(struct run *run)
{
	arena_free(&run->arena);
	buf_done(&run->out);
}

static inline void assert_rewritten_with(const struct html_rewrite_options *options, const char *html, const char *want)
{
	struct run run;
	run_start(&run, options, slice_from_cstr(html));
	assert_string_equal(buf_cstr(&run.out), want);
	run_end(&run);
}

/* A NULL `want` says that nothing changes. */
struct rewrite_case {
	const char *html;
	const char *want;
};

static inline void assert_rewrites(enum html_pixel_place place, const struct rewrite_case *cases, size_t count)
{
	struct html_rewrite_options options = options_with(place);
	for (size_t i = 0; i < count; i++)
		assert_rewritten_with(&options, cases[i].html, cases[i].want ? cases[i].want : cases[i].html);
}
#define ASSERT_PIXELS(place, cases) assert_rewrites(place, cases, sizeof(cases) / sizeof((cases)[0]))
#define ASSERT_REWRITES(cases) ASSERT_PIXELS(HTML_PIXEL_OFF, cases)

/* The first link of `html` is skipped for that reason and nothing changes. */
static inline void assert_skipped(const struct html_rewrite_options *options, const char *html, enum html_skip want)
{
	struct run run;
	run_start(&run, options, slice_from_cstr(html));
	assert_true(run.report.link_count > 0);
	assert_string_equal(html_skip_name(run.report.links[0].skip), html_skip_name(want));
	assert_string_equal(buf_cstr(&run.out), html);
	run_end(&run);
}

struct skip_case {
	const char *value;
	enum html_skip want;
};

static inline void assert_values_skipped(const struct skip_case *cases, size_t count)
{
	struct html_rewrite_options options = options_with(HTML_PIXEL_OFF);
	for (size_t i = 0; i < count; i++) {
		char html[256];
		snprintf(html, sizeof(html), "<a href=\"%s\">x</a>", cases[i].value);
		assert_skipped(&options, html, cases[i].want);
	}
}

#endif

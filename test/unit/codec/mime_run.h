/* SPDX-License-Identifier: Apache-2.0 */
/* mime_run: one run of the rewriter of messages in a test. A link of index 1 becomes https://t.co/1, the pixel is
 * PIXEL. */
#ifndef PUGMARK_TEST_CODEC_MIME_RUN_H
#define PUGMARK_TEST_CODEC_MIME_RUN_H

#include "mime_check.h"
#include "rewrite_options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROOM = 128 << 20 };

/* Beginnings of messages. */
#define HTML "Content-Type: text/html; charset=utf-8\r\n"
#define QP HTML "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
#define BASE64 HTML "Content-Transfer-Encoding: base64\r\n\r\n"
#define LINK "<a href=\"http://e.com/\">x</a>"
#define TRACKED(n) "<a href=\"https://t.co/" n "\">x</a>"
#define PIXEL "<img src=\"https://t.co/o/p\">"
#define PIXEL_QP "<img src=3D\"https://t.co/o/p\">"
/* 70 bytes */
#define SEVENTY "1234567890123456789012345678901234567890123456789012345678901234567890"

static const struct slice own_host = {"t.co", 4};

static inline bool track_short(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_printf(to, "https://t.co/%u", (unsigned)link->index);
	return true;
}

static inline bool track_long(void *user, const struct html_link *link, struct buf *to)
{
	(void)link;
	buf_append_cstr(to, "https://t.co/" SEVENTY);
	buf_append_cstr(to, user ? user : "");
	return true;
}

static inline struct html_rewrite_options options_with(enum html_pixel_place place)
{
	struct html_rewrite_options options = rewrite_options(&own_host, track_short, SLICE(PIXEL), place);
	options.charset = SLICE("utf-16"); /* must not count */
	return options;
}

struct run {
	struct arena *arena;
	struct buf out;
	struct mime_report report;
};

static inline void run_start(struct run *run, const struct html_rewrite_options *options, struct slice message)
{
	run->arena = arena_new();
	buf_init(&run->out, ROOM);
	buf_append_cstr(&run->out, "kept");
	assert_int_equal(mime_rewrite(options, message, run->arena, &run->out, &run->report), STATUS_OK);
	assert_memory_equal(run->out.p, "kept", 4);
	const char *fault = mime_check(message, &run->report, options->pixel, slice_from(buf_slice(&run->out), 4));
	if (fault)
		fail_msg("%s in:\n%.*s\nout:\n%s", fault, SLICE_FMT(message), buf_cstr(&run->out) + 4);
}

static inline void run_end(struct run *run)
{
	arena_free(&run->arena);
	buf_done(&run->out);
}

/* A NULL `want` says that nothing changes. Also: a second pass changes nothing, nor does the identity. */
static inline void check_with(struct html_rewrite_options options, const char *message, const char *want)
{
	struct run run;
	struct run again;
	run_start(&run, &options, slice_from_cstr(message));
	assert_string_equal(buf_cstr(&run.out) + 4, want ? want : message);
	run_start(&again, &options, slice_from(buf_slice(&run.out), 4));
	assert_string_equal(buf_cstr(&again.out), buf_cstr(&run.out));
	run_end(&again);
	options.identity = true;
	run_start(&again, &options, slice_from_cstr(message));
	assert_string_equal(buf_cstr(&again.out) + 4, message);
	run_end(&again);
	run_end(&run);
}

static inline void check_links(const char *message, const char *want)
{
	check_with(options_with(HTML_PIXEL_OFF), message, want);
}

static inline void check_pixel(const char *message, const char *want)
{
	check_with(options_with(HTML_PIXEL_BOTTOM), message, want);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* corpus_rewrite: the rewriting that mails of the corpus go through, with a pixel of the usual length. */
#ifndef PUGMARK_TEST_CODEC_CORPUS_REWRITE_H
#define PUGMARK_TEST_CODEC_CORPUS_REWRITE_H

#include "rewrite_options.h"

static const struct slice corpus_host = {"track.example.net", 17};
static const struct slice corpus_pixel = {
    "<img src=\"https://track.example.net/o/p.gif\" width=\"1\" height=\"1\" alt=\"\">", 74};

/* `track` makes addresses on corpus_host. */
static inline struct html_rewrite_options corpus_options(html_track_fn *track)
{
	return rewrite_options(&corpus_host, track, corpus_pixel, HTML_PIXEL_BOTTOM);
}

#endif

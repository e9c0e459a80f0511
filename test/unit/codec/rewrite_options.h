/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite_options: the options of a rewriting in a test. What differs from one test to the other is given, the rest is
 * as the program has it. */
#ifndef PUGMARK_TEST_CODEC_REWRITE_OPTIONS_H
#define PUGMARK_TEST_CODEC_REWRITE_OPTIONS_H

#include "codec/html/html_rewrite.h"

/* `own_host` is borrowed. */
static inline struct html_rewrite_options rewrite_options(const struct slice *own_host, html_track_fn *track,
							  struct slice pixel, enum html_pixel_place place)
{
	return (struct html_rewrite_options){
	    .charset = SLICE_EMPTY,
	    .policy = {.own_hosts = own_host, .own_host_count = 1},
	    .track = track,
	    .pixel = pixel,
	    .pixel_place = place,
	    .vml = true,
	};
}

#endif

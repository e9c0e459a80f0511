/* SPDX-License-Identifier: Apache-2.0 */
/* instrumenter: what is behind the public struct, and one run of it. */
#ifndef PUGMARK_LIBRARY_INSTRUMENTER_H
#define PUGMARK_LIBRARY_INSTRUMENTER_H

#include "codec/html/html_rewrite.h"
#include "codec/token/link_token.h"
#include "library/memory.h"
#include "library/text_list.h"

struct pugmark_instrumenter {
	struct memory memory;
	/* links */
	struct slice base_url; /* without a slash at its end; empty: not set */
	struct link_token_sealer *sealer;
	uint8_t key_id;
	bool has_message;
	struct link_token token; /* message and tenant of this mail */
	enum pugmark_consent opens;
	enum pugmark_consent clicks;
	pugmark_track_fn *track;
	void *user;
	/* the pixel */
	enum pugmark_pixel_place pixel_place;
	struct slice pixel_html; /* empty: with a token */
	/* the rest */
	bool vml;
	bool skip_visible_urls;
	size_t output_max;
	struct text_list own_hosts;
	struct text_list unsubscribe_urls;
	struct text_list parameter_names; /* two lists of one length */
	struct text_list parameter_values;
};

/* One mail on its way through. */
struct run {
	const struct pugmark_instrumenter *from;
	struct html_rewrite_options options;
	bool is_out_of_memory; /* OpenSSL was, in the middle */
	char room[PUGMARK_TRACK_ROOM];
};

/* PUGMARK_OK, or PUGMARK_MISUSE: an option is missing. */
enum pugmark_status run_check(const struct pugmark_instrumenter *from);
/* Fills *run, whose options are good for html_rewrite as long as `arena` and `from` are. PUGMARK_OK, or
 * PUGMARK_NO_MEMORY. */
enum pugmark_status run_begin(struct run *run, const struct pugmark_instrumenter *from, struct arena *arena) MUST_CHECK;

#endif

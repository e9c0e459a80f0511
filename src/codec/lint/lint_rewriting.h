/* SPDX-License-Identifier: Apache-2.0 */
/* lint_rewriting: the rewriting that a report is about: as it would be done, with tokens of the length that they would
 * have, so that sizes are right. */
#ifndef PUGMARK_CODEC_LINT_REWRITING_H
#define PUGMARK_CODEC_LINT_REWRITING_H

#include "codec/lint/lint_options.h"
#include "codec/token/tracking_url.h"

/* The rewriting that the report is about. */
struct lint_rewriting {
	struct html_rewrite_options options;
	struct buf out;
	struct link_token_keys *keys;
	struct tracking_origin origin;
	struct slice own_host;
};
void lint_rewriting_init(struct lint_rewriting *rewriting, const struct lint_options *options, struct arena *arena);
void lint_rewriting_done(struct lint_rewriting *rewriting);

#endif

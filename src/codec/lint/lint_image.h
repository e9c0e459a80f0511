/* SPDX-License-Identifier: Apache-2.0 */
/* lint_image: the images of a document. */
#ifndef PUGMARK_CODEC_LINT_IMAGE_H
#define PUGMARK_CODEC_LINT_IMAGE_H

#include "codec/html/html_token.h"
#include "codec/lint/lint_work.h"

/* What an `<img>` says of itself. */
struct lint_image {
	struct slice source;
	bool has_source;
	bool has_alt;
	bool has_text; /* a non-empty alt */
	bool is_tiny;  /* a spacer, or a pixel */
	bool is_decoration;
};
void lint_image_read(const struct html_tokenizer *tokenizer, const struct html_token *tag, struct lint_image *ret);
/* Findings of an image's address. */
void lint_judge_source(struct lint_work *work, struct slice source, struct lint_place place);

#endif

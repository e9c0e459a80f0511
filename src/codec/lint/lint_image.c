/* SPDX-License-Identifier: Apache-2.0 */
/* One look at each attribute of an image. What it stands for is asked afterwards: an empty alt is right for decoration
 * and a missing one never is, and a spacer of one pixel is nothing to describe. */
#include "codec/lint/lint_image.h"

#include "codec/html/merge_tags.h"

enum { SHOWN_URL = 120 };

/* Spacers and other people's pixels: nobody is to see them, so nobody misses a text. */
static bool is_tiny_size(struct slice value)
{
	value = slice_trim(value);
	return slice_equal(value, SLICE("1")) || slice_equal(value, SLICE("0")) ||
	       slice_equal_nocase(value, SLICE("1px"));
}

void lint_image_read(const struct html_tokenizer *tokenizer, const struct html_token *tag, struct lint_image *ret)
{
	struct html_attributes attributes = html_attributes_of(tokenizer, tag);
	struct html_attribute a;
	while (html_attribute_next(&attributes, &a)) {
		if (slice_equal_nocase(a.name, SLICE("src")) && !ret->has_source) {
			ret->source = url_trim(a.value);
			ret->has_source = true;
		} else if (slice_equal_nocase(a.name, SLICE("alt"))) {
			ret->has_alt = true;
			ret->has_text = slice_trim(a.value).n > 0;
		} else if (slice_equal_nocase(a.name, SLICE("width")) || slice_equal_nocase(a.name, SLICE("height"))) {
			ret->is_tiny |= is_tiny_size(a.value);
		} else if ((slice_equal_nocase(a.name, SLICE("role")) &&
			    (slice_equal_nocase(a.value, SLICE("presentation")) ||
			     slice_equal_nocase(a.value, SLICE("none")))) ||
			   (slice_equal_nocase(a.name, SLICE("aria-hidden")) &&
			    slice_equal_nocase(a.value, SLICE("true")))) {
			ret->is_decoration = true;
		} else if (slice_equal_nocase(a.name, SLICE("aria-label"))) {
			ret->has_alt = ret->has_text = true;
		}
	}
}

void lint_judge_source(struct lint_work *work, struct slice source, struct lint_place place)
{
	struct slice shown = slice_sub(source, 0, SHOWN_URL);
	struct slice scheme = url_scheme(source);
	/* A merge tag first: it may be what stands for the scheme. */
	if (merge_tags_in(source)) {
		if (!work->options->is_template)
			lint_add(work, LINT_TEMPLATE_IMAGE, place, "%.*s", SLICE_FMT(shown));
	} else if (slice_equal_nocase(scheme, SLICE("data"))) {
		lint_add(work, LINT_DATA_IMAGE, place, "%zu bytes", source.n);
	} else if (slice_equal_nocase(scheme, SLICE("http"))) {
		lint_add(work, LINT_HTTP_IMAGE, place, "%.*s", SLICE_FMT(shown));
	} else if (scheme.n == 0) {
		lint_add(work, LINT_RELATIVE_IMAGE, place, "%s%.*s", source.n ? "" : "empty", SLICE_FMT(shown));
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Switches without a default: a new value of the codec layer is a compiler error here until it has its public one. */
#include "codec/html/open_pixel.h"
#include "library/argument.h"
#include "library/link.h"

static enum pugmark_skip skip_of(enum html_skip skip)
{
	switch (skip) {
	case HTML_NOT_SKIPPED: return PUGMARK_NOT_SKIPPED;
	case HTML_SKIP_DUPLICATE_ATTRIBUTE: return PUGMARK_SKIP_DUPLICATE_ATTRIBUTE;
	case HTML_SKIP_EMPTY: return PUGMARK_SKIP_EMPTY;
	case HTML_SKIP_FRAGMENT: return PUGMARK_SKIP_FRAGMENT;
	case HTML_SKIP_TEMPLATE: return PUGMARK_SKIP_TEMPLATE;
	case HTML_SKIP_RELATIVE: return PUGMARK_SKIP_RELATIVE;
	case HTML_SKIP_NOT_HTTP: return PUGMARK_SKIP_NOT_HTTP;
	case HTML_SKIP_CHARSET: return PUGMARK_SKIP_CHARSET;
	case HTML_SKIP_BAD_URL: return PUGMARK_SKIP_BAD_URL;
	case HTML_SKIP_NO_TRACK: return PUGMARK_SKIP_NO_TRACK;
	case HTML_SKIP_TOO_MANY_ATTRIBUTES: return PUGMARK_SKIP_TOO_MANY_ATTRIBUTES;
	case HTML_SKIP_OWN_LINK: return PUGMARK_SKIP_OWN_LINK;
	case HTML_SKIP_UNSUBSCRIBE: return PUGMARK_SKIP_UNSUBSCRIBE;
	case HTML_SKIP_VISIBLE_URL: return PUGMARK_SKIP_VISIBLE_URL;
	case HTML_SKIP_AMP: return PUGMARK_SKIP_AMP;
	case HTML_SKIP_REFUSED: return PUGMARK_SKIP_REFUSED;
	}
	return PUGMARK_SKIP_OTHER;
}

enum pugmark_part_skip link_part_skip_of(enum mime_skip skip)
{
	switch (skip) {
	case MIME_NOT_SKIPPED: return PUGMARK_PART_NOT_SKIPPED;
	case MIME_SKIP_SIGNED: return PUGMARK_PART_SIGNED;
	case MIME_SKIP_ENCRYPTED: return PUGMARK_PART_ENCRYPTED;
	case MIME_SKIP_ATTACHED: return PUGMARK_PART_ATTACHED;
	case MIME_SKIP_EMBEDDED: return PUGMARK_PART_EMBEDDED;
	case MIME_SKIP_AMP: return PUGMARK_PART_AMP;
	case MIME_SKIP_ENCODING: return PUGMARK_PART_ENCODING;
	case MIME_SKIP_BROKEN: return PUGMARK_PART_BROKEN;
	case MIME_SKIP_UNCHANGEABLE: return PUGMARK_PART_UNCHANGEABLE;
	}
	return PUGMARK_PART_OTHER;
}

static enum pugmark_warning warning_of(enum html_warning warning)
{
	switch (warning) {
	case HTML_WARN_PASSED_THROUGH: return PUGMARK_WARN_PASSED_THROUGH;
	case HTML_WARN_AMP: return PUGMARK_WARN_AMP;
	case HTML_WARN_NO_PIXEL: return PUGMARK_WARN_NO_PIXEL;
	case HTML_WARN_PIXEL_PRESENT: return PUGMARK_WARN_PIXEL_PRESENT;
	case HTML_WARN_CUT: return PUGMARK_WARN_CUT;
	case HTML_WARN_TEMPLATE: return PUGMARK_WARN_TEMPLATE;
	case HTML_WARN_BAD_URL: return PUGMARK_WARN_BAD_URL;
	case HTML_WARN_CHARSET: return PUGMARK_WARN_CHARSET;
	case HTML_WARN_VISIBLE_URL: return PUGMARK_WARN_VISIBLE_URL;
	case HTML_WARN_CLIP: return PUGMARK_WARN_CLIP;
	case HTML_WARN_REFUSED: return PUGMARK_WARN_REFUSED;
	case HTML_WARN_AMBIGUOUS: return PUGMARK_WARN_AMBIGUOUS;
	}
	return PUGMARK_WARN_OTHER;
}

/* One bit each, in the order of the list. */
static enum html_warning warning_at(unsigned i)
{
	return (enum html_warning)(UINT32_C(1) << i);
}

/* With clicks off every link is refused, by us; a warning that links were left alone would be one about what was asked
 * for. */
uint32_t link_warnings_of(uint32_t html_warnings, bool is_off)
{
	uint32_t warnings = 0;
	if (is_off)
		html_warnings &= ~(uint32_t)HTML_WARN_REFUSED;
	for (unsigned i = 0; i < HTML_WARNING_COUNT; i++)
		if (html_warnings & warning_at(i))
			warnings |= (uint32_t)warning_of(warning_at(i));
	return warnings;
}

/* Texts still point to where the codec layer has them: a callback may look and must not keep. */
void link_show(const struct html_link *link, struct pugmark_link *ret)
{
	bool is_bad = link->skip == HTML_SKIP_BAD_URL;
	*ret = (struct pugmark_link){
	    .index = link->index,
	    .start = link->start,
	    .end = link->end,
	    .skip = skip_of(link->skip),
	    .is_conditional = link->is_conditional,
	    .url = argument_text_of(link->url),
	    .destination = argument_text_of(link->destination),
	    .tracked_url = argument_text_of(SLICE_EMPTY),
	    .text = argument_text_of(link->text),
	    .fault = argument_text_of(slice_from_cstr(is_bad ? url_fault_text(link->fault) : "")),
	};
}

/* ---- names: those of the codec layer, and what only the library has ---- */

/* The numbers of the codec layer are dense and end where there is no public one, so the walk ends. */
const char *pugmark_skip_name(enum pugmark_skip skip)
{
	if (skip == PUGMARK_SKIP_CLICKS_OFF)
		return "clicks_off";
	for (enum html_skip s = HTML_NOT_SKIPPED; skip_of(s) != PUGMARK_SKIP_OTHER; s++)
		if (skip_of(s) == skip)
			return html_skip_name(s);
	return "other";
}

const char *pugmark_part_skip_name(enum pugmark_part_skip skip)
{
	for (enum mime_skip s = MIME_NOT_SKIPPED; link_part_skip_of(s) != PUGMARK_PART_OTHER; s++)
		if (link_part_skip_of(s) == skip)
			return mime_skip_name(s);
	return "other";
}

const char *pugmark_warning_name(enum pugmark_warning warning)
{
	for (unsigned i = 0; i < HTML_WARNING_COUNT; i++)
		if (warning_of(warning_at(i)) == warning)
			return html_warning_name(warning_at(i));
	return "other";
}

const char *pugmark_warning_text(enum pugmark_warning warning)
{
	for (unsigned i = 0; i < HTML_WARNING_COUNT; i++)
		if (warning_of(warning_at(i)) == warning)
			return html_warning_text(warning_at(i));
	return "Something that this version has no word for.";
}

const void *pugmark_pixel_gif(size_t *ret_size)
{
	struct slice gif = open_pixel_gif();
	if (ret_size)
		*ret_size = gif.n;
	return gif.p;
}

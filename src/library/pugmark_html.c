/* SPDX-License-Identifier: Apache-2.0 */
/* HTML is one part of a mail that has no other, so that results of both kinds are read by one code. */
#include "library/argument.h"
#include "library/result.h"

static enum pugmark_status work(struct instrumenting *it)
{
	struct result *result = it->result;
	struct html_report report;
	it->run.options.charset = it->charset;
	if (html_rewrite(&it->run.options, it->input, result->arena, &result->output, &report) != STATUS_OK)
		return PUGMARK_TOO_BIG;
	struct slice output = buf_slice(&result->output);
	struct pugmark_part part = {.end = it->input.n, .pixel_at = HTML_NOWHERE, .html = argument_text_of(output)};
	/* Everything is copied out of the arena's scratch once its number is known, so no list grows. */
	result_reserve(result, report.link_count, 1);
	result_add_part(result, &part);
	result_add_html(result, &report, output, it->run.from->clicks == PUGMARK_CONSENT_OFF);
	return PUGMARK_OK;
}

enum pugmark_status pugmark_instrument_html(struct pugmark_instrumenter *instrumenter, const char *html,
					    size_t html_size, const char *charset, size_t charset_size,
					    struct pugmark_result **ret_result)
{
	struct instrumenting it = {.work = work};
	if (!instrumenter || !ret_result || !argument_slice(html, html_size, &it.input) ||
	    !argument_slice(charset, charset_size, &it.charset))
		return PUGMARK_MISUSE;
	return instrumenting_do(instrumenter, &it, ret_result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* html_raw_text: where text ends in which tags mean nothing (HTML, 13.2.5.9-31). */
#ifndef PUGMARK_CODEC_HTML_RAW_TEXT_H
#define PUGMARK_CODEC_HTML_RAW_TEXT_H

#include "base/slice.h"

/* RCDATA and raw text: where the first end tag `name` behind `at` begins, or the input's length. An empty name never
 * ends. */
size_t html_raw_text_end(struct slice input, size_t at, struct slice name);

/* The same for script data, in which `<!--` and `<script` hide an end tag. */
size_t html_script_end(struct slice input, size_t at, struct slice name);

#endif

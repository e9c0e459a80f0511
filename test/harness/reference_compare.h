/* SPDX-License-Identifier: Apache-2.0 */
/* reference_compare: html_token and html_rewrite beside the reference, on any bytes. */
#ifndef PUGMARK_TEST_REFERENCE_COMPARE_H
#define PUGMARK_TEST_REFERENCE_COMPARE_H

#include "base/slice.h"

/* Both tokenizers over the whole input, each with its own idea of svg and math: tags, attributes, comments, doctypes,
 * CDATA sections. Prints the first difference; false when there is one. */
bool reference_tokens_agree(struct slice html);

/* Both readings of the links and of where a pixel goes, with and without conditional comments. */
bool reference_links_agree(struct slice html);

#endif

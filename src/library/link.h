/* SPDX-License-Identifier: Apache-2.0 */
/* link: links, skips and warnings of the codec layer in the words of the library, which stay when those change. */
#ifndef PUGMARK_LIBRARY_LINK_H
#define PUGMARK_LIBRARY_LINK_H

#include "codec/html/html_rewrite.h"
#include "codec/mime/mime_rewrite.h"
#include <pugmark.h>

/* All but `part` and `tracked_url`; texts point to where those of `link` do. */
void link_show(const struct html_link *link, struct pugmark_link *ret);

enum pugmark_part_skip link_part_skip_of(enum mime_skip skip);

/* `is_off`: no link was to be tracked, so a refusal is no news. */
uint32_t link_warnings_of(uint32_t html_warnings, bool is_off);

#endif

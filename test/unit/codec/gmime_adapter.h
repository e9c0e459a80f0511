/* SPDX-License-Identifier: Apache-2.0 */
/* gmime_adapter: the html parts of a message as GMime, an independent parser, finds them. */
#ifndef PUGMARK_TEST_GMIME_ADAPTER_H
#define PUGMARK_TEST_GMIME_ADAPTER_H

#include "base/buf.h"

struct gmime_html {
	size_t body; /* the body is bytes [body, end) of the message */
	size_t end;
	struct slice decoded; /* in the arena */
};

struct gmime_htmls {
	struct gmime_html *htmls; /* text/html and text/x-amp-html, in order */
	size_t count;
	size_t parts; /* all leaves, to measure by */
};

void gmime_adapter_init(void);
/* `decodes`: fill `decoded` too. Ends the process when GMime is out of order. */
void gmime_read(struct slice message, bool decodes, struct arena *arena, struct gmime_htmls *ret);

#endif

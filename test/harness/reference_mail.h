/* SPDX-License-Identifier: Apache-2.0 */
/* reference_mail: a second reading of a mail's links and pixel places, on top of reference_html, for comparing
 * html_rewrite with. It says where things are, not what becomes of them: the policy has tests of its own. */
#ifndef PUGMARK_TEST_REFERENCE_MAIL_H
#define PUGMARK_TEST_REFERENCE_MAIL_H

#include "base/slice.h"
#include "reference_html.h"

struct reference_link {
	size_t start; /* the value, without quotes */
	size_t end;
	bool is_duplicate; /* another href of the tag came first */
	bool is_opted_out;
	bool is_conditional;
};

struct reference_mail {
	struct reference_link *links; /* in order of the document */
	size_t link_count;
	size_t link_room;
	bool is_amp;
	bool is_cut;             /* a tag behind the last byte would not be one */
	size_t deepest;          /* nesting of svg, math and what they hold; the real one has a limit */
	bool is_ambiguous;       /* raw text in a select or behind a frameset, outside conditional comments */
	int64_t bottom_pixel_at; /* -1: nowhere */
	int64_t top_pixel_at;
};

/* `vml`: look into `<!--[if` comments. */
void reference_mail_read(struct reference_mail *mail, struct slice html, bool vml);
void reference_mail_done(struct reference_mail *mail);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* lint: what is wrong with a mail, before it is sent.
 *
 * Rewrites the mail as it would be rewritten, with tokens of the real length, and says what became of each link and
 * why, how large it got, and what a mail expert would object to. A finding is one of a closed list of codes, has a
 * place, and says what to do. Few and right is the aim: what is fine in most mails is not mentioned. Pure; linear in
 * the size of the mail; any bytes will do. No link is visited.
 */
#ifndef PUGMARK_CODEC_LINT_H
#define PUGMARK_CODEC_LINT_H

#include "codec/lint/lint_options.h"
#include "codec/lint/lint_report.h"

/* HTML alone; a whole message is lint_mail's. Fills *ret. Everything in it lives in `arena` or points into the input.
 * STATUS_OK; STATUS_TOO_BIG for input, or a result, past LINT_SIZE_MAX; *ret is then untouched. */
enum status lint_html(const struct lint_options *options, struct slice html, struct arena *arena,
		      struct lint_report *ret) MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* lint_mail: what is wrong with a whole message: its headers, its text parts, and each HTML part of it (lint.h). */
#ifndef PUGMARK_CODEC_LINT_MAIL_H
#define PUGMARK_CODEC_LINT_MAIL_H

#include "codec/lint/lint_options.h"
#include "codec/lint/lint_report.h"

/* As lint_html, for a message. */
enum status lint_mail(const struct lint_options *options, struct slice message, struct arena *arena,
		      struct lint_report *ret) MUST_CHECK;

/* Whether input is a mail rather than HTML: it begins with a header that mails have. */
bool lint_is_mail(struct slice input);

#endif

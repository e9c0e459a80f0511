/* SPDX-License-Identifier: Apache-2.0 */
/* mail_compose_check: whether a draft can become a well-formed mail. Pure. */
#ifndef PUGMARK_CODEC_MAIL_COMPOSE_CHECK_H
#define PUGMARK_CODEC_MAIL_COMPOSE_CHECK_H

#include "base/status.h"

struct mail_draft;

/* STATUS_OK, or STATUS_BAD_INPUT or STATUS_TOO_BIG with words that begin with the field's name as the API has it. */
enum status mail_draft_check(const struct mail_draft *draft, struct err *err) MUST_CHECK;

#endif

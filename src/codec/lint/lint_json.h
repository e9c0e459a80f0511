/* SPDX-License-Identifier: Apache-2.0 */
/* lint_json: a linter's report as JSON, for the API and `pugmark lint --json`. */
#ifndef PUGMARK_CODEC_LINT_JSON_H
#define PUGMARK_CODEC_LINT_JSON_H

#include "codec/lint/lint_report.h"
#include "codec/text/json_text.h"

/* Puts the report as one object. */
void lint_put_json(struct json_text *w, const struct lint_report *report);

#endif

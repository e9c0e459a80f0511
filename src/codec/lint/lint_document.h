/* SPDX-License-Identifier: Apache-2.0 */
/* lint_document: what is wrong with the markup of one document. */
#ifndef PUGMARK_CODEC_LINT_DOCUMENT_H
#define PUGMARK_CODEC_LINT_DOCUMENT_H

#include "codec/lint/lint_work.h"

/* A part whose `report` html_rewrite made. Adds its links, and all findings of its markup, links and images. */
void lint_document(struct lint_work *work, struct slice html, const struct html_report *report);

#endif

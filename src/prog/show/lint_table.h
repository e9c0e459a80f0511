/* SPDX-License-Identifier: Apache-2.0 */
/* lint_table: a lint report for people: one line that says it all, then what is wrong, then the links. */
#ifndef PUGMARK_PROG_LINT_TABLE_H
#define PUGMARK_PROG_LINT_TABLE_H

#include "codec/lint/lint_report.h"
#include "prog/show/terminal_text.h"

void lint_table_append(const struct terminal *terminal, const struct lint_report *report, struct buf *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* rejudge_table: a report of engine/judge/rejudge for people, and as JSON. */
#ifndef PUGMARK_PROG_REJUDGE_TABLE_H
#define PUGMARK_PROG_REJUDGE_TABLE_H

#include "engine/judge/rejudge_report.h"

struct rejudge_result {
	const struct rejudge_report *report;
	int64_t since_us;
	bool is_applied;
};

void rejudge_table_append(struct buf *b, const struct rejudge_result *result);
/* One object and a line's end. */
void rejudge_table_append_json(struct buf *b, const struct rejudge_result *result);

#endif

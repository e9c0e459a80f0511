/* SPDX-License-Identifier: Apache-2.0 */
/* lint_work: a linter's report in the making. Whoever looks at a mail gets one, says which text it is in, and adds what
 * it finds; so places, the limit on findings and their order are kept in one module. */
#ifndef PUGMARK_CODEC_LINT_WORK_H
#define PUGMARK_CODEC_LINT_WORK_H

#include "codec/lint/lint_options.h"
#include "codec/lint/lint_report.h"

/* Offsets to lines and columns: the text, and the place that was asked for last. */
struct lint_lines {
	struct slice text;
	bool is_utf8;
	size_t offset;
	size_t line; /* from 1, as the column */
	size_t column;
};

/* The report in the making. */
struct lint_work {
	const struct lint_options *options;
	struct arena *arena;
	struct lint_report report;
	size_t finding_room;
	size_t link_room;
	bool is_bulk;
	bool has_unsubscribe_link; /* or something that looks like one */
	/* the text that findings are in now */
	struct slice part;
	struct lint_lines lines;
};

/* The text that findings are in from now on. */
void lint_enter(struct lint_work *work, struct slice part, struct slice text);
struct lint_place lint_place_at(struct lint_work *work, size_t offset);
/* Of the whole: a place without line. */
struct lint_place lint_place_of_part(const struct lint_work *work);

/* Adds a finding; `detail` (a format, or NULL) is put into the arena. */
void lint_add(struct lint_work *work, enum lint_code code, struct lint_place place, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));
/* The same, but of this severity. */
void lint_add_as(struct lint_work *work, enum lint_code code, enum lint_severity severity, struct lint_place place,
		 const char *detail, ...) __attribute__((format(printf, 5, 6)));

/* Sorts and counts. To be called once, when all is found. */
void lint_finish(struct lint_work *work);

#endif

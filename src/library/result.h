/* SPDX-License-Identifier: Apache-2.0 */
/* result: what a run made, kept in a memory of its own. */
#ifndef PUGMARK_LIBRARY_RESULT_H
#define PUGMARK_LIBRARY_RESULT_H

#include "library/instrumenter.h"
#include "library/link.h"

struct result {
	struct memory memory;
	struct arena *arena;
	struct buf output;
	struct pugmark_result shown; /* what the host sees */
	struct pugmark_link **links;
	struct pugmark_part **parts;
};

/* An instrumenting of one mail: `work` fills `result`, whose arena and output are ready, from what `run` has. */
struct instrumenting {
	struct result *result;
	struct run run;
	struct slice input;
	struct slice charset; /* for HTML */
	enum pugmark_status (*work)(struct instrumenting *instrumenting);
};

/* Runs all of it at the border: the result is the host's, or everything is given back. */
enum pugmark_status instrumenting_do(struct pugmark_instrumenter *from, struct instrumenting *instrumenting,
				     struct pugmark_result **ret_result) MUST_CHECK;

/* Room for so many. */
void result_reserve(struct result *result, size_t link_count, size_t part_count);
/* A copy in the result. */
struct pugmark_text result_text(struct result *result, struct slice text);
/* Adds the next part. */
void result_add_part(struct result *result, const struct pugmark_part *part);
/* Adds the links of the part that was added last, and what `report` says of it. `rewritten` is its new HTML. */
void result_add_html(struct result *result, const struct html_report *report, struct slice rewritten, bool is_off);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Before and after as a table from one kind to the other, for that is what is asked: not how many scanners there are,
 * but what became of them. Columns and rows that are all zero are left out; there are nine kinds and seldom more than
 * four in use. */
#include "prog/show/rejudge_table.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include <inttypes.h>

enum { COLUMN = 13, FIRST_COLUMN = 17, REASON_COLUMN = FIRST_COLUMN + COLUMN - 2, REASONS_SHOWN = 12 };

typedef uint64_t moves[ACTOR_COUNT][ACTOR_COUNT];

/* ---- For people */

/* A row's sum: how many were of that kind before. */
static uint64_t were(const moves m, int actor)
{
	uint64_t sum = 0;
	for (int i = 0; i < ACTOR_COUNT; i++)
		sum += m[actor][i];
	return sum;
}

/* A column's: how many are of it afterwards. */
static uint64_t are(const moves m, int actor)
{
	uint64_t sum = 0;
	for (int i = 0; i < ACTOR_COUNT; i++)
		sum += m[i][actor];
	return sum;
}

/* A dot where nothing moved: a table full of zeros hides the few numbers that matter. */
static void append_row(struct buf *b, const moves m, int before)
{
	buf_printf(b, "  %-*s", FIRST_COLUMN - 2, actor_name((enum actor)before));
	for (int after = 0; after < ACTOR_COUNT; after++) {
		if (!are(m, after))
			continue;
		if (m[before][after])
			buf_printf(b, "%*" PRIu64, COLUMN, m[before][after]);
		else
			buf_printf(b, "%*s", COLUMN, ".");
	}
	buf_append_byte(b, '\n');
}

/* Kinds that nothing was before have no row, kinds that nothing became have no column. */
static void append_moves(struct buf *b, const char *title, const moves m)
{
	buf_printf(b, "\n%-*s", FIRST_COLUMN, title);
	for (int i = 0; i < ACTOR_COUNT; i++)
		if (are(m, i))
			buf_printf(b, "%*s", COLUMN, actor_name((enum actor)i));
	buf_append_byte(b, '\n');
	for (int i = 0; i < ACTOR_COUNT; i++)
		if (were(m, i))
			append_row(b, m, i);
}

static bool has_any(const moves m)
{
	uint64_t sum = 0;
	for (int i = 0; i < ACTOR_COUNT; i++)
		sum += were(m, i);
	return sum != 0;
}

static void append_number(struct buf *b, const char *what, uint64_t before, uint64_t after)
{
	int64_t change = (int64_t)after - (int64_t)before;
	buf_printf(b, "  %-*s%*" PRIu64 "%*" PRIu64, FIRST_COLUMN - 2, what, COLUMN, before, COLUMN, after);
	if (change)
		buf_printf(b, "%+*" PRId64, COLUMN, change);
	buf_append_byte(b, '\n');
}

static void append_headline(struct buf *b, const struct rejudge_report *report)
{
	const struct rejudge_headline *before = &report->before;
	const struct rejudge_headline *after = &report->after;
	buf_printf(b, "\n%-*s%*s%*s\n", FIRST_COLUMN, "headline", COLUMN, "before", COLUMN, "after");
	append_number(b, "opens", before->opens, after->opens);
	append_number(b, "opened", before->opens_unique, after->opens_unique);
	append_number(b, "clicks", before->clicks, after->clicks);
	append_number(b, "clicked", before->clicks_unique, after->clicks_unique);
}

static void append_reasons(struct buf *b, const struct rejudge_report *report)
{
	if (report->reason_count)
		buf_printf(b, "\n%-*s%*s%*s\n", REASON_COLUMN + 2, "reasons of changed hits", COLUMN, "came", COLUMN,
			   "went");
	for (size_t i = 0; i < report->reason_count && i < REASONS_SHOWN; i++)
		buf_printf(b, "  %-*s%*" PRIu64 "%*" PRIu64 "\n", REASON_COLUMN, report->reasons[i].name, COLUMN,
			   report->reasons[i].came, COLUMN, report->reasons[i].went);
}

static void append_left(struct buf *b, const struct rejudge_report *report)
{
	static const char *const WORDS[LEFT_COUNT] = {
	    [LEFT_NOT_KEPT] = "too little of them was kept", [LEFT_INCOMPLETE] = "events of their mail are gone",
	    [LEFT_CROWDED] = "their mail has too many",      [LEFT_ERASED] = "their recipient was erased",
	    [LEFT_NO_MESSAGE] = "their mail is gone",        [LEFT_UNREADABLE] = "a row of theirs is damaged",
	};
	bool is_first = true;
	for (int i = 0; i < LEFT_COUNT; i++) {
		if (!report->left[i])
			continue;
		buf_append_cstr(b, is_first ? "\nhits left alone\n" : "");
		buf_printf(b, "  %*" PRIu64 "  %s\n", COLUMN - 2, report->left[i], WORDS[i]);
		is_first = false;
	}
}

static void append_summary(struct buf *b, const struct rejudge_result *result)
{
	const struct rejudge_report *report = result->report;
	bool is_one = report->hits == 1;
	buf_append_cstr(b, "Since ");
	time_append_rfc3339(b, result->since_us);
	if (report->hits == 0) {
		buf_append_cstr(b, " there is nothing to judge.\n");
		return;
	}
	buf_printf(b, ": %" PRIu64 " hit%s of %" PRIu64 " mail%s judged; ", report->hits, is_one ? "" : "s",
		   report->messages, report->messages == 1 ? "" : "s");
	if (report->changed == 0)
		buf_append_cstr(b, is_one ? "it keeps its verdict.\n" : "all keep their verdicts.\n");
	else
		buf_printf(b, "%" PRIu64 " %s another verdict.\n", report->changed,
			   result->is_applied ? "got" : "would get");
}

void rejudge_table_append(struct buf *b, const struct rejudge_result *result)
{
	const struct rejudge_report *report = result->report;
	append_summary(b, result);
	if (has_any(report->opens))
		append_moves(b, "opens: was | is", report->opens);
	if (has_any(report->clicks))
		append_moves(b, "clicks: was | is", report->clicks);
	if (report->hits)
		append_headline(b, report);
	append_reasons(b, report);
	append_left(b, report);
	if (!result->is_applied && report->changed)
		buf_append_cstr(b, "\nNothing was changed; --apply does it.\n");
}

/* ---- As JSON */

static void put_moves(struct json_text *w, const char *key, const moves m)
{
	json_key(w, key);
	json_open(w, '{');
	for (int before = 0; before < ACTOR_COUNT; before++) {
		uint64_t sum = 0;
		for (int after = 0; after < ACTOR_COUNT; after++)
			sum += m[before][after];
		if (!sum)
			continue;
		json_key(w, actor_name((enum actor)before));
		json_open(w, '{');
		for (int after = 0; after < ACTOR_COUNT; after++)
			if (m[before][after])
				JSON_FIELD(w, actor_name((enum actor)after), i64, (int64_t)m[before][after]);
		json_close(w, '}');
	}
	json_close(w, '}');
}

static void put_headline(struct json_text *w, const char *key, const struct rejudge_headline *headline)
{
	json_key(w, key);
	json_open(w, '{');
	JSON_FIELD(w, "opens", i64, (int64_t)headline->opens);
	JSON_FIELD(w, "opens_unique", i64, (int64_t)headline->opens_unique);
	JSON_FIELD(w, "clicks", i64, (int64_t)headline->clicks);
	JSON_FIELD(w, "clicks_unique", i64, (int64_t)headline->clicks_unique);
	json_close(w, '}');
}

static void put_reasons(struct json_text *w, const struct rejudge_report *report)
{
	json_key(w, "reasons");
	json_open(w, '[');
	for (size_t i = 0; i < report->reason_count; i++) {
		json_open(w, '{');
		JSON_FIELD(w, "reason", cstring, report->reasons[i].name);
		JSON_FIELD(w, "came", i64, (int64_t)report->reasons[i].came);
		JSON_FIELD(w, "went", i64, (int64_t)report->reasons[i].went);
		json_close(w, '}');
	}
	json_close(w, ']');
}

void rejudge_table_append_json(struct buf *b, const struct rejudge_result *result)
{
	const struct rejudge_report *report = result->report;
	struct json_text w = json_text_on(b);
	json_open(&w, '{');
	JSON_FIELD(&w, "since", time, result->since_us);
	JSON_FIELD(&w, "applied", bool, result->is_applied);
	JSON_FIELD(&w, "rules", cstring, VERDICT_RULES);
	JSON_FIELD(&w, "messages", i64, (int64_t)report->messages);
	JSON_FIELD(&w, "hits", i64, (int64_t)report->hits);
	JSON_FIELD(&w, "changed", i64, (int64_t)report->changed);
	put_moves(&w, "opens", report->opens);
	put_moves(&w, "clicks", report->clicks);
	put_headline(&w, "before", &report->before);
	put_headline(&w, "after", &report->after);
	put_reasons(&w, report);
	json_key(&w, "left_alone");
	json_open(&w, '{');
	for (int i = 0; i < LEFT_COUNT; i++)
		JSON_FIELD(&w, left_alone_name((enum left_alone)i), i64, (int64_t)report->left[i]);
	json_close(&w, '}');
	json_close(&w, '}');
	buf_append_byte(b, '\n');
}

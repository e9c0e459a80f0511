/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lint share. */
#ifndef PUGMARK_CODEC_LINT_PRIVATE_H
#define PUGMARK_CODEC_LINT_PRIVATE_H

#include "codec/lint/lint.h"

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

/* A part whose `report` html_rewrite made. All findings of its markup, links and images; its links are added. */
void lint_document(struct lint_work *work, struct slice html, const struct html_report *report);

/* The links of one document, from `first` on, once their texts are known. */
void lint_judge_links(struct lint_work *work, size_t first);

/* What an `<img>` says of itself. */
struct lint_image {
	struct slice source;
	bool has_source;
	bool has_alt;
	bool has_text; /* a non-empty alt */
	bool is_tiny;  /* a spacer, or a pixel */
	bool is_decoration;
};
void lint_image_read(const struct html_tokenizer *tokenizer, const struct html_token *tag, struct lint_image *ret);
/* Findings of an image's address. */
void lint_judge_source(struct lint_work *work, struct slice source, struct lint_place place);

/* Raw words as their reader sees them: decoded, with one space between them; at most LINT_TEXT_MAX bytes, in the arena.
 * No more than LINT_RAW_TEXT_MAX bytes of `raw` are looked at. */
enum { LINT_RAW_TEXT_MAX = 4 * LINT_TEXT_MAX };
struct slice lint_readable(enum html_charset charset, struct slice raw, struct arena *arena);

/* Whether running text, or a subject, holds a merge tag; *ret is the first. Stricter than html_has_template_tag,
 * because people write percent signs and braces. */
bool lint_find_template_tag(struct slice text, struct slice *ret);
/* Whether words or an address speak of unsubscribing, in some languages. */
bool lint_is_unsubscribe(struct slice text);

/* The rewriting that the report is about. */
struct lint_rewriting {
	struct html_rewrite_options options;
	struct buf out;
	struct link_token_keys *keys;
	struct link_token_sealer *sealer;
	struct slice own_host;
	struct slice base_url;
};
void lint_rewriting_init(struct lint_rewriting *rewriting, const struct lint_options *options, struct arena *arena);
void lint_rewriting_done(struct lint_rewriting *rewriting);

/* Sorts and counts. */
void lint_finish(struct lint_work *work);

#endif

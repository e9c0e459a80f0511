/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the markup of a document, beside the one that html_rewrite made: that one knows what becomes of the
 * links, this one reads their texts and everything around them. The two meet at the offset of a link's address.
 *
 * Whether a link is closed is told as a browser's tree construction would: by its end tag, else by the next link, else
 * by the table cell that it was opened in. A table inside a link, which mails have, does not end it. */
#include "codec/lint/lint_document.h"

#include "base/map.h"
#include "codec/html/html_byte.h"
#include "codec/html/html_namespace.h"
#include "codec/html/merge_tags.h"
#include "codec/lint/lint_image.h"
#include "codec/lint/lint_links.h"
#include "codec/lint/lint_words.h"
#include "codec/text/utf8.h"

enum {
	TABLES_MAX = 64,      /* deeper ones are not told apart */
	TEXT_TAGS_MAX = 50,   /* merge tags that are reported of one text */
	IMAGE_ONLY_TEXT = 20, /* characters */
	NEAR_CLIP_PERCENT = 90,
	SHOWN_URL = 120,
};

#define NO_LINK SIZE_MAX

/* The link that is being read. */
struct open_link {
	size_t index; /* in the report, or NO_LINK */
	struct lint_place tag;
	size_t table_depth;
	bool is_in_cell;
	bool has_label; /* an image with a text, or a label for those who do not see */
};

struct walk {
	struct lint_work *work;
	const struct html_report *report;
	struct slice source;
	struct slice html; /* what the tokenizer sees: as long as the source */
	struct charset_decoder decoder;
	struct html_tokenizer tokenizer;
	struct html_namespace space;
	struct map *anchors;
	size_t next_link; /* in the report; those before it were met */
	struct open_link open;
	struct buf text;              /* of the open link, raw */
	struct lint_place superseded; /* a link that another one began inside of; line 0: none */
	bool cells[TABLES_MAX];       /* whether a cell is open in each table */
	size_t table_depth;
	size_t image_count;
	size_t text_count; /* characters that are shown, at least */
	size_t tag_count;
	size_t body_ends;
	size_t mode_start; /* of the tag that began raw text */
	size_t last_end;   /* of the last token */
	struct html_token last;
	bool has_body;
};

/* ---- links ---- */

static void add_links(struct walk *walk)
{
	struct lint_work *work = walk->work;
	const struct html_report *from = walk->report;
	size_t count = work->report.link_count + from->link_count;
	if (count > work->link_room) {
		size_t room = count > 2 * work->link_room ? count : 2 * work->link_room;
		struct lint_link *grown = arena_alloc_array(work->arena, room, sizeof *grown);
		if (work->report.link_count)
			memcpy(grown, work->report.links, work->report.link_count * sizeof *grown);
		work->report.links = grown;
		work->link_room = room;
	}
	for (size_t i = 0; i < from->link_count; i++) {
		struct lint_link *link = &work->report.links[work->report.link_count++];
		link->link = from->links[i];
		link->place = lint_place_at(work, from->links[i].start);
		link->text = SLICE_EMPTY;
		if (from->links[i].is_conditional)
			link->text = lint_readable(&walk->decoder, from->links[i].text, work->arena);
	}
}

static struct lint_link *link_at(struct walk *walk, size_t in_document)
{
	size_t first = walk->work->report.link_count - walk->report->link_count;
	return &walk->work->report.links[first + in_document];
}

/* A link that is not closed rightly was reported as that, and what is in it is not known. */
static void end_link(struct walk *walk, bool is_broken)
{
	if (walk->open.index == NO_LINK)
		return;
	struct lint_link *link = link_at(walk, walk->open.index);
	link->text = lint_readable(&walk->decoder, buf_slice(&walk->text), walk->work->arena);
	if (link->text.n == 0 && !walk->open.has_label && !is_broken && link->link.skip != HTML_SKIP_EMPTY) {
		if (link->has_image)
			lint_add_as(walk->work, LINT_EMPTY_LINK, LINT_NOTE, walk->open.tag,
				    "only an image without a text");
		else
			lint_add(walk->work, LINT_EMPTY_LINK, walk->open.tag, "%.*s",
				 SLICE_FMT(slice_sub(link->link.url, 0, SHOWN_URL)));
	}
	walk->open.index = NO_LINK;
	buf_clear(&walk->text);
}

/* A link that has no end tag up to here, where it must end. */
static void end_unclosed(struct walk *walk, const char *where)
{
	if (walk->open.index == NO_LINK)
		return;
	struct slice url = slice_sub(link_at(walk, walk->open.index)->link.url, 0, SHOWN_URL);
	lint_add(walk->work, LINT_UNCLOSED_LINK, walk->open.tag, "%s: %.*s", where, SLICE_FMT(url));
	end_link(walk, true);
}

static void forget_superseded(struct walk *walk)
{
	if (walk->superseded.line)
		lint_add(walk->work, LINT_UNCLOSED_LINK, walk->superseded, "the next link begins before it ends");
	walk->superseded.line = 0;
}

static bool is_in_cell(const struct walk *walk)
{
	return walk->table_depth > 0 && walk->table_depth < TABLES_MAX && walk->cells[walk->table_depth];
}

/* Its own href, as html_rewrite saw it, or NO_LINK. */
static size_t find_link(struct walk *walk, const struct html_token *tag)
{
	const struct html_report *report = walk->report;
	while (walk->next_link < report->link_count && report->links[walk->next_link].start < tag->start)
		walk->next_link++;
	for (size_t i = walk->next_link; i < report->link_count && report->links[i].start < tag->end; i++)
		if (report->links[i].skip != HTML_SKIP_DUPLICATE_ATTRIBUTE)
			return i;
	return NO_LINK;
}

/* What makes a link readable without a text in it: a label, or being hidden from those who would need one; and a
 * background, which is how buttons are painted for Outlook. */
static bool has_label(const struct walk *walk, const struct html_token *tag)
{
	struct html_attributes attributes = html_attributes_of(&walk->tokenizer, tag);
	struct html_attribute a;
	while (html_attribute_next(&attributes, &a)) {
		bool is_label = slice_equal_nocase(a.name, SLICE("aria-label")) ||
				slice_equal_nocase(a.name, SLICE("aria-labelledby")) ||
				slice_equal_nocase(a.name, SLICE("title"));
		bool is_hidden =
		    slice_equal_nocase(a.name, SLICE("aria-hidden")) && slice_equal_nocase(a.value, SLICE("true"));
		bool is_painted = (slice_equal_nocase(a.name, SLICE("style")) &&
				   slice_contains_nocase(a.value, SLICE("background"))) ||
				  slice_equal_nocase(a.name, SLICE("background"));
		if ((is_label && slice_trim(a.value).n > 0) || is_hidden || is_painted)
			return true;
	}
	return false;
}

/* A link inside a link ends the outer one (13.2.6.4.7, "adoption agency"). Whether that was a nest or a missing end
 * tag shows at the next `</a>`: two of them are a nest. */
static void begin_link(struct walk *walk, const struct html_token *tag)
{
	size_t index = find_link(walk, tag);
	struct lint_place place = lint_place_at(walk->work, tag->start);
	forget_superseded(walk);
	if (walk->open.index != NO_LINK && index != NO_LINK) {
		walk->superseded = walk->open.tag; /* nested, if two end tags follow; else not closed */
		end_link(walk, true);
	}
	end_link(walk, false);
	if (index == NO_LINK)
		return;
	walk->open = (struct open_link){index, place, walk->table_depth, is_in_cell(walk), has_label(walk, tag)};
}

static void on_link_end(struct walk *walk)
{
	if (walk->open.index == NO_LINK && walk->superseded.line) {
		lint_add(walk->work, LINT_NESTED_LINK, walk->superseded, NULL);
		walk->superseded.line = 0;
	}
	end_link(walk, false);
}

/* ---- tables ---- */

/* A cell ends what was opened in it, and no more (13.2.6.4.15). */
static void on_cell_border(struct walk *walk, bool begins_cell)
{
	if (walk->table_depth == 0 || walk->table_depth >= TABLES_MAX)
		return;
	if (walk->open.index != NO_LINK && walk->open.is_in_cell && walk->open.table_depth == walk->table_depth)
		end_unclosed(walk, "its table cell ends first");
	walk->cells[walk->table_depth] = begins_cell;
}

static void on_table(struct walk *walk, bool begins)
{
	if (begins) {
		walk->table_depth++;
		if (walk->table_depth < TABLES_MAX)
			walk->cells[walk->table_depth] = false;
		return;
	}
	on_cell_border(walk, false);
	if (walk->table_depth > 0)
		walk->table_depth--;
}

/* ---- images ---- */

/* A link whose image has a text has words to read out. One that lacks the alt is reported for that, and not a second
 * time as an empty link. */
static void on_image(struct walk *walk, const struct html_token *tag)
{
	struct lint_image image = {0};
	struct lint_place place = lint_place_at(walk->work, tag->start);
	lint_image_read(&walk->tokenizer, tag, &image);
	if (image.has_source)
		lint_judge_source(walk->work, image.source, place);
	walk->image_count += !image.is_tiny;
	if (!image.has_alt && !image.is_tiny && !image.is_decoration)
		lint_add(walk->work, LINT_NO_ALT, place, "%.*s", SLICE_FMT(slice_sub(image.source, 0, SHOWN_URL)));
	if (walk->open.index == NO_LINK)
		return;
	link_at(walk, walk->open.index)->has_image = true;
	/* One that has no alt at all was just reported. */
	walk->open.has_label |= image.has_text || (!image.has_alt && !image.is_tiny);
}

/* ---- text ---- */

/* Not more exactly than is asked: a document with a sentence in it is not only images. A reference counts as nothing,
 * since what fills up preheaders is made of them. */
static void count_text(struct walk *walk, struct slice text)
{
	for (size_t i = 0; i < text.n && walk->text_count < IMAGE_ONLY_TEXT; i++) {
		struct slice rest = slice_sub(text, i, i + 12);
		if (text.p[i] == '&' && slice_index(rest, ';') < rest.n)
			i += slice_index(rest, ';'); /* mostly &nbsp; and the like */
		else
			walk->text_count += !html_is_space(text.p[i]) && ((unsigned char)text.p[i] & 0xc0) != 0x80;
	}
}

/* Each is reported, up to a limit: a template that was never merged has dozens. */
static void find_tags(struct walk *walk, struct slice text, size_t start)
{
	struct slice rest = text;
	struct slice tag;
	while (walk->tag_count < TEXT_TAGS_MAX && merge_tags_find_in_text(rest, &tag)) {
		size_t at = (size_t)(tag.p - text.p);
		walk->tag_count++;
		lint_add(walk->work, LINT_TEMPLATE_TEXT, lint_place_at(walk->work, start + at), "%.*s", SLICE_FMT(tag));
		rest = slice_from(text, at + tag.n);
	}
}

static void on_text(struct walk *walk, const struct html_token *text, enum html_mode mode)
{
	if (mode != HTML_MODE_DATA)
		return;
	count_text(walk, text->data);
	if (!walk->work->options->is_template)
		find_tags(walk, text->data, text->start);
	if (walk->open.index != NO_LINK && walk->text.n < LINT_RAW_TEXT_MAX) {
		size_t most = LINT_RAW_TEXT_MAX - walk->text.n;
		buf_append(&walk->text, slice_sub(slice_sub(walk->source, text->start, text->end), 0, most));
	}
}

/* ---- tags ---- */

static bool is_active(const struct walk *walk, const struct html_token *tag)
{
	static const struct slice names[] = {{"script", 6}, {"iframe", 6}, {"object", 6},  {"embed", 5},
					     {"applet", 6}, {"form", 4},   {"frameset", 8}};
	bool is_named = false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		is_named |= slice_equal_nocase(tag->name, names[i]);
	if (!is_named)
		return false;
	struct html_attributes attributes = html_attributes_of(&walk->tokenizer, tag);
	struct html_attribute a;
	while (html_attribute_next(&attributes, &a))
		if (slice_equal_nocase(a.name, SLICE("type")) &&
		    slice_equal_nocase(slice_trim(a.value), SLICE("application/ld+json")))
			return false; /* data for Gmail's annotations, not a program */
	return true;
}

static void keep_anchors(struct walk *walk, const struct html_token *tag)
{
	static char is_there;
	struct html_attributes attributes = html_attributes_of(&walk->tokenizer, tag);
	struct html_attribute a;
	while (html_attribute_next(&attributes, &a))
		if (slice_equal_nocase(a.name, SLICE("id")) || slice_equal_nocase(a.name, SLICE("name")))
			(void)map_put(walk->anchors, slice_trim(a.value), &is_there);
}

static bool is_cell(struct slice name)
{
	return slice_equal_nocase(name, SLICE("td")) || slice_equal_nocase(name, SLICE("th")) ||
	       slice_equal_nocase(name, SLICE("caption"));
}

static void on_start_tag(struct walk *walk, const struct html_token *tag)
{
	struct slice name = tag->name;
	if (walk->anchors)
		keep_anchors(walk, tag);
	if (slice_equal_nocase(name, SLICE("a")) || slice_equal_nocase(name, SLICE("area"))) {
		if (name.n == 1)
			begin_link(walk, tag);
	} else if (slice_equal_nocase(name, SLICE("img"))) {
		on_image(walk, tag);
	} else if (slice_equal_nocase(name, SLICE("table"))) {
		on_table(walk, true);
	} else if (is_cell(name) || slice_equal_nocase(name, SLICE("tr"))) {
		on_cell_border(walk, is_cell(name));
	} else if (slice_equal_nocase(name, SLICE("body"))) {
		walk->has_body = true;
	} else if (is_active(walk, tag)) {
		lint_add(walk->work, LINT_ACTIVE_CONTENT, lint_place_at(walk->work, tag->start), "<%.*s>",
			 SLICE_FMT(name));
	} else if (walk->open.index != NO_LINK &&
		   (slice_equal_nocase(name, SLICE("svg")) || slice_equal_nocase(name, SLICE("input")) ||
		    slice_equal_nocase(name, SLICE("video")))) {
		walk->open.has_label = true;
	}
}

static void on_end_tag(struct walk *walk, const struct html_token *tag)
{
	struct slice name = tag->name;
	if (slice_equal_nocase(name, SLICE("a")))
		on_link_end(walk);
	else if (slice_equal_nocase(name, SLICE("table")))
		on_table(walk, false);
	else if (is_cell(name) || slice_equal_nocase(name, SLICE("tr")))
		on_cell_border(walk, false);
	else if (slice_equal_nocase(name, SLICE("body")))
		walk->body_ends++;
}

static void on_token(struct walk *walk, const struct html_token *token, enum html_mode mode)
{
	if (token->type == HTML_TEXT) {
		on_text(walk, token, mode);
		return;
	}
	if (token->type != HTML_START_TAG && token->type != HTML_END_TAG)
		return;
	html_namespace_follow(&walk->space, &walk->tokenizer, token);
	if (walk->tokenizer.mode != HTML_MODE_DATA)
		walk->mode_start = token->start;
	if (token->type == HTML_START_TAG)
		on_start_tag(walk, token);
	else
		on_end_tag(walk, token);
}

/* ---- the whole ---- */

static void judge_end(struct walk *walk)
{
	const struct html_token *last = &walk->last;
	bool is_open =
	    (last->type == HTML_COMMENT || last->type == HTML_DOCTYPE || last->type == HTML_CDATA) && !last->is_closed;
	struct lint_work *work = walk->work;
	if (is_open) {
		lint_add(work, LINT_CUT, lint_place_at(work, last->start), "%s",
			 last->type == HTML_COMMENT ? "a comment" : "a declaration");
	} else if (walk->tokenizer.is_cut) {
		lint_add(work, LINT_CUT, lint_place_at(work, walk->last_end), "a tag");
	} else if (walk->tokenizer.mode != HTML_MODE_DATA) {
		lint_add(work, LINT_CUT, lint_place_at(work, walk->mode_start), "<%.*s>",
			 SLICE_FMT(walk->tokenizer.last_start_tag));
	}
	if (walk->has_body && walk->body_ends != 1)
		lint_add(work, LINT_BODY_END, lint_place_of_part(work), "there %s %zu",
			 walk->body_ends == 1 ? "is" : "are", walk->body_ends);
	/* One picture without a link is what people send to each other. */
	if (walk->image_count + walk->report->link_count > 1 && walk->image_count > 0 &&
	    walk->text_count < IMAGE_ONLY_TEXT)
		lint_add(work, LINT_IMAGE_ONLY, lint_place_of_part(work), "%zu image%s, %zu characters of text",
			 walk->image_count, walk->image_count == 1 ? "" : "s", walk->text_count);
}

/* Only once all is read: an anchor may stand behind its link. */
static void judge_fragments(struct walk *walk)
{
	for (size_t i = 0; walk->anchors && i < walk->report->link_count; i++) {
		const struct lint_link *link = link_at(walk, i);
		struct slice name = slice_from(link->link.url, 1);
		if (link->link.skip == HTML_SKIP_FRAGMENT && name.n > 0 && !slice_equal_nocase(name, SLICE("top")) &&
		    !map_get(walk->anchors, name))
			lint_add(walk->work, LINT_MISSING_ANCHOR, link->place, "%.*s",
				 SLICE_FMT(slice_sub(link->link.url, 0, SHOWN_URL)));
	}
}

static bool has_fragments(const struct html_report *report)
{
	for (size_t i = 0; i < report->link_count; i++)
		if (report->links[i].skip == HTML_SKIP_FRAGMENT && report->links[i].url.n > 1)
			return true;
	return false;
}

static void walk_all(struct walk *walk)
{
	struct html_token token;
	enum html_mode mode = HTML_MODE_DATA;
	html_tokenizer_init(&walk->tokenizer, walk->html);
	html_namespace_init(&walk->space);
	while (html_token_next(&walk->tokenizer, &token)) {
		on_token(walk, &token, mode);
		mode = walk->tokenizer.mode;
		walk->last = token;
		walk->last_end = token.end;
	}
	forget_superseded(walk);
	if (walk->open.index != NO_LINK)
		end_unclosed(walk, "it goes on to the end");
	judge_end(walk);
	judge_fragments(walk);
}

/* Of the HTML as Gmail gets it, so with tracking; what it was before says whose fault it is. */
static void judge_size(struct lint_work *work, const struct html_report *report)
{
	struct lint_place nowhere = lint_place_of_part(work);
	double before = (double)report->bytes_in / 1024;
	double after = (double)report->bytes_out / 1024;
	if (report->bytes_out > HTML_GMAIL_CLIP)
		lint_add(work, LINT_GMAIL_CLIP, nowhere,
			 report->bytes_in > HTML_GMAIL_CLIP ? "%.1f KB, %.1f KB with tracking"
							    : "%.1f KB, but %.1f KB with tracking",
			 before, after);
	else if (report->bytes_out > HTML_GMAIL_CLIP / 100 * NEAR_CLIP_PERCENT)
		lint_add(work, LINT_NEAR_CLIP, nowhere, "%.1f KB, %.1f KB with tracking", before, after);
}

/* The first byte that belongs to no character. */
static void judge_bytes(struct lint_work *work, struct slice html, const struct charset *charset)
{
	if (charset->reading != CHARSET_READ_UTF8 || work->lines.is_utf8)
		return;
	size_t at = 0;
	size_t n = 1;
	while (at < html.n && n > 0) {
		n = utf8_character_size(slice_from(html, at));
		at += n;
	}
	lint_add(work, LINT_WRONG_BYTES, lint_place_at(work, at), "0x%02x", (unsigned char)html.p[at]);
}

static void judge_report(struct lint_work *work, const struct html_report *report)
{
	if (report->warnings & HTML_WARN_NO_PIXEL)
		lint_add(work, LINT_NO_PIXEL, lint_place_of_part(work), NULL);
	if (report->warnings & HTML_WARN_PIXEL_PRESENT)
		lint_add(work, LINT_PIXEL_PRESENT, lint_place_of_part(work), NULL);
	if (report->pixel_at != HTML_NOWHERE) {
		work->report.has_pixel = true;
		work->report.pixel = lint_place_at(work, (size_t)report->pixel_at);
	}
	judge_size(work, report);
}

/* A document that html_rewrite could not read cannot be read here either. A map of anchors is made only for documents
 * that link to some. */
void lint_document(struct lint_work *work, struct slice html, const struct html_report *report)
{
	struct html_charset_guess guess = html_charset_of(report->charset, html);
	struct walk walk = {.work = work, .report = report, .source = html, .html = html, .open = {.index = NO_LINK}};
	if (report->warnings & HTML_WARN_PASSED_THROUGH) {
		lint_add(work, LINT_UNSAFE_CHARSET, lint_place_of_part(work), "%.*s",
			 SLICE_FMT(slice_sub(report->charset, 0, SHOWN_URL)));
		return;
	}
	if (guess.charset->markup == CHARSET_ESCAPED)
		(void)html_charset_hide(html, work->arena, &walk.html); /* it was hidden for the rewriting already */
	charset_decoder_init(&walk.decoder, guess.charset);
	buf_init(&walk.text, LINT_RAW_TEXT_MAX + 1);
	walk.anchors = has_fragments(report) ? map_new() : NULL;
	size_t first = work->report.link_count;
	add_links(&walk);
	judge_bytes(work, html, guess.charset);
	judge_report(work, report);
	walk_all(&walk);
	lint_links_judge(work, first);
	map_free(&walk.anchors);
	buf_done(&walk.text);
	charset_decoder_done(&walk.decoder);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A whole message: its headers, its text parts, and each HTML part by lint_document. */
#include "codec/lint/lint_mail.h"

#include "base/mem.h"
#include "codec/html/merge_tags.h"
#include "codec/lint/lint_document.h"
#include "codec/lint/lint_rewriting.h"
#include "codec/lint/lint_words.h"
#include "codec/mime/mime_rewrite.h"
#include "codec/text/encoded_word.h"
#include "codec/text/utf8.h"

enum { SHOWN = 120, LINE_MAX_BYTES = 998, TEXT_TAGS_MAX = 20, UNSUBSCRIBE_URLS_MAX = 8, HEADER_TEXT_MAX = 4096 };

struct mail {
	struct lint_work *work;
	const struct mime_report *report;
	struct slice message;
	struct slice unsubscribe_urls[UNSUBSCRIBE_URLS_MAX];
	size_t unsubscribe_url_count;
};

/* ---- headers ---- */

static const struct mime_part *top_of(const struct mail *mail)
{
	return &mail->report->tree.parts[0];
}

static struct slice header(const struct mail *mail, struct slice name)
{
	return mime_header_find(mail->message, top_of(mail), name);
}

/* A header that is there may be empty; one that is not has no place. */
static bool has_header(const struct mail *mail, struct slice name, struct lint_place *ret_place)
{
	struct header_line found;
	size_t at = top_of(mail)->start;
	while (mime_header_next(mail->message, top_of(mail), &at, &found))
		if (slice_equal_nocase(found.name, name)) {
			*ret_place = lint_place_at(mail->work, (size_t)(found.line.p - mail->message.p));
			return true;
		}
	return false;
}

/* A quarter of the room: decoding makes at most four bytes of one. */
static struct slice decoded_header(const struct mail *mail, struct slice name)
{
	struct buf text;
	buf_init(&text, HEADER_TEXT_MAX);
	encoded_word_decode(slice_sub(header(mail, name), 0, HEADER_TEXT_MAX / 4), &text);
	struct slice copy = arena_copy(mail->work->arena, slice_trim(buf_slice(&text)));
	buf_done(&text);
	return copy;
}

/* The subject of the report is decoded, so what is found in it is found in what a reader sees; its place is that of
 * the header. */
static void judge_subject(struct mail *mail)
{
	struct lint_place place = {0};
	struct slice tag;
	bool is_there = has_header(mail, SLICE("Subject"), &place);
	mail->work->report.subject = is_there ? decoded_header(mail, SLICE("Subject")) : SLICE_EMPTY;
	struct slice subject = mail->work->report.subject;
	if (subject.n == 0)
		lint_add(mail->work, LINT_NO_SUBJECT, is_there ? place : lint_place_of_part(mail->work), NULL);
	else if (!mail->work->options->is_template && merge_tags_find_in_text(subject, &tag))
		lint_add(mail->work, LINT_TEMPLATE_SUBJECT, place, "%.*s", SLICE_FMT(slice_sub(subject, 0, SHOWN)));
}

/* In what a reader sees before the mail is open. */
static void judge_direction(struct mail *mail)
{
	static const struct slice names[] = {{"Subject", 7}, {"From", 4}, {"To", 2}, {"Reply-To", 8}};
	struct lint_place place;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (has_header(mail, names[i], &place) && utf8_has_bidi_control(decoded_header(mail, names[i])))
			lint_add(mail->work, LINT_BIDI_CONTROL, place, "%.*s", SLICE_FMT(names[i]));
}

/* Only when something was changed: a signature over a body that stays as it is still holds. */
static void judge_signature(struct mail *mail)
{
	static const struct slice names[] = {{"DKIM-Signature", 14}, {"ARC-Seal", 8}};
	struct lint_place place;
	bool is_changed = mail->report->tracked_count > 0 || mail->report->has_pixel;
	for (size_t i = 0; i < 2 && is_changed && mail->report->has_signature; i++)
		if (has_header(mail, names[i], &place))
			lint_add(mail->work, LINT_SIGNED_ALREADY, place, "%.*s", SLICE_FMT(names[i]));
}

/* In the raw message, where servers break them (RFC 5321, 4.5.3.1.6). One finding for all: they come by the hundred. */
static void judge_lines(struct mail *mail)
{
	struct slice rest = mail->message;
	size_t count = 0;
	size_t longest = 0;
	size_t first = 0;
	while (rest.n > 0) {
		size_t start = mail->message.n - rest.n;
		struct slice line = slice_cut(&rest, '\n');
		if (slice_ends_with(line, SLICE("\r")))
			line.n--;
		if (line.n <= LINE_MAX_BYTES)
			continue;
		first = count++ ? first : start;
		longest = line.n > longest ? line.n : longest;
	}
	if (count)
		lint_add_as(mail->work, LINT_LONG_LINE, LINT_WARNING, lint_place_at(mail->work, first),
			    "%zu line%s, the longest of %zu bytes", count, count == 1 ? "" : "s", longest);
}

/* ---- unsubscribing ---- */

/* The addresses between angle brackets (RFC 2369, section 2). */
static void read_unsubscribe_urls(struct mail *mail, struct slice value)
{
	while (value.n > 0 && mail->unsubscribe_url_count < UNSUBSCRIBE_URLS_MAX) {
		(void)slice_cut(&value, '<');
		size_t end = slice_index(value, '>');
		if (end == value.n)
			return;
		mail->unsubscribe_urls[mail->unsubscribe_url_count++] = slice_trim(slice_sub(value, 0, end));
		value = slice_from(value, end + 1);
	}
}

static bool has_https_url(const struct mail *mail)
{
	for (size_t i = 0; i < mail->unsubscribe_url_count; i++)
		if (slice_starts_with_nocase(mail->unsubscribe_urls[i], SLICE("https://")))
			return true;
	return false;
}

/* Only what says so plainly: "Precedence: bulk" and Feedback-ID also stand in what people write, and a discussion list
 * or an answering machine sends no bulk mail in the sense of the mailbox providers' rules. */
static bool looks_bulk(const struct mail *mail)
{
	struct lint_place place;
	struct slice automatic = header(mail, SLICE("Auto-Submitted"));
	if (has_header(mail, SLICE("List-Post"), &place) ||
	    (automatic.n > 0 && !slice_equal_nocase(automatic, SLICE("no"))))
		return false;
	return has_header(mail, SLICE("List-Unsubscribe"), &place) || has_header(mail, SLICE("X-Campaign"), &place) ||
	       has_header(mail, SLICE("X-CampaignID"), &place);
}

/* RFC 8058: an https address, and the other header with exactly this value. */
static void judge_one_click(struct mail *mail, struct lint_place list_place, enum lint_severity severity)
{
	struct lint_place place;
	bool has_post = has_header(mail, SLICE("List-Unsubscribe-Post"), &place);
	struct slice post = header(mail, SLICE("List-Unsubscribe-Post"));
	struct slice value = header(mail, SLICE("List-Unsubscribe"));
	if (mail->work->options->is_template && merge_tags_in(value))
		return;
	if (mail->unsubscribe_url_count == 0)
		lint_add(mail->work, LINT_BAD_LIST_UNSUBSCRIBE, list_place, "no address in angle brackets");
	else if (merge_tags_in(value))
		lint_add(mail->work, LINT_BAD_LIST_UNSUBSCRIBE, list_place, "a merge tag: %.*s",
			 SLICE_FMT(slice_sub(value, 0, SHOWN)));
	else if (has_post && !slice_equal_nocase(post, SLICE("List-Unsubscribe=One-Click")))
		lint_add(mail->work, LINT_BAD_LIST_UNSUBSCRIBE, place, "List-Unsubscribe-Post says %.*s",
			 SLICE_FMT(slice_sub(post, 0, SHOWN)));
	else if (has_post && !has_https_url(mail))
		lint_add(mail->work, LINT_BAD_LIST_UNSUBSCRIBE, list_place, "only %.*s",
			 SLICE_FMT(slice_sub(value, 0, SHOWN)));
	else if (!has_post && mail->work->is_bulk)
		lint_add_as(mail->work, LINT_NO_ONE_CLICK, severity, list_place, NULL);
}

/* What is only guessed to be bulk gets a warning, what is said to be gets an error: the mailbox providers refuse it
 * (Gmail and Yahoo, since February 2024). */
static void judge_unsubscribing(struct mail *mail)
{
	struct lint_work *work = mail->work;
	bool is_told = work->options->kind == LINT_BULK;
	enum lint_severity severity = is_told ? LINT_ERROR : LINT_WARNING;
	struct lint_place place;
	if (has_header(mail, SLICE("List-Unsubscribe"), &place))
		judge_one_click(mail, place, severity);
	else if (work->is_bulk)
		lint_add_as(work, LINT_NO_LIST_UNSUBSCRIBE, severity, lint_place_of_part(work), NULL);
	if (work->is_bulk && !work->has_unsubscribe_link)
		lint_add_as(work, LINT_NO_UNSUBSCRIBE_LINK, severity, lint_place_of_part(work), NULL);
}

/* ---- parts ---- */

/* IMAP's number of a part (RFC 3501, 6.4.5): the place among its siblings, from the outside in; the multipart that is
 * all of a message has none of its own. */
static struct slice part_number(const struct mail *mail, size_t index)
{
	const struct mime_tree *tree = &mail->report->tree;
	uint32_t numbers[MIME_DEPTH_MAX + 1];
	size_t count = 0;
	struct buf text;
	char room[16 * (MIME_DEPTH_MAX + 1)];
	for (int32_t i = (int32_t)index; i != MIME_NO_PARENT && count <= MIME_DEPTH_MAX; i = tree->parts[i].parent) {
		const struct mime_part *part = &tree->parts[i];
		bool is_message = part->parent == MIME_NO_PARENT || !tree->parts[part->parent].is_multipart;
		if (!is_message)
			numbers[count++] = part->child_number + 1;
		else if (!part->is_multipart)
			numbers[count++] = 1;
	}
	buf_init_fixed(&text, room, sizeof room);
	while (count > 0) {
		buf_append_u64(&text, numbers[--count]);
		buf_append_cstr(&text, count ? "." : "");
	}
	return arena_copy(mail->work->arena, buf_slice(&text));
}

static const char *skip_words(enum mime_skip skip)
{
	switch (skip) {
	case MIME_SKIP_SIGNED: return "it is signed";
	case MIME_SKIP_ENCRYPTED: return "it is encrypted";
	case MIME_SKIP_ATTACHED: return "it is an attachment";
	case MIME_SKIP_EMBEDDED: return "it belongs to a message inside this one";
	case MIME_SKIP_AMP: return "it is AMP for email";
	case MIME_SKIP_ENCODING: return "its transfer encoding is unknown";
	case MIME_SKIP_BROKEN: return "its end, or its encoding, is broken";
	case MIME_SKIP_UNCHANGEABLE: return "the change would not survive its encoding";
	default: return "";
	}
}

/* A part that is not rewritten is not judged either: its author cannot be told to change what is signed, or somebody
 * else's. */
static void judge_html_part(struct mail *mail, const struct mime_html *html, struct lint_part *ret)
{
	const struct mime_part *part = &mail->report->tree.parts[html->part];
	struct slice number = part_number(mail, html->part);
	*ret = (struct lint_part){.part = number, .charset = part->charset};
	if (html->skip != MIME_NOT_SKIPPED) {
		ret->left_alone = mime_skip_name(html->skip);
		ret->bytes_in = ret->bytes_out = part->end - part->body;
		lint_enter(mail->work, number, SLICE_EMPTY);
		lint_add(mail->work, LINT_PART_LEFT_ALONE, lint_place_of_part(mail->work), "%s",
			 skip_words(html->skip));
		return;
	}
	ret->charset = html->report.charset;
	ret->bytes_in = html->report.bytes_in;
	ret->bytes_out = html->report.bytes_out;
	if (html->report.warnings & HTML_WARN_PASSED_THROUGH)
		ret->left_alone = "unsafe_charset";
	lint_enter(mail->work, number, html->html);
	lint_document(mail->work, html->html, &html->report);
	if (part->charset.n == 0 && !slice_is_ascii(html->html))
		lint_add(mail->work, LINT_NO_CHARSET, lint_place_of_part(mail->work), NULL);
}

/* The raw mail is entered again behind the parts: what follows has its places there. */
static void judge_html_parts(struct mail *mail)
{
	struct lint_report *report = &mail->work->report;
	size_t count = mail->report->html_count;
	report->parts = arena_alloc_array(mail->work->arena, count ? count : 1, sizeof *report->parts);
	for (size_t i = 0; i < count; i++)
		judge_html_part(mail, &mail->report->htmls[i], &report->parts[i]);
	report->part_count = count;
	lint_enter(mail->work, SLICE_EMPTY, mail->message);
	if (count == 0)
		lint_add(mail->work, LINT_NO_HTML, lint_place_of_part(mail->work), NULL);
	else if (!mail->report->has_text)
		lint_add(mail->work, LINT_NO_TEXT_PART, lint_place_of_part(mail->work), NULL);
}

/* Plain text has no links to judge here; what is looked for are merge tags and a way out. */
static void judge_text_part(struct mail *mail, size_t index)
{
	const struct mime_part *part = &mail->report->tree.parts[index];
	struct lint_work *work = mail->work;
	struct buf body;
	struct slice tag;
	size_t count = 0;
	buf_init(&body, LINT_SIZE_MAX);
	if (!mime_body_decode(mail->message, part, &body)) {
		buf_done(&body);
		return;
	}
	struct slice text = buf_slice(&body);
	work->has_unsubscribe_link |= lint_is_unsubscribe(text);
	lint_enter(work, part_number(mail, index), text);
	struct slice rest = text;
	while (!work->options->is_template && count++ < TEXT_TAGS_MAX && merge_tags_find_in_text(rest, &tag)) {
		size_t at = (size_t)(tag.p - text.p);
		lint_add(work, LINT_TEMPLATE_TEXT, lint_place_at(work, at), "%.*s", SLICE_FMT(tag));
		rest = slice_from(text, at + tag.n);
	}
	buf_done(&body);
}

/* Not those of a forwarded message or of a report on one: they are quoted, not said. */
static void judge_text_parts(struct mail *mail)
{
	const struct mime_tree *tree = &mail->report->tree;
	static const struct slice foreign[] = {
	    {"message/rfc822", 14}, {"multipart/report", 16}, {"multipart/encrypted", 19}};
	for (size_t i = 0; i < tree->count; i++) {
		bool is_own = slice_equal(tree->parts[i].type, SLICE("text/plain")) && !tree->parts[i].is_attachment;
		for (size_t k = 0; is_own && k < sizeof foreign / sizeof foreign[0]; k++)
			is_own = !mime_part_is_within(tree, i, foreign[k]);
		if (is_own)
			judge_text_part(mail, i);
	}
	lint_enter(mail->work, SLICE_EMPTY, mail->message);
}

/* ---- all ---- */

static void judge(struct mail *mail)
{
	struct lint_work *work = mail->work;
	work->report.is_mail = true;
	work->report.bytes_in = mail->report->bytes_in;
	work->report.bytes_out = mail->report->bytes_out;
	work->is_bulk =
	    work->options->kind == LINT_BULK || (work->options->kind == LINT_KIND_UNKNOWN && looks_bulk(mail));
	judge_html_parts(mail);
	judge_text_parts(mail);
	judge_subject(mail);
	judge_direction(mail);
	judge_signature(mail);
	judge_lines(mail);
	judge_unsubscribing(mail);
}

/* The message is read twice, here for List-Unsubscribe alone: the rewriting must know the address in order to leave it
 * as it is. */
enum status lint_mail(const struct lint_options *options, struct slice message, struct arena *arena,
		      struct lint_report *ret)
{
	struct lint_work work = {.options = options, .arena = arena};
	struct lint_rewriting rewriting;
	struct mime_report report;
	struct mail mail = {.work = &work, .report = &report, .message = message};
	struct mime_tree tree;
	if (message.n > LINT_SIZE_MAX)
		return STATUS_TOO_BIG;
	lint_rewriting_init(&rewriting, options, arena);
	mime_tree_read(message, arena, &tree);
	read_unsubscribe_urls(&mail, mime_header_find(message, &tree.parts[0], SLICE("List-Unsubscribe")));
	rewriting.options.policy.unsubscribe_urls = mail.unsubscribe_urls;
	rewriting.options.policy.unsubscribe_url_count = mail.unsubscribe_url_count;
	enum status status = mime_rewrite(&rewriting.options, message, arena, &rewriting.out, &report);
	if (status == STATUS_OK) {
		lint_enter(&work, SLICE_EMPTY, message);
		judge(&mail);
		lint_finish(&work);
		*ret = work.report;
	}
	lint_rewriting_done(&rewriting);
	return status;
}

bool lint_is_mail(struct slice input)
{
	static const struct slice names[] = {
	    {"From", 4},         {"To", 2},          {"Subject", 7},       {"Date", 4},          {"Received", 8},
	    {"Return-Path", 11}, {"Message-ID", 10}, {"MIME-Version", 12}, {"Content-Type", 12}, {"Delivered-To", 12},
	    {"Sender", 6},       {"Reply-To", 8}};
	struct arena *arena = arena_new();
	struct mime_tree tree;
	struct header_line header;
	bool is_mail = false;
	/* A head is enough, and what is larger than that is all the same. */
	mime_tree_read(slice_sub(input, 0, 65536), arena, &tree);
	size_t at = tree.parts[0].start;
	while (!is_mail && mime_header_next(input, &tree.parts[0], &at, &header))
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			is_mail |= slice_equal_nocase(header.name, names[i]);
	arena_free(&arena);
	return is_mail;
}

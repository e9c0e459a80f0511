/* SPDX-License-Identifier: Apache-2.0 */
/* The rewriter of messages against a corpus of real ones, with GMime and Python's email package as oracles. The corpus
 * is found by harness/corpus.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/mime/mime_rewrite.h"
#include "corpus_rewrite.h"
#include "gmime_adapter.h"
#include "harness/corpus.h"
#include "mime_check.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the corpus ---- */

static const char *const folders[] = {"eml", "edge/eml"};
enum { FOLDERS = sizeof folders / sizeof folders[0] };

static void need_corpus(void)
{
	char path[CORPUS_PATH_ROOM];
	for (size_t i = 0; i < FOLDERS; i++)
		corpus_need(folders[i], path);
}

struct totals {
	size_t files;
	size_t htmls;
	size_t changed;
	size_t faults;
	size_t excused;
	const char *directory; /* of the samples for Python */
};

static void for_each_mail(struct totals *totals, corpus_file_fn *each)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		char folder[CORPUS_PATH_ROOM];
		corpus_need(folders[i], folder);
		totals->files += corpus_each_file(folder, each, totals);
	}
	assert_true(totals->files > 700);
}

static void fault(struct totals *totals, const char *name, const char *what)
{
	printf("%s: %s\n", name, what);
	totals->faults++;
}

/* ---- one rewriting ---- */

struct run {
	struct arena *arena;
	struct buf out;
	struct mime_report report;
};

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_printf(to, "https://track.example.net/c/AbCdEfGhIjKlMnOpQrStUvWxYz-0123456789_AbCdEfGhIjKlMnOpQr%u",
		   (unsigned int)link->index);
	return true;
}

static void run_start(struct run *run, const struct html_rewrite_options *options, struct slice message)
{
	run->arena = arena_new();
	buf_init(&run->out, CORPUS_FILE_MAX);
	assert_int_equal(mime_rewrite(options, message, run->arena, &run->out, &run->report), STATUS_OK);
}

static void run_end(struct run *run)
{
	arena_free(&run->arena);
	buf_done(&run->out);
}

/* ---- by ourselves ---- */

static void check_identity(void *user, const char *name, struct slice message)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	struct run run;
	options.identity = true;
	run_start(&run, &options, message);
	if (!slice_equal(buf_slice(&run.out), message))
		fault(totals, name, "is not the same");
	totals->htmls += run.report.html_count;
	run_end(&run);
}

static void test_identity_gives_every_mail_back_byte_for_byte(void **state)
{
	(void)state;
	struct totals totals = {0};
	need_corpus();
	for_each_mail(&totals, check_identity);
	printf("identity: %zu of %zu mails, %zu html parts\n", totals.files - totals.faults, totals.files,
	       totals.htmls);
	assert_int_equal(totals.faults, 0);
}

static void check_outside(void *user, const char *name, struct slice message)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	struct run run;
	run_start(&run, &options, message);
	const char *what = mime_check(message, &run.report, corpus_pixel, buf_slice(&run.out));
	if (what)
		fault(totals, name, what);
	for (size_t i = 0; i < run.report.html_count; i++) {
		const struct mime_html *html = &run.report.htmls[i];
		totals->htmls++;
		totals->changed += html->skip == MIME_NOT_SKIPPED && !slice_equal(html->html, html->rewritten);
		if (html->skip == MIME_SKIP_UNCHANGEABLE)
			fault(totals, name, "could not be changed");
	}
	run_end(&run);
}

static void test_bytes_outside_the_changed_parts_stay(void **state)
{
	(void)state;
	struct totals totals = {0};
	need_corpus();
	for_each_mail(&totals, check_outside);
	printf("outside: %zu mails, %zu of %zu html parts changed\n", totals.files, totals.changed, totals.htmls);
	assert_int_equal(totals.faults, 0);
	assert_true(totals.changed > 150);
}

static void check_second_pass(void *user, const char *name, struct slice message)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	struct run run;
	struct run again;
	run_start(&run, &options, message);
	run_start(&again, &options, buf_slice(&run.out));
	if (!slice_equal(buf_slice(&run.out), buf_slice(&again.out)))
		fault(totals, name, "changes again");
	run_end(&again);
	run_end(&run);
}

static void test_a_second_pass_changes_nothing(void **state)
{
	(void)state;
	struct totals totals = {0};
	need_corpus();
	for_each_mail(&totals, check_second_pass);
	assert_int_equal(totals.faults, 0);
}

/* ---- deviations ---- */

/* Where an oracle reads a mail in another way, and why that is none of our faults. A mail on a list that does not
 * deviate is a fault, so the lists cannot outlive their reasons. */
struct deviation {
	const char *name; /* of the file, without .eml */
	const char *reason;
};

static const struct deviation gmime_deviations[] = {
    {"cpython__msg_47",
     "no empty line behind the headers: `<html>` begins the body for us and Python; GMime skips the line"},
    {"enmime__mail__qp-utf8-header-no-break.raw",
     "the same in front of a multipart's preamble: GMime finds no part at all"},
    {"mime4j__mimetools-testmsgs__double-bound.msg",
     "a part whose headers end at the boundary: GMime drops it, it is empty"},
    {"stalwart__malformed__000", "boundary=\":foo\": GMime takes `--:foo` among the headers for a header"},
    {"stalwart__malformed__020", "two Content-Type headers: the first counts for us and Python, the last for GMime"},
    {"mikelmail__error_emails__multiple_content_types", "the same"},
    {"mikelmail__mime_emails__two_from_in_message",
     "the last boundary has no line end: GMime then leaves the CR in front of it in the part"},
    {"mikelmail__mime_emails__raw_email_encoded_stack_level_too_deep", "the same"},
    {"mimekit__messages__issue358.txt",
     "a line among the headers is none: it ends them for us and Python, GMime skips it"},
    {"postal__dkim_signing__email2.msg", "no mail but a key file in front of one; its line `---` is the same case"},
    {"rspamd__messages__fws_fn", "a fold of one blank behind boundary=\"…\": GMime does not find the boundaries"},
    {NULL, NULL},
};

static const struct deviation python_deviations[] = {
    {"flanker__messages__enclosed",
     "begins with a line of blanks: Python skips it, for us and GMime the headers end there"},
    {"flanker__messages__enclosed-bad-encoding", "the same"},
    {"flanker__messages__enclosed-broken", "the same"},
    {"flanker__messages__enclosed-broken-body", "the same"},
    {"flanker__messages__enclosed-global", "the same"},
    {"flanker__messages__mailgun-pic", "the same"},
    {"flanker__messages__russian-attachment-yahoo", "the same"},
    {"stalwart__malformed__019", "a multipart whose parts have its own boundary again: Python gives up at the first"},
    {"stalwart__thirdparty__012", "boundary=\"foo with the end quote on the next line: Python does not join the fold"},
    {NULL, NULL},
};

static bool is_on_list(const struct deviation *list, struct slice name)
{
	for (; list->name; list++)
		if (slice_equal(slice_from_cstr(list->name), name))
			return true;
	return false;
}

static size_t list_size(const struct deviation *list)
{
	size_t n = 0;
	while (list[n].name)
		n++;
	return n;
}

static struct slice stem_of(const char *name)
{
	struct slice stem = slice_from_cstr(name);
	assert_true(slice_ends_with(stem, SLICE(".eml")));
	return slice_sub(stem, 0, stem.n - 4);
}

static void judge(struct totals *totals, const char *name, const char *what)
{
	bool is_known = is_on_list(gmime_deviations, stem_of(name));
	totals->excused += what && is_known;
	if (!what && is_known)
		fault(totals, name, "is on the list of deviations, but does not deviate");
	if (what && !is_known)
		fault(totals, name, what);
}

/* ---- GMime ---- */

static size_t from_line_size(struct slice message)
{
	return slice_starts_with(message, SLICE("From ")) ? slice_index(message, '\n') + 1 : 0;
}

/* What GMime says about the input's html parts that our reading does not; NULL when they agree. GMime knows a From line
 * only in mbox format, in which the next one ends the message; so it does not get to see it. */
static const char *compare_ranges(const struct mime_report *report, const struct gmime_htmls *theirs, size_t skipped)
{
	static _Thread_local char words[200];
	if (theirs->count != report->html_count) {
		(void)snprintf(words, sizeof(words), "%zu html parts, by GMime %zu", report->html_count, theirs->count);
		return words;
	}
	for (size_t i = 0; i < theirs->count; i++) {
		const struct mime_part *part = &report->tree.parts[report->htmls[i].part];
		const struct gmime_html *html = &theirs->htmls[i];
		if (part->body == html->body + skipped && part->end == html->end + skipped)
			continue;
		(void)snprintf(words, sizeof(words), "html part %zu is %zu-%zu, by GMime %zu-%zu", i, part->body,
			       part->end, html->body + skipped, html->end + skipped);
		return words;
	}
	return NULL;
}

/* Neither GMime nor Python drops blanks at the end of a quoted-printable line (RFC 2045, 6.7, rule 3). */
static struct slice without_dropped_blanks(struct slice text, struct arena *arena)
{
	struct buf b;
	buf_init_in_arena(&b, CORPUS_FILE_MAX, arena);
	(void)buf_reserve(&b, text.n);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' || (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n'))
			while (b.n && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
				buf_truncate(&b, b.n - 1);
		buf_append_byte(&b, text.p[i]);
	}
	return buf_slice(&b);
}

static bool is_same(const struct mime_report *report, const struct mime_html *ours, struct slice theirs,
		    struct arena *arena)
{
	if (slice_equal(ours->rewritten, theirs))
		return true;
	return report->tree.parts[ours->part].encoding == MIME_QUOTED_PRINTABLE &&
	       slice_equal(without_dropped_blanks(ours->rewritten, arena), without_dropped_blanks(theirs, arena));
}

static const char *compare_decoded(const struct mime_report *report, const struct gmime_htmls *theirs,
				   struct arena *arena)
{
	if (theirs->count != report->html_count)
		return "the result has another number of html parts by GMime";
	for (size_t i = 0; i < theirs->count; i++)
		if (report->htmls[i].skip == MIME_NOT_SKIPPED &&
		    !is_same(report, &report->htmls[i], theirs->htmls[i].decoded, arena))
			return "GMime decodes the result to something else";
	return NULL;
}

static void check_gmime(void *user, const char *name, struct slice message)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	struct gmime_htmls before;
	struct gmime_htmls after;
	struct run run;
	size_t skipped = from_line_size(message);
	run_start(&run, &options, message);
	gmime_read(slice_from(message, skipped), false, run.arena, &before);
	gmime_read(slice_from(buf_slice(&run.out), skipped), true, run.arena, &after);
	const char *what = compare_ranges(&run.report, &before, skipped);
	judge(totals, name, what ? what : compare_decoded(&run.report, &after, run.arena));
	totals->htmls += before.count;
	run_end(&run);
}

static void test_gmime_finds_the_same_parts_and_decodes_the_result(void **state)
{
	(void)state;
	struct totals totals = {0};
	need_corpus();
	gmime_adapter_init();
	for_each_mail(&totals, check_gmime);
	printf("GMime: %zu mails, %zu html parts, %zu known deviations\n", totals.files, totals.htmls, totals.excused);
	assert_int_equal(totals.faults, 0);
}

/* ---- Python ---- */

static FILE *open_sample(const char *directory, const char *name, const char *extension)
{
	char path[CORPUS_PATH_ROOM];
	(void)snprintf(path, sizeof(path), "%s/%s%s", directory, name, extension);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	return file;
}

static void write_sample(void *user, const char *name, struct slice message)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	struct run run;
	struct buf hex;
	char stem[256];
	(void)snprintf(stem, sizeof(stem), "%.*s", SLICE_FMT(stem_of(name)));
	run_start(&run, &options, message);
	FILE *eml = open_sample(totals->directory, stem, ".eml");
	FILE *want = open_sample(totals->directory, stem, ".want");
	assert_int_equal(fwrite(run.out.p, 1, run.out.n, eml), run.out.n);
	buf_init(&hex, CORPUS_FILE_MAX);
	for (size_t i = 0; i < run.report.html_count; i++) {
		const struct mime_html *html = &run.report.htmls[i];
		buf_clear(&hex);
		buf_append_hex(&hex, html->rewritten);
		const char *line = html->skip != MIME_NOT_SKIPPED ? "?" : hex.n ? buf_cstr(&hex) : "-";
		(void)fprintf(want, "%s\n", line);
	}
	assert_int_equal(fclose(eml) + fclose(want), 0);
	buf_done(&hex);
	run_end(&run);
}

static void remove_samples(const char *path)
{
	DIR *directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		char name[CORPUS_PATH_ROOM];
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			(void)unlink(name);
	}
	(void)closedir(directory);
	(void)rmdir(path);
}

/* Reads what the script says: "NAME: what is wrong", and a line without a colon at the end. */
static void judge_python(struct totals *totals, FILE *said)
{
	char line[1000];
	bool has_end = false;
	while (fgets(line, sizeof(line), said)) {
		const char *colon = strchr(line, ':');
		has_end = !colon;
		if (colon && is_on_list(python_deviations, slice_of(line, (size_t)(colon - line)))) {
			totals->excused++;
			continue;
		}
		printf("Python: %s", line);
		totals->faults += colon != NULL;
	}
	if (!has_end)
		fault(totals, "check_mail_parts.py", "did not come to its end");
	if (totals->excused != list_size(python_deviations))
		fault(totals, "the list of deviations", "has mails on it that do not deviate");
}

static void test_python_decodes_the_result(void **state)
{
	(void)state;
	char directory[] = "/tmp/pugmark-mime-XXXXXX";
	char command[CORPUS_PATH_ROOM];
	struct totals totals = {.directory = directory};
	need_corpus();
	if (system("python3 -c pass 2>/dev/null") != 0) {
		printf("SKIP: python3 is not there; rewritten mails were not read by it\n");
		skip();
	}
	assert_non_null(mkdtemp(directory));
	for_each_mail(&totals, write_sample);
	(void)snprintf(command, sizeof(command), "python3 '%s' '%s'", CHECK_MAIL_PARTS, directory);
	FILE *said = popen(command, "r");
	assert_non_null(said);
	judge_python(&totals, said);
	int result = pclose(said);
	if (!getenv("KEEP_SAMPLES"))
		remove_samples(directory);
	assert_int_equal(result, 0);
	assert_int_equal(totals.faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_identity_gives_every_mail_back_byte_for_byte),
	    cmocka_unit_test(test_bytes_outside_the_changed_parts_stay),
	    cmocka_unit_test(test_a_second_pass_changes_nothing),
	    cmocka_unit_test(test_gmime_finds_the_same_parts_and_decodes_the_result),
	    cmocka_unit_test(test_python_decodes_the_result),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

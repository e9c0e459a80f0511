/* SPDX-License-Identifier: Apache-2.0 */
/* The rewriter against a corpus of real mails, an oracle's links, own edge cases and the html5lib tests. The corpus is
 * found by harness/corpus.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/html/html_entities.h"
#include "codec/html/html_rewrite.h"
#include "corpus_rewrite.h"
#include "harness/corpus.h"
#include "html5lib_adapter.h"
#include "html_splice.h"
#include <jansson.h>
#include <stdio.h>

/* ---- one rewriting ---- */

struct run {
	struct arena *arena;
	struct buf out;
	struct html_report report;
};

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_printf(to, "https://track.example.net/c/AbC-%u", (unsigned int)link->index);
	return true;
}

static void run_init(struct run *run)
{
	run->arena = arena_new();
	buf_init(&run->out, CORPUS_FILE_MAX);
}

static void run_done(struct run *run)
{
	arena_free(&run->arena);
	buf_done(&run->out);
}

static void run_rewrite(struct run *run, const struct html_rewrite_options *options, struct slice html)
{
	arena_reset(run->arena);
	buf_clear(&run->out);
	assert_int_equal(html_rewrite(options, html, run->arena, &run->out, &run->report), STATUS_OK);
}

/* ---- identity, splice, idempotence ---- */

struct totals {
	size_t links;
	size_t tracked;
	size_t faults;
};

static void fault(struct totals *totals, const char *name, const char *what)
{
	printf("%s: %s\n", name, what);
	totals->faults++;
}

static void check_identity(void *user, const char *name, struct slice html)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	options.identity = true;
	struct run run;
	run_init(&run);
	run_rewrite(&run, &options, html);
	if (!slice_equal(buf_slice(&run.out), html))
		fault(totals, name, "identity changed it");
	totals->links += run.report.link_count;
	totals->tracked += run.report.tracked_count;
	run_done(&run);
}

static void test_identity_gives_every_file_back(void **state)
{
	(void)state;
	char path[CORPUS_PATH_ROOM];
	corpus_need("html", path);
	struct totals totals = {0};
	size_t files = corpus_each_file(path, check_identity, &totals);
	printf("identity: %zu files, %zu links, %zu of them to be tracked\n", files, totals.links, totals.tracked);
	assert_true(files > 0);
	assert_true(totals.tracked > 0);
	assert_int_equal(totals.faults, 0);
}

static void check_splice_and_second_pass(void *user, const char *name, struct slice html)
{
	struct totals *totals = user;
	struct html_rewrite_options options = corpus_options(track);
	struct run first;
	struct run second;
	run_init(&first);
	run_init(&second);
	run_rewrite(&first, &options, html);
	if (!html_is_spliced(html, &first.report, corpus_pixel, buf_slice(&first.out)))
		fault(totals, name, "bytes outside the reported ranges changed");
	run_rewrite(&second, &options, buf_slice(&first.out));
	if (!slice_equal(buf_slice(&first.out), buf_slice(&second.out)))
		fault(totals, name, "a second pass changed it");
	totals->links += first.report.link_count;
	totals->tracked += first.report.tracked_count;
	run_done(&first);
	run_done(&second);
}

static void test_rewriting_changes_only_what_it_reports_and_only_once(void **state)
{
	(void)state;
	char path[CORPUS_PATH_ROOM];
	corpus_need("html", path);
	struct totals totals = {0};
	size_t files = corpus_each_file(path, check_splice_and_second_pass, &totals);
	printf("splice and second pass: %zu files, %zu tracked links\n", files, totals.tracked);
	assert_int_equal(totals.faults, 0);
}

/* ---- the oracle ---- */

struct oracle {
	struct totals totals;
	json_t *truth; /* file -> [[tag, start, end, decoded value as code points of Latin-1]] */
	size_t http_links;
	size_t not_tracked_by_rule;
	size_t passed_through;
	size_t urls_compared;
};

/* The oracle's value, trimmed and without line breaks as browsers do it (WHATWG URL 4.4). */
static void append_cleaned(const json_t *value, struct buf *to)
{
	struct slice s = url_trim(slice_of(json_string_value(value), json_string_length(value)));
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n')
			buf_append_byte(to, s.p[i]);
}

static const struct html_link *link_at(const struct html_report *report, size_t start, size_t end)
{
	for (size_t i = 0; i < report->link_count; i++)
		if (report->links[i].start == start && report->links[i].end == end)
			return &report->links[i];
	return NULL;
}

/* Where the policy leaves an http(s) link alone that the oracle lists: merge tags in it, no valid host, an opt-out. The
 * rule is stated again here, without the rewriter's code, so that a reason is not taken on trust. */
static bool is_left_alone_by_rule(const struct html_link *link, struct slice url)
{
	switch (link->skip) {
	case HTML_SKIP_TEMPLATE:
		return slice_contains(url, SLICE("{")) || slice_contains(url, SLICE("*|")) ||
		       slice_contains(url, SLICE("[[")) || slice_contains(url, SLICE("<%")) ||
		       slice_contains(url, SLICE("##")) || slice_contains(url, SLICE("%7B%7B")) ||
		       slice_index(slice_from(url, slice_index(url, '%') + 1), '%') + slice_index(url, '%') + 1 < url.n;
	case HTML_SKIP_BAD_URL: /* no host */
		return slice_equal_nocase(url, SLICE("http://")) || slice_equal_nocase(url, SLICE("https://")) ||
		       slice_contains(url, SLICE(":///"));
	case HTML_SKIP_NO_TRACK: return true;
	default: return false;
	}
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void check_oracle_link(struct oracle *oracle, const char *name, const struct html_report *report,
			      const json_t *row)
{
	struct buf url;
	buf_init(&url, CORPUS_FILE_MAX);
	append_cleaned(json_array_get(row, 3), &url);
	const char *tag = json_string_value(json_array_get(row, 0));
	bool is_link = strcmp(tag, "a") == 0 || strcmp(tag, "area") == 0;
	if (is_link && url_is_http(buf_slice(&url))) {
		size_t start = (size_t)json_integer_value(json_array_get(row, 1));
		size_t end = (size_t)json_integer_value(json_array_get(row, 2));
		const struct html_link *link = link_at(report, start, end);
		oracle->http_links++;
		if (!link) {
			fault(&oracle->totals, name, "a link was not found:");
			printf("  %zu-%zu %s\n", start, end, buf_cstr(&url));
		} else if (link->skip != HTML_NOT_SKIPPED && !is_left_alone_by_rule(link, buf_slice(&url))) {
			fault(&oracle->totals, name, "a link was left alone:");
			printf("  %s %s\n", html_skip_name(link->skip), buf_cstr(&url));
		} else if (link->skip != HTML_NOT_SKIPPED) {
			oracle->not_tracked_by_rule++;
		} else if (is_ascii(buf_slice(&url))) {
			oracle->urls_compared++;
			if (!slice_equal(link->url, buf_slice(&url))) {
				fault(&oracle->totals, name, "a URL was decoded differently:");
				printf("  want %s\n  got  %.*s\n", buf_cstr(&url), SLICE_FMT(link->url));
			}
		}
	}
	buf_done(&url);
}

/* The other way round: nothing is tracked that the oracle does not list. */
static void check_tracked_links(struct oracle *oracle, const char *name, const struct html_report *report,
				const json_t *rows)
{
	for (size_t i = 0; i < report->link_count; i++) {
		const struct html_link *link = &report->links[i];
		bool is_listed = link->skip != HTML_NOT_SKIPPED;
		for (size_t j = 0; !is_listed && j < json_array_size(rows); j++) {
			const json_t *row = json_array_get(rows, j);
			const char *tag = json_string_value(json_array_get(row, 0));
			is_listed = (size_t)json_integer_value(json_array_get(row, 1)) == link->start &&
				    (size_t)json_integer_value(json_array_get(row, 2)) == link->end &&
				    (strcmp(tag, "a") == 0 || strcmp(tag, "area") == 0);
		}
		if (is_listed)
			continue;
		fault(&oracle->totals, name, "something that is no link was tracked:");
		printf("  %zu-%zu %.*s\n", link->start, link->end, SLICE_FMT(link->url));
	}
}

static void check_oracle(void *user, const char *name, struct slice html)
{
	struct oracle *oracle = user;
	const json_t *rows = json_object_get(oracle->truth, name);
	if (!rows) {
		fault(&oracle->totals, name, "the oracle does not know this file");
		return;
	}
	/* The oracle does not look into comments and took the bytes for Latin-1. */
	struct html_rewrite_options options = corpus_options(track);
	options.vml = false;
	struct run run;
	run_init(&run);
	run_rewrite(&run, &options, html);
	if (run.report.warnings & HTML_WARN_PASSED_THROUGH) {
		oracle->passed_through++;
		if (!slice_equal(buf_slice(&run.out), html))
			fault(&oracle->totals, name, "changed although its encoding cannot be cut");
	} else {
		for (size_t i = 0; i < json_array_size(rows); i++)
			check_oracle_link(oracle, name, &run.report, json_array_get(rows, i));
		check_tracked_links(oracle, name, &run.report, rows);
	}
	run_done(&run);
}

static void test_links_are_those_of_an_html5_parser(void **state)
{
	(void)state;
	char folder[CORPUS_PATH_ROOM];
	char path[CORPUS_PATH_ROOM];
	corpus_need("html", folder);
	corpus_need("html_truth.json", path);
	struct oracle oracle = {.truth = json_load_file(path, JSON_ALLOW_NUL, NULL)};
	assert_non_null(oracle.truth);
	size_t files = corpus_each_file(folder, check_oracle, &oracle);
	printf("oracle: %zu files (%zu passed through), %zu http(s) links, %zu URLs compared, %zu left alone by rule\n",
	       files, oracle.passed_through, oracle.http_links, oracle.urls_compared, oracle.not_tracked_by_rule);
	json_decref(oracle.truth);
	assert_int_equal(oracle.totals.faults, 0);
}

/* ---- edge cases ---- */

static int base64_value(char c)
{
	const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

static void append_base64_decoded(const char *text, struct buf *to)
{
	uint32_t bits = 0;
	size_t count = 0;
	for (; *text; text++) {
		int value = base64_value(*text);
		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			buf_append_byte(to, (char)(bits >> count));
		}
	}
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s ? s : "";
}

/* By rule the encodings that cannot be cut pass through whole. */
static bool is_passed_through_by_rule(const char *charset)
{
	return strncmp(charset, "utf-16", 6) == 0 || strncmp(charset, "utf-7", 5) == 0;
}

/* The output by the case's own ranges, replaced by what `track` makes of the reported index. */
static void append_wanted(const json_t *test, struct slice html, const struct html_report *report, struct buf *to)
{
	const json_t *links = json_object_get(test, "links");
	const json_t *pixel_at = json_object_get(test, "pixel_at");
	size_t place = json_is_integer(pixel_at) ? (size_t)json_integer_value(pixel_at) : SIZE_MAX;
	size_t at = 0;
	for (size_t i = 0; i <= json_array_size(links); i++) {
		const json_t *row = json_array_get(links, i);
		size_t start = row ? (size_t)json_integer_value(json_object_get(row, "start")) : html.n;
		if (place >= at && place <= start) {
			buf_append(to, slice_sub(html, at, place));
			buf_append(to, corpus_pixel);
			at = place;
			place = SIZE_MAX;
		}
		buf_append(to, slice_sub(html, at, start));
		at = start;
		if (!row || !json_is_true(json_object_get(row, "track")))
			continue;
		size_t end = (size_t)json_integer_value(json_object_get(row, "end"));
		const struct html_link *link = link_at(report, start, end);
		buf_printf(to, "https://track.example.net/c/AbC-%d", link ? (int)link->index : -1);
		at = end;
	}
}

static void check_edge_urls(struct totals *totals, const json_t *test, const struct html_report *report)
{
	const json_t *links = json_object_get(test, "links");
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *row = json_array_get(links, i);
		totals->links++;
		if (!json_is_true(json_object_get(row, "track")))
			continue;
		const struct html_link *link =
		    link_at(report, (size_t)json_integer_value(json_object_get(row, "start")),
			    (size_t)json_integer_value(json_object_get(row, "end")));
		const json_t *url = json_object_get(row, "url");
		if (!link || !slice_equal(link->url, slice_of(json_string_value(url), json_string_length(url))))
			fault(totals, string_of(test, "id"), "a URL is not as expected");
	}
}

static void check_edge_case(struct totals *totals, const json_t *test)
{
	const char *charset = string_of(test, "charset");
	struct html_rewrite_options options = corpus_options(track);
	options.charset = slice_from_cstr(charset);
	struct buf html;
	struct buf want;
	struct run run;
	buf_init(&html, CORPUS_FILE_MAX);
	buf_init(&want, CORPUS_FILE_MAX);
	run_init(&run);
	append_base64_decoded(string_of(test, "input_b64"), &html);
	run_rewrite(&run, &options, buf_slice(&html));
	if (is_passed_through_by_rule(charset)) {
		buf_append(&want, buf_slice(&html));
	} else {
		append_wanted(test, buf_slice(&html), &run.report, &want);
		check_edge_urls(totals, test, &run.report);
	}
	if (!slice_equal(buf_slice(&want), buf_slice(&run.out))) {
		fault(totals, string_of(test, "id"), "the output is not as expected");
		printf("  want %.300s\n  got  %.300s\n", buf_cstr(&want), buf_cstr(&run.out));
	}
	buf_done(&html);
	buf_done(&want);
	run_done(&run);
}

static void test_edge_cases_give_the_expected_bytes(void **state)
{
	(void)state;
	char path[CORPUS_PATH_ROOM];
	corpus_need("edge/cases.jsonl", path);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	struct totals totals = {0};
	size_t cases = 0;
	for (;;) {
		json_t *test = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
		if (!test)
			break;
		check_edge_case(&totals, test);
		json_decref(test);
		cases++;
	}
	bool is_whole = feof(file) != 0;
	fclose(file);
	printf("edge: %zu cases, %zu links, %zu faults\n", cases, totals.links, totals.faults);
	assert_true(is_whole);
	assert_true(cases > 0);
	assert_int_equal(totals.faults, 0);
}

/* ---- html5lib ---- */

static enum html_mode mode_of(const char *state)
{
	static const struct {
		const char *name;
		enum html_mode mode;
	} modes[] = {
	    {"PLAINTEXT state", HTML_MODE_PLAINTEXT}, {"RCDATA state", HTML_MODE_RCDATA},
	    {"RAWTEXT state", HTML_MODE_RAWTEXT},     {"Script data state", HTML_MODE_SCRIPT},
	    {"CDATA section state", HTML_MODE_CDATA},
	};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(state, modes[i].name) == 0)
			return modes[i].mode;
	return HTML_MODE_DATA;
}

static void tell_start_tag(const struct html_tokenizer *tokenizer, const struct html_token *tag,
			   struct html5lib_sink *sink)
{
	struct html_attributes attributes = html_attributes_of(tokenizer, tag);
	struct html_attribute attribute;
	html5lib_start_tag(sink, tag->name);
	while (html_attribute_next(&attributes, &attribute))
		html5lib_attribute(sink, attribute.name, attribute.value);
	html5lib_start_tag_end(sink, tag->is_self_closing);
}

static void tokenize(const struct html5lib_input *input, struct html5lib_sink *sink)
{
	struct html_tokenizer tokenizer;
	struct html_token token;
	html_tokenizer_init(&tokenizer, input->html);
	tokenizer.mode = mode_of(input->state);
	tokenizer.last_start_tag = input->last_start_tag;
	bool is_data = tokenizer.mode == HTML_MODE_DATA;
	while (html_token_next(&tokenizer, &token)) {
		switch (token.type) {
		case HTML_TEXT: html5lib_text(sink, token.data, is_data, token.has_references); break;
		case HTML_CDATA: html5lib_text(sink, token.data, true, false); break;
		case HTML_START_TAG: tell_start_tag(&tokenizer, &token, sink); break;
		case HTML_END_TAG: html5lib_end_tag(sink, token.name); break;
		case HTML_COMMENT: html5lib_comment(sink, token.data); break;
		case HTML_DOCTYPE: html5lib_doctype(sink); break;
		case HTML_END_OF_INPUT: break;
		}
		is_data = tokenizer.mode == HTML_MODE_DATA;
	}
}

static void test_tokens_are_those_of_html5lib(void **state)
{
	(void)state;
	char folder[CORPUS_PATH_ROOM];
	corpus_need("html5lib/tokenizer", folder);
	struct html5lib_counts counts = html5lib_run_all(folder, tokenize);
	assert_int_equal(counts.tests, HTML5LIB_TESTS);
	assert_int_equal(counts.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_identity_gives_every_file_back),
	    cmocka_unit_test(test_rewriting_changes_only_what_it_reports_and_only_once),
	    cmocka_unit_test(test_links_are_those_of_an_html5_parser),
	    cmocka_unit_test(test_edge_cases_give_the_expected_bytes),
	    cmocka_unit_test(test_tokens_are_those_of_html5lib),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The second reading of HTML (harness/reference_html.h), which the fuzzers compare the real one with: is it right by
 * itself, and do the two agree on what is at hand? The corpus is found by harness/corpus.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "harness/corpus.h"
#include "html5lib_adapter.h"
#include "reference_compare.h"
#include "reference_html.h"
#include <stdio.h>

enum { TEXT_MAX = 2048 };

/* ---- html5lib ---- */

struct telling {
	struct html5lib_sink *sink;
	bool is_data;
};

static void tell(void *user, struct reference_tokenizer *tokenizer, const struct reference_token *token)
{
	struct telling *telling = user;
	(void)tokenizer;
	switch (token->kind) {
	case REFERENCE_TEXT: html5lib_text(telling->sink, token->data, telling->is_data, token->has_references); return;
	case REFERENCE_CDATA: html5lib_text(telling->sink, token->data, true, false); break;
	case REFERENCE_START_TAG:
		html5lib_start_tag(telling->sink, token->name);
		for (size_t i = 0; i < token->attribute_count; i++)
			html5lib_attribute(telling->sink, token->attributes[i].name, token->attributes[i].value);
		html5lib_start_tag_end(telling->sink, token->is_self_closing);
		break;
	case REFERENCE_END_TAG: html5lib_end_tag(telling->sink, token->name); break;
	case REFERENCE_COMMENT: html5lib_comment(telling->sink, token->data); break;
	case REFERENCE_DOCTYPE: html5lib_doctype(telling->sink); break;
	}
	telling->is_data = true;
}

static enum reference_mode mode_of(const char *state)
{
	static const struct {
		const char *name;
		enum reference_mode mode;
	} modes[] = {
	    {"PLAINTEXT state", REFERENCE_PLAINTEXT},
	    {"RCDATA state", REFERENCE_RCDATA},
	    {"RAWTEXT state", REFERENCE_RAWTEXT},
	    {"Script data state", REFERENCE_SCRIPT},
	    {"CDATA section state", REFERENCE_CDATA_SECTION},
	};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(state, modes[i].name) == 0)
			return modes[i].mode;
	return REFERENCE_DATA;
}

static void tokenize(const struct html5lib_input *input, struct html5lib_sink *sink)
{
	enum reference_mode mode = mode_of(input->state);
	struct telling telling = {.sink = sink, .is_data = mode == REFERENCE_DATA};
	struct reference_tokenizer *tokenizer = reference_tokenizer_new(input->html, tell, &telling);
	reference_set_mode(tokenizer, mode);
	reference_set_last_start_tag(tokenizer, input->last_start_tag);
	reference_run(tokenizer);
	reference_tokenizer_free(&tokenizer);
}

static void test_reference_gives_the_tokens_of_html5lib(void **state)
{
	(void)state;
	char folder[CORPUS_PATH_ROOM];
	corpus_need("html5lib/tokenizer", folder);
	struct html5lib_counts counts = html5lib_run_all(folder, tokenize);
	assert_int_equal(counts.tests, HTML5LIB_TESTS);
	assert_int_equal(counts.failed, 0);
}

/* ---- both on real mails and on fragments ---- */

static void compare_file(void *user, const char *name, struct slice html)
{
	size_t *different = user;
	if (reference_tokens_agree(html) && reference_links_agree(html))
		return;
	printf("  in %s\n", name);
	++*different;
}

static void test_both_read_real_mails_alike(void **state)
{
	(void)state;
	char folder[CORPUS_PATH_ROOM];
	size_t different = 0;
	corpus_need("html", folder);
	size_t files = corpus_each_file(folder, compare_file, &different);
	printf("reference: %zu files read alike, %zu differently\n", files - different, different);
	assert_true(files > 0);
	assert_int_equal(different, 0);
}

/* Every text of up to three pieces: where states meet, and where the input ends in each of them. Also across the places
 * where the real one goes on to the next block and the next window of its input. */
static void test_both_read_all_short_sequences_of_markup_alike(void **state)
{
	(void)state;
	static const char *const pieces[] = {
	    "<",     ">",      "/",       "!",        "-",     "--",        "?",       "=",   "\"",       "'",
	    " ",     "a",      "<a ",     "<a href=", "<!--",  "<![CDATA[", "]]>",     "</a", "<script>", "</script>",
	    "<svg>", "</svg>", "<title>", "</title",  "<![if", "<!--[if",   "</body>", "\n",  "<style",   "href",
	};
	enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };
	struct buf html;
	size_t different = 0;
	buf_init(&html, TEXT_MAX);
	static const size_t offsets[] = {0, 61, 63, 1021, 1023};
	enum { OFFSETS = sizeof(offsets) / sizeof(offsets[0]) };
	for (size_t i = 0; i < (size_t)PIECES * PIECES * PIECES * OFFSETS; i++) {
		size_t offset = offsets[i / PIECES / PIECES / PIECES];
		buf_clear(&html);
		while (html.n < offset)
			buf_append_byte(&html, 'x');
		buf_append_cstr(&html, pieces[i % PIECES]);
		buf_append_cstr(&html, pieces[i / PIECES % PIECES]);
		buf_append_cstr(&html, pieces[i / PIECES / PIECES % PIECES]);
		if (reference_tokens_agree(buf_slice(&html)) && reference_links_agree(buf_slice(&html)))
			continue;
		if (different++ < 10)
			printf("  in %s\n", buf_cstr(&html));
	}
	buf_done(&html);
	assert_int_equal(different, 0);
}

/* The same inside a tag. */
static void test_both_read_all_short_sequences_of_attributes_alike(void **state)
{
	(void)state;
	static const char *const pieces[] = {" ", "\f", "\n", "/", "=", "\"", "'", ">", "<", "x"};
	enum { PIECES = sizeof(pieces) / sizeof(pieces[0]), ALL = PIECES * PIECES * PIECES * PIECES * PIECES };
	struct buf html;
	size_t different = 0;
	buf_init(&html, TEXT_MAX);
	for (size_t i = 0; i < ALL; i++) {
		buf_clear(&html);
		buf_append_cstr(&html, "<a");
		for (size_t rest = i, n = 0; n < 5; n++, rest /= PIECES)
			buf_append_cstr(&html, pieces[rest % PIECES]);
		buf_append_cstr(&html, "h='>'>");
		if (reference_tokens_agree(buf_slice(&html)))
			continue;
		if (different++ < 10)
			printf("  in %s\n", buf_cstr(&html));
	}
	buf_done(&html);
	assert_int_equal(different, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reference_gives_the_tokens_of_html5lib),
	    cmocka_unit_test(test_both_read_real_mails_alike),
	    cmocka_unit_test(test_both_read_all_short_sequences_of_markup_alike),
	    cmocka_unit_test(test_both_read_all_short_sequences_of_attributes_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

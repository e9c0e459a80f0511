/* SPDX-License-Identifier: Apache-2.0 */
/* The tests speak of a tokenizer that decodes; ours cut. So this does the decoding: input preprocessing (CR LF to LF),
 * character references, NUL to U+FFFD where a state asks for it, lower case of names, first of duplicate attributes. Of
 * a doctype only its being there is compared: nothing in a rewriter looks into one. Error lists are not compared.
 */
#include "html5lib_adapter.h"

#include "base/buf.h"
#include "codec/html/html_entities.h"
#include "codec/text/utf8.h"
#include <jansson.h>
#include <stdio.h>

enum { TEXT_MAX = 1 << 20 };

struct deviation {
	const char *description;
	const char *reason;
};

/* Whole families first; the test's description must match exactly. */
static const struct deviation deviations[] = {
    {"Non-XML character", "xmlViolation: coerces the tree for XML tools; a mail keeps its bytes"},
    {"Non-XML space", "xmlViolation: as above"},
    {"Double hyphen in comment", "xmlViolation: as above"},
};

/* ---- strings of a test: UTF-8, where a lone surrogate takes three bytes, as nothing else can be written down ---- */

static int hex_value(struct slice s)
{
	int value = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int digit = c >= '0' && c <= '9'                     ? c - '0'
			    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
								     : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return s.n == 4 ? value : -1;
}

/* As utf8_append, but a lone surrogate keeps its number. */
static void append_code(uint32_t code, struct buf *to)
{
	if (code < 0xd800 || code > 0xdfff) {
		utf8_append(to, code);
		return;
	}
	buf_append_byte(to, (char)(0xe0 | code >> 12));
	buf_append_byte(to, (char)(0x80 | (code >> 6 & 63)));
	buf_append_byte(to, (char)(0x80 | (code & 63)));
}

static void append_unescaped(struct slice s, struct buf *to)
{
	while (s.n > 0) {
		int code = slice_starts_with(s, SLICE("\\u")) ? hex_value(slice_sub(s, 2, 6)) : -1;
		if (code < 0) {
			buf_append_byte(to, s.p[0]);
			s = slice_from(s, 1);
			continue;
		}
		s = slice_from(s, 6);
		int low = slice_starts_with(s, SLICE("\\u")) ? hex_value(slice_sub(s, 2, 6)) : -1;
		uint32_t full = (uint32_t)code;
		if (code >= 0xd800 && code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			full = 0x10000 + (((uint32_t)code & 0x3ff) << 10) + ((uint32_t)low & 0x3ff);
			s = slice_from(s, 6);
		}
		append_code(full, to);
	}
}

static void append_string(const json_t *string, bool is_escaped, struct buf *to)
{
	struct slice s = slice_of(json_string_value(string), json_string_length(string));
	if (is_escaped)
		append_unescaped(s, to);
	else
		buf_append(to, s);
}

static void append_without_cr(struct slice s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\r')
			buf_append_byte(to, s.p[i]);
		else if (i + 1 >= s.n || s.p[i + 1] != '\n')
			buf_append_byte(to, '\n');
	}
}

/* ---- both sides are written in one line-based form and compared as text ---- */

static void append_quoted(struct slice s, struct buf *to)
{
	buf_append_byte(to, '[');
	buf_append(to, s);
	buf_append(to, SLICE("]"));
}

/* Adjacent text is one token: "text [" stays open in `text` until something else comes. */
static void flush_text(struct buf *text, struct buf *to)
{
	if (text->n == 0)
		return;
	buf_append(to, SLICE("text "));
	append_quoted(buf_slice(text), to);
	buf_append(to, SLICE("\n"));
	buf_clear(text);
}

static void append_with_nul_replaced(struct slice s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == 0)
			buf_append(to, SLICE("\xef\xbf\xbd"));
		else
			buf_append_byte(to, s.p[i]);
	}
}

static void append_lower(struct slice s, struct buf *to)
{
	size_t from = to->n;
	append_with_nul_replaced(s, to);
	for (size_t i = from; i < to->n; i++)
		if (to->p[i] >= 'A' && to->p[i] <= 'Z')
			to->p[i] = (char)(to->p[i] | 0x20);
}

static void append_attribute_value(struct slice raw, struct buf *to)
{
	struct buf clean;
	buf_init(&clean, TEXT_MAX);
	append_with_nul_replaced(raw, &clean);
	html_references_decode(buf_slice(&clean), HTML_REFERENCE_IN_ATTRIBUTE, to);
	buf_done(&clean);
}

static void append_object(json_t *object, struct buf *to)
{
	char *text = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);
	buf_append_cstr(to, text ? text : "?");
	free(text);
}

static void append_start_tag(struct slice name, json_t *attributes, bool is_self_closing, struct buf *to)
{
	buf_append(to, SLICE("start "));
	append_lower(name, to);
	buf_append_byte(to, ' ');
	append_object(attributes, to);
	buf_append_cstr(to, is_self_closing ? " /\n" : "\n");
}

static void append_comment(struct slice data, struct buf *to)
{
	buf_append(to, SLICE("comment "));
	append_quoted(data, to);
	buf_append_byte(to, '\n');
}

/* ---- what a tokenizer tells ---- */

struct html5lib_sink {
	struct buf lines;
	struct buf text;
	struct buf name; /* of the start tag that is being told */
	json_t *attributes;
};

static void sink_init(struct html5lib_sink *sink)
{
	buf_init(&sink->lines, TEXT_MAX);
	buf_init(&sink->text, TEXT_MAX);
	buf_init(&sink->name, TEXT_MAX);
	sink->attributes = NULL;
}

static void sink_done(struct html5lib_sink *sink)
{
	buf_done(&sink->lines);
	buf_done(&sink->text);
	buf_done(&sink->name);
}

void html5lib_text(struct html5lib_sink *sink, struct slice data, bool keeps_nul, bool has_references)
{
	struct buf clean;
	buf_init(&clean, TEXT_MAX);
	if (keeps_nul)
		buf_append(&clean, data);
	else
		append_with_nul_replaced(data, &clean);
	if (has_references)
		html_references_decode(buf_slice(&clean), HTML_REFERENCE_IN_TEXT, &sink->text);
	else
		buf_append(&sink->text, buf_slice(&clean));
	buf_done(&clean);
}

void html5lib_start_tag(struct html5lib_sink *sink, struct slice name)
{
	flush_text(&sink->text, &sink->lines);
	buf_clear(&sink->name);
	append_lower(name, &sink->name);
	sink->attributes = json_object(); /* which both sides can dump with sorted keys */
}

void html5lib_attribute(struct html5lib_sink *sink, struct slice raw_name, struct slice raw_value)
{
	struct buf name;
	struct buf value;
	buf_init(&name, TEXT_MAX);
	buf_init(&value, TEXT_MAX);
	append_lower(raw_name, &name);
	append_attribute_value(raw_value, &value);
	if (!json_object_get(sink->attributes, buf_cstr(&name)))
		json_object_set_new(sink->attributes, buf_cstr(&name),
				    json_stringn_nocheck(buf_slice(&value).p, value.n));
	buf_done(&name);
	buf_done(&value);
}

void html5lib_start_tag_end(struct html5lib_sink *sink, bool is_self_closing)
{
	append_start_tag(buf_slice(&sink->name), sink->attributes, is_self_closing, &sink->lines);
	json_decref(sink->attributes);
	sink->attributes = NULL;
}

void html5lib_end_tag(struct html5lib_sink *sink, struct slice name)
{
	flush_text(&sink->text, &sink->lines);
	buf_append(&sink->lines, SLICE("end "));
	append_lower(name, &sink->lines);
	buf_append_byte(&sink->lines, '\n');
}

void html5lib_comment(struct html5lib_sink *sink, struct slice raw)
{
	struct buf data;
	buf_init(&data, TEXT_MAX);
	flush_text(&sink->text, &sink->lines);
	append_with_nul_replaced(raw, &data);
	append_comment(buf_slice(&data), &sink->lines);
	buf_done(&data);
}

void html5lib_doctype(struct html5lib_sink *sink)
{
	flush_text(&sink->text, &sink->lines);
	buf_append(&sink->lines, SLICE("doctype\n"));
}

/* ---- the expected side ---- */

static json_t *expected_attributes(const json_t *object, bool is_escaped)
{
	json_t *result = json_object();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
	{
		struct buf name;
		struct buf text;
		buf_init(&name, TEXT_MAX);
		buf_init(&text, TEXT_MAX);
		if (is_escaped)
			append_unescaped(slice_from_cstr(key), &name);
		else
			buf_append_cstr(&name, key);
		append_string(value, is_escaped, &text);
		json_object_set_new(result, buf_cstr(&name), json_stringn_nocheck(buf_slice(&text).p, text.n));
		buf_done(&name);
		buf_done(&text);
	}
	return result;
}

static void append_expected_token(const json_t *token, bool is_escaped, struct buf *to)
{
	const char *type = json_string_value(json_array_get(token, 0));
	struct buf first;
	buf_init(&first, TEXT_MAX);
	append_string(json_array_get(token, 1), is_escaped, &first);
	if (strcmp(type, "StartTag") == 0) {
		json_t *attributes = expected_attributes(json_array_get(token, 2), is_escaped);
		append_start_tag(buf_slice(&first), attributes, json_is_true(json_array_get(token, 3)), to);
		json_decref(attributes);
	} else if (strcmp(type, "EndTag") == 0) {
		buf_append(to, SLICE("end "));
		buf_append(to, buf_slice(&first));
		buf_append_byte(to, '\n');
	} else if (strcmp(type, "Comment") == 0) {
		append_comment(buf_slice(&first), to);
	} else {
		buf_append(to, SLICE("doctype\n"));
	}
	buf_done(&first);
}

static void append_expected(const json_t *output, bool is_escaped, struct buf *to)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < json_array_size(output); i++) {
		const json_t *token = json_array_get(output, i);
		const char *type = json_string_value(json_array_get(token, 0));
		if (strcmp(type, "Character") == 0) {
			append_string(json_array_get(token, 1), is_escaped, &text);
			continue;
		}
		flush_text(&text, to);
		append_expected_token(token, is_escaped, to);
	}
	flush_text(&text, to);
	buf_done(&text);
}

/* ---- running ---- */

static bool is_deviation(const json_t *test)
{
	const char *description = json_string_value(json_object_get(test, "description"));
	for (size_t i = 0; i < sizeof(deviations) / sizeof(deviations[0]); i++)
		if (description && strcmp(description, deviations[i].description) == 0)
			return true;
	return false;
}

static void run_state(const json_t *test, const char *state, html5lib_tokenize_fn *tokenize,
		      struct html5lib_counts *counts)
{
	bool is_escaped = json_is_true(json_object_get(test, "doubleEscaped"));
	struct buf given;
	struct buf input;
	struct buf want;
	struct html5lib_sink got;
	buf_init(&given, TEXT_MAX);
	buf_init(&input, TEXT_MAX);
	buf_init(&want, TEXT_MAX);
	sink_init(&got);
	append_string(json_object_get(test, "input"), is_escaped, &given);
	append_without_cr(buf_slice(&given), &input);
	append_expected(json_object_get(test, "output"), is_escaped, &want);
	struct html5lib_input what = {
	    .html = buf_slice(&input),
	    .state = state,
	    .last_start_tag = slice_from_cstr(json_string_value(json_object_get(test, "lastStartTag"))),
	};
	tokenize(&what, &got);
	flush_text(&got.text, &got.lines);
	counts->run++;
	bool is_equal = slice_equal(buf_slice(&want), buf_slice(&got.lines));
	if (is_deviation(test)) {
		/* The list is no longer than it must be. */
		counts->deviating++;
		counts->failed += is_equal;
	} else if (!is_equal) {
		counts->failed++;
		printf("html5lib: %s, %s\n  input [%s]\n  want %s  got  %s",
		       json_string_value(json_object_get(test, "description")), state, buf_cstr(&input),
		       buf_cstr(&want), buf_cstr(&got.lines));
	}
	buf_done(&given);
	buf_done(&input);
	buf_done(&want);
	sink_done(&got);
}

static void run_test(const json_t *test, html5lib_tokenize_fn *tokenize, struct html5lib_counts *counts)
{
	const json_t *states = json_object_get(test, "initialStates");
	counts->tests++;
	if (json_array_size(states) == 0)
		run_state(test, "Data state", tokenize, counts);
	for (size_t i = 0; i < json_array_size(states); i++)
		run_state(test, json_string_value(json_array_get(states, i)), tokenize, counts);
}

int html5lib_run_file(const char *path, html5lib_tokenize_fn *tokenize, struct html5lib_counts *counts)
{
	json_error_t error;
	json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (!file) {
		printf("%s:%d: %s\n", path, error.line, error.text);
		return 0;
	}
	const json_t *tests = json_object_get(file, "tests");
	if (!tests)
		tests = json_object_get(file, "xmlViolationTests");
	for (size_t i = 0; i < json_array_size(tests); i++)
		run_test(json_array_get(tests, i), tokenize, counts);
	json_decref(file);
	return 1;
}

struct html5lib_counts html5lib_run_all(const char *folder, html5lib_tokenize_fn *tokenize)
{
	static const char *const files[] = {
	    "contentModelFlags",       "domjs",        "entities", "escapeFlag", "namedEntities", "numericEntities",
	    "pendingSpecChanges",      "test1",        "test2",    "test3",      "test4",         "unicodeChars",
	    "unicodeCharsProblematic", "xmlViolation",
	};
	enum { PATH_ROOM = 4096 };
	struct html5lib_counts counts = {0};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[PATH_ROOM];
		snprintf(path, sizeof(path), "%s/%s.test", folder, files[i]);
		if (!html5lib_run_file(path, tokenize, &counts))
			return (struct html5lib_counts){0};
	}
	printf("html5lib: %zu tests, %zu runs, %zu failed, %zu deviate for a written reason\n", counts.tests,
	       counts.run, counts.failed, counts.deviating);
	return counts;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* html5lib_adapter: runs the html5lib tokenizer tests against a tokenizer that tells what it finds as stretches of the
 * input: the real one, or the reference of test/harness. */
#ifndef PUGMARK_TEST_HTML5LIB_ADAPTER_H
#define PUGMARK_TEST_HTML5LIB_ADAPTER_H

#include "base/slice.h"

/* Where a tokenizer tells its tokens, raw, in order. Text may come in pieces. */
struct html5lib_sink;
/* NUL is kept by the data and CDATA states and replaced by all others. */
void html5lib_text(struct html5lib_sink *sink, struct slice data, bool keeps_nul, bool has_references);
void html5lib_start_tag(struct html5lib_sink *sink, struct slice name); /* then its attributes, then its end */
void html5lib_attribute(struct html5lib_sink *sink, struct slice name, struct slice value);
void html5lib_start_tag_end(struct html5lib_sink *sink, bool is_self_closing);
void html5lib_end_tag(struct html5lib_sink *sink, struct slice name);
void html5lib_comment(struct html5lib_sink *sink, struct slice data);
void html5lib_doctype(struct html5lib_sink *sink);

struct html5lib_input {
	struct slice html;
	const char *state; /* to begin in, by its name in the tests: "RCDATA state" */
	struct slice last_start_tag;
};
typedef void html5lib_tokenize_fn(const struct html5lib_input *input, struct html5lib_sink *sink);

/* In the 14 files of commit 224991ec. */
enum { HTML5LIB_TESTS = 6810 };

struct html5lib_counts {
	size_t run;       /* (test, initial state) pairs */
	size_t tests;     /* tests in the files */
	size_t failed;    /* printed */
	size_t deviating; /* differ, for a reason in the list of the adapter */
};

/* Runs one .test file and adds to *counts. False when it cannot be read. */
int html5lib_run_file(const char *path, html5lib_tokenize_fn *tokenize, struct html5lib_counts *counts);

/* All 14 files of a folder; prints and returns the sum. The number of tests is 0 when a file cannot be read. */
struct html5lib_counts html5lib_run_all(const char *folder, html5lib_tokenize_fn *tokenize);

#endif

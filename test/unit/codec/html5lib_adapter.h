/* SPDX-License-Identifier: Apache-2.0 */
/* html5lib_adapter: runs the html5lib tokenizer tests against html_token. */
#ifndef PUGMARK_TEST_HTML5LIB_ADAPTER_H
#define PUGMARK_TEST_HTML5LIB_ADAPTER_H

#include <stddef.h>

struct html5lib_counts {
	size_t run;       /* (test, initial state) pairs */
	size_t tests;     /* tests in the files */
	size_t failed;    /* printed */
	size_t deviating; /* differ, for a reason in the list of the adapter */
};

/* Runs one .test file and adds to *counts. False when it cannot be read. */
int html5lib_run_file(const char *path, struct html5lib_counts *counts);

#endif
